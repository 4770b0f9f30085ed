"""Promises that every registered measure keeps; a new measure is covered by being registered."""

import inspect

import numpy as np
import pytest

from srcsel.base.errors import FeatureError, NotAvailable, UnknownNameError
from srcsel.base.records import Score
from srcsel.measures import MEASURES, find, measure, permutations
from srcsel.measures._base import Combined
from srcsel.verdict.ranks import make_rankings

CLOSE = 1e-7  # float32 sums in a third-party solver are allowed to differ by this much
WIDTHS = (16, 64, 128, 256, 512)  # feature widths at which pure noise is scored
PLAIN = 64  # the width at which a plain signal is scored
DRAWS = 2  # of each
# measures that do not look at the labels: no gain is possible, and the null says so
BLIND = {"energy"}


def features(n=90, d=12, classes=3, signal=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    X = rng.standard_normal((n, d)) + signal * rng.standard_normal((classes, d))[y]
    return X.astype(np.float32).astype(np.float64), y


def head(X, seed=1):
    """Outputs of a source head that belong to the features; as spread for wide features as for
    narrow ones.
    """
    mix = np.random.default_rng(seed).standard_normal((X.shape[1], 7)) * np.sqrt(12 / X.shape[1])
    logits = np.tanh(X - X.mean(axis=0)) @ mix
    return {
        "logits": logits,
        "probabilities": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
    }


def call(name, X, y):
    """Call a measure with outputs of a source head, where it can use them."""
    known = MEASURES[name]
    return known(X, y, **{k: v for k, v in head(X).items() if k in known.keywords})


def bare(name, X, y):
    """Call a measure with nothing but what it needs: outputs of a head hide what it makes of the
    features.
    """
    known = MEASURES[name]
    return known(X, y, **{k: v for k, v in head(X).items() if k == known.needs})


def among_all(name, found):
    """Values of several candidates, as they are compared with each other."""
    combine = MEASURES[name].combine
    return np.array(combine([value.parts for value in found]) if combine else found)


def null(known, X, y, value, **given):
    """What it says of labels that say nothing; else, as in scoring, the mean over permutations."""
    if known.null:
        return known.null(X, y, value, **given)
    return np.mean([known(X, own, **given) for own in permutations(y)])


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


def test_permuting_classes_changes_nothing(name):
    # votes of neighbours that tie go to the smallest label: here none do
    X, y = features(signal=2.0)
    value = call(name, X, y)
    for order in ([1, 2, 0], [2, 1, 0]):
        assert call(name, X, np.array(order)[y]) == pytest.approx(value, rel=CLOSE, abs=CLOSE)


def test_order_of_pictures_changes_nothing(name):
    if "seed" in MEASURES[name].keywords:
        pytest.skip("depends on a seed that is drawn in picture order")
    X, y = features()
    order = np.random.default_rng(3).permutation(len(y))
    assert call(name, X[order], y[order]) == pytest.approx(call(name, X, y), rel=CLOSE, abs=CLOSE)


def test_float32_equals_float64(name):
    X, y = features()
    assert call(name, X.astype(np.float32), y) == pytest.approx(
        call(name, X, y), rel=1e-6, abs=1e-6
    )


def test_higher_is_better_says_the_right_direction(name):
    good, poor = call(name, *features(signal=2.0)), call(name, *features(signal=0.0))
    assert MEASURES[name].higher_is_better == (good > poor)
    assert MEASURES[name].sign * (good - poor) > 0


@pytest.mark.parametrize("models", [("good", "poor"), ("poor", "good")])
def test_a_ranking_puts_the_better_features_first(name, models):
    strength = {"good": 2.0, "poor": 0.0}
    found = among_all(name, [call(name, *features(signal=strength[model])) for model in models])
    scores = [
        Score(model, name, None, float(value)) for model, value in zip(models, found, strict=True)
    ]
    (ranking,) = make_rankings(scores)
    assert ranking.models == ("good", "poor")


def test_noise_scores_its_null_and_a_signal_gains_over_it(name):
    """On labels that carry no information, the value differs from the null by little of what a
    signal gains.
    """
    known = MEASURES[name]
    if name in BLIND:
        X, y = features()
        assert known.null(X, y, call(name, X, y)) == call(name, X, y)
        return
    gains = {}
    for signal in (0.0, 2.0):
        found = []
        for seed in range(3):
            X, y = features(240, 16, 3, signal, seed)
            given = {k: v for k, v in head(X).items() if k == known.needs}
            value = known(X, y, **given)
            found.append(known.sign * (value - null(known, X, y, value, **given)))
        gains[signal] = np.mean(found)
    assert gains[2.0] > 0
    assert abs(gains[0.0]) < 0.2 * gains[2.0]


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
    """Favours wide models: on pure noise, width alone moves it by more than half of what a plain
    signal does.

    A set-relative measure is read among all of these candidates, as it would be in a run.
    """
    noise = [bare(name, *features(300, d, 6, 0.0, seed)) for d in WIDTHS for seed in range(DRAWS)]
    plain = [bare(name, *features(300, PLAIN, 6, 1.0, seed)) for seed in range(DRAWS)]
    values = among_all(name, noise + plain).reshape(-1, DRAWS).mean(axis=1)
    by_width, signal = values[:-1], values[-1]
    drift, effect = np.ptp(by_width), abs(signal - by_width[WIDTHS.index(PLAIN)])
    assert MEASURES[name].wide_bias is bool(drift > effect / 2), (
        f"{name}: {drift:.3g} against {effect:.3g}"
    )


def test_those_that_favour_wide_models_are_these():
    found = {name for name, known in MEASURES.items() if known.wide_bias}
    assert found == {"energy", "hscore", "pactran", "sfda", "supcon", "transrate"}


def test_a_set_relative_measure_carries_its_parts(name):
    known = MEASURES[name]
    assert known.set_relative == (known.combine is not None)
    found = [call(name, *features(signal=signal)) for signal in (0.0, 0.7, 2.0)]
    if not known.set_relative:
        assert not any(isinstance(value, Combined) for value in found)
        return
    assert all(
        isinstance(value, Combined) and np.isfinite(list(value.parts.values())).all()
        for value in found
    )
    together = among_all(name, found)
    np.testing.assert_allclose(among_all(name, found[::-1]), together[::-1])
    assert np.isfinite(among_all(name, found[:1])).all()
    assert known.sign * (together[2] - together[0]) > 0


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("MSC", "silhouette"),
        ("scl", "supcon"),
        ("kNN", "knn"),
        ("LogME", "logme"),
        ("LEEP", "leep"),
        ("H-score", "hscore"),
        ("Linear-Probe", "linear_probe"),
        ("Class separation (MSC)", "silhouette"),
    ],
)
def test_measures_are_found_by_what_pages_call_them(name, found):
    assert find(name).name == found


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

    needs = Measure(
        "x", "X score", True, (0, 1), "logits", "https://example.org", lambda X, y, *, logits: 0.0
    )
    with pytest.raises(NotAvailable, match="source head"):
        needs(*features())
    with pytest.raises(FeatureError, match="90 rows of logits"):
        needs(*features(), logits=np.zeros((3, 2)))
    undefined = Measure(
        "x", "X score", True, (0, 1), "features", "https://example.org", lambda X, y: float("nan")
    )
    with pytest.raises(NotAvailable, match="no finite value"):
        undefined(*features())
