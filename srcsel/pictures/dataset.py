"""A folder, a table, a demo target or a public set as a Dataset: every file opened once, its
content digested.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import PIL
from PIL import Image, ImageStat

from srcsel.base import access, sampling
from srcsel.base.asked import checked
from srcsel.base.errors import InputError, PictureError, StoreError
from srcsel.base.paths import named
from srcsel.base.records import Dataset, Listing, Run, Unreadable
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.pictures import apart, stores
from srcsel.pictures.checks import (
    check,
    not_now,
    odd,
    paged,
    require_rankable,
    shared,
    uniform,
)
from srcsel.pictures.corrections import Relabeled, corrected, corrections
from srcsel.pictures.decoding import look, of_file
from srcsel.pictures.deep import Spread, is_odd, ranges_of
from srcsel.pictures.listing import list_pictures
from srcsel.pictures.reading import read
from srcsel.store.memory import Arrays, Memory

__all__ = [
    "check",
    "list_pictures",
    "load_dataset",
    "made_of",
    "pictures_of",
    "require_rankable",
    "uncorrected",
]

Made = TypeVar("Made")

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
GONE = (
    "{} could be read when the folder was checked and cannot be read now: {} Check the folder and"
    " start again."
)
SHORT = (
    "{} could not be read this time: {} What was finished is kept; start again when the computer is"
    " less busy."
)
CHANGED = (
    "{} was changed while it was in use: it is not the picture that the folder check saw. Start"
    " again when nothing writes into the folder any more."
)
_SILENT = Watch()


@checked()
def load_dataset(
    ref: str | Path,
    *,
    watch: Watch = _SILENT,
    left_out: Collection[str] = (),
    relabeled: Relabeled = (),
    all_pictures: bool = False,
) -> Dataset:
    """Open every picture of `ref` (as in `list_pictures`) once and keep those that can be read; of
    very many a sample (`base.sampling`), unless `all_pictures`.

    Downloads a public set first; of pictures at an address only those that are used are fetched,
    after their names. `left_out`: relative paths the person does not want. `relabeled`:
    relative paths -> the class the person gives them, one there is or a new one. What each
    file turned out to be is remembered by path, size and time of change, so a second call opens
    only what is new; one that was renamed is known by its inode. Progress goes to the part
    "pictures", and each of `Dataset.notes` is said. Raises InputError where nothing is readable,
    DownloadError, and Cancelled (what was opened until then is remembered).
    """
    whole = _listing(str(ref), watch)
    listing = corrected(whole, corrections(left_out, relabeled))
    total = len(listing.paths)
    if total > sampling.ALL_UP_TO and all_pictures:
        watch.say(sampling.whole(total))
    elif (rows := sampling.pictures_of_many(listing.labels, listing.paths)) is not None:
        paths = tuple(listing.paths[row] for row in rows.tolist())
        listing = replace(listing, paths=paths, labels=listing.labels[rows])
    lost = stores.bring(listing, watch)
    seen = _look_at(listing.paths, listing.folder, watch, lost)
    good = [row for row, file in enumerate(seen) if not file.reason]
    bad = [
        Unreadable(path, file.reason)
        for path, file in zip(listing.paths, seen, strict=True)
        if file.reason
    ]
    if not good:
        first = (
            f" For example {bad[0].path}: {bad[0].reason}" if bad else " All of them were left out."
        )
        raise InputError(f"None of the {len(whole.paths):,} pictures can be used.{first}")
    missed = [path for path, file in zip(listing.paths, seen, strict=True) if file.passing]
    dataset = _dataset(listing, good, bad, [file for file in seen if not file.reason])
    dataset = replace(dataset, notes=(*dataset.notes, *not_now(missed)))
    if len(listing.paths) < total:
        said = sampling.sampled(len(dataset.paths), total)
        dataset = replace(dataset, sampled_from=total, notes=(said, *dataset.notes))
        dataset = _with_fetched(dataset, whole, len(listing.paths) - len(lost))
    for note in dataset.notes:
        watch.say(note)
    return dataset


def pictures_of(run: Run, watch: Watch = _SILENT) -> Dataset:
    """Open the pictures of a run, corrected as it says. Raises as `load_dataset`."""
    return load_dataset(
        run.ref,
        watch=watch,
        left_out=run.left_out,
        relabeled=run.relabeled,
        all_pictures=run.all_pictures,
    )


def uncorrected(run: Run, watch: Watch = _SILENT) -> Dataset:
    """Open the pictures of a run as they were before it corrected them. Raises as
    `load_dataset`.
    """
    return load_dataset(run.ref, watch=watch, all_pictures=run.all_pictures)


def made_of(dataset: Dataset, row: int, function: Callable[..., Made], *args: Any) -> Made:
    """Return what `function`, found by its name, makes of the bytes of a picture of a dataset, the
    very ones that it was made of; where time or memory was short for it, once more.

    It is read where it is decoded, so that its bytes go nowhere. Raises InputError where it is
    another picture by now, or cannot be read.
    """
    path = dataset.paths[row]
    digest = dataset.digests[row] if dataset.digests else ""
    asked = dataset.folder / path, digest, access.limits(), function, *args
    try:
        try:
            found = apart.call(of_file, *asked)
        except PictureError as error:
            if error.lasting:
                raise
            found = apart.call(of_file, *asked)
    except PictureError as error:
        why = GONE if error.lasting else SHORT
        raise InputError(why.format(path, error)) from error
    if found is None:
        _forget(dataset.folder, path)  # size and time may be the same
        raise InputError(CHANGED.format(path))
    return found[0]


@dataclass(frozen=True)
class _Seen:
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


def _listing(ref: str, watch: Watch) -> Listing:
    known = named(ref)
    if known is None and stores.is_apart(ref):
        return stores.ask(ref, watch)
    if known is None or not known.startswith("public:"):
        return list_pictures(ref)
    from srcsel.pictures.public_download import fetch

    return fetch(known.removeprefix("public:"), load_settings().public, watch)


def _with_fetched(dataset: Dataset, whole: Listing, came: int) -> Dataset:
    """Say where only a part of what is listed was fetched from its address."""
    if stores.rows_here(whole) is None:
        return dataset
    said = stores.FETCHED.format(len(whole.paths), whole.ref, came)
    first, *others = dataset.notes
    return replace(dataset, fetched=came, listed=len(whole.paths), notes=(first, said, *others))


def _look_at(
    paths: Sequence[str], folder: Path, watch: Watch, lost: Mapping[str, str]
) -> list[_Seen]:
    """Open what is not remembered, with threads; one outcome a path. `lost`: path -> why it is not
    there to be opened.
    """
    there = iter(_open_all([path for path in paths if path not in lost], folder, watch))
    return [_Seen(-1, -1, reason=lost[path]) if path in lost else next(there) for path in paths]


def _open_all(paths: Sequence[str], folder: Path, watch: Watch) -> list[_Seen]:
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


def _look_again(folder: Path, paths: Sequence[str], watch: Watch) -> dict[str, _Seen]:
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


def _open(path: Path, stamp: tuple[int, int, int]) -> _Seen:
    try:
        file = read(path)
    except PictureError as error:
        return _Seen(*stamp[:2], reason=str(error), passing=not error.lasting)
    seen, digest = (file.size, file.time), hashlib.sha256(file.data).hexdigest()
    try:
        flat, several, spread = apart.call(_look, file.data)
    except PictureError as error:
        if not error.lasting:
            return _Seen(*seen, reason=str(error), passing=True, inode=file.inode)
        return _Seen(*seen, digest, str(error), inode=file.inode)
    return _Seen(*seen, digest, "", flat, several, spread=spread, inode=file.inode)


def _look(data: bytes) -> tuple[bool, bool, Spread | None]:
    """Decode a picture where that is safe; say what `_Seen` keeps of it."""
    seen = look(data, hint=CHECK_SIDE)
    return seen.spread is None and _is_flat(seen.picture), seen.paged, seen.spread


def _is_flat(picture: Image.Image) -> bool:
    found = ImageStat.Stat(picture)
    return max(found.stddev) < FLAT or max(high - low for low, high in found.extrema) <= NARROW


def _question(folder: Path) -> dict[str, Any]:
    """Name what the outcomes of a folder's files depend on, besides their sizes and times."""
    return {"version": VERSION, "pillow": PIL.__version__, "folder": str(folder)}


