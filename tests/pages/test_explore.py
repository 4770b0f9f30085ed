"""The explore page: what the map gets, what a selection shows, the way without a mouse, and what a
link restores.
"""

import dataclasses

import numpy as np
import pytest

from srcsel import charts
from srcsel.base.records import Dataset, Inside, Projection
from srcsel.ui.explore import near, panel
from srcsel.ui.parts import choices, coloring, drawers, maps
from srcsel.ui.parts.maps import Pane, Selection

RUN_ID = "20260301-101500-000000-ab12"


def inside_of(model: str, n: int, shift: int = 1) -> Inside:
    """Picture i has the six pictures after i + shift - 1 as neighbours; every third is guessed
    wrongly (class 0).
    """
    rows = np.arange(n)
    labels = rows // 10
    return Inside(
        model,
        (rows[:, None] + shift + np.arange(6)) % n,
        np.linspace(0.9, 0.4, 6, dtype=np.float32) * np.ones((n, 1), np.float32),
        np.where(rows % 3 == 0, (labels + 1) % 3, labels),
        np.linspace(-0.5, 0.5, n, dtype=np.float32),
        np.where(rows == 4, np.nan, 1.0).astype(np.float32),
    )


@pytest.fixture(autouse=True)
def looked(monkeypatch):
    """What the models make of every picture, as the worker would have left it; the second finds
    other neighbours.
    """
    there = {"demo/m0": inside_of("demo/m0", 30), "demo/m1": inside_of("demo/m1", 30, shift=4)}
    for name in ("get_inside", "known_inside"):
        monkeypatch.setattr(
            f"srcsel.ui.parts.making.{name}", lambda result, model: there.get(model)
        )
    return there


@pytest.fixture
def opened(visit, stored):
    return lambda **address: visit("explore", run=RUN_ID, **address)


def grid(tab) -> str:
    return "\n".join(h.value for h in tab.html if 'class="srcsel-pics' in h.value)


def html(tab) -> str:
    return "\n".join(h.value for h in tab.html)


def select(tab, rows, how="lasso"):
    tab.session_state["explore.selection"] = (RUN_ID, Selection(tuple(rows), how))
    return tab.run()


def drawn(tab, monkeypatch):
    """Run again and return what the map is given."""
    given = {}
    monkeypatch.setattr(maps, "_component", lambda: lambda **known: given.update(known))
    tab.run()
    assert not tab.exception
    return given["data"]


def shown(tab, monkeypatch):
    """Run again and return what the drawer is given of the picture it shows."""
    given = {}
    monkeypatch.setattr(drawers, "_component", lambda: lambda **known: given.update(known))
    tab.run()
    assert not tab.exception
    return given["data"]["facts"]


def test_without_a_run_it_says_what_to_do(visit, words_of):
    tab = visit("explore")
    assert not tab.exception
    assert "Nothing to explore yet" in words_of(tab)


def test_first_it_says_how_to_select(opened, words_of):
    tab = opened()
    assert not tab.exception
    assert "See the pictures behind the dots" in words_of(tab)
    assert len(tab.get("bidi_component")) == 3  # map, drawer, theme
    assert "Showing all 30 pictures" in words_of(tab).replace("\\", "")
    assert not grid(tab)


def test_first_it_says_what_the_model_gets_right_and_shows_the_others_on_a_press(
    opened, looked, result, words_of
):
    tab = opened()
    wrong = np.flatnonzero(looked["demo/m0"].guess != result.dataset.labels)
    assert f"**{30 - len(wrong)} of 30 pictures** sit among their own kind" in words_of(tab)
    tab.button(key="explore-first").click().run()
    assert tab.session_state["explore.selection"][1].rows == tuple(wrong.tolist())
    assert grid(tab).count("<figure>") == len(wrong)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([3, 5, 4], "the five nearest to each mostly have its class"),
        ([3, 2, 2], "for 1 of these at least three of the five have it"),
        ([2, 2, 2], "for 0 of these at least three of the five have it"),
    ],
)
def test_mostly_is_said_only_where_three_of_five_have_the_class(own, said, result):
    """Picture i of three has own[i] neighbours of its class; all are voted right."""
    labels = np.array([0, 0, 0, *[0] * 6, 1, 2, 3, 4, 5])
    near = [[*range(3, 3 + k), *range(9, 14 - k), 0] for k in own]
    near += [[0] * 6] * (len(labels) - 3)
    inside = Inside(
        "m",
        np.array(near),
        np.ones((len(labels), 6), np.float32),
        labels,
        *(np.zeros(len(labels), np.float32) for _ in range(2)),
    )
    dataset = dataclasses.replace(
        result.dataset, labels=labels, classes=tuple("abcdef"), paths=tuple(map(str, labels))
    )
    told, first = panel.story(dataset, [Pane(None, "M", inside)], np.arange(3))
    assert told.startswith("**3 of 3 pictures** sit among their own kind:")
    assert told.endswith(f"{said}.")
    assert first == []
    told, _ = panel.story(dataset, [Pane(None, "M", inside)], np.arange(1))
    assert told.startswith("**1 of 1 picture** sits among its own kind:")


