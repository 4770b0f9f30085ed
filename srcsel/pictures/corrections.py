"""What a person corrects in a picture set: made, changed and applied. Nothing on disk is touched.

A corrected set is the same folder with fewer pictures, and with other classes for some of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.phrases import count, cut, listed, plain, some_of
from srcsel.base.records import Corrections, Dataset, Listing, Unreadable
from srcsel.pictures.checks import check, require_rankable

OUT = "left out"
LONGEST = 200  # characters of a class that is typed
EMPTIED = "You left out all of its pictures or gave them another label, so it is no class any more."
MANY = 0.1  # share of the pictures: corrected so many, scores say less about the models
CAUTION = (
    "Correcting what one model gets wrong makes that model look better than it is: leave out only"
    " what is no fair example, and change only labels that are wrong."
)

Relabeled = Mapping[str, str] | Iterable[tuple[str, str]]
"""Relative path -> class."""


def corrections(left_out: Collection[str] = (), relabeled: Relabeled = ()) -> Corrections:
    """Put corrections in order, each once. Raises InputError for a picture that is left out and
    given another label too, and for a label that is none.
    """
    out = {left_out} if isinstance(left_out, str) else set(left_out)
    labels = dict(_pairs(relabeled))
    if bare := sorted(path for path, name in labels.items() if not name.strip()):
        raise InputError(f"{cut(bare[0])} is to have another label, but none is said. Say which.")
    if both := sorted(out & labels.keys()):
        raise InputError(
            f"{cut(both[0])} is to be left out and to have another label too. Say one of the two."
        )
    return Corrections(tuple(sorted(out)), tuple(sorted(labels.items())))


def label_named(text: str, classes: Iterable[str]) -> str:
    """Return the class of `classes` that a typed text names, else a new one, on one line. Raises
    InputError where there is none.
    """
    name = plain(text)
    if same := [known for known in classes if text == known or name == plain(known)]:
        return text if text in same else same[0]
    if not name or len(name) > LONGEST:
        raise InputError(
            f"A label is a word or a few, of {LONGEST} characters at most; got"
            f" {cut(name, 40) or 'nothing'}. Type another."
        )
    return name


def leave_out(known: Corrections, paths: Iterable[str]) -> Corrections:
    """Leave these pictures out as well."""
    out = {*known.left_out, *paths}
    return corrections(out, [pair for pair in known.relabeled if pair[0] not in out])


def relabel(known: Corrections, labels: Relabeled) -> Corrections:
    """Give pictures another class as well; one that was left out is taken in again."""
    new = dict(known.relabeled) | dict(_pairs(labels))
    return corrections(set(known.left_out) - new.keys(), new)


def take_back(known: Corrections, paths: Iterable[str], to: Corrections) -> Corrections:
    """Have these pictures as they are in the corrections `to`."""
    some = set(paths)
    out = {path for path in known.left_out if path not in some}
    labels = [pair for pair in known.relabeled if pair[0] not in some]
    return corrections(
        out | (some & set(to.left_out)),
        [*labels, *(pair for pair in to.relabeled if pair[0] in some)],
    )


def in_words(known: Corrections) -> str:
    """Say how many pictures are corrected and how: "8 pictures left out, 2 with another label"."""
    return _in_words(
        (len(known.left_out), "left out"), (len(known.relabeled), "with another label")
    )


def notes(known: Corrections) -> list[str]:
    """Say in sentences of their own what is corrected: "You left out 8 pictures."; [] = nothing."""
    said = []
    if known.left_out:
        said.append(f"You left out {count(len(known.left_out), 'picture')}.")
    if known.relabeled:
        said.append(f"You gave {count(len(known.relabeled), 'picture')} another label.")
    return said


def each(known: Corrections) -> list[tuple[str, str]]:
    """Say of each picture, by path, what is corrected: (path, "left out" or "now rust")."""
    told = dict.fromkeys(known.left_out, OUT)
    return sorted((told | {path: f"now {cut(name)}" for path, name in known.relabeled}).items())


def difference(before: Corrections, after: Corrections) -> str:
    """Say what was corrected between two: "8 pictures left out, 2 taken in again"; "" = nothing."""
    was, now = set(before.left_out), set(after.left_out)
    old, new = dict(before.relabeled), dict(after.relabeled)
    changed = sum(old.get(path) != name for path, name in new.items())
    back = len((was - now) - new.keys())
    return _in_words(
        (len(now - was), "left out"),
        (changed, "with another label"),
        (back, "taken in again"),
        (len(old.keys() - new.keys() - now), "with the old label again"),
    )


def caution(known: Corrections, pictures: int) -> str:
    """Warn where many of all `pictures` are corrected; "" where few are."""
    touched = len(known.left_out) + len(known.relabeled)
    return CAUTION if touched >= MANY * pictures else ""


def corrected(listing: Listing, known: Corrections) -> Listing:
    """Return the listing without what is left out and with the new classes; a class that is empty
    then is said in `skipped`.
    """
    if not known:
        return listing
    out, new = set(known.left_out), dict(known.relabeled)
    rows = [row for row, path in enumerate(listing.paths) if path not in out]
    paths = tuple(listing.paths[row] for row in rows)
    names = [new.get(listing.paths[row]) or listing.classes[listing.labels[row]] for row in rows]
    classes: tuple[str, ...] = tuple(sorted(set(names)))
    number = {name: k for k, name in enumerate(classes)}
    labels = np.fromiter((number[name] for name in names), np.int64, len(names))
    empty = [Unreadable(name, EMPTIED, "class") for name in listing.classes if name not in number]
    aside = tuple(sorted((*listing.skipped, *empty), key=lambda u: u.path))
    return replace(listing, paths=paths, labels=labels, classes=classes, skipped=aside)


def without_idle(known: Corrections, dataset: Dataset | Listing) -> Corrections:
    """Return corrections without those that give a picture of `dataset` the class it has there."""
    usual = dict(zip(dataset.paths, dataset.labels.tolist(), strict=True))
    names = {path: dataset.classes[usual[path]] for path, _ in known.relabeled if path in usual}
    return replace(
        known, relabeled=tuple(pair for pair in known.relabeled if names.get(pair[0]) != pair[1])
    )


def require_there(known: Corrections, dataset: Dataset | Listing) -> None:
    """Raise UnknownNameError for a picture to correct that `dataset`, of all pictures, lacks."""
    aside = dataset.unreadable if isinstance(dataset, Dataset) else dataset.skipped
    every = {*dataset.paths, *(file.path for file in aside)}
    kinds = {"leave out": known.left_out, "give another label": [p for p, _ in known.relabeled]}
    for what, paths in kinds.items():
        for path in paths:
            if path not in every:
                raise UnknownNameError(
                    f"picture to {what} (a path relative to {dataset.folder})", path, every
                )


def foreseen(dataset: Dataset, new: Corrections) -> tuple[tuple[str, ...], str]:
    """Say what further corrections `new` of an opened set would make of it: (sentences about
    classes that become small or go, and about many corrections; why nothing could be ranked any
    more or "").
    """
    about = (dataset.name, dataset.folder, dataset.paths, dataset.labels, dataset.classes)
    whole = Listing(dataset.ref, *about, label_source=dataset.label_source)
    left = corrected(whole, new)
    if not left.paths:
        return (), "All pictures are left out. Take some in again."
    gone = [cut(plain(one.path)) for one in left.skipped]
    said = [f"No picture of {listed(gone)} stays, so that is no class any more."] if gone else []
    said = said if len(gone) < 2 else [f"No picture of {_some(gone)} stays: they are no classes."]
    known = set(check(whole))
    said += [note for note in check(left) if note not in known]
    try:
        require_rankable(left)
    except InputError as error:
        return (), str(error)
    said += filter(None, [caution(new, len(whole.paths))])
    return tuple(said), ""


def _some(names: list[str]) -> str:
    return some_of(names, 3, "classes")


def _pairs(relabeled: Relabeled) -> Iterable[tuple[str, str]]:
    return dict(relabeled).items()


def _in_words(*parts: tuple[int, str]) -> str:
    """Join counts of pictures; the first that is not 0 says of what."""
    said = [(n, how) for n, how in parts if n]
    return ", ".join(
        f"{count(n, 'picture') if first else f'{n:,}'} {how}"
        for first, (n, how) in zip((True, *[False] * len(said)), said, strict=False)
    )
