"""When the order of trained models is clear: one paired rule.

Two models were trained on the same splits and tested on the same pictures, so what is compared is
their difference. Two doubts are joined, as in the intervals of `scoring.reached`:

splits    by how much the difference differs from split to split: Student's t of k values
pictures  how few different pictures were tested: the mean over pictures of how much more often one
          was right than the other; half a picture is added to each of the four cases of right and
          wrong (Agresti and Min 2005, https://doi.org/10.1002/sim.1781), so that a few pictures
          which all say the same are no certainty

A model is behind where the first is ahead by more than that half-width at LEVEL. A race looks after
every split from the third on. Each look may err, so LEVEL is stricter than what is claimed: over
all looks of a race, about 5 of 100 models that are truly as good as another fall behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcsel.base.records import Gap
from srcsel.scoring.reached import Reached
from srcsel.verdict.measured import FEWEST_ROUNDS

LEVEL = 0.98  # one-sided, at each look
LITTLE = 0.02  # a difference that is certainly no larger makes no difference
_CELLS = 0.5  # of a picture, added to each of the four cases


def gaps(reached: Reached) -> tuple[Gap, ...]:
    """Tell how far the others lie behind the best, nearest first; of equal ones the first given
    leads. Empty where there are fewer than two models or FEWEST_ROUNDS splits.
    """
    if len(reached.models) < 2 or len(reached.splits) < FEWEST_ROUNDS:
        return ()
    first, *others = np.argsort(-reached.means, kind="stable").tolist()
    return tuple(_gap(reached, first, other) for other in others)


def is_behind(gap: Gap) -> bool:
    """Whether the first is ahead beyond doubt."""
    return gap.low > 0


def alike(gaps: Sequence[Gap]) -> bool:
    """Whether it makes no difference which is taken: none can lie more than LITTLE behind."""
    return len(gaps) > 0 and all(gap.high <= LITTLE for gap in gaps)


def _gap(reached: Reached, first: int, other: int) -> Gap:
    from scipy.special import ndtri, stdtrit

    ahead = [right[first].astype(float) - right[other] for right in reached.right]  # (u,) each
    by_split = np.array([values.mean() for values in ahead])  # (k,)
    k = len(by_split)
    splits = stdtrit(k - 1, LEVEL) * by_split.std(ddof=1) / np.sqrt(k)
    names = reached.groups[np.concatenate(reached.rows)]
    _, place, tests = np.unique(names, return_inverse=True, return_counts=True)
    by_picture = np.bincount(place, np.concatenate(ahead)) / tests  # (m,) -1..1
    m = len(by_picture) + 4 * _CELLS
    square = (np.square(by_picture).sum() + 2 * _CELLS) / m
    spread = square - (by_picture.sum() / m) ** 2
    half = float(np.hypot(splits, ndtri(LEVEL) * np.sqrt(spread / m)))
    mean = float(by_split.mean())
    return Gap(reached.models[other], mean, mean - half, mean + half)
