"""Signs measured in one model's features, from which `verdict.explain` says why two bars disagree.

Their thresholds lie there, set on simulated features (narrow cone, islands, lengths, strays).
"""

from __future__ import annotations

import math

import numpy as np

from srcsel.base.records import Diagnosis, Signs
from srcsel.measures import MEASURES
from srcsel.measures.kernels.coefficients import Metric
from srcsel.measures.kernels.prepare import prepare, unit_rows
from srcsel.measures.supcon import anchor_losses

WORST = 0.1  # share of pictures left out for that


LITERAL_TEMPERATURE = 0.1  # of SCL in the literal reading


def diagnose(
    model: str,
    X: np.ndarray,
    whitened: np.ndarray,
    y: np.ndarray,
    temperature: float = 0.5,
    metric: Metric = "cosine",
) -> Diagnosis:
    """Measure the signs of features X (n, d) and of their whitened form (n, k); labels y (n,) in
    0..c-1.

    `temperature` is that of SCL in the whitened reading; the literal reading has 0.1.
    """
    return Diagnosis(
        model, _signs(whitened, y, temperature), _signs(X, y, LITERAL_TEMPERATURE), metric
    )


def _signs(X: np.ndarray, y: np.ndarray, temperature: float) -> Signs:
    Z = unit_rows(X)
    n, total = len(Z), Z.sum(axis=0)
    losses = anchor_losses(Z, y, temperature)
    keep = _without_worst(losses, y)
    return Signs(
        mean_cosine=float((total @ total - (Z * Z).sum()) / (n * (n - 1))),
        gain=_gain(losses),
        centred_gain=_gain(anchor_losses(prepare(X, "centred"), y, temperature)),
        trimmed_gain=_gain(anchor_losses(Z[keep], y[keep], temperature)),
        nearest=MEASURES["knn"].function(X, y, k=1),
        distances=MEASURES["silhouette"].function(X, y, metric="euclidean"),
        directions=MEASURES["silhouette"].function(Z, y, metric="euclidean"),
    )


def _gain(losses: np.ndarray) -> float:
    """Distance of the mean loss from chance; 0 where no picture has a partner."""
    anchors = losses[~np.isnan(losses)]
    return math.log(len(losses) - 1) - float(anchors.mean()) if len(anchors) else 0.0


def _without_worst(losses: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mask (n,) without the tenth of the anchors with the highest loss; all, where no pair would
    remain.
    """
    order = np.argsort(np.nan_to_num(losses, nan=-np.inf), kind="stable")
    keep = np.zeros(len(y), dtype=bool)
    keep[order[: len(y) - int(WORST * len(y))]] = True
    return keep if np.bincount(y[keep]).max() > 1 else np.ones(len(y), dtype=bool)
