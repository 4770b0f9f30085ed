import dataclasses
import json

import numpy as np
import pytest

from srcsel.base.records import FeatureKey, Features
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.jobs import shell
from srcsel.measures import MEASURES
from srcsel.store import cache, features
from srcsel.store.runs import RunStore
from srcsel.store.summaries import RunSummary
from srcsel.ui.history import compare
from srcsel.ui.parts import mine
from srcsel.ui.parts.show import WRAPPED
from srcsel.verdict import correction


@pytest.fixture
def two(stored, save, result):
    """A second, later run of the same pictures: other temperature, other winner, one model less."""
    run = dataclasses.replace(
        result.run,
        id="20260401-090000-000000-cd34",
        created="2026-04-01T09:00:00+00:00",
        temperature=0.2,
        title="![](http://evil/x)",
    )
    order = result.rankings[0].models
    swapped = (order[1], order[0], *order[2:5])
    rankings = tuple(
        dataclasses.replace(r, models=swapped, ranks=(1, 2, 3, 4, 5))
        for r in result.rankings
        if r.reading != "raw"
    )
    verdict = dataclasses.replace(result.verdict, winner=order[1], kind="tie")
    return save(result, run=run, rankings=rankings, verdict=verdict)


@pytest.fixture
def ticked(visit):
    """Open History with rows ticked."""

    def open_with(*rows):
        tab = visit("history")
        key = next(name for name in tab.session_state._state.filtered_state if "-rows-" in name)
        tab.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
        return tab.run()

    return open_with


def label(tab, text):
    return next(button for button in tab.button if button.label == text)


def test_without_runs_there_is_one_way_on(visit, words_of):
    tab = visit("history")
    assert "No runs yet" in words_of(tab)
    assert [button.label for button in tab.button] == ["Choose pictures"]


def test_every_run_is_a_row_newest_first(visit, two):
    rows = visit("history").dataframe[0].value
    # a data frame shows text literally
    assert rows["Run"].tolist() == ["![](http://evil/x)", "leaves"]
    assert rows["Start from"].tolist() == ["Textures", "Strokes"]
    assert rows["How sure"].tolist() == ["Too close to call", "Clear choice"]
    assert rows["Pictures"].tolist() == [30, 30]
    assert rows["Link"].tolist()[1] == "/results?run=20260301-101500-000000-ab12"


def test_a_damaged_run_is_left_out_and_said(visit, two, work):
    (work / "runs" / two.run.id / "run.json").write_text("{")
    tab = visit("history")
    assert len(tab.dataframe[0].value) == 1
    assert "is damaged" in tab.warning[0].value


def test_one_ticked_run_opens(ticked, stored):
    tab = ticked(0)
    label(tab, "Open").click().run()
    assert tab.query_params["run"] == "20260301-101500-000000-ab12"


def test_one_ticked_run_leads_to_its_evidence(ticked, stored):
    tab = ticked(0)
    label(tab, "Is it true?").click().run()
    assert tab.query_params["run"] == "20260301-101500-000000-ab12"
    assert tab.title[0].value == "Is it true?"


def test_a_run_that_is_not_finished_says_whether_it_goes_on(visit, stored, save, result):
    def sure():
        return list(visit("history").dataframe[0].value["How sure"])

    assert sure() == ["Clear choice"]
    run = dataclasses.replace(result.run, id="20260501-090000-000000-ef56")
    save(result, run=run, complete=False)
    assert sure() == ["Not finished", "Clear choice"]
    with shell.told(run, load_settings().jobs, Watch()):
        assert sure() == ["Under way", "Clear choice"]


def test_a_tick_goes_with_its_run(ticked, stored, save, result):
    tab = ticked(0)
    assert label(tab, "Open")
    run = dataclasses.replace(result.run, id="20260501-090000-000000-ef56")
    save(result, run=run)  # another one stands in that row now
    tab.run()
    assert "Open" not in [button.label for button in tab.button]


def test_a_long_name_stands_in_full(visit, stored, save, result):
    assert not visit("history").dataframe[0].proto.row_height
    title = "leaves without 30 pictures, with 10 new labels"
    save(result, run=dataclasses.replace(result.run, title=title))
    assert visit("history").dataframe[0].proto.row_height == WRAPPED


def test_a_run_can_be_named(ticked, stored):
    tab = ticked(0)
    key = "name-20260301-101500-000000-ab12"
    tab.text_input(key=key).set_value("  autumn\n![x](http://evil/y) ").run()
    tab.button(key="name-save").click().run()
    assert not tab.exception
    assert tab.dataframe[0].value["Run"].tolist() == ["autumn ![x](http://evil/y)"]
    again = stored.load("20260301-101500-000000-ab12")
    assert again.run.title == "autumn ![x](http://evil/y)"
    assert again.verdict.winner == "demo/m0"  # all else stays


def test_somebody_elses_run_keeps_its_name(ticked, stored, monkeypatch):
    tab = ticked(0)
    monkeypatch.setattr(mine, "run_is_mine", lambda run_id: False)
    tab.text_input(key="name-20260301-101500-000000-ab12").set_value("x").run()
    tab.button(key="name-save").click().run()
    assert stored.load("20260301-101500-000000-ab12").run.title == "leaves"


