"""SCL against the paper's equation written as loops, its closed-form null, and direction."""

import math

import numpy as np
import pytest

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures.kernels import all_pairs
from srcsel.measures.kernels.prepare import unit_rows
from srcsel.measures.supcon import anchor_losses

supcon = MEASURES["supcon"]


def naive_anchors(X, y, temperature=0.1):
    """L_out of Khosla et al. 2020, equation 2, one view, the whole set as one batch."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    Z = np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)
    losses = []
    for i in range(len(y)):
        others = [a for a in range(len(y)) if a != i]
        partners = [p for p in others if y[p] == y[i]]
        if not partners:
            losses.append(math.nan)
            continue
        total = math.fsum(math.exp(Z[i] @ Z[a] / temperature) for a in others)
        losses.append(
            -sum(Z[i] @ Z[p] / temperature - math.log(total) for p in partners) / len(partners)
        )
    return np.array(losses)


def naive(X, y, temperature=0.1):
    return np.nanmean(naive_anchors(X, y, temperature))


def blobs(n=70, d=9, c=4, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("temperature", [0.01, 0.07, 0.1, 0.5, 10.0])
@pytest.mark.parametrize(("n", "d"), [(70, 9), (20, 90)])
def test_equals_the_loops(temperature, n, d):
    X, y = blobs(n, d)
    assert supcon(X, y, temperature=temperature) == pytest.approx(
        naive(X, y, temperature), rel=1e-12
    )


def test_default_is_the_literal_reading():
    X, y = blobs()
    assert supcon(X, y) == pytest.approx(naive(X, y, 0.1), rel=1e-12)


def test_many_blocks_equal_one(monkeypatch):
    X, y = blobs()
    whole = supcon(X, y)
    monkeypatch.setattr(all_pairs, "EDGE", 24)
    monkeypatch.setattr(all_pairs, "FINE", 7)
    assert supcon(X, y) == pytest.approx(whole, rel=1e-14)


def test_pictures_alone_zero_rows_and_duplicates():
    X, y = blobs()
    y[5], X[8], X[9], X[20:30] = 9, 0, 0, X[30:40]
    assert supcon(X, y) == pytest.approx(naive(X, y), rel=1e-12)
    np.testing.assert_allclose(anchor_losses(unit_rows(X), y, 0.1), naive_anchors(X, y), rtol=1e-11)


@pytest.mark.parametrize("X", [np.ones((40, 3)), np.zeros((40, 3)), 1e6 * np.ones((40, 3))])
def test_constant_features_score_log_of_the_others(X):
    y = np.arange(40) % 4
    assert supcon(X, y) == pytest.approx(math.log(39), rel=1e-14)
    assert supcon.blind(40) == math.log(39)
    assert supcon(X, y, preparation="whitened") == pytest.approx(math.log(39), rel=1e-14)


def test_hand_worked():
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert supcon(X, [0, 0, 1, 1], temperature=1.0) == pytest.approx(
        math.log(math.e + 2) - 1, rel=1e-14
    )


def test_coldest_temperature_is_still_exact():
    X = np.array([[1.0, 0.0], [-1.0, 0.01], [1.0, 0.02], [-1.0, 0.0]])
    shifted = unit_rows(X) @ unit_rows(X).T / 0.003
    expected = []
    for i, p in ((0, 1), (1, 0), (2, 3), (3, 2)):
        s = np.delete(shifted[i], i)
        expected.append(s.max() + math.log(np.exp(s - s.max()).sum()) - shifted[i, p])
    assert supcon(X, [0, 0, 1, 1], temperature=0.003) == pytest.approx(np.mean(expected), rel=1e-12)
    for refused in (0.0, -1.0, 0.001, math.nan, math.inf):
        with pytest.raises(InputError, match="temperature"):
            supcon(X, [0, 0, 1, 1], temperature=refused)


@pytest.mark.parametrize("alone", [False, True])
def test_null_is_the_mean_over_many_permutations(alone):
    X, y = blobs(40)
    if alone:
        y[[3, 4]] = 8, 9
    rng = np.random.default_rng(0)
    values = [supcon(X, rng.permutation(y)) for _ in range(3000)]
    error = np.std(values) / math.sqrt(len(values))
    assert abs(supcon.null(X, y, supcon(X, y)) - np.mean(values)) < 4 * error
    expected = np.mean(  # mean_i [ lse_i - mean_(a != i) s_ia / temperature ]
        [naive_anchors(X, np.zeros(40, dtype=int))[i] for i in range(40)]
    )
    assert supcon.null(X, y, supcon(X, y)) == pytest.approx(expected, rel=1e-12)


def test_rechecks_equal_scoring_each_subset(monkeypatch):
    monkeypatch.setattr(all_pairs, "STRIP_BYTES", 20_000)
    X, y = blobs()
    y[0] = 9
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    expected = [naive(X[k], y[k], 0.5) for k in kept]
    np.testing.assert_allclose(supcon.rechecks(X, y, kept, temperature=0.5), expected, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 0.1, 0.01])
def test_rechecks_of_whitened_features_whiten_each_subset(temperature):
    X, y = blobs()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    options = {"temperature": temperature, "preparation": "whitened"}
    expected = [supcon(X[k], y[k], **options) for k in kept]
    np.testing.assert_allclose(
        supcon.rechecks(X, y, kept, **options), expected, atol=1e-6 / temperature
    )


def test_direction():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    noise, centers = rng.standard_normal((60, 8)), rng.standard_normal((3, 8))[y]
    values = [supcon(noise + s * centers, y) for s in (0, 1, 3)]
    assert values == sorted(values, reverse=True)
    assert not supcon.higher_is_better
