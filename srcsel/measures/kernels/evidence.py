"""The log evidence of a linear-Gaussian model of class labels, as a function of its one free ratio,
and where that is greatest: what LogME is made of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from srcsel.measures.kernels.shared import Spectrum

# least unexplained share of a class: features that give it away have no finite maximum
FLOOR = 1e-10
GRID = 4  # first guesses of a / b in each factor of ten
# how far they reach below the smallest and above the largest squared singular value; beyond, the
# evidence has one summit at most, which a guess in every second factor of ten finds
NEAR = 2
DECADES = 12
STEPS = 44  # most Newton steps from the best guess; five usually do
CONVERGED = 1e-9  # what a further step could still add to the log evidence
TEN = math.log(10)
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Offset:
    """What all classes share, of b sets of pictures: the spectrum of their centred features, and
    where the mean feature that these lack lies.
    """

    n: np.ndarray  # (b,) pictures
    s: np.ndarray  # (b, r) squared singular values; 0 where a set has fewer
    mean: np.ndarray  # (b, r) the mean in the right singular directions; 0 there too
    outside: np.ndarray  # (b,) squared length of the rest of it

    @staticmethod
    def of(spectrum: Spectrum, n: int) -> Offset:
        """One set of n pictures."""
        whole = spectrum.W.mean
        mean = spectrum.turned(whole)
        rest = max(float(whole @ whole - mean @ mean), 0.0)
        return Offset(np.array([n]), spectrum.squares[None], mean[None], np.array([rest]))

    @property
    def scales(self) -> np.ndarray:
        """Squared singular values (m,) at which the evidence of a set can change, those that are
        not 0.
        """
        whole = self.n * ((self.mean**2).sum(axis=1) + self.outside)
        found = np.append(self.s.ravel(), whole)
        return found[found > 0]


def maximum(
    offset: Offset, z: np.ndarray, counts: np.ndarray, enough: float = CONVERGED
) -> tuple[np.ndarray, np.ndarray]:
    """Return of each set the mean over its classes of the greatest evidence / n, (b,), and each
    class's ratio a / b, (b, c).

    z (b, c, r): the classes' indicators in the left singular directions; counts (b, c) their
    pictures, or (1, c) as those of all, and so is `offset`. A class without any is left out of the
    mean. enough: what a further step could still add to a log evidence.
    """
    n, there = offset.n, counts > 0
    evidence, u = Evidence(offset, z, counts), np.zeros(counts.shape)
    if len(offset.scales):
        u = evidence.climb(*evidence.best_of_grid(), enough)
    constant = n / 2 * np.log(n / (2 * math.pi * math.e))
    value = np.where(there, evidence.at(u)[0], 0).sum(axis=1) / there.sum(axis=1)
    return (value + constant) / n, np.exp(u)


def greatest(
    grams: np.ndarray,
    sums: np.ndarray,
    means: np.ndarray,
    outside: float,
    counts: np.ndarray,
    enough: float = CONVERGED,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `maximum` does of b sets that are not decomposed yet.

    grams (b, k, k) and sums (b, c, k) are those of features less their mean, of all pictures and of
    each class; means (b, k), and the squared length of what lies outside these directions; counts
    (b, c) pictures.
    """
    return maximum(*_decomposed(grams, sums, means, outside, counts), counts, enough)


