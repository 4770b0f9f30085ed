"""PARC: whether pictures that the model finds alike carry the same label."""

from __future__ import annotations

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure
from srcsel.measures.kernels.prepare import centered, unit_rows
from srcsel.measures.kernels.principal import principal
from srcsel.measures.kernels.sample import stratified

MOST = 2000  # pictures compared with each other
TIE = 2.0**38  # similarities that agree to one part in this are ties
CONSTANT = 1e-12  # a row this much shorter than the longest is constant


def _null(_X: np.ndarray, _y: np.ndarray, _value: float, *, pca: int | None = None) -> float:  # noqa: ARG001
    """Return exactly 0: over all label permutations the ranks of pairs of one class average those
    of all pairs.
    """
    return 0.0


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, pca: int | None = None
) -> np.ndarray:
    """Score each subset of kept (b, n), with the ranks that its pairs have among all pairs."""
    rows = stratified(y, MOST)
    X, y, kept = X[rows], y[rows], kept[:, rows]
    R = np.zeros((len(y), len(y)))
    above = np.tri(len(y), k=-1, dtype=bool).T
    pairs_of = np.flatnonzero(above)  # places in the flat matrix
    order, ranks = _ranks(_similarities(X, pca)[above], np.arange(len(pairs_of)))
    R.flat[pairs_of[order]] = ranks
    R += R.T
    M = kept.T.astype(np.float64)  # (n, b)
    pairs, total, squares = _within(M), _summed(R, M), _summed(R**2, M)
    same, together = np.zeros(M.shape[1]), np.zeros(M.shape[1])
    for c in np.unique(y):
        own = y == c
        same += _within(M[own])
        together += _summed(R[np.ix_(own, own)], M[own])
    return _correlation(pairs, total, squares, same, together)


@measure(
    title="Alike means same label (PARC)",
    higher_is_better=True,
    bounds=(-100.0, 100.0),
    paper="https://arxiv.org/abs/2111.06977",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def parc(X: np.ndarray, y: np.ndarray, *, pca: int | None = None) -> float:
    """PARC: whether two pictures that the model finds alike tend to carry the same label.

    Every column of the features is standardised. For each pair of pictures, the dissimilarity is 1
    - the Pearson correlation of their feature rows; for the labels it is the same, of their one-hot
    rows, so it has one value for pairs of one class and another for all other pairs. The score is
    100 times the Spearman correlation between the two over all pairs, equal values sharing their
    mean rank.

    Range -100 to 100, higher is better; 0 = labels have nothing to do with likeness. Even perfectly
    separated classes stay below 100, because one-hot labels are full of ties.

    pca: None compares the features as they are; a number first keeps so many principal components,
    which changes the values a lot (public code keeps 32).

    Above 2,000 pictures a stratified sample of about 2,000 is compared, the same for every model.

    Edges: a row that is constant after standardising has correlation 0 with every other. Where all
    pairs are equally alike (constant features, a single dimension) the score is 0.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: exactly 0, the expectation over all label permutations. Re-checks use the ranks among all
    pairs; only their deviations are used.

    Bolya et al. 2021, https://arxiv.org/abs/2111.06977, section 3.2.
    """
    if pca is not None and pca < 1:
        raise InputError(f"pca must be at least 1, or None to keep all dimensions, got {pca}.")
    rows = stratified(y, MOST)
    X, y = X[rows], y[rows]
    above = np.tri(len(y), k=-1, dtype=bool).T
    same, ranks = _ranks(_similarities(X, pca)[above], (y[:, None] == y)[above].astype(np.int64))
    sums = np.array([float(len(ranks)), ranks.sum(), ranks @ ranks, same.sum(), ranks @ same])
    return float(_correlation(*sums[:, None])[0])


def _similarities(X: np.ndarray, pca: int | None) -> np.ndarray:
    """Pearson correlation of the rows of X (n, d), its columns standardised first: (n, n)."""
    Z = centered(X if pca is None else principal(X, pca)[0])
    spread = Z.std(axis=0)
    Z = np.divide(Z, spread, out=np.zeros_like(Z), where=spread > 0)
    Z -= Z.mean(axis=1, keepdims=True)
    Z = unit_rows(Z, floor=CONSTANT) if Z.any() else Z
    return Z @ Z.T


def _ranks(S: np.ndarray, tags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort dissimilarities 1 - S (m,): the tags in that order, and ranks 1..m over m, equal ones
    sharing theirs.

    Each tag, a whole number from 0 up, travels in the low bits of what is sorted, which is faster
    than an argsort.
    """
    bits = int(tags.max()).bit_length()
    keys = np.rint(S * -TIE).astype(np.int64) << bits
    keys |= tags
    keys.sort()
    tags = keys & ((1 << bits) - 1)
    keys >>= bits
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    ends = np.append(starts[1:], len(keys))
    return tags, np.repeat((starts + 1 + ends) / (2 * len(keys)), ends - starts)


def _correlation(
    pairs: np.ndarray,
    total: np.ndarray,
    squares: np.ndarray,
    same: np.ndarray,
    together: np.ndarray,
) -> np.ndarray:
    """100 x Pearson correlation of ranks with "of different classes"; 0 where one of them does not
    vary.

    From the number of pairs, the sum of their ranks and of the squares, and the number and rank sum
    of pairs of one class.
    """
    spread = (squares - total**2 / pairs) * same * (1 - same / pairs)
    covariance = total * same / pairs - together
    defined = spread > CONSTANT * squares * pairs
    root = np.sqrt(spread, out=np.ones_like(spread), where=defined)
    return np.divide(100 * covariance, root, out=np.zeros_like(root), where=defined).clip(-100, 100)


def _within(M: np.ndarray) -> np.ndarray:
    """Count pairs inside each subset of M (n, b)."""
    size = M.sum(axis=0)
    return size * (size - 1) / 2


def _summed(R: np.ndarray, M: np.ndarray) -> np.ndarray:
    """Sum of R (n, n), symmetric with a zero diagonal, over the pairs inside each subset of M (n,
    b).
    """
    return np.einsum("ib,ib->b", M, R @ M) / 2
