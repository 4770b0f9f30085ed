"""A folder, a table, a demo target or a public set as a Dataset: every file opened once, its
content digested.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
from srcsel.store.memory import Memory

__all__ = ["check", "list_pictures", "load_dataset", "require_rankable"]

BLOCK = 64  # pictures opened between two looks at the stop button
SAVE_EVERY = (
    4096  # pictures after which the memory is written, so that a killed check goes on from there
)
CHECK_SIDE = 64  # pixels; enough to find broken files, and the cheapest JPEG decode
KIND = "files"  # what the outcomes of opened files are remembered as
VERSION = 1  # part of what they are remembered by; raise it with every change to what is found
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
    known = _recall(folder)
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
                    _remember(folder, known)
    finally:
        if new:
            _remember(folder, known)
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


def _question(folder: Path) -> dict[str, Any]:
    """Name what the outcomes of a folder's files depend on, besides their sizes and times."""
    return {"version": VERSION, "pillow": PIL.__version__, "folder": str(folder)}


def _recall(folder: Path) -> dict[str, _Seen]:
    """Return what the files of a folder turned out to be, by relative path."""
    known = Memory(load_settings().datasets).recall(KIND, _question(folder))
    if known is None:
        return {}
    arrays, _ = known
    paths, reasons = json.loads(arrays["texts"].tobytes())
    digests = [row.tobytes().hex() for row in arrays["digests"]]
    sizes, times = arrays["sizes"].tolist(), arrays["times"].tolist()
    seen = map(_Seen, sizes, times, digests, reasons)
    return dict(zip(paths, seen, strict=True))


def _remember(folder: Path, known: dict[str, _Seen]) -> None:
    # What could not even be opened is asked again: the file may come back, or be allowed,
    # unchanged.
    opened = {path: seen for path, seen in known.items() if seen.digest}
    texts = json.dumps([list(opened), [seen.reason for seen in opened.values()]]).encode()
    digests = b"".join(bytes.fromhex(seen.digest) for seen in opened.values())
    arrays = {
        "sizes": np.array([seen.size for seen in opened.values()], np.int64),  # (n,)
        "times": np.array([seen.time for seen in opened.values()], np.int64),  # (n,)
        "digests": np.frombuffer(digests, np.uint8).reshape(-1, 32),  # (n, 32)
        "texts": np.frombuffer(texts, np.uint8),
    }
    with contextlib.suppress(StoreError):  # the memory only saves time
        Memory(load_settings().datasets).remember(KIND, _question(folder), arrays)


def _dataset(
    listing: Listing, good: Sequence[int], bad: list[Unreadable], digests: Sequence[str]
) -> Dataset:
    """Keep the readable rows; classes without any are left out too, and said."""
    kept, labels = np.unique(listing.labels[list(good)], return_inverse=True)
    classes = tuple(listing.classes[k] for k in kept)
    lost = [name for name in listing.classes if name not in classes]
    bad += [
        Unreadable(name, "No picture of this class can be used, so the class is left out.", "class")
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