def summits(
    gram: np.ndarray, sums: np.ndarray, mean: np.ndarray, outside: float, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where in u = log(a / b) the evidence of each class is greatest, (c,), and its second
    derivative / n there; of one set, described as in `greatest`.
    """
    offset, z = _decomposed(gram[None], sums[None], mean[None], outside, counts[None])
    if not len(offset.scales):
        return np.zeros(counts.shape), np.zeros(counts.shape)
    evidence = Evidence(offset, z, counts[None])
    u = evidence.climb(*evidence.best_of_grid(), CONVERGED)
    return u[0], evidence.at(u)[2][0] / counts.sum()


def _decomposed(
    grams: np.ndarray, sums: np.ndarray, means: np.ndarray, outside: float, counts: np.ndarray
) -> tuple[Offset, np.ndarray]:
    """Return the spectra of b sets, and their classes' indicators in the left singular directions,
    (b, c, k).
    """
    squares, V = np.linalg.eigh(grams)
    largest = np.max(squares, axis=1, initial=0.0, keepdims=True)
    keep = squares > EPS * squares.shape[1] * largest  # (b, k)
    squares = np.where(keep, squares, 0.0)
    turned = np.where(keep, (means[:, None] @ V)[:, 0], 0.0)
    rest = outside + np.maximum((means**2).sum(axis=1) - (turned**2).sum(axis=1), 0.0)
    roots = np.sqrt(np.where(keep, squares, 1.0))[:, None]
    z = np.where(keep[:, None], (sums @ V) / roots, 0.0)
    return Offset(counts.sum(axis=1), squares, turned, rest), z


class Evidence:
    """Log evidence of each class of b sets as a function of u = log(a / b), up to a constant.

    With l = a / b, X = W + 1 m' for the mean feature m, W = U sqrt(s) V', and p_k = l / (l + s_k),
    the unexplained part is E = F + n r^2 / k. There F = |t - mean t|^2 - |z|^2 + sum_k z_k^2 p_k
    for z = U't is what W leaves, r = mean t - sum_k (V'm)_k z_k (1 - p_k) / sqrt(s_k) what its fit
    leaves of the mean, and k = 1 + n m'(l + W'W)^-1 m (Sherman & Morrison 1950). The best b is n /
    E, and the evidence is 1/2 sum_k log p_k - 1/2 log k - n/2 log E. Without a mean this is the
    formula for X itself. A direction of s_k = 0 adds nothing.
    """

    def __init__(self, offset: Offset, z: np.ndarray, counts: np.ndarray) -> None:
        self.n = n = offset.n[:, None]  # (b, 1)
        self.s = offset.s[:, None]  # (b, 1, r)
        self.outside_mean = n * offset.outside[:, None]  # (b, 1)
        self.share = counts / n  # mean t, (b, c)
        self.energy = z**2  # (b, c, r)
        # (b, c)
        self.outside = np.maximum(counts * (1 - self.share) - self.energy.sum(axis=-1), 0)
        above = np.where(offset.s > 0, offset.s, 1.0)
        self.fit = (offset.mean / np.sqrt(above))[:, None] * z  # (b, c, r)
        self.lever = (n * offset.mean**2 / above)[:, :, None]  # (b, r, 1)
        self.floor = FLOOR * np.maximum(counts, 1)
        self.scales = offset.scales

    def at(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the evidence of each class at its own u (b, c), with two derivatives."""
        n = self.n
        p = 1 / (1 + self.s * np.exp(-u)[..., None])  # (b, c, r)
        flow = p * (1 - p)
        bend = flow * (1 - 2 * p)
        beyond = self.outside_mean * np.exp(-u)  # (b, c)
        k = 1 + _dot(1 - p, self.lever) + beyond
        dk, ddk = -_dot(flow, self.lever) - beyond, -_dot(bend, self.lever) + beyond
        r = self.share - (self.fit * (1 - p)).sum(axis=-1)
        dr, ddr = (self.fit * flow).sum(axis=-1), (self.fit * bend).sum(axis=-1)
        v = r / k
        dv = (dr - v * dk) / k
        ddv = (ddr - 2 * dv * dk - v * ddk) / k
        E = self.outside + (self.energy * p).sum(axis=-1) + n * r * v
        free = self.floor < E
        E = np.where(free, E, self.floor)
        dE = np.where(free, (self.energy * flow).sum(axis=-1) + n * (dr * v + r * dv), 0) / E
        ddE = (
            np.where(
                free, (self.energy * bend).sum(axis=-1) + n * (ddr * v + 2 * dr * dv + r * ddv), 0
            )
            / E
        )
        value = np.log(p).sum(axis=-1) / 2 - np.log(k) / 2 - n / 2 * np.log(E)
        slope = (1 - p).sum(axis=-1) / 2 - dk / k / 2 - n / 2 * dE
        return (
            value,
            slope,
            -flow.sum(axis=-1) / 2 - (ddk / k - (dk / k) ** 2) / 2 - n / 2 * (ddE - dE**2),
        )

    def best_of_grid(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find the best u of a grid over every scale at which the evidence can change, and its
        neighbours there, (b, c) each: the one below, it, the one above.
        """
        u = _grid(self.scales) * TEN  # (g,)
        p = 1 / (1 + np.exp(-u)[:, None] * self.s)  # (b, g, r)
        k = 1 + _dot(1 - p, self.lever) + self.outside_mean * np.exp(-u)  # (b, g)
        r = self.share[..., None] - self.fit @ (1 - p).transpose(0, 2, 1)  # (b, c, g)
        E = self.outside[..., None] + self.energy @ p.transpose(0, 2, 1)
        E = np.maximum(E + self.n[..., None] * r**2 / k[:, None], self.floor[..., None])
        shared = np.log(p).sum(axis=-1) / 2 - np.log(k) / 2  # (b, g)
        best = (shared[:, None] - self.n[..., None] / 2 * np.log(E)).argmax(axis=-1)
        above = np.append(u[1:], u[-1])
        return np.append(u[0], u)[best], u[best], above[best]

    def climb(self, low: np.ndarray, u: np.ndarray, high: np.ndarray, enough: float) -> np.ndarray:
        """Newton steps on the slope from u between low and high, (b, c) each, halving the bracket
        wherever a step would leave it.
        """
        for _ in range(STEPS):
            _, slope, curvature = self.at(u)
            low, high = np.where(slope > 0, u, low), np.where(slope > 0, high, u)
            step = np.divide(slope, -curvature, out=np.full_like(u, np.inf), where=curvature < 0)
            if (np.abs(slope) * np.minimum(np.abs(step), high - low)).max() < enough:
                break
            u = np.where((u + step > low) & (u + step < high), u + step, (low + high) / 2)
        return u


def _grid(scales: np.ndarray) -> np.ndarray:
    """Return the powers of ten (g,) to try, ascending, around scales (m,)."""
    low, high = math.log10(scales.min()) - NEAR, math.log10(scales.max()) + NEAR
    tail = np.arange(2, DECADES - NEAR + 1, 2)
    near = np.linspace(low, high, math.ceil(GRID * (high - low)) + 1)
    return np.concatenate([low - tail[::-1], near, high + tail])


def _dot(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Products of rows (b, m, r) with the vector (b, r, 1) of their set, (b, m)."""
    return (rows @ vector)[..., 0]
