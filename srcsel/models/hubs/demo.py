"""The demo source models: small, offline, each really trained on another task.

Cards beside the weights.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from srcsel.base.errors import ModelError, UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.called import WEIGHTS
from srcsel.models.hubs import _caches, _resnet10t
from srcsel.models.hubs._base import Preprocessing, Recipe, register
from srcsel.models.hubs._network import NetworkEncoder
from srcsel.models.hubs._preprocessing import preprocessing_from
from srcsel.models.hubs._weights import load_exactly, read_state

Card = Mapping[str, Any]


class DemoHub:
    """One model for each card (JSON) in a folder, its weights (safetensors, float16) beside it."""

    name = "demo"
    title = "Bundled examples"

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self.folder = folder

    def models(self) -> Iterable[SourceModel]:
        """Return the demo models by name."""
        return tuple(_model(_card(path)) for path in sorted(self.folder.glob("*.json")))

    def find(self, name: str) -> SourceModel:
        """Return a demo model; raise UnknownNameError with the nearest names."""
        known = {path.stem: path for path in self.folder.glob("*.json")}
        if name not in known:
            raise UnknownNameError("bundled model", name, known)
        return _model(_card(known[name]))

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Read the card."""
        return preprocessing_from(self._card(model))

    def load(self, model: SourceModel, device: str, watch: Watch) -> NetworkEncoder:  # noqa: ARG002
        """Read the weights that came with srcsel."""
        card = self._card(model)
        path = self.folder / f"{card['name']}.safetensors"
        if _caches.digest(path) != card["sha256"]:
            raise ModelError(
                f"The bundled weights {path.name} are not the ones srcsel came with. Install it"
                " again."
            )
        options = card.get("architecture_kwargs") or {}
        widths = {name: options[name] for name in ("channels", "stem_width") if name in options}
        network = _resnet10t.build(card["source_classes"], **widths)
        load_exactly(network, read_state(path), card["architecture"])
        forward = _resnet10t.features_and_logits(network, head=bool(card["source_classes"]))
        return NetworkEncoder(network, forward, self.preprocessing(model), device)

    def recipe(self, model: SourceModel) -> Recipe:
        """Build the card's architecture of timm and read the weights that came with srcsel."""
        card = self._card(model)
        options = dict(card.get("architecture_kwargs") or {})
        file = self.folder / f"{card['name']}.safetensors"
        return Recipe(
            "timm",
            card["architecture"],
            card["architecture"],
            self.preprocessing(model),
            "",
            file,
            options,
        )

    def _card(self, model: SourceModel) -> Card:
        return _card(self.folder / f"{model.id.removeprefix('demo/')}.json")


def _model(card: Card) -> SourceModel:
    return SourceModel(
        id=f"demo/{card['name']}",
        title=card["title"],
        revision=card["sha256"],
        params=card["params"],
        gmacs=card["gmacs"],
        input_size=card["input_size"],
        dim=card["dim"],
        pretraining=card["task"],
        license=card["license"],
        download_bytes=0,
        accuracy=card["accuracy"],
        source_classes=card["source_classes"] or None,
        note=card["note"],
        yardstick=card["control"],
    )


def _card(path: Path) -> Card:
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The card {path.name} of a bundled model cannot be read. Install srcsel again."
        ) from error


@lru_cache
def _read(path: Path, _mtime_ns: int) -> Card:
    return json.loads(path.read_text(encoding="utf-8"))


register(DemoHub())
