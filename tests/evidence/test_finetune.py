from dataclasses import replace

import numpy as np
import pytest

from srcsel.base.errors import Cancelled, InputError
from srcsel.base.records import Failure, Outcome
from srcsel.base.watch import Watch
from srcsel.evidence.choosing import Choice
from srcsel.evidence.finetune import finetune
from srcsel.evidence.splits import split
from srcsel.models import catalog
from srcsel.models.hubs import HUBS


class StopAfter(Watch):
    """Asks to stop after so many steps of training, and counts them."""

    def __init__(self, steps=None):
        self.steps, self.seen, self.states = steps, 0, {}

    def update(self, part, state, done=0, total=0, note=""):
        self.states[part] = state
        if state == "running":
            self.seen += 1
            if self.seen == self.steps:
                raise Cancelled


@pytest.fixture
def run(pictures, tiny, alone, quick, tmp_path):
    def go(names=("one", "two"), protocol=quick, watch=None, groups=alone, folder="evidence"):
        models = [
            tiny.find(name) if "/" not in name else catalog.find_models([name])[0] for name in names
        ]
        return list(
            finetune(
                pictures,
                models,
                protocol,
                groups=groups,
                folder=tmp_path / folder,
                device="cpu",
                watch=watch,
            )
        )

    return go


def test_one_outcome_for_each_model_and_seed_on_the_same_test_pictures(run, pictures, alone, quick):
    found = run()
    assert [(o.model, o.split) for o in found] == [
        (m, s) for m in ("tiny/one", "tiny/two") for s in (0, 1)
    ]
    for outcome in found:
        np.testing.assert_array_equal(
            outcome.rows, split(pictures.labels, alone, quick, outcome.split).test
        )
        assert outcome.guess.shape == outcome.rows.shape
        assert outcome.seconds > 0


@pytest.mark.parametrize(
    ("choice", "note"),
    [(Choice(6e-4, 0.5), "learning rate 6e-4, half way"), (None, "the probe was kept")],
)
def test_the_note_says_what_was_chosen(run, monkeypatch, choice, note):
    monkeypatch.setattr("srcsel.evidence.training.choose", lambda *_: choice)
    assert {outcome.note for outcome in run(names=["one"])} == {note}


def test_with_one_picture_a_class_there_is_nothing_to_choose_by(run, quick):
    (outcome,) = run(names=["one"], protocol=replace(quick, shots=1, seeds=(0,)))
    assert outcome.note == "the probe was kept (too few pictures to choose by)"


def test_what_was_remembered_of_the_recipe_before_counts_as_absent(run, tiny, monkeypatch):
    monkeypatch.setattr("srcsel.evidence.finetune.RECIPE", 1)
    run(names=["one"])
    monkeypatch.undo()
    monkeypatch.setitem(HUBS, "tiny", tiny)
    tiny.loaded.clear()
    run(names=["one"])
    assert len(tiny.loaded) == 2


def test_another_seed_trains_only_that_one(run, tiny, quick):
    first = run()
    tiny.loaded.clear()
    more = run(protocol=replace(quick, seeds=(0, 1, 5)))
    assert tiny.loaded == ["tiny/one", "tiny/two"]
    for old in first:
        (same,) = [o for o in more if (o.model, o.split) == (old.model, old.split)]
        np.testing.assert_array_equal(same.guess, old.guess)


def test_what_is_finished_is_not_trained_again(run, tiny):
    before = run()
    tiny.loaded.clear()
    watch = StopAfter()
    after = run(watch=watch)
    assert tiny.loaded == []
    assert watch.states == {"tiny/one": "stored", "tiny/two": "stored"}
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.guess, two.guess)


@pytest.mark.parametrize(
    "field",
    [{"epochs": 4}, {"batch": 6}, {"learning_rate": 2e-3}, {"weight_decay": 0.1}, {"shots": 5}],
)
def test_another_protocol_is_another_training(run, tiny, quick, field):
    run(names=["one"])
    tiny.loaded.clear()
    run(names=["one"], protocol=replace(quick, **field))
    assert len(tiny.loaded) == 2


def test_what_a_training_does_not_depend_on_changes_nothing(run, tiny, quick):
    run(names=["one"])
    tiny.loaded.clear()
    run(names=["one"], protocol=replace(quick, folds=3, early_stop=2, test_share=0.5))
    assert tiny.loaded == []


def test_a_stopped_training_goes_on_and_ends_at_the_same_guesses(run, tmp_path, monkeypatch):
    monkeypatch.setattr("srcsel.evidence.training.choose", lambda *_: Choice(6e-4, 0.5))
    whole = run(folder="whole")
    # ten looks, two rates of two batches an epoch, then three batches an epoch: 31 steps a training
    with pytest.raises(Cancelled):
        run(watch=StopAfter(45))  # in the second one
    assert len(list((tmp_path / "evidence" / "outcomes").iterdir())) == 1
    assert len(list((tmp_path / "evidence" / "checkpoints").iterdir())) == 1
    watch = StopAfter()
    again = run(watch=watch)
    assert watch.seen == 4 * 31 - 45
    assert not list((tmp_path / "evidence" / "checkpoints").iterdir())
    for one, two in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one.guess, two.guess)


def test_models_that_fail_do_not_stop_the_others(run):
    found = run(names=["broken", "pixels/thumbnail", "one"])
    assert [type(o) for o in found] == [Failure, Failure, Outcome, Outcome]
    assert found[0].reason == "The weights are broken."
    assert "no network to fine-tune" in found[1].reason
    assert all(failure.measure == "" for failure in found[:2])


def test_too_little_memory_is_said(run, tiny, monkeypatch):
    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("srcsel.evidence.descent.Descent.advance", full)
    (failure,) = run(names=["one"])
    assert "Not enough memory to fine-tune Tiny one with 5 pictures at a time" in failure.reason


def test_copies_change_the_split_and_so_the_question(run, tiny, alone):
    run(names=["one"])
    tiny.loaded.clear()
    found = run(names=["one"], groups=alone // 2)
    assert len(tiny.loaded) == 2
    for outcome in found:
        assert len(set(outcome.rows)) == len(outcome.rows)


def test_a_protocol_that_cannot_be_followed_is_refused(run, quick):
    with pytest.raises(InputError, match="epochs"):
        run(protocol=replace(quick, epochs=0))


def test_a_picture_changed_in_between_trains_nothing(run, pictures, tmp_path):
    path = pictures.folder / pictures.paths[5]
    path.write_bytes((pictures.folder / pictures.paths[6]).read_bytes())
    with pytest.raises(InputError, match=f"{pictures.paths[5]} was changed while"):
        run(names=["one"])
    assert not list(tmp_path.glob("evidence/outcomes/*"))
