"""What the experiment says, on made-up runs whose answer is worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from srcsel.base.records import (
    Accuracy,
    Agreement,
    Dataset,
    Evidence,
    Interval,
    Protocol,
    Result,
    Run,
    Score,
    SourceModel,
    Verdict,
)
from srcsel.charts.experiment import cell, column_alt, experiment_column
from srcsel.demo.findings import Told, mean_cosine, summarize

NAMES = ("good", "poor", "control")
REACHED = {"good": 0.8, "poor": 0.4, "control": 0.2}
CONES = {"good": 0.2, "poor": 0.9, "control": 0.95}


def model(name):
    return SourceModel(
        name, name.title(), "1", 1, 1.0, 8, 4, "", "MIT", yardstick=name == "control"
    )


def scores(reading, msc, scl):
    for name, m, s in zip(NAMES, msc, scl, strict=True):
        yield Score(name, "silhouette", reading, m, null=0.01, gain=m - 0.01)
        yield Score(name, "supcon", reading, 5.0 - s, null=5.0, gain=s)


def agreement(predictor, reading, tau, regret):
    one = Interval(tau)
    return Agreement(predictor, reading, 3, "good", one, one, one, Interval(regret), None)


def told(title="Leaves", *, rows=(), raw=((0.02, 0.01, 0.0), (-1.0, 0.1, 0.2))):
    dataset = Dataset("demo:x", "x", Path(), ("a", "b"), np.array([0, 1]), ("k", "l"), "d")
    run = Run("experiment-x", "2026-01-01", "demo:x", NAMES, title=title)
    result = Result(
        run,
        dataset,
        tuple(model(n) for n in NAMES),
        tuple(scores("whitened", (0.3, 0.2, 0.1), (0.3, 0.2, 0.1))),
        tuple(scores("raw", *raw)),
        (),
        (),
        Verdict("clear", "good", ""),
    )
    reached = tuple(Accuracy(n, (a,), a, a - 0.05, a + 0.05) for n, a in REACHED.items())
    return Told(result, (Evidence(run.id, Protocol("finetune"), reached, tuple(rows), "s"),), CONES)


def test_mean_cosine_equals_the_loop():
    X = np.random.default_rng(0).standard_normal((7, 3))
    Z = X / np.linalg.norm(X, axis=1, keepdims=True)
    pairs = [Z[i] @ Z[j] for i in range(7) for j in range(7) if i != j]
    assert mean_cosine(X) == pytest.approx(np.mean(pairs))
    assert mean_cosine(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 0.0]])) == pytest.approx(2 / 6)


def test_pairs_that_are_put_in_opposite_orders_are_counted_for_who_was_right():
    raw, whitened = summarize([told()])["pairs"]
    assert (raw["reading"], whitened["reading"]) == ("raw", "whitened")
    # MSC orders good > poor > control, as the accuracies do; SCL orders them the other way round
    assert raw["msc"]["pairs"] == 3
    assert raw["scl"]["pairs"] == raw["agree"] == raw["open"] == 0
    assert raw["msc"]["narrower"] == 3  # the worse model always sees the narrower cone
    assert raw["msc"]["flat"] == 3
    assert {"target": "Leaves", "better": "good", "worse": "poor"} in raw["msc"]["examples"]
    assert whitened["agree"] == 3


def test_accuracies_that_overlap_settle_nothing():
    one = told()
    wide = tuple(Accuracy(a.model, a.values, a.mean, 0.0, 1.0) for a in one.evidence[0].accuracies)
    evidence = Evidence("experiment-x", Protocol("finetune"), wide, (), "s")
    assert summarize([Told(one.result, (evidence,), CONES)])["pairs"][0]["open"] == 3


def test_means_over_targets_and_least_regret_first():
    first = told("A", rows=[agreement("supcon", "raw", 0.2, 4.0), agreement("knn", None, 0.8, 0.0)])
    second = told(
        "B", rows=[agreement("supcon", "raw", 0.4, 0.0), agreement("knn", None, None, None)]
    )
    rows = summarize([first, second])["predictors"]
    assert [r["predictor"] for r in rows] == ["supcon", "knn"]
    supcon, knn = rows
    assert supcon["mean_tau"] == pytest.approx(0.3)
    assert supcon["mean_regret"] == pytest.approx(2.0)
    assert supcon["regret"] == {"A": 4.0, "B": 0.0}
    assert supcon["hits"] == 1
    assert knn["mean_tau"] is None  # one target without a value: no mean, and last
    assert knn["mean_regret"] is None


def test_findings_hold_the_numbers_and_leave_out_what_was_not_measured():
    rows = [agreement("supcon", "raw", 0.5, 5.0), agreement("silhouette", "raw", 0.25, 12.5)]
    said = summarize([told(rows=rows)])["findings"]
    assert "SCL's first model would have cost 5.0 points" in said[0]
    assert "MSC's 12.5 points" in said[0]
    assert any("SCL was right in 0, MSC in 3" in text for text in said)
    assert any("narrower cone in 3 of 3 pairs" in text for text in said)
    assert not any("Corrected: starting" in text for text in said)
    assert not any("verdict" in text for text in said)


def test_the_figure_rings_the_model_each_score_puts_first():
    summary = summarize([told("<b>Leaves</b>")])
    points = cell(summary["targets"][0], "finetune", "supcon", "raw")
    assert points[-1]["title"] == "Poor"  # best SCL gain among those that are no yardsticks
    assert [p["first"] for p in points] == [False, False, True]
    figure = experiment_column(summary["targets"][0], "finetune")
    assert len(figure.data) == 2 * 4
    names = figure.layout.annotations
    rings = [t for t in figure.data if t.marker.symbol == "circle-open"]
    assert [(a.xref, a.yref, a.x, a.y) for a in names] == [
        (t.xaxis, t.yaxis, t.x[0], t.y[0]) for t in rings
    ]  # each lies on its ring; the page places it beside
    assert {a.text for a in names} == {"Good", "Poor"}
    said = column_alt(summary["targets"][0], "finetune")
    assert "SCL gain as published: first is Poor, 40.0 points below the best" in said
    assert "MSC corrected: first is Good, 0.0 points below the best" in said
