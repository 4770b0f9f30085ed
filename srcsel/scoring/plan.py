"""Which pictures the re-checks keep."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from srcsel.measures.kernels.sample import stratified

KEEP = 0.8  # share of each class that a re-check keeps
# pictures of a class that a re-check keeps where there are as many: fewer have no partner
FEWEST = 2
CAP = 2000  # pictures; above, re-checks run on a stratified sample of this size
SAMPLE_FEWEST = 10  # pictures of a class that such a sample keeps where there are as many


@dataclass(frozen=True, eq=False)
class Plan:
    """Which pictures the re-checks keep.

    Depends on the labels and the seed alone, so all models share it.
    """

    rows: np.ndarray  # (m,) the pictures re-checked: all, or a stratified sample
    kept: np.ndarray  # (b, m) bool
    # deviations are multiplied by it: sqrt(kept / left out), 2 where 80 % are kept, and less for a
    # sample
    spread: float


def plan_rechecks(y: np.ndarray, count: int = 200, seed: int = 0) -> Plan:
    """Choose `count` stratified subsets without replacement of labels y (n,) in 0..c-1.

    Each keeps 80 % of every class, rounded, but at least two pictures where there are two; a class
    of one or two is kept whole. Above 2,000 pictures the subsets are drawn from a stratified sample
    of 2,000: its scores spread wider than those of all, by the root of how much smaller it is,
    which `spread` takes back.
    """
    rng = np.random.default_rng(seed)
    rows, whole = stratified(y, CAP, SAMPLE_FEWEST, rng), len(y)
    y = y[rows]
    kept = np.zeros((count, len(y)), dtype=bool)
    for c in np.unique(y):
        members = np.flatnonzero(y == c)
        size = min(len(members), max(FEWEST, round(KEEP * len(members))))
        order = np.argsort(rng.random((count, len(members))), axis=1)[:, :size]
        kept[np.arange(count)[:, None], members[order]] = True
    inside = int(kept[0].sum()) if count else 0
    outside = len(y) - inside
    spread = math.sqrt(inside / outside * len(y) / whole) if outside else 0.0
    return Plan(rows, kept[: count if outside else 0], spread)
