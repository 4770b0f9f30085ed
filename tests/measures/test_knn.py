"""kNN against the definition written as loops, scikit-learn, and its exact null against
permutations.
"""

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures.kernels import all_pairs
from srcsel.measures.knn import neighbors

knn = MEASURES["knn"]


def naive(X, y, k=5):
    """Leave one out, cosine, equal votes to the smallest label, equal distances to the earlier
    picture.
    """
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    Z = np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)
    right = 0
    for i in range(len(y)):
        others = sorted((round(1 - Z[i] @ Z[j], 11), j) for j in range(len(y)) if j != i)
        votes = Counter(y[j] for _, j in others[:k])
        most = max(votes.values())
        right += min(c for c, v in votes.items() if v == most) == y[i]
    return right / len(y)


def blobs(n=90, d=6, c=4, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("k", [1, 2, 5, 20, 89, 500])
def test_equals_the_loops(k):
    X, y = blobs()
    assert knn(X, y, k=k) == pytest.approx(naive(X, y, k), abs=1e-15)


@pytest.mark.parametrize("k", [1, 5])
def test_equals_scikit_learn(k):
    X, y = blobs(150, 20)
    model = KNeighborsClassifier(k, metric="cosine", algorithm="brute")
    assert knn(X, y, k=k) == np.mean(cross_val_predict(model, X, y, cv=LeaveOneOut()) == y)


def test_copies_vote_and_ties_go_to_the_earlier_picture():
    X, y = blobs(30)
    X = np.repeat(X, 3, axis=0)
    y = np.random.default_rng(1).integers(0, 3, 90)
    assert knn(X, y) == naive(X, y)
    assert knn(X, y, k=1) == naive(X, y, 1)


def test_constant_features_and_zero_rows():
    X, y = blobs()
    X[[2, 3]] = 0
    assert knn(X, y) == naive(X, y)
    assert knn(np.ones((90, 4)), y) == naive(np.ones((90, 4)), y)


def test_a_huge_offset_keeps_the_neighbours():
    X, y = blobs(signal=2.0)
    centered = X - X.mean(axis=0)
    assert knn(centered + 1e5 * np.ones(6), y) > 0.6


def test_many_blocks_equal_one(monkeypatch):
    X, y = blobs()
    whole = knn(X, y)
    monkeypatch.setattr(all_pairs, "EDGE", 24)
    monkeypatch.setattr(all_pairs, "FINE", 7)
    assert knn(X, y) == whole


def test_pictures_alone_are_wrong():
    X = np.array([[1.0, 0.0], [1.0, 0.1], [0.9, 0.0], [0.0, 1.0]])
    assert knn(X, [0, 0, 0, 1], k=1) == 0.75


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("counts", [(10, 10, 10), (20, 5, 3, 2), (12, 1, 7), (2, 2)])
def test_null_is_the_mean_over_many_permutations(k, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((len(y), 5))
    near = neighbors(X, min(k, len(y) - 1))
    values = []
    for _ in range(3000):
        own = rng.permutation(y)
        votes = np.stack([(own[near] == c).sum(axis=1) for c in range(len(counts))], axis=1)
        values.append(np.mean(votes.argmax(axis=1) == own))
    error = np.std(values) / math.sqrt(len(values))
    assert abs(knn.null(X, y, 0.0, k=k) - np.mean(values)) <= 4 * error + 1e-12


def test_null_with_many_neighbours_and_classes_does_not_overflow():
    y = np.arange(3000) % 100
    assert 0.005 < knn.null(np.zeros((3000, 1)), y, 0.0, k=300) < 0.02


@pytest.mark.parametrize(("k", "spare"), [(5, 30), (5, -5), (1, 0)])
def test_rechecks_equal_scoring_each_subset(k, spare, monkeypatch):
    monkeypatch.setattr("srcsel.measures.knn.SPARE", spare)  # without spares the exact way is taken
    X, y = blobs()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    np.testing.assert_array_equal(
        knn.rechecks(X, y, kept, k=k), [naive(X[s], y[s], k) for s in kept]
    )


def test_direction():
    values = [knn(*blobs(200, 8, signal=s)) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert values[0] < values[2]
    assert knn.higher_is_better


def test_no_neighbours():
    with pytest.raises(InputError, match="1 or more"):
        knn(*blobs(), k=0)
