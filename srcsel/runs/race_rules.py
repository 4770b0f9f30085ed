"""The race of a fast answer: in which order pictures are seen, how many at each stage, who goes on.

Pure arithmetic.

All models see the same pictures: at stage i the first `stages(counts)[i]` of `order(labels, seed)`,
so that no picture is seen twice. After each stage a model leaves that the re-checks on these
pictures put behind the leader, by the verdict's own rule; then the last in line leave while going
on with all would cost more than `budget`. Two models are always scored in full, so that the verdict
compares, and models that cost nothing never leave.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from srcsel.base.phrases import count
from srcsel.base.records import DropReason, Score
from srcsel.verdict.ranks import mean_ranks

LEAST = 40  # pictures of a first stage
EACH = 6  # pictures of a class in a first stage, on average: kNN asks five neighbours
PARTNERS = 2  # pictures of every class that come before all others
LARGEST = 8  # a first stage of more than one picture in LARGEST saves too little
IN_FULL = 2  # models that are always scored in full
OTHERS = 6  # the budget allows each other model one picture in OTHERS, on average
MANY = 20  # candidates beyond which a fast answer is the usual one
SURE = 99.0  # of 100 re-checks behind the leader: such a model leaves
RECHECKS = 100  # at each stage
UNPLACED = (
    "One of the scores that the verdict uses could not be computed on the first pictures, so it"
    " left the race."
)


@dataclass(frozen=True)
class Place:
    """How a model stands after a stage."""

    model: str
    behind: float  # the leader ranks before it in x of 100 re-checks; the leader's own is 0


@dataclass(frozen=True)
class Leaving:
    """A model that leaves after a stage, and why."""

    place: Place
    why: DropReason


def order(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return a permutation (n,) of the pictures in which every beginning has about the same share
    of each class.

    labels (n,) int64. The first two pictures of every class come before all others. The same labels
    and seed give the same order.
    """
    chance = np.random.default_rng(seed)
    place = np.empty(len(labels))
    for c in np.unique(labels):
        members = chance.permutation(np.flatnonzero(labels == c))
        share_before = (np.arange(len(members)) + 0.5) / len(members)
        place[members] = np.where(
            np.arange(len(members)) < PARTNERS, share_before - 1, share_before
        )
    return np.lexsort((chance.random(len(labels)), place))


def stages(counts: np.ndarray) -> tuple[int, ...]:
    """Return how many pictures each stage has, doubling, the last all of them; empty where a race
    would save little.

    counts (c,): pictures of each class.
    """
    return stages_of(int(counts.sum()), len(counts))


def stages_of(total: int, classes: int) -> tuple[int, ...]:
    """Return the same of so many pictures of so many classes."""
    least, sizes = max(LEAST, EACH * classes), [total]
    while sizes[-1] // 2 >= least:
        sizes.append(sizes[-1] // 2)
    return tuple(reversed(sizes)) if LARGEST * sizes[-1] <= total else ()


def no_race(counts: np.ndarray, models: int, stored: int = 0) -> str:
    """Say why there is no race among so many models that cost something; "" where there is one.

    stored: further models, which cost nothing.
    """
    if not stages(counts):
        least = LARGEST * max(LEAST, EACH * len(counts))
        return f"With {len(counts)} classes a race saves time from about {least:,} pictures on."
    if models > IN_FULL:
        return ""
    if stored:
        return (
            f"What {count(stored, 'model')} made of these pictures was there already, and two"
            " models are always scored in full, so there was nothing left to race."
        )
    return "Two models are always scored in full, so a race needs a third."


def budget(models: int, pictures: int) -> int:
    """Return how many pictures may go through networks in all: a third of an exact run's for ten
    models.
    """
    return min(models, IN_FULL) * pictures + max(0, models - IN_FULL) * pictures // OTHERS


def going_on(models: int, used: int, sizes: tuple[int, int, int], allowed: int) -> int:
    """Return how many of so many models, which all cost something, may go on after a stage where
    none is behind; sizes, used and allowed as `leaving` has them.
    """
    seen, following, total = sizes
    reserve = min(models, IN_FULL) * (total - following)
    most = (allowed - used - reserve) // (following - seen)
    return max(min(models, most), min(models, IN_FULL))


def places(scores: Sequence[Score], yardsticks: Collection[str] = ()) -> list[Place]:
    """Rank models by the verdict's rule: the leader first, then by how seldom the leader is before
    them.

    scores: of one stage, whitened readings. Yardsticks come last, each ranked beside the others;
    they never lead. A model that lacks a measure of the verdict's has no place.
    """
    ids, full, again = mean_ranks([s for s in scores if s.model not in yardsticks])
    if not ids:
        return []
    steady = again.mean(axis=1)
    leader = int(np.lexsort((steady, full))[0])
    before = _before(again, leader)
    line = sorted(range(len(ids)), key=lambda i: (i != leader, before[i], steady[i]))
    found = [Place(ids[i], float(before[i])) for i in line]
    beside, _, again = mean_ranks(scores) if yardsticks else ([], full, again)
    before = _before(again, beside.index(ids[leader])) if beside else before
    return found + [
        Place(m, float(b)) for m, b in zip(beside, before, strict=False) if m in yardsticks
    ]


def leaving(
    line: Sequence[Place],
    *,
    free: Collection[str],
    yardsticks: Collection[str],
    sizes: tuple[int, int, int],
    used: int,
    allowed: int,
) -> list[Leaving]:
    """Say who leaves after a stage, the first to leave first.

    line: as `places`. free: models that cost nothing and never leave. sizes: pictures seen, of the
    next stage, and of all. used: pictures put through networks so far, of `allowed`.
    """
    seen, following, total = sizes
    out = [
        Leaving(p, "yardstick")
        for p in reversed(line)
        if p.model in yardsticks and p.model not in free
    ]
    race = [p for p in line if p.model not in yardsticks]
    safe = {p.model for p in race[:IN_FULL]} | set(free)
    out += [
        Leaving(p, "behind") for p in reversed(race) if p.model not in safe and p.behind >= SURE
    ]
    gone = {leaver.place.model for leaver in out}
    going = [p for p in race if p.model not in gone and p.model not in free]
    reserve = sum(p.model not in free for p in race[:IN_FULL]) * (total - following)
    while (
        going
        and going[-1].model not in safe
        and used + len(going) * (following - seen) + reserve > allowed
    ):
        out.append(Leaving(going.pop(), "budget"))
    return out


def _before(again: np.ndarray, leader: int) -> np.ndarray:
    """Return in how many of 100 re-checks the leader ranks before each model, (models,). again
    (models, b).
    """
    return 100 * (again[leader] < again - 1e-9).mean(axis=1)
