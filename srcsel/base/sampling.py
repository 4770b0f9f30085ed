"""When not every picture has to be looked at: which are, how many for a stated precision, and what
all of them would cost.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import numpy as np

from srcsel.base.phrases import about
from srcsel.base.sample_size import ALL_UP_TO, POINTS, SIZE

EACH = 10  # pictures of a class that a sample has where there are as many
SEED = 0  # the same pictures for every model
# pictures of a class that `stratified` keeps where there are as many, unless classes are too many
FEWEST = 2
USUAL_WIDTH = 512  # features of a model, where that is not known
# seconds to compare a pair of pictures for the usual measures on one core, alone and by feature:
# measured with python -m benchmarks.large
PAIR, PAIR_FEATURE = 2.2e-9, 1.7e-11


def stratified(
    y: np.ndarray, most: int, fewest: int = 0, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Return about `most` indices (m,), sorted, the same share of each class of y (n,); all of them
    where n <= most.

    fewest: pictures of a class that are kept where it has as many; 0 = FEWEST, or 1 where classes
    are too many for that. rng: None draws the same pictures for every model.
    """
    if len(y) <= most:
        return np.arange(len(y))
    rng = rng or np.random.default_rng(SEED)
    classes = np.unique(y)
    fewest = fewest or (FEWEST if FEWEST * len(classes) <= most else 1)
    chosen = []
    for c in classes:
        members = np.flatnonzero(y == c)
        size = min(len(members), max(fewest, round(most / len(y) * len(members))))
        chosen.append(rng.choice(members, size, replace=False))
    return np.sort(np.concatenate(chosen))


def rows_of_many(y: np.ndarray) -> np.ndarray | None:
    """Return the rows (m,), rising, that stand for very many labels y (n,); None = use all."""
    return None if len(y) <= ALL_UP_TO else stratified(y, SIZE, EACH)


def pictures_of_many(y: np.ndarray, paths: Sequence[str]) -> np.ndarray | None:
    """Return the rows (m,), rising, that stand for very many pictures of labels y (n,), sorted by
    path; None = use all.

    Which of a class they are follows from their file names alone, as by lot: where a class is
    renamed, and pictures come or go, the others stay in the sample.
    """
    if len(y) <= ALL_UP_TO:
        return None
    lots = np.array([_lot(path) for path in paths], np.uint64)  # (n,)
    counts = np.bincount(y)
    sizes = np.minimum(counts, np.maximum(EACH, np.round(SIZE / len(y) * counts))).astype(np.int64)
    order = np.lexsort((lots, y))
    place = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)  # within the class
    return np.sort(order[place < sizes[y[order]]])


def used(n: int, *, all_pictures: bool) -> int:
    """Return about how many of n pictures are used."""
    return n if all_pictures or n <= ALL_UP_TO else SIZE


def sampled(some: int, all_: int) -> str:
    """Say that a sample stands for all, and how far it can be off."""
    return (
        f"{some:,} of {all_:,} pictures are used, a sample with the same share of each class: which"
        f" ones were drawn moves a share of right guesses by less than {POINTS:g} points, 9 times"
        f" in 10. To compare all takes {about(comparing(all_))} for each model, besides its network"
        " (--all-pictures in the shell, a switch on the Models page)."
    )


def whole(n: int, width: float = USUAL_WIDTH) -> str:
    """Say, before it begins, how long comparing all of very many pictures takes; width: features
    that a model has, on average.
    """
    return (
        f"All {n:,} pictures are used, as you asked. Comparing them with each other takes"
        f" {about(comparing(n, width))} for each model on this computer, besides its network."
    )


def comparing(n: int, width: float = USUAL_WIDTH) -> float:
    """Estimate the seconds that comparing n pictures with each other takes for one model of so
    many features, the usual measures on all cores of this computer.
    """
    return n * n * (PAIR + PAIR_FEATURE * width) / (os.cpu_count() or 1)


def _lot(path: str) -> int:
    name = path.rsplit("/", 1)[-1]
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
