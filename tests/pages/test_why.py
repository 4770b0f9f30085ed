"""Why this score: weak classes, mixed-up pairs with their pictures, every picture's own part."""

import dataclasses

import numpy as np
import pytest

from srcsel.base.records import Inside
from srcsel.ui.explore import why

RUN_ID = "20260301-101500-000000-ab12"


@pytest.fixture
def seen() -> Inside:
    """Ten pictures each of three classes; the first two of class 0 lie among class 1."""
    labels = np.repeat([0, 1, 2], 10)
    near = np.array(
        [[j for j in np.flatnonzero(labels == labels[i]) if j != i][:6] for i in range(30)]
    )
    near[:2] = [10, 11, 12, 13, 14, 15]
    similarity = np.linspace(0.9, 0.4, 30 * 6).reshape(30, 6).astype(np.float32)
    guess = labels.copy()
    guess[:2] = 1
    gain = np.linspace(-1, 2, 30).astype(np.float32)
    return Inside("demo/m0", near, similarity, guess, (gain / 3).astype(np.float32), gain)


@pytest.fixture
def opened(visit, stored, seen, monkeypatch):
    monkeypatch.setattr("srcsel.ui.explore.why.get_inside", lambda result, model: seen)
    return lambda: visit("explore", run=RUN_ID, view="why")


def html(tab) -> str:
    return "\n".join(h.value for h in tab.html if 'class="srcsel-pairs' in h.value)


def test_the_worst_pair_is_open_with_its_pictures(opened, words_of):
    tab = opened()
    assert not tab.exception
    told = words_of(tab).replace("\\", "")
    assert "<b>*spot*<b> and mildew: 10 % of nearest neighbours cross over" in told
    assert "10 pairs of near neighbours" in told
    assert html(tab).count("<figure>") == 2 * why.PAIRS
    assert "/0/320.jpg" in html(tab)
    assert "/10/320.jpg" in html(tab)
    assert "<b>*spot*" not in html(tab)


def test_every_picture_stands_in_the_table_the_worst_first(opened):
    table = opened().dataframe[-1].value
    assert len(table) == 30
    assert table["File"].iloc[0].endswith("00.png")
    assert table["Picture"].iloc[0].endswith("/0/96.jpg")
    assert table["SCL gain"].is_monotonic_increasing
    assert table["Neighbours right"].tolist() == [0, 0] + [5] * 28


def test_without_a_crossing_it_says_so(visit, stored, seen, monkeypatch, words_of):
    seen.neighbors[:2] = seen.neighbors[5]
    monkeypatch.setattr("srcsel.ui.explore.why.get_inside", lambda result, model: seen)
    tab = visit("explore", run=RUN_ID, view="why")
    assert not tab.exception
    assert any("No classes are mixed up" in s.value for s in tab.success)
    assert not html(tab)


def test_what_is_not_there_is_asked_of_the_worker_once(visit, stored, board, words_of, monkeypatch):
    monkeypatch.setattr("srcsel.explore.inside.stored", lambda result, model, store: None)
    tab = visit("explore", run=RUN_ID, view="why", model="demo/m2")
    assert not tab.exception
    assert "Looking at every picture with this model" in words_of(tab)
    tab.run()
    (job,) = [job for job in board.recent(10) if job.kind == "inside"]
    assert job.payload == {"run_id": RUN_ID, "model": "demo/m2"}


def test_many_classes_are_drawn_in_part_and_listed_whole(result, seen):
    labels = np.arange(30) % 15
    dataset = dataclasses.replace(
        result.dataset, labels=labels, classes=tuple(f"c{i:02d}" for i in range(15))
    )
    found = why.inside.by_class(seen, labels)
    table = why._all_classes(found, dataset, np.argsort(found.right))
    assert len(table) == 15
    assert table["Pictures"].tolist() == [2] * 15


def test_beside_the_pairs_stands_the_map_of_mixed_up_classes(opened, words_of):
    tab = opened()
    (alt,) = [
        c.proto.alt
        for c in tab.get("plotly_chart")
        if c.proto.alt.startswith("Classes of the nearest")
    ]
    assert alt.endswith("of <b>*spot*<b> 20 % are mildew.")
    assert "Of 100 nearest neighbours" in words_of(tab)


def test_presenter_mode_shows_the_story_only(visit, stored, seen, monkeypatch):
    monkeypatch.setattr("srcsel.ui.explore.why.get_inside", lambda result, model: seen)
    tab = visit("explore", run=RUN_ID, view="why")
    tab.toggle(key="presenter").set_value(True).run()
    assert not tab.exception
    assert "Every picture" not in [s.value for s in tab.header]
    assert "Mixed up most" in [s.value for s in tab.header]
    assert html(tab)
