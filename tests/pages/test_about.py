"""On top of Results: which pictures, what was left out, a strip, and asking the same again."""

import dataclasses
import os
import re

import numpy as np
import pytest

from srcsel.base.records import GIVEN, Unreadable
from srcsel.models import catalog
from srcsel.ui.results.about import rows_shown
from tests.pages.conftest import MAIN, PAGES

RUN_ID = "20260301-101500-000000-ab12"


def strip_of(tab) -> str:
    return "".join(h.value for h in tab.html if 'class="srcsel-film"' in h.value)


def button(tab, key):
    return next((one for one in tab.button if one.key == key), None)


def test_it_says_which_pictures_and_how_many(visit, stored, words_of):
    tab = visit("results", run=RUN_ID)
    assert "**leaves**: 30 pictures in 3 classes" in words_of(tab)
    assert "left out" not in words_of(tab).partition("30 pictures in 3 classes")[2][:20]
    rows = re.findall(r'data-picture="(\d+)"', strip_of(tab))
    assert len(rows) == len(set(rows)) == 10
    assert {int(row) // 10 for row in rows} == {0, 1, 2}  # of each class
    assert "<b>*spot*" not in strip_of(tab)


def test_what_was_left_out_is_counted_and_named(visit, save, result, words_of):
    run = dataclasses.replace(result.run, left_out=("rust/01.png", "rust/02.png"))
    dataset = dataclasses.replace(
        result.dataset, unreadable=(Unreadable("rust/x.png", "The file is empty."),)
    )
    save(result, run=run, dataset=dataset)
    tab = visit("results", run=RUN_ID)
    assert (
        "30 pictures in 3 classes, 2 left out by hand and 1 left out because of the file"
        in words_of(tab)
    )
    told = next(m.help for m in tab.markdown if "30 pictures in 3 classes" in m.value)
    assert r"rust/01\.png" in told
    assert r"rust/x\.png: The file is empty" in told


def test_a_run_of_given_features_has_no_strip_and_no_way_to_ask_again(visit, save, result):
    save(result, run=dataclasses.replace(result.run, ref=GIVEN))
    tab = visit("results", run=RUN_ID)
    assert strip_of(tab) == ""
    assert button(tab, "again-models") is None


def test_an_audience_sees_the_pictures_and_no_buttons(visit, stored, words_of):
    tab = visit("results", run=RUN_ID, present="on")
    assert "30 pictures in 3 classes" in words_of(tab)
    assert button(tab, "again-models") is None


@pytest.mark.parametrize(("classes", "each"), [(3, 10), (1, 2), (40, 1), (5, 1)])
def test_the_strip_is_of_each_class_in_turn(dataset, classes, each):
    labels = np.repeat(np.arange(classes), each)
    some = dataclasses.replace(
        dataset,
        paths=tuple(map(str, range(len(labels)))),
        labels=labels,
        classes=tuple(map(str, range(classes))),
    )
    rows = rows_shown(some)
    assert len(rows) == len(set(rows)) == min(10, len(labels))
    shown = labels[rows]
    if classes <= 10:
        assert set(shown.tolist()) == set(range(classes))
    else:
        assert (shown[0], shown[-1]) == (0, classes - 1)  # from all over


def test_again_with_other_models_keeps_pictures_settings_and_what_was_left_out(
    visit, save, result, board, words_of
):
    models = tuple(model.id for model in catalog.search(hub="demo")[1:3])
    run = dataclasses.replace(
        result.run,
        models=models,
        temperature=0.2,
        metric="euclidean",
        seed=7,
        left_out=("rust/01.png",),
        relabeled=(("rust/02.png", "mildew"),),
        race=True,
    )
    save(result, run=run)
    tab = visit("results", run=RUN_ID)
    button(tab, "again-models").click().run()
    assert not tab.exception
    assert tab.title[0].value == "Models"
    assert (
        "As in the run **leaves**, 1 picture left out, 1 picture given another label"
        in words_of(tab)
    )
    assert len(tab.dataframe[0].value) == 2
    assert tab.slider(key="temperature").value == 0.2
    tab = visit("models", images=run.ref, again=RUN_ID)
    next(b for b in tab.button if b.label.startswith("Score 2 models")).click().run()
    asked = next(job for job in board.active() if job.kind == "rank").payload["run"]
    assert asked["relabeled"] == [["rust/02.png", "mildew"]]
    kept = ("ref", "models", "temperature", "metric", "seed", "left_out", "race")
    assert {name: asked[name] for name in kept} == {
        "ref": run.ref,
        "models": list(models),
        "temperature": 0.2,
        "metric": "euclidean",
        "seed": 7,
        "left_out": ["rust/01.png"],
        "race": True,
    }
    assert "again" not in tab.query_params


def test_again_with_other_pictures_keeps_models_and_settings(
    visit, save, result, picture_folder, words_of, board
):
    run = dataclasses.replace(
        result.run, models=("demo/flowers",), temperature=0.3, left_out=("rust/01.png",)
    )
    save(result, run=run)
    tab = visit("results", run=RUN_ID)
    button(tab, "again-pictures").click().run()
    assert tab.title[0].value == "Images"
    assert "The models and settings of the run **leaves** are kept" in words_of(tab)
    other = picture_folder.rename(picture_folder.with_name("others"))
    tab.query_params["images"] = str(other)
    tab.switch_page(os.path.relpath(PAGES / "models.py", MAIN.parent)).run()
    assert "all pictures of the new set, uncorrected" in words_of(tab)
    next(b for b in tab.button if b.label.startswith("Score 1 model")).click().run()
    asked = next(job for job in board.active() if job.kind == "rank").payload["run"]
    kept = [asked[name] for name in ("ref", "models", "temperature", "left_out")]
    assert kept == [str(other), ["demo/flowers"], 0.3, []]


def test_what_the_slider_cannot_show_is_kept_and_said(visit, save, result, words_of, board):
    run = dataclasses.replace(result.run, models=("demo/flowers",), temperature=0.01)
    save(result, run=run)
    tab = visit("models", images=run.ref, again=RUN_ID)
    assert "temperature 0.01" in words_of(tab)
    next(b for b in tab.button if b.label.startswith("Score 1 model")).click().run()
    asked = next(job for job in board.active() if job.kind == "rank").payload["run"]
    assert asked["temperature"] == 0.01


def test_start_afresh_keeps_nothing(visit, save, result, words_of):
    save(result, run=dataclasses.replace(result.run, models=("demo/flowers",), temperature=0.3))
    tab = visit("models", images=result.run.ref, again=RUN_ID)
    button(tab, "again-not").click().run()
    assert "As in the run" not in words_of(tab)
    assert "again" not in tab.query_params


def test_a_run_that_is_gone_is_not_asked_again(visit, stored, result, words_of):
    tab = visit("models", images=result.run.ref, again="20990101-000000-000000-0000")
    assert not tab.exception
    assert "As in the run" not in words_of(tab)
