"""SFDA: how sure a linear classifier is of the right class after the pictures were made harder for
it.
"""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.principal import centered_over_scale
from srcsel.measures.kernels.sample import stratified

MOST = 5000  # pictures used
PERMUTATIONS = 2  # label permutations behind the null
LEAST_SHRINKAGE = 1e-10
STRENGTH = 5.0  # shrinkage is exp(-this x the largest eigenvalue of the spread within classes)
COLLAPSED = 1e-20  # least mean variance within classes, of features whose largest value is 1


def _null(X: np.ndarray, y: np.ndarray, _value: float) -> float:
    """Mean over fixed label permutations."""
    rows = stratified(y, MOST)
    W, scale = _reduced(X[rows])
    return float(
        np.mean([_score(W, own, scale, X.shape[1]) for own in permutations(y[rows], PERMUTATIONS)])
    )


@measure(
    title="Self-challenging classifier (SFDA)",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    paper="https://arxiv.org/abs/2207.03036",
    wide_bias=True,
    null=_null,
)
def sfda(X: np.ndarray, y: np.ndarray) -> float:
    """SFDA: how sure a simple classifier is of the right class once the pictures were made harder
    for it.

    A linear discriminant is fitted: with class means m_c, class shares p_c and the mean covariance
    within classes S, shrunk by r = max(exp(-5 lambda_max(S)), 1e-10) towards its mean variance,
    picture x gets softmax_c(x' S^-1 m_c - m_c' S^-1 m_c / 2 + log p_c). Then each picture is mixed
    with the mean of the other classes' means, x <- q x + (1 - q) mean, the more the less sure the
    classifier is; q is its probability of the right class after one more softmax. A second
    discriminant, with the same r, is fitted to the mixed pictures. The score is the mean
    probability that it gives to the right class.

    Range 0 to 1, higher is better. Guessing scores 1 / c for c equally large classes.

    It is measured on the very pictures it was fitted to: with about as many dimensions as pictures
    it nears 1 whatever the labels, so wide models look better on pure noise. Compare with the null.
    The shrinkage depends on the unit of the features, as in the paper. Above 5,000 pictures a
    stratified sample of 5,000 is used, the same for every model.

    Edges: where the pictures of each class coincide, the least variance within classes is 1e-20 of
    the largest squared value. Features are centred first, which changes nothing but rounding.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 2 label permutations, the same for every model. There are no re-checks: 200
    would take too long.

    Shao et al. 2022, https://arxiv.org/abs/2207.03036, equations 3 to 7.
    """
    rows = stratified(y, MOST)
    W, scale = _reduced(X[rows])
    return _score(W, y[rows], scale, X.shape[1])


def _reduced(X: np.ndarray) -> tuple[np.ndarray, float]:
    """X centred over its scale, and the scale; rotated into n dimensions where it has more, which
    changes nothing.
    """
    W, scale = centered_over_scale(X)
    if W.shape[1] > len(W):
        squares, vectors = np.linalg.eigh(W @ W.T)
        W = vectors * np.sqrt(np.maximum(squares, 0))
    return W, scale


def _score(W: np.ndarray, y: np.ndarray, scale: float, width: int) -> float:
    """Score centred rows W (n, d) in units of `scale`, of features of `width` dimensions."""
    from scipy.special import softmax

    everyone = np.arange(len(y))
    means = _means(W, y)
    within = _within(W, y, means)
    shrinkage = _shrinkage(within, scale)
    sure = softmax(_posterior(W, y, means, within, shrinkage, width), axis=1)[everyone, y]  # (n,)
    others = (means.sum(axis=0) - means) / (len(means) - 1)  # (c, d)
    mixed = others[y]
    mixed += sure[:, None] * (W - mixed)
    means = _means(mixed, y)
    again = _posterior(mixed, y, means, _within(mixed, y, means), shrinkage, width)
    return float(again[everyone, y].mean())


def _means(W: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean row of each class, (c, d)."""
    return np.stack([W[y == c].mean(axis=0) for c in range(y.max() + 1)])


def _within(W: np.ndarray, y: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Mean covariance within classes, weighted by their shares, (d, d)."""
    R = W - means[y]
    return R.T @ R / len(R)


def _shrinkage(within: np.ndarray, scale: float) -> float:
    """max(exp(-5 lambda_max), 1e-10) in the unit of the features."""
    from scipy.linalg import eigvalsh

    enough = -math.log(LEAST_SHRINKAGE) / STRENGTH
    if (
        float(within.diagonal().max()) * scale * scale > enough
    ):  # lambda_max is at least the largest diagonal entry
        return LEAST_SHRINKAGE
    last = len(within) - 1
    largest = float(eigvalsh(within, subset_by_index=(last, last))[0])
    return max(math.exp(-STRENGTH * max(largest, 0.0) * scale * scale), LEAST_SHRINKAGE)


def _posterior(
    W: np.ndarray,
    y: np.ndarray,
    means: np.ndarray,
    within: np.ndarray,
    shrinkage: float,
    width: int,
) -> np.ndarray:
    """Class probabilities of each row under the shrunk discriminant, (n, c)."""
    from scipy.linalg import cho_factor, cho_solve
    from scipy.special import softmax

    variance = max(float(within.trace()) / width, COLLAPSED)
    S = (1 - shrinkage) * within
    S.flat[:: len(S) + 1] += shrinkage * variance
    A = cho_solve(cho_factor(S, lower=True, overwrite_a=True), means.T)  # (d, c)
    logits = W @ A
    logits += np.log(np.bincount(y) / len(y)) - np.einsum("cd,dc->c", means, A) / 2
    return softmax(logits, axis=1)
