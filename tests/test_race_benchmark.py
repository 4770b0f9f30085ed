"""The trials of the racing benchmark, at a tiny size."""

import numpy as np
import pytest

from benchmarks import racing
from benchmarks.racing import Given, trial, trials, with_halves
from srcsel.runs import race_rules


@pytest.fixture
def given(monkeypatch):
    """Eleven models of falling skill over 320 pictures of four classes; the last is a yardstick."""
    monkeypatch.setattr(race_rules, "RECHECKS", 20)
    chance = np.random.default_rng(0)
    labels = np.arange(320) % 4
    skills = np.linspace(3, 0, 11)
    features = {
        f"m{i}": s * np.eye(4)[labels] + chance.normal(size=(320, 4)) for i, s in enumerate(skills)
    }
    return Given("made", labels, features, frozenset({"m10"}))


def test_a_trial_counts_passes_and_compares_with_the_exact_answer(given):
    told = trial(given, [f"m{i}" for i in range(1, 11)], seed=0)
    assert told["same"]
    assert told["within its tie"]
    assert told["passes"] <= 1 / 3
    assert told["passes"] >= (8 * 40 + 2 * 320) / 3200
    assert len(given.of(["m1"], None)) == len(racing.VERDICT_MEASURES)


def test_many_trials_are_averaged(given):
    told = trials(given, seeds=1, draws=3)
    assert (told["trials"], told["pictures"]) == (3, 320)
    assert told["passes"] <= told["most passes"] <= 1 / 3
    assert 0 <= told["same"] <= told["within its tie"] <= told["named or in doubt"] <= 1
    assert told["kept"] == ("yes" if told["named or in doubt"] >= 0.95 else "NO")


def test_halves_are_of_contenders_only(given):
    more = with_halves(given)
    assert len(more.features) == 11 + 10
    assert more.features["m0, half"].shape == (320, 2)
    assert "m10, half" not in more.features
