"""LogME: how probable the labels are under the best linear-Gaussian model on these features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.blocks import edges, over_cores
from srcsel.measures.kernels.class_sums import subset_sums
from srcsel.measures.kernels.shared import Shared, Spectrum

# leading principal directions that the re-checks keep: their deviations then agree to 0.998
DIRECTIONS = 96
# least unexplained share of a class: features that give it away have no finite maximum
FLOOR = 1e-10
# numbers (subsets x classes x directions) of the re-checks that are maximised together: they stay
# in the cache
TOGETHER = 1 << 17
PARTS = 4  # of the re-checks at least, for as many cores
GRID = 4  # first guesses of a / b in each factor of ten
# how far the guesses reach below the smallest and above the largest squared singular value
DECADES = 12
STEPS = 40  # most Newton steps from the best guess; five usually do
CONVERGED = 1e-9  # what a further step could still add to the log evidence
EPS = float(np.finfo(np.float64).eps)
# error of the Gram matrix, in the score, from which the slower decomposition is used
ACCURATE = 1e-10


def _null(X: np.ndarray, y: np.ndarray, _value: float, *, shared: Shared | None = None) -> float:
    """Mean over fixed label permutations, which share one decomposition."""
    spectrum = (shared or Shared(X, y)).spectrum
    offset, counts = _Offset.of(spectrum, len(y)), np.bincount(y)
    z = spectrum.project(permutations(y), len(counts))
    return float(np.mean([_maximum(offset, one[None], counts[None])[0] for one in z]))


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, shared: Shared | None = None
) -> np.ndarray:
    """Score each subset of kept (b, n), within the leading 96 principal directions of all pictures
    and their mean.

    Only deviations from their mean are used; the score itself is always exact over all directions.
    """
    Z, mean, outside = (shared or Shared(X, y)).leading(DIRECTIONS)
    gram, classes = Z.T @ Z, int(y.max()) + 1

    def part(some: slice) -> np.ndarray:
        group = kept[some]
        lost = np.stack([out.T @ out for out in (Z[~one] for one in group)])  # (g, k, k)
        ((_, counts, sums),) = subset_sums(Z, y, group)  # (g, c), (g, c, k)
        m = counts.sum(axis=1)
        center = sums.sum(axis=1) / m[:, None]  # (g, k)
        lost += m[:, None, None] * center[:, :, None] * center[:, None]
        squares, V = np.linalg.eigh(gram - lost)
        largest = np.max(squares, axis=1, initial=0.0, keepdims=True)
        keep = squares > EPS * squares.shape[1] * largest  # (g, k)
        squares = np.where(keep, squares, 0.0)
        sums -= counts[..., None] * center[:, None]
        whole = mean + center
        turned = np.where(keep, (whole[:, None] @ V)[:, 0], 0.0)
        rest = outside + np.maximum((whole**2).sum(axis=1) - (turned**2).sum(axis=1), 0.0)
        roots = np.sqrt(np.where(keep, squares, 1.0))[:, None]
        z = np.where(keep[:, None], (sums @ V) / roots, 0.0)
        return _maximum(_Offset(m, squares, turned, rest), z, counts)[0]

    together = min(TOGETHER // max(1, classes * Z.shape[1]), -(-len(kept) // PARTS))
    groups = edges(len(kept), max(1, together))
    return np.concatenate([*over_cores(part, groups)] or [np.empty(0)])


@measure(
    title="Linear evidence (LogME)",
    higher_is_better=True,
    bounds=(-math.inf, math.inf),
    paper="https://arxiv.org/abs/2102.11005",
    wide_bias=False,
    cheap=True,
    single=True,
    spectrum=True,
    null=_null,
    rechecks=_rechecks,
)
def logme(X: np.ndarray, y: np.ndarray, *, shared: Shared | None = None) -> float:
    """Log maximum evidence: mean over classes of log p(is it this class? | features) / n.

    For each class c, t = 1 for its pictures and 0 for the others is modelled as X w plus noise of
    precision b, with prior precision a on w; w is integrated out and a, b maximise the evidence.
    Higher is better; unbounded. The value is the exact maximum: b has a closed form, and the ratio
    a / b is found by a grid over all scales and Newton steps, so it neither depends on the scale of
    the features nor on the order of classes, and fewer pictures than dimensions are no special
    case. Features are not centred, as in the paper.

    Edges: where features give a class away exactly the evidence has no finite maximum; at least
    1e-10 of each class counts as unexplained. Constant features and zero rows are fine.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 20 label permutations, the same for every model. Re-checks decompose each subset
    anew within the leading 96 principal directions of all pictures; only their deviations are used.

    You et al. 2021, https://arxiv.org/abs/2102.11005; evidence as in Bishop 2006, equation 3.86.
    """
    known = shared or Shared(X, y)
    score, ratios = _of(known.spectrum, y)
    doubt = (known.spectrum.error / (ratios[:, None] + known.spectrum.squares)).sum(axis=1) / len(y)
    return score if not doubt.size or doubt.max() < ACCURATE else _of(known.exact_spectrum, y)[0]


@dataclass(frozen=True, eq=False)
class _Offset:
    """What all classes share, of b sets of pictures: the spectrum of their centred features, and
    where the mean feature that these lack lies.
    """

    n: np.ndarray  # (b,) pictures
    s: np.ndarray  # (b, r) squared singular values; 0 where a set has fewer
    mean: np.ndarray  # (b, r) the mean in the right singular directions; 0 there too
    outside: np.ndarray  # (b,) squared length of the rest of it

    @staticmethod
    def of(spectrum: Spectrum, n: int) -> _Offset:
        """One set of n pictures."""
        whole = spectrum.W.mean
        mean = spectrum.turned(whole)
        rest = max(float(whole @ whole - mean @ mean), 0.0)
        return _Offset(np.array([n]), spectrum.squares[None], mean[None], np.array([rest]))

    @property
    def scales(self) -> np.ndarray:
        """Squared singular values (m,) at which the evidence of a set can change, those that are
        not 0.
        """
        whole = self.n * ((self.mean**2).sum(axis=1) + self.outside)
        found = np.append(self.s.ravel(), whole)
        return found[found > 0]


def _of(spectrum: Spectrum, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Score y (n,), and each class's ratio a / b, (c,)."""
    counts = np.bincount(y)
    z = spectrum.project(y[None], len(counts))
    values, ratios = _maximum(_Offset.of(spectrum, len(y)), z, counts[None])
    return float(values[0]), ratios[0]


