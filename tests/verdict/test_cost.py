import dataclasses
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.records import Dataset, Diagnosis, Failure, Result, Run, Score, Signs, SourceModel
from srcsel.verdict.cost import COSTS, contenders, costs, frontier, limits, usual, within
from srcsel.verdict.decide import decide
from srcsel.verdict.ranks import make_rankings

PICTURES = 120
MODELS = tuple(
    SourceModel(
        f"hub/{name}",
        name,
        "r",
        params,
        gmacs,
        224,
        8,
        "photographs",
        "MIT",
        yardstick=name == "pixels",
    )
    for name, params, gmacs in (
        ("large", 80_000_000, 16.0),
        ("medium", 25_000_000, 4.0),
        ("small", 5_000_000, 0.5),
        ("pixels", None, None),
    )
)
QUALITY = {"hub/large": 0.9, "hub/medium": 0.8, "hub/small": 0.5, "hub/pixels": 0.1}


@pytest.fixture
def result() -> Result:
    """Three networks, the larger the better, and a yardstick; every re-check says the same."""
    labels = np.repeat([0, 1], PICTURES // 2)
    paths = tuple(f"{i}.png" for i in range(PICTURES))
    dataset = Dataset("x", "x", Path("x"), paths, labels, ("a", "b"), "d")
    noise = np.random.default_rng(0).normal(scale=0.01, size=50)
    scores = tuple(
        Score(model, measure, reading, q, 0.0, q, q - 0.02, q + 0.02, q + noise)
        for measure, reading in (("knn", None), ("logme", None), ("silhouette", "whitened"))
        for model, q in QUALITY.items()
    )
    return Result(
        Run("r", "2026-01-01", "x", tuple(QUALITY)),
        dataset,
        MODELS,
        scores,
        (),
        (Failure("hub/large", "supcon", "no"),),
        make_rankings(scores),
        decide(scores, MODELS, dataset.counts),
        {"hub/large": 0.1, "hub/medium": 0.012, "hub/small": 0.003},
    )


def naive_frontier(cost, score):
    """Every pair compared."""

    def beaten(m):
        return any(
            cost[o] <= cost[m]
            and score[o] >= score[m]
            and (cost[o] < cost[m] or score[o] > score[m])
            for o in cost
        )

    return {m for m in cost if not beaten(m)}


@pytest.mark.parametrize("seed", range(30))
def test_frontier_is_what_no_other_model_beats(seed):
    chance = np.random.default_rng(seed)
    names = [str(i) for i in range(12)]
    # few values, so that many are equal
    cost = dict(zip(names, chance.integers(1, 6, 12).tolist(), strict=True))
    score = dict(zip(names, chance.integers(1, 6, 12).tolist(), strict=True))
    found = frontier(cost, score)
    assert set(found) == naive_frontier(cost, score)
    assert [cost[m] for m in found] == sorted(cost[m] for m in found)


def test_frontier_leaves_out_what_has_no_cost_or_no_score():
    assert frontier({"a": 1.0, "b": 2.0}, {"a": 0.1, "c": 0.9}) == ["a"]
    assert frontier({}, {}) == []


def test_costs_are_in_their_units_and_unknown_ones_are_left_out(result):
    assert costs(result, "time") == pytest.approx(
        {"hub/large": 100, "hub/medium": 12, "hub/small": 3}
    )
    assert costs(result, "params") == pytest.approx(
        {"hub/large": 80, "hub/medium": 25, "hub/small": 5}
    )
    assert costs(result, "memory") == pytest.approx(
        {"hub/large": 320, "hub/medium": 100, "hub/small": 20}
    )
    assert contenders(result) == ["hub/large", "hub/medium", "hub/small"]
    assert COSTS["time"].in_words(12.04) == "12 ms"
    assert COSTS["time"].in_words(0.512) == "0.51 ms"
    assert COSTS["params"].in_words(4.652008) == "4.65 million weights"  # as on the verdict card


def test_time_first_where_it_was_measured(result):
    assert usual(result) == "time"
    assert usual(dataclasses.replace(result, seconds_per_picture={})) == "params"
    assert usual(dataclasses.replace(result, seconds_per_picture={"hub/pixels": 0.1})) == "params"


def test_each_limit_leaves_some_in_and_some_out():
    values = {"a": 3.0, "b": 12.0, "c": 12.1, "d": 100.0}
    found = limits(values)
    assert found == [3, 12, 15]
    assert limits({"a": 5.0, "b": 5.0}) == []
    assert limits({}) == []


def test_the_verdict_is_decided_again_among_the_cheap_ones(result):
    assert result.verdict.winner == "hub/large"
    fast = within(result, "time", 12)
    assert (fast.verdict.kind, fast.verdict.winner) == ("clear", "hub/medium")
    assert [m.id for m in fast.models] == ["hub/medium", "hub/small", "hub/pixels"]
    assert {s.model for s in fast.scores} == {"hub/medium", "hub/small", "hub/pixels"}
    assert all("hub/large" not in r.models for r in fast.rankings)
    assert fast.failures == ()
    kept = [s for s in result.scores if s.model != "hub/large"]
    assert fast.verdict == decide(
        kept,
        fast.models,
        result.dataset.counts,
        class_names=("a", "b"),
        seconds_per_picture=result.seconds_per_picture,
    )


def test_a_model_of_unknown_cost_is_not_said_to_be_cheap(result):
    untimed = dataclasses.replace(
        result, seconds_per_picture={"hub/small": 0.003, "hub/large": 0.1}
    )
    assert [m.id for m in within(untimed, "time", 50).models] == ["hub/small", "hub/pixels"]


def test_no_limit_below_the_most_expensive_is_the_whole_answer(result):
    whole = within(result, "time", 100)
    assert whole.verdict.winner == result.verdict.winner
    assert len(whole.scores) == len(result.scores)


def test_only_yardsticks_left_is_no_verdict(result):
    verdict = within(result, "time", 1).verdict
    assert (verdict.kind, verdict.winner, verdict.firsts) == ("cannot tell", None, {})


@pytest.mark.parametrize("known", [True, False])
def test_under_a_limit_scores_that_disagree_are_explained_by_cause(result, known):
    scores = [s for s in result.scores if s.measure != "silhouette"]
    # MSC and SCL, lower is better
    bars = {"hub/large": (0.5, 1.0), "hub/medium": (0.4, 4.0), "hub/small": (0.3, 2.0)}
    for model, pair in bars.items():
        for measure, value in zip(("silhouette", "supcon"), pair, strict=True):
            scores.append(
                Score(model, measure, "whitened", value, 0.0, value, None, None, np.full(50, value))
            )
    plain = Signs(0.1, 1.0, 1.0, 1.05, 0.6, 0.2, 0.2)
    cone = dataclasses.replace(
        plain, mean_cosine=0.97, gain=0.13, centred_gain=2.0 if known else None
    )
    diagnoses = tuple(Diagnosis(m, cone if m == "hub/medium" else plain, plain) for m in bars)
    whole = dataclasses.replace(result, scores=tuple(scores), diagnoses=diagnoses)
    texts = " ".join(note.text for note in within(whole, "time", 12).verdict.notes)
    assert "The two scores name different first places" in texts
    assert ("its gain rises from 0.1 to 2.0" in texts) == known
