"""The race of a fast answer: in which order pictures are seen, how many at each stage, who goes on. Pure arithmetic.

All models see the same pictures: the first `stages(counts)[i]` of `order(labels, seed)` at stage i, so that no picture
is seen twice. After each stage a model that the re-checks put behind the leader is dropped, and so are the last in
line where going on with all would cost more than `budget`. At least two models are always scored in full.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcsel.rank import mean_ranks
from srcsel.records import Score

LEAST = 40  # pictures of a first stage
EACH = 6  # pictures of a class in a first stage, on average: kNN asks five neighbours
PARTNERS = 2  # pictures of every class that come before all others
FIRST = 8  # a first stage larger than one picture in FIRST saves too little
IN_FULL = 2  # models that are always scored in full: one alone would be compared with nothing
OTHERS = 6  # the budget allows each other model one picture in OTHERS, on average
SURE = 99.0  # of 100 re-checks behind the leader: such a model is dropped
RECHECKS = 100  # at each stage
WIDER = 1.0  # by which the re-checks of a stage are widened


@dataclass(frozen=True)
class Place:
    """How a model stands after a stage."""

    model: str
    behind: float  # the leader ranks before it in x of 100 re-checks; the leader's own is 0


def order(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return a permutation (n,) of the pictures in which every beginning has about the same share of each class.

    labels (n,) int64. The first two pictures of every class come before all others. The same labels and seed give the
    same order.
    """
    chance = np.random.default_rng(seed)
    place = np.empty(len(labels))
    for c in np.unique(labels):
        members = chance.permutation(np.flatnonzero(labels == c))
        share = (np.arange(len(members)) + 0.5) / len(members)
        place[members] = np.where(np.arange(len(members)) < PARTNERS, share - 1, share)
    return np.lexsort((chance.random(len(labels)), place))


def stages(counts: np.ndarray) -> tuple[int, ...]:
    """Return how many pictures each stage has, doubling, the last all of them; empty where a race would save little.

    counts (c,): pictures of each class.
    """
    total, least = int(counts.sum()), max(LEAST, EACH * len(counts))
    sizes = [total]
    while sizes[-1] // 2 >= least:
        sizes.append(sizes[-1] // 2)
    return tuple(reversed(sizes)) if FIRST * sizes[-1] <= total else ()


def budget(models: int, pictures: int) -> int:
    """Return how many pictures may go through networks in all: a third of an exact run's for ten models."""
    return min(models, IN_FULL) * pictures + max(0, models - IN_FULL) * pictures // OTHERS


def places(scores: Sequence[Score], models: Sequence[str]) -> list[Place]:
    """Rank models by the verdict's rule, the leader first, then by how seldom the leader is before them.

    `scores` are those of a stage; a model that lacks a measure of the verdict's has no place.
    """
    ids, full, again = mean_ranks([_widened(s) for s in scores if s.model in models])
    if not ids:
        return []
    leader = int(np.lexsort((again.mean(axis=1), full))[0])
    before = 100 * (again[leader] < again - 1e-9).mean(axis=1)  # (models,)
    line = np.lexsort((again.mean(axis=1), before))
    line = [leader, *(i for i in line if i != leader)]
    return [Place(ids[i], float(before[i])) for i in line]
