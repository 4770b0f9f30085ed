"""The choice: never at a loss, never other features, and torch where anything goes wrong."""

from dataclasses import replace

import numpy as np
import pytest

from srcsel.features.backends import Eager, choice, kept, openvino, prepare, recall
from tests.features.backends.conftest import joined, make_encoder

pytest.importorskip("openvino")


def choose(*asked):
    return prepare(*asked)()


def torch_alone(runner):
    return isinstance(runner, Eager)


@pytest.mark.usefixtures("worth")
def test_the_faster_one_runs_and_equals_torch(wish, encoder, pixels, said, monkeypatch):
    monkeypatch.setattr(choice, "_timed", slow_torch(choice._timed))
    runner = choose(wish, encoder, pixels, "cpu")
    assert isinstance(runner, openvino.Converted)
    np.testing.assert_allclose(
        joined(runner, pixels, 8)[0], encoder(pixels)[0], rtol=1e-4, atol=1e-6
    )
    assert said == [choice.RAN["float32"]]


@pytest.mark.usefixtures("worth")
def test_the_second_run_needs_no_network(wish, encoder, pixels, said, monkeypatch):
    monkeypatch.setattr(choice, "_timed", slow_torch(choice._timed))
    first, _, _ = joined(choose(wish, encoder, pixels, "cpu"), pixels, 8)
    again, _, _ = joined(recall(wish, len(pixels)), pixels, 8)
    np.testing.assert_array_equal(again, first)
    assert said == [choice.RAN["float32"]] * 2
    assert recall(replace(wish, key=replace(wish.key, revision="r2")), len(pixels)) is None


@pytest.mark.usefixtures("worth")
def test_fast_is_checked_against_exact_torch(fast_wish, encoder, pixels, said, monkeypatch):
    monkeypatch.setattr(choice, "_timed", slow_torch(choice._timed))
    assert isinstance(choose(fast_wish, encoder, pixels, "cpu"), openvino.Converted)
    assert said == [choice.RAN["bfloat16"]]
    monkeypatch.setitem(choice.TOLERANCE, "bfloat16", 1e-9)
    other = replace(fast_wish, key=replace(fast_wish.key, revision="r2"))
    assert torch_alone(choose(other, encoder, pixels, "cpu"))


@pytest.mark.usefixtures("worth")
def test_other_features_are_refused_for_good(wish, encoder, pixels, said, monkeypatch):
    """A graph of other weights stands for a conversion that went wrong unnoticed."""
    import torch

    torch.manual_seed(1)
    other = make_encoder()
    other.network.load_state_dict({k: v + 0.01 for k, v in other.network.state_dict().items()})
    made = []
    convert = openvino.convert
    monkeypatch.setattr(
        openvino, "convert", lambda *_: made.append(1) or convert(other.graph(), (24, 24))
    )
    runner = choose(wish, encoder, pixels, "cpu")
    assert torch_alone(runner)
    assert "Small ran with torch: its features would differ by" in said[0]
    assert torch_alone(choose(wish, encoder, pixels, "cpu"))
    assert recall(wish, 10**6) is None
    assert len(made) == 1  # it is not tried again


