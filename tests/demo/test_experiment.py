"""The experiment: made at small scale by the shipped code, and what ships is what its own runs
say.
"""

import dataclasses
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from srcsel.base.records import Protocol
from srcsel.base.settings import load_settings
from srcsel.demo import experiment
from srcsel.demo.findings import summarize
from srcsel.measures import MEASURES
from srcsel.pictures.bundled.targets import TARGETS
from srcsel.store.features import open_runs
from srcsel.store.runs import RunStore

SHIPPED = tuple(experiment.PREFIX + target for target in TARGETS)


@pytest.fixture
def small(monkeypatch):
    """One target of 60 pictures, three candidates, trainings of a second."""
    monkeypatch.setitem(TARGETS, "digits", replace(TARGETS["digits"], each=6))
    monkeypatch.setattr(experiment, "MODELS", "demo/glyphs,demo/untrained,pixels")
    monkeypatch.setattr(
        experiment,
        "PROTOCOLS",
        (Protocol("probe", folds=2), Protocol("finetune", shots=3, seeds=(0, 1), epochs=1)),
    )
    monkeypatch.setattr("srcsel.runs.run.draw_all", lambda *_: None)


def foretold(result, evidence, predictor, reading):
    """Scores of one predictor and the accuracies of the same models, read from the records."""
    reached = {a.model: a.mean for a in evidence.accuracies}
    scores = {
        s.model: s.value * MEASURES[predictor].sign
        for s in (*result.scores, *result.literal)
        if (s.measure, s.reading) == (predictor, reading)
    }
    models = [m for m in reached if m in scores]
    return [scores[m] for m in models], [reached[m] for m in models]


def test_a_small_experiment_from_the_pictures_to_the_summary(small, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "make", lambda home, watch: MAKE(home, ["digits"], watch))
    monkeypatch.setattr(experiment, "told", lambda home: TOLD(home, ["digits"]))
    places = {name: tmp_path / name for name in ("home", "runs", "summary")}
    (tmp_path / "runs").mkdir()
    assert (
        experiment.main(
            [text for name, place in places.items() for text in (f"--{name}", str(place))]
        )
        == 0
    )
    store = RunStore(tmp_path / "none", tmp_path / "runs")
    result = store.load("experiment-digits")
    assert [e.protocol.kind for e in store.evidences(result.run.id)] == ["probe", "finetune"]
    assert all(e.complete for e in store.evidences(result.run.id))
    assert result.seconds_per_picture == {}  # times of another computer say nothing here
    failures = [f for e in store.evidences(result.run.id) for f in e.failures]
    assert [f.model for f in failures] == ["pixels/thumbnail"]
    assert failures[0].reason
    assert failures[0].detail == ""
    told = json.loads(places["summary"].read_text())
    (target,) = told["targets"]
    assert target["pictures"] == 60
    assert {m["id"] for m in target["models"]} == {
        "demo/glyphs",
        "demo/untrained",
        "pixels/thumbnail",
    }
    assert {row["kind"] for row in told["predictors"]} == {"probe", "finetune"}
    assert told["findings"]


MAKE, TOLD = experiment.make, experiment.told


@pytest.mark.parametrize("run_id", SHIPPED)
def test_the_shipped_correlations_are_those_of_scipy(run_id):
    store = open_runs(load_settings())
    result = store.load(run_id)
    compared = 0
    for evidence in store.evidences(run_id):
        assert evidence.complete
        for row in evidence.agreements:
            if row.reading is None or row.tau.value is None:
                continue
            scores, reached = foretold(result, evidence, row.predictor, row.reading)
            assert len(scores) == row.models
            # means of the same right answers in another order differ in their last digit
            tied = (np.round(values, 9) for values in (scores, reached))
            assert row.tau.value == pytest.approx(stats.kendalltau(*tied).statistic)
            assert row.pearson.value == pytest.approx(stats.pearsonr(scores, reached).statistic)
            compared += 1
    assert compared == 8  # MSC and SCL, two readings, two kinds of evidence


@pytest.mark.parametrize("run_id", SHIPPED)
def test_every_model_of_a_shipped_run_has_its_map(run_id):
    store = open_runs(load_settings())
    result = store.load(run_id)
    for model in result.models:
        drawn = store.projection(run_id, model.id, "umap")
        assert drawn.xy.shape == (len(result.dataset.paths), 2)


def test_no_shipped_file_names_a_folder_of_the_computer_it_was_made_on():
    for path in [experiment.SUMMARY, *experiment.RUNS.rglob("*.json")]:
        assert re.search(r'"/|File \\"|[A-Z]:\\\\', path.read_text()) is None, path


def test_the_shipped_summary_is_the_mean_over_the_shipped_runs():
    told = json.loads(experiment.SUMMARY.read_text())
    assert {t["run"] for t in told["targets"]} == set(SHIPPED)
    store = open_runs(load_settings())
    for row in told["predictors"]:
        rows = [
            a
            for run_id in SHIPPED
            for e in store.evidences(run_id)
            for a in e.agreements
            if (e.protocol.kind, a.predictor, a.reading)
            == (row["kind"], row["predictor"], row["reading"])
        ]
        assert len(rows) == len(SHIPPED)
        assert row["mean_regret"] == pytest.approx(np.mean([a.regret.value for a in rows]))
        assert row["mean_tau"] == pytest.approx(np.mean([a.tau.value for a in rows]))


def test_what_ships_is_said_in_todays_words(tmp_path):
    """`python -m srcsel.demo.experiment --words` was run after the last change of words."""
    told = json.loads(experiment.SUMMARY.read_text())
    shutil.copytree(experiment.RUNS, tmp_path / "runs")
    copy = RunStore(tmp_path / "runs")
    again = experiment.told_again(copy, told)
    assert json.loads(json.dumps(summarize(again))) == told
    shipped = open_runs(load_settings())
    for one in again:
        stored = shipped.evidences(one.result.run.id)
        assert [dataclasses.asdict(e) for e in one.evidence] == [
            dataclasses.asdict(e) for e in stored
        ]
    ties = [a for one in again for e in one.evidence for a in e.agreements if a.tied]
    assert {a.predictor for a in ties} == {"sfda", "hscore", "knn"}  # these give several the same
    assert all(a.picked is None for a in ties)


def test_the_page_carries_the_table_and_the_findings_as_they_came_out(pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "experiment.md").read_text()
    told = json.loads(experiment.SUMMARY.read_text())
    assert experiment.table(told, "finetune") in page
    flat = " ".join(page.split())
    assert all(" ".join(text.split()) in flat for text in told["findings"])
