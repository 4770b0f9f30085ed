"""torchvision's classification models: every weight enum of `torchvision.models`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from srcsel.base.errors import UnknownNameError
from srcsel.base.phrases import bare
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs import _caches, _download, _table
from srcsel.models.hubs._base import Preprocessing, Recipe, register
from srcsel.models.hubs._network import NetworkEncoder, hooked_forward, last_layer
from srcsel.models.hubs._papers import year_of
from srcsel.models.hubs._torchvision import build, maps_forward, renamed
from srcsel.models.hubs._weights import load_exactly, read_state

NOTE = (
    "The licence is the library's; the weights learned from ImageNet, whose own terms go with them."
)


ENUM = re.compile(r"(.+?)_weights(?:\.(.+))?", re.IGNORECASE)
"""A weight enum, as torchvision writes it."""


class TorchvisionHub:
    """The shipped table of weight enums, "<architecture>.<WEIGHTS>"."""

    name = "torchvision"
    title = "torchvision"

    def models(self) -> Iterable[SourceModel]:
        """Return every weight enum of the table."""
        own = _caches.own_files()
        return tuple(_model(row, own) for row in _table.rows("torchvision").values())

    def find(self, name: str) -> SourceModel:
        """Return weights ("resnet50.IMAGENET1K_V2", or as torchvision writes them,
        "ResNet50_Weights.IMAGENET1K_V2"), or the default ones of an architecture ("resnet50",
        "ResNet50_Weights.DEFAULT").
        """
        name = _as_listed(name)
        row = _table.rows("torchvision").get(name) or _table.defaults("torchvision").get(name)
        if row is None:
            known = [*_table.rows("torchvision"), *_table.defaults("torchvision")]
            raise UnknownNameError("torchvision model", name, known)
        return _model(row, _caches.own_files())

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Read the table, which was written from the weights' own transforms."""
        return _table.preprocessing(_row(model))

    def fetch(self, model: SourceModel, watch: Watch) -> None:
        """Fetch the weights where they are not here yet."""
        _fetched(model, watch)

    def load(self, model: SourceModel, device: str, watch: Watch) -> NetworkEncoder:
        """Fetch the weights into torch's cache where they are not here yet, and build the
        network.
        """
        row, path = _row(model), _fetched(model, watch)
        architecture = row["name"].partition(".")[0]
        network = build(architecture, size=_table.side(row))
        load_exactly(network, renamed(architecture, read_state(path)), model.id)
        forward = (
            hooked_forward(network, last_layer(network)[1])
            if row["classes"]
            else maps_forward(network)
        )
        return NetworkEncoder(network, forward, self.preprocessing(model), device)

    def recipe(self, model: SourceModel) -> Recipe:
        """Name architecture and weights as `torchvision.models.get_model` takes them."""
        name = model.id.removeprefix("torchvision/")
        architecture, _, weights = name.partition(".")
        own = _caches.own_files().get(name)
        maps = weights.endswith("_FEATURES")
        shown = self.preprocessing(model)
        return Recipe(
            "torchvision", architecture, architecture, shown, "" if own else weights, own, maps=maps
        )


def _as_listed(name: str) -> str:
    """Turn the name of a weight enum of torchvision into that of the table; others stay."""
    found = ENUM.fullmatch(name)
    if found is None:
        return name
    listed = {bare(one): one for one in _table.defaults("torchvision")}
    architecture, weights = listed.get(bare(found[1])), (found[2] or "").upper()
    if architecture is None:
        return name
    return architecture if weights in ("", "DEFAULT") else f"{architecture}.{weights}"


def _row(model: SourceModel) -> _table.Row:
    return _table.rows("torchvision")[model.id.removeprefix("torchvision/")]


def _fetched(model: SourceModel, watch: Watch) -> Path:
    name = _row(model)["name"]
    architecture, _, weights = name.partition(".")
    own = _caches.own_files().get(name)
    return own or _download.from_url(_url(architecture, weights), model.id, watch)


def _model(row: _table.Row, own_files: Mapping[str, Path]) -> SourceModel:
    own = own_files.get(row["name"])
    file = row["url"].rsplit("/", 1)[-1]
    here = own is not None or (_caches.torch_folder() / file).is_file()
    return SourceModel(
        id=f"torchvision/{row['name']}",
        title=row["name"].replace(".", " ", 1),
        revision=file if own is None else _caches.digest(own),  # the file's name carries its hash
        params=_table.whole(row["params"]),
        gmacs=_table.number(row["gmacs"]),
        input_size=_table.side(row),
        dim=_table.whole(row["dim"]),
        pretraining=row["pretraining"],
        license=row["license"],
        download_bytes=0 if here else _table.whole(row["bytes"]),
        accuracy=_table.number(row["accuracy"]),
        source_classes=_table.whole(row["classes"]),
        note=NOTE,
        year=year_of(row["name"]),
    )


def _url(architecture: str, weights: str) -> str:
    from torchvision.models import get_model_weights

    return get_model_weights(architecture)[weights].url


register(TorchvisionHub())
