"""The shipped experiment on the pages: the switch between targets, what it found over all, its card
on home.
"""

import dataclasses
import json

import pytest

from srcsel.base.records import Accuracy, Agreement, Evidence, Interval, Protocol
from srcsel.store import features
from srcsel.store.runs import RunStore
from srcsel.ui.evidence import experiment

IDS = ("experiment-digits", "experiment-flowers", "experiment-tiles")


@pytest.fixture
def shipped(tmp_path, monkeypatch, work, result):
    """Three finished runs with evidence among the examples, and a summary over them."""
    folder = tmp_path / "shipped"
    store = RunStore(folder)
    for run_id in IDS:
        title = f"*{run_id.removeprefix('experiment-')}*"
        store.save(
            dataclasses.replace(result, run=dataclasses.replace(result.run, id=run_id, title=title))
        )
        accuracies = tuple(Accuracy(m.id, (0.5, 0.7), 0.6, 0.5, 0.7) for m in result.models)
        row = Agreement(
            "supcon",
            "whitened",
            6,
            "demo/m0",
            Interval(0.5),
            Interval(0.5),
            Interval(0.5),
            Interval(1.0),
            1.0,
        )
        for kind in ("probe", "finetune"):
            store.save_evidence(
                Evidence(run_id, Protocol(kind), accuracies, (row,), f"{run_id} by {kind}.")
            )
    monkeypatch.setattr(features, "EXAMPLES", folder)
    rows = [
        {
            "kind": kind,
            "predictor": "supcon",
            "reading": "raw",
            "regret": {"<i>digits": 0.0, "flowers": 2.5},
            "mean_regret": 1.25,
            "mean_tau": 0.5,
            "hits": 1,
        }
        for kind in ("probe", "finetune")
    ]
    summary = tmp_path / "experiment.json"
    summary.write_text(json.dumps({"predictors": rows, "findings": ["SCL *whitened* wins."]}))
    monkeypatch.setattr(experiment, "SUMMARY", summary)
    return folder


def test_the_switch_opens_another_target(visit, shipped):
    tab = visit("evidence", run=IDS[0])
    assert not tab.exception
    switch = tab.segmented_control(key="evidence-target")
    assert switch.options == ["*digits*", "*flowers*", "*tiles*"]
    assert "experiment-digits by finetune." in "".join(h.value for h in tab.html)
    switch.set_value(IDS[2]).run()
    assert tab.query_params["run"] == IDS[2]
    assert "experiment-tiles by finetune." in "".join(h.value for h in tab.html)


def test_findings_and_one_row_a_predictor_over_all_targets(visit, shipped, words_of):
    tab = visit("evidence", run=IDS[1])
    assert r"- SCL \*whitened\* wins\." in words_of(tab)
    table = tab.dataframe[0].value
    assert list(table.columns) == [
        "Predictor",
        "Reading",
        "Mean points lost",
        "Mean Kendall's tau",
        "Picked the best",
        "Lost: <i>digits",
        "Lost: flowers",
    ]
    assert list(table.iloc[0])[1:] == ["As published", 1.25, 0.5, "1 of 2", "0.0", "2.5"]


def test_the_experiment_is_not_measured_again(visit, shipped):
    tab = visit("evidence", run=IDS[0])
    assert "evidence-probe" not in [b.key for b in tab.button]


@pytest.mark.parametrize("text", [None, "{", "[]", "{}"])
def test_without_a_readable_summary_the_rest_stands(
    visit, shipped, monkeypatch, tmp_path, words_of, text
):
    place = tmp_path / "other.json"
    if text is not None:
        place.write_text(text)
    monkeypatch.setattr(experiment, "SUMMARY", place)
    tab = visit("evidence", run=IDS[0])
    assert not tab.exception
    assert "Over all targets" not in words_of(tab)


def test_other_runs_have_neither_switch_nor_summary(visit, stored, shipped, words_of, result):
    tab = visit("evidence", run=result.run.id)
    assert not tab.exception
    assert "evidence-target" not in [s.key for s in tab.segmented_control]
    assert "Over all targets" not in words_of(tab)


def test_home_has_a_card_that_opens_it_and_never_takes_it_for_the_finished_example(
    visit, shipped, words_of
):
    tab = visit("home")
    assert "can a score foretell the accuracy" in words_of(tab)
    assert (
        "6 models scored without training, then every network among them really trained on 3 sets"
        " of pictures" in words_of(tab)
    )
    assert "See a finished example" not in [b.label for b in tab.button]
    tab.button(key="experiment").click().run()
    assert not tab.exception
    assert tab.query_params["run"] == IDS[0]
    assert tab.title[0].value == "Is it true?"


def test_home_without_the_experiment(visit, stored, words_of):
    assert "can a score foretell" not in words_of(visit("home"))
