"""What is shown of the model under way: honest while it lasts, cheap, and no part of any answer."""

import dataclasses
import json

import numpy as np
import pytest

from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.models.hubs import HUBS
from srcsel.runs.glimpses import BARS, EVERY, FEWEST, MOST, SHARE, Glimpses
from srcsel.runs.race_rules import order
from srcsel.runs.run import answer, new_run, to_json
from srcsel.scoring.score import score_model
from srcsel.store.features import open_runs
from srcsel.store.serialize import to_plain
from srcsel.verdict.readings import bar_length, bar_start
from tests.recorder import Recorder
from tests.runs.test_run import ToyHub

RUN = Run("r", "2026-01-31T10:00:00+00:00", "x", ("m",))
LABELS = np.repeat(np.arange(3), 20)


class Looking(Recorder):
    """Somebody looks."""

    looks = True

    def __init__(self):
        super().__init__()
        self.shown = []

    def show(self, glimpse):
        self.shown.append(glimpse)


class Clock:
    """Goes on by hand, and by `each` whenever it is looked at."""

    def __init__(self, each=0.0):
        self.now, self.each = 0.0, each

    def __call__(self):
        self.now += self.each
        return self.now


def made(n=60, seed=0):
    chance = np.random.default_rng(seed)
    return np.eye(3)[LABELS[:n]] * 4 + chance.normal(size=(n, 3))


@pytest.fixture
def eyes():
    return Looking()


def test_bars_are_the_scores_of_the_pictures_seen_so_far(eyes):
    turn = order(LABELS)
    values, labels = made()[turn], LABELS[turn]
    Glimpses(eyes, LABELS, turn, RUN).made("m", np.arange(40), values[:40])
    (glimpse,) = eyes.shown
    assert (glimpse.model, glimpse.seen, glimpse.total) == ("m", 40, 60)
    assert glimpse.rows == tuple(turn[:40].tolist())
    asked = values[:40].astype(np.float32)
    for score in score_model("m", asked, labels[:40], measures=BARS, rechecks=0).scores:
        assert glimpse.bars[score.measure] == pytest.approx(
            (bar_start(score), bar_length(score)[0]), abs=1e-4
        )


def test_nothing_is_made_where_nobody_looks(monkeypatch):
    monkeypatch.setattr("srcsel.runs.glimpses.score_model", None)
    recorder = Recorder()
    Glimpses(recorder, LABELS, order(LABELS), RUN).made("m", np.arange(60), made())


def test_too_few_pictures_or_one_class_show_no_bars(eyes):
    glimpses = Glimpses(eyes, np.zeros(60, dtype=int), np.arange(60), RUN)
    glimpses.made("m", np.arange(FEWEST - 1), made()[: FEWEST - 1])
    assert eyes.shown == []
    glimpses.made("m", np.arange(FEWEST - 1, 30), made()[FEWEST - 1 : 30])
    assert [glimpse.bars for glimpse in eyes.shown] == [{}]


def test_glimpses_take_a_twentieth_of_the_time_and_come_twice_a_second_at_most(eyes):
    clock, spent = Clock(), Clock()
    glimpses = Glimpses(eyes, LABELS, order(LABELS), RUN, clock, spent)

    def seen(start, stop, now):
        clock.now = now
        glimpses.made("m", np.arange(start, stop), made()[start:stop])
        return [glimpse.seen for glimpse in eyes.shown]

    assert seen(0, 20, 0.0) == [20]
    assert seen(20, 25, 0.9 * EVERY) == [20]
    assert seen(25, 30, 1.1 * EVERY) == [20, 30]
    spent.each = 0.1  # from now on one takes a tenth of a second: 2 s between two
    assert seen(30, 40, 10.0) == [20, 30, 40]
    assert seen(40, 45, 10.0 + 0.99 * 0.1 / SHARE) == [20, 30, 40]
    assert seen(45, 50, 10.0 + 1.01 * 0.1 / SHARE) == [20, 30, 40, 50]
    spent.each = 60.0
    assert seen(50, 52, 20.0)[-1] == 52
    assert seen(52, 54, 20.0 + 1.01 * MOST)[-1] == 54
    assert seen(54, 60, 20.0 + 1.02 * MOST)[-1] == 60  # what was begun is finished


class Slow(Looking):
    """Keeps the answer so far each time something is told."""

    def __init__(self, run_id):
        super().__init__()
        self.run_id, self.saved = run_id, []

    def update(self, *told, **more):
        super().update(*told, **more)
        runs = open_runs(load_settings())
        if (runs.folder / self.run_id).is_dir():
            self.saved.append(runs.load(self.run_id))


def test_finished_models_keep_their_values_and_no_glimpse_enters_an_answer(
    picture_folder, monkeypatch
):
    """Beside a run that nobody looks at: the same numbers, and none of a glimpse anywhere."""
    monkeypatch.setitem(HUBS, "toy", ToyHub())
    models = ["toy/color", "toy/noise"]
    question = new_run(picture_folder, models, device="cpu")
    watch = Slow(question.id)
    seen = answer(question, watch=watch)
    assert watch.shown
    final = {(s.model, s.measure): s.value for s in seen.scores}
    assert len(watch.saved) > 3
    for result in watch.saved:
        for score in result.scores:
            assert score.value == final[score.model, score.measure]
    plain = json.dumps(to_json(seen))
    assert "glimpse" not in plain
    folder = open_runs(load_settings()).folder / question.id
    assert not [path for path in folder.rglob("*") if "glimpse" in path.name or "look" in path.name]
    again = answer(dataclasses.replace(question, id="20260131-000000-000000-aaaa"))
    assert [to_plain(s) | {"seconds": 0} for s in again.scores] == [
        to_plain(s) | {"seconds": 0} for s in seen.scores
    ]
