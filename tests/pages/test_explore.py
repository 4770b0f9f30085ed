"""The explore page: what the map gets, what a selection shows, and the way without a mouse."""

import numpy as np
import pytest

from srcsel import charts
from srcsel.records import Dataset, Projection
from srcsel.ui import explore, maps
from srcsel.ui.maps import Selection

RUN_ID = "20260301-101500-000000-ab12"


@pytest.fixture
def opened(visit, stored):
    return lambda **address: visit("explore", run=RUN_ID, **address)


def grid(tab) -> str:
    return "\n".join(h.value for h in tab.html if "srcsel-pics" in h.value)


def test_without_a_run_it_says_what_to_do(visit, words_of):
    tab = visit("explore")
    assert not tab.exception
    assert "Nothing to explore yet" in words_of(tab)


def test_first_it_says_how_to_select(opened, words_of):
    tab = opened()
    assert not tab.exception
    assert "See the pictures behind the dots" in words_of(tab)
    assert len(tab.get("bidi_component")) == 1
    assert "Showing all 30 pictures" in words_of(tab).replace("\\", "")
    assert not grid(tab)


def test_selection_shows_its_pictures_counts_and_list(opened, words_of):
    tab = opened()
    tab.session_state["explore.selection"] = (RUN_ID, Selection((0, 1, 15, 29), "lasso"))
    tab.run()
    assert not tab.exception
    assert r"**4 pictures**: 2 \<b\>\*spot\*\<b\>, 1 mildew, 1 rust" in words_of(tab)
    assert grid(tab).count("<figure>") == 4
    assert "/15/96.jpg" in grid(tab)
    assert "mildew/05.png" in grid(tab)
    assert "<b>*spot*" not in grid(tab)
    assert [b.label for b in tab.download_button] == ["List (CSV)"]
    tab.button(key="explore-clear").click().run()
    assert not grid(tab)


def test_the_map_is_told_what_the_page_selects_not_what_it_reported_itself(opened):
    def told(tab):
        return tab.session_state["explore.pushed"]

    tab = opened()
    first = told(tab)
    assert first[1] == ()
    tab.button(key="explore-all").click().run()
    assert told(tab)[1] == tuple(range(30))
    assert told(tab)[2] > first[2]


def test_empty_lasso_says_why(opened, words_of):
    tab = opened()
    tab.session_state["explore.selection"] = (RUN_ID, Selection((), "lasso"))
    tab.run()
    assert "No pictures inside" in words_of(tab)


def test_selection_of_another_run_is_not_shown(opened):
    tab = opened()
    tab.session_state["explore.selection"] = ("another", Selection((0, 1), "lasso"))
    assert not grid(tab.run())


def test_way_without_a_mouse_class_then_select_all(opened, words_of):
    tab = opened()
    tab.multiselect(key="explore-classes").set_value([2]).run()
    tab.button(key="explore-all").click().run()
    assert not tab.exception
    assert "**10 pictures**: 10 rust" in words_of(tab)
    assert grid(tab).count("<figure>") == 10


def test_class_filter_drops_hidden_pictures_from_the_selection(opened, words_of):
    tab = opened()
    tab.session_state["explore.selection"] = (RUN_ID, Selection((0, 29), "lasso"))
    tab.multiselect(key="explore-classes").set_value([2]).run()
    assert "**1 picture**: 1 rust" in words_of(tab)


def test_link_restores_model_and_method(opened):
    tab = opened(model="demo/m3", method="pca")
    assert tab.selectbox(key="results-model").value == "demo/m3"
    assert tab.segmented_control(key="results-method").value == "pca"


def test_more_than_a_page_of_pictures_is_paged(opened, dataset):
    tab = opened()
    tab.session_state["explore.selection"] = (RUN_ID, Selection(tuple(range(30)), "lasso"))
    tab.run()
    assert grid(tab).count("<figure>") == 30
    assert not tab.get("pagination")


@pytest.fixture
def many() -> tuple[Projection, Dataset]:
    """12 classes of 2 pictures; the map shows every second picture."""
    labels = np.repeat(np.arange(12), 2)
    paths = tuple(f"c{c:02d}/{i}.png" for i, c in enumerate(labels))
    dataset = Dataset("x", "x", None, paths, labels, tuple(f"c{i:02d}" for i in range(12)), "d")
    rows = np.arange(0, 24, 2)
    xy = np.linspace(-1, 1, 24, dtype=np.float32).reshape(12, 2)
    return Projection("demo/m0", "umap", 0, rows, xy), dataset


def test_dots_carry_the_number_file_and_class_of_their_own_picture(many):
    projection, dataset = many
    points = maps.map_points(projection, dataset, charts.class_groups(dataset.classes, dataset.counts))
    for point in points.itertuples():
        assert dataset.paths[point.row] == point.file
        assert dataset.labels[point.row] == point.klass
        at = int(np.flatnonzero(projection.rows == point.row)[0])
        assert (point.x, point.y) == tuple(projection.xy[at])


def test_dots_of_small_classes_share_the_gray_group(many):
    projection, dataset = many
    groups = charts.class_groups(dataset.classes, dataset.counts)
    points = maps.map_points(projection, dataset, groups)
    for point in points.itertuples():
        assert point.klass in groups[point.group].classes


def test_filter_keeps_only_the_chosen_classes(many):
    projection, dataset = many
    groups = charts.class_groups(dataset.classes, dataset.counts)
    points = maps.map_points(projection, dataset, groups, classes=[0, 11])
    assert points["file"].tolist() == ["c00/0.png", "c11/22.png"]
    assert explore.drawn(projection, dataset, [0, 11]) == [0, 22]


def test_map_is_described_in_words(many):
    projection, dataset = many
    text = maps.map_alt(projection, dataset, "Res <b>Net", 12)
    assert text.startswith("UMAP map of 12 pictures as Res <b>Net sees them")
    assert text.endswith("c00, c01, c02, c03, c04 and 7 more.")


def test_sentence_sums_up_the_small_rest(many):
    _, dataset = many
    assert explore.sentence(dataset, [0, 1, 2, 4, 6, 8, 10]) == (
        "**7 pictures**: 2 c00, 1 c01, 1 c02, 1 c03, 2 of 2 other classes"
    )


def test_list_to_take_away(many):
    _, dataset = many
    assert explore.listing(dataset, [0, 23]).decode().split() == ["file,label", "c00/0.png,c00", "c11/23.png,c11"]


@pytest.mark.parametrize("value", [None, 7, {}, {"rows": "all"}, {"rows": ["x", -1, 2.0, 2]}])
def test_whatever_the_browser_sends_becomes_picture_numbers_or_nothing(monkeypatch, value):
    got: list[Selection] = []
    monkeypatch.setattr(maps.st, "session_state", {"map": {"selection": value}})
    maps.tell("map", got.append)
    assert got == ([Selection((2,), "")] if isinstance(value, dict) and isinstance(value.get("rows"), list) else [])
