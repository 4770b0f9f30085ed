"""Close models are trained until their order is clear: stopping, time, failures, what is said."""

import dataclasses
import shutil

import numpy as np
import pytest

import srcsel
from srcsel.base.errors import Cancelled, InputError
from srcsel.base.records import Outcome, Protocol, Verdict
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.evidence import settle as module
from srcsel.evidence.gather import gather
from srcsel.evidence.settle import settle, settle_run
from srcsel.runs import settled as kept
from srcsel.runs.run import rank
from srcsel.runs.settled import ROUNDS
from srcsel.store.features import open_runs
from srcsel.verdict.measured import answered
from tests.recorder import Recorder

FEW = ("silhouette", "supcon", "knn", "logme")
SHORT = Protocol("finetune", shots=4, seeds=(0,), epochs=1, batch=5)
ALL = ("tiny/one", "tiny/two", "tiny/plain")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr("srcsel.runs.run.draw_all", lambda *_: None)
    monkeypatch.setattr(kept, "PROTOCOL", SHORT)
    monkeypatch.setattr(module, "PROTOCOL", SHORT)


@pytest.fixture
def close(tiny, picture_folder):
    """A stored run that cannot tell some models apart."""

    def make(*models, kind="tie", cause=""):
        result = rank(picture_folder, [*ALL, "pixels/thumbnail"], device="cpu")
        verdict = Verdict(kind, models[0], "Text.", {}, models, why="Too close.", cause=cause)
        open_runs(load_settings()).save(dataclasses.replace(result, verdict=verdict))
        tiny.loaded.clear()
        return result.run.id

    return make


@pytest.fixture
def drawn(monkeypatch):
    """Trainings that take no time: model -> how many of the test pictures it gets right."""
    asked = []

    def install(right, failing=()):
        def finetune(dataset, models, protocol, *, groups, folder, device, watch):
            (seed,) = protocol.seeds
            for model in models:
                watch.update(model.id, "running", 1, 2, "Training, repeat 1 of 1: step 1 of 2")
                asked.append((model.id, seed))
                if model.id in failing:
                    yield srcsel.Failure(model.id, "", "It broke.")
                    continue
                rows = np.arange(len(dataset.labels))
                wrong = rows >= right[model.id]
                guess = np.where(wrong, (dataset.labels + 1) % 3, dataset.labels)
                yield Outcome(model.id, seed, rows, guess, seconds=2.0)

        monkeypatch.setattr(module, "finetune", finetune)
        return asked

    return install


