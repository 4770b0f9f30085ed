"""LogME: how probable the labels are under the best linear-Gaussian model on these features."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.believed import CHECKED, believed
from srcsel.measures.kernels.blocks import edges, over_cores
from srcsel.measures.kernels.class_sums import subset_sums
from srcsel.measures.kernels.evidence import Offset, greatest, maximum, summits
from srcsel.measures.kernels.near_evidence import Subsets, greatest_near
from srcsel.measures.kernels.shared import Shared, Spectrum

# leading principal directions that the re-checks keep: their deviations correlate with those of all
# directions by 0.98 to 0.999 on real features up to 256 wide, by 0.9 on drawn ones 2,048 wide
DIRECTIONS = 96
QUICK = 32  # directions up to which decomposing each subset takes no time
# pictures of a subset for each direction from which subsets are not decomposed, which takes two
# fifths of the time, as long as the first ones deviate as decomposed ones do
MANY = 3
# numbers (sets x classes x directions, or Gram matrices) that are maximised together, of re-checks
# or of labellings: they stay in the cache
TOGETHER = 1 << 17
PARTS = 4  # of the re-checks at least, for as many cores
# of the log evidence of a re-check, which differs by thousands of it from one to the next
ENOUGH = 1e-6
# error of the Gram matrix, in the score, from which the slower decomposition is used
ACCURATE = 1e-10


def _null(X: np.ndarray, y: np.ndarray, _value: float, *, shared: Shared | None = None) -> float:
    """Mean over fixed label permutations, which share one decomposition."""
    spectrum = (shared or Shared(X, y)).spectrum
    offset, counts = Offset.of(spectrum, len(y)), np.bincount(y)
    z = spectrum.project(permutations(y), len(counts))  # (p, c, r)
    groups = edges(len(z), max(1, TOGETHER // max(1, z[0].size)))
    return float(np.concatenate([maximum(offset, z[g], counts[None])[0] for g in groups]).mean())


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, shared: Shared | None = None
) -> np.ndarray:
    """Score each subset of kept (b, n), within the leading 96 principal directions of all pictures
    and their mean.

    Only deviations from their mean are used; the score itself is always exact over all directions.
    """
    Z, mean, outside = (shared or Shared(X, y)).leading(DIRECTIONS)
    gram, classes = Z.T @ Z, int(y.max()) + 1

    def subsets(group: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, np.ndarray]:
        """Describe some subsets (g, n) as `greatest` asks for them."""
        lost = np.stack([out.T @ out for out in (Z[~one] for one in group)])  # (g, k, k)
        ((_, counts, sums),) = subset_sums(Z, y, group)  # (g, c), (g, c, k)
        m = counts.sum(axis=1)
        center = sums.sum(axis=1) / m[:, None]  # (g, k)
        lost += m[:, None, None] * center[:, :, None] * center[:, None]
        sums -= counts[..., None] * center[:, None]
        return gram - lost, sums, mean + center, outside, counts

    def exactly(group: np.ndarray) -> np.ndarray:
        return greatest(*subsets(group), ENOUGH)[0]

    if Z.shape[1] <= QUICK or len(kept) <= CHECKED or _fewest(kept) < MANY * Z.shape[1]:
        return _each(exactly, kept, classes * Z.shape[1])
    grams, sums, means, _, counts = subsets(np.ones((1, len(y)), dtype=bool))
    summit = summits(grams[0], sums[0], means[0], outside, counts[0])

    def nearly(group: np.ndarray) -> np.ndarray:
        return greatest_near(Subsets(*subsets(group)), *summit)

    first, rest, wide = kept[:CHECKED], kept[CHECKED:], max(classes, Z.shape[1]) * Z.shape[1]
    near, exact = _each(nearly, first, wide), _each(exactly, first, classes * Z.shape[1])
    if believed(near, exact):
        return np.concatenate([near, _each(nearly, rest, wide)])
    return np.concatenate([exact, _each(exactly, rest, classes * Z.shape[1])])


def _each(score: Callable[[np.ndarray], np.ndarray], kept: np.ndarray, numbers: int) -> np.ndarray:
    """Score subsets of kept (b, n), several at once of so many numbers each, (b,)."""
    together = min(TOGETHER // max(1, numbers), -(-len(kept) // PARTS))
    groups = [kept[some] for some in edges(len(kept), max(1, together))]
    return np.concatenate([*over_cores(score, groups)] or [np.empty(0)])


def _fewest(kept: np.ndarray) -> int:
    """Pictures of the smallest subset of kept (b, n)."""
    return int(kept.sum(axis=1).min())


@measure(
    title="Linear evidence (LogME)",
    higher_is_better=True,
    bounds=(-math.inf, math.inf),
    version=3,
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

    Null: mean over 20 label permutations, the same for every model. Re-checks maximise the evidence
    of each subset anew within the leading 96 principal directions of all pictures. Where each keeps
    three pictures or more for each direction, only 16 are decomposed, and the others too where
    what is nearly their evidence differs from it. Only their deviations are used.

    You et al. 2021, https://arxiv.org/abs/2102.11005; evidence as in Bishop 2006, equation 3.86.
    """
    known = shared or Shared(X, y)
    score, ratios = _of(known.spectrum, y)
    doubt = (known.spectrum.error / (ratios[:, None] + known.spectrum.squares)).sum(axis=1) / len(y)
    return score if not doubt.size or doubt.max() < ACCURATE else _of(known.exact_spectrum, y)[0]


def _of(spectrum: Spectrum, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Score y (n,), and each class's ratio a / b, (c,)."""
    counts = np.bincount(y)
    z = spectrum.project(y[None], len(counts))
    values, ratios = maximum(Offset.of(spectrum, len(y)), z, counts[None])
    return float(values[0]), ratios[0]
