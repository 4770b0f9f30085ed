"""Every pretrained tag timm knows, and any timm repository of the Hugging Face Hub by typing its
name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from srcsel.base.errors import ModelError, NotAvailable, UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs import _caches, _download, _table
from srcsel.models.hubs._base import Preprocessing, Recipe, register
from srcsel.models.hubs._network import NetworkEncoder, timm_forward
from srcsel.models.hubs._papers import year_of
from srcsel.models.hubs._preprocessing import preprocessing_from
from srcsel.models.licenses import UNKNOWN, spdx

BYTES_PER_WEIGHT = 4  # float32; download sizes are estimated with it
REPOSITORY = re.compile(r"(?:hf[-_]hub:)?([\w.-]+/[\w.-]+)")
CONFIG = "config.json"
# heads that project, and tell no classes
CONTRASTIVE_WIDTHS = frozenset({384, 512, 640, 768, 1024, 1152, 1280})


class TimmHub:
    """The shipped table, plus typed repositories."""

    name = "timm"
    title = "timm (Hugging Face Hub)"

    def models(self) -> Iterable[SourceModel]:
        """Return every pretrained tag of the table."""
        here, own = _caches.hub_repositories(), _caches.own_files()
        return tuple(
            _model(row, own, look=_repository(row) in here) for row in _table.rows("timm").values()
        )

    def find(self, name: str) -> SourceModel:
        """Return a tag ("resnet18.a1_in1k"), the default tag of "resnet18", or a typed repository
        "org/name".
        """
        row = _table.rows("timm").get(name.removeprefix("hf-hub:").removeprefix("timm/"))
        row = row or _table.defaults("timm").get(name)
        if row is not None:
            return _model(row, _caches.own_files(), look=True)
        typed = REPOSITORY.fullmatch(name)
        if typed is None:
            raise UnknownNameError(
                "timm model", name, [*_table.rows("timm"), *_table.defaults("timm")]
            )
        return _typed_model(typed.group(1))

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Read the table; for a typed repository its config.json, which is fetched if need be (a
        few kB).
        """
        row = _row(model)
        return (
            _table.preprocessing(row)
            if row
            else preprocessing_from(_pretrained_cfg(_fetch_config(model, Watch())))
        )

    def fetch(self, model: SourceModel, watch: Watch) -> None:
        """Fetch the weights where they are not here yet."""
        _fetched(model, _row(model), watch)

    def load(self, model: SourceModel, device: str, watch: Watch) -> NetworkEncoder:
        """Fetch the weights where they are not here yet, and build the network."""
        row = _row(model)
        network = _create(*_fetched(model, row, watch))
        head = bool(row["classes"]) if row else tells_classes(network.num_classes)
        return NetworkEncoder(
            network, timm_forward(network, head=head), self.preprocessing(model), device
        )

    def recipe(self, model: SourceModel) -> Recipe:
        """Name the tag, or the repository as its configuration on this computer describes it."""
        name = model.id.removeprefix("timm/")
        if name in _table.rows("timm"):
            own = _caches.own_files().get(name)
            architecture = name.split(".", 1)[0]
            return Recipe(
                "timm",
                architecture if own else name,
                architecture,
                self.preprocessing(model),
                "",
                own,
            )
        local = _caches.hub_file(name, (CONFIG,))
        if local is None:
            raise NotAvailable(
                f"The configuration of {name} is not on this computer. Run this model once, at its"
                " own size."
            )
        config = _read_config(local.path, name)
        shown = preprocessing_from(_pretrained_cfg(config))
        return Recipe("timm", f"hf-hub:{name}", config["architecture"], shown)


def _row(model: SourceModel) -> _table.Row | None:
    return _table.rows("timm").get(model.id.removeprefix("timm/"))


def _repository(row: Mapping[str, str]) -> str:
    """Return "owner/name" on the Hugging Face Hub; a URL for the few tags that are not there."""
    return row["source"] or f"timm/{row['name']}"


def _model(row: _table.Row, own_files: Mapping[str, Path], *, look: bool) -> SourceModel:
    """Make the record of a table row.

    `look` = the local cache may hold it; otherwise it is not even asked.
    """
    own = own_files.get(row["name"])
    revision, here = (
        (_caches.digest(own), True) if own else _local_revision(_repository(row), look=look)
    )
    params = int(row["params"])
    size = 0 if here else params * BYTES_PER_WEIGHT
    return SourceModel(
        id=f"timm/{row['name']}",
        title=row["name"],
        revision=revision,
        params=params,
        gmacs=_table.number(row["gmacs"]),
        input_size=_table.side(row),
        dim=_table.whole(row["dim"]),
        pretraining=row["pretraining"],
        license=row["license"],
        download_bytes=size,
        accuracy=_table.number(row["accuracy"]),
        source_classes=_table.whole(row["classes"]),
        year=year_of(row["name"]),
    )


