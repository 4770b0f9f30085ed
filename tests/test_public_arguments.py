"""Whatever is handed to a public function that it does not take is a sentence, never a trace."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import srcsel
from srcsel.base.allowed import RULES
from srcsel.base.asked import KINDS
from srcsel.base.errors import FeatureError, InputError, SrcselError

RUN = srcsel.Run("id", "2026-03-01T10:15:00+00:00", "demo:digits", ("demo/plain",))
VALUES = {
    "nothing": None,
    "a number": 3,
    "a fraction": 0.5,
    "a path": Path("nowhere"),
    "a record": RUN,
    "bytes": b"x",
    "a list": [1, 2],
    "a mapping": {1: 2},
    "text": "none such",
}
PLACES = {"a path", "text"}
NAMES = {"text"}
TAKEN = {
    "folder": PLACES,
    "ref": PLACES,
    "run": PLACES,
    "models": PLACES,
    "spec": PLACES,
    "measures": {*NAMES, "nothing"},
    "left_out": NAMES,
    "corrections": {*PLACES, "nothing"},
    "text": NAMES,
    "hub": {*NAMES, "nothing"},
    "precision": NAMES,
    "device": {"nothing"},
    "engine": {"nothing"},
    "race": {"nothing"},
    "size": {"nothing", "a number"},
    "watch": {"nothing"},
    "seed": {"a number"},
    "temperature": {"a number", "a fraction"},
    "minutes": {"a number", "a fraction", "nothing"},
    "max_params": {"a number", "a fraction", "nothing"},
    "logits": {"nothing"},
}
"""What each parameter takes, of the values; it may still say that there is no such thing."""
X, Y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
GOOD = {"features": X, "labels": Y, "ref": "demo:digits", "spec": "demo", "run": "no-run"}
FUNCTIONS = [name for name in srcsel.__all__ if inspect.isfunction(getattr(srcsel, name))]
ASKED = [
    (name, one) for name in FUNCTIONS for one in inspect.signature(getattr(srcsel, name)).parameters
]


def call(name, wrong):
    """Call a function with what it needs, and one thing that is wrong."""
    function = getattr(srcsel, name)
    needed = {
        one: GOOD.get(one, "no-folder")
        for one, about in inspect.signature(function).parameters.items()
        if about.default is inspect.Parameter.empty
    }
    if name == "rank_features":
        needed["features"] = {"m": X}
    return function(**{**needed, **wrong})


@pytest.mark.parametrize(("name", "parameter"), ASKED, ids=str)
def test_what_a_function_does_not_take_is_said(name, parameter):
    for kind, value in VALUES.items():
        if kind in TAKEN.get(parameter, ()):
            continue
        if (parameter, name, kind) == ("logits", "rank_features", "a mapping"):
            continue  # of models that are not asked about
        with pytest.raises(SrcselError) as caught:
            call(name, {parameter: value})
        about_data = ("features", "labels", "logits")  # their own check says what is wrong
        assert parameter in about_data or str(caught.value).startswith(f"{parameter} must be ")


@pytest.mark.parametrize(("name", "parameter"), ASKED, ids=str)
def test_each_parameter_has_a_rule(name, parameter):
    known = {*KINDS, *RULES, "features", "labels", "logits"}
    assert parameter in known


def test_a_result_stands_for_its_run_and_one_of_features_has_no_pictures():
    result = srcsel.rank_features({"a": X, "b": X + 1}, Y)
    for ask in (srcsel.settle, srcsel.more_pictures, srcsel.gather_evidence):
        with pytest.raises(InputError, match="given without pictures"):
            ask(result)
        with pytest.raises(InputError, match="given without pictures"):
            ask("features.npz")
        with pytest.raises(InputError, match=f"no stored run {result.run.id}: .*features alone"):
            ask(result.run.id)


@pytest.mark.parametrize("measures", [None, "all", "knn"])
@pytest.mark.parametrize("features", [None, 3, [[1, 2], [3]], X * np.nan])
def test_features_that_cannot_be_used_are_said(features, measures):
    with pytest.raises(FeatureError):
        srcsel.score_features(features, Y, measures=measures)


def test_paths_may_be_paths(picture_folder):
    assert len(srcsel.load_dataset(picture_folder).paths) == 36
    with pytest.raises(InputError, match="weights"):
        srcsel.find_models(Path("weights.safetensors"))


@pytest.mark.parametrize("field", ["ref", "models", "measures", "left_out", "title", "race"])
@pytest.mark.parametrize("value", [None, 3, b"x", [1, 2], {1: 2}])
def test_a_run_is_made_of_what_it_says(field, value):
    with pytest.raises(InputError, match=f"^{field} must be "):
        srcsel.Run(**{**vars(RUN), field: value})
