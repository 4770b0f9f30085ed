import dataclasses

import numpy as np
import pytest
import torch

from srcsel.base.errors import Cancelled, ModelError
from srcsel.base.records import Protocol
from srcsel.base.watch import Watch
from srcsel.evidence import training as module
from srcsel.evidence.choosing import Choice
from srcsel.evidence.descent import Task, weights
from srcsel.evidence.splits import Split
from srcsel.evidence.training import CHECKPOINTS, STAGES, Training
from srcsel.store.memory import Memory

LABELS = np.repeat([0, 1, 2], 20)
ROWS = np.arange(60)
TEST = ROWS[ROWS % 2 == 1]
NONE = np.empty(0, np.int64)
FEW = Split(ROWS[ROWS % 2 == 0], TEST, NONE, ROWS[ROWS % 6 == 0])  # 20 of 30 learn, 10 held out
HELD = Split(ROWS[ROWS % 4 == 0], TEST, ROWS[ROWS % 4 == 2], ROWS[ROWS % 12 == 0])
ASKED = {"model": "tiny"}
WHOLE = Choice(0.01, 1.0)


@pytest.fixture
def pixels():
    """60 noisy 16 x 16 pictures, brighter in one channel by class."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 120, (60, 3, 16, 16))
    values[ROWS, LABELS] += 60
    return values.astype(np.uint8)


@pytest.fixture
def start(tiny, pixels):
    def make(split=FEW, name="one", seed=0, **fields):
        encoder = tiny.load(tiny.find(name), "cpu", Watch())
        protocol = Protocol("finetune", **{"epochs": 6, "batch": 7, **fields})
        return Training(Task(encoder, pixels, LABELS, split, protocol, seed))

    return make


@pytest.fixture
def choosing(monkeypatch):
    """Have this chosen, whatever was tried."""

    def rig(choice):
        monkeypatch.setattr(module, "choose", lambda *_: choice)

    return rig


def silent(step, steps):
    """Tell nobody."""


def stop_at(number):
    def tell(step, steps):
        if step == number:
            raise Cancelled

    return tell


def test_it_learns(start, choosing, tmp_path):
    choosing(Choice(0.01, 1.0))
    told = start(epochs=15, learning_rate=0.01).run(Memory(tmp_path / "c"), ASKED, silent)
    assert (told.guess == LABELS[FEW.test]).mean() > 0.9  # chance is a third
    assert (told.epochs, told.best, told.choice) == (15, None, WHOLE)
    assert told.guess.shape == FEW.test.shape


@pytest.mark.parametrize("choice", [WHOLE, None])
def test_the_test_pictures_teach_nothing(start, choosing, choice, pixels, tmp_path):
    choosing(choice)
    plain, other = start(), start()
    plain.run(Memory(tmp_path / "c"), ASKED, silent)
    pixels[FEW.test] = 0
    other.run(Memory(tmp_path / "d"), ASKED, silent)
    assert plain.tried == other.tried
    np.testing.assert_array_equal(plain._features(0), other._features(0))
    for one, two in zip(
        plain.task.encoder.network.parameters(),
        other.task.encoder.network.parameters(),
        strict=True,
    ):
        assert torch.equal(one, two)


def test_held_out_pictures_teach_nothing_before_the_choice(start, pixels, tmp_path):
    ways = []
    for folder in ("c", "d"):
        one = start()
        with pytest.raises(Cancelled):  # at the end of the first rate: 10 looks, 3 x 6 batches
            one.run(Memory(tmp_path / folder), ASKED, stop_at(10 + 18))
        ways.append(weights(one.descent.modules))
        pixels[FEW.held] = pixels[FEW.held][:, :, ::-1, ::-1]
        one.flips = True
    for name, values in ways[0].items():
        np.testing.assert_array_equal(values, ways[1][name], name)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(start, choosing, tmp_path):
    choosing(WHOLE)
    found = []
    for at, seed in enumerate((3, 3, 4)):
        training = start(seed=seed)
        torch.rand(at)  # what else draws from the global generator does not matter
        training.run(Memory(tmp_path / f"{at}"), ASKED, silent)
        kept = training.task.encoder.network.parameters()
        found.append(torch.cat([values.detach().flatten() for values in kept]))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize("split", [FEW, HELD], ids=["all epochs", "validated"])
@pytest.mark.parametrize(
    ("at", "stage"), [(1, 0), (7, 0), (10, 1), (11, 1), (22, 1), (30, 1), (None, 2), (-3, 2)]
)
def test_a_stopped_training_goes_on_as_if_it_had_not_been(
    start, choosing, split, at, stage, tmp_path
):
    choosing(Choice(6e-4, 0.5))
    whole = start(split)
    told = whole.run(Memory(tmp_path / "whole"), ASKED, silent)
    last = whole.steps - whole.descent.steps  # steps before the last training
    at = last + 1 if at is None else whole.steps + at if at < 0 else at
    first, memory = start(split), Memory(tmp_path / "stopped")
    with pytest.raises(Cancelled):
        first.run(memory, ASKED, stop_at(at))
    kept = memory.recall(CHECKPOINTS, ASKED)
    assert kept is not None
    assert kept[1]["stage"] == STAGES[stage]
    again = start(split)
    steps = []
    told_again = again.run(memory, ASKED, lambda step, _: steps.append(step))
    assert steps == list(range(at + 1, whole.done + 1))
    np.testing.assert_array_equal(told_again.guess, told.guess)
    assert (told_again.epochs, told_again.best) == (told.epochs, told.best)
    assert again.tried == whole.tried
    ends = [weights(one.descent.modules) for one in (whole, again)]
    for name, values in ends[0].items():
        np.testing.assert_array_equal(values, ends[1][name], name)


def test_a_killed_training_goes_on_from_the_last_checkpoint(start, monkeypatch, tmp_path):
    monkeypatch.setattr("srcsel.evidence.training.SAVE_SECONDS", 0.0)
    monkeypatch.setattr("srcsel.evidence.training.WRITE_SHARE", 0.0)

    def die(step, steps):
        if step == 20:
            raise SystemExit

    with pytest.raises(SystemExit):
        start().run(Memory(tmp_path / "c"), ASKED, die)
    steps = []
    told = start().run(Memory(tmp_path / "c"), ASKED, lambda step, _: steps.append(step))
    assert steps[0] == 20
    np.testing.assert_array_equal(
        told.guess, start().run(Memory(tmp_path / "d"), ASKED, silent).guess
    )


@pytest.mark.parametrize(("question", "cut"), [("another", None), ("mine", -100)])
def test_a_checkpoint_of_another_question_or_a_damaged_one_is_not_used(
    start, tmp_path, question, cut
):
    memory = Memory(tmp_path)
    with pytest.raises(Cancelled):
        start().run(memory, "mine", stop_at(4))
    (file,) = (tmp_path / CHECKPOINTS).iterdir()
    file.write_bytes(file.read_bytes()[:cut])
    steps = []
    start().run(memory, question, lambda step, _: steps.append(step))
    assert steps[0] == 1


def test_a_checkpoint_of_another_form_is_not_used(start, tmp_path):
    memory = Memory(tmp_path)
    memory.remember(CHECKPOINTS, ASKED, {"weight/x": np.zeros(1)}, {"form": 2, "step": 3})
    steps = []
    start().run(memory, ASKED, lambda step, _: steps.append(step))
    assert steps[0] == 1


def test_every_step_of_every_stage_is_told_of(start, choosing, tmp_path):
    choosing(WHOLE)
    told = []
    start().run(Memory(tmp_path / "c"), ASKED, lambda *at: told.append(at))
    # plain, mirrored and 8 views of one batch; 20 pictures in 3 batches, 6 times, at two rates;
    # then 30 in 5
    assert told == [(step, 10 + 2 * 18 + 30) for step in range(1, 77)]


def test_where_the_probe_is_kept_the_last_training_is_left_out(start, choosing, tmp_path):
    choosing(None)
    steps = []
    training = start()
    told = training.run(Memory(tmp_path / "c"), ASKED, lambda step, _: steps.append(step))
    assert steps[-1] == 46
    assert (told.choice, told.epochs, told.best) == (None, 0, None)
    probe = training._probe(FEW.train)
    plain = start().task.encoder(training.task.pixels[FEW.test])[0]
    np.testing.assert_array_equal(told.guess, probe.predict(plain.astype(np.float64)))


def test_nothing_is_tried_where_nothing_can_be_held_out(start, tmp_path):
    steps = []
    training = start(dataclasses.replace(FEW, held=NONE))
    told = training.run(Memory(tmp_path / "c"), ASKED, lambda *at: steps.append(at))
    assert steps[-1] == (10, 10)
    assert told.choice is None


def test_a_given_learning_rate_is_the_only_one_tried(start):
    assert start(learning_rate=0.003).rates == (0.003,)
    assert start().rates == (2e-4, 6e-4)


def test_the_held_out_loss_is_of_weights_half_way_and_all_the_way(start, tmp_path):
    training = start(learning_rate=0.01)
    with pytest.raises(Cancelled):
        training.run(Memory(tmp_path / "c"), ASKED, stop_at(10 + 18))
    run = training.descent
    end = {name: values.copy() for name, values in weights(run.modules).items()}
    (half, whole) = training._held_losses()
    for share, loss in ((0.5, half), (1.0, whole)):
        now = {n: run.start[n] + np.float32(share) * (v - run.start[n]) for n, v in end.items()}
        now = {n: torch.from_numpy(np.asarray(v, end[n].dtype)) for n, v in now.items()}
        run.modules.load_state_dict(now)
        with torch.no_grad():
            features = training.task.encoder.features(training.task.pixels[FEW.held])
            odds = run.modules["head"](features).softmax(dim=1).numpy()
        right = odds[np.arange(len(FEW.held)), LABELS[FEW.held]]
        assert loss == pytest.approx(-np.log(right).mean(), rel=1e-5)
    assert half != whole


def test_weights_a_share_of_the_way_are_tested(start, choosing, tmp_path):
    choosing(Choice(0.01, 0.5))
    half = start()
    half.run(Memory(tmp_path / "c"), ASKED, silent)
    choosing(Choice(0.01, 1.0))
    whole = start()
    whole.run(Memory(tmp_path / "d"), ASKED, silent)
    begun, end, tested = (
        half.descent.start,
        weights(whole.descent.modules),
        weights(half.descent.modules),
    )
    for name, values in tested.items():
        np.testing.assert_allclose(values, (begun[name] + end[name]) / 2, rtol=1e-5, atol=1e-6)


def test_the_weights_with_the_lowest_validation_loss_are_the_end(start, choosing, tmp_path):
    choosing(Choice(0.2, 1.0))  # jumps about
    training = start(HELD, epochs=12, early_stop=100)
    told = training.run(Memory(tmp_path / "c"), ASKED, silent)
    assert len(training.losses) == 12
    assert told.best == 1 + int(np.argmin(training.losses))
    for name, values in weights(training.descent.modules).items():
        np.testing.assert_allclose(values, training.best[name], rtol=1e-5, atol=1e-6)


def test_it_stops_early_only_after_the_peak_of_the_learning_rate(
    start, choosing, monkeypatch, tmp_path
):
    choosing(WHOLE)
    training = start(HELD, epochs=20, early_stop=3)
    falling = iter([5.0, 1.0, *np.arange(2.0, 30.0)])  # best at epoch 2; the peak is at epoch 3
    monkeypatch.setattr(training, "_validate", lambda run: training.losses.append(next(falling)))
    told = training.run(Memory(tmp_path / "c"), ASKED, silent)
    assert told.epochs == 7  # epochs 5, 6 and 7 come after the peak, counted from 0 as 3
    assert told.best == 2


def test_early_stop_0_runs_all_epochs(start, choosing, monkeypatch, tmp_path):
    choosing(WHOLE)
    training = start(HELD, epochs=20, early_stop=0)
    monkeypatch.setattr(
        training, "_validate", lambda run: training.losses.append(float(len(training.losses)))
    )
    assert training.run(Memory(tmp_path / "c"), ASKED, silent).epochs == 20


def test_many_pictures_get_fewer_views(start, monkeypatch):
    assert start().views == 8
    monkeypatch.setattr(module, "MOST_LOOKS", 100)
    assert start().views == 2  # of 30 pictures
    monkeypatch.setattr(module, "MOST_LOOKS", 20)
    assert start().views == 0


def test_features_of_any_size_come_to_the_same(start, tiny, tmp_path, monkeypatch):
    load = tiny.load

    def large(model, device, watch):
        encoder = load(model, device, watch)
        encoder.features = lambda batch, plain=encoder.features: 1024 * plain(batch)
        return encoder

    plain = start(name="plain")
    plain.run(Memory(tmp_path / "c"), ASKED, silent)
    monkeypatch.setattr(tiny, "load", large)
    other = start(name="plain")
    other.run(Memory(tmp_path / "d"), ASKED, silent)
    np.testing.assert_allclose(other.tried, plain.tried, rtol=0.02)


def test_a_loss_that_is_no_number_is_said(start, monkeypatch, tmp_path):
    training = start(name="plain", learning_rate=1e30)
    with pytest.raises(ModelError, match=r"came apart in step \d+ of 18"):
        training.run(Memory(tmp_path / "c"), ASKED, silent)


def test_features_that_are_no_numbers_are_said(start, monkeypatch, tmp_path):
    training = start()
    plain = training.task.encoder.features
    monkeypatch.setattr(training.task.encoder, "features", lambda batch: plain(batch) * np.nan)
    with pytest.raises(ModelError, match="no numbers"):
        training.run(Memory(tmp_path / "c"), ASKED, silent)
