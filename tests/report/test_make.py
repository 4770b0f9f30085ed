"""A stored run's report: what is read from the stores, the size, the shell command, the job."""

import csv
import dataclasses
import io
import json

import pytest
from markupsafe import escape

from srcsel.base.records import Curve, CurvePoint, Outlook, Shown, Strip
from srcsel.base.settings import load_settings
from srcsel.cli import commands
from srcsel.evidence import outlook
from srcsel.jobs.kinds import KINDS
from srcsel.report import make, shared
from srcsel.report.numbers import number_rows, to_csv
from srcsel.runs.public_json import to_json
from srcsel.store.features import open_features, open_runs
from srcsel.store.serialize import to_plain
from srcsel.verdict.readings import firsts_of_100


@pytest.fixture
def runs(result, projection):
    store = open_runs(load_settings())
    store.save(result)
    store.save_projection(result.run.id, projection)
    return store


def test_report_of_a_stored_run_is_small_and_holds_its_pictures(runs, result):
    html = make.write({"run_id": result.run.id})
    text = html.decode()
    assert text.count("data:image/jpeg;base64,") == 60
    assert len(html) < 5_000_000
    assert html == make.stored({"run_id": result.run.id}, result, load_settings())


def test_pictures_that_are_gone_or_must_not_be_seen_are_left_out(
    runs, result, monkeypatch, tmp_path
):
    (result.dataset.folder / result.dataset.paths[0]).unlink()
    assert make.write({"run_id": result.run.id}).decode().count("data:image/jpeg") == 59
    outside = tmp_path / "secret.jpg"
    (result.dataset.folder / result.dataset.paths[1]).rename(outside)
    (result.dataset.folder / result.dataset.paths[1]).symlink_to(outside)
    assert make.write({"run_id": result.run.id}).decode().count("data:image/jpeg") == 59
    monkeypatch.setenv("SRCSEL_ROOTS", str(result.dataset.folder))
    assert make.write({"run_id": result.run.id}).decode().count("data:image/jpeg") == 58


def test_pictures_are_shown_by_the_range_of_their_set(runs, result, monkeypatch):
    deep = dataclasses.replace(result.dataset, ranges={"u2": (0.0, 4095.0)})
    runs.save(dataclasses.replace(result, dataset=deep))
    shown = []
    monkeypatch.setattr(
        "srcsel.pictures.images.thumbnail", lambda *asked, **_: shown.append(asked) or b"x"
    )
    make.write({"run_id": result.run.id})
    assert len(shown) == 60
    assert all(dict(ranges) == {"u2": [0, 4095]} for _, _, ranges in shown)


def test_pictures_that_a_page_has_shown_are_not_opened_again(runs, result, monkeypatch):
    first = make.write({"run_id": result.run.id})
    monkeypatch.setattr("srcsel.pictures.images.thumbnail", None)
    second = make.write({"run_id": result.run.id, "reading": "raw"})
    pictures = [html.decode().count("data:image/jpeg;base64,") for html in (first, second)]
    assert pictures == [60, 60]


def test_a_new_measurement_makes_another_report(runs, result, evidence):
    make.write({"run_id": result.run.id})
    runs.save_evidence(evidence)
    assert make.stored({"run_id": result.run.id}, result, load_settings()) is None
    assert "Accuracy really reached" in make.write({"run_id": result.run.id}).decode()


def test_report_shows_what_was_on_show(runs, result):
    question = {
        "run_id": result.run.id,
        "cost": "time",
        "limit": "30",
        "model": "x/good",
        "reading": "raw",
    }
    text = make.write(question).decode()
    assert "Decided among models up to 30 ms (2 of 3)." in text
    assert "<h1>Start from quick" in text
    assert "as published" in text


def test_the_job_writes_it(runs, result):
    class Told:
        from srcsel.base.watch import Watch

        watch = Watch()

        def plan(self, weights, titles):
            assert weights

    question = {
        "run_id": result.run.id,
        "model": None,
        "method": None,
        "reading": "whitened",
        "cost": None,
        "limit": None,
    }
    done = KINDS["report"](question, Told())
    assert done == {"bytes": len(make.stored(question, result, load_settings()))}


