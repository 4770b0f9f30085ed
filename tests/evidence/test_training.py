import numpy as np
import pytest
import torch

from srcsel.base.errors import Cancelled, ModelError
from srcsel.base.records import Protocol
from srcsel.base.watch import Watch
from srcsel.evidence.splits import Split
from srcsel.evidence.training import CHECKPOINTS, SHIFT, Training, shifted
from srcsel.store.memory import Memory

LABELS = np.repeat([0, 1, 2], 20)
ROWS = np.arange(60)
FEW = Split(ROWS[ROWS % 2 == 0], ROWS[ROWS % 2 == 1], np.empty(0, np.int64))
HELD = Split(ROWS[ROWS % 4 == 0], ROWS[ROWS % 2 == 1], ROWS[ROWS % 4 == 2])


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
        return Training(encoder, pixels, LABELS, split, protocol, seed)

    return make


def silent(step, steps):
    """Tell nobody."""


def stop_at(number):
    def tell(step, steps):
        if step == number:
            raise Cancelled

    return tell


def test_it_learns(start, tmp_path):
    told = start(epochs=15, learning_rate=0.01).run(Memory(tmp_path / "c"), 1, silent)
    assert (told.guess == LABELS[FEW.test]).mean() > 0.9  # chance is a third
    assert (told.epochs, told.best) == (15, None)
    assert told.guess.shape == FEW.test.shape


def test_the_test_pictures_teach_nothing(start, pixels, tmp_path):
    plain = start()
    plain.run(Memory(tmp_path / "c"), 1, silent)
    pixels[FEW.test] = 0
    other = start()
    other.run(Memory(tmp_path / "d"), 1, silent)
    for one, two in zip(plain.modules.parameters(), other.modules.parameters(), strict=True):
        assert torch.equal(one, two)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(start, tmp_path):
    found = []
    for at, seed in enumerate((3, 3, 4)):
        training = start(seed=seed)
        torch.rand(at)  # what else draws from the global generator does not matter
        training.run(Memory(tmp_path / f"{at}"), 1, silent)
        found.append(
            torch.cat([values.detach().flatten() for values in training.modules.parameters()])
        )
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize("split", [FEW, HELD], ids=["all epochs", "validated"])
@pytest.mark.parametrize("at", [1, 5, 13])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(start, split, at, tmp_path):
    whole = start(split)
    told = whole.run(Memory(tmp_path / "whole"), 1, silent)
    with pytest.raises(Cancelled):
        start(split).run(Memory(tmp_path / "stopped"), 1, stop_at(at))
    again = start(split)
    steps = []
    told_again = again.run(Memory(tmp_path / "stopped"), 1, lambda step, _: steps.append(step))
    assert steps[0] == at + 1
    np.testing.assert_array_equal(told_again.guess, told.guess)
    assert (told_again.epochs, told_again.best) == (told.epochs, told.best)
    weights = again.modules.state_dict()
    for name, values in whole.modules.state_dict().items():
        assert torch.equal(values, weights[name]), name


def test_a_killed_training_goes_on_from_the_last_checkpoint(start, monkeypatch, tmp_path):
    monkeypatch.setattr("srcsel.evidence.training.SAVE_SECONDS", 0.0)
    monkeypatch.setattr("srcsel.evidence.training.WRITE_SHARE", 0.0)

    def die(step, steps):
        if step == 10:
            raise SystemExit

    with pytest.raises(SystemExit):
        start().run(Memory(tmp_path / "c"), 1, die)
    steps = []
    told = start().run(Memory(tmp_path / "c"), 1, lambda step, _: steps.append(step))
    assert steps[0] == 10
    np.testing.assert_array_equal(told.guess, start().run(Memory(tmp_path / "d"), 1, silent).guess)


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


def test_the_weights_with_the_lowest_validation_loss_are_tested(start, tmp_path):
    training = start(HELD, epochs=12, learning_rate=0.2, early_stop=100)  # jumps about
    told = training.run(Memory(tmp_path / "c"), 1, silent)
    assert len(training.losses) == 12
    assert told.best == 1 + int(np.argmin(training.losses))
    kept = training.best
    for name, values in training.modules.state_dict().items():
        np.testing.assert_array_equal(values.numpy(), kept[name])


