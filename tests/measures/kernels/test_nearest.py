"""The nearest others in float32 against those in float64."""

import numpy as np
import pytest

from srcsel.base.errors import FeatureError
from srcsel.measures.kernels import nearest
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.nearest import Nearest
from srcsel.measures.kernels.pairs import cosine_pairs
from srcsel.measures.knn import neighbors


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("spare", [8, 0])
def test_neighbours_in_float32_are_those_of_float64(spare, monkeypatch):
    """With copies, ties and a zero row; without spares the doubtful ones are settled against
    everyone.
    """
    monkeypatch.setattr("srcsel.measures.kernels.nearest.SPARE", spare)
    X = np.random.default_rng(0).standard_normal((400, 30))
    X[100:200] = X[:100]
    X[200:210] = X[0] * np.arange(1, 11)[:, None]
    X[300] = 0
    pairs = cosine_pairs(X, np.arange(400), exact=True)
    reader = Nearest(pairs, 9)
    read_all([reader])
    np.testing.assert_array_equal(neighbors(X, 9), reader.found())
    Z = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-300)
    keys = sorted((round(1 - Z[5] @ Z[j], 11), j) for j in range(400) if j != 5)
    assert [j for _, j in keys[:9]] == list(neighbors(X, 9)[5])


def test_more_pictures_than_there_are_numbers_for_are_refused(monkeypatch):
    monkeypatch.setattr(nearest, "_PICTURE", 14)
    X = np.random.default_rng(0).standard_normal((16, 3))
    Nearest(cosine_pairs(X[:15], np.arange(15)), 5)
    with pytest.raises(FeatureError, match="at most 15 pictures, and these are 16"):
        Nearest(cosine_pairs(X, np.arange(16)), 5)
