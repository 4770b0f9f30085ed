"""LogME: how probable the labels are under the best linear-Gaussian model on these features."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from srcsel.measures._base import measure, permutations

DIRECTIONS = 96  # leading right singular directions that the re-checks keep: their deviations then agree to 0.998
FLOOR = 1e-10  # least unexplained share of a class: features that give it away have no finite maximum
GRID = 4  # first guesses of a / b in each factor of ten
DECADES = 12  # how far the guesses reach below the smallest and above the largest squared singular value
STEPS = 40  # most Newton steps from the best guess; five usually do
CONVERGED = 1e-9  # what a further step could still add to the log evidence
EPS = float(np.finfo(np.float64).eps)
ACCURATE = 1e-10  # error of the Gram matrix, in the score, from which the slower decomposition is used


@dataclass(frozen=True, eq=False)
class _Spectrum:
    """Squared singular values of X (n, d), those above rounding, ascending, and U'T for their U."""

    squares: np.ndarray  # (r,)
    project: Callable[[np.ndarray], np.ndarray]  # T (n, m) -> (r, m)
    error: float  # absolute error of `squares`


def _null(X: np.ndarray, y: np.ndarray, _value: float) -> float:
    """Mean over fixed label permutations, which share one decomposition."""
    spectrum = _spectrum(X)
    return float(np.mean([_maximum(spectrum, own)[0] for own in permutations(y)]))


