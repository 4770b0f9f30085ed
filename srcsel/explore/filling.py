"""A map made to fill its box: the empty space between groups that stand apart is given to the
groups.

Only for UMAP and t-SNE, in which gaps between far groups mean little (Wattenberg et al. 2016,
doi:10.23915/distill.00002). In PCA a distance is a distance, so it stays as it is.
"""

from __future__ import annotations

import numpy as np

CELLS = 30  # a side, of the grid on which groups are told apart: two empty cells lie between them
MOST = 60  # groups; of more the gaps are not empty space but the picture
SHARE = 0.34  # of the box that the groups' own boxes are to take
LARGEST = 4.0  # times that groups grow at most
LEAST = 1.25  # times they would have to grow for moving them to be worth it
MARGIN = 0.03  # between two groups, where the box is 2 wide
EMPTY = 0.12  # of the same: the widest column or row without a dot between groups
ROUNDS = 300  # of pushing apart, at most


def filled(xy: np.ndarray, method: str) -> np.ndarray:
    """Place the points (m, 2) of a map in the box -1..1, float32.

    All groups grow alike and keep their shapes; each stays where it is, pushed aside where it would
    lie on another. Empty columns and rows between them become narrow, and both axes then reach the
    edges. A PCA comes back as it is.
    """
    if method == "pca" or not len(xy):
        return np.asarray(xy, dtype=np.float32)
    xy = _stretched(np.asarray(xy, dtype=np.float64))
    group, low, high = _apart(_islands(xy), xy)
    middle, half = (low + high) / 2, (high - low) / 2  # (k, 2)
    grown = min(LARGEST, np.sqrt(SHARE / max(float(half.prod(axis=1).sum()), 1e-9)))
    if not 1 < len(low) <= MOST:
        return xy.astype(np.float32)
    if grown < LEAST:
        grown, moved = 1.0, middle
    else:
        moved = _pushed(middle, half * grown + MARGIN)
    moved = _closed(moved, half * grown)
    return _stretched(moved[group] + grown * (xy - middle[group])).astype(np.float32)


def _stretched(xy: np.ndarray) -> np.ndarray:
    low, high = xy.min(axis=0), xy.max(axis=0)
    return (2 * xy - low - high) / np.where(high > low, high - low, 1.0)


def _islands(xy: np.ndarray) -> np.ndarray:
    """Find the group of each point in -1..1, (m,): cells of a grid that touch belong together."""
    at = np.minimum((xy + 1) * CELLS // 2, CELLS - 1).astype(np.int64)  # (m, 2)
    cells, of = np.unique(at[:, 0] * CELLS + at[:, 1], return_inverse=True)
    place = np.column_stack(np.divmod(cells, CELLS))
    touch = np.all(np.abs(place[:, None] - place) <= 1, axis=2)  # (cells, cells)
    return _joined(touch)[of]


def _joined(touch: np.ndarray) -> np.ndarray:
    """Find the connected part of each row of a symmetric (k, k), its diagonal True: (k,) from 0.

    By hand: SciPy's graphs take a second to import, in the process that serves the pages.
    """
    number = np.arange(len(touch))
    while True:
        least = np.where(touch, number, len(touch)).min(axis=1)
        least = least[least]
        if (least == number).all():
            return np.unique(number, return_inverse=True)[1]
        number = least


def _apart(group: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Join groups whose boxes overlap; returns (group (m,), low (k, 2), high (k, 2))."""
    while True:
        count = int(group.max()) + 1
        low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
        np.minimum.at(low, group, xy)
        np.maximum.at(high, group, xy)
        touch = np.all((low[:, None] <= high) & (low <= high[:, None]), axis=2)
        joined = _joined(touch)
        if joined.max() + 1 == count:
            return group, low, high
        group = joined[group]


def _closed(middle: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Move boxes (k, 2) together, along each axis, where nothing lies between them on its whole
    length.
    """
    middle = middle.copy()
    for a in (0, 1):
        order = np.argsort(middle[:, a] - half[:, a], kind="stable")
        low, high = ((middle + sign * half)[order, a] for sign in (-1, 1))
        gaps = low[1:] - np.maximum.accumulate(high)[:-1]
        middle[order[1:], a] -= np.cumsum(np.maximum(gaps - EMPTY, 0))
    return middle


def _pushed(middle: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Push boxes (k, 2) apart, each pair along the axis on which they overlap least."""
    middle, first = middle.copy(), np.arange(len(middle))
    for _ in range(ROUNDS):
        way = middle[:, None] - middle  # (k, k, 2)
        over = half[:, None] + half - np.abs(way)
        deep = over.min(axis=2)
        np.fill_diagonal(deep, 0)
        if deep.max() <= 1e-3:
            break
        axis = over.argmin(axis=2)
        sign = np.sign(np.take_along_axis(way, axis[:, :, None], 2)[:, :, 0])
        sign = np.where(sign == 0, np.sign(first[:, None] - first), sign)
        push = np.where(deep > 0, deep * sign / 4, 0)
        for a in (0, 1):
            middle[:, a] += np.where(axis == a, push, 0).sum(axis=1)
    return middle
