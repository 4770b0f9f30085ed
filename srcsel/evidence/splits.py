"""Which pictures train and which test, the same for every source model; copies of a picture stay on
one side.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from srcsel.base.errors import InputError
from srcsel.base.records import LEAST_TEST, Protocol

ENOUGH = 20  # training pictures of every class from which a part of them can say when to stop
VALIDATION = 0.1  # that part
HELD = 0.3  # share of each class's training pictures by which a way to train is chosen


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of the dataset, each sorted; no picture, nor a copy of it, is in two of the first
    three.
    """

    train: np.ndarray  # (t,) int64
    test: np.ndarray  # (u,) int64
    validation: np.ndarray  # (v,) int64, taken from the training pictures; empty where they are few
    # (w,) int64, the part of `train` that a way to train is chosen by; no copies of the others
    held: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def split(labels: np.ndarray, groups: np.ndarray, protocol: Protocol, seed: int) -> Split:
    """Split pictures with labels (n,) for one training; groups (n,): equal numbers are copies of
    each other.

    With shots k: in each class the first k different pictures of a permutation train (fewer where
    that would leave less than a fifth of the class), the rest is the test set; further copies of a
    training picture are in neither. With shots None: about `test_share` of each class is the test
    set, the rest trains, copies included. Where every class then has ENOUGH training pictures and
    `early_stop` is not 0, a tenth of them is the validation part; with fewer it would tell nothing,
    and there is none. The held part is HELD of each class with two different training pictures.
    """
    rng = np.random.default_rng(1000 + seed)
    orders = [rng.permutation(np.flatnonzero(labels == c)) for c in range(int(labels.max()) + 1)]
    taken: set[int] = set()  # groups that train
    tested: set[int] = set()
    train: list[int] = []
    for order in orders:
        first = _different(order, groups, taken | tested)
        if protocol.shots is None:
            tests = max(1, round(protocol.test_share * len(first))) if len(first) > 1 else 0
            tested.update(groups[first[:tests]].tolist())
            taken.update(groups[first[tests:]].tolist())
        else:
            most = max(1, len(first) - max(1, round(LEAST_TEST * len(first))))
            chosen = first[: min(protocol.shots, most)]
            taken.update(groups[chosen].tolist())
            train.extend(chosen.tolist())
    inside = np.isin(groups, sorted(taken))
    rows = (
        np.flatnonzero(inside)
        if protocol.shots is None
        else np.array(sorted(train), dtype=np.int64)
    )
    if inside.all() or not len(rows):
        raise InputError(
            "No picture is left to test with: each class needs at least two different pictures. Add"
            " pictures."
        )
    few = np.bincount(labels[rows], minlength=len(orders)).min() < ENOUGH
    share = 0.0 if few or not protocol.early_stop else VALIDATION
    validation = _part(rows, labels, groups, share, rng)
    learned = np.setdiff1d(rows, validation)
    held = _part(learned, labels, groups, HELD, np.random.default_rng([1000 + seed, 1]))
    return Split(learned, np.flatnonzero(~inside), validation, held)


def _different(order: np.ndarray, groups: np.ndarray, decided: set[int]) -> np.ndarray:
    """Keep the first picture of each group, in order; groups that another class decided are left
    out.
    """
    _, first = np.unique(groups[order], return_index=True)
    rows = order[np.sort(first)]
    return rows[~np.isin(groups[rows], sorted(decided))]


def _part(
    rows: np.ndarray, labels: np.ndarray, groups: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Take a share of each class's pictures among `rows`, at least one, whole groups; something of
    each class stays, or nothing is taken.
    """
    held: set[int] = set()
    stay: set[int] = set()
    for c in np.unique(labels[rows]) if share else ():
        first = _different(rng.permutation(rows[labels[rows] == c]), groups, held | stay)
        most = min(max(1, round(share * len(first))), len(first) - 1)
        held.update(groups[first[: max(0, most)]].tolist())
        stay.update(groups[first[max(0, most) :]].tolist())
    taken = np.isin(groups[rows], sorted(held))
    whole = set(labels[rows]) == set(labels[rows[~taken]])
    return rows[taken] if whole else np.empty(0, dtype=np.int64)
