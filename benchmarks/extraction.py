"""Features: one decode and a chosen backend against the script most people write, a pass over the
folder per model.

Random weights, made to pass activations on as trained ones do, lie as .safetensors files in a
temporary folder and go through the same hub as a person's own files. Every side runs in a fresh
process, and they take turns.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._common import most_held, row, tell
from benchmarks._usual_script import make_pictures, make_weights, naive

MODELS = (
    "resnet18",
    "resnet50",
    "vit_small_patch16_224",
    "convnext_tiny",
    "efficientnet_b0",
    "mobilenetv3_large_100",
)
TWELVE = (
    *MODELS,
    "resnet34",
    "mobilenetv2_100",
    "deit_small_patch16_224",
    "convnext_nano",
    "regnety_008",
    "tf_efficientnet_lite0",
)
SHORT = ("resnet50", "vit_small_patch16_224", "efficientnet_b0")
SETS = {"three": SHORT, "six": MODELS, "twelve": TWELVE}
# 3 minutes with three models on two cores; the longer the folder, the less conversions weigh
PICTURES = 120
LONG = 2000  # pictures from which the networks' own speed counts
# of the networks' own speed, conversions kept
LEAST = {"exact": 0.96, "fast": 0.97}
LIMIT_PICTURES = 64
SIDES = {"exact": "float32", "fast": "bfloat16"}
MEASURES = ("silhouette", "supcon")
MEANS = (
    "seconds; limit = the converted networks alone, on pictures in memory; of it = their share of"
    " our time; error = largest of a picture, relative"
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--models", default="three", help="three, six, twelve, or names of timm")
    parser.add_argument("--ours", action="store_true", help="leave the usual script out")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = list(SETS.get(asked.models, asked.models.split(",")))
    if asked.side:
        print(json.dumps(one_side(asked.side, asked.folder, names)))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), names, asked.pictures, naive=not asked.ours)


def compare(folder: Path, names: list[str], pictures: int, *, naive: bool) -> None:
    make_pictures(folder / "pictures", pictures)
    make_weights(folder, names)
    told = {"naive": child("naive", folder, names)} if naive else {}
    for side in SIDES:
        told[side] = child(side, folder, names)
        for path in (folder / side / "features").iterdir():  # features forgotten, conversions kept
            if path.name != "converted":
                path.unlink() if path.is_file() else shutil.rmtree(path)
        told[f"{side}, again"] = child(side, folder, names)
        told[f"{side}, limit"] = child(f"limit {side}", folder, names)
    usual = told.get("naive")
    rows = []
    if usual:
        more = {"cpu": usual["cpu"]}
        rows.append(row("naive script", None, usual["seconds"], None, usual["peak"], **more))
    for side in SIDES:
        limit = told[f"{side}, limit"]["per picture"] * pictures
        for name in (side, f"{side}, again"):
            ours = told[name]
            more = {"of it": limit / ours["seconds"], "cpu": ours["cpu"]}
            if pictures >= LONG and name != side:
                more |= {"asked of it": LEAST[side]}
            if usual:
                errors = errors_of(folder / f"{side}.npz", folder / "naive.npz", names)
                more |= {"cpu ratio": usual["cpu"] / ours["cpu"], "error": max(errors.values())}
            seconds = usual and usual["seconds"]
            rows.append(row(name, seconds, ours["seconds"], limit, ours["peak"], **more))
    notes = {name: side.get("notes", []) for name, side in told.items()}
    table = table_name(names, pictures)
    tell(table, rows, means=MEANS, pictures=pictures, models=names, notes=notes)
    if naive:
        tell(f"{table}_models", models_table(told, folder, names, pictures), means=MEANS)
        tell(
            f"{table}_scores",
            scores_agree(folder, names),
            means="scores of the features, and what the precision changes in them",
        )


def table_name(names: list[str], pictures: int) -> str:
    """Name the table: a long run, or one of more models, stands beside the usual one."""
    usual = (pictures, tuple(names)) == (PICTURES, SHORT)
    models = "" if tuple(names) == MODELS else f"_{len(names)}_models"
    return "extraction" if usual else f"extraction_{pictures}{models}"


def child(side: str, folder: Path, names: list[str]) -> dict:
    """Run one side in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.extraction",
        "--side",
        side,
        "--folder",
        str(folder),
    ]
    home = {"SRCSEL_HOME": str(folder / side)}
    told = subprocess.run(
        [*command, "--models", ",".join(names)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | home,
    )
    return json.loads(told.stdout.splitlines()[-1])


def one_side(side: str, folder: Path, names: list[str]) -> dict:
    """Time one side, imports aside, and save its features."""
    import timm
    import torch
    import torchvision  # noqa: F401

    from srcsel.features import extract  # noqa: F401

    timm.create_model("test_vit", pretrained=False)  # what is imported late
    torch.zeros(1)
    if side.startswith("limit "):
        return {"per picture": sum(limits := least(folder, names, side.split()[1])), "each": limits}
    before, cpu, start = most_held(), time.process_time(), time.perf_counter()
    features, more = naive(folder, names) if side == "naive" else ours(folder, names, side)
    seconds, spent = time.perf_counter() - start, time.process_time() - cpu
    np.savez(folder / f"{side}.npz", **features)
    return {"seconds": seconds, "cpu": spent, "peak": most_held() - before, **more}


def ours(folder: Path, names: list[str], side: str) -> tuple[dict[str, np.ndarray], dict]:
    from srcsel.base.settings import load_settings
    from srcsel.features.extract import extract
    from srcsel.pictures.dataset import load_dataset
    from srcsel.store.features import open_features

    checking = time.perf_counter()
    dataset = load_dataset(str(folder / "pictures"))
    checking = time.perf_counter() - checking
    store, notes, each, features = open_features(load_settings()), [], [], {}
    last = time.perf_counter()
    for found in extract(
        dataset,
        models_of(folder, names),
        store=store,
        device="cpu",
        precision=SIDES[side],
        say=notes.append,
    ):
        features[Path(found.key.model).name.split(".")[0]] = found.values
        each.append(time.perf_counter() - last)
        last = time.perf_counter()
    return features, {"notes": notes, "each": each, "checking": checking}


def models_of(folder: Path, names: list[str]) -> list:
    from srcsel.models.catalog import find_models

    return [find_models([f"{folder / name}.safetensors={name}"])[0] for name in names]


def least(folder: Path, names: list[str], side: str) -> list[float]:
    """Seconds a picture, of each network as it was converted, over pictures in memory; torch where
    it was not.
    """
    from srcsel.base.records import Dataset
    from srcsel.base.watch import Watch
    from srcsel.features.backends import Eager, kept, openvino
    from srcsel.features.backends._base import cores
    from srcsel.features.devices import BATCH as SIZES
    from srcsel.features.extract import key_for
    from srcsel.models.hubs import HUBS

    dataset = Dataset("", "", Path(), (), np.zeros(0, int), (), "")
    seconds = []
    for model in models_of(folder, names):
        how = HUBS["checkpoints"].preprocessing(model)
        pixels = np.random.default_rng(0).integers(0, 256, (LIMIT_PICTURES, 3, *how.size), np.uint8)
        found = kept.read(folder / side / "features", key_for(dataset, model, SIDES[side]))
        if found is not None and found.graph is not None:
            runner = openvino.Converted(found.graph, SIDES[side])
        else:
            runner = Eager(
                HUBS["checkpoints"].load(model, "cpu", Watch()), "cpu", SIDES[side], cores()
            )
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            list(runner.run(pixels, SIZES["cpu"] // cores()))
            taken.append((time.perf_counter() - start) / len(pixels))
        seconds.append(min(taken))
    return seconds


def models_table(
    told: dict[str, dict], folder: Path, names: list[str], pictures: int
) -> list[dict]:
    rows = []
    for i, name in enumerate(names):
        for side in SIDES:
            error = errors_of(folder / f"{side}.npz", folder / "naive.npz", names)[name]
            limit = told[f"{side}, limit"]["each"][i] * pictures
            usual, ours = told["naive"]["each"][i], told[f"{side}, again"]["each"][i]
            rows.append(row(f"{name}, {side}, again", usual, ours, limit, None, error=error))
    return rows


def errors_of(found: Path, expected: Path, names: list[str]) -> dict[str, float]:
    """Largest |ours - naive| / |naive| of a picture, by model."""
    a, b = np.load(found), np.load(expected)
    return {
        n: float((np.linalg.norm(a[n] - b[n], axis=1) / np.linalg.norm(b[n], axis=1)).max())
        for n in names
    }


def scores_agree(folder: Path, names: list[str]) -> list[dict]:
    """Scores of all sides' features, both readings, and whether they put the models into the same
    order.
    """
    from srcsel.scoring.score import score_model

    counts = [len(list(path.iterdir())) for path in sorted((folder / "pictures").iterdir())]
    labels = np.repeat(np.arange(len(counts)), counts)
    values: dict[str, dict[str, list[float]]] = {}
    for side in ("naive", *SIDES):
        features = np.load(folder / f"{side}.npz")
        for name in names:
            told = score_model(name, features[name], labels, measures=MEASURES)
            for score in (*told.scores, *told.literal):
                reading = f"{score.measure} ({score.reading})"
                values.setdefault(reading, {}).setdefault(side, []).append(score.value)
    rows = []
    for reading, sides in values.items():
        naive = np.array(sides["naive"])
        for side in SIDES:
            found = np.array(sides[side])
            rows.append(
                {
                    "what": f"{reading}, {side}",
                    "same order": bool((np.argsort(found) == np.argsort(naive)).all()),
                    "largest difference": float(np.abs(found - naive).max()),
                    "least gap between models": float(np.diff(np.sort(naive)).min(initial=np.inf)),
                    "range": float(np.ptp(naive)),
                }
            )
    return rows


if __name__ == "__main__":
    main()
