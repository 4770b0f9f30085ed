"""A folder, a table, a demo target or a public set as a Dataset: every file opened once, its
content digested.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from srcsel.base import access, sampling
from srcsel.base.asked import checked
from srcsel.base.errors import InputError, PictureError
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
from srcsel.pictures.decoding import of_file
from srcsel.pictures.deep import ranges_of
from srcsel.pictures.listing import list_pictures
from srcsel.pictures.opening import Seen, forget, look_at

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
    seen = look_at(listing.paths, listing.folder, watch, lost)
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
        forget(dataset.folder, path)  # size and time may be the same
        raise InputError(CHANGED.format(path))
    return found[0]


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


def _dataset(
    listing: Listing, good: Sequence[int], bad: list[Unreadable], seen: Sequence[Seen]
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
