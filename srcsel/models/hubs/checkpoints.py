"""A model file of the person's own: .safetensors, or .pth/.pt holding nothing but weights.

The architecture (a timm or torchvision name) is taken from "PATH=ARCHITECTURE", else from a JSON
card beside the file ("architecture", and as far as known "library", "num_classes", "input_size",
"mean", "std", "interpolation", "crop_pct", "crop_mode"), else from the file's name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcsel.base import access
from srcsel.base.errors import InputError, MissingPathError, ModelError, UnknownNameError
from srcsel.base.paths import clean, opened
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs import _caches, _fit, _table, _weights
from srcsel.models.hubs._base import Preprocessing, Recipe, register
from srcsel.models.hubs._network import NetworkEncoder
from srcsel.models.hubs._preprocessing import preprocessing_from
from srcsel.models.licenses import UNKNOWN, spdx

HEADS = (
    "fc",
    "classifier",
    "head",
    "head.fc",
    "heads.head",
    "classifier.6",  # before classifier.1, which AlexNet has too
    "classifier.3",
    "classifier.1",
    "last_linear",
)
"""Where architectures keep their last layer; only a first look at the file, the network itself
decides.
"""


@dataclass(frozen=True)
class Checkpoint:
    """A file, and what is known of it without opening its weights."""

    path: Path
    architecture: str
    library: _fit.Library
    card: Mapping[str, Any]


class CheckpointHub:
    """Files by their path; those in the SRCSEL_WEIGHTS folder are listed."""

    name = "checkpoints"
    title = "My own model files"

    def models(self) -> Iterable[SourceModel]:
        """Return the files in the SRCSEL_WEIGHTS folder whose architecture is known."""
        found = []
        for path in sorted(_caches.own_files().values()):
            try:
                found.append(self.find(str(path)))
            except (InputError, ModelError):
                continue  # typing the path of the file says what is wrong with it
        return tuple(found)

    def find(self, name: str) -> SourceModel:
        """Return the file "PATH" or "PATH=ARCHITECTURE".

        Raises InputError where there is no such file, UnknownNameError for an architecture nobody
        knows.
        """
        return _model(name, _identify(name))

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Read the card; what it does not say is taken from the architecture's usual weights."""
        found = _identify(model.id.removeprefix("checkpoints/"))
        return _preprocessing(found)

    def load(self, model: SourceModel, device: str, watch: Watch) -> NetworkEncoder:
        """Read the weights and fit them to the architecture; a difference in the head alone is
        noted.
        """
        found = _identify(model.id.removeprefix("checkpoints/"))
        preprocessing = self.preprocessing(model)
        state = _weights.read_state(found.path)
        fitted = _fit.fit(found.architecture, found.library, state, preprocessing.size)
        if fitted.note:
            watch.update(model.id, "waiting", note=fitted.note)
        return NetworkEncoder(fitted.network, fitted.forward, preprocessing, device)

    def recipe(self, model: SourceModel) -> Recipe:
        """Build the file's architecture and read the file."""
        found = _identify(model.id.removeprefix("checkpoints/"))
        shown = self.preprocessing(model)
        return Recipe(found.library, found.architecture, found.architecture, shown, "", found.path)


def _identify(name: str) -> Checkpoint:
    path, given = _split(name)
    card = _card(path)
    architecture = (
        given or card.get("architecture") or path.name.removesuffix(path.suffix).split(".", 1)[0]
    )
    return Checkpoint(path, str(architecture), _library(str(architecture), card, path), card)


def _split(name: str) -> tuple[Path, str]:
    """Cut "PATH=ARCHITECTURE"; a path that exists as it stands is not cut."""
    text, given = clean(name), ""
    if not _caches.is_file(text) and "=" in text:
        text, _, given = text.rpartition("=")
    try:
        path = opened(text, model=True)
    except MissingPathError:
        path = None
    if path is None or not path.is_file():
        raise InputError(
            f"There is no file {text}. Copy its path again; the form is PATH or PATH=ARCHITECTURE."
        )
    if path.suffix not in _caches.SUFFIXES:
        raise InputError(
            f"{path.name} is no checkpoint I can read. Use a file ending in"
            f" {', '.join(_caches.SUFFIXES)}."
        )
    return path, given


def _card(path: Path) -> Mapping[str, Any]:
    card = path.with_suffix(".json")
    if not card.is_file():
        return {}
    access.require(card, model=True)  # it may be a link
    try:
        content = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The card {card.name} beside the checkpoint is no valid JSON: {error}."
        ) from error
    if not isinstance(content, dict):
        raise ModelError(
            f"The card {card.name} beside the checkpoint should be a JSON object with"
            " 'architecture'."
        )
    return content


def _library(architecture: str, card: Mapping[str, Any], path: Path) -> _fit.Library:
    """Say whose architecture it is: the card's word where it fits, timm before torchvision
    otherwise.
    """
    known: dict[_fit.Library, frozenset[str]] = {
        "timm": _table.timm_architectures(),
        "torchvision": frozenset(_table.defaults("torchvision")),
    }
    said = card.get("library")
    order: list[_fit.Library] = (
        ["torchvision", "timm"] if said == "torchvision" else ["timm", "torchvision"]
    )
    found: _fit.Library | None = next(
        (library for library in order if architecture in known[library]), None
    )
    if found is None:
        what = (
            f"timm or torchvision architecture (needed for {path.name}; write PATH=ARCHITECTURE to"
            " name it)"
        )
        raise UnknownNameError(what, architecture, known["timm"] | known["torchvision"])
    return found


def _preprocessing(found: Checkpoint) -> Preprocessing:
    return preprocessing_from(
        {**_usual(found), **{k: v for k, v in found.card.items() if v is not None}}
    )


def _usual(found: Checkpoint) -> Mapping[str, Any]:
    """Return the configuration of the architecture's default weights, as far as the table knows
    it.
    """
    row = _table.defaults(found.library).get(found.architecture)
    if row is None:
        return {}
    usual = _table.preprocessing(row)
    ratio = usual.size[0] / usual.resize_to if usual.resize_to else usual.crop_pct
    return {
        "input_size": usual.size,
        "crop_pct": ratio,
        "resize": usual.resize,
        "interpolation": usual.interpolation,
        "mean": usual.mean,
        "std": usual.std,
    }


def _model(name: str, found: Checkpoint) -> SourceModel:
    shapes = _weights.shapes(found.path)
    row = _table.defaults(found.library).get(found.architecture)
    widths = [shapes.get(f"{head}.weight", ()) for head in HEADS]
    head = next((shape for shape in widths if len(shape) > 1), None)
    card = found.card
    return SourceModel(
        id=f"checkpoints/{_absolute(name, found)}",
        title=str(card.get("title") or card.get("name") or found.path.stem),
        revision=_caches.digest(found.path),
        params=_weights.count_weights(shapes) or None,
        gmacs=None,
        input_size=min(_preprocessing(found).size),
        dim=head[1] if head else _table.whole(row["dim"]) if row else card.get("num_features"),
        pretraining=str(card.get("source_dataset") or card.get("pretraining") or UNKNOWN),
        license=spdx(card.get("license") or card.get("licence")),
        download_bytes=0,
        accuracy=card.get("val_accuracy"),
        source_classes=card.get("num_classes") or (head[0] if head else None),
        note=f"Your own file, read as {found.architecture} of {found.library}.",
    )


def _absolute(name: str, found: Checkpoint) -> str:
    """Return the name with its path made absolute, so that an id means the same from any folder."""
    given = _split(name)[1]
    return f"{found.path}={given}" if given else str(found.path)


register(CheckpointHub())