def test_the_space_of_a_run_is_shown_and_said_before_it_goes(ticked, stored, work, words_of):
    (work / "runs" / "20260301-101500-000000-ab12" / "more.bin").write_bytes(bytes(5_000_000))
    tab = ticked(0)
    assert tab.dataframe[0].value["Space"].tolist() == ["5 MB"]
    label(tab, "Delete").click().run()
    assert "5 MB in all" in words_of(tab)


def test_runs_of_the_same_pictures_alone(ticked, stored, save, result):
    other = dataclasses.replace(result.run, id="20260501-090000-000000-ef56", ref="demo:digits")
    dataset = dataclasses.replace(result.dataset, ref="demo:digits", name="Digits")
    save(result, run=other, dataset=dataset)
    tab = ticked()
    assert len(tab.dataframe[0].value) == 2
    tab.selectbox(key="history-of").set_value("demo:digits").run()
    assert tab.dataframe[0].value["Link"].tolist() == [f"/results?run={other.id}"]


def test_delete_asks_first(ticked, two, work):
    tab = ticked(0)
    label(tab, "Delete").click().run()
    assert (work / "runs" / two.run.id).is_dir()
    label(tab, "Keep").click().run()
    assert (work / "runs" / two.run.id).is_dir()


def test_delete_takes_the_run_and_the_remembered_address(ticked, two, work, board):
    tab = ticked(0)
    tab.query_params["run"] = two.run.id
    label(tab, "Delete").click().run()
    label(tab, "Delete for good").click().run()
    assert not (work / "runs" / two.run.id).exists()
    assert len(tab.dataframe[0].value) == 1
    assert "run" not in tab.query_params


def test_two_ticked_runs_show_what_changed(ticked, two, words_of):
    tab = ticked(0, 1)
    assert "The answer changed from **Strokes** to **Textures**" in words_of(tab)
    asked, ranks = tab.dataframe[1].value, tab.dataframe[2].value
    assert asked.iloc[0].tolist() == ["Temperature of the neighbour score", "0.5", "0.2"]
    columns = json.loads(tab.dataframe[1].proto.columns)
    assert {columns[head]["width"] for head in asked.columns[1:]} == {compare.WIDE}
    assert ranks.iloc[0].tolist() == ["Textures", "2", "1"]
    assert ranks.iloc[1].tolist() == ["Strokes", "1", "2"]
    assert ranks.iloc[5].tolist()[1:] == ["6", "–"]
    assert "evil" not in words_of(tab)


def test_three_ticked_runs_are_too_many(ticked, two, save, result):
    save(result, run=dataclasses.replace(result.run, id="20260501-090000-000000-ef56"))
    assert "two to compare" in ticked(0, 1, 2).info[0].value


@pytest.mark.parametrize(
    ("names", "dates", "heads"),
    [
        (("a", "b"), ("2026-01-01", "2026-01-01"), ["a", "b"]),
        (("a", "a"), ("2026-01-01", "2026-01-02"), ["1 Jan 2026", "2 Jan 2026"]),
        (("a", "a"), ("2026-01-01", "2026-01-01"), ["1 Jan 2026 (first)", "1 Jan 2026 (second)"]),
    ],
)
def test_two_runs_always_get_heads_that_differ(result, names, dates, heads):
    runs = [
        RunSummary("x", n, f"{d}T12:00:00+00:00", "", n, 1, 1, "", "clear", 1, True)
        for n, d in zip(names, dates, strict=True)
    ]
    assert compare._heads(*runs) == heads


def test_runs_of_other_pictures_are_not_compared(ticked, two, save, words_of):
    other = dataclasses.replace(two.dataset, digest="others")
    save(two, dataset=other)
    tab = ticked(0, 1)
    assert "did not score the same pictures" in tab.info[0].value
    assert "The answer changed" not in words_of(tab)
    assert len(tab.dataframe) == 2  # the runs, and what was asked; no places


def test_a_corrected_run_is_compared_with_the_one_before(ticked, two, save, result, words_of):
    run = dataclasses.replace(two.run, relabeled=(("rust/01.png", "mildew"),))
    other = dataclasses.replace(two.dataset, digest="corrected")
    save(two, run=run, dataset=other, before=correction.kept(result))
    tab = ticked(0, 1)
    assert not tab.info
    assert "1 picture with another label: the verdict is " in words_of(tab).replace("\\", "")
    assert "With another label" in tab.dataframe[1].value[""].tolist()
    assert len(tab.dataframe) == 3  # places too


def test_a_run_in_which_nothing_helps_is_told_so(visit, save, result):
    verdict = dataclasses.replace(result.verdict, kind="cannot tell", cause="yardstick")
    save(result, verdict=verdict)
    rows = visit("history").dataframe[0].value
    assert rows["How sure"].tolist() == ["None helps"]
    assert rows["Start from"].tolist() == ["–"]


