"""NLEEP: LEEP with groups found in the features in place of a source head's classes."""

from __future__ import annotations

import math
import warnings

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure
from srcsel.measures.kernels.empirical import expected_log, on_subsets, permuted
from srcsel.measures.kernels.principal import CONSTANT, centered_over_scale, principal
from srcsel.measures.kernels.sample import canonical, stratified
from srcsel.measures.kernels.shared import Shared, once

MOST = 2000  # pictures used
VARIANCE = 0.8  # share of the variance that the principal components keep
DIRECTIONS = 128  # but at most so many of them: each doubling costs four times as long
PICTURES_EACH = 10  # least pictures for each group
FITS = (2, 8)  # least and most fits that the value averages over
FITTED = 2000  # pictures in all of them together, between these bounds


def _null(
    X: np.ndarray,
    y: np.ndarray,
    _value: float,
    *,
    components: int = 5,
    seed: int = 0,
    shared: Shared | None = None,
) -> float:
    """Mean over fixed label permutations, in the groups of the first fit."""
    rows = _rows(X, y, shared)
    return permuted(_posterior(X, y, rows, components, seed, shared), y[rows])


def _rechecks(
    X: np.ndarray,
    y: np.ndarray,
    kept: np.ndarray,
    *,
    components: int = 5,
    seed: int = 0,
    shared: Shared | None = None,
) -> np.ndarray:
    """Score each subset of kept (b, n), in the groups that all pictures gave in the first fit."""
    rows = _rows(X, y, shared)
    return on_subsets(_posterior(X, y, rows, components, seed, shared), y[rows], kept[:, rows])


@measure(
    title="Translated groups (NLEEP)",
    higher_is_better=True,
    bounds=(-math.inf, 0.0),
    paper="https://arxiv.org/abs/2011.11200",
    wide_bias=False,
    version=2,  # rows in one order, whatever the order given
    null=_null,
    rechecks=_rechecks,
)
def nleep(
    X: np.ndarray,
    y: np.ndarray,
    *,
    components: int = 5,
    seed: int = 0,
    shared: Shared | None = None,
) -> float:
    """NLEEP: how well the groups that form by themselves in the features, translated, predict your
    labels.

    It does for any model what LEEP does for those with a source head. The features are reduced to
    the principal components that hold 80 % of their variance and a mixture of Gaussians with full
    covariances is fitted to them, without labels. With P_iz the probability that picture i belongs
    to group z, and p(y | z) = sum over pictures of class y of P_iz / sum over all pictures of P_iz,
    the score is the mean over pictures of log sum_z p(y_i | z) P_iz.

    Up to 0, higher is better. 0 = every label follows from the groups. With c equally large
    classes, groups that say nothing score a little above -log(c).

    components: groups for each class, 5 by default, but never more than one group for ten pictures.
    seed: of the fits. As each starts elsewhere, the value is the mean over 2,000 / n of them, at
    least 2 and at most 8, with seed, seed + 1 and so on.

    At most 128 components are kept. Above 2,000 pictures a stratified sample of about 2,000 is
    used. Fits and sample go by what the rows hold: their order changes nothing.

    Edges: features are first rescaled to a mean variance of 1; a group's variances are at least
    1e-6 of that. Features that are all the same form one group.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 10 label permutations, the same for every model; the groups do not depend on
    labels. Null and re-checks use the first fit.

    Li et al. 2021, https://arxiv.org/abs/2011.11200, section 4.1. Some public code leaves the
    logarithm out.
    """
    if components < 1:
        raise InputError(f"components must be at least 1, got {components}.")
    rows = _rows(X, y, shared)
    seeds = range(seed, seed + _fits(len(rows)))
    found = [
        expected_log(_posterior(X, y, rows, components, own, shared), y[rows]) for own in seeds
    ]
    return min(float(np.mean(found)), 0.0)


def _rows(X: np.ndarray, y: np.ndarray, shared: Shared | None) -> np.ndarray:
    """Pictures used, in an order that is not that of the rows: a fit starts from its first ones."""

    def chosen() -> np.ndarray:
        order = canonical(X, y)
        return order[stratified(y[order], MOST)]

    return once(shared, "nleep rows", chosen)


def _fits(n: int) -> int:
    """How many fits the value averages over: few pictures scatter more and cost less."""
    return min(max(FITS[0], FITTED // n), FITS[1])


def _posterior(
    X: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    components: int,
    seed: int,
    shared: Shared | None,
) -> np.ndarray:
    """Group probabilities of the pictures in `rows` (m,), (m, groups), of the fit that starts at
    `seed`.
    """
    groups = max(1, min(components * (int(y.max()) + 1), len(rows) // PICTURES_EACH))
    Z = once(shared, "nleep", lambda: _reduced(X[rows]))
    return once(shared, ("nleep", groups, seed), lambda: _fitted(Z, groups, seed))


def _fitted(Z: np.ndarray, groups: int, seed: int) -> np.ndarray:
    """Group probabilities of rows Z (m, k), (m, groups)."""
    from sklearn.mixture import GaussianMixture

    if groups == 1 or not Z.any():
        return np.ones((len(Z), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct pictures than groups; steps that ran out
        return GaussianMixture(groups, random_state=seed).fit(Z).predict_proba(Z)


def _reduced(X: np.ndarray) -> np.ndarray:
    """Principal components that hold 80 % of the variance, at most 128, with a mean variance of 1:
    (n, k).
    """
    Z, _ = principal(X, DIRECTIONS)
    total = float((centered_over_scale(X)[0] ** 2).sum())
    held = np.cumsum((Z**2).sum(axis=0))
    Z = Z[:, : 1 + int(np.searchsorted(held, VARIANCE * total, side="right"))]
    spread = math.sqrt(float(np.mean(Z**2)))
    return Z / spread if spread > CONSTANT else np.zeros_like(Z)
