"""A quick map of a model whose pictures are still coming: cheap, and calm while it grows.

Two principal components of the first pictures; they are fitted again whenever there are twice as
many, up to MOST, and turned onto the sketch before, so that dots glide and never jump.
"""

from __future__ import annotations

import numpy as np

from srcsel.explore.project import unit

MOST = 400  # pictures that the components rest on at most
EDGE = 1.4  # farthest from the middle that a dot is drawn; nearly all are within 1
NEARLY = 0.98


class Sketch:
    """Places pictures of one model; rows of the same number are the same picture."""

    def __init__(self, before: Sketch | None = None) -> None:
        """before: another model's sketch of the same pictures, onto which this one is turned."""
        self._fitted = 0  # pictures that the components rest on
        self._mean = np.zeros(1)
        self._axes = np.zeros((1, 2))
        self._placed = before._placed if before is not None else np.zeros((0, 2))

    def place(self, values: np.ndarray) -> np.ndarray:
        """Return the places (m, 2) of features (m, d), about -1..1. m must not shrink."""
        rows = unit(np.asarray(values, dtype=np.float64))
        if min(len(rows), MOST) >= 2 * self._fitted or not self._fitted:
            self._fit(rows[:MOST])
        xy = np.clip((rows - self._mean) @ self._axes, -EDGE, EDGE)
        self._placed = xy if len(xy) >= len(self._placed) else self._placed
        return xy

    def _fit(self, rows: np.ndarray) -> None:
        """Find the components of rows (m, d)."""
        self._fitted = len(rows)
        self._mean = rows.mean(axis=0)
        centered = rows - self._mean
        _, _, directions = np.linalg.svd(centered, full_matrices=False)
        axes = directions[:2].T if len(directions) > 1 else np.zeros((rows.shape[1], 2))
        xy = centered @ axes  # (m, 2)
        reach = np.quantile(np.abs(xy), NEARLY, axis=0)
        axes = axes / np.where(reach > 0, reach, 1.0)
        self._axes = axes @ self._turn(centered @ axes)

    def _turn(self, xy: np.ndarray) -> np.ndarray:
        """Return what turns and mirrors xy (m, 2) onto the sketch before, (2, 2)."""
        from scipy.linalg import orthogonal_procrustes

        shared = min(len(xy), len(self._placed))
        if shared <= 2:
            return np.eye(2)
        return orthogonal_procrustes(xy[:shared], self._placed[:shared])[0]