def test_of_two_models_it_says_which_is_right_on_how_many(opened, looked, result, words_of):
    looked["demo/m1"].guess[:] = np.where(np.arange(30) < 5, 2, result.dataset.labels)
    right = [looked[model].guess == result.dataset.labels for model in ("demo/m0", "demo/m1")]
    both, only, other = (
        (right[0] & right[1]).sum(),
        (right[0] & ~right[1]).sum(),
        (right[1] & ~right[0]).sum(),
    )
    tab = opened(second="demo/m1")
    assert (
        f"Both models place **{both} pictures** among their own kind, only Strokes **{only}**, only"
        f" Textures **{other}**, neither **{30 - both - only - other}**." in words_of(tab)
    )
    tab.button(key="explore-first").click().run()
    assert tab.session_state["explore.selection"][1].rows == tuple(
        np.flatnonzero(right[0] ^ right[1]).tolist()
    )


def test_presenter_mode_keeps_the_maps_the_pictures_and_what_was_chosen(opened, words_of):
    tab = opened(second="demo/m1", method="pca", classes="1,2", find="05")
    tab.toggle(key="presenter").set_value(True).run()
    assert not tab.exception
    assert len(tab.get("bidi_component")) == 3  # map, drawer, theme
    assert [b.label for b in tab.selectbox] == [
        "The pictures as seen by",
        "Compare with…",
        "Colour by",
    ]
    assert not [*tab.multiselect, *tab.text_input, *tab.button, *tab.download_button]
    assert [c.key for c in tab.segmented_control] == ["explore-view"]
    assert "**2 pictures**: 1 mildew, 1 rust" in words_of(tab)
    assert "Close = similar" not in words_of(tab)
    assert "Moved most" not in words_of(tab)
    tab.toggle(key="presenter").set_value(False).run()
    assert tab.segmented_control(key="results-method").value == "pca"
    assert tab.multiselect(key="explore-classes").value == [1, 2]


def test_selection_shows_its_pictures_counts_and_list(opened, words_of):
    tab = select(opened(), (0, 1, 15, 29))
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
    assert first[1] is None
    tab.button(key="explore-all").click().run()
    assert told(tab)[1].rows == tuple(range(30))
    assert told(tab)[2] > first[2]


def test_empty_lasso_says_why(opened, words_of):
    assert "No pictures inside" in words_of(select(opened(), ()))


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
    tab = select(opened(), (0, 29))
    tab.multiselect(key="explore-classes").set_value([2]).run()
    assert "**1 picture**: 1 rust" in words_of(tab)


def test_link_restores_all_that_was_on_show(opened, monkeypatch):
    tab = opened(
        model="demo/m1", second="demo/m0", method="pca", color="agree", classes="0,2", picture="21"
    )
    assert not tab.exception
    assert tab.selectbox(key="results-model").value == "demo/m1"
    assert tab.selectbox(key="explore-second").value == "demo/m0"
    assert tab.segmented_control(key="results-method").value == "pca"
    assert tab.selectbox(key="explore-color").value == "agree"
    assert tab.multiselect(key="explore-classes").value == [0, 2]
    assert shown(tab, monkeypatch)["file"] == "rust/01.png"


@pytest.mark.parametrize(
    "address",
    [
        {
            "second": "demo/none",
            "color": "purple",
            "classes": "7,x,-1,,2",
            "picture": "999",
            "points": "7",
        },
        {
            "second": "demo/m0",
            "model": "demo/m0",
            "color": "agree",
            "picture": "-3",
            "find": "\x00[(",
        },
    ],
)
def test_a_broken_link_shows_the_usual_page(opened, address):
    tab = opened(**address)
    assert not tab.exception
    assert tab.selectbox(key="explore-second").value is None
    assert tab.selectbox(key="explore-color").value == "class"
    assert len(tab.get("bidi_component")) == 3  # map, drawer, theme