def _local_revision(repository: str, *, look: bool) -> tuple[str, bool]:
    """Return what identifies the weights, and whether they are on this computer."""
    if "://" in repository:  # the file's name carries a hash; it never changes
        name = repository.rsplit("/", 1)[-1]
        return name, (_caches.torch_folder() / name).is_file()
    local = _caches.hub_file(repository) if look else None
    return (local.commit, True) if local else ("main", False)


def _typed_model(repository: str) -> SourceModel:
    """Make the record of a typed repository; it knows more once config.json is in the local
    cache.
    """
    revision, here = _local_revision(repository, look=True)
    local = _caches.hub_file(repository, (CONFIG,))
    config = _read_config(local.path, repository) if local else {}
    row = _table.defaults("timm").get(config.get("architecture", ""))
    cfg = _pretrained_cfg(config)
    classes = int(cfg.get("num_classes") or 0)
    return SourceModel(
        id=f"timm/{repository}",
        title=repository,
        revision=revision,
        params=_table.whole(row["params"]) if row else None,
        gmacs=None,
        input_size=min(preprocessing_from(cfg).size) if config else None,
        dim=_table.whole(row["dim"]) if row else None,
        pretraining=UNKNOWN,
        license=spdx(cfg.get("license")),
        download_bytes=0 if here else None,
        source_classes=classes if tells_classes(classes) else None,
        note="" if here else "Typed by hand: what it is shows once it has been downloaded.",
    )


def _fetched(
    model: SourceModel, row: _table.Row | None, watch: Watch
) -> tuple[str, dict[str, Any]]:
    """Return name and options to create a model from files on this computer."""
    return _registered(model, row, watch) if row else _from_repository(model, watch)


def _registered(model: SourceModel, row: _table.Row, watch: Watch) -> tuple[str, dict[str, Any]]:
    """Return name and options to create a tag of the table from a local file, fetched if need
    be.
    """
    path, source = _caches.own_files().get(row["name"]), _repository(row)
    if path is None and "://" in source:
        path = _download.from_url(source, model.id, watch)
    elif path is None:
        path = _download.from_hub(source, _caches.HUB_FILES, model.id, watch)
    return row["name"], {"pretrained_cfg_overlay": {"file": str(path), "custom_load": False}}


def _from_repository(model: SourceModel, watch: Watch) -> tuple[str, dict[str, Any]]:
    """Return name and options to create a typed repository's model from its folder in the local
    cache.
    """
    _fetch_config(model, watch)
    weights = _download.from_hub(model.id.removeprefix("timm/"), _caches.HUB_FILES, model.id, watch)
    return f"local-dir:{weights.parent}", {}


def _create(name: str, options: dict[str, Any]) -> Any:
    """Build the network; timm reads safetensors, and pickles with `weights_only=True`."""
    import safetensors
    import timm

    try:
        return timm.create_model(name, pretrained=True, **options)
    except (
        RuntimeError,
        KeyError,
        ValueError,
        EOFError,
        OSError,
        safetensors.SafetensorError,
    ) as error:
        overlay = options.get("pretrained_cfg_overlay", {})
        place = overlay.get("file", name.removeprefix("local-dir:"))
        raise ModelError(
            f"The weights cannot be loaded: {error}. Delete {place} and try again."
        ) from error


def _fetch_config(model: SourceModel, watch: Watch) -> Mapping[str, Any]:
    repository = model.id.removeprefix("timm/")
    return _read_config(_download.from_hub(repository, (CONFIG,), model.id, watch), repository)


def _read_config(path: Path, repository: str) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The config.json of {repository} cannot be read. Delete {path} and try again."
        ) from error
    if not isinstance(config, dict) or not isinstance(config.get("architecture"), str):
        raise ModelError(
            f"{repository} is no timm model: its config.json names no timm architecture."
        )
    return config


def _pretrained_cfg(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the preprocessing part; older repositories keep it at the top level."""
    return {
        **config.get("pretrained_cfg", config),
        **{k: config[k] for k in ("num_classes",) if k in config},
    }


def tells_classes(width: int) -> bool:
    """Say whether a head of this width names classes; image towers of text models only project."""
    return width > 0 and width not in CONTRASTIVE_WIDTHS


register(TimmHub())
