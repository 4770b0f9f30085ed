"""Folders that hold the parts of a data set (train, val, fold0, 40X) where classes are expected,
and how to have them read otherwise.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from dataclasses import dataclass

from srcsel.base.paths import BELOW
from srcsel.base.phrases import listed
from srcsel.base.records import Dataset, Listing

FOLDER_NAMES = "folder names"  # `label_source` where the first folders are the classes
MOST = 4  # folder names in a sentence

_PARTS = {
    "train": ("train", "training", "trn"),
    "val": ("val", "valid", "validation", "validate", "dev", "eval"),
    "test": ("test", "testing", "tst", "pred", "prediction", "predict"),
    "holdout": ("holdout", "heldout", "hold out", "held out"),
    "unlabelled": ("unlabeled", "unlabelled", "nolabel", "no label", "submission"),
    "labelled": ("labeled", "labelled"),
    "query": ("query", "gallery"),
}
_PART = {word: part for part, words in _PARTS.items() for word in words}
_NUMBERED = frozenset({"fold", "folds", "cv", "split", "part", "partition", "batch", "shard"})
_FILLER = frozenset(
    ("images", "image", "imgs", "img", "data", "dataset", "set", "seg", "pictures", "pics")
)
_CONTENT = _FILLER | {
    *("photos", "frames", "jpg", "jpeg", "jpegimages", "png", "labels", "label", "bboxes"),
    *("annotation", "annotations", "mask", "masks"),
}
_ZOOM = re.compile(r"\d+(\.\d+)?\s?x|x\s?\d+(\.\d+)?")


@dataclass(frozen=True)
class Remedy:
    """Another way to read a folder: what it does, and the reference that asks for it."""

    label: str
    ref: str


def split_of(name: str) -> str:
    """Return which part of a data set a folder's name says ("train", "val", "fold 3"); "" = none.

    "seg_train", "train_images" and "TrainSet2" are "train"; a class called "test strip" is none.
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    text = " ".join(re.split(r"[\W_]+", text.casefold())).strip()
    if _ZOOM.fullmatch(text):
        return f"zoom {text}"
    words = re.findall(r"[^\W\d]+|\d+", text)
    number = next((word for word in words if word.isdigit()), "")
    rest = " ".join(word for word in words if not word.isdigit() and word not in _FILLER)
    if rest in _NUMBERED:
        return f"fold {number}" if number else ""
    return _PART.get(rest) or _PART.get(re.sub("(set|data)$", "", rest), "")


def is_part(name: str) -> bool:
    """Tell whether a folder is called like a part of a data set, or like what lies in one."""
    return bool(split_of(name)) or name.casefold() in _CONTENT


def about_layout(found: Dataset | Listing) -> list[str]:
    """Say where folder names taken as classes seem to be something else, with what to give
    instead.
    """
    if found.label_source != FOLDER_NAMES or not found.classes:
        return []
    shape = _Shape(found)
    if shape.mostly:
        inside = "hold no folders of classes"
        if shape.below:
            inside = f"hold the folders {_quoted(shape.below)}"
        return [
            f"The classes are called {_quoted(found.classes)}: these look like parts of a data set,"
            f" not classes, and {inside}.{_typed(remedies(found))}"
        ]
    if shape.same:
        return [
            f"Each of the folders {_quoted(found.classes)} holds the same folders"
            f" {_quoted(shape.below)}. The outer ones are taken as the classes, with all that lies"
            f" in them.{_typed(remedies(found))}"
        ]
    if shape.parts and len(found.classes) > 1:
        return [
            f"{_quoted(shape.parts)} among the classes {'is' if len(shape.parts) == 1 else 'are'}"
            " called like a part of a data set. If it is no class, move that folder elsewhere."
        ]
    return []


def remedies(found: Dataset | Listing) -> list[Remedy]:
    """Return the other ways to read this folder, where the layout gives reason to ask."""
    if found.label_source != FOLDER_NAMES or not found.classes:
        return []
    shape = _Shape(found)
    if not (shape.mostly or shape.same):
        return []
    below = Remedy("Take the folders below as classes", str(found.folder / BELOW))
    only = Remedy(f"Only {shape.main}", str(found.folder / shape.main))
    return [below, only] if shape.below else [only]


class _Shape:
    """What the names of the first and second folders say."""

    def __init__(self, found: Dataset | Listing) -> None:
        below: dict[str, set[str]] = defaultdict(set)
        sizes: Counter[str] = Counter()
        for path in found.paths:
            first, *rest = path.split("/")
            sizes[first] += 1
            if len(rest) > 1:
                below[first].add(rest[0])
        sets = [below[name] for name in found.classes]
        common, every = set.intersection(*sets), set().union(*sets)
        several = len(found.classes) > 1
        self.same = several and len(common) > 1 and 2 * len(common) >= len(every)
        self.parts = [name for name in found.classes if is_part(name)]
        self.mostly = several and 2 * len(self.parts) > len(found.classes)
        inner = sorted(common if self.same else every)
        self.below = [] if all(name.casefold() in _CONTENT for name in inner) else inner
        trains = [name for name in self.parts if split_of(name) == "train"]
        self.main = max(trains or self.parts or found.classes, key=lambda name: sizes[name])


def _typed(ways: list[Remedy]) -> str:
    """Return the remedies as what to give and what to type."""
    said = [f"{way.label}: srcsel rank {shlex.quote(way.ref)}" for way in ways]
    return f" What to give instead: {'; '.join(said)}." if said else ""


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    shown = [f"'{name}'" for name in names[:MOST]]
    more = [f"{len(names) - MOST:,} more"] if len(names) > MOST else []
    return listed([*shown, *more])
