"""NCTI against its parts written with scikit-learn, cases worked by hand, and its combination over
candidates.
"""

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from srcsel.base.errors import NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

ncti = MEASURES["ncti"]


def naive(X, y):
    """The three parts, step by step."""
    pca = PCA(min(64, *X.shape))
    Z = pca.fit_transform(X)
    shrinkage = math.exp(-pca.explained_variance_[:32].sum())
    model = LinearDiscriminantAnalysis("svd")
    if shrinkage > 1e-10:
        model = LinearDiscriminantAnalysis("eigen", shrinkage=shrinkage)
    low = model.fit_transform(Z, y)
    P = model.predict_proba(Z)
    return {
        "seli": np.linalg.svd(low - low.mean(axis=0))[1].sum(),
        "ncc": np.mean([P[i, c] for i, c in enumerate(y)]),
        "vc": math.log(sum(np.linalg.svd(P[y == c])[1].sum() for c in range(y.max() + 1))),
    }


def blobs(n=90, d=6, c=3, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


# shrunk nearly whole, shrunk in part, not at all
@pytest.mark.parametrize("unit", [0.05, 0.6, 5.0])
@pytest.mark.parametrize("d", [2, 6, 80])
def test_parts_equal_the_steps(unit, d):
    X, y = blobs(d=d)
    assert ncti(unit * X, y).parts == pytest.approx(naive(unit * X, y), rel=1e-7)


def test_two_classes():
    X, y = blobs(c=2)
    assert ncti(X, y).parts == pytest.approx(naive(X, y), rel=1e-7)


def test_alone_the_parts_are_added_as_they_are():
    X, y = blobs()
    parts = naive(X, y)
    assert ncti(X, y) == pytest.approx(parts["seli"] + parts["ncc"] - parts["vc"], rel=1e-7)


def test_candidates_are_combined_by_hand():
    candidates = [
        {"seli": 10.0, "ncc": 0.2, "vc": 3.0},
        {"seli": 20.0, "ncc": 0.6, "vc": 1.0},
        {"seli": 15.0, "ncc": 0.3, "vc": 2.0},
    ]
    assert ncti.combine(candidates) == pytest.approx([-1.0, 2.0, 0.25])
    # it moves when a candidate leaves
    assert ncti.combine(candidates[1:]) == pytest.approx([2.0, -1.0])
    assert ncti.set_relative


def test_parts_in_which_all_agree_count_zero():
    one = {"seli": 10.0, "ncc": 0.2, "vc": 3.0}
    assert ncti.combine([one]) == [0.0]
    assert ncti.combine([one, {**one, "ncc": 0.4}]) == [0.0, 1.0]


def test_combined_values_put_separated_classes_first():
    values = ncti.combine([ncti(*blobs(300, 20, signal=s)).parts for s in (0.3, 1, 3)])
    assert values == sorted(values)
    assert values[0] < values[2]


def test_constant_features_are_not_available():
    with pytest.raises(NotAvailable, match="all pictures are the same"):
        ncti(np.full((9, 4), 0.1), np.arange(9) % 3)


def test_null_is_the_mean_over_the_fixed_permutations():
    X, y = blobs()
    alone = [p["seli"] + p["ncc"] - p["vc"] for p in (naive(X, own) for own in permutations(y, 3))]
    assert ncti.null(X, y, 0.0) == pytest.approx(np.mean(alone), rel=1e-7)


def test_many_pictures_are_sampled_by_class(monkeypatch):
    X, y = blobs(n=900)
    whole = ncti(X, y)
    monkeypatch.setattr("srcsel.measures.ncti.MOST", 300)
    assert ncti(X, y).parts["ncc"] == pytest.approx(whole.parts["ncc"], rel=0.1)
    assert ncti.null(X, y, 0.0) < ncti(X, y) < whole


def test_direction():
    values = [ncti(*blobs(300, signal=s)) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert ncti.higher_is_better
