"""Euclidean distances where products in float32 lose them."""

import numpy as np
import pytest

from srcsel.measures import MEASURES


@pytest.mark.usefixtures("single")
def test_tight_groups_far_apart_keep_their_distances():
    """Distances inside a group are lost in float32 products: they are made again."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = 1e-5 * rng.standard_normal((300, 8)) + np.eye(3, 8)[y]
    from sklearn.metrics import silhouette_score

    found = MEASURES["silhouette"](X, y, metric="euclidean")
    assert 1 - found == pytest.approx(1 - silhouette_score(X, y, metric="euclidean"), rel=1e-3)
