"""How often a model is right, of features that are there."""

import numpy as np

from srcsel.runs.given import rank_features


def test_how_often_it_is_right_is_measured_where_a_measure_cannot_be():
    y = np.repeat([0, 1, 2], 10)
    X = np.random.default_rng(0).normal(size=(30, 4)) + 3 * np.eye(4)[y]
    result = rank_features({"a": X}, y, measures=["supcon", "leep"])  # LEEP needs a source head
    assert [f.measure for f in result.failures] == ["leep"]
    assert [a.model for a in result.accuracies] == ["a"]
