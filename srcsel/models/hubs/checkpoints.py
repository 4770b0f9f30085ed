"""A model file of the person's own, of safetensors or torch, holding weights and nothing that runs.

The architecture (a timm or torchvision name) is taken from "PATH=ARCHITECTURE", else from a JSON
card beside the file (see `_card`), else from the file's name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcsel.base.errors import (
    InputError,
    MissingPathError,
    ModelError,
    SrcselError,
    UnknownNameError,
)
from srcsel.base.paths import clean, opened, typed
from srcsel.base.phrases import one_line, some_of, whole_path
from srcsel.base.records import SourceModel, Unreadable
from srcsel.base.watch import Watch
from srcsel.models.hubs import _added, _caches, _fit, _table, _weights
from srcsel.models.hubs._base import Preprocessing, Recipe, register
from srcsel.models.hubs._card import Card, architecture_of, published
from srcsel.models.hubs._card import read_card as _card
from srcsel.models.hubs._nearest import of_that_size
from srcsel.models.hubs._network import NetworkEncoder
from srcsel.models.hubs._positions import side_of
from srcsel.models.hubs._preprocessing import preprocessing_from
from srcsel.models.hubs._states import channels_of, looks_like_torchvision
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
    "_fc",
)
"""Where architectures keep their last layer; only a first look at the file, the network itself
decides.
"""


_PIECE = re.compile(r"-\d+-of-0*([2-9]|[1-9]\d+)\.")  # model-00001-of-00002.safetensors
MOST_SAID, MOST_KEY = 200, 40  # letters of an error, and of a card's key, in a sentence


@dataclass(frozen=True)
class Checkpoint:
    """A file, and what is known of it without its numbers."""

    path: Path  # where its bytes lie
    shown: Path  # as it is called; a link of a cache, where the bytes have no name
    architecture: str
    libraries: tuple[_fit.Library, ...]  # whose forms of it are tried, in this order
    card: Card
    shapes: Mapping[str, tuple[int, ...]]


class CheckpointHub:
    """Files by their path; those in the SRCSEL_WEIGHTS folder and those added are listed."""

    name = "checkpoints"
    title = "My own model files"

    def models(self) -> Iterable[SourceModel]:
        """Return the files in the SRCSEL_WEIGHTS folder, and those added, that can be read."""
        return tuple(found for found in self._folder() if isinstance(found, SourceModel))

    def unreadable(self) -> Iterable[Unreadable]:
        """Return the files of the SRCSEL_WEIGHTS folder, and those added, that are not offered,
        each with the reason.
        """
        return tuple(found for found in self._folder() if isinstance(found, Unreadable))

    def find(self, name: str) -> SourceModel:
        """Return the file "PATH" or "PATH=ARCHITECTURE".

        Raises InputError where there is no such file, UnknownNameError for an architecture nobody
        knows, ModelError for a file or a card that cannot be used.
        """
        with _in_words(name):
            return _model(name, _identify(name))

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Read the card; what it does not say is taken from the architecture's usual weights."""
        name = model.id.removeprefix("checkpoints/")
        with _in_words(name):
            return _preprocessing(_identify(name))

    def load(self, model: SourceModel, device: str, watch: Watch) -> NetworkEncoder:
        """Read the weights and fit them to the architecture; what was taken, left out and missing
        is noted.
        """
        found = _identify(model.id.removeprefix("checkpoints/"))
        preprocessing = _preprocessing(found)
        wanted = _fit.Wanted(
            found.architecture,
            found.libraries,
            preprocessing.size,
            preprocessing.channels,
            found.card.kwargs,
        )
        fitted = _fit.fit(
            wanted, _weights.read_content(found.path), is_sorted=_weights.is_sorted(found.path)
        )
        if fitted.note:
            watch.update(model.id, "waiting", note=fitted.note)
        return NetworkEncoder(fitted.network, fitted.forward, preprocessing, device)

    def recipe(self, model: SourceModel) -> Recipe:
        """Build the file's architecture and read the file."""
        found = _identify(model.id.removeprefix("checkpoints/"))
        shown, name = _preprocessing(found), found.architecture
        kwargs = dict(found.card.kwargs)
        return Recipe(found.libraries[0], name, name, shown, "", found.path, kwargs)

    def _folder(self) -> Iterable[SourceModel | Unreadable]:
        names = [*map(str, sorted(_caches.own_files().values())), *_added.added()]
        found: dict[str, SourceModel] = {}
        for name in dict.fromkeys(names):
            try:
                model = self.find(name)
            except SrcselError as error:
                yield Unreadable(one_line(Path(name).name), one_line(str(error)))
            else:
                if model.id not in found:
                    found[model.id] = model
                    yield model