def _maximum(offset: _Offset, z: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of each set the mean over its classes of the greatest evidence / n, (b,), and each
    class's ratio a / b, (b, c).

    z (b, c, r): the classes' indicators in the left singular directions; counts (b, c) their
    pictures. A class without any is left out of the mean.
    """
    n, there = offset.n, counts > 0
    evidence = _Evidence(offset, z, counts)
    u = evidence.climb(evidence.best_of_grid()) if len(offset.scales) else np.zeros(counts.shape)
    constant = n / 2 * np.log(n / (2 * math.pi * math.e))
    value = np.where(there, evidence.at(u)[0], 0).sum(axis=1) / there.sum(axis=1)
    return (value + constant) / n, np.exp(u)


class _Evidence:
    """Log evidence of each class of b sets as a function of u = log(a / b), up to a constant.

    With l = a / b, X = W + 1 m' for the mean feature m, W = U sqrt(s) V', and p_k = l / (l + s_k),
    the unexplained part is E = F + n r^2 / k. There F = |t - mean t|^2 - |z|^2 + sum_k z_k^2 p_k
    for z = U't is what W leaves, r = mean t - sum_k (V'm)_k z_k (1 - p_k) / sqrt(s_k) what its fit
    leaves of the mean, and k = 1 + n m'(l + W'W)^-1 m (Sherman & Morrison 1950). The best b is n /
    E, and the evidence is 1/2 sum_k log p_k - 1/2 log k - n/2 log E. Without a mean this is the
    formula for X itself. A direction of s_k = 0 adds nothing.
    """

    def __init__(self, offset: _Offset, z: np.ndarray, counts: np.ndarray) -> None:
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

    def best_of_grid(self) -> np.ndarray:
        """Find the best u of a grid over every scale at which the evidence can change, (b, c)."""
        low, high = math.log10(self.scales.min()) - DECADES, math.log10(self.scales.max()) + DECADES
        u = np.linspace(low, high, round(GRID * (high - low))) * math.log(10)  # (g,)
        p = 1 / (1 + np.exp(-u)[:, None] * self.s)  # (b, g, r)
        k = 1 + _dot(1 - p, self.lever) + self.outside_mean * np.exp(-u)  # (b, g)
        r = self.share[..., None] - self.fit @ (1 - p).transpose(0, 2, 1)  # (b, c, g)
        E = self.outside[..., None] + self.energy @ p.transpose(0, 2, 1)
        E = np.maximum(E + self.n[..., None] * r**2 / k[:, None], self.floor[..., None])
        shared = np.log(p).sum(axis=-1) / 2 - np.log(k) / 2  # (b, g)
        return u[(shared[:, None] - self.n[..., None] / 2 * np.log(E)).argmax(axis=-1)]

    def climb(self, u: np.ndarray) -> np.ndarray:
        """Newton steps on the slope from u (b, c), halving the bracket wherever a step would leave
        it.
        """
        low, high = u - math.log(10) / GRID * 1.5, u + math.log(10) / GRID * 1.5
        for _ in range(STEPS):
            _, slope, curvature = self.at(u)
            low, high = np.where(slope > 0, u, low), np.where(slope > 0, high, u)
            step = np.divide(slope, -curvature, out=np.full_like(u, np.inf), where=curvature < 0)
            if (np.abs(slope) * np.minimum(np.abs(step), high - low)).max() < CONVERGED:
                break
            u = np.where((u + step > low) & (u + step < high), u + step, (low + high) / 2)
        return u


def _dot(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Products of rows (b, m, r) with the vector (b, r, 1) of their set, (b, m)."""
    return (rows @ vector)[..., 0]