def test_the_name_of_a_model_fits_its_column_and_is_not_taken_for_words(visit, save, result):
    titles = {
        "demo/glyphs": "Invented letters",  # the longest of the bundled ones
        "hub/long": "a_network_with_a_very_long_name_of_its_own",
    }
    said = []
    for model, title in titles.items():
        models = (dataclasses.replace(result.models[0], id=model, title=title),)
        verdict = dataclasses.replace(result.verdict, winner=model, firsts={}, close=(model,))
        nothing = dict.fromkeys(("scores", "literal", "rankings", "diagnoses"), ())
        save(result, models=models, verdict=verdict, **nothing)
        said += visit("history").dataframe[0].value["Start from"].tolist()
    assert said == ["model trained on invented letters", "a_network_with_a_very…_of_its_own"]


def test_other_content_under_the_same_name_is_a_change(result):
    other = dataclasses.replace(result, dataset=dataclasses.replace(result.dataset, digest="d2"))
    assert list(compare.changes(result, other)) == [
        ("Pictures", "30 in leaves", "30 in leaves, other content")
    ]
    assert list(compare.changes(result, result)) == []
    _, *rest = result.run.models
    run = dataclasses.replace(result.run, models=("demo/another", *rest))
    n = len(result.run.models)
    assert list(compare.changes(result, dataclasses.replace(result, run=run))) == [
        ("Starting models", f"{n}", f"{n}, 1 other")
    ]


def test_both_runs_stay_in_sight_beside_long_names_that_differ(result):
    models = tuple(
        dataclasses.replace(m, title=f"leaf disease, fold {i}, the best of all epochs and seeds")
        for i, m in enumerate(result.models)
    )
    long = dataclasses.replace(result, models=models)
    names = compare.ranks(long, long, ["one", "two"])["Starting model"]
    assert names.nunique() == len(models)
    assert names.str.len().max() <= compare.LETTERS


def test_the_experiments_runs_are_told_from_the_example(visit, example, result):
    run = dataclasses.replace(
        result.run, id="experiment-butterflies", ref="demo:butterflies", title="Butterflies"
    )
    RunStore(features.EXAMPLES).save(dataclasses.replace(result, run=run))
    names = visit("history").dataframe[0].value["Run"].tolist()
    assert sorted(names) == ["Butterflies (example)", "Butterflies (experiment)"]


def unescaped(elements):
    return " ".join(element.value for element in elements).replace("\\", "")


def kept(visit):
    tab = visit("history")
    tab.toggle(key="kept").set_value(True).run()
    return tab


def test_what_is_kept_is_shown_and_what_no_run_needs_can_go(visit, two, work, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(work / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(work / "torch"))
    key = FeatureKey("0" * 32, "demo/a", "1", "p", "float32")
    features.FeatureStore(work / "features").put(Features(key, np.zeros((1000, 500), np.float32)))
    tab = visit("history")
    assert len(tab.dataframe) == 1  # nothing is looked up before somebody asks
    tab = kept(visit)
    table = tab.dataframe[1].value
    assert table["What"].tolist()[0] == "What the models made of your pictures"
    assert table["Size"].tolist()[0] == "2 MB"
    assert "against the limit of 50.0 GB" in unescaped(tab.markdown)
    monkeypatch.setattr(cache, "YOUNG", -1.0)
    label(tab, "Remove what no run needs").click().run()
    assert "2 MB were removed" in unescaped(tab.success)
    assert not list((work / "features").glob("*.safetensors"))
    assert len(RunStore(work / "runs").list()) == 2


def test_runs_that_need_more_than_the_limit_are_told_so(visit, two, monkeypatch, work):
    monkeypatch.setenv("SRCSEL_CACHE", "0.001")
    digest = "ab" * 16
    run = next(iter((work / "runs").glob("*/result.json")))
    run.write_text(run.read_text().replace(f'"{two.dataset.digest}"', f'"{digest}"'))
    key = FeatureKey(digest, "demo/a", "1", "p", "float32")
    features.FeatureStore(work / "features").put(Features(key, np.zeros((1000, 500), np.float32)))
    tab = kept(visit)
    assert "Your runs alone need 2 MB: delete some" in unescaped(tab.markdown)
    assert label(tab, "Remove what no run needs").disabled


def test_a_limit_that_is_none_is_a_sentence(visit, two, monkeypatch):
    monkeypatch.setenv("SRCSEL_CACHE", "plenty")
    assert "SRCSEL_CACHE is a number from 0 on" in unescaped(kept(visit).error)


def test_scores_that_differ_are_said_by_their_titles(result):
    other = dataclasses.replace(
        result, run=dataclasses.replace(result.run, measures=("silhouette", "knn"))
    )
    before = dataclasses.replace(result, run=dataclasses.replace(result.run, measures=("supcon",)))
    assert list(compare.changes(before, other)) == [
        (
            "Scores",
            MEASURES["supcon"].title,
            f"{MEASURES['silhouette'].title}, {MEASURES['knn'].title}",
        )
    ]
