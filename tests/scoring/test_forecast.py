"""A curve continued: against curves whose form is known."""

import numpy as np
import pytest

import srcsel
from srcsel.base.records import FeatureKey, Features
from srcsel.scoring import forecast
from srcsel.scoring.curve import Learned, learn
from srcsel.scoring.forecast import POWERS, TIMES, curve, fit
from srcsel.scoring.probe import fold_of

EACH = np.array([3.0, 5, 7, 10, 14, 20, 28, 40])


@pytest.mark.parametrize(("a", "b", "c"), [(0.1, 0.8, POWERS[25]), (0.0, 0.5, POWERS[20])])
def test_the_form_is_found_again(a, b, c):
    (found,) = fit(EACH, (a + b * EACH**-c)[None])
    np.testing.assert_allclose(found, (a, b, c), atol=1e-9)


def test_a_floor_below_nothing_and_a_rise_are_not_fitted():
    """A straight fall is best met with no floor; an error that grows, with no fall at all."""
    a, b, _ = fit(EACH, np.array([0.5 - 0.01 * EACH, 0.1 + 0.001 * EACH])).T
    assert a[0] == 0
    assert b[0] > 0
    assert b[1] == 0
    # nothing falls: a is the mean, weighed by the pictures
    assert a[1] == pytest.approx(((0.1 + 0.001 * EACH) * EACH).sum() / EACH.sum())


def made(n=4000, a=0.1, b=0.8, c=0.5, seed=0):
    """Pictures right with the probability that the curve says, each by its own difficulty."""
    hard = np.random.default_rng(seed).permutation((np.arange(n) + 0.5) / n)
    right = np.stack([np.tile(hard > a + b * k**-c, (4, 1)) for k in EACH])
    return Learned("m", EACH, right)


def test_a_made_curve_is_continued_as_it_was_made():
    n = 4000
    fold = np.arange(n) % 5
    found = curve(made(n), np.zeros(n, int), fold, np.arange(n))
    assert [p.each for p in found.points] == EACH.tolist()
    for point in found.points:
        assert point.value == pytest.approx(0.9 - 0.8 * point.each**-0.5, abs=1e-3)
    assert [ahead.times for ahead in found.ahead] == list(TIMES)
    for ahead in found.ahead:
        gain = 0.8 * (40**-0.5 - ahead.each**-0.5)
        assert ahead.gain == pytest.approx(gain, abs=0.01)
        assert ahead.gain_low <= gain <= ahead.gain_high
        assert ahead.low < ahead.value < ahead.high
        assert ahead.value == pytest.approx(found.points[-1].value + ahead.gain)
    spans = [ahead.gain_high - ahead.gain_low for ahead in found.ahead]
    assert spans == sorted(spans)  # the farther, the less is known


def test_fewer_pictures_are_less_sure():
    spans = []
    for n in (200, 4000):
        found = curve(made(n), np.zeros(n, int), np.arange(n) % 5, np.arange(n))
        spans.append(found.ahead[1].gain_high - found.ahead[1].gain_low)
    assert spans[0] > 2 * spans[1]


def test_the_interval_joins_the_widened_draws_with_the_chance_of_the_pictures(monkeypatch):
    """Twice as many pictures are one doubling, four times two. Of 400 pictures the made curve gets
    right with 20 a class those easier than 0.9 - 0.8 / sqrt(20), with 40 those up to 0.9 - 0.8 /
    sqrt(40): 21 more.
    """
    n = 400
    asked = made(n), np.zeros(n, int), np.arange(n) % 5, np.arange(n)
    share = (asked[0].right[-1, 0] != asked[0].right[5, 0]).mean()
    assert share == 21 / 400
    halves = {}
    for wider in (1.0, 3.0):
        monkeypatch.setattr(forecast, "WIDER", wider)
        for ahead in curve(*asked).ahead:
            chance = 1.645 * np.sqrt(share * (1 - share) / (ahead.times * n))
            halves[wider, ahead.times] = np.sqrt((ahead.gain - ahead.gain_low) ** 2 - chance**2)
    assert halves[3.0, 2.0] == pytest.approx(3 * halves[1.0, 2.0])
    assert halves[3.0, 4.0] == pytest.approx(9 * halves[1.0, 4.0])


def test_nobody_gains_more_than_is_missing():
    right = np.ones((8, 4, 100), bool)
    right[:5, :, :10] = False
    learned = Learned("m", EACH, right)
    found = curve(learned, np.zeros(100, int), np.arange(100) % 5, np.arange(100))
    assert found.points[-1].value == 1
    assert all(ahead.value == 1 and ahead.gain_high == 0 for ahead in found.ahead)


def test_copies_are_drawn_together():
    n = 200
    one = made(n)
    twice = Learned("m", EACH, np.repeat(one.right, 10, axis=2))
    fold, groups = np.repeat(np.arange(n) % 5, 10), np.repeat(np.arange(n), 10)
    alone = curve(one, np.zeros(n, int), np.arange(n) % 5, np.arange(n)).ahead[1]
    copied = curve(twice, np.zeros(10 * n, int), fold, groups).ahead[1]
    assert copied.gain_high - copied.gain_low == pytest.approx(
        alone.gain_high - alone.gain_low, rel=0.1
    )


def test_of_few_points_nothing_is_continued():
    learned = Learned("m", EACH[:3], made(100).right[:3])
    found = curve(learned, np.zeros(100, int), np.arange(100) % 5, np.arange(100))
    assert len(found.points) == 3
    assert found.ahead == ()


def test_the_last_point_is_the_accuracy_of_the_run():
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    X = (rng.standard_normal((120, 8)) + rng.standard_normal((3, 8))[y]).astype(np.float32)
    (accuracy,) = srcsel.rank_features({"one": X}, y).accuracies
    fold = fold_of(y, np.arange(120), 5)
    features = Features(FeatureKey("", "one", "", "", "float32"), X)
    last = curve(learn(features, y, fold, store=None), y, fold, np.arange(120)).points[-1]
    assert (last.value, last.low, last.high) == (accuracy.mean, accuracy.low, accuracy.high)
