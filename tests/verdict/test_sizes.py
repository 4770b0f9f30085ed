"""Models that read pictures at different sizes are pointed out; numbers only where measured."""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Accuracy
from srcsel.verdict import cost
from srcsel.verdict.sizes import differing


@pytest.fixture
def result():
    """Three models; "good" and "good@128" are the same weights at 224 and 128 pixels."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    centers = rng.standard_normal((3, 8))
    sets = {
        name: rng.standard_normal((90, 8)) + apart * centers[y]
        for name, apart in (("good", 3.0), ("good@128", 0.5), ("other", 0.2))
    }
    return dataclasses.replace(srcsel.rank_features(sets, y), accuracies=())


def sized(result, **sizes):
    """Give models sizes; of "good@128" its title says so too."""
    models = [
        dataclasses.replace(m, input_size=sizes.get(m.id.replace("@", "_"))) for m in result.models
    ]
    models[1] = dataclasses.replace(models[1], at=128, title="good at 128 px")
    return dataclasses.replace(result, models=tuple(models))


def test_one_size_and_unknown_sizes_are_nothing_to_say(result):
    assert differing(result) == ""
    assert differing(sized(result, good=224, good_128=224, other=224)) == ""
    assert differing(sized(result, good=224)) == ""


def test_two_sizes_without_a_measurement(result):
    said = differing(sized(result, good=224, other=64))
    assert "different sizes (64 and 224 pixels), and size alone can decide." in said
    assert "stands in the run at two sizes" in said
    assert "%" not in said


def test_yardsticks_do_not_count(result):
    shown = sized(result, good=224, other=64)
    models = [dataclasses.replace(m, yardstick=m.id == "other") for m in shown.models]
    assert differing(dataclasses.replace(shown, models=tuple(models))) == ""


def test_the_same_weights_at_two_sizes(result):
    shown = sized(result, good=224, good_128=128, other=224)
    verdict = dataclasses.replace(
        shown.verdict, firsts={"good": 98.0, "good@128": 0.0, "other": 2.0}
    )
    shown = dataclasses.replace(shown, verdict=verdict)
    said = differing(shown)
    assert "The same weights of good at 224 and 128 pixels came first in 98 and 0 of 100" in said
    assert "right" not in said
    told = tuple(Accuracy(m, (v,), v, v, v) for m, v in (("good", 0.79), ("good@128", 0.612)))
    said = differing(dataclasses.replace(shown, accuracies=told))
    assert said.endswith("re-checks and are 79 and 61 % right.")
    bare = dataclasses.replace(shown, verdict=dataclasses.replace(verdict, firsts={}))
    assert differing(bare).endswith("size alone can decide.")


def test_it_is_a_note_of_the_verdict_also_under_a_limit(result):
    shown = sized(result, good=224, good_128=128, other=224)
    models = tuple(
        dataclasses.replace(m, params=p) for m, p in zip(shown.models, (9, 9, 10), strict=True)
    )
    cheap = cost.within(dataclasses.replace(shown, models=models), "params", 9e-6)
    assert [m.id for m in cheap.models] == ["good", "good@128"]
    assert any("different sizes (128 and 224 pixels)" in note.text for note in cheap.verdict.notes)
