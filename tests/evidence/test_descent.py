import numpy as np
import pytest
import torch

from srcsel.base.records import Protocol
from srcsel.base.watch import Watch
from srcsel.evidence import descent
from srcsel.evidence.descent import Descent, Task, between, pace, weights
from srcsel.evidence.head import fitted, head_of
from srcsel.evidence.splits import Split

LABELS = np.repeat([0, 1, 2], 10)
ROWS = np.arange(30)
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 3, 16, 16), dtype=np.uint8)
SPLIT = Split(ROWS, ROWS[:0], ROWS[:0])


@pytest.fixture
def begin(tiny):
    def make(name="one", rate=0.01, rows=ROWS, **fields):
        encoder = tiny.load(tiny.find(name), "cpu", Watch())
        protocol = Protocol("finetune", **{"epochs": 4, "batch": 7, **fields})
        task = Task(encoder, PIXELS, LABELS, SPLIT, protocol, 0)
        source = {key: v.copy() for key, v in weights(encoder.network).items()}
        head = head_of(fitted(encoder(PIXELS)[0], LABELS), 3)
        return Descent(task, source, head, rows, rate, flips=False)

    return make


def test_batch_statistics_stay_where_pictures_are_few(begin, monkeypatch):
    few = begin()
    few.advance()
    moved = {
        name for name, v in weights(few.modules).items() if not np.array_equal(v, few.start[name])
    }
    assert {"network.0.weight", "network.1.weight", "head.1.weight"} <= moved
    assert not {name for name in moved if "running" in name or "tracked" in name}
    monkeypatch.setattr(descent, "FEW", 30)
    many = begin()
    many.advance()
    now = weights(many.modules)
    assert not np.array_equal(now["network.1.running_mean"], many.start["network.1.running_mean"])
    np.testing.assert_array_equal(now["head.0.running_mean"], many.start["head.0.running_mean"])


def test_the_loss_is_of_smoothed_labels(begin, monkeypatch):
    asked = {}
    plain = torch.nn.functional.cross_entropy

    def seen(scores, target, **more):
        asked["loss"] = plain(scores, target, **more)
        asked["scores"], asked["target"] = scores.detach().numpy(), target.numpy()
        return asked["loss"]

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", seen)
    begin().advance()
    scores, target = asked["scores"].astype(np.float64), asked["target"]
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    goal = np.full(logs.shape, 0.1 / 3)  # a tenth of each label to all three classes
    goal[np.arange(len(target)), target] += 0.9
    assert asked["loss"].item() == pytest.approx(-(goal * logs).sum(axis=1).mean(), rel=1e-5)


def test_every_epoch_shows_every_picture_once_in_batches_of_nearly_one_size(begin):
    run = begin()
    seen = []
    for step in range(run.per_epoch):
        run.step = step
        seen.append(run.batch())
    assert [len(batch) for batch in seen] == [6, 6, 6, 6, 6]
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), ROWS)
    run.step = run.per_epoch
    assert not np.array_equal(run.batch(), seen[0])


def test_the_learning_rate_rises_and_falls_once():
    rates = [pace(step, 100) for step in range(100)]
    assert int(np.argmax(rates)) == 15
    assert max(rates) == pytest.approx(1.0)
    assert all(np.diff(rates[:16]) > 0)
    assert all(np.diff(rates[15:]) < 0)
    assert rates[-1] < 0.01


def test_one_seed_and_step_draw_the_same_whatever_ran_before(begin):
    ends = []
    for waste in (0, 3):
        torch.rand(waste)
        run = begin()
        for _ in range(3):
            run.advance()
        ends.append(weights(run.modules))
    for name, values in ends[0].items():
        np.testing.assert_array_equal(values, ends[1][name], name)


def test_networks_that_normalise_by_layer_only_learn_ten_times_slower(begin, tiny, monkeypatch):
    assert begin()._rates == [0.01, 0.01, 0.01]
    assert begin("plain")._rates == [0.01, 0.01, 0.01]
    load = tiny.load

    def transformer(model, device, watch):
        encoder = load(model, device, watch)
        encoder.network.append(torch.nn.LayerNorm(8))
        return encoder

    monkeypatch.setattr(tiny, "load", transformer)
    assert begin("plain")._rates == pytest.approx([0.001, 0.001, 0.01])
    assert begin("one")._rates == [0.01, 0.01, 0.01]


def test_between_is_a_straight_line_and_counts_are_the_ends():
    start = {"w": np.array([0.0, 2.0], np.float32), "n": np.array(1)}
    end = {"w": np.array([1.0, 0.0], np.float32), "n": np.array(9)}
    half = between(start, end, 0.5)
    np.testing.assert_array_equal(half["w"], [0.5, 1.0])
    assert half["n"] == 9
    np.testing.assert_array_equal(between(start, end, 1.0)["w"], end["w"])
