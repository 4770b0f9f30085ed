"""Energy: how strongly the source model answers to the pictures; the labels play no part."""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure


def _null(
    _X: np.ndarray,
    _y: np.ndarray,
    value: float,
    *,
    logits: np.ndarray | None = None,  # noqa: ARG001
) -> float:
    """Return the value itself: labels play no part."""
    return value


def _rechecks(
    X: np.ndarray, _y: np.ndarray, kept: np.ndarray, *, logits: np.ndarray | None = None
) -> np.ndarray:
    """Score each subset of kept (b, n)."""
    return kept.astype(np.float64) @ _energies(X, logits) / kept.sum(axis=1)


@measure(
    title="Strength of response (energy)",
    higher_is_better=True,
    bounds=(-math.inf, math.inf),
    paper="https://arxiv.org/abs/2308.02027",
    wide_bias=True,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def energy(X: np.ndarray, _y: np.ndarray, *, logits: np.ndarray | None = None) -> float:
    """Energy: how strongly the model answers to your pictures, as a sign that they resemble what it
    was trained on.

    The score is the mean over pictures of log sum_k exp(output_k), over the outputs of the source
    head before the softmax, or over the features where the model has no source head. It does not
    look at your labels at all.

    Unbounded, higher is better. It grows with the scale of the outputs and with the logarithm of
    their number, so it compares only models of the same kind; read it beside other measures, never
    alone.

    logits: (n, c_source) or None. Edges: all outputs 0 score the logarithm of their number.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: the value itself, because permuting labels changes nothing. Its gain over chance is always
    0.

    Gholami et al. 2023, https://arxiv.org/abs/2308.02027, equations 2 to 4 (the energy part of
    ETran; the paper's sign is turned so that higher is better), with all pictures instead of the
    lowest 0.5 %.
    """
    return float(_energies(X, logits).mean())


def _energies(X: np.ndarray, logits: np.ndarray | None) -> np.ndarray:
    """Log-sum-exp of each picture's outputs, (n,)."""
    from scipy.special import logsumexp

    outputs = X if logits is None else logits
    return np.asarray(logsumexp(outputs, axis=1))
