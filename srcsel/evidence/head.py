"""The new head of a network: it starts as the linear probe of its features."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from srcsel.base.errors import ModelError
from srcsel.scoring.probe import STRENGTH

if TYPE_CHECKING:
    from torch import nn

ITERATIONS = 2000
FLOOR = 0.2  # share of the middle spread that a dimension is divided by at least
UNSEEN = 10.0  # by how much a class without training pictures starts below the others


def fitted(features: np.ndarray, labels: np.ndarray, looks: int = 1) -> Any:
    """Fit the probe of the quick check to features (n, d) with labels (n,); a pipeline of two.

    looks: how often each picture is among them; more looks at the same picture are no more reason
    to trust it. Raises ModelError where features are no numbers.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if not np.isfinite(features).all():
        raise ModelError("It answers with values that are no numbers, so nothing can be trained.")
    rule = LogisticRegression(C=STRENGTH / looks, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # close enough to start from
        return make_pipeline(StandardScaler(), rule).fit(features.astype(np.float64), labels)


def head_of(probe: Any, classes: int) -> nn.Sequential:
    """Turn a fitted probe into a module from features (b, d) to class scores (b, classes), float32.

    A class that the probe has not seen starts below the others.
    Standardisation stays apart, so that all weights are of one size; a dimension that hardly varies
    is divided by FLOOR of the middle spread at least, or it would learn at a huge rate.
    """
    import torch

    scaler, rule = probe[0], probe[-1]
    spread = np.maximum(scaler.scale_, FLOOR * np.median(scaler.scale_))
    weights, bias = rule.coef_ * (spread / scaler.scale_), rule.intercept_
    if len(bias) == 1:  # of two classes scikit-learn keeps the difference only
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    seen, known = np.zeros((classes, weights.shape[1])), np.full(classes, bias.min() - UNSEEN)
    seen[rule.classes_], known[rule.classes_] = weights, bias
    standard = torch.nn.BatchNorm1d(seen.shape[1], eps=0.0, affine=False)
    linear = torch.nn.Linear(seen.shape[1], classes)
    kept = {"running_mean": scaler.mean_, "running_var": np.square(spread)}
    standard.load_state_dict(_tensors(kept), strict=False)
    linear.load_state_dict(_tensors({"weight": seen, "bias": known}))
    return torch.nn.Sequential(standard, linear).eval()


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(values).float() for name, values in arrays.items()}
