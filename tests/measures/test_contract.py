"""Promises that every registered measure keeps; a new measure is covered by being registered."""

import inspect

import numpy as np
import pytest

from srcsel.errors import FeatureError, NotAvailable, UnknownNameError
from srcsel.measures import MEASURES, find, measure

CLOSE = 1e-7  # float32 sums in a third-party solver are allowed to differ by this much


def features(n=90, d=12, classes=3, signal=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    X = rng.standard_normal((n, d)) + signal * rng.standard_normal((classes, d))[y]
    return X.astype(np.float32).astype(np.float64), y


def call(name, X, y, seed=1):
    """Call a measure with source-head outputs that belong to the features, where it asks for them."""
    known = MEASURES[name]
    mix = np.random.default_rng(seed).standard_normal((X.shape[1], 7))
    logits = np.tanh(X - X.mean(axis=0)) @ mix
    given = {"logits": logits, "probabilities": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)}
    return known(X, y, **{k: v for k, v in given.items() if k in known.keywords})


@pytest.fixture(params=sorted(MEASURES))
def name(request):
    return request.param


def test_the_four_headline_measures_are_registered():
    assert {"silhouette", "supcon", "knn", "logme"} <= set(MEASURES)


def test_input_is_never_changed(name):
    X, y = features()
    before, labels = X.copy(), y.copy()
    call(name, X, y)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(y, labels)


def test_same_value_twice(name):
    X, y = features()
    assert call(name, X, y) == call(name, X, y)


def test_renaming_labels_changes_nothing(name):
    X, y = features()
    value = call(name, X, y)
    assert call(name, X, y * 7 - 3) == pytest.approx(value, rel=1e-12)
    assert call(name, X, np.array(["ant", "bee", "cat"])[y]) == pytest.approx(value, rel=1e-12)


def test_order_of_pictures_changes_nothing(name):
    if MEASURES[name].stochastic:
        pytest.skip("depends on a seed that is drawn in picture order")
    X, y = features()
    order = np.random.default_rng(3).permutation(len(y))
    assert call(name, X[order], y[order]) == pytest.approx(call(name, X, y), rel=CLOSE, abs=CLOSE)


def test_float32_equals_float64(name):
    X, y = features()
    assert call(name, X.astype(np.float32), y) == pytest.approx(call(name, X, y), rel=1e-6, abs=1e-6)


def test_higher_is_better_says_the_right_direction(name):
    good, poor = call(name, *features(signal=2.0)), call(name, *features(signal=0.0))
    assert MEASURES[name].sign * (good - poor) > 0


def hostile():
    X, y = features()
    zero, constant, offset, twins = X.copy(), np.full_like(X, 0.1), X + 1e6, X.copy()
    zero[4] = 0
    twins[1::2] = twins[::2]
    alone = y.copy()
    alone[0] = 3
    wide, labels = features(n=20, d=60, classes=4)
    lopsided = np.where(np.arange(90) < 86, 0, 1)
    return {
        "a class of one": (X, alone),
        "a zero row": (zero, y),
        "all zero": (np.zeros_like(X), y),
        "constant features": (constant, y),
        "duplicates": (twins, y),
        "fewer pictures than dimensions": (wide, labels),
        "a huge offset": (offset, y),
        "huge values": (X * 1e150, y),
        "tiny values": (X * 1e-150, y),
        "one dimension": (X[:, :1], y),
        "two pictures a class": (X[:6], y[:6]),
        "one class nearly everything": (X, lopsided),
    }


@pytest.mark.parametrize("case", sorted(hostile()))
def test_hostile_input_gives_a_value_in_bounds_or_a_reason(name, case):
    try:
        value = call(name, *hostile()[case])
    except NotAvailable as reason:
        pytest.skip(f"not available, as it may be: {reason}")
    low, high = MEASURES[name].bounds
    assert np.isfinite(value)
    assert low <= value <= high


@pytest.mark.parametrize("shape", [(90, 12), (40, 80)])
def test_values_stay_in_bounds(name, shape):
    low, high = MEASURES[name].bounds
    for signal in (0.0, 0.5, 5.0):
        assert low <= call(name, *features(*shape, signal=signal)) <= high


def test_one_class_is_refused(name):
    X, _ = features()
    with pytest.raises(FeatureError, match="two classes"):
        call(name, X, np.zeros(len(X)))


def test_no_class_with_a_pair_is_refused(name):
    X, _ = features(n=6)
    with pytest.raises(FeatureError, match="single picture"):
        call(name, X, np.arange(6))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(name, bad):
    X, y = features()
    X[3, 2] = bad
    with pytest.raises(FeatureError, match="1 of 90 rows"):
        MEASURES[name](X, y)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.zeros(4), np.arange(4)),
        (np.zeros((4, 2)), np.zeros((4, 1))),
        (np.zeros((4, 2)), np.array([0, 0, 1])),
        (np.zeros((4, 0)), np.array([0, 0, 1, 1])),
        (np.array([["a", "b"]] * 4), np.array([0, 0, 1, 1])),
        (np.eye(4) * 1j, np.array([0, 0, 1, 1])),
        (np.eye(4), np.array([0, 0, np.nan, 1])),
        (np.eye(4), np.array([0, "b", None, 1], dtype=object)),
    ],
)
def test_wrong_shapes_and_types_are_refused(name, X, y):
    with pytest.raises(FeatureError):
        MEASURES[name](X, y)


def test_docstring_and_source(name):
    known = MEASURES[name]
    assert known.paper.startswith("https://")
    assert "https://" in known.help
    words = " ".join(known.help.split())
    assert ("igher is better" in words) == known.higher_is_better
    assert ("LOWER is better" in words) != known.higher_is_better
    assert known.bounds[0] < known.bounds[1]
    assert inspect.getmodule(known.function).__name__ == f"srcsel.measures.{name}"


def test_wide_bias_is_as_declared(name):
    """On pure noise, does more width move the value by half as much as a plain signal does?"""
    declared = MEASURES[name].wide_bias
    if declared is None:
        pytest.skip("not declared")
    narrow, wide, signal = (
        np.mean([call(name, *features(120, d, 4, strength, seed)) for seed in range(6)])
        for d, strength in ((8, 0.0), (256, 0.0), (8, 1.0))
    )
    assert (abs(wide - narrow) > abs(signal - narrow) / 2) == declared


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(UnknownNameError, match="supcon"):
        find("supcom")
    with pytest.raises(UnknownNameError, match="silhouette"):
        MEASURES["silhuette"]


def test_a_second_measure_of_one_name_is_refused():
    with pytest.raises(ValueError, match="knn"):

        @measure(title="x", higher_is_better=True, bounds=(0, 1), paper="https://example.org")
        def knn(X, y):
            """Nothing."""


def test_a_measure_that_needs_a_head_says_so():
    from srcsel.measures import Measure

    needs = Measure("x", "X score", True, (0, 1), "logits", "https://example.org", lambda X, y, *, logits: 0.0)
    with pytest.raises(NotAvailable, match="source head"):
        needs(*features())
    with pytest.raises(FeatureError, match="90 rows of logits"):
        needs(*features(), logits=np.zeros((3, 2)))
    undefined = Measure("x", "X score", True, (0, 1), "features", "https://example.org", lambda X, y: float("nan"))
    with pytest.raises(NotAvailable, match="no finite value"):
        undefined(*features())
