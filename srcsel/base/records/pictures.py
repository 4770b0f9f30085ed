"""What is known of pictures and their labels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from srcsel.base.brief import brief

LeftOut = Literal["file", "label", "row", "table", "class"]
"""What was left out: a file that is no picture, a picture without one label, a row of a table
without a picture, a whole table, a whole class."""


GIVEN = "features"
"""Reference of a data set of which only features are known: `Dataset.ref`."""


@dataclass(frozen=True)
class Unreadable:
    """A file that was left out, and why, in words."""

    path: str  # relative to the dataset's folder
    reason: str
    kind: LeftOut = "file"


@dataclass(frozen=True, eq=False)
class Listing:
    """What a folder seems to hold, from names alone: nothing was opened yet."""

    __repr__ = brief

    ref: str  # what the person chose: a folder, "demo:digits", "public:DTD"
    name: str  # short name for pages
    folder: Path  # absolute; `paths` are relative to it
    paths: tuple[str, ...]  # (n,) POSIX, sorted
    labels: np.ndarray  # (n,) int64 in 0..c-1
    classes: tuple[str, ...]  # (c,) sorted
    skipped: tuple[Unreadable, ...] = ()  # files that are no pictures, or have no class
    label_source: str = "folder names"  # or "labels.csv"
    license: str = ""  # of a public set
    notes: tuple[str, ...] = ()  # what listing showed that may spoil the answer, in sentences


@dataclass(frozen=True, eq=False)
class Dataset:
    """The person's labelled pictures after every file was opened once; only readable ones are
    listed.
    """

    __repr__ = brief

    ref: str
    name: str
    folder: Path
    paths: tuple[str, ...]  # (n,) POSIX, sorted
    labels: np.ndarray  # (n,) int64 in 0..c-1
    classes: tuple[str, ...]  # (c,)
    digest: str  # of paths, class names, file bytes, in order, and ranges; of nothing else
    unreadable: tuple[Unreadable, ...] = ()
    label_source: str = "folder names"
    license: str = ""
    notes: tuple[str, ...] = ()  # the folder check: what may spoil the answer, and what to do
    # of pictures deeper than 8 bits: kind of number ("u2") -> values seen as black and as white
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    # (n,) sha256 of the bytes that were looked at, in hex; () where that is not known: not stored
    digests: tuple[str, ...] = ()
    sampled_from: int = 0  # pictures that these are a stratified sample of; 0 = these are all
    listed: int = 0  # pictures at an address of which only these were fetched; 0 = all are here
    fetched: int = 0  # of those `listed`, also what could not be read then

    @property
    def counts(self) -> np.ndarray:
        """Pictures of each class, (c,) int64."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def take(self, rows: np.ndarray, digest: str) -> Dataset:
        """Return these pictures alone, in the order of `rows` (m,), under a digest of their own."""
        return replace(
            self,
            paths=tuple(self.paths[row] for row in rows),
            labels=self.labels[rows],
            digests=tuple(self.digests[row] for row in rows) if self.digests else (),
            digest=digest,
        )


@dataclass(frozen=True)
class Corrections:
    """What a person corrects in a picture set: pictures left out, and pictures of another class."""

    __repr__ = brief

    left_out: tuple[str, ...] = ()  # relative paths, sorted
    relabeled: tuple[tuple[str, str], ...] = ()  # (relative path, class), sorted by path

    def __bool__(self) -> bool:
        return bool(self.left_out or self.relabeled)
