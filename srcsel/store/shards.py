"""Rows by picture: what was made of each picture, found again by the name of its bytes.

<folder>/<hash>.safetensors     pictures (m, 32) uint8, and tensors with a row for each of them

A shard is named by its content, is there whole or not at all, and is never changed: rows that come
later lie in another one. A picture may stand in several; the first one counts.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.quotas import whose
from srcsel.store import files
from srcsel.store.memory import Arrays

NAME_BYTES = 32
"""Bytes of a picture's name: a sha256."""
MOST_BYTES = 1 << 26
"""Of a shard, about: so much is in memory while one is read or written."""
MEMORY_BYTES = 1_000_000_000
"""Of the rows that are read together; more lie in a file meanwhile."""
_PICTURES = "pictures"
_SHAPE = (NAME_BYTES,)
_NAME = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, eq=False)
class Places:
    """Where the rows of some pictures lie."""

    names: tuple[str, ...]  # of shards
    shard: np.ndarray  # (n,) int64, number of the shard; -1 = nowhere
    row: np.ndarray  # (n,) int64, within it

    @property
    def there(self) -> np.ndarray:
        """Whether each picture has a row, (n,) bool."""
        return self.shard >= 0

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the shards that hold any of them."""
        return tuple(self.names[k] for k in np.unique(self.shard[self.there]))


class Shards:
    """The shards that answer one question, such as what one network makes of a picture."""

    def __init__(
        self, folder: Path, question: Mapping[str, Any], lost: Callable[[], None] = lambda: None
    ) -> None:
        """Keep them in `folder`; nothing is created before the first row. `lost` is called for each
        that turns out damaged: it then counts as absent.
        """
        self.folder = folder
        self.question = dict(question)
        self._lost = lost

    def find(self, pictures: np.ndarray, within: Collection[str] | None = None) -> Places:
        """Say where the rows of pictures (n, 32) uint8 lie; within: names of shards, None = all."""
        names, held = [], []
        for name in sorted(self._names() if within is None else within):
            if _NAME.fullmatch(name) and (own := self._held(name)) is not None:
                names.append(name)
                held.append(own)
        shard, row = np.full(len(pictures), -1), np.full(len(pictures), -1)
        sizes = np.array([len(own) for own in held], dtype=np.int64)
        if sizes.sum() and len(pictures):
            known, asked = sortable(np.concatenate(held)), sortable(pictures)
            order = np.argsort(known, kind="stable")  # of equal ones the first shard's
            at = np.minimum(np.searchsorted(known, asked, sorter=order), len(order) - 1)
            place = order[at]
            hit = known[place] == asked
            ends = np.cumsum(sizes)
            shard[hit] = np.searchsorted(ends, place[hit], side="right")
            row[hit] = place[hit] - (ends - sizes)[shard[hit]]
        return Places(tuple(names), shard, row)

    def read(self, places: Places) -> tuple[Arrays, list[Any]] | None:
        """Return the rows, tensors (n, ...) of the kinds that all have, and what was said of each
        shard; None where one of them is gone or damaged: then look again for where they lie.

        Every picture must have a place. One shard at a time is in memory, and rows of more than
        MEMORY_BYTES are mapped from a file. Raises StoreError where the disk has no room for it.
        """
        found: Arrays | None = None
        said = []
        for name, mine in self._by_shard(places):
            read = self._read(name)
            if read is None:
                return None
            tensors, value = read
            said.append(value)
            if found is None:
                n = len(places.shard)
                found = {
                    k: self._room((n, *one.shape[1:]), one.dtype) for k, one in tensors.items()
                }
            found = {kind: whole for kind, whole in found.items() if kind in tensors}
            if any(tensors[kind].shape[1:] != whole.shape[1:] for kind, whole in found.items()):
                self.set_aside(name)
                return None
            for kind, whole in found.items():
                whole[mine] = tensors[kind][places.row[mine]]
        return found or {}, said

    def _room(self, shape: tuple[int, ...], kind: np.dtype) -> np.ndarray:
        if math.prod(shape) * kind.itemsize <= MEMORY_BYTES:
            return np.empty(shape, kind)
        return files.mapped(shape, kind, self.folder)

    def add(
        self, pictures: np.ndarray, tensors: Mapping[str, np.ndarray], value: Any = None
    ) -> list[str]:
        """Keep rows of pictures (m, 32) uint8 with a JSON value; returns the names of the shards.

        Raises StoreError.
        """
        each = sum(array.nbytes for array in tensors.values()) // max(1, len(pictures))
        step = max(1, MOST_BYTES // max(1, each))
        names = []
        for start in range(0, len(pictures), step):
            part = {kind: array[start : start + step] for kind, array in tensors.items()}
            part[_PICTURES] = own = np.ascontiguousarray(pictures[start : start + step])
            about = {"question": self.question, "value": value, "names": zlib.crc32(own.data)}
            about["person"] = whose()  # for whom they count (`owned`)
            names.append(_name(self.question, part))
            files.write_tensors(self._path(names[-1]), part, about)
        return names

    def join(self, names: Sequence[str], value: Any = None) -> list[str]:
        """Put the rows of several shards into as few as may be; returns their names.

        A reader finds each row in the new ones before the old ones go. Raises StoreError.
        """
        read = [self._safely(name, files.read_tensors) for name in names]
        tensors = [found[0] for found in read if found is not None]
        if not tensors:
            return []
        whole = {kind: np.concatenate([t[kind] for t in tensors]) for kind in tensors[0]}
        made = self.add(whole.pop(_PICTURES), whole, value)
        for name in set(names) - set(made):
            self._path(name).unlink(missing_ok=True)
        return made

    def export(self, name: str) -> tuple[bytes, np.ndarray] | None:
        """Return a shard as bytes that do not say whom it was made for, and its pictures (m, 32)
        uint8; None where it is gone or damaged.
        """
        found = self._safely(name, files.read_tensors)
        if found is None:
            return None
        tensors, about = found
        return files.tensor_bytes(tensors, {**about, "person": ""}), tensors[_PICTURES]

    def take(self, name: str, path: Path, fits: Callable[[Arrays, Any], bool]) -> None:
        """Keep a shard from elsewhere, as whoever this process works for has it now.

        Raises DamagedFileError, or one of files.NOT_SO, where the file at `path` is damaged, its
        content has another name or does not fit, and StoreError.
        """
        tensors, about = files.read_tensors(path)
        self._require_sound(name, tensors, about)
        if _name(self.question, tensors) != name or not fits(tensors, about["value"]):
            raise files.DamagedFileError(f"{name} holds something else than its name says")
        self.add(tensors.pop(_PICTURES), tensors, about["value"])

    def set_aside(self, name: str) -> None:
        """Have a shard that is damaged count as absent."""
        files.set_aside(self._path(name))
        self._lost()

    def _names(self) -> Iterator[str]:
        return (path.stem for path in self.folder.glob("*.safetensors"))

    def _held(self, name: str) -> np.ndarray | None:
        """Return the names of a shard's pictures, (m, 32) uint8."""
        found = self._safely(name, lambda path: files.read_some(path, _PICTURES))
        if found is None:
            return None
        if zlib.crc32(np.ascontiguousarray(found[0][_PICTURES]).data) != found[1]["names"]:
            self.set_aside(name)
            return None
        return found[0][_PICTURES]

    def _read(self, name: str) -> tuple[Arrays, Any] | None:
        """Return a shard's tensors without the names of its pictures, and its value."""
        found = self._safely(name, files.read_tensors)
        if found is None:
            return None
        files.used(self._path(name))
        tensors, about = found
        del tensors[_PICTURES]
        return tensors, about["value"]

    def _safely(
        self, name: str, read: Callable[[Path], tuple[Arrays, Any]]
    ) -> tuple[Arrays, Any] | None:
        """Read a shard; None where it is gone, or damaged: that one is set aside."""
        try:
            tensors, about = read(self._path(name))
            self._require_sound(name, tensors, about)
        except FileNotFoundError:
            return None
        except (files.DamagedFileError, *files.NOT_SO):
            self.set_aside(name)
            return None
        return tensors, about

    def _require_sound(self, name: str, tensors: Arrays, about: Any) -> None:
        """Raise DamagedFileError, or one of files.NOT_SO, where this is no shard of this place."""
        pictures = tensors[_PICTURES]
        fits = all(len(rows) == len(pictures) for rows in tensors.values())
        fits = fits and {"names", "value"} <= about.keys()
        if about["question"] != self.question or pictures.shape[1:] != (NAME_BYTES,) or not fits:
            raise files.DamagedFileError(f"{name} holds something else than its place says")

    def _by_shard(self, places: Places) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each shard that is needed with the pictures that lie there."""
        order = np.argsort(places.shard, kind="stable")
        cuts = np.flatnonzero(np.diff(places.shard[order])) + 1
        for mine in np.split(order, cuts):
            if len(mine):
                yield places.names[places.shard[mine[0]]], mine

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"


def _name(question: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> str:
    """Name a shard by what it holds: the file itself may have its header in any order."""
    content = hashlib.sha256(json.dumps(question, sort_keys=True).encode())
    for kind, array in sorted(tensors.items()):
        content.update(f"{kind} {array.dtype.str} {array.shape}".encode())
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:32]


def sortable(pictures: np.ndarray) -> np.ndarray:
    """Return names of pictures (n, 32) uint8 as values that sort and compare, (n,)."""
    return np.ascontiguousarray(pictures).view(f"S{NAME_BYTES}").ravel()


def distinct(pictures: np.ndarray) -> np.ndarray:
    """Return the rows (m,), rising, of the first of each of pictures (n, 32) uint8."""
    return np.sort(np.unique(sortable(pictures), return_index=True)[1])
