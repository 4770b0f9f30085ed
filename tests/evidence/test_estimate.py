"""What a training will take, against a count by hand and against what was remembered."""

import dataclasses

import numpy as np
import pytest

from srcsel.base.records import Protocol, Settled, Verdict
from srcsel.evidence import estimate
from srcsel.evidence.estimate import (
    AROUND,
    DECODE,
    KEPT,
    settling_seconds,
    too_short,
    training_seconds,
)
from srcsel.evidence.finetune import finetune
from srcsel.runs.settled import PROTOCOL
from srcsel.store.memory import Memory

ONE = Protocol("finetune", shots=10, seeds=(4,))


class Run:
    """As much of a Result as an estimate asks for."""

    def __init__(self, counts, seconds=None):
        self.dataset = type("Dataset", (), {"counts": np.array(counts)})
        self.seconds_per_picture = seconds or {}


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path)


@pytest.fixture
def model(tiny):
    return dataclasses.replace(tiny.find("one"), gmacs=0.4)


def by_hand(pace, passes, learn, test):
    """10 looks before training, 3 a pass; two rates are each looked at twice on the held part."""
    held = 0.3 * learn * 2 * 2
    return AROUND + pace * (learn * (10 + 3 * passes) + held + test)


def test_counted_by_hand(memory, model, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    # a class of 60 leaves 10 to learn from, one of 5 leaves 4
    passes = 15 * (2 * 0.7 + 1 - KEPT)
    said = by_hand(0.4 / 44, passes, learn=14, test=51)
    found = training_seconds(Run([60, 5]), [model], ONE, memory)
    assert found == pytest.approx(said + 65 * DECODE)
    three = dataclasses.replace(ONE, seeds=(0, 1, 2))
    assert training_seconds(Run([60, 5]), [model] * 2, three, memory) == pytest.approx(
        6 * said + 65 * DECODE
    )


@pytest.mark.parametrize(("measured", "pace"), [(0.0001, 0.0004), (0.01, 0.012), (0.004, 0.4 / 44)])
def test_the_size_counts_within_what_the_run_measured(memory, model, monkeypatch, measured, pace):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    found = training_seconds(Run([60, 60], {model.id: measured}), [model], ONE, memory)
    passes = 15 * (2 * 0.7 + 1 - KEPT)
    assert found == pytest.approx(by_hand(pace, passes, learn=20, test=100) + 120 * DECODE)


def test_a_remembered_training_is_believed(tiny, pictures, alone, quick, tmp_path):
    one = dataclasses.replace(quick, seeds=(0,))
    (outcome,) = finetune(pictures, [tiny.find("one")], one, groups=alone, folder=tmp_path)
    run = Run(pictures.counts, {"tiny/one": 99.0, "tiny/two": 99.0})
    memory = Memory(tmp_path)
    found = training_seconds(run, [tiny.find("one")], one, memory)
    most = outcome.seconds * 1.5 + AROUND + 36 * DECODE
    assert outcome.seconds / 1.5 + AROUND < found < most + 0.5
    other = training_seconds(run, [tiny.find("two")], one, memory)
    assert other > 1000  # of another model nothing is remembered


def test_one_rate_that_is_given_needs_no_second():
    given = estimate._looks(np.array([60]), dataclasses.replace(ONE, learning_rate=1e-3))
    chosen = estimate._looks(np.array([60]), ONE)
    assert chosen - given == pytest.approx(10 * (3 * 15 * 0.7 + 0.3 * 2))


def tie(model, settled=None):
    """Two models that a run could not tell apart, ten pictures of each of two classes."""
    models = (model, dataclasses.replace(model, id="two"))
    run = Run([20, 20])
    run.models, run.settled, run.race = models, settled, None
    run.verdict = Verdict("tie", "one", "", {}, tuple(m.id for m in models))
    return run


def test_settling_takes_three_trainings_of_each_at_least_and_six_at_most(memory, model):
    run = tie(model)
    once = training_seconds(run, run.models, dataclasses.replace(PROTOCOL, seeds=(0,)), memory)
    opening = 40 * DECODE
    least, most = settling_seconds(run, memory)
    assert least == pytest.approx(3 * (once - opening) + opening)
    assert most == pytest.approx(6 * (once - opening) + opening)
    two = Settled((), dataclasses.replace(PROTOCOL, seeds=(0, 1)), (None,), (), (), None, "time")
    least, most = settling_seconds(tie(model, two), memory)
    assert least == pytest.approx(once)
    assert most == pytest.approx(4 * (once - opening) + opening)


def test_too_little_time_is_said_beforehand(model):
    run = tie(model)
    assert too_short(run, 10, 5400) == (
        "An order is told after three trainings of each, about 1 h 30 min on this computer. What is"
        " trained in 10 min is kept: asked again, it goes on."
    )
    assert too_short(run, 90, 5400) == ""
