"""The folder check: what may spoil the answer, each in a sentence with what to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from srcsel.base.errors import InputError
from srcsel.base.phrases import count, cut, some_of
from srcsel.base.records import Dataset, Listing
from srcsel.pictures.alike import about_names
from srcsel.pictures.layouts import about_layout, is_part

FEW = 10  # pictures of a class below which its score is shaky
REASONS = 6  # why files were left out, in one note
LOPSIDED = 20  # times the smallest class that the largest may hold without a remark


def notes_of(listing: Listing) -> tuple[str, ...]:
    """Say all that can be said before any picture is opened; `Dataset.notes` says it afterwards."""
    return (*listing.notes, *check(listing))


def check(dataset: Dataset | Listing) -> tuple[str, ...]:
    """Say what classes, counts and left-out files show; empty where all looks well."""
    return (
        *about_layout(dataset),
        *_about_classes(dataset),
        *about_names([name for name in dataset.classes if not is_part(name)]),  # said above
        *_about_counts(dataset),
        *_about_left_out(dataset),
    )


def shared(dataset: Dataset, digests: Sequence[str]) -> tuple[str, ...]:
    """Say which pictures lie, byte for byte, in more than one class; `digests` (n,) of the
    bytes.
    """
    rows = defaultdict(list)
    for row, digest in enumerate(digests):
        rows[digest].append(row)
    torn = [same for same in rows.values() if len({int(dataset.labels[row]) for row in same}) > 1]
    if not torn:
        return ()
    first, second = (
        torn[0][0],
        next(row for row in torn[0] if dataset.labels[row] != dataset.labels[torn[0][0]]),
    )
    names = [
        f"{cut(dataset.paths[row])} ({cut(dataset.classes[dataset.labels[row]])})"
        for row in (first, second)
    ]
    return (
        f"{count(len(torn), 'picture')} {'lies' if len(torn) == 1 else 'lie'}, byte for byte, in"
        f" more than one class, for example {' and '.join(names)}. Keep each in its right class.",
    )


def uniform(paths: Sequence[str]) -> tuple[str, ...]:
    """Say which pictures show next to nothing: black, white, or one colour throughout."""
    if not paths:
        return ()
    verb, them = ("is", "it") if len(paths) == 1 else ("are", "them")
    return (
        f"{count(len(paths), 'picture')} {verb} (nearly) uniform, one colour throughout:"
        f" {_first(paths)}. No model sees anything in {them}. Look at {them}, and leave {them} out"
        " or export again.",
    )


def odd(paths: Sequence[str]) -> tuple[str, ...]:
    """Say which pictures reach so far beyond the others that they do not say what is white."""
    if not paths:
        return ()
    verb, it = ("holds", "it is") if len(paths) == 1 else ("hold", "they are")
    return (
        f"{count(len(paths), 'picture')} {verb} values far beyond those of all others:"
        f" {_first(paths)}. What is black and what is white is judged by the others, so that"
        f" {it} shown too light or too dark. Look whether the file is meant to be so.",
    )


def paged(paths: Sequence[str]) -> tuple[str, ...]:
    """Say which files hold several pages."""
    if not paths:
        return ()
    verb, each = ("holds", "it") if len(paths) == 1 else ("hold", "each")
    return (
        f"{count(len(paths), 'file')} {verb} several pages, and only the first of {each} is seen:"
        f" {_first(paths)}. Where another is meant, save that page as a picture of its own.",
    )


def not_now(paths: Sequence[str]) -> tuple[str, ...]:
    """Say which pictures time or memory was short for, this time."""
    if not paths:
        return ()
    verb, it = ("was", "it counts") if len(paths) == 1 else ("were", "they count")
    return (
        f"{count(len(paths), 'picture')} {verb} not read this time: {_first(paths)}. Time or memory"
        f" was short, the files are not at fault. Check the folder again when the computer is less"
        f" busy, so that {it} too.",
    )


def require_rankable(dataset: Dataset | Listing) -> None:
    """Raise InputError where no score can exist: one class, or no class with two pictures."""
    counts = _counts(dataset)
    if len(dataset.classes) < 2:
        only = f", '{cut(dataset.classes[0])}'" if dataset.classes else ""
        raise InputError(
            f"All {len(dataset.paths):,} pictures belong to one class{only}. Scores compare"
            " classes: add a folder with the pictures of at least one other class."
            f"{_besides(dataset)}"
        )
    if counts.max() < 2:
        raise InputError(
            f"Each of the {len(dataset.classes):,} classes has a single readable picture. Scores"
            " ask whether pictures of one class lie together: add at least one more picture to"
            f" some classes.{_besides(dataset)}"
        )


def _besides(dataset: Dataset | Listing) -> str:
    """Return what else was noticed: it often says where the other classes went."""
    notes = dataset.notes if isinstance(dataset, Dataset) else notes_of(dataset)
    said = (note for note in notes if note not in _about_classes(dataset))
    return "".join(f" {note}" for note in said)


def _counts(dataset: Dataset | Listing) -> np.ndarray:
    return np.bincount(dataset.labels, minlength=len(dataset.classes))


def _about_classes(dataset: Dataset | Listing) -> list[str]:
    if len(dataset.classes) == 1:
        return ["There is only one class. Add a folder with pictures of at least one other class."]
    if 2 * len(dataset.classes) > len(dataset.paths):
        return [
            f"There are {len(dataset.classes):,} classes for {len(dataset.paths):,} pictures. Check"
            " that the folders (or the label column) are the classes you mean."
        ]
    return []


def _about_counts(dataset: Dataset | Listing) -> list[str]:
    counts = _counts(dataset)
    said = []
    if lonely := [name for name, n in zip(dataset.classes, counts, strict=True) if n < 2]:
        said.append(
            f"{_some(lonely)} a single picture, which has no other of its kind. Add pictures, or"
            " merge classes."
        )
    if few := [
        f"{cut(name)} ({n})"
        for name, n in zip(dataset.classes, counts, strict=True)
        if 2 <= n < FEW
    ]:
        said.append(
            f"{_some(few)} fewer than {FEW} pictures: too few to say much. Add some; 50 a class is"
            " comfortable."
        )
    if counts.max() > LOPSIDED * counts.min():
        large, small = (cut(dataset.classes[int(k)]) for k in (counts.argmax(), counts.argmin()))
        said.append(
            f"The classes differ much in size: {large} has {counts.max():,} pictures, {small}"
            f" {counts.min():,}. Add pictures to the small ones, or leave some of the large ones"
            " out."
        )
    return said


def _about_left_out(dataset: Dataset | Listing) -> list[str]:
    """Say how many files were left out, with the reasons that are most frequent."""
    every = dataset.unreadable if isinstance(dataset, Dataset) else dataset.skipped
    aside = [u.reason for u in every if u.kind == "file"]
    if not aside:
        return []
    if len(aside) == 1:
        return [f"1 file was left out. {aside[0]}"]
    (reason, most), *others = Counter(aside).most_common(REASONS)
    said = f"{len(aside):,} files were left out. Most often ({most:,}): {reason}"
    return [said + "".join(f" Also ({n:,}): {reason}" for reason, n in others)]


def _first(paths: Sequence[str]) -> str:
    return some_of(paths, 3, show=cut)


def _some(names: Sequence[str]) -> str:
    shown = some_of(names, 3, "classes", show=cut)
    return f"{shown} {'has' if len(names) == 1 else 'have'}"