def test_shell_writes_html_and_csv(runs, result, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert commands.main(["report", "latest"]) == 0
    assert (tmp_path / f"srcsel-{result.run.id}.html").read_text().startswith("<!doctype html>")
    assert commands.main(["report", result.run.id, "--html", "a.html", "--csv", "a.csv"]) == 0
    assert (tmp_path / "a.html").is_file()
    assert (tmp_path / "a.csv").read_text() == to_csv(result)
    capsys.readouterr()
    assert commands.main(["report", result.run.id, "--csv", "-"]) == 0
    assert capsys.readouterr().out == to_csv(result)


def with_own_model(result):
    """The same run with a checkpoint of one's own, whose path stands in ids, notes and reasons."""
    path = "/somewhere/secret/best.safetensors"
    own = dataclasses.replace(result.models[0], id=f"checkpoints/{path}")
    note = f"{result.dataset.folder} holds another table; {path} was read."
    failure = dataclasses.replace(result.failures[0], reason=f"={path} is cut off.")
    return dataclasses.replace(
        result,
        models=(*result.models, own),
        notes=(note,),
        failures=(*result.failures, failure),
    )


def test_what_is_handed_on_names_files_and_keeps_where_they_lie(runs, result):
    told = with_own_model(result)
    runs.save(told)
    place, name = str(result.dataset.folder), result.dataset.name
    assert "secret" in str(to_json(told))  # the person's own JSON has them
    for text in (shared.json_text(told), to_csv(told)):
        assert place not in text
        assert "secret" not in text
        assert "best.safetensors" in text
    assert json.loads(shared.json_text(told))["dataset"]["root"] == name
    assert "'=best.safetensors is cut off." in to_csv(told)  # still no formula
    page = make.write({"run_id": told.run.id}).decode()
    assert "secret" not in page
    assert page.count(str(escape(place))) == 1  # in the shell command
    assert f"srcsel rank {escape(place)}" in page


def test_two_files_of_one_name_stay_told_apart(result):
    models = tuple(
        dataclasses.replace(result.models[0], id=f"checkpoints/{path}")
        for path in ("/x/a/best.pt", "/x/b/best.pt")
    )
    told = dataclasses.replace(result, models=models)
    ids = [m["id"] for m in shared.without_paths(to_json(told), told)["models"]]
    assert ids == ["checkpoints/a/best.pt", "checkpoints/b/best.pt"]


def test_shell_says_what_is_missing(capsys):
    assert commands.main(["report", "latest"]) == 2
    assert "There is no run yet" in capsys.readouterr().err
    assert commands.main(["report", "20990101-000000-000000-0000"]) == 2


def test_csv_reads_back_and_runs_no_formula(result):
    models = (dataclasses.replace(result.models[0], title="=HYPERLINK(1)"), *result.models[1:])
    rows = list(csv.DictReader(io.StringIO(to_csv(dataclasses.replace(result, models=models)))))
    assert len(rows) == len(number_rows(result)) == len(result.scores) + len(result.failures)
    right = {a.model: a.mean for a in result.accuracies}
    for row in rows:
        assert row["Right (0 to 1)"] == (str(right[row["Id"]]) if row["Id"] in right else "")
        first = row["First in (of 100 re-checks)"]
        assert first == str(firsts_of_100(result).get(row["Id"], ""))
    first = next(
        row
        for row in rows
        if row["Id"] == "x/good" and row["Measure"].startswith("Class separation")
    )
    assert first["Starting model"] == "'=HYPERLINK(1)"
    assert float(first["Value"]) == 0.5
    assert {row["Why not"] for row in rows if row["Value"] == ""} == {'"><script>alert(1)</script>'}


def test_the_strip_brings_its_own_pictures(runs, result):
    strip = Strip(result.verdict.winner, (Shown(0, 0, 0.9),), (Shown(30, 0, 0.7),))
    runs.save(dataclasses.replace(result, strips=(strip,)))
    text = make.write({"run_id": result.run.id}).decode()
    assert text.count("data:image/jpeg;base64,") == 62
    assert text.split('<div class="strip"')[1].split("</section>")[0].count("data:image/jpeg") == 2


def test_what_more_pictures_bring_makes_another_report(runs, result):
    before = make.write({"run_id": result.run.id}).decode()
    assert "More pictures?" not in before
    curve = Curve(result.verdict.winner, (CurvePoint(16.0, 0.8, 0.75, 0.85),))
    found = Outlook(result.run.id, (curve,), (), "Twice as many.")
    memory = open_features(load_settings()).memory
    memory.remember(outlook.KIND, outlook._question(result), {}, to_plain(found))
    assert make.stored({"run_id": result.run.id}, result, load_settings()) is None
    assert "More pictures?" in make.write({"run_id": result.run.id}).decode()
