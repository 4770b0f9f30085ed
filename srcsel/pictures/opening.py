"""What each file of a folder turned out to be when it was opened, once, and remembered since."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import Image, ImageStat

from srcsel.base.errors import PictureError, StoreError
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.pictures import apart
from srcsel.pictures.decoding import look
from srcsel.pictures.deep import Spread, is_odd
from srcsel.pictures.reading import read
from srcsel.store.memory import Arrays, Memory

BLOCK = 64  # pictures opened between two looks at the stop button
# pictures after which the memory is written, so that a killed check goes on from there
SAVE_EVERY = 4096
CHECK_SIDE = 64  # pixels; enough to find broken files, and the cheapest JPEG decode
FLAT = 3.0  # standard deviation (of 0..255) below which a picture is as good as uniform
# levels (of 0..255) within which all of it lies that is, too: nearly black, nearly white
NARROW = 16
KIND = "files"  # what the outcomes of opened files are remembered as
VERSION = 3  # part of what they are remembered by; raise it with every change to what is found
NOT_NOW = "It was not read this time: {} It counts again when it can be read."


@dataclass(frozen=True)
class Seen:
    """What one file turned out to be when it was opened."""

    size: int
    time: int  # of the last change, nanoseconds
    digest: str = ""  # of its bytes; "" = it could not be opened
    reason: str = ""  # why it cannot be used; "" = it can
    flat: bool = False  # nearly uniform, where 8 bits hold it
    paged: bool = False  # holds several pages
    passing: bool = False  # why it cannot be used is time or memory, not the file
    spread: Spread | None = None  # of its values, where they are deeper
    inode: int = 0  # of the file, which a renamed one keeps; 0 = not known

    def is_flat(self, ranges: dict[str, tuple[float, float]]) -> bool:
        """Say whether it comes out nearly uniform where `ranges` are seen as black to white."""
        if self.spread is None:
            return self.flat
        low, high = ranges[self.spread.kind]
        level = 255 / (high - low) if high > low else 0.0
        width = self.spread.most - self.spread.least
        return level * self.spread.deviation < FLAT or level * width <= NARROW

    def is_odd(self, ranges: dict[str, tuple[float, float]]) -> bool:
        """Say whether it reaches far beyond what is black to white in all others."""
        return self.spread is not None and is_odd(self.spread, *ranges[self.spread.kind])


def look_at(
    paths: Sequence[str], folder: Path, watch: Watch, lost: Mapping[str, str]
) -> list[Seen]:
    """Open what is not remembered, with threads; one outcome a path. `lost`: path -> why it is not
    there to be opened.
    """
    there = iter(_open_all([path for path in paths if path not in lost], folder, watch))
    return [Seen(-1, -1, reason=lost[path]) if path in lost else next(there) for path in paths]


def _open_all(paths: Sequence[str], folder: Path, watch: Watch) -> list[Seen]:
    known = _recall(folder)
    now = {path: _stamp(folder / path) for path in paths}
    moved = {(seen.size, seen.time, seen.inode): seen for seen in known.values() if seen.inode}
    others = [
        path
        for path in paths
        if path not in known or (known[path].size, known[path].time) != now[path][:2]
    ]
    # known by another name: a class was renamed, a picture sorted anew
    known.update({path: moved[now[path]] for path in others if now[path] in moved})
    new = [path for path in others if now[path] not in moved]
    done = len(paths) - len(new)
    try:
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for start in range(0, len(new), BLOCK):
                watch.update("pictures", "reading", done + start, len(paths))
                block = new[start : start + BLOCK]
                seen = pool.map(
                    _open, (folder / path for path in block), (now[path] for path in block)
                )
                known.update(zip(block, seen, strict=True))
                if start % SAVE_EVERY == SAVE_EVERY - BLOCK:
                    _remember(folder, known)
        known.update(_look_again(folder, [path for path in new if known[path].passing], watch))
    finally:
        if others:
            _remember(folder, known)
    watch.update("pictures", "done", len(paths), len(paths))
    return [known[path] for path in paths]


def _look_again(folder: Path, paths: Sequence[str], watch: Watch) -> dict[str, Seen]:
    """Open what time or memory was short for once more, one alone: it must not decide by chance
    which pictures there are. What still cannot be read says that it was this time only.
    """
    found = {}
    for done, path in enumerate(paths):
        watch.update("pictures", "reading", done, len(paths), "Again, what was not read at once")
        seen = _open(folder / path, _stamp(folder / path))
        found[path] = replace(seen, reason=NOT_NOW.format(seen.reason)) if seen.passing else seen
    return found


def _stamp(path: Path) -> tuple[int, int, int]:
    """Size, time of the last change, and inode."""
    try:
        about = path.stat()
    except OSError:
        return -1, -1, 0  # opening it gives the reason
    return about.st_size, about.st_mtime_ns, about.st_ino


def _open(path: Path, stamp: tuple[int, int, int]) -> Seen:
    try:
        file = read(path)
    except PictureError as error:
        return Seen(*stamp[:2], reason=str(error), passing=not error.lasting)
    seen, digest = (file.size, file.time), hashlib.sha256(file.data).hexdigest()
    try:
        flat, several, spread = apart.call(_look, file.data)
    except PictureError as error:
        if not error.lasting:
            return Seen(*seen, reason=str(error), passing=True, inode=file.inode)
        return Seen(*seen, digest, str(error), inode=file.inode)
    return Seen(*seen, digest, "", flat, several, spread=spread, inode=file.inode)


def _look(data: bytes) -> tuple[bool, bool, Spread | None]:
    """Decode a picture where that is safe; say what `Seen` keeps of it."""
    seen = look(data, hint=CHECK_SIDE)
    return seen.spread is None and _is_flat(seen.picture), seen.paged, seen.spread


def _is_flat(picture: Image.Image) -> bool:
    found = ImageStat.Stat(picture)
    return max(found.stddev) < FLAT or max(high - low for low, high in found.extrema) <= NARROW


def _question(folder: Path) -> dict[str, Any]:
    """Name what the outcomes of a folder's files depend on, besides their sizes and times."""
    return {"version": VERSION, "pillow": PIL.__version__, "folder": str(folder)}


