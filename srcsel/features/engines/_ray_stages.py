"""What Ray's workers do: read pictures, decode them once for all models, put them through networks.

Functions and classes only; what they make travels in columns, one a kind of pixels, two a model.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base import access
from srcsel.base.records import Dataset, FeatureKey, SourceModel
from srcsel.base.scarce import is_lost, is_out_of_memory
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.features.backends import Wish, limit_cores, prepare, recall
from srcsel.features.decode import pixels_of
from srcsel.features.devices import batch_size
from srcsel.features.engines._base import failure, too_large
from srcsel.features.passing import Passing
from srcsel.models.called import at_start, called
from srcsel.models.hubs import Preprocessing, hub_of
from srcsel.pictures import uploads

Batch = dict[str, Any]
"""Columns of equal length: row (b,) int64; path, digest (b,) objects; pixels (b, 3, h, w)."""


@dataclass(frozen=True)
class Asked:
    """One model that is to see some pictures."""

    model: SourceModel
    preprocessing: Preprocessing
    key: FeatureKey
    count: int  # pictures that it is to see
    rows: np.ndarray | None  # which, (count,) rising; None = all that are read
    device: str  # "cpu" or "cuda"
    cores: int  # its share, at least 1


@dataclass(frozen=True)
class Told:
    """What an actor says of a batch."""

    width: int = 0  # d, numbers of features in a row
    classes: int = 0  # c, logits behind them
    revision: str = ""  # of the weights, as loaded
    seconds: float = 0.0  # of the network alone
    notes: tuple[str, ...] = ()
    reason: str = ""  # why the model cannot go on; "" = it can
    detail: str = ""


def pixels_column(preprocessing: Preprocessing) -> str:
    """Name the column of the pixels that a model sees."""
    return f"pixels {preprocessing.pixel_key}"


class Pictures:
    """Reads the files of a dataset where the run was asked for, for computers that have no such
    folder.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: that of the dataset."""
        self._folder = folder

    def read(self, paths: Sequence[str]) -> list[bytes | None]:
        """Return what files hold; None for one that is gone or may not be opened."""
        found: list[bytes | None] = []
        for path in paths:
            file, whole = self._folder / path, None
            if access.allowed(file):
                with contextlib.suppress(OSError):
                    whole = file.read_bytes()
            found.append(whole)
        return found


class Decode:
    """Read pictures, the very ones that the folder check saw, and decode each once for all
    models.
    """

    def __init__(self, dataset: Dataset, hows: Sequence[Preprocessing], pictures: Any) -> None:
        """`dataset` says where they lie, which ones comes in the batches; `hows`: one way of
        preparing for each kind of pixels; `pictures`: Ray's handle of `Pictures`.
        """
        self._dataset, self._hows, self._pictures = dataset, list(hows), pictures

    def __call__(self, batch: Batch) -> Batch:
        """Return rows and pixels. Raises InputError for a picture that went bad."""
        digests = tuple(batch["digest"]) if all(batch["digest"]) else ()  # () = not known
        some = replace(self._dataset, paths=tuple(batch["path"]), digests=digests)
        with self._here(some) as some:
            made = [pixels_of(some, row, self._hows) for row in range(len(some.paths))]
        columns = dict(zip(map(pixels_column, self._hows), zip(*made, strict=True), strict=True))
        return {"row": batch["row"]} | {name: np.stack(one) for name, one in columns.items()}

    @contextlib.contextmanager
    def _here(self, some: Dataset) -> Iterator[Dataset]:
        """Yield the pictures as they lie on this computer: in their folder, else in a copy of them
        that goes afterwards.
        """
        if some.folder.is_dir() and access.allowed(some.folder):
            yield some
            return
        import ray

        with uploads.brought() as place:
            sent = ray.get(self._pictures.read.remote(list(some.paths)))
            for path, whole in zip(some.paths, sent, strict=True):
                file = place / path
                file.parent.mkdir(parents=True, exist_ok=True)
                if whole is not None:
                    file.write_bytes(whole)
            yield replace(some, folder=place)


class Network:
    """One source model, loaded at its first batch; whatever goes wrong becomes what it tells."""

    def __init__(self, number: int, asked: Asked, last: bool) -> None:
        """`last`: no model behind this one sees the same pixels."""
        self._number, self._asked, self._last = number, asked, last
        self._notes: list[str] = []
        self._passing: Any = None
        self._broken: Told | None = None
        self._revision = ""

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with this model's features, a text of bytes for each row."""
        name = pixels_column(self._asked.preprocessing)
        pixels = batch.pop(name) if self._last else batch[name]
        rows = self._asked.rows
        wanted = (
            np.isin(batch["row"], rows) if rows is not None else np.ones(len(batch["row"]), bool)
        )
        made = [b""] * len(wanted)
        told = Told(notes=tuple(self._notes))
        if self._broken is None and wanted.any():
            outputs, told = self._told(pixels[wanted])
            for at, row in zip(np.flatnonzero(wanted), outputs, strict=False):
                made[at] = row.tobytes()
        told = self._broken or told
        said = [json.dumps(asdict(told))] + [""] * (len(wanted) - 1)
        batch[f"out {self._number}"] = np.array(made, dtype=object)
        batch[f"said {self._number}"] = np.array(said, dtype=object)
        return batch

    def _told(self, pixels: np.ndarray) -> tuple[np.ndarray, Told]:
        """Return rows (b, d + c) float32 and what there is to say; none where it failed."""
        model = self._asked.model
        for place in dict.fromkeys((self._asked.device, "cpu")):
            try:
                return self._rows(pixels, place)
            except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
                self._passing = None
                if not is_out_of_memory(error) and not (place != "cpu" and is_lost(error)):
                    wrong = failure(model, error)
                    self._broken = Told(reason=wrong.reason, detail=wrong.detail)
                    return np.empty((0, 0), np.float32), self._broken
                if place != "cpu":
                    self._notes.append(
                        f"{at_start(called(model))} did not fit onto a graphics card of Ray, or"
                        " that failed; it ran on the processor."
                    )
        self._broken = Told(reason=too_large(model).reason)
        return np.empty((0, 0), np.float32), self._broken

    def _rows(self, pixels: np.ndarray, device: str) -> tuple[np.ndarray, Told]:
        if self._passing is None or self._passing.device != device:
            self._passing = self._loaded(pixels, device)
        begun = time.perf_counter()
        values, logits = zip(
            *self._passing.over(len(pixels), lambda done: pixels[done:]), strict=True
        )
        seconds = time.perf_counter() - begun
        made = [np.concatenate(values)]
        made += [] if logits[0] is None else [np.concatenate(logits)]
        rows = np.concatenate([np.asarray(one, np.float32) for one in made], axis=1)
        width = made[0].shape[1]
        notes = tuple(self._notes)
        return rows, Told(width, rows.shape[1] - width, self._revision, seconds, notes)

    def _loaded(self, pixels: np.ndarray, device: str) -> Any:
        """Load the network, with the backend that is fastest for what this actor will see."""
        asked = self._asked
        limit_cores(asked.cores)
        if device == "cpu":
            import torch

            torch.set_num_threads(asked.cores)
        hub, watch, say = hub_of(asked.model), Watch(), self._notes.append
        wish = Wish(asked.model, asked.key, load_settings().features, say)
        self._revision = asked.key.revision
        runner = recall(wish, asked.count) if device == "cpu" and asked.key.revision else None
        if runner is None:
            encoder = hub.load(asked.model, device, watch)
            self._revision = hub.find(asked.model.id.split("/", 1)[1]).revision
            wish = replace(wish, key=replace(asked.key, revision=self._revision))
            runner = prepare(wish, encoder, _Sample(pixels, asked.count), device)()
        return Passing(asked.model, runner, device, batch_size(device), say, watch)


class _Sample:
    """Stands for all the pictures that an actor will see, by the first of them."""

    def __init__(self, pixels: np.ndarray, total: int) -> None:
        self._pixels, self._total = pixels, total

    def __len__(self) -> int:
        return self._total

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self._pixels[rows]