@contextlib.contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Raise ModelError for whatever a file or a card does that nobody foresaw: one of them must not
    take the others with it.
    """
    try:
        yield
    except SrcselError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:MOST_SAID]
        raise ModelError(
            f"{Path(name).name} cannot be used, nor what is said of it in the card beside it"
            f" ({said}). Take it away, or save it anew with model.state_dict()."
        ) from error


def _identify(name: str) -> Checkpoint:
    path, shown, given = _split(name)
    card, shapes = _card(shown), _weights.shapes(path)
    try:
        architecture = architecture_of(shown, given, card)
    except UnknownNameError as error:
        if error.name:
            raise
        near = of_that_size(_weights.count_weights(shapes), _head(shapes))
        raise InputError(
            f"{shown.name} does not say which network (architecture) its weights are for. Give its"
            " path with = and the network's name in timm or torchvision after it, as in"
            f" {shown.name}=resnet18. {near}"
        ) from error
    return Checkpoint(
        path, shown, architecture, _libraries(architecture, card, shown, shapes), card, shapes
    )


def _split(name: str) -> tuple[Path, Path, str]:
    """Cut "PATH=ARCHITECTURE"; a path that exists as it stands is not cut.

    Returns where the bytes lie, what the file is called, and the architecture.
    """
    text, given = clean(name), ""
    if not _caches.is_file(text) and "=" in text:
        text, _, given = text.rpartition("=")
    try:
        path = opened(text, model=True)
    except MissingPathError:
        path = None
    if path is not None and path.is_dir():
        path = _only_file(path)
        text = str(path)
    if path is None or not path.is_file():
        raise InputError(
            f"There is no file {whole_path(text)}. Copy its path again; a network's name may stand"
            " after it, behind =."
        )
    shown = path if _caches.ending(path.name) else typed(text)
    if piece := _PIECE.search(shown.name):
        raise InputError(
            f"{shown.name} is one of {int(piece[1])} pieces of a model. Load the whole model, and"
            " save model.state_dict() as one .safetensors file."
        )
    if not _caches.ending(shown.name) and not _weights.is_weights(path):
        raise InputError(
            f"{shown.name} is no checkpoint I can read. Use a file ending in"
            f" {', '.join(_caches.ENDINGS)}."
        )
    return path, shown, given


def _only_file(folder: Path) -> Path:
    """Return the checkpoint in a folder as a hub hands them out; raises InputError where there are
    several or none.
    """
    try:
        found = [path for path in sorted(folder.iterdir()) if _caches.ending(path.name)]
    except OSError as error:
        raise InputError(
            f"{whole_path(str(folder))} cannot be opened: {error.strerror}. Ask for permission."
        ) from error
    best = [path for path in found if path.suffix.lower() == ".safetensors"] or found
    if len(best) == 1:
        return opened(str(best[0]), model=True)
    names = some_of([path.name for path in best], 3)
    told = f"holds {len(best)} checkpoints ({names})" if best else "holds no checkpoint"
    raise InputError(
        f"{whole_path(str(folder))} is a folder and {told}. Give the path of one file."
    )


def _libraries(
    architecture: str, card: Card, path: Path, shapes: Mapping[str, tuple[int, ...]]
) -> tuple[_fit.Library, ...]:
    """Say whose forms of an architecture to try: as the card says or the names look, timm first
    otherwise.
    """
    known: dict[_fit.Library, bool] = {
        "timm": architecture in _table.timm_architectures(),
        "torchvision": architecture in _table.defaults("torchvision"),
    }
    order: list[_fit.Library] = ["timm", "torchvision"]
    if card.get("library") == "torchvision" or (
        not card.get("library") and (published(path) or looks_like_torchvision(shapes))
    ):
        order.reverse()
    return tuple(library for library in order if known[library])


def _preprocessing(found: Checkpoint) -> Preprocessing:
    usual = _usual(found)
    told = {**usual, **found.card.values}
    if (side := _made_for(found, usual)) is not None:
        told["input_size"] = [3, side, side]
    size = told.get("input_size")
    by_size = size[0] if isinstance(size, list) and len(size) == 3 else None
    channels = channels_of(found.shapes) or told.get("in_chans") or by_size
    return preprocessing_from({**told, "in_chans": channels})


def _made_for(found: Checkpoint, usual: Mapping[str, Any]) -> int | None:
    """Return the side of the pictures that the file's positions are for, where the card does not
    say a size and it is not the usual one.
    """
    if "input_size" in found.card.values or "input_size" not in usual:
        return None
    return side_of(found.shapes, usual["input_size"])


def _usual(found: Checkpoint) -> Mapping[str, Any]:
    """Return the configuration of the architecture's usual weights, or of those the file is by its
    name, as far as the table knows it.
    """
    library = found.libraries[0]
    row = published(found.shown) if library == "torchvision" else None
    row = row or _table.defaults(library).get(found.architecture)
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
    shapes, card = found.shapes, found.card
    row = _table.defaults(found.libraries[0]).get(found.architecture)
    head = _head(shapes)
    return SourceModel(
        id=f"checkpoints/{_absolute(name, found)}",
        title=card.get("title", "name") or _caches.without_ending(found.shown.name),
        revision=_caches.digest(found.path),
        params=_weights.count_weights(shapes) or None,
        gmacs=None,
        input_size=min(_preprocessing(found).size),
        dim=head[1] if head else _table.whole(row["dim"]) if row else card.get("num_features"),
        pretraining=card.get("source_dataset", "pretraining") or UNKNOWN,
        license=spdx(card.get("license", "licence")),
        download_bytes=0,
        accuracy=card.get("val_accuracy"),
        source_classes=card.get("num_classes") or (head[0] if head else None),
        note=_note(found),
        year=card.get("year"),
    )


def _head(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape of what looks like the source head, () where nothing does."""
    widths = (shapes.get(f"{head}.weight", ()) for head in HEADS)
    return next((shape for shape in widths if len(shape) > 1), ())


def _note(found: Checkpoint) -> str:
    said = f"Your own file, read as {found.architecture} of {found.libraries[0]}."
    if _preprocessing(found).channels == 1:
        said += " Its first layer reads one channel: pictures are made greyscale."
    if side := _made_for(found, _usual(found)):
        said += f" Its positions are those of pictures of {side} x {side} pixels."
    unknown = found.card.unknown
    if unknown:
        keys = some_of(unknown, 3, show=lambda key: one_line(key)[:MOST_KEY])
        said += f" Its card also says {keys}, which means nothing here and is not used."
    return said


def _absolute(name: str, found: Checkpoint) -> str:
    """Return the name with its path made absolute, so that an id means the same from any folder."""
    given = _split(name)[2]
    return f"{found.shown}={given}" if given else str(found.shown)


register(CheckpointHub())