class Clock:
    """A minute passes at each training."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Minute(Watch):
    def __init__(self, clock):
        self.clock = clock

    def update(self, part, state, done=0, total=0, note=""):
        if state == "running" and "step" in note:
            self.clock.now += 60


def test_a_clear_order_ends_it_and_the_verdict_says_measured(close, drawn):
    asked = drawn({"tiny/one": 24, "tiny/two": 35})
    result = settle_run(close("tiny/one", "tiny/two"))
    settled = result.settled
    assert (settled.ended, settled.winner, settled.close) == ("clear", "tiny/two", ("tiny/two",))
    # after three rounds nothing differs from split to split: 11 of 36 pictures are beyond doubt
    assert asked == [(m, s) for s in (0, 1, 2) for m in ("tiny/one", "tiny/two")]
    assert [round(a.mean * 36) for a in settled.accuracies] == [35, 24]
    assert settled.trainings == 6
    (gap,) = settled.gaps
    assert gap.mean == pytest.approx(11 / 36)
    verdict = result.verdict
    assert (verdict.kind, verdict.winner) == ("clear", "tiny/two")
    assert verdict.measured.startswith("Measured: Tiny two reached 97 % (")
    assert (
        f"30.6 points ({100 * gap.low:.1f} to {100 * gap.high:.1f}) more than Tiny one, in 6"
        in verdict.measured
    )
    assert verdict.text.startswith("Start from Tiny two. Measured: ")
    assert "By the scores alone Tiny one and Tiny two were too close to call." in verdict.why


def test_who_waits_is_no_further_than_who_trains(close, drawn):
    drawn({"tiny/one": 34, "tiny/two": 33, "tiny/plain": 9})
    watch = Recorder()
    settle_run(close(*ALL), watch=watch)
    far = dict.fromkeys(ALL, 0)  # thousandths of all rounds
    for told in watch.seen:
        if told.part in ALL and told.state in ("waiting", "running"):
            at = 1000 * told.done // told.total
            assert at >= far[told.part]
            assert told.state == "running" or at == 0
            far[told.part] = at
    trained = [told for told in watch.seen if told.note.startswith("Trained 1 of")]
    assert [told.done for told in trained] == [1, 1, 1]  # one of all rounds


def test_who_is_behind_leaves_and_the_others_go_on(close, drawn):
    asked = drawn({"tiny/one": 34, "tiny/two": 33, "tiny/plain": 9})
    result = settle_run(close(*ALL))
    assert [m for m, _ in asked].count("tiny/plain") == 3
    assert [m for m, _ in asked].count("tiny/one") == ROUNDS
    settled = result.settled
    assert (settled.ended, settled.winner) == ("most", None)
    assert settled.close == ("tiny/one", "tiny/two")
    assert [a.model for a in settled.accuracies] == list(ALL)
    assert [len(a.values) for a in settled.accuracies] == [ROUNDS, ROUNDS, 3]
    said = result.verdict.measured
    assert "Tiny one (94 %, " in said
    assert "still cannot be told apart, at most" in said
    assert "in 15 trainings on 4 pictures of each class. Tiny plain fell behind." in said
    assert (result.verdict.kind, result.verdict.winner) == ("tie", "tiny/one")


def test_a_difference_that_does_not_matter_ends_it_with_the_cheapest(close, drawn, monkeypatch):
    monkeypatch.setattr("srcsel.evidence.order.LITTLE", 0.5)
    drawn({"tiny/one": 30, "tiny/two": 30})
    result = settle_run(close("tiny/two", "tiny/one", kind="cannot tell", cause="alike"))
    assert (result.settled.ended, result.settled.winner) == ("alike", "tiny/two")
    assert result.verdict.kind == "tie"
    assert "it makes no difference, at most" in result.verdict.measured


def test_real_trainings_are_found_by_evidence_and_not_made_twice(close, tiny):
    run_id = close("tiny/one", "tiny/two")
    before = settle_run(run_id)
    assert len(tiny.loaded) == before.settled.trainings >= 6
    tiny.loaded.clear()
    evidence = gather(
        run_id,
        dataclasses.replace(SHORT, seeds=(0, 1)),
        measures=FEW,
        models=["tiny/one", "tiny/two"],
    )
    assert tiny.loaded == []
    assert {a.model: a.values for a in evidence.accuracies} == {
        a.model: a.values[:2] for a in before.settled.accuracies
    }


def test_what_evidence_trained_is_not_trained_again(close, tiny):
    run_id = close("tiny/one", "tiny/two")
    gather(run_id, dataclasses.replace(SHORT, seeds=(0, 1, 2)), measures=FEW)
    tiny.loaded.clear()
    settled = settle_run(run_id).settled
    assert len(tiny.loaded) == max(0, settled.trainings - 6)


def test_settled_already_trains_nothing_and_says_the_same(close, drawn):
    asked = drawn({"tiny/one": 24, "tiny/two": 35})
    run_id = close("tiny/one", "tiny/two")
    first = settle_run(run_id)
    asked.clear()
    again = settle_run(run_id)
    assert asked == []
    assert again.verdict.text == first.verdict.text
    assert again.settled == first.settled


def test_the_same_question_asked_again_finds_it(close, drawn, picture_folder, monkeypatch):
    drawn({"tiny/one": 24, "tiny/two": 35})
    first = settle_run(close("tiny/one", "tiny/two"))
    monkeypatch.setattr("srcsel.runs.settled.contest", lambda _: ("tiny/one", "tiny/two"))
    again = rank(picture_folder, [*ALL, "pixels/thumbnail"], device="cpu")
    assert again.run.id != first.run.id
    assert again.settled == first.settled


def test_a_stopped_one_says_nothing_and_goes_on(close, drawn):
    asked = drawn({"tiny/one": 24, "tiny/two": 35})
    run_id, settings = close("tiny/one", "tiny/two"), load_settings()

    class Stop(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            if len(asked) == 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        settle_run(run_id, watch=Stop())
    stored = kept.with_settled(open_runs(settings).load(run_id), settings)
    assert stored.settled.ended == ""
    assert stored.settled.seconds > 0
    assert answered(stored).verdict == stored.verdict
    assert settle_run(run_id).settled.ended == "clear"


def test_a_killed_training_goes_on_from_its_checkpoint(close, tiny):
    run_id = close("tiny/one", "tiny/two")

    class Die(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            if part == "tiny/two" and state == "running" and done > 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        settle_run(run_id, watch=Die())
    folder = load_settings().evidence
    assert len(list((folder / "checkpoints").iterdir())) == 1
    assert len(list((folder / "outcomes").iterdir())) == 1
    result = settle_run(run_id)
    assert tiny.loaded.count("tiny/one") == len(result.settled.accuracies[0].values)
    assert list((folder / "checkpoints").iterdir()) == []


def test_time_is_spent_and_more_goes_on(close, drawn):
    asked = drawn({"tiny/one": 30, "tiny/two": 31})
    run_id, clock = close("tiny/one", "tiny/two"), Clock()
    result = settle_run(run_id, 6.5, watch=Minute(clock), clock=clock)
    assert (result.settled.ended, result.settled.trainings) == ("time", 6)
    assert "in 6 trainings on 4" in result.verdict.measured
    assert "The time allowed is spent; more may tell." in result.verdict.measured
    asked.clear()
    more = settle_run(run_id, 100, watch=Minute(clock), clock=clock)
    assert more.settled.ended == "most"
    assert more.settled.trainings == 2 * ROUNDS


def test_what_was_measured_stands_while_more_is_trained(close, drawn):
    drawn({"tiny/one": 30, "tiny/two": 31})
    run_id, clock, settings = close("tiny/one", "tiny/two"), Clock(), load_settings()
    measured = settle_run(run_id, 6.5, watch=Minute(clock), clock=clock).settled

    class Stop(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            raise Cancelled

    with pytest.raises(Cancelled):
        settle_run(run_id, 100, watch=Stop())
    assert settle_run(run_id, 0.001, watch=Minute(clock), clock=clock).settled.is_measured
    stored = kept.with_settled(open_runs(settings).load(run_id), settings).settled
    assert stored.accuracies == measured.accuracies


def test_too_little_time_for_three_rounds_says_nothing(close, drawn):
    drawn({"tiny/one": 24, "tiny/two": 35})
    run_id, clock = close("tiny/one", "tiny/two"), Clock()
    result = settle_run(run_id, 4.5, watch=Minute(clock), clock=clock)
    assert result.settled.ended == "time"
    assert not result.settled.is_measured
    assert result.verdict.measured == ""
    assert result.verdict.text == "Text."


def test_a_stopped_one_has_what_is_left_of_its_time(close, drawn):
    asked = drawn({"tiny/one": 30, "tiny/two": 31})
    run_id, clock = close("tiny/one", "tiny/two"), Clock()

    class Stop(Minute):
        def update(self, part, state, done=0, total=0, note=""):
            super().update(part, state, done, total, note)
            if len(asked) == 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        settle_run(run_id, 4.5, watch=Stop(clock), clock=clock)
    asked.clear()
    result = settle_run(run_id, 4.5, watch=Minute(clock), clock=clock)
    assert (result.settled.ended, len(asked)) == ("time", 1)


def test_a_failing_model_does_not_stop_the_others(close, drawn):
    drawn({"tiny/one": 24, "tiny/two": 35}, failing=["tiny/plain"])
    result = settle_run(close(*ALL))
    assert (result.settled.ended, result.settled.winner) == ("clear", "tiny/two")
    assert [f.model for f in result.settled.failures] == ["tiny/plain"]
    assert "Tiny plain could not be trained: It broke." in result.verdict.why


def test_one_model_left_settles_nothing(close, drawn):
    drawn({"tiny/one": 24}, failing=["tiny/two"])
    result = settle_run(close("tiny/one", "tiny/two"))
    assert result.settled.ended == "failed"
    assert result.verdict.measured == ""


@pytest.mark.parametrize(
    ("kind", "cause", "words"),
    [
        ("clear", "", "The answer is clear already"),
        ("cannot tell", "yardstick", "None of these models helps with these pictures, so there"),
        ("cannot tell", "chance", "None of these models helps"),
        ("cannot tell", "alone", "No two models are close"),
    ],
)
def test_nothing_to_settle_is_said(close, kind, cause, words):
    with pytest.raises(InputError, match=words):
        settle(close("tiny/one", kind=kind, cause=cause))


def test_features_that_were_given_have_no_pictures(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20)
    result = srcsel.rank_features(
        {"a": rng.normal(size=(40, 4)), "b": rng.normal(size=(40, 4))}, labels
    )
    with pytest.raises(InputError, match="given without pictures"):
        srcsel.settle(result)
    with pytest.raises(InputError, match="given without pictures"):
        srcsel.settle(tmp_path / "features.npz")


def test_a_class_of_one_picture_is_named(close, picture_folder):
    run_id, runs = close("tiny/one", "tiny/two"), open_runs(load_settings())
    result = runs.load(run_id)
    labels = np.array([0] * 35 + [1], dtype=np.int64)
    dataset = dataclasses.replace(result.dataset, labels=labels, classes=("ant", "bee"))
    runs.save(dataclasses.replace(result, dataset=dataset))
    with pytest.raises(InputError, match="The class bee has one picture only"):
        settle(run_id)


def test_deleted_pictures_are_said(close, picture_folder):
    run_id = close("tiny/one", "tiny/two")
    (picture_folder / "red" / "000.png").unlink()
    with pytest.raises(InputError, match="have changed since this run"):
        settle(run_id)
    shutil.rmtree(picture_folder)
    with pytest.raises(InputError):
        settle(run_id)


def test_an_unfinished_run_waits(close):
    run_id, runs = close("tiny/one", "tiny/two"), open_runs(load_settings())
    runs.save(dataclasses.replace(runs.load(run_id), complete=False))
    with pytest.raises(InputError, match="not finished"):
        settle(run_id)


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), "ten"])
def test_minutes_are_a_number(close, minutes):
    with pytest.raises(InputError, match="minutes must be"):
        settle("any", minutes=minutes)
