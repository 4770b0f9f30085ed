"""PACTran: how well and how flatly a linear classifier fits, as a bound on its error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.principal import centered_over_scale
from srcsel.measures.kernels.sample import stratified
from srcsel.measures.kernels.shared import Shared, once

MOST = 2000  # pictures used
PERMUTATIONS = 2  # label permutations behind the null
PRIOR = 100.0  # variance of the prior, in units of lam / d
STEPS = 2000  # most steps of the fit; a few hundred do
SLOPE = 1e-7  # largest slope of a fit that has converged, in preconditioned coordinates
ROUGH = 1e-5  # the same, of a fit behind the null
MEMORY = 30  # steps that the fit remembers
ENOUGH = 1e-14  # relative gain of a step below which the fit has converged
STRONGEST = 1e200  # largest ridge that is still computed with


def _null(
    X: np.ndarray, y: np.ndarray, _value: float, *, lam: float = 10.0, shared: Shared | None = None
) -> float:
    """Mean over fixed label permutations, fitted a little less exactly than the value."""
    rows = stratified(y, MOST)
    fit = once(shared, ("pactran", lam), lambda: _Fit(X[rows], lam, int(y.max()) + 1))
    return float(np.mean([fit.bound(own, ROUGH) for own in permutations(y[rows], PERMUTATIONS)]))


@measure(
    title="Bound on the error (PACTran)",
    higher_is_better=False,
    bounds=(0.0, math.inf),
    paper="https://arxiv.org/abs/2203.05126",
    wide_bias=True,
    null=_null,
)
def pactran(
    X: np.ndarray, y: np.ndarray, *, lam: float = 10.0, shared: Shared | None = None
) -> float:
    """PACTran (Gaussian): how well a linear classifier fits, plus a price for fits that need exact
    weights.

    On centred features, softmax regression with weights W and a free intercept is fitted: the loss
    is the mean cross-entropy + |W|^2 / (2 lam n). A flat minimum generalises better than a sharp
    one; with h the sum of the diagonal of its Hessian, the score is loss + (k d / (2 lam n)) (s /
    d) log(h lam n / (k d)) for k classes, d dimensions, n pictures and s = 100 lam: a bound on the
    error from PAC-Bayes theory.

    From 0 up, LOWER is better.

    lam: 10 by default, above 0; the smaller, the smaller the weights stay.

    As in the authors' code, h counts the cross-entropy of each picture in full (their sum, not
    their mean), the ridge of each weight and the intercepts. The fit starts at 0 and runs until it
    has converged, so that the value depends on no seed. Above 2,000 pictures a stratified sample of
    about 2,000 is used, the same for every model.

    With about as many dimensions as pictures any labels can be fitted, so wide models look better
    on pure noise: compare with the null. The value depends on the unit of the features, as in the
    paper.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 2 label permutations, the same for every model. There are no re-checks: 200
    would take too long.

    Ding et al. 2022, https://arxiv.org/abs/2203.05126, equation 9 (the Gaussian bound).
    """
    if not 0 < lam < math.inf:
        raise InputError(f"lam must be above 0, got {lam}. Usual values: 0.1, 1, 10.")
    rows = stratified(y, MOST)
    return once(shared, ("pactran", lam), lambda: _Fit(X[rows], lam, int(y.max()) + 1)).bound(
        y[rows]
    )


class _Fit:
    """Softmax regressions of several labellings on the same features.

    The features are rotated to their principal directions, which leaves |W|^2 as it is, and each
    direction is scaled by the root of its curvature at 0: the fit then needs few steps, whatever
    the spectrum.
    """

    def __init__(self, X: np.ndarray, lam: float, classes: int) -> None:
        self.n, self.d = X.shape
        self.classes, self.lam = classes, lam
        W, self.scale = centered_over_scale(X)
        if self.d > self.n:
            squares, vectors = np.linalg.eigh(W @ W.T)
            B = vectors * np.sqrt(np.maximum(squares, 0))
        else:
            squares, vectors = np.linalg.eigh(W.T @ W)
            B = W @ vectors  # (n, r)
        # of weights for W
        self.ridge = min(1 / (lam * self.n) / self.scale / self.scale, STRONGEST)
        curvature = np.maximum(squares, 0) / self.n / classes + self.ridge
        self.stretch = np.append(
            1 / np.sqrt(np.maximum(curvature, np.finfo(float).tiny)), math.sqrt(classes)
        )
        # (n, r + 1), intercept last
        self.A = np.concatenate([B, np.ones((self.n, 1))], axis=1) * self.stretch
        self.penalty = np.append(self.ridge * self.stretch[:-1] ** 2, 0.0)[:, None]
        # squared length of each row, in units of scale^2
        self.lengths = np.einsum("ij,ij->i", B, B)

    def bound(self, y: np.ndarray, slope: float = SLOPE) -> float:
        """Score one labelling y (n,), fitted until no slope is above `slope`."""
        from scipy.optimize import minimize
        from scipy.special import log_softmax

        start = np.zeros((self.A.shape[1], self.classes))
        options: Any = {
            "maxiter": STEPS,
            "maxfun": 2 * STEPS,
            "gtol": slope,
            "ftol": ENOUGH,
            "maxcor": MEMORY,
        }
        found = minimize(
            self._loss, start.ravel(), (y,), method="L-BFGS-B", jac=True, options=options
        )
        P = np.exp(log_softmax(self.A @ found.x.reshape(start.shape), axis=1))
        uneven = (P * (1 - P)).sum(axis=1)  # (n,)
        log_data = _log(float(uneven @ self.lengths)) + 2 * math.log(self.scale)
        log_hessian = np.logaddexp(log_data, _log(float(uneven.sum())))
        cells = self.classes * self.d
        # + 1 is the ridge's share
        flatness = np.logaddexp(0.0, log_hessian + math.log(self.lam * self.n / cells))
        return float(found.fun) + PRIOR * self.classes / (2 * self.n) * float(flatness)

    def _loss(self, flat: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss at `flat` and its slope."""
        from scipy.special import log_softmax

        V = flat.reshape(-1, self.classes)  # (r + 1, k)
        logs = log_softmax(self.A @ V, axis=1)
        everyone = np.arange(self.n)
        ridge = self.penalty * V
        loss = -logs[everyone, y].mean() + (ridge * V).sum() / 2
        E = np.exp(logs)
        E[everyone, y] -= 1
        return float(loss), ((E.T @ self.A).T / self.n + ridge).ravel()


def _log(value: float) -> float:
    """Logarithm, minus infinity at 0."""
    return math.log(value) if value > 0 else -math.inf
