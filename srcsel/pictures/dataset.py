"""A folder, a table, a demo target or a public set as a Dataset: every file opened once, its
content digested.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL

from srcsel.base.errors import InputError, PictureError, StoreError
from srcsel.base.paths import named
from srcsel.base.records import Dataset, Listing, Unreadable
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.pictures.checks import check, require_rankable, shared
from srcsel.pictures.images import decode_picture, read_picture
from srcsel.pictures.listing import list_pictures
from srcsel.store import files

__all__ = ["check", "list_pictures", "load_dataset", "require_rankable"]

BLOCK = 64  # pictures opened between two looks at the stop button
SAVE_EVERY = (
    4096  # pictures after which the memory is written, so that a killed check goes on from there
)
CHECK_SIDE = 64  # pixels; enough to find broken files, and the cheapest JPEG decode
_MEMORY_VERSION = 1
_SILENT = Watch()


def load_dataset(ref: str, *, watch: Watch = _SILENT, left_out: Collection[str] = ()) -> Dataset:
    """Open every picture of `ref` (as in `list_pictures`) once and keep those that can be read.

    Downloads a public set first. `left_out`: relative paths the person does not want. What each
    file turned out to be is remembered by path, size and time of change, so a second call opens
    only what is new. Progress goes to the part "pictures", and each of `Dataset.notes` is said.
    Raises InputError where nothing is
    readable, DownloadError, and Cancelled (what was opened until then is remembered).
    """
    listing = _listing(ref, watch)
    unwanted = frozenset(left_out)
    rows = [row for row, path in enumerate(listing.paths) if path not in unwanted]
    seen = _look_at([listing.paths[row] for row in rows], listing.folder, watch)
    good = [row for row, file in zip(rows, seen, strict=True) if not file.reason]
    bad = [
        Unreadable(listing.paths[row], file.reason)
        for row, file in zip(rows, seen, strict=True)
        if file.reason
    ]
    if not good:
        first = (
            f" For example {bad[0].path}: {bad[0].reason}" if bad else " All of them were left out."
        )
        raise InputError(f"None of the {len(listing.paths):,} pictures can be used.{first}")
    dataset = _dataset(listing, good, bad, [file.digest for file in seen if not file.reason])
    for note in dataset.notes:
        watch.say(note)
    return dataset


@dataclass(frozen=True)
class _Seen:
    """What one file turned out to be when it was opened."""

    size: int
    time: int  # of the last change, nanoseconds
    digest: str = ""  # of its bytes; "" = it could not be opened
    reason: str = ""  # why it cannot be used; "" = it can


def _listing(ref: str, watch: Watch) -> Listing:
    known = named(ref)
    if known is None or not known.startswith("public:"):
        return list_pictures(ref)
    from srcsel.pictures import public

    return public.fetch(known.removeprefix("public:"), load_settings().public, watch)


def _look_at(paths: Sequence[str], folder: Path, watch: Watch) -> list[_Seen]:
    """Open what is not remembered, with threads; one outcome a path."""
    memory = (
        load_settings().datasets
        / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}.files.json"
    )
    known = _recall(memory)
    now = {path: _stamp(folder / path) for path in paths}
    new = [
        path
        for path in paths
        if path not in known or (known[path].size, known[path].time) != now[path]
    ]
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
                    _remember(memory, known)
    finally:
        if new:
            _remember(memory, known)
    watch.update("pictures", "done", len(paths), len(paths))
    return [known[path] for path in paths]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return -1, -1  # opening it gives the reason
    return about.st_size, about.st_mtime_ns


def _open(path: Path, stamp: tuple[int, int]) -> _Seen:
    try:
        data = read_picture(path)
    except PictureError as error:
        return _Seen(*stamp, reason=str(error))
    digest = hashlib.sha256(data).hexdigest()
    try:
        decode_picture(data, hint=CHECK_SIDE)
    except PictureError as error:
        return _Seen(*stamp, digest, str(error))
    return _Seen(*stamp, digest)


def _recall(memory: Path) -> dict[str, _Seen]:
    """Read the memory of a folder; damaged, of another version or of another decoder means
    empty.
    """
    try:
        held = files.read_json(memory)
        if held["version"] != [_MEMORY_VERSION, PIL.__version__]:
            return {}
        return {
            str(path): _Seen(int(a), int(b), str(c), str(d))
            for path, (a, b, c, d) in held["files"].items()
        }
    except (
        files.DamagedFileError,
        FileNotFoundError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ):
        return {}


def _remember(memory: Path, known: dict[str, _Seen]) -> None:
    # What could not even be opened is asked again: the file may come back, or be allowed,
    # unchanged.
    held = {path: (f.size, f.time, f.digest, f.reason) for path, f in known.items() if f.digest}
    with contextlib.suppress(StoreError):  # the memory only saves time
        files.write_json(memory, {"version": [_MEMORY_VERSION, PIL.__version__], "files": held})


def _dataset(
    listing: Listing, good: Sequence[int], bad: list[Unreadable], digests: Sequence[str]
) -> Dataset:
    """Keep the readable rows; classes without any are left out too, and said."""
    kept, labels = np.unique(listing.labels[list(good)], return_inverse=True)
    classes = tuple(listing.classes[k] for k in kept)
    lost = [name for name in listing.classes if name not in classes]
    bad += [
        Unreadable(name, "No picture of this class can be used, so the class is left out.")
        for name in lost
    ]
    paths = tuple(listing.paths[row] for row in good)
    content = hashlib.sha256(b"srcsel dataset 1\n")
    for path, label, digest in zip(paths, labels, digests, strict=True):
        content.update(f"{path}\0{classes[label]}\0{digest}\n".encode())
    dataset = Dataset(
        ref=listing.ref,
        name=listing.name,
        folder=listing.folder,
        paths=paths,
        labels=labels.astype(np.int64),
        classes=classes,
        digest=content.hexdigest()[:32],
        unreadable=tuple(sorted((*listing.skipped, *bad), key=lambda u: u.path)),
        label_source=listing.label_source,
        license=listing.license,
    )
    notes = (*listing.notes, *check(dataset), *shared(dataset, digests))
    return replace(dataset, notes=notes)
