"""How many pictures until the choice is clear: against the formula for one difference."""

import dataclasses

import numpy as np
import pytest
from scipy.special import ndtr

import srcsel
from srcsel.base.records import Score
from srcsel.verdict import settling
from srcsel.verdict.settling import clear_share, settles

BARRIER = 1.2816  # standard deviations beyond which a rival is level in 10 of 100 re-checks


def scores(ahead, draws=400, seed=0):
    """Two models; one is `ahead` of the other by so many standard deviations of the difference."""
    away = np.random.default_rng(seed).standard_normal(draws)
    away = (away - away.mean()) / away.std()
    return [
        Score("one", "knn", None, ahead, rechecks=ahead + away),
        Score("two", "knn", None, 0.0, rechecks=np.zeros(draws)),
    ]


def expected(ahead, times):
    """The difference then, in its standard deviations then, is normal around sqrt(times) * ahead
    with variance times - 1; clear where it lies beyond the barrier on either side.
    """
    spread = np.sqrt(times - 1)
    above = 1 - ndtr((BARRIER - np.sqrt(times) * ahead) / spread)
    return above + ndtr((-BARRIER - np.sqrt(times) * ahead) / spread)


@pytest.mark.parametrize("ahead", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("times", [2.0, 4.0, 10.0])
def test_it_is_the_predictive_probability(monkeypatch, ahead, times):
    monkeypatch.setattr(settling, "CASES", 400)
    assert clear_share(scores(ahead), times) == pytest.approx(expected(ahead, times), abs=0.05)


def test_as_many_pictures_as_there_are_change_nothing():
    assert clear_share(scores(0.5), 1.0) == 0
    assert clear_share(scores(2.0), 1.0) == 1


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 4
    X = rng.standard_normal((80, 16)) + rng.standard_normal((4, 16))[y]
    half = rng.permutation(16)
    return srcsel.rank_features({"one": X[:, half[:8]], "two": X[:, half[8:]]}, y)


def test_only_an_open_choice_is_asked(result):
    tie = dataclasses.replace(result, verdict=dataclasses.replace(result.verdict, kind="tie"))
    found = settles(tie)
    assert [s.times for s in found] == list(settling.TIMES)
    assert all(0 <= s.share <= 1 for s in found)
    clear = dataclasses.replace(result.verdict, kind="clear", cause="")
    assert settles(dataclasses.replace(result, verdict=clear)) == ()
    few = dataclasses.replace(result.verdict, kind="cannot tell", cause="few")
    assert settles(dataclasses.replace(result, verdict=few)) == ()


def test_without_rechecks_nothing_is_said(result):
    bare = tuple(dataclasses.replace(s, rechecks=None) for s in result.scores)
    tie = dataclasses.replace(result.verdict, kind="tie")
    assert settles(dataclasses.replace(result, scores=bare, verdict=tie)) == ()
