"""Write the shipped tables of source models: `python -m srcsel.models.hubs._tables --timm-results
FOLDER`.

timm.csv holds facts from two places: timm's own registry (licence, input size, mean, std, crop,
repository), and the CSV files published in the `results` folder of huggingface/pytorch-image-models
(Apache-2.0), from which accuracy on ImageNet-1k, multiply-adds and pretraining data are taken.
Parameters, feature width and the multiply-adds no file lists are counted on torch's meta device,
without weights. torchvision.csv is read from torchvision's weight enums. sizes.csv says at which
sizes an architecture computes (`_probe`). Run it again after an upgrade of either library; it takes
about an hour.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from srcsel.models.hubs._counting import multiplications, on_meta
from srcsel.models.hubs._network import last_layer, timm_pooled
from srcsel.models.hubs._pretraining import in_words
from srcsel.models.hubs._probe import size_rows
from srcsel.models.hubs._torchvision import build
from srcsel.models.hubs.timm import tells_classes
from srcsel.models.licenses import spdx, swag_or_bsd

DATA = Path(__file__).parent / "data"
BENCHMARKS = (
    "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv",
    "benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv",
)
# channels of VGG-16's last map: one of its weight sets has no usable classifier
FEATURES_ONLY = 512
Row = dict[str, Any]


def main(arguments: list[str] | None = None) -> None:
    """Write the tables; the folder holds the published CSV files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--timm-results", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--to", type=Path, default=DATA, metavar="FOLDER")
    options = parser.parse_args(arguments)
    import timm

    write_table(options.to / "torchvision.csv", torchvision_rows())
    (options.to / "timm_architectures.txt").write_text(
        "\n".join(timm.list_models()) + "\n", encoding="utf-8"
    )
    write_table(options.to / "sizes.csv", size_rows())
    write_table(options.to / "timm.csv", timm_rows(timm_names(), published(options.timm_results)))


def write_table(path: Path, rows: Iterator[Row]) -> None:
    """Write rows of equal keys as CSV; None becomes an empty cell."""
    listed = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)


def published(folder: Path) -> Row:
    """Return {"accuracy": {(tag, size): 0..1}, "gmacs": {(architecture, size): float}, "pretrain":
    {tag: text}}.
    """
    accuracy = {
        (r["model"], r["img_size"]): float(r["top1"]) / 100
        for r in _read(folder / "results-imagenet.csv")
    }
    gmacs = {
        (r["model"], r["infer_img_size"]): float(r["infer_gmacs"])
        for name in reversed(BENCHMARKS)
        for r in _read(folder / name)
        if r["infer_gmacs"]
    }
    pretrain = {r["model"]: r["pretrain"] for r in _read(folder / "model_metadata-in1k.csv")}
    return {"accuracy": accuracy, "gmacs": gmacs, "pretrain": pretrain}


def timm_names() -> list[str]:
    """Return every tag timm has weights for."""
    import timm

    return timm.list_models(pretrained=True)


def timm_rows(names: list[str], facts: Mapping[str, Any]) -> Iterator[Row]:
    """Yield one row a tag."""
    from timm.models import get_pretrained_cfg

    counted: dict[tuple[Any, ...], Row] = {}
    for name in names:
        config = get_pretrained_cfg(name, allow_unregistered=False)
        if config is None:
            continue
        _, height, width = config.input_size
        same = (config.architecture, config.input_size, config.num_classes)
        if same not in counted:
            counted[same] = _count_timm(name)
        count = counted[same]
        home = f"timm/{name}"
        yield {
            "name": name,
            "default": "yes" if config.tag == _default_tag(config.architecture) else None,
            "params": count["params"],
            "gmacs": facts["gmacs"].get((config.architecture, str(height)), count["gmacs"]),
            "size": f"{height}" if height == width else f"{height}x{width}",
            "dim": count["dim"],
            "classes": config.num_classes if tells_classes(config.num_classes) else None,
            "pretraining": in_words(config.tag, facts["pretrain"].get(name)),
            "license": spdx(config.license),
            "accuracy": _rounded(facts["accuracy"].get((name, str(height)))),
            "mean": _triple(config.mean),
            "std": _triple(config.std),
            "interpolation": config.interpolation,
            "crop_pct": config.crop_pct,
            "crop_mode": config.crop_mode if config.crop_mode != "center" else None,
            "source": config.url
            if not config.hf_hub_id
            else (None if config.hf_hub_id == home else config.hf_hub_id),
        }


def torchvision_rows() -> Iterator[Row]:
    """Yield one row a classification weight enum."""
    import torchvision
    from torchvision.models import get_model_weights, list_models

    for architecture in list_models(module=torchvision.models):
        width, default = None, get_model_weights(architecture)["DEFAULT"].name
        for weights in get_model_weights(architecture):
            meta, transforms = weights.meta, weights.transforms()
            width = width or _classifier_inputs(architecture)
            yield {
                "name": f"{architecture}.{weights.name}",
                "default": "yes" if weights.name == default else None,
                "params": meta["num_params"],
                "gmacs": meta.get("_ops"),
                "size": transforms.crop_size[0],
                "resize_to": transforms.resize_size[0],
                "dim": width if meta["categories"] else FEATURES_ONLY,
                "classes": len(meta["categories"]) if meta["categories"] else None,
                "pretraining": "Instagram hashtags, then ImageNet-1k"
                if "SWAG" in weights.name
                else "ImageNet-1k",
                "license": swag_or_bsd(meta.get("license")),
                "accuracy": _rounded(meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100)
                if meta["categories"]
                else None,
                "mean": _triple(transforms.mean),
                "std": _triple(transforms.std),
                "interpolation": transforms.interpolation.value,
                "bytes": round(meta["_file_size"] * 2**20),
                "url": weights.url,
            }


def _count_timm(name: str) -> Row:
    """Count parameters, feature width and 1e9 multiply-adds of one tag on the meta device."""
    import timm
    import torch

    network = on_meta(timm.create_model, name).eval()
    with torch.no_grad(), multiplications() as counter:
        maps = network.forward_features(
            torch.empty(1, *network.pretrained_cfg["input_size"], device="meta")
        )
        width = timm_pooled(network, maps).shape[1]
    return {
        "params": sum(values.numel() for values in network.parameters()),
        "dim": width,
        "gmacs": round(counter.total / 2e9, 2),
    }


def _classifier_inputs(architecture: str) -> int:
    """Return the feature width of a torchvision architecture."""
    try:
        network = on_meta(build, architecture)
    except NotImplementedError:  # RegNet computes its layers with tensors
        network = build(architecture)
    layer = last_layer(network)[1]
    return int(getattr(layer, "in_features", 0) or getattr(layer, "in_channels", 0))


def _default_tag(architecture: str | None) -> str | None:
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(architecture or "")
    return config.tag if config else None


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _triple(values: Any) -> str:
    return " ".join(f"{value:.8g}" for value in values)


if __name__ == "__main__":
    main()