def _rechecks(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Score each subset of kept (b, n), within the leading 96 right singular directions of all pictures.

    Only deviations from their mean are used; the score itself is always exact over all directions.
    """
    X = _rotate(X)
    return np.array([_maximum(_spectrum(X[k]), y[k])[0] for k in kept])


@measure(
    title="Linear evidence (LogME)",
    higher_is_better=True,
    bounds=(-math.inf, math.inf),
    paper="https://arxiv.org/abs/2102.11005",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def logme(X: np.ndarray, y: np.ndarray) -> float:
    """Log maximum evidence: mean over classes of log p(is it this class? | features) / n.

    For each class c, t = 1 for its pictures and 0 for the others is modelled as X w plus noise of precision b, with
    prior precision a on w; w is integrated out and a, b maximise the evidence. Higher is better; unbounded. The
    value is the exact maximum: b has a closed form, and the ratio a / b is found by a grid over all scales and
    Newton steps, so it neither depends on the scale of the features nor on the order of classes, and fewer
    pictures than dimensions are no special case. Features are not centred, as in the paper.

    Edges: where features give a class away exactly the evidence has no finite maximum; at least 1e-10 of each class
    counts as unexplained. Constant features and zero rows are fine.

    Null: mean over 20 label permutations, the same for every model. Re-checks decompose each subset anew within the
    leading 96 right singular directions of all pictures; only their deviations are used.

    You et al. 2021, https://arxiv.org/abs/2102.11005; evidence as in Bishop 2006, equation 3.86.
    """
    spectrum = _spectrum(X)
    score, ratios = _maximum(spectrum, y)
    doubt = (spectrum.error / (ratios[:, None] + spectrum.squares)).sum(axis=1) / len(y)
    return score if doubt.max() < ACCURATE else _maximum(_exact_spectrum(X), y)[0]


def _spectrum(X: np.ndarray) -> _Spectrum:
    """Decompose X by its smaller Gram matrix: fast, with an error that `logme` checks."""
    n, d = X.shape
    X = X / (np.abs(X).max() or 1.0)
    squares, vectors = np.linalg.eigh(X.T @ X if d <= n else X @ X.T)
    error = EPS * math.sqrt(min(n, d)) * float(squares[-1])
    keep = squares > 2 * error
    squares, vectors = squares[keep], vectors[:, keep]
    if d > n:
        return _Spectrum(squares, lambda T: vectors.T @ T, error)
    return _Spectrum(squares, lambda T: (vectors.T @ (X.T @ T)) / np.sqrt(squares)[:, None], error)


def _exact_spectrum(X: np.ndarray) -> _Spectrum:
    """Decompose X itself: for features whose small directions matter, as beside a huge common offset."""
    U, sigma, _ = np.linalg.svd(X / (np.abs(X).max() or 1.0), full_matrices=False)
    keep = sigma > EPS * math.sqrt(max(X.shape)) * sigma[0]
    U = U[:, keep][:, ::-1]
    return _Spectrum(sigma[keep][::-1] ** 2, lambda T: U.T @ T, 0.0)


def _rotate(X: np.ndarray) -> np.ndarray:
    """X (n, d) in its leading right singular directions, (n, at most 96)."""
    n, d = X.shape
    if d <= DIRECTIONS:
        return X
    gram = X.T @ X if d <= n else X @ X.T
    keep = min(n, d, DIRECTIONS)
    squares, vectors = eigh(gram, subset_by_index=(len(gram) - keep, len(gram) - 1))
    return X @ vectors if d <= n else vectors * np.sqrt(np.maximum(squares, 0))


def _maximum(spectrum: _Spectrum, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean over classes of the greatest evidence / n, and each class's ratio a / b, (c,)."""
    n = len(y)
    T = (y[:, None] == np.unique(y)).astype(np.float64)  # (n, c)
    evidence = _Evidence(spectrum, T)
    u = evidence.climb(evidence.best_of_grid()) if len(spectrum.squares) else np.zeros(T.shape[1])
    constant = n / 2 * math.log(n / (2 * math.pi * math.e))
    return float(evidence.at(u)[0].mean() + constant) / n, np.exp(u)


class _Evidence:
    """Log evidence of each class as a function of u = log(a / b), up to a constant.

    With l = a / b and p_k = l / (l + s_k), the unexplained part is E = |t|^2 - |z|^2 + sum_k z_k^2 p_k for z = U't,
    the best b is n / E, and the evidence is 1/2 sum_k log p_k - n/2 log E. Directions with s_k = 0 add nothing.
    """

    def __init__(self, spectrum: _Spectrum, T: np.ndarray) -> None:
        self.n, self.s = len(T), spectrum.squares  # (r,)
        self.energy = spectrum.project(T).T ** 2  # z^2, (c, r)
        total = T.sum(axis=0)  # |t|^2, (c,)
        self.outside = np.maximum(total - self.energy.sum(axis=1), 0)  # (c,)
        self.floor = FLOOR * total

    def at(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the evidence of each class at its own u (c,), with two derivatives."""
        p = 1 / (1 + self.s * np.exp(-u)[:, None])  # (c, r)
        flow = p * (1 - p)
        E = self.outside + (self.energy * p).sum(axis=1)
        free = self.floor < E
        E = np.where(free, E, self.floor)
        dE = np.where(free, (self.energy * flow).sum(axis=1), 0) / E
        ddE = np.where(free, (self.energy * flow * (1 - 2 * p)).sum(axis=1), 0) / E
        value = np.log(p).sum(axis=1) / 2 - self.n / 2 * np.log(E)
        slope = (1 - p).sum(axis=1) / 2 - self.n / 2 * dE
        return value, slope, -flow.sum(axis=1) / 2 - self.n / 2 * (ddE - dE**2)

    def best_of_grid(self) -> np.ndarray:
        """Find the best u of a grid over every scale at which the evidence can change, (c,)."""
        low, high = math.log10(self.s[0]) - DECADES, math.log10(self.s[-1]) + DECADES
        u = np.linspace(low, high, round(GRID * (high - low))) * math.log(10)  # (g,)
        p = 1 / (1 + np.exp(-u)[:, None] * self.s)  # (g, r)
        E = np.maximum(self.outside[:, None] + self.energy @ p.T, self.floor[:, None])  # (c, g)
        return u[(np.log(p).sum(axis=1) / 2 - self.n / 2 * np.log(E)).argmax(axis=1)]

    def climb(self, u: np.ndarray) -> np.ndarray:
        """Newton steps on the slope from u (c,), halving the bracket wherever a step would leave it."""
        low, high = u - math.log(10) / GRID * 1.5, u + math.log(10) / GRID * 1.5
        for _ in range(STEPS):
            _, slope, curvature = self.at(u)
            low, high = np.where(slope > 0, u, low), np.where(slope > 0, high, u)
            step = np.divide(slope, -curvature, out=np.full_like(u, np.inf), where=curvature < 0)
            if (np.abs(slope) * np.minimum(np.abs(step), high - low)).max() < CONVERGED:
                break
            u = np.where((u + step > low) & (u + step < high), u + step, (low + high) / 2)
        return u
