"""SCL, the supervised contrastive loss of the features: whether each picture sits with its own kind."""

from __future__ import annotations

import math

import numpy as np

from srcsel.errors import InputError
from srcsel.measures._base import measure
from srcsel.measures._pairwise import log_sum_exp
from srcsel.measures._prepare import Preparation, prepare, unit_rows

COLDEST = 0.003  # exp(-2 / temperature) must stay a float64
WARM = 0.05  # and exp(-2 / this) is still a float32


def _null(
    X: np.ndarray, y: np.ndarray, value: float, *, temperature: float = 0.1, preparation: Preparation = "raw"
) -> float:
    """Exact expectation over all label permutations: mean_i [ lse_i - mean_(a != i) s_ia / temperature ].

    `value` already holds the log-sum-exp of every anchor, so only pictures alone in their class need theirs.
    """
    Z = unit_rows(prepare(X, preparation))
    n = len(Z)
    alone = np.flatnonzero(np.bincount(y)[y] == 1)
    total = (value + _positives(Z, y, temperature)) * (n - len(alone))
    for i in alone:
        s = np.delete(Z @ Z[i], i) / temperature
        total += s.max() + math.log(np.exp(s - s.max()).sum())
    everyone = Z.sum(axis=0)
    pairs = (everyone @ everyone - (Z * Z).sum()) / (n * (n - 1))
    return float(total / n - pairs / temperature)


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, temperature: float = 0.1, preparation: Preparation = "raw"
) -> np.ndarray:
    """Score each subset of kept (b, n): raw features in one pass over all similarities; else prepared anew.

    Only deviations are used, so a subset's own pass is in float32 (to 1e-6) where its exponents cannot vanish.
    """
    if preparation != "raw":
        precision = np.float32 if temperature >= WARM else np.float64
        return np.array([_loss(prepare(X[k], preparation).astype(precision), y[k], temperature) for k in kept])
    Z = unit_rows(X)
    sizes = np.stack([np.bincount(y[k], minlength=y.max() + 1) for k in kept])  # (b, c)
    anchors = kept & (sizes[:, y] > 1)  # (b, n)
    lse = log_sum_exp(Z, temperature, kept)  # (n, b)
    mean = np.where(anchors.T, lse, 0).sum(axis=0) / anchors.sum(axis=1)
    return mean - np.array([_positives(Z[k], y[k], temperature) for k in kept])


@measure(
    title="Neighbour agreement (SCL)",
    higher_is_better=False,
    bounds=(0.0, math.inf),
    paper="https://arxiv.org/abs/2004.11362",
    wide_bias=True,
    cheap=True,
    chance=lambda n: math.log(n - 1),
    null=_null,
    rechecks=_rechecks,
)
def supcon(X: np.ndarray, y: np.ndarray, *, temperature: float = 0.1, preparation: Preparation = "raw") -> float:
    """Supervised contrastive loss: how surprised one is by each picture's partners among all other pictures.

    With unit features u and s_ij = u_i . u_j, each picture with a partner of its class is an anchor i and adds
    -mean over partners p of [ s_ip / temperature - log sum_(a != i) exp(s_ia / temperature) ]. The score is the
    mean over anchors, with all pictures as one batch. From 0 up, LOWER is better; log(n - 1) is what features
    that see no difference between pictures score. It grows with the number of pictures and falls with the
    temperature, so compare only within one set of pictures and one temperature.

    temperature: 0.1 by default, at least 0.003. preparation: "raw" is the paper's literal reading; "centred" and
    "whitened" remove what all pictures share first (see `_prepare.prepare`).

    Edges: a picture alone in its class is no anchor but stays among the others. A zero row has similarity 0 to
    every other. Constant features score exactly log(n - 1).

    Null: exact, the expectation over all label permutations. Gain = log(n - 1) - score, 0 = chance.

    Loss: Khosla et al. 2020, https://arxiv.org/abs/2004.11362 (L_out). As a selector of source models: Cho, Kim &
    Lee 2021, https://doi.org/10.1109/BigComp51126.2021.00070.
    """
    if not COLDEST <= temperature < math.inf:
        raise InputError(f"temperature must be at least {COLDEST}, got {temperature}. Usual values: 0.07, 0.1, 0.5.")
    return _loss(unit_rows(prepare(X, preparation)), y, temperature)


def anchor_losses(Z: np.ndarray, y: np.ndarray, temperature: float) -> np.ndarray:
    """Each picture's own part of the loss on unit rows Z (n, d), (n,); NaN where it has no partner."""
    others = (np.bincount(y)[y] - 1).astype(np.float64)
    classes = np.zeros((y.max() + 1, Z.shape[1]))
    np.add.at(classes, y, Z)
    together = np.einsum("ij,ij->i", Z, classes[y] - Z)
    means = np.divide(together, others, out=np.full(len(y), np.nan), where=others > 0)
    return log_sum_exp(Z, temperature) - means / temperature


def _loss(Z: np.ndarray, y: np.ndarray, temperature: float) -> float:
    """Mean over anchors, for unit or zero rows Z (n, d)."""
    anchors = np.bincount(y)[y] > 1
    return float(log_sum_exp(Z, temperature)[anchors].mean()) - _positives(Z, y, temperature)


def _positives(Z: np.ndarray, y: np.ndarray, temperature: float) -> float:
    """Mean over anchors of mean_p s_ip / temperature: a class of m gives (|sum z|^2 - sum |z|^2) / (m - 1)."""
    total, anchors = 0.0, 0
    for c in np.unique(y):
        members = Z[y == c]
        m = len(members)
        if m > 1:
            centre = members.sum(axis=0)
            total += (centre @ centre - (members * members).sum()) / (m - 1)
            anchors += m
    return float(total / anchors / temperature)