def _recall(folder: Path) -> dict[str, Seen]:
    """Return what the files of a folder turned out to be, by relative path."""
    known = Memory(load_settings().datasets).recall(KIND, _question(folder), _unpacked)
    return {} if known is None else known


def _unpacked(arrays: Arrays, _: object) -> dict[str, Seen]:
    paths, reasons, kinds = json.loads(arrays["texts"].tobytes())
    digests = [row.tobytes().hex() for row in arrays["digests"]]
    spreads = [
        Spread(kind, *ends) if kind else None
        for kind, ends in zip(kinds, arrays["spreads"].tolist(), strict=True)
    ]
    numbers = (arrays[name].tolist() for name in ("sizes", "times", "flat", "paged"))
    sizes, times, flat, several = numbers
    inodes = arrays.get("inodes", np.zeros(len(paths), np.uint64)).tolist()  # not always kept
    passing = [False] * len(paths)  # what is remembered lasts
    seen = map(Seen, sizes, times, digests, reasons, flat, several, passing, spreads, inodes)
    return dict(zip(paths, seen, strict=True))


def _remember(folder: Path, known: dict[str, Seen]) -> None:
    # What could not even be opened is asked again: the file may come back, or be allowed,
    # unchanged.
    opened = {path: seen for path, seen in known.items() if seen.digest}
    seen = list(opened.values())
    reasons, kinds = [f.reason for f in seen], [f.spread.kind if f.spread else "" for f in seen]
    texts = json.dumps([list(opened), reasons, kinds]).encode()
    digests = b"".join(bytes.fromhex(f.digest) for f in seen)
    spreads = [astuple(f.spread)[1:] if f.spread else (0.0,) * 5 for f in seen]
    arrays = {
        "sizes": np.array([f.size for f in seen], np.int64),  # (n,)
        "times": np.array([f.time for f in seen], np.int64),  # (n,)
        "inodes": np.array([f.inode for f in seen], np.uint64),  # (n,)
        "flat": np.array([f.flat for f in seen], np.bool_),  # (n,)
        "paged": np.array([f.paged for f in seen], np.bool_),  # (n,)
        "spreads": np.array(spreads, np.float64).reshape(-1, 5),  # (n, 5), without the kind
        "digests": np.frombuffer(digests, np.uint8).reshape(-1, 32),  # (n, 32)
        "texts": np.frombuffer(texts, np.uint8),
    }
    with contextlib.suppress(StoreError):  # the memory only saves time
        Memory(load_settings().datasets).remember(KIND, _question(folder), arrays)


def forget(folder: Path, path: str) -> None:
    """Have a file opened again at the next check."""
    known = _recall(folder)
    if known.pop(path, None) is not None:
        _remember(folder, known)
