"""What is kept: features by picture, and runs (`srcsel.store.runs`). Never pickle.

features/pictures/<model>-<hash>/<hash>.safetensors   what one network made of pictures (`shards`)
features/<model>-<hash>.safetensors         one FeatureKey, in the header: its pictures, in order
features/{maps,scores}/<hash>.safetensors   what was computed from features (`store.memory`)

Earlier versions kept features by folder; those are read as they lie, and kept by picture from the
first time that their pictures are known.

features/<model>-<hash>.safetensors         the features themselves, or rows of another's
features/parts/<hash>/<row>.safetensors     half-done ones, from that row on
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from srcsel.base.errors import StoreError
from srcsel.base.records import FeatureKey, Features
from srcsel.base.settings import Settings
from srcsel.store import files
from srcsel.store.memory import Arrays, Memory
from srcsel.store.runs import RunStore
from srcsel.store.serialize import from_plain, to_plain
from srcsel.store.shards import NAME_BYTES, Shards
from srcsel.store.shared import Shared

EXAMPLES = Path(__file__).parents[1] / "demo" / "runs"
"""Finished runs that ship with srcsel; read-only."""
Timing = tuple[float, float]
"""Seconds that a network took for a picture: the time, and the usual one of its batches."""

__all__ = ["EXAMPLES", "FeatureStore", "RunStore", "open_features", "open_runs"]


def open_features(settings: Settings) -> FeatureStore:
    """Open the features of this computer."""
    return FeatureStore(settings.features, settings.shared)


def open_runs(settings: Settings) -> RunStore:
    """Open the runs of this computer, the shipped examples among them."""
    return RunStore(settings.runs, EXAMPLES)


def stand_ins(dataset: str, count: int) -> np.ndarray:
    """Name pictures whose bytes are not known by the digest of their set and their row, (n, 32)
    uint8.
    """
    names = (hashlib.sha256(f"{dataset}\0{row}".encode()).digest() for row in range(count))
    return np.frombuffer(b"".join(names), np.uint8).reshape(-1, NAME_BYTES)


@dataclass(frozen=True)
class _About:
    """What the header of a file says."""

    key: FeatureKey
    shards: tuple[str, ...] = ()  # that hold its pictures
    source: FeatureKey | None = None  # of a file that holds rows of these features
    seconds_per_picture: float | None = None  # of a file that holds the features
    seconds_spread: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Timed:
    """How long a network took for the pictures of a shard; None where that was not measured."""

    rows: int  # pictures
    seconds: float | None = None  # for one, as Features.seconds_per_picture
    spread: tuple[float, float] | None = None  # as Features.seconds_spread

    def weight(self) -> int:
        """How many pictures were timed: what was measured on most is believed."""
        return -1 if self.seconds is None else self.rows


class FeatureStore:
    """Features by FeatureKey and by picture. A damaged file counts as absent; `notes` says so in
    sentences.
    """

    def __init__(self, folder: Path, shared: str = "") -> None:
        """Keep features in `folder`; nothing is created before the first write.

        shared: an address or folder where other computers have theirs, "" = none.
        """
        self.folder = folder
        self.memory = Memory(folder)
        self.notes: list[str] = []
        self._shared = Shared(shared, self._say) if shared else None

    def require(self) -> None:
        """Raise InputError where features cannot be shared as the environment says."""
        if self._shared is not None:
            self._shared.require()

    def bring(
        self, key: FeatureKey, pictures: np.ndarray, room: Callable[[int], object] = lambda _: None
    ) -> None:
        """Fetch what other computers have of those of pictures (n, 32) uint8 that have no features
        yet; `room` raises where so many bytes more are too many. Raises StoreError.
        """
        if self._shared is not None and len(missing := self.missing(key, pictures)):
            self._shared.bring(self._shards(key), pictures[missing], _sound, room)

    def share(self, key: FeatureKey, pictures: np.ndarray) -> None:
        """Let other computers have the features of pictures (n, 32) uint8."""
        if self._shared is not None:
            shards = self._shards(key)
            self._shared.offer(shards, shards.find(pictures).used)

    def has(self, key: FeatureKey) -> bool:
        """Whether all that `key` names is there (cheap; it may still turn out damaged)."""
        try:
            _, about = files.read_some(self._path(key))
            names = from_plain(_About, about).shards
        except (FileNotFoundError, files.DamagedFileError, *files.NOT_SO):
            return False
        folder = self._shards(key).folder
        return all((folder / f"{name}.safetensors").is_file() for name in names)

    def get(self, key: FeatureKey) -> Features | None:
        """Return the stored features, or None."""
        found = self._read(self._path(key), key)
        if found is None:
            return None
        tensors, about = found
        if "pictures" in tensors:
            return self._gathered(key, tensors["pictures"], about.shards)
        if "rows" in tensors:
            return self._rows_of(about.source, tensors["rows"], key)
        return Features(
            key,
            tensors["values"],
            tensors.get("logits"),
            about.seconds_per_picture,
            about.seconds_spread,
        )

    def put(self, features: Features, pictures: np.ndarray | None = None) -> None:
        """Store whole features; pictures (n, 32) uint8 names what each row was made of, None = not
        known. Raises StoreError.
        """
        key = features.key
        if pictures is None:
            pictures = stand_ins(key.dataset, len(features.values))
        timed = _Timed(len(pictures), features.seconds_per_picture, features.seconds_spread)
        rows = _tensors(features.values, features.logits)
        self._list(key, pictures, self._shards(key).add(pictures, rows, to_plain(timed)))

    def missing(self, key: FeatureKey, pictures: np.ndarray) -> np.ndarray:
        """Return which of pictures (n, 32) uint8 have no features yet, (m,) rows, rising."""
        return np.flatnonzero(~self._shards(key).find(pictures).there)

    def put_part(
        self,
        key: FeatureKey,
        pictures: np.ndarray,
        values: np.ndarray,
        logits: np.ndarray | None,
        seconds: Timing | None = None,
    ) -> list[str]:
        """Store features of some pictures (m, 32) uint8; returns the names of their shards.

        seconds: as timed over them. Raises StoreError.
        """
        timed = _Timed(len(pictures), seconds and seconds[0], seconds)
        return self._shards(key).add(pictures, _tensors(values, logits), to_plain(timed))

    def join(
        self, key: FeatureKey, names: Sequence[str], rows: int, seconds: Timing | None
    ) -> None:
        """Put shards of `rows` pictures, which nothing else names, into as few as may be.

        Raises StoreError.
        """
        self._shards(key).join(names, to_plain(_Timed(rows, seconds and seconds[0], seconds)))

    def gather(self, key: FeatureKey, pictures: np.ndarray, *, listed: bool) -> Features | None:
        """Return the features of pictures (n, 32) uint8; None where some have none.

        listed: they are all of `key.dataset`, and are found by `key` from now on. Raises
        StoreError.
        """
        found = self._gathered(key, pictures)
        if found is not None and listed:
            self._list(key, pictures, self._shards(key).find(pictures).used)
        return found

    def adopt(self, key: FeatureKey, pictures: np.ndarray) -> None:
        """Keep by picture what an earlier version kept by folder: features of these pictures (n,
        32) uint8, whole or half-done. Where the disk refuses, they stay as they are.
        """
        with contextlib.suppress(StoreError):
            found = self._read(self._path(key), key) if self._path(key).is_file() else None
            if (
                found is not None
                and "values" in found[0]
                and len(found[0]["values"]) == len(pictures)
            ):
                tensors, about = found
                timing = about.seconds_per_picture, about.seconds_spread
                self.put(Features(key, tensors["values"], tensors.get("logits"), *timing), pictures)
            rows, values, logits = self._former_parts(key)
            if values is not None and rows <= len(pictures):
                self.put_part(key, pictures[:rows], values, logits)
                shutil.rmtree(self._parts(key), ignore_errors=True)

    def _gathered(
        self, key: FeatureKey, pictures: np.ndarray, within: Sequence[str] | None = None
    ) -> Features | None:
        """Return the features of these pictures from these shards, or where some are gone from
        all.
        """
        shards = self._shards(key)
        while True:
            places = shards.find(pictures, within)
            read = shards.read(places) if places.there.all() and len(pictures) else None
            if read is not None:
                tensors, said = read
                if not _fit(tensors):
                    for name in places.used:
                        shards.set_aside(name)
                    continue
                timed = max((from_plain(_Timed, one) for one in said), key=_Timed.weight)
                logits = tensors.get("logits")
                return Features(key, tensors["values"], logits, timed.seconds, timed.spread)
            if within is None and not places.there.all():
                return None
            within = None

    def _list(self, key: FeatureKey, pictures: np.ndarray, names: Sequence[str]) -> None:
        """Store which pictures `key` stands for, and which shards hold them."""
        about = {"key": to_plain(key), "shards": list(names)}
        files.write_tensors(self._path(key), {"pictures": pictures}, about)

    def _shards(self, key: FeatureKey) -> Shards:
        """Where the features lie that depend on the same as these, whatever the pictures."""
        question = to_plain(key)
        del question["dataset"]
        folder = self.folder / "pictures" / f"{_slug(key)}-{files.text_hash(question)}"
        return Shards(folder, question, lambda: self._say_damaged(key))

    def _former_parts(self, key: FeatureKey) -> tuple[int, np.ndarray | None, np.ndarray | None]:
        """Rows done without a gap from row 0: (m, values (m, d) or None, logits (m, c) or None)."""
        blocks: list[dict[str, np.ndarray]] = []
        rows = 0
        while found := self._read(self._parts(key) / f"{rows:09d}.safetensors", key):
            if not len(found[0]["values"]):
                break
            blocks.append(found[0])
            rows += len(found[0]["values"])
        if not blocks:
            return 0, None, None
        headed = all("logits" in block for block in blocks)
        logits = np.concatenate([block["logits"] for block in blocks]) if headed else None
        return rows, np.concatenate([block["values"] for block in blocks]), logits

    def _read(self, path: Path, key: FeatureKey) -> tuple[Arrays, _About] | None:
        try:
            tensors, told = files.read_tensors(path)
            about = from_plain(_About, told)
            listed = tensors.get("pictures", np.empty(0)).shape[1:] == (NAME_BYTES,)
            rows = "rows" in tensors and about.source is not None
            if about.key != key or not (listed or rows or _fit(tensors)):
                raise files.DamagedFileError(f"{path.name} holds something else than its name says")
        except FileNotFoundError:
            return None
        except (files.DamagedFileError, *files.NOT_SO):
            files.set_aside(path)
            self._say_damaged(key)
            return None
        files.used(path)
        return tensors, about

    def _say_damaged(self, key: FeatureKey) -> None:
        self._say(f"The stored features of {key.model} were damaged; they are computed again.")

    def _say(self, said: str) -> None:
        if said not in self.notes:
            self.notes.append(said)

    def _rows_of(
        self, source: FeatureKey | None, rows: np.ndarray, key: FeatureKey
    ) -> Features | None:
        whole = self.get(source) if source is not None and source != key else None
        if whole is None or rows.max(initial=-1) >= len(whole.values):
            return None
        logits = None if whole.logits is None else whole.logits[rows]
        return replace(whole, key=key, values=whole.values[rows], logits=logits)

    def _path(self, key: FeatureKey) -> Path:
        return self.folder / f"{_slug(key)}-{files.text_hash(to_plain(key))}.safetensors"

    def _parts(self, key: FeatureKey) -> Path:
        return self.folder / "parts" / files.text_hash(to_plain(key))


def _slug(key: FeatureKey) -> str:
    return re.sub(r"[^a-z0-9]+", "-", key.model.lower()).strip("-")[-60:]


def _fit(tensors: Arrays) -> bool:
    """Tell whether these are features (n, d), and logits (n, c) where there are any."""
    shapes = [tensors[name].shape for name in ("values", "logits") if name in tensors]
    return "values" in tensors and all(
        len(shape) == 2 and shape[0] == shapes[0][0] for shape in shapes
    )


def _sound(tensors: Arrays, value: object) -> bool:
    """Tell whether rows from elsewhere are such as a network gives. Raises one of files.NOT_SO
    where what is said of their time is none.
    """
    from_plain(_Timed, value)
    numbers = [tensors[name] for name in ("values", "logits") if name in tensors]
    return _fit(tensors) and all(
        array.dtype == np.float32 and bool(np.isfinite(array).all()) for array in numbers
    )


def _tensors(values: np.ndarray, logits: np.ndarray | None) -> dict[str, np.ndarray]:
    tensors = {"values": np.asarray(values, dtype=np.float32)}
    if logits is not None:
        tensors["logits"] = np.asarray(logits, dtype=np.float32)
    return tensors
