"""One model's features, and what several measures derive from them, each derived once.

A measure that can use it has a keyword `shared`, None where it is called alone.
`srcsel.scoring.score` hands the same one to the function, its null and its re-checks (there cut
down to the pictures re-checked).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from srcsel.measures.kernels.class_sums import class_sums
from srcsel.measures.kernels.pairs import FEW, Pairs, cosine_pairs, euclidean_pairs
from srcsel.measures.kernels.prepare import (
    DIRECTIONS,
    Preparation,
    centered,
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

    W: np.ndarray  # (n, d)
    mean: np.ndarray  # (d,) the mean feature, over the same scale
    squares: np.ndarray  # (r,) ascending
    vectors: np.ndarray  # V (d, r) where d <= n, else U (n, r)
    error: float  # absolute error of `squares`

    @property
    def tall(self) -> bool:
        """Whether `vectors` are those of the columns."""
        return self.W.shape[1] <= len(self.W)

    def project(self, y: np.ndarray, classes: int) -> np.ndarray:
        """U' of the 0-1 indicators of y (n,), (r, classes)."""
        sums = class_sums(self.W if self.tall else self.vectors, y, classes).T  # (d or r, c)
        return (self.vectors.T @ sums) / np.sqrt(self.squares)[:, None] if self.tall else sums

    def turned(self, vector: np.ndarray) -> np.ndarray:
        """V' of a feature (d,), (r,)."""
        if self.tall:
            return self.vectors.T @ vector
        return (self.vectors.T @ (self.W @ vector)) / np.sqrt(self.squares)

    def leading(self, k: int) -> np.ndarray:
        """W in its last k directions, those of the largest squares: (n, k)."""
        if self.tall:
            return self.W @ self.vectors[:, -k:]
        return self.vectors[:, -k:] * np.sqrt(self.squares[-k:])


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
        W = centered(self.X)
        n, d = W.shape
        squares, vectors = np.linalg.eigh(W.T @ W if d <= n else W @ W.T)
        error = EPS * math.sqrt(min(n, d)) * float(squares[-1])
        keep = squares > 2 * error
        scale = np.abs(self.X).max() or 1.0
        return Spectrum(W, self.X.mean(axis=0) / scale, squares[keep], vectors[:, keep], error)

    @functools.cached_property
    def exact_spectrum(self) -> Spectrum:
        """Decompose the features themselves: where their small directions matter."""
        known = self.spectrum
        U, sigma, Vt = np.linalg.svd(known.W, full_matrices=False)
        keep = sigma > EPS * math.sqrt(max(known.W.shape)) * sigma[0]
        vectors = Vt.T if known.tall else U
        return Spectrum(known.W, known.mean, sigma[keep][::-1] ** 2, vectors[:, keep][:, ::-1], 0.0)

    def leading(self, k: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Features minus the mean in the leading k directions of all pictures, (n, k); and where
        the mean lies.

        That is its part (k,) in these directions, and the squared length of the rest of it; all
        over one scale.
        """
        if self._parent is not None:
            Z, mean, rest = self._parent[0].leading(k)
            return Z[self._parent[1]], mean, rest
        return self._once(("leading", k), lambda: self._leading(k))

    def lengths(self) -> np.ndarray:
        """Squared lengths (n,) of the features minus the mean of all pictures, over the same scale
        as `leading`.
        """
        if self._parent is not None:
            return self._parent[0].lengths()[self._parent[1]]
        return self._once(
            "lengths", lambda: np.einsum("ij,ij->i", self.spectrum.W, self.spectrum.W)
        )

    def _leading(self, k: int) -> tuple[np.ndarray, np.ndarray, float]:
        known = self.spectrum
        mean = known.turned(known.mean)
        rest = float(known.mean @ known.mean - mean[-k:] @ mean[-k:])
        return known.leading(k), mean[-k:], max(rest, 0.0)

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
