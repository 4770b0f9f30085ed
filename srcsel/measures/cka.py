"""CKA to the labels: whether pictures are alike where they share a class, and only there."""

from __future__ import annotations

import numpy as np

from srcsel.base.errors import NotAvailable
from srcsel.measures._base import measure
from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.kernels.class_sums import subset_sums
from srcsel.measures.kernels.prepare import centered

FEWEST = 4  # pictures: the debiased estimator divides by n - 3
ROUNDING = 1e-12  # a similarity that varies by less than this share of its size does not vary


def _null(_X: np.ndarray, _y: np.ndarray, _value: float) -> float:
    """Exact expectation over all label permutations: 0, as debiased similarities have mean zero in
    every row.
    """
    return 0.0


def _rechecks(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Score each subset of kept (b, n): class sums, and one pass over the squared products of pairs
    in float32.
    """
    W = centered(X)
    members = kept.T.astype(np.float32)  # (n, b)
    single = W.astype(np.float32)
    squares = np.zeros(len(kept))
    for rows in blocks(len(W), len(W)):
        K = single[rows] @ single.T  # (r, n)
        squares += ((K * K) @ members * members[rows]).sum(axis=0, dtype=np.float64)
    return np.nan_to_num(_similarity(W, y, kept, squares))


@measure(
    title="Similarity to the labels (CKA)",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    paper="https://arxiv.org/abs/1905.00414",
    wide_bias=False,
    null=_null,
    rechecks=_rechecks,
)
def cka(X: np.ndarray, y: np.ndarray) -> float:
    """How well likeness of pictures agrees with sharing a class: a correlation over all pairs of
    pictures.

    Linear centred kernel alignment of the features with the labels, one column a class: <K, L> /
    (|K| |L|), where K holds the inner products of features, L is 1 where two pictures share a
    class, and both have their means removed. From -1 to 1, higher is better; 0 = unrelated. Blind
    to the scale and to rotations of the features.

    Debiased: the pairs of a picture with itself are left out and the means removed to match (the
    unbiased HSIC estimate), so that noise scores 0 at any width. The plain estimate grows with the
    width.

    Edges: not available for fewer than four pictures, where all or all but one have the same
    features, and where one class holds all but one: then no pairs are told apart.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: exactly 0, the expectation over all label permutations.

    Kornblith et al. 2019, https://arxiv.org/abs/1905.00414, linear CKA; the estimate: Song et al.
    2012, https://jmlr.org/papers/v13/song12a.html, equation 5; computed from class sums, without
    the n x n matrices.
    """
    n = len(X)
    if n < FEWEST:
        raise NotAvailable(
            f"The debiased similarity to the labels needs at least {FEWEST} pictures, got {n}."
        )
    W = centered(X)
    value = float(_similarity(W, y, np.ones((1, n), dtype=bool), np.array([_squares(W)]))[0])
    if not np.isfinite(value):
        alone = np.sort(np.bincount(y))[-1] == n - 1
        reason = (
            "one class holds all pictures but one"
            if alone
            else "all, or all but one, have the same features"
        )
        raise NotAvailable(f"There is no similarity between pictures to correlate: {reason}.")
    return min(1.0, max(-1.0, value))


def _squares(W: np.ndarray) -> float:
    """Sum of the squared inner products of all pairs of rows of W (n, d), each row with itself
    too.
    """
    n, d = W.shape
    if d <= n:
        gram = W.T @ W
        return float((gram * gram).sum())
    return float(sum(((W[rows] @ W.T) ** 2).sum() for rows in blocks(n, n)))


def _similarity(W: np.ndarray, y: np.ndarray, kept: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """CKA of each subset of kept (b, n), (b,), given its sums of squared inner products; NaN where
    undefined.
    """
    q = np.einsum("ij,ij->i", W, W)  # (n,)
    lengths = np.stack([kept[:, y == c] @ q[y == c] for c in range(y.max() + 1)], axis=1)  # (b, c)
    found = np.empty(len(kept))
    for part, counts, sums in subset_sums(W, y, kept):
        total = sums.sum(axis=1)  # (b, d)
        mask, own = kept[part], lengths[part]
        rows = (W @ total.T).T - q  # (b, n) similarity of each picture to all others together
        m, others = counts.sum(axis=1), counts - 1  # (b,), (b, c)
        inside = (sums**2).sum(axis=2) - own  # (b, c) over the pairs of each class
        beside = (sums @ total[:, :, None])[:, :, 0] - own  # (b, c) between a class and everyone
        # (b,) the sums of K and of L
        everyone, pairs = beside.sum(axis=1), (counts * others).sum(axis=1)
        KL = _unbiased(inside.sum(axis=1), everyone * pairs, (others * beside).sum(axis=1), m)
        KK = _unbiased(squares[part] - mask @ q**2, everyone**2, (mask * rows**2).sum(axis=1), m)
        LL = _unbiased(pairs, pairs**2, (counts * others**2).sum(axis=1), m)
        defined = (ROUNDING * squares[part] < KK) & (ROUNDING * pairs < LL)
        found[part] = np.divide(
            KL, np.sqrt(np.abs(KK * LL)), out=np.full(len(m), np.nan), where=defined
        )
    return found


def _unbiased(
    products: np.ndarray, sums: np.ndarray, chains: np.ndarray, m: np.ndarray
) -> np.ndarray:
    """Song et al. 2012, equation 5, times m (m - 3), which cancels: tr KL + 1'K1 1'L1 / .. - 2 / (m
    - 2) 1'KL1.
    """
    return products + sums / ((m - 1) * (m - 2)) - 2 / (m - 2) * chains
