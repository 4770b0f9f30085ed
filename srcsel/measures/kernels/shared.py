"""One model's features, and what several measures derive from them, each derived once.

A measure that can use it has a keyword `shared`, None where it is called alone.
`srcsel.scoring.task` hands the same one to the function, its null and its re-checks (there cut
down to the pictures re-checked).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from srcsel.measures.kernels.centered import Centered
from srcsel.measures.kernels.class_sums import class_sums
from srcsel.measures.kernels.pairs import FEW, Pairs, cosine_pairs, euclidean_pairs
from srcsel.measures.kernels.prepare import (
    DIRECTIONS,
    Preparation,
    components_of,
    prepare,
)

EPS = float(np.finfo(np.float64).eps)

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """W = U diag(sqrt(squares)) V' for features minus their mean, over a scale; directions above
    rounding only.
    """

    W: Centered  # (n, d)
    squares: np.ndarray  # (r,) ascending
    vectors: np.ndarray  # V (d, r) where d <= n, else U (n, r)
    error: float  # absolute error of `squares`

    @property
    def tall(self) -> bool:
        """Whether `vectors` are those of the columns."""
        return self.W.shape[1] <= len(self.W)

    def project(self, own: np.ndarray, classes: int) -> np.ndarray:
        """U' of the 0-1 indicators of each labelling of own (g, n), (g, classes, r)."""
        if self.tall:
            return self.W.class_sums(own, classes) @ self.vectors / np.sqrt(self.squares)
        return np.stack([class_sums(self.vectors, y, classes) for y in own])

    def turned(self, vector: np.ndarray) -> np.ndarray:
        """V' of a feature (d,), (r,)."""
        if self.tall:
            return self.vectors.T @ vector
        return (self.vectors.T @ (self.W.whole @ vector)) / np.sqrt(self.squares)

    def leading(self, k: int, rows: np.ndarray | slice) -> np.ndarray:
        """Rows of W in its last k directions, those of the largest squares: (m, k)."""
        if self.tall:
            return self.W[rows] @ self.vectors[:, -k:]
        return self.vectors[rows, -k:] * np.sqrt(self.squares[-k:])


class Shared:
    """Features X (n, d) float64, or float32 for pairs alone, with labels y (n,) in 0..c-1."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y
        self.order = np.argsort(y, kind="stable")  # (n,) pictures by class
        self._parent: tuple[Shared, np.ndarray] | None = None
        self._made: dict[Hashable, Any] = {}

    def take(self, rows: np.ndarray) -> Shared:
        """Cut down to some pictures, rows (m,), in that order; the same rows give the same one
        again.
        """
        if len(rows) == len(self.y):
            return self
        return self._once(("take", rows.tobytes()), lambda: self._take(rows))

    def _take(self, rows: np.ndarray) -> Shared:
        cut = Shared(self.X[rows], self.y[rows])
        cut._parent = (self, rows)
        return cut

    @functools.cached_property
    def spectrum(self) -> Spectrum:
        """Decompose the features less their mean by their smaller Gram matrix."""
        W = Centered(self.X)
        squares, vectors = np.linalg.eigh(W.gram())
        error = EPS * math.sqrt(min(W.shape)) * float(squares[-1])
        keep = squares > 2 * error
        return Spectrum(W, squares[keep], vectors[:, keep], error)

    @functools.cached_property
    def exact_spectrum(self) -> Spectrum:
        """Decompose the features themselves: where their small directions matter."""
        known = self.spectrum
        if known.tall:
            sigma, Vt = known.W.decomposed()
            vectors = Vt.T
        else:
            vectors, sigma, _ = np.linalg.svd(known.W.whole, full_matrices=False)
        keep = sigma > EPS * math.sqrt(max(known.W.shape)) * sigma[0]
        return Spectrum(known.W, sigma[keep][::-1] ** 2, vectors[:, keep][:, ::-1], 0.0)

    def leading(self, k: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Features minus the mean in the leading k directions of all pictures, (n, k); and where
        the mean lies.

        That is its part (k,) in these directions, and the squared length of the rest of it; all
        over one scale.
        """
        return self._once(("leading", k), lambda: self._leading(k))

    def lengths(self) -> np.ndarray:
        """Squared lengths (n,) of the features minus the mean of all pictures, over the same scale
        as `leading`.
        """
        if self._parent is not None:
            return self._parent[0].lengths()[self._parent[1]]
        return self._once("lengths", self.spectrum.W.lengths)

    def _leading(self, k: int) -> tuple[np.ndarray, np.ndarray, float]:
        whole, rows = self._parent or (self, slice(0, len(self.y)))
        known = whole.spectrum
        mean = known.turned(known.W.mean)
        rest = float(known.W.mean @ known.W.mean - mean[-k:] @ mean[-k:])
        return known.leading(k, rows), mean[-k:], max(rest, 0.0)

    def components(self, most: int = DIRECTIONS) -> np.ndarray:
        """Return what `kernels.prepare.components` does, (n, k), from the decomposition that other
        measures use too.
        """
        known = self.spectrum
        return components_of(known.W, known.squares, known.vectors, most)

    def prepared(self, preparation: Preparation) -> np.ndarray:
        """Return what `kernels.prepare.prepare` does, (n, d')."""
        return self._once(("prepared", preparation), lambda: prepare(self.X, preparation))

    def cosine(self, preparation: Preparation = "raw", *, exact: bool = False) -> Pairs:
        """All pairs by cosine distance."""
        exact = exact or len(self.y) < FEW  # one and the same then
        return self._once(
            ("cosine", preparation, exact),
            lambda: cosine_pairs(self.prepared(preparation), self.order, exact=exact),
        )

    def euclidean(self, preparation: Preparation = "raw") -> Pairs:
        """All pairs by Euclidean distance."""
        return self._once(
            ("euclidean", preparation),
            lambda: euclidean_pairs(self.prepared(preparation), self.order),
        )

    def _once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def once(shared: Shared | None, key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `make` returns; made the first time only, where something is shared."""
    return make() if shared is None else shared._once(key, make)