def test_it_stops_early_only_after_the_peak_of_the_learning_rate(start, monkeypatch, tmp_path):
    training = start(HELD, epochs=20, early_stop=3)
    falling = iter([5.0, 1.0, *np.arange(2.0, 30.0)])  # best at epoch 2; the peak is at epoch 6
    monkeypatch.setattr(training, "_validate", lambda: training.losses.append(next(falling)))
    told = training.run(Memory(tmp_path / "c"), 1, silent)
    assert told.epochs == 10  # epochs 8, 9 and 10 come after the peak, counted from 0 as 6
    assert told.best == 2


def test_early_stop_0_runs_all_epochs(start, monkeypatch, tmp_path):
    training = start(HELD, epochs=20, early_stop=0)
    monkeypatch.setattr(
        training, "_validate", lambda: training.losses.append(float(len(training.losses)))
    )
    assert training.run(Memory(tmp_path / "c"), 1, silent).epochs == 20


def test_every_epoch_shows_every_training_picture_once_in_batches_of_nearly_one_size(start):
    training = start(batch=7)
    seen = []
    for step in range(training.per_epoch):
        training.step = step
        seen.append(training._batch())
    assert [len(batch) for batch in seen] == [6, 6, 6, 6, 6]
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), FEW.train)
    training.step = training.per_epoch
    assert not np.array_equal(training._batch(), seen[0])


def test_the_learning_rate_rises_and_falls_once_and_goes_on_after_a_stop(start, tmp_path):
    def rates(number):
        training, found = start(epochs=8), []
        with pytest.raises(Cancelled):
            training.run(Memory(tmp_path / f"{number}"), 1, stop_at(number))
        training = start(epochs=8)
        training.run(
            Memory(tmp_path / f"{number}"),
            1,
            lambda *_: found.append(training._optimizer.param_groups[0]["lr"]),
        )
        return found

    late, early = rates(20), rates(1)
    assert early[-len(late) :] == late
    peak = int(np.argmax(early))
    assert max(early) == pytest.approx(1e-3, rel=0.05)
    assert all(np.diff(early[: peak + 1]) > 0)
    assert all(np.diff(early[peak:-1]) < 0)


def test_networks_without_batch_normalisation_train_ten_times_slower(start):
    """But their new head does not: it has everything to learn."""
    for name, network in (("one", 1e-3), ("plain", 1e-4)):
        groups = start(name=name)._optimizer.param_groups
        assert [group["max_lr"] for group in groups] == pytest.approx([network, 1e-3])
        assert [len(group["params"]) for group in groups][1] == 2


def test_features_of_any_size_are_learned_from_where_nothing_normalises(
    start, tiny, pixels, tmp_path, monkeypatch
):
    load = tiny.load

    def large(model, device, watch):
        encoder = load(model, device, watch)
        encoder.features = lambda batch, plain=encoder.features: 1000 * plain(batch)
        return encoder

    plain = start(name="plain").run(Memory(tmp_path / "c"), 1, silent)
    monkeypatch.setattr(tiny, "load", large)
    training = start(name="plain")
    np.testing.assert_array_equal(
        training.run(Memory(tmp_path / "d"), 1, silent).guess, plain.guess
    )
    assert start(name="one")._size == 1.0


def test_a_loss_that_is_no_number_is_said(start, tmp_path):
    training = start(name="plain")
    with torch.no_grad():
        training.modules["head"].weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="came apart in step 1 of 30"):
        training.run(Memory(tmp_path / "c"), 1, silent)


def test_pictures_move_and_their_edge_is_repeated():
    picture = np.arange(3 * 50 * 25, dtype=np.uint16).reshape(1, 3, 50, 25)
    batch = np.repeat(picture, 200, axis=0)
    moved = shifted(batch, np.random.default_rng(0))
    seen = set()
    for one in moved:
        matches = [
            (dy, dx)
            for dy in range(-4, 5)
            for dx in range(-2, 3)
            if np.array_equal(
                np.pad(picture[0], ((0, 0), (4, 4), (2, 2)), "edge")[:, 4 + dy :, 2 + dx :][
                    :, :50, :25
                ],
                one,
            )
        ]
        assert len(matches) == 1
        seen.add(matches[0])
    assert int(50 * SHIFT) == 4
    assert {dy for dy, _ in seen} == set(range(-4, 5))
    assert {dx for _, dx in seen} == set(range(-2, 3))
