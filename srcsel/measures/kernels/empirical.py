"""The empirical predictor of LEEP: labels guessed through the classes of a source head, or of a
mixture.
"""

from __future__ import annotations

import numpy as np

from srcsel.base.errors import FeatureError
from srcsel.measures._base import permutations

SUMS_TO_ONE = 1e-3  # how far a row of probabilities may be from adding up to 1
PERMUTATIONS = 10  # label permutations behind a null
CELLS = 4_000_000  # numbers that a group of subsets may hold at a time


def check_probabilities(P: np.ndarray) -> np.ndarray:
    """Return P (n, c_source) as it is; raises FeatureError where its rows are no probabilities."""
    if P.min() < 0 or np.abs(P.sum(axis=1) - 1).max() > SUMS_TO_ONE:
        raise FeatureError(
            "Expected probabilities: numbers from 0 up whose rows add up to 1. These look like raw"
            " outputs (logits) of a source head: apply a softmax to each row first."
        )
    return P


def expected_log(P: np.ndarray, y: np.ndarray) -> float:
    """Mean over pictures i of log sum_z p(y_i | z) P_iz, with p(y | z) = sum_(j of y) P_jz / sum_j
    P_jz.

    P (n, z), y (n,). A z that no picture has any mass on counts 0, as 0 / 0 there.
    """
    order, starts = _by_class(y)
    Q = P[order]
    joint = np.add.reduceat(Q, starts, axis=0)  # (c, z)
    given = _divide(joint, joint.sum(axis=0))
    members = np.split(Q, starts[1:])
    with np.errstate(
        divide="ignore"
    ):  # a picture without any mass: -infinity, which is refused as not available
        return float(
            sum(np.log(rows @ p).sum() for rows, p in zip(members, given, strict=True)) / len(y)
        )


def permuted(P: np.ndarray, y: np.ndarray) -> float:
    """Mean of `expected_log` over fixed permutations of labels y (n,): P (n, z) does not depend on
    them.
    """
    return float(np.mean([expected_log(P, own) for own in permutations(y, PERMUTATIONS)]))


def on_subsets(P: np.ndarray, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """`expected_log` on each subset of kept (b, n): (b,).

    Class by class, as products with membership masks.
    """
    order, starts = _by_class(y)
    members = np.split(P[order], starts[1:])  # of each class (m, z)
    group = max(1, CELLS // (len(starts) * P.shape[1]))
    found = []
    for start in range(0, len(kept), group):
        # of each class (g, m)
        masks = np.split(kept[start : start + group, order], starts[1:], axis=1)
        # (c, g, z)
        joint = np.stack([K.astype(P.dtype) @ Q for K, Q in zip(masks, members, strict=True)])
        given = _divide(joint, joint.sum(axis=0))
        total = np.zeros(len(joint[0]))
        for K, Q, p in zip(masks, members, given, strict=True):
            total += np.log(np.where(K.T, Q @ p.T, 1)).sum(axis=0)
        found.append(total)
    return np.concatenate(found) / kept.sum(axis=1)


def _by_class(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures in the order of their classes (n,), and where each class present begins (c,)."""
    order = np.argsort(y, kind="stable")
    return order, np.unique(y[order], return_index=True)[1]


def _divide(joint: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Joint over mass, 0 where there is no mass."""
    return np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0)
