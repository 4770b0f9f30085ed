"""What can be seen of features: maps, neighbours, pictures worth a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from srcsel.base.brief import brief

DOTS = 5000
"""Dots on a map unless more are asked for."""


MOST_DOTS = {"umap": 100_000, "pca": 100_000, "tsne": DOTS}
"""Dots on a map at most: t-SNE of more takes many minutes."""


@dataclass(frozen=True, eq=False)
class Inside:
    """What one source model makes of every single picture; row i is picture i of the dataset."""

    __repr__ = brief

    model: str
    # (n, 6) int64, the nearest other pictures by cosine of the raw features, nearest first
    neighbors: np.ndarray
    similarity: np.ndarray  # (n, 6) float32, their cosine similarity
    guess: np.ndarray  # (n,) int64, the label that the 5 nearest vote for, as `knn` does
    silhouette: np.ndarray  # (n,) float32, each picture's own part of MSC, whitened
    # (n,) float32, each picture's own part of the SCL gain, whitened; NaN without a partner
    gain: np.ndarray


@dataclass(frozen=True)
class Suspect:
    """A picture worth a look, and why."""

    row: int  # picture number of the dataset
    reason: str  # in words, plain text
    models: int = 0  # how many of `Suspects.models` say so
    suggestion: int | None = None  # class id the models place it with
    group: int | None = None  # of copies: the first row of the group
    strength: float = 0.0  # lists are sorted by it, highest first


@dataclass(frozen=True)
class Suspects:
    """Pictures of a run worth a look, in four lists, each the most suspicious first."""

    __repr__ = brief

    models: tuple[str, ...]  # who was asked: no yardsticks
    labels: tuple[Suspect, ...]  # maybe mislabelled
    copies: tuple[Suspect, ...]  # copies and near-copies, whole groups, those across classes first
    odd: tuple[Suspect, ...]  # far from everything
    tiny: tuple[Suspect, ...]  # too small to show much
    notes: tuple[str, ...] = ()  # what could not be judged, and why


@dataclass(frozen=True, eq=False)
class Projection:
    """A map for the eye; never used for a score."""

    __repr__ = brief

    model: str
    method: Literal["umap", "pca", "tsne"]
    seed: int
    rows: np.ndarray  # (m,) int64, which pictures of the dataset, sorted
    xy: np.ndarray  # (m, 2) float32, each axis scaled into -1..1


@dataclass(frozen=True)
class Glimpse:
    """What is known of a model whose network is still looking at pictures: for the eye alone, never
    part of an answer.
    """

    model: str
    seen: int  # pictures so far
    total: int
    # measure -> (where its bar begins, where it ends), whitened, on some of the pictures seen
    bars: dict[str, tuple[float, float]]
    rows: tuple[int, ...]  # (m,) which pictures are drawn, each where it was in the glimpse before
    x: tuple[int, ...]  # (m,) thousandths, about -1000..1000
    y: tuple[int, ...]