def test_what_was_chosen_is_in_the_address(opened):
    tab = opened()
    tab.selectbox(key="explore-second").set_value("demo/m1").run()
    tab.selectbox(key="explore-color").set_value("right").run()
    tab.multiselect(key="explore-classes").set_value([0, 1]).run()
    tab.text_input(key="explore-find").set_value("03").run()
    address = {
        name: value[0] if isinstance(value, list) else value
        for name, value in tab.query_params.items()
    }
    assert (
        address.items()
        >= {
            "second": "demo/m1",
            "color": "right",
            "classes": "0,1",
            "find": "03",
        }.items()
    )


def test_another_run_starts_without_the_choices_that_belong_to_the_first(opened, stored, result):
    other = dataclasses.replace(result.run, id="20260302-101500-000000-cd34")
    stored.save(dataclasses.replace(result, run=other))
    tab = opened(second="demo/m1", classes="2", color="right")
    tab.query_params["run"] = other.id
    tab.run()
    assert tab.multiselect(key="explore-classes").value == []
    assert tab.selectbox(key="explore-second").value is None
    assert tab.selectbox(key="explore-color").value == "right"


def test_a_file_is_found_by_part_of_its_name(opened, words_of):
    tab = opened()
    tab.text_input(key="explore-find").set_value("RUST/0").run()
    assert "**10 pictures**: 10 rust" in words_of(tab)
    tab.text_input(key="explore-find").set_value("nothing like it").run()
    assert "No file has that in its name" in words_of(tab)
    tab.text_input(key="explore-find").set_value("").run()
    assert "See the pictures behind the dots" in words_of(tab)


def test_two_models_show_what_moved_most(opened, words_of):
    tab = opened(second="demo/m1")
    assert "Moved most" in words_of(tab)
    assert "keeps 3 of 6" in grid(tab)
    tab.button(key="explore-moved").click().run()
    assert len(tab.session_state["explore.selection"][1].rows) == near.MOVED


def test_a_model_that_has_not_looked_yet_is_drawn_by_class(opened, monkeypatch):
    tab = opened(model="demo/m3", color="silhouette")
    data = drawn(tab, monkeypatch)
    assert data["settings"]["byClass"]
    assert data["settings"]["scale"] is None
    assert "n0" not in data["pane0"].column_names


@pytest.mark.parametrize("view", ["why", "suspects"])
def test_a_link_opens_the_other_parts_of_the_page(opened, monkeypatch, view):
    shown = []
    monkeypatch.setattr(f"srcsel.ui.explore.{view}.show", lambda *given: shown.append(given))
    tab = opened(view=view, model="demo/m1")
    assert not tab.exception
    assert tab.segmented_control(key="explore-view").value == view
    result, *model, set_id = shown[-1]
    assert (result.run.id, model) == (RUN_ID, ["demo/m1"] if view == "why" else [])
    assert len(set_id) == 24
    assert len(tab.get("bidi_component")) == 2  # drawer, theme
    tab.segmented_control(key="explore-view").set_value("map").run()
    assert len(tab.get("bidi_component")) == 3  # map, drawer, theme


def test_two_maps_share_dots_and_colors(opened, monkeypatch):
    data = drawn(opened(second="demo/m1", color="agree"), monkeypatch)
    assert data["settings"]["titles"] == ["Strokes", "Textures"]
    assert [g["name"] for g in data["settings"]["groups"]] == [
        "Both are right",
        "Only Strokes is right",
        "Only Textures is right",
        "Neither is right",
    ]
    assert len(data["pane0"]) == len(data["pane1"]) == len(data["points"]) == 30
    np.testing.assert_array_equal(data["pane0"]["group"], data["pane1"]["group"])


@pytest.fixture
def many() -> tuple[Projection, Dataset]:
    """12 classes of 2 pictures; the map, a PCA, shows every second picture."""
    labels = np.repeat(np.arange(12), 2)
    paths = tuple(f"c{c:02d}/{i}.png" for i, c in enumerate(labels))
    dataset = Dataset("x", "x", None, paths, labels, tuple(f"c{i:02d}" for i in range(12)), "d")
    rows = np.arange(0, 24, 2)
    xy = np.linspace(-1, 1, 24, dtype=np.float32).reshape(12, 2)
    return Projection("demo/m0", "pca", 0, rows, xy), dataset


def tables(projection, dataset, classes=None, inside=None):
    pane = Pane(projection, "x", inside)
    rows = maps.drawn_rows([pane], dataset, classes)
    colors = coloring.color_dots("class", ["x"], [inside], dataset, rows)
    both = maps.points_table(dataset, rows), maps.pane_table(pane, rows, colors, 0)
    return [table.to_pandas() for table in both]


