"""What a person may give: every number and name of a question, checked by the records."""

import dataclasses
import inspect
import math

import numpy as np
import pytest

import srcsel
from srcsel.base.allowed import RULES, check
from srcsel.base.errors import InputError
from srcsel.base.records import Protocol, Run
from srcsel.measures import MEASURES
from srcsel.runs.given import rank_features, score_features
from srcsel.scoring.score import score_model

NAN, INF = math.nan, math.inf
RUN = Run("id", "2026-03-01T10:15:00+00:00", "demo:digits", ("pixels/thumbnail",))
BAD = {
    "temperature": (0, -1, NAN, INF, 0.001, "0.5", True, None, 1j),
    "metric": ("manhattan", "", None, 1),
    "precision": ("float8", "", None),
    "device": ("tpu", "cuda:x", "", None),
    "seed": (-1, NAN, INF, 1.5, 2**32, "1", True, None),
}
X = np.random.default_rng(0).normal(size=(20, 4))
Y = np.arange(20) % 2


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, bad in BAD.items() for v in bad])
def test_a_run_refuses_what_cannot_be_asked(field, value):
    with pytest.raises(InputError, match=f"^{field} must be .*, got"):
        dataclasses.replace(RUN, **{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0.003),
        ("temperature", np.float32(0.5)),
        ("temperature", 1),
        ("seed", np.int64(7)),
        ("seed", 2**32 - 1),
        ("device", "cuda:1"),
        ("metric", "euclidean"),
    ],
)
def test_a_run_takes_what_can(field, value):
    assert getattr(dataclasses.replace(RUN, **{field: value}), field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field, least in {
            "folds": 2,
            "shots": 1,
            "epochs": 1,
            "early_stop": 0,
            "batch": 2,
        }.items()
        for value in (least - 1, NAN, INF, 2.5, "3")
    ]
    + [(field, value) for field in ("test_share", "learning_rate") for value in (0, -1, NAN, INF)]
    + [("test_share", None)]
    + [("test_share", 1.0), ("weight_decay", -0.1), ("weight_decay", INF), ("kind", "guess")]
    + [("seeds", v) for v in ((), (-1,), (1, 1), (0.5,), "01", None, (NAN,))],
)
def test_a_protocol_that_cannot_be_followed_is_named(field, value):
    with pytest.raises(InputError, match=f"^{field} must be"):
        Protocol(**{"kind": "finetune", field: value})


def test_usual_protocols_are_fine():
    Protocol("probe")
    Protocol("finetune", shots=None, early_stop=0, weight_decay=0)
    assert Protocol("finetune").learning_rate is None
    Protocol("finetune", learning_rate=1e-3)


@pytest.mark.parametrize(("field", "value"), [("temperature", 0), ("metric", "x"), ("seed", -1)])
@pytest.mark.parametrize("ask", ["rank_features", "score_features", "score_model"])
def test_no_entry_passes_the_check(ask, field, value):
    asked = {
        "rank_features": lambda **more: rank_features({"a": X}, Y, **more),
        "score_features": lambda **more: score_features(X, Y, **more),
        "score_model": lambda **more: score_model("a", X, Y, **more),
    }[ask]
    with pytest.raises(InputError, match=f"^{field} must be"):
        asked(**{field: value})


def test_a_reading_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="reading must be whitened or raw, got 'half'"):
        score_features(X, Y, reading="half")


@pytest.mark.parametrize("value", [0, -1, NAN, INF, 1.5, "5"])
@pytest.mark.parametrize(("measure", "field"), [("knn", "k"), ("nleep", "components")])
def test_a_measures_own_numbers(measure, field, value):
    with pytest.raises(InputError, match=f"^{field} must be a whole number of 1 or more"):
        MEASURES[measure](X, Y, **{field: value})


def test_the_sentence_says_what_was_given_and_what_is_usual():
    with pytest.raises(InputError) as caught:
        check(temperature=0)
    assert str(caught.value) == (
        "temperature must be a number of 0.003 or more, got 0. Usual: 0.07 to 1."
    )
    with pytest.raises(InputError, match=r"between 0 and 1, got 2\. Usual: 0\.2\."):
        check(test_share=2)
    with pytest.raises(InputError, match="of 1 or more, or None for all, got 0"):
        check(shots=0)
    with pytest.raises(InputError, match=r"auto, cpu, cuda or mps, got 'x{38}…x{19}'\.$"):
        check(device="x" * 4400)


def test_every_rule_is_named_after_something_a_person_gives():
    fields = {f.name for record in (Run, Protocol) for f in dataclasses.fields(record)}
    keywords = {name for measure in MEASURES.values() for name in measure.keywords}
    keywords |= set(inspect.signature(srcsel.search).parameters)
    assert set(RULES) - fields - keywords <= {"reading", "minutes"}
