"""Features that several computers share at an address or in a folder (SRCSEL_FEATURES).

<address>/pictures/<model>-<hash>/<hash>.safetensors   a shard as it lies here (`shards`)
<address>/pictures/<model>-<hash>/<hash>.pictures      the names of its pictures, (m, 32) uint8

The second file is written when the first one is whole, and a shard without it is not looked at. A
shard counts when what it holds fits to its name; whom it was made for does not leave this computer.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base import log
from srcsel.base.addresses import Address, address_of
from srcsel.base.errors import DownloadError, InputError, QuotaError
from srcsel.base.remote import FOLDER, Store, Stored
from srcsel.store import files
from srcsel.store.memory import Arrays
from srcsel.store.shards import NAME_BYTES, Shards, sortable

SHARD, LIST = ".safetensors", ".pictures"
READ_ONLY = (
    "Features cannot be shared at {}: what lies there is a repository. Set SRCSEL_FEATURES to a"
    " folder or an address that begins with s3://, gs:// or az://, or unset it."
)
UNSHARED = "Features were not shared from then on: {} What was made is kept on this computer."
DAMAGED = (
    "{} at {} is damaged or not what its name says, so it was not used. Remove it there: features"
    " that it should hold are shared anew."
)
Fits = Callable[[Arrays, Any], bool]
"""Tells whether a shard's rows, and what was said of them, are what they should be."""


class Shared:
    """Shards of other computers, and ours for them. What goes wrong in the middle of a run is said
    in `say`, and nothing more is asked of the store then: a run goes on without it.
    """

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        """Connect at the first question."""
        self._address, self._say = address, say
        self._store: Store | None = None
        self._gone = False
        self._lists: dict[str, dict[str, np.ndarray]] = {}  # place -> shard -> its pictures
        self._sizes: dict[str, int] = {}  # place and name of a shard -> bytes

    def require(self) -> None:
        """Raise InputError where it cannot be used; that it does not answer now is only said."""
        try:
            self._opened().require()
        except DownloadError as error:
            self._leave(error)
        except InputError as error:
            raise InputError(f"SRCSEL_FEATURES: {error}") from error

    def bring(
        self, shards: Shards, pictures: np.ndarray, fits: Fits, room: Callable[[int], object]
    ) -> None:
        """Fetch shards that hold any of pictures (m, 32) uint8, as few as may be; `room` raises
        where so many bytes more are too many, before they come.
        """
        with self._going():
            wanted = set(sortable(pictures).tolist())
            if self._gone or not wanted:
                return
            lists = self._listed(shards.folder.name)
            held = {name: set(sortable(own).tolist()) for name, own in lists.items()}
            for name in sorted(held, key=lambda name: (-len(held[name] & wanted), name)):
                if not held[name] & wanted:
                    continue
                room(self._sizes.get(_path(shards.folder.name, name, SHARD), 0))
                if self._fetched(shards, name, fits):
                    wanted -= held[name]

    def offer(self, shards: Shards, names: Collection[str]) -> None:
        """Let others have these shards, unless they are there."""
        with self._going():
            if self._gone or not names:
                return
            store, place = self._opened(), shards.folder.name
            there = self._listed(place)
            for name in sorted(set(names) - there.keys()):
                if (found := shards.export(name)) is not None:
                    data, pictures = found
                    store.write(_path(place, name, SHARD), data)
                    store.write(_path(place, name, LIST), pictures.tobytes())
                    there[name] = pictures
                    log.event("features shared", bytes=len(data))

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store(_place(self._address))
        return self._store

    def _listed(self, place: str) -> dict[str, np.ndarray]:
        """Return the pictures of each whole shard in a place, asked once."""
        if place not in self._lists:
            store = self._opened()
            found = {one.name: one for one in store.below(f"pictures/{place}")}
            whole = [
                one
                for name, one in found.items()
                if name.endswith(LIST) and f"{name.removesuffix(LIST)}{SHARD}" in found
            ]
            self._sizes |= {name: one.size for name, one in found.items() if name.endswith(SHARD)}
            self._lists[place] = {
                name.rpartition("/")[2].removesuffix(LIST): _names(data)
                for name, data in store.read(whole).items()
            }
        return self._lists[place]

    def _fetched(self, shards: Shards, name: str, fits: Fits) -> bool:
        """Fetch one shard; False where it is gone by now, or damaged."""
        store, inside = self._opened(), _path(shards.folder.name, name, SHARD)
        far = Stored(store.place(inside), inside, 0, "")
        with _coming(shards.folder, name) as near:
            if store.get([far], [near]) or not near.is_file():
                return False
            size = near.stat().st_size
            if size > self._sizes.get(inside, size):  # there was room for less
                return False
            try:
                shards.take(name, near, fits)
            except (files.DamagedFileError, *files.NOT_SO):
                self._say(DAMAGED.format(inside, store.address))
                return False
        log.event("features fetched", bytes=size)
        return True

    @contextlib.contextmanager
    def _going(self) -> Iterator[None]:
        try:
            yield
        except QuotaError:  # of this computer
            raise
        except (DownloadError, InputError) as error:
            self._leave(error)

    def _leave(self, error: Exception) -> None:
        self._gone = True
        self._say(UNSHARED.format(error))


def _place(text: str) -> Address:
    """Return the address that SRCSEL_FEATURES means. Raises InputError."""
    address = address_of(text)
    if address is None:
        path = Path(text.removeprefix("file://")).expanduser().resolve()
        return Address(FOLDER, path.as_posix())
    if address.kind == "hf":
        raise InputError(READ_ONLY.format(address))
    return address


def _path(place: str, name: str, ending: str) -> str:
    return f"pictures/{place}/{name}{ending}"


def _names(data: bytes) -> np.ndarray:
    """Return names of pictures (m, 32) uint8; none of a list that is not whole."""
    whole = data if len(data) % NAME_BYTES == 0 else b""
    return np.frombuffer(whole, np.uint8).reshape(-1, NAME_BYTES)


@contextlib.contextmanager
def _coming(folder: Path, name: str) -> Iterator[Path]:
    """Yield where a shard may lie until it is known to be whole. Raises StoreError."""
    path = folder / f".{name}.{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield path
    except OSError as error:
        raise files.explain_disk(folder, error) from error
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