def test_dots_carry_the_number_file_and_class_of_their_own_picture(many):
    projection, dataset = many
    points, places = tables(projection, dataset)
    for point, place in zip(points.itertuples(), places.itertuples(), strict=True):
        assert dataset.paths[point.row] == point.file
        assert dataset.labels[point.row] == point.klass
        at = int(np.flatnonzero(projection.rows == point.row)[0])
        assert (place.x, place.y) == tuple(projection.xy[at])


def test_dots_of_small_classes_share_the_gray_group(many):
    projection, dataset = many
    groups = charts.class_groups(dataset.classes, dataset.counts)
    points, places = tables(projection, dataset)
    for klass, group in zip(points["klass"], places["group"], strict=True):
        assert klass in groups[group].classes


def test_a_filter_gives_classes_that_were_gray_colors_of_their_own_and_leaves_the_others(many):
    projection, dataset = many

    def looks(classes):
        rows = maps.drawn_rows([Pane(projection, "x")], dataset, classes)
        found = coloring.color_dots("class", ["x"], [None], dataset, rows)
        named = {g["name"]: (g["light"], g["shape"]) for g in found.groups}
        names = [dataset.classes[c] for c in dataset.labels[rows]]
        expected = [name if name in named else "other (3 classes)" for name in names]
        assert [found.groups[i]["name"] for i in found.of[0]] == expected
        return named

    whole = looks(range(12))
    assert len(whole) == 10
    assert looks([2, 5]) == whole  # both have a color: nothing changes
    assert list(looks([2, 10, 11])) == ["c02", "c10", "c11"]
    assert len(set(looks([2, 10, 11]).values())) == 3


def test_pinned_classes_get_the_colours_and_all_others_are_grey(many):
    _, dataset = many
    rows = np.arange(len(dataset.paths))
    found = coloring.color_dots("class", ["x"], [None], dataset, rows, (11, 3))
    assert [group["name"] for group in found.groups] == [
        dataset.classes[3],
        dataset.classes[11],
        f"other ({len(dataset.classes) - 2} classes)",
    ]
    assert (found.of_class[3], found.of_class[11], found.of_class[0]) == (0, 1, 2)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([9, 8, 7, 6, 5, 4, 3, 3, 3, 1, 1], "The nine largest"),
        ([9, 8, 2, 2, 2, 2, 2, 2, 2, 2, 1], "Nine of the largest"),  # a tenth is as large
        ([5] * 11, "The first nine"),
    ],
)
def test_it_is_said_which_classes_have_a_colour(counts, said):
    assert choices.colored_in_words(np.array(counts)) == said


@pytest.mark.parametrize("page", ["explore", "results"])
def test_pins_stand_in_the_address_where_classes_are_more_than_colours(
    visit, stored, save, result, page
):
    key = f"{page}-pins"
    assert not [m for m in visit(page, run=RUN_ID).multiselect if m.key == key]
    classes = (*result.dataset.classes, *(f"class {i}" for i in range(57)))
    save(result, dataset=dataclasses.replace(result.dataset, classes=classes))
    tab = visit(page, run=RUN_ID, pins="2,59,600,x")
    assert tab.multiselect(key=key).value == [2, 59]
    assert tab.multiselect(key=key).placeholder == "Nine of the largest; type to search"
    tab.multiselect(key=key).set_value([1]).run()
    assert tab.query_params["pins"] == "1"
    assert not [m for m in visit(page, run=RUN_ID, present="on").multiselect if m.key == key]


def test_below_the_map_it_says_how_many_pictures_a_filter_leaves(many, result):
    projection, dataset = many
    of = dataclasses.replace(result, dataset=dataset)
    assert maps.sampled(of, projection, range(12)) == maps.sampled(of, projection)
    assert maps.sampled(of, projection, [0, 3]) == (
        "Showing 2 of 4 pictures of the chosen classes. Scores use all 24."
    )
    whole = dataclasses.replace(projection, rows=np.arange(24))
    assert maps.sampled(of, whole, [3]) == (
        "Showing all 2 pictures of the chosen class. Scores use all 24."
    )


def test_filter_keeps_only_the_chosen_classes(many):
    projection, dataset = many
    points, places = tables(projection, dataset, classes=[0, 11])
    assert points["file"].tolist() == ["c00/0.png", "c11/22.png"]
    assert places["x"].tolist() == [projection.xy[0, 0], projection.xy[11, 0]]