def _recall(folder: Path) -> dict[str, _Seen]:
    """Return what the files of a folder turned out to be, by relative path."""
    known = Memory(load_settings().datasets).recall(KIND, _question(folder), _unpacked)
    return {} if known is None else known


def _unpacked(arrays: Arrays, _: object) -> dict[str, _Seen]:
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
    seen = map(_Seen, sizes, times, digests, reasons, flat, several, passing, spreads, inodes)
    return dict(zip(paths, seen, strict=True))


def _remember(folder: Path, known: dict[str, _Seen]) -> None:
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


def _forget(folder: Path, path: str) -> None:
    """Have a file opened again at the next check."""
    known = _recall(folder)
    if known.pop(path, None) is not None:
        _remember(folder, known)


def _dataset(
    listing: Listing, good: Sequence[int], bad: list[Unreadable], seen: Sequence[_Seen]
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
    for path, label, file in zip(paths, labels, seen, strict=True):
        content.update(f"{path}\0{classes[label]}\0{file.digest}\n".encode())
    ranges = ranges_of(file.spread for file in seen if file.spread is not None)
    for kind, ends in ranges.items():
        content.update(f"{kind} {ends}\n".encode())
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
        ranges=ranges,
        digests=tuple(file.digest for file in seen),
    )
    notes = (
        *listing.notes,
        *check(dataset),
        *shared(dataset, [file.digest for file in seen]),
        *uniform([path for path, file in zip(paths, seen, strict=True) if file.is_flat(ranges)]),
        *odd([path for path, file in zip(paths, seen, strict=True) if file.is_odd(ranges)]),
        *paged([path for path, file in zip(paths, seen, strict=True) if file.paged]),
    )
    return replace(dataset, notes=notes)
