"""What a result is made of: values of set-relative measures are combined over the candidates."""

import math

import numpy as np
import pytest
import timm
import torch

from srcsel.measures import MEASURES, Measure
from srcsel.measures._base import Combined
from srcsel.models.catalog import find_models
from srcsel.pictures.dataset import load_dataset
from srcsel.runs.answer import Answer
from srcsel.runs.given import rank_features
from srcsel.runs.public_json import to_json
from srcsel.runs.question import new_run
from srcsel.runs.run import rank
from srcsel.verdict.wording import FAST_NUMBERS


def relative(X, y):
    return Combined(0.0, {"spread": float(X.std())})


def shares(parts):
    """Each candidate's place between the smallest and the largest; 0 / 0 where all are alike."""
    spread = np.array([p["spread"] for p in parts])
    with np.errstate(invalid="ignore"):
        return (spread - spread.min()) / (spread.max() - spread.min())


@pytest.fixture
def measure(monkeypatch):
    more = {"cheap": True, "set_relative": True, "combine": shares}
    made = Measure(
        "relative",
        "Relative",
        True,
        (-math.inf, math.inf),
        "features",
        "https://x.org",
        relative,
        **more,
    )
    monkeypatch.setitem(MEASURES, "relative", made)


def candidates(*scales):
    X = np.random.default_rng(0).standard_normal((60, 6))
    return {f"m{i}": X * scale for i, scale in enumerate(scales)}, np.arange(60) % 3


@pytest.mark.usefixtures("measure")
def test_values_rankings_and_json_hold_what_the_set_makes_of_the_parts():
    result = rank_features(*candidates(1, 5, 3), measures=["relative"])
    found = {s.model: s.value for s in result.scores if s.measure == "relative"}
    assert found == pytest.approx({"m0": 0, "m1": 1, "m2": 0.5})
    assert next(r for r in result.rankings if r.measure == "relative").models == ("m1", "m2", "m0")
    assert [s["value"] for s in to_json(result)["scores"]] == pytest.approx([0, 1, 0.5])
    again = rank_features(*candidates(1, 5, 3, 9), measures=["relative"])
    assert {s.model: s.value for s in again.scores if s.measure == "relative"}[
        "m1"
    ] == pytest.approx(0.5)


@pytest.mark.usefixtures("measure")
def test_without_a_finite_value_there_is_a_reason():
    result = rank_features(*candidates(2), measures=["relative", "knn"])
    assert "relative" not in {s.measure for s in result.scores}
    assert [(f.model, f.measure) for f in result.failures] == [("m0", "relative")]
    assert "compares starting models" in result.failures[0].reason


@pytest.mark.parametrize(
    ("precision", "said"), [("exact", []), ("fast", [FAST_NUMBERS.format("bfloat16")])]
)
def test_a_result_says_when_it_was_made_with_fast_numbers(picture_folder, precision, said):
    run = new_run(picture_folder, "pixels", precision=precision)
    told = Answer(run, load_dataset(run.ref), find_models("pixels"))
    assert list(told.result(complete=False).notes) == said


@pytest.mark.parametrize(
    "moved", [lambda X: X + 1e6, lambda X: X * 1e200, lambda X: (X * 1e4).round()]
)
def test_how_often_a_model_is_right_does_not_depend_on_offset_and_scale(moved):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = rng.standard_normal((90, 6)) + rng.standard_normal((3, 6))[y]
    plain, other = (
        rank_features({"m": Z}, y, measures=["linear_probe"]).accuracies[0].mean
        for Z in (X, moved(X))
    )
    assert 0.5 < plain < 1
    assert other == pytest.approx(plain, abs=0.012)  # one picture


def test_a_network_that_reads_one_channel_is_named(picture_folder, tmp_path):
    """On a first run and where its features are there already."""
    file = tmp_path / "gray.pth"
    torch.save(timm.create_model("test_resnet", in_chans=1, num_classes=3).state_dict(), file)
    for _ in range(2):
        result = rank(str(picture_folder), f"{file}=test_resnet,pixels")
        (said,) = [note for note in result.notes if "in grey" in note]
        assert said.startswith("The first layer of gray reads one channel")
    assert "pictures are made greyscale" in find_models(f"{file}=test_resnet")[0].note