def test_maps_of_different_samples_draw_what_both_have(many):
    projection, dataset = many
    other = dataclasses.replace(projection, rows=np.arange(0, 12), xy=projection.xy)
    assert maps.drawn_rows([Pane(projection, "a"), Pane(other, "b")], dataset).tolist() == [
        0,
        2,
        4,
        6,
        8,
        10,
    ]


def test_neighbours_are_given_as_places_among_the_dots(many):
    projection, dataset = many
    inside = inside_of("demo/m0", 24)
    _, places = tables(projection, dataset, inside=inside)
    # of picture 2: 3, 4, ..., 8
    assert places.loc[1, [f"n{k}" for k in range(6)]].tolist() == [-1, 2, -1, 3, -1, 4]


def test_scores_become_levels_around_zero_with_a_shape_for_each_sign():
    values = [np.array([-2.0, -0.01, 0.0, 0.01, 2.0, np.nan], dtype=np.float32)]
    found = coloring._score("silhouette", values)
    half = coloring.LEVELS // 2
    assert found.of[0].tolist() == [0, half - 1, half, half, coloring.LEVELS - 1, coloring.LEVELS]
    assert {g["shape"] for g in found.groups[:half]} == {"down"}
    assert {g["shape"] for g in found.groups[half:-1]} == {"circle"}
    assert found.groups[-1]["name"] == "n/a"
    assert (found.scale["low"], found.scale["middle"]) == (-found.scale["high"], 0.0)


def test_right_and_wrong_by_model(many):
    _, dataset = many
    labels, rows = dataset.labels, np.arange(24)
    guess = labels.copy()
    guess[:3] = 11
    one = dataclasses.replace(inside_of("a", 24), guess=guess)
    two = dataclasses.replace(inside_of("b", 24), guess=np.where(rows < 2, labels, 11))
    right = coloring.color_dots("right", "ab", [one, two], dataset, rows)
    assert right.of[0].tolist() == [1] * 3 + [0] * 21
    agree = coloring.color_dots("agree", "ab", [one, two], dataset, rows)
    assert agree.of[0].tolist() == [2, 2, 3] + [1] * 19 + [0, 0]


def test_moved_most_keeps_the_fewest_neighbours_then_flips():
    left = inside_of("a", 30)
    near_ = left.neighbors.copy()
    near_[5], near_[9] = (left.neighbors[5] + 10) % 30, (left.neighbors[9] + 12) % 30
    near_[7, 0] = 29
    right = dataclasses.replace(
        left, neighbors=near_, guess=np.where(np.arange(30) == 9, 99, left.guess)
    )
    assert near.moved_most(left, right, np.arange(30), 3) == ([9, 5, 7], [0, 0, 5])


def test_map_is_described_in_words(many):
    projection, dataset = many
    text = maps.map_alt(projection, dataset, "Res <b>Net", 12)
    assert text.startswith("PCA map of 12 pictures as Res <b>Net sees them")
    assert text.endswith("c00, c01, c02, c03, c04 and 7 more.")


def test_sentence_sums_up_the_small_rest(many):
    _, dataset = many
    assert (
        panel.sentence(dataset, [0, 1, 2, 4, 6, 8, 10])
        == "**7 pictures**: 2 c00, 1 c01, 1 c02, 1 c03, 2 of 2 other classes"
    )


def test_sentence_keeps_numbers_apart_from_names_and_cuts_the_middle_of_long_ones(many):
    _, dataset = many
    dataset = dataclasses.replace(dataset, classes=("7 up", "x" * 60 + "end", *dataset.classes[2:]))
    said = panel.sentence(dataset, [0, 1, 2, 4])
    assert "2\u00a0×\u00a07 up, " in said
    cut = next(part for part in said.split() if part.startswith("xxx"))
    assert len(cut.rstrip(",")) == 28
    assert cut.rstrip(",").endswith("end")


def test_list_to_take_away(many):
    _, dataset = many
    assert panel.listing(dataset, [0, 23]).decode().split() == [
        '"file","label"',
        '"c00/0.png","c00"',
        '"c11/23.png","c11"',
    ]


@pytest.mark.parametrize("value", [None, 7, {}, {"rows": "all"}, {"rows": ["x", -1, 2.0, 2]}])
def test_whatever_the_browser_sends_becomes_picture_numbers_or_nothing(monkeypatch, value):
    got: list[Selection] = []
    monkeypatch.setattr(maps.st, "session_state", {"map": {"selection": value}})
    maps.tell("map", got.append)
    assert got == (
        [Selection((2,), "")]
        if isinstance(value, dict) and isinstance(value.get("rows"), list)
        else []
    )
