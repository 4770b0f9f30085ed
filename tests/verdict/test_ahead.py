"""What more pictures bring, in words: numbers set by hand."""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Ahead, Curve, CurvePoint, Settles
from srcsel.verdict.ahead import TOO_FEW, clear_text, outlook_text, points


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    sets = {name: rng.standard_normal((90, 8)) for name in ("good", "fair", "poor")}
    found = srcsel.rank_features(sets, y)
    verdict = dataclasses.replace(
        found.verdict, kind="tie", winner="good", close=("good", "fair"), cause=""
    )
    return dataclasses.replace(found, verdict=verdict)


def ahead(gain, low, high, times=2.0):
    return Ahead(times, 48, 0.8 + gain, 0.7, 0.9, gain, low, high)


NOW = (CurvePoint(24.0, 0.8, 0.75, 0.85),)


def test_the_gain_of_twice_as_many(result):
    curve = Curve("good", NOW, (ahead(0.01, 0, 0.02, 1.5), ahead(0.031, 0.012, 0.046)))
    assert outlook_text(result, [curve], ()) == (
        "Twice as many pictures would bring good about 3 points (1 to 5)."
    )


def test_small_and_uncertain_gains():
    assert points(ahead(0.004, -0.012, 0.016)) == "less than a point (−2 to 2)"
    assert points(ahead(0.0, 0.0, 0.0)) == "hardly anything more"
    assert points(ahead(0.011, 0.002, 0.02)) == "about 1 point (0 to 2)"


def test_too_few_to_say(result):
    assert outlook_text(result, [Curve("good", NOW)], ()) == TOO_FEW


def test_the_first_number_that_is_as_likely_as_not(result):
    """90 pictures in 3 classes: three times as many are 90 a class."""
    told = (Settles(1.5, 0.2), Settles(2.0, 0.49), Settles(3.0, 0.62), Settles(10.0, 0.9))
    assert clear_text(result, told) == (
        "Three times as many, about 90 a class, would tell good and fair apart in 62 of 100 cases."
    )


def test_not_within_ten_times_as_many(result):
    told = (Settles(2.0, 0.1), Settles(10.0, 0.31))
    assert clear_text(result, told) == (
        "Not even ten times as many would likely tell good and fair apart (31 of 100 cases)."
    )


def test_of_many_close_ones_the_number_is_said(result):
    verdict = dataclasses.replace(result.verdict, close=("good", "fair", "poor", "good"))
    told = clear_text(dataclasses.replace(result, verdict=verdict), (Settles(2.0, 0.5),))
    assert "would tell these four models apart in 50 of 100 cases" in told


def test_where_nothing_is_open_nothing_is_said(result):
    assert clear_text(result, ()) == ""