@pytest.mark.usefixtures("worth")
@pytest.mark.parametrize(
    "error", [RuntimeError("no such operation"), ValueError("odd"), KeyError("x")]
)
def test_what_cannot_be_converted_runs_with_torch(wish, encoder, pixels, said, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(openvino, "convert", fail)
    assert torch_alone(choose(wish, encoder, pixels, "cpu"))
    assert said == [f"Small ran with torch: it cannot be converted ({type(error).__name__})."]


@pytest.mark.usefixtures("worth")
def test_short_memory_is_no_reason_for_good(wish, encoder, pixels, said, monkeypatch):
    def fail(*_):
        raise RuntimeError("std::bad_alloc")

    monkeypatch.setattr(openvino, "convert", fail)
    assert torch_alone(choose(wish, encoder, pixels, "cpu"))
    assert kept.read(wish.folder, wish.key) is None


@pytest.mark.usefixtures("worth")
def test_without_the_package_everything_runs_with_torch(wish, encoder, pixels, said, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "openvino", None)
    assert torch_alone(choose(wish, encoder, pixels, "cpu"))
    assert "openvino is not installed" in said[0]


@pytest.mark.usefixtures("worth")
def test_a_slower_conversion_is_not_used(wish, encoder, pixels, said, monkeypatch):
    timed = choice._timed
    monkeypatch.setattr(
        choice,
        "_timed",
        lambda runner, *rest: (timed(runner, *rest)[0], 1.0 if torch_alone(runner) else 2.0),
    )
    assert torch_alone(choose(wish, encoder, pixels, "cpu"))
    assert said == ["Small ran with torch: that is faster here."]


def test_few_pictures_stay_with_torch(wish, encoder, pixels, monkeypatch):
    monkeypatch.setattr(openvino, "convert", never)
    monkeypatch.setattr(choice, "_timed", slow_torch(choice._timed, 0.1))  # 3.7 s in all
    runner = choose(wish, encoder, pixels, "cpu")
    assert torch_alone(runner)
    monkeypatch.setattr(choice, "_timed", never)
    assert torch_alone(choose(wish, encoder, pixels[: 2 * choice.PROBE - 1], "cpu"))


def test_few_pictures_do_not_read_a_conversion(wish, encoder, pixels, monkeypatch):
    with monkeypatch.context() as slow:
        slow.setattr(choice, "_timed", slow_torch(choice._timed, 1.0))
        choose(wish, encoder, pixels, "cpu")
    assert recall(wish, 1) is None
    assert isinstance(recall(wish, 3), openvino.Converted)


def test_torch_on_the_processor_stays_exact(fast_wish, encoder, pixels):
    values, _, _ = joined(choose(fast_wish, encoder, pixels[:8], "cpu"), pixels, 8)
    np.testing.assert_allclose(values, encoder(pixels)[0], rtol=1e-4, atol=1e-6)


def test_a_conversion_for_another_processor_is_made_anew(wish, encoder, pixels, monkeypatch):
    monkeypatch.setattr(choice, "_timed", slow_torch(choice._timed))
    choose(wish, encoder, pixels, "cpu")
    monkeypatch.setattr(openvino, "processor", lambda: "another")
    assert recall(wish, 10**6) is None


def test_tiny_networks_and_other_devices_are_not_even_measured(wish, encoder, pixels, monkeypatch):
    monkeypatch.setattr(choice, "_timed", never)
    tiny = replace(wish, model=replace(wish.model, params=choice.TINY - 1))
    assert torch_alone(choose(tiny, encoder, pixels, "cpu"))
    assert torch_alone(choose(wish, encoder, pixels, "cuda"))
    assert torch_alone(choose(wish, lambda batch: (batch, None), pixels, "cpu"))


@pytest.mark.usefixtures("worth")
def test_torch_gets_every_core_where_it_takes_long(wish, encoder, pixels, monkeypatch):
    monkeypatch.setattr(openvino, "convert", never)
    monkeypatch.setattr(choice, "LARGEST", 0)
    monkeypatch.setattr(choice, "_workers", lambda: 3)
    assert choose(wish, encoder, pixels, "cpu").workers == 3


def test_short_memory_in_the_measurement_is_left_to_the_run(wish, encoder, pixels, monkeypatch):
    def short(*_):
        raise RuntimeError("can't allocate memory")

    monkeypatch.setattr(choice, "_timed", short)
    assert torch_alone(choose(wish, encoder, pixels, "cpu"))


def slow_torch(timed, seconds=10.0):
    """Time as `timed` does, but torch takes so many seconds a picture."""

    def told(runner, *rest):
        outputs, real = timed(runner, *rest)
        return outputs, seconds if torch_alone(runner) else min(real, seconds / 2)

    return told


def never(*_):
    raise AssertionError("must not be called")
