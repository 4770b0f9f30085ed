"""The map in a real Chromium: the hovered dot shows its own picture whatever was done before, a
lasso gives its pictures in both maps, zoom and selection stay, 100,000 dots answer.
"""

import csv
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from test_pages import violations
from test_small import STICKS_OUT

from srcsel.base.records import (
    Dataset,
    Features,
    Projection,
    Ranking,
    Result,
    Run,
    Score,
    SourceModel,
    Verdict,
)
from srcsel.base.watch import Watch
from srcsel.explore import inside
from srcsel.features.extract import key_for
from srcsel.store.features import FeatureStore
from srcsel.store.runs import RunStore

RUN_ID, MANY_ID = "20260301-101500-000000-e2e0", "20260301-101500-000000-e2e1"
MODELS = ("demo/glyphs", "demo/textures")
TITLES = ("Model 0", "Model 1")
MIDDLE_PIXEL = """image => {
    const sheet = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = sheet.getContext("2d");
    pen.drawImage(image, 0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
PAINTED = """canvas => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;
    for (let i = 3; i < pixels.length; i += 4) count += pixels[i] > 0;
    return count;
}"""
SIDE = 6  # the pictures lie on a grid of SIDE x SIDE
WIDE, HIGH = 400, 250  # of the many
ZOOM = 1.5  # a press of the button


def save_run(home: Path, run_id: str, dataset: Dataset) -> Result:
    models = tuple(
        SourceModel(m, title, "r", 10**6, 0.1, 64, 8, "", "MIT")
        for m, title in zip(MODELS, TITLES, strict=True)
    )
    scores = tuple(
        Score(m, measure, "whitened", 0.3 - 0.1 * i, 0.0, 0.3 - 0.1 * i, 0.1, 0.4)
        for i, m in enumerate(MODELS)
        for measure in ("silhouette", "supcon")
    )
    rankings = tuple(
        Ranking(m, "whitened", MODELS, (1, 2), MODELS[:1]) for m in ("silhouette", "supcon")
    )
    text = "Start from Model 0. It came first in 90 of 100 re-checks."
    verdict = Verdict("clear", MODELS[0], text, {MODELS[0]: 90.0})
    question = Run(run_id, "2026-03-01T10:15:00+00:00", dataset.ref, MODELS)
    result = Result(question, dataset, models, scores, (), (), rankings, verdict)
    RunStore(home / "runs").save(result)
    return result


@pytest.fixture(scope="module")
def run(server, tmp_path_factory) -> Dataset:
    """36 pictures of two classes on a grid, two models; the map of the second is that of the first
    mirrored.

    For the first model picture i is nearest to the pictures numbered next to it, for the second to
    those 5 and 7 away.
    """
    folder = tmp_path_factory.mktemp("tiles")
    for i in range(SIDE * SIDE):
        place = folder / ("light" if i % 2 else "dark")
        place.mkdir(exist_ok=True)
        Image.new("RGB", (40, 40), (7 * i, 250 - 6 * i, 128)).save(place / f"<i>{i:02d}.png")
    paths = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")))
    labels = np.array([0 if p.startswith("dark") else 1 for p in paths])
    dataset = Dataset(str(folder), "tiles", Path(folder), paths, labels, ("dark", "light"), "d")
    result = save_run(server.home, RUN_ID, dataset)
    line = np.linspace(-1, 1, SIDE)
    rows = np.arange(len(paths))
    xy = np.column_stack([line[rows % SIDE], line[rows // SIDE]]).astype(np.float32)
    for model, sign, step in zip(result.models, (1, -1), (1, 5), strict=True):
        place = (xy * [sign, 1]).astype(np.float32)
        RunStore(server.home / "runs").save_projection(
            RUN_ID, Projection(model.id, "umap", 0, rows, place)
        )
        turn = rows * step * math.tau / len(rows)
        values = np.column_stack([np.cos(turn), np.sin(turn)]).astype(np.float32)
        found = Features(key_for(dataset, model, "float32"), values)
        inside.look_and_keep(result, found, FeatureStore(server.home / "features"), Watch())
    return dataset


@pytest.fixture(scope="module")
def many(server, tmp_path_factory) -> Dataset:
    """100,000 pictures of 200 classes on a grid; the pictures themselves are not there."""
    rows = np.arange(WIDE * HIGH)
    labels = rows * 200 // len(rows)
    paths = tuple(f"c{c:03d}/{i:06d}.png" for i, c in enumerate(labels.tolist()))
    folder = tmp_path_factory.mktemp("many")
    dataset = Dataset(
        str(folder), "many", folder, paths, labels, tuple(f"c{c:03d}" for c in range(200)), "m"
    )
    save_run(server.home, MANY_ID, dataset)
    xy = (
        np.column_stack([rows % WIDE / (WIDE - 1), rows // WIDE / (HIGH - 1)]).astype(np.float32)
        * 2
        - 1
    )
    for cap in (20_000, 100_000):
        chosen = rows[:: len(rows) // cap]
        drawn = Projection(MODELS[0], "umap", 0, chosen, xy[chosen])
        RunStore(server.home / "runs").save_projection(MANY_ID, drawn, cap)
    return dataset


class Map:
    """Moves the mouse in a map's own coordinates, -1..1; `k` is how far it is zoomed in."""

    def __init__(self, window, number: int = 0, k: float = 1) -> None:
        self.page, self.k = window.page, k
        self.page.locator(".legend > :visible").first.wait_for()
        canvas = self.page.locator("canvas.over").nth(number)
        canvas.scroll_into_view_if_needed()
        self.box = canvas.bounding_box()
        for _ in range(50):  # until the page stops moving under the mouse
            self.page.wait_for_timeout(200)
            before, self.box = self.box, canvas.bounding_box()
            if before == self.box:
                break

    def at(self, x: float, y: float) -> tuple[float, float]:
        side, top, bottom = 22, 52, 20  # as EDGE in pane.js
        half_w, half_h = self.box["width"] / 2 - side, (self.box["height"] - top - bottom) / 2
        return self.box["x"] + side + half_w * (1 + x * self.k), self.box["y"] + top + half_h * (
            1 - y * self.k
        )

    def to(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.at(x, y))

    def hovered(self, x: float, y: float) -> str:
        """Return the file name shown for the dot at this place."""
        self.page.mouse.move(self.box["x"] + 2, self.box["y"] + 2)
        self.to(x, y)
        return self.page.locator(".tip.on .file").text_content()

    def press(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def loop(self, x: float, y: float, radius: float) -> None:
        points = [
            (x + radius * math.cos(a * math.tau / 16), y + radius * math.sin(a * math.tau / 16))
            for a in range(17)
        ]
        self.to(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.to(*point)
        self.page.mouse.up()


def place_of(row: int, sign: int = 1) -> tuple[float, float]:
    line = np.linspace(-1, 1, SIDE)
    return sign * float(line[row % SIDE]), float(line[row // SIDE])


def choose(window, box: str, option: str) -> None:
    window.page.get_by_role("combobox", name=box).click()
    window.page.get_by_role("option", name=option).click()
    window.settle()


WHOLE_NAMES = "all => all.map(one => one.title)"


def pictured(page) -> list[str]:
    """File names in the grid of pictures."""
    page.locator(".srcsel-pics:not(.srcsel-moved) figure").first.wait_for()
    return sorted(
        page.locator(".srcsel-pics:not(.srcsel-moved) figcaption span").evaluate_all(WHOLE_NAMES)
    )


def lit(page) -> int:
    """How many dots the legend counts as selected: "3 / 18" and "1 / 18" are 4."""
    return sum(
        int(text.partition(" / ")[0])
        for text in page.locator(".legend .count:visible").all_text_contents()
    )


@pytest.mark.parametrize("row", [0, 14, 35])
def test_hover_shows_the_picture_of_that_dot(visitor, run, row):
    window = visitor()
    window.open(f"/explore?run={RUN_ID}")
    with window.page.expect_response(lambda r: f"/{row}/320.jpg" in r.url) as answer:
        Map(window).to(*place_of(row))
    assert answer.value.ok
    assert window.page.locator(".tip.on span").text_content() == run.paths[row]
    assert window.page.locator(".tip.on b").text_content() == run.classes[run.labels[row]]
    shown = window.page.locator(".tip.on img")
    shown.evaluate("image => image.decode()")
    pixel = shown.evaluate(MIDDLE_PIXEL)
    own = Image.open(run.folder / run.paths[row]).getpixel((20, 20))
    assert np.abs(np.subtract(pixel, own)).max() < 12  # JPEG


def test_lasso_shows_its_pictures_and_survives_a_change_of_model(visitor, run):
    window = visitor(scheme="dark")
    page = window.page
    window.open(f"/explore?run={RUN_ID}")
    Map(window).loop(*place_of(0), 0.5)  # the corner and its two neighbours
    page.locator(".srcsel-pics figure").first.wait_for()
    names = page.locator(".srcsel-pics figcaption span").evaluate_all(WHOLE_NAMES)
    assert sorted(names) == sorted(run.paths[row] for row in (0, 1, SIDE))
    assert page.locator(".legend .count").first.text_content() == "3 / 18"
    page.get_by_role("combobox", name="The pictures as seen by").click()
    page.get_by_role("option", name="Model 1").click()
    page.wait_for_url("**model=demo*textures*")
    window.settle()
    assert page.locator(".legend .count").first.text_content() == "3 / 18"
    page.get_by_role("button", name="Clear").click()
    page.locator(".srcsel-pics").wait_for(state="detached")
    page.locator(".legend .count", has_text="/").first.wait_for(state="detached")
    assert page.locator(".legend .count").first.text_content() == "18"
    window.shot("explore-dark")


def test_what_a_name_hides_is_not_selected_any_more_and_the_way_on_is_in_sight(visitor, run):
    window = visitor(size=(1280, 720))
    window.open(f"/explore?run={RUN_ID}")
    page, here = window.page, Map(window)
    here.loop(0, 0, 0.5)
    expect(page.get_by_text("4 pictures: 2 dark, 2 light")).to_be_visible()
    page.locator(".names").get_by_role("button", name="light").click()
    expect(page.get_by_text("2 pictures: 2 light")).to_be_visible()
    assert all("light" in one for one in pictured(page))
    out = page.get_by_role("button", name="Leave out 2 pictures")
    expect(out).to_be_visible()
    page.locator(".legend").get_by_role("button", name="Show all").click()
    window.settle()
    expect(out).to_be_visible()  # what was let go of does not come back by itself
    page.get_by_role("button", name="Another label").click()
    page.get_by_role("combobox", name="Their right label").fill("dusk")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Give it to 2 pictures").click()
    expect(page.get_by_role("button", name="Give it to 2 pictures")).to_have_count(0)  # it closed
    again = page.get_by_role("button", name="Score again with these")
    expect(again).to_be_enabled()
    window.settle()
    window.shot("corrected-1280")
    box = again.bounding_box()
    assert box["y"] + box["height"] <= 720
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    assert violations(window) == []
    window.open(f"/explore?run={RUN_ID}&second={MODELS[1]}&find=dark")
    Map(window)
    first = page.locator(".srcsel-pics:not(.srcsel-moved) img").first.bounding_box()
    bar = page.locator(".st-key-correct-foot").bounding_box()
    assert first["y"] + first["height"] <= bar["y"]  # beside two maps too a row is seen
    page.get_by_role("button", name="Undo last").click()
    expect(page.get_by_text("Corrections:")).to_have_count(0)


def test_a_name_on_the_map_keeps_only_its_class_and_again_all(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}")
    names = page.get_by_role("group", name="Class names on the map").first.get_by_role("button")
    expect(names).to_have_text(["light", "dark"])  # as they are read: the light ones lie above
    names.first.press("ArrowRight")
    page.keyboard.press("Enter")  # keeps dark
    expect(names).to_have_text(["dark"])
    expect(page.get_by_role("button", name="light 18")).to_have_attribute("aria-pressed", "false")
    Map(window).to(*place_of(20))  # a light one
    expect(page.locator(".tip.on")).to_have_count(0)
    assert Map(window).hovered(*place_of(3)) == run.paths[3]
    names.first.press("Enter")
    expect(names).to_have_count(2)
    assert Map(window).hovered(*place_of(20)) == run.paths[20]
    before = page.locator("canvas.dots").first.evaluate(PAINTED)
    page.get_by_role("button", name="Draw lines around").click()
    page.wait_for_timeout(300)
    assert page.locator("canvas.dots").first.evaluate(PAINTED) > 1.2 * before
    choose(window, "Colour by", "Separation")  # other groups, and other lines
    choose(window, "Colour by", "right or wrong")
    page.get_by_role("button", name="Right").wait_for()
    assert page.locator("canvas.dots").first.evaluate(PAINTED) > 1.2 * before
    Map(window).loop(0, 0, 0.95)  # what has nothing of the selection can still be read
    page.get_by_role("button", name="Wrong").click()
    window.settle()
    assert violations(window) == []


def test_pictures_stand_in_place_of_dots_on_a_switch(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}")
    spot = Map(window)
    with page.expect_response(
        lambda r: r.url.endswith("/sheets/0.jpg") and r.status == 200, timeout=60_000
    ):
        page.get_by_role("button", name="Show pictures").click()
    page.wait_for_timeout(500)
    for row in (0, 21):
        x, y = spot.at(*place_of(row))
        at = [round(x - spot.box["x"]), round(y - spot.box["y"])]
        pixel = page.locator("canvas.dots").first.evaluate(
            "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]", at
        )
        own = Image.open(run.folder / run.paths[row]).getpixel((20, 20))
        assert np.abs(np.subtract(pixel[:3], own)).max() < 16  # JPEG
    window.shot("explore-pictures")
    assert violations(window) == []
    switch = page.get_by_role("button", name="Show pictures")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    expect(switch).to_have_attribute("aria-pressed", "true")  # closer by, they come as before
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")


def test_names_of_200_classes_do_not_cover_each_other(visitor, many):
    window = visitor(scheme="dark")
    page = window.page
    window.open(f"/explore?run={MANY_ID}&points=20000")
    names = page.locator(".names button:visible")
    expect(names.nth(5)).to_be_visible()
    assert names.count() <= 9 + 10  # those with a colour, and beside them a few of the others
    boxes = [one.bounding_box() for one in names.all()]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert (
                a["x"] + a["width"] <= b["x"]
                or b["x"] + b["width"] <= a["x"]
                or a["y"] + a["height"] <= b["y"]
                or b["y"] + b["height"] <= a["y"]
            )
    assert violations(window) == []


def test_long_names_leave_a_small_map_to_its_dots(visitor, server, many):
    run_id, runs = f"{MANY_ID[:-1]}9", RunStore(server.home / "runs")
    long = tuple(f"a kind of class, number {c:03d}" for c in range(200))
    save_run(server.home, run_id, replace(many, classes=long))
    runs.save_projection(run_id, runs.projection(MANY_ID, MODELS[0], "umap", cap=20_000), 20_000)
    window = visitor(size=(390, 844))
    window.open(f"/explore?run={run_id}&points=20000")
    names = window.page.locator(".names button:visible")
    expect(names.nth(2)).to_be_visible()
    boxes = [one.bounding_box() for one in names.all()]
    whole = window.page.locator("canvas.over").first.bounding_box()
    assert sum(b["width"] * b["height"] for b in boxes) < 0.2 * whole["width"] * whole["height"]


def test_lasso_around_nothing_says_so(visitor, run):
    window = visitor()
    window.open(f"/explore?run={RUN_ID}")
    Map(window).loop(0, 0, 0.1)  # between the dots
    window.page.get_by_text("No pictures inside").wait_for()


def test_hover_is_right_after_filter_recolor_lasso_and_legend(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}&classes=1")
    assert Map(window).hovered(*place_of(20)) == run.paths[20]  # light: the second half
    Map(window).to(*place_of(3))  # dark: filtered out
    expect(page.locator(".tip.on")).to_have_count(0)
    choose(window, "Colour by", "right or wrong")
    page.get_by_role("button", name="Right").wait_for()
    assert Map(window).hovered(*place_of(25)) == run.paths[25]
    Map(window).loop(*place_of(30), 0.5)
    assert pictured(page) == sorted(run.paths[row] for row in (30, 31, 24))
    assert Map(window).hovered(*place_of(29)) == run.paths[29]
    window.open(f"/explore?run={RUN_ID}")
    page.get_by_role("button", name="light 18").click()  # shows only these
    assert Map(window).hovered(*place_of(18)) == run.paths[18]
    Map(window).loop(0, 0, 0.95)  # around the inner 16, of which 8 are hidden
    assert pictured(page) == sorted(run.paths[row] for row in (19, 20, 21, 22, 25, 26, 27, 28))
    page.get_by_role("button", name="Show all").click()
    assert Map(window).hovered(*place_of(0)) == run.paths[0]


def test_a_lasso_in_either_map_lights_the_same_pictures_in_both(visitor, run):
    window = visitor(scheme="dark")
    page = window.page
    window.open(f"/explore?run={RUN_ID}&second={MODELS[1]}&color=agree")
    Map(window, 1)
    assert all(canvas.evaluate(PAINTED) > 0 for canvas in page.locator("canvas.dots").all())
    Map(window, 0).loop(*place_of(0), 0.5)
    assert pictured(page) == sorted(run.paths[row] for row in (0, 1, SIDE))
    # in the mirrored map the last picture lies at the left
    Map(window, 1).loop(*place_of(35, -1), 0.5)
    page.get_by_text("3 pictures: 3 light").wait_for()
    assert pictured(page) == sorted(run.paths[row] for row in (35, 34, 29))
    assert Map(window, 1).hovered(*place_of(8, -1)) == run.paths[8]
    Map(window, 1).to(*place_of(4, -1))
    assert Map(window, 0).hovered(*place_of(4)) == run.paths[4]
    page.get_by_role("heading", name="Moved most").wait_for()
    window.shot("explore-two-dark")


def test_a_pressed_dot_opens_the_drawer_and_a_link_reopens_it(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}&color=silhouette")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_be_hidden()
    Map(window).press(*place_of(10))
    expect(drawer).to_be_visible()
    page.wait_for_url("**picture=10*")
    page.get_by_text("6 of 6 neighbours share its label").first.wait_for()
    near = drawer.locator("section", has_text="Nearest for Model 0").locator(".six img")
    alts = [one.get_attribute("alt") for one in near.all()]
    assert sorted(alt.partition(": ")[2] for alt in alts) == sorted(
        run.paths[row] for row in (7, 8, 9, 11, 12, 13)
    )
    expect(drawer.get_by_text("Nearest for Model 1")).to_be_visible()
    assert drawer.locator("code").text_content() == str(run.folder / run.paths[10])
    window.shot("explore-pressed")
    assert violations(window) == []
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**picture=11*")
    expect(drawer.locator("code")).to_have_text(str(run.folder / run.paths[11]))
    assert drawer.locator(".large img").get_attribute("src").endswith("/11/320.jpg")
    expect(drawer.locator(".place")).to_have_text("12 of 36")
    other = visitor()
    other.open(page.url.removeprefix(other.server.url))
    expect(other.page.get_by_role("dialog").locator("code")).to_have_text(
        str(run.folder / run.paths[11])
    )
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.locator("canvas.over").first).to_be_focused()
    page.wait_for_url(lambda url: "picture=" not in url)


def test_a_picture_of_the_grid_opens_the_drawer_and_arrows_stay_in_the_grid(visitor, run):
    window = visitor(scheme="dark", size=(1280, 720))
    page = window.page
    window.open(f"/explore?run={RUN_ID}&find=light/")
    links = page.locator("a[data-picture]")
    expect(links).to_have_count(18)
    drawer = page.get_by_role("dialog")
    for _ in range(20):  # the drawer's own script comes last, on a busy machine late
        links.nth(1).press("Enter")
        if drawer.count():
            break
        page.wait_for_timeout(500)
    expect(drawer.locator(".place")).to_have_text("2 of 18 shown here")
    page.keyboard.press("ArrowLeft")
    expect(drawer.locator("code")).to_have_text(str(run.folder / run.paths[18]))
    expect(drawer.get_by_role("button", name="Previous picture")).to_be_disabled()
    window.shot("explore-drawer-dark")
    page.keyboard.press("Escape")
    expect(links.first).to_be_focused()
    page.locator("figcaption span").nth(2).click()  # a file's name does what its picture does
    expect(drawer.locator(".place")).to_have_text("3 of 18 shown here")
    assert len(window.context.pages) == 1


def test_zoom_survives_recolor_model_and_a_second_map(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}")
    for _ in range(2):
        page.get_by_role("button", name="Zoom in").click()
    k = ZOOM**2
    row, mirrored = 3 * SIDE + 3, 3 * SIDE + 2  # beside the middle
    assert Map(window, k=k).hovered(*place_of(row)) == run.paths[row]
    choose(window, "Colour by", "right or wrong")
    page.get_by_role("button", name="Right").wait_for()
    assert Map(window, k=k).hovered(*place_of(row)) == run.paths[row]
    choose(window, "Compare with…", "Model 1")
    page.locator("canvas.over").nth(1).wait_for()
    assert Map(window, 1, k).hovered(*place_of(mirrored, -1)) == run.paths[mirrored]
    assert Map(window, 0, k).hovered(*place_of(row)) == run.paths[row]


def test_keys_reach_every_picture(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}&find=light")
    page.get_by_text("18 pictures: 18 light").wait_for()
    page.locator("canvas.over").first.focus()
    for _ in range(3):
        page.keyboard.press("n")
    page.keyboard.press("p")
    assert page.locator(".tip.on .file").text_content() == run.paths[1]
    assert page.locator(".map .spoken").text_content() == f"dark, {run.paths[1]}"
    page.keyboard.press("Enter")
    page.wait_for_url("**picture=1*")


def test_by_keyboard_a_picture_is_left_out_and_the_next_comes(visitor, run):
    window = visitor(size=(1280, 720))
    window.open(f"/explore?run={RUN_ID}")
    page = window.page
    page.locator("canvas.over").first.focus()
    for key in ("n", "n", "Enter"):
        page.keyboard.press(key)
    drawer = page.get_by_role("dialog")
    out = drawer.get_by_role("button", name="Leave out")
    expect(out).to_be_visible()
    for _ in range(5):  # before, after, close, copy, leave out
        page.keyboard.press("Tab")
    expect(out).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer.get_by_text("Left out", exact=True)).to_be_visible()
    window.settle()
    page.keyboard.press("ArrowRight")  # the button that was pressed is gone, the keys are not
    expect(drawer).to_have_accessible_name(re.compile(re.escape(run.paths[2])))
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.locator("canvas.over").first).to_be_focused()
    page.get_by_role("button", name="Undo last").click()
    expect(page.get_by_text("Corrections:")).to_have_count(0)


def test_two_fingers_zoom_and_the_phone_page_is_no_wider_than_the_phone(visitor, run):
    window = visitor(size=(390, 844))
    page = window.page
    window.open(f"/explore?run={RUN_ID}&second={MODELS[1]}")
    x, y = Map(window).at(0, 0)
    fingers = window.context.new_cdp_session(page)

    def touch(kind: str, apart: float | None) -> None:
        points = (
            []
            if apart is None
            else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        )
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    touch("touchMove", 45)
    touch("touchMove", 60)
    touch("touchEnd", None)
    assert Map(window, k=2).hovered(*place_of(14)) == run.paths[14]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    window.shot("explore-phone")


@pytest.mark.parametrize("dots", [20_000, 100_000])
def test_many_dots_are_drawn_and_answer(visitor, many, dots):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={MANY_ID}&points={dots}&classes=")
    page.get_by_text("other (191 classes)").wait_for()
    assert len(page.locator(".legend button:visible").all()) == 10
    expected = (
        "Showing all 100,000 pictures" if dots == 100_000 else "Showing 20,000 of 100,000 pictures"
    )
    page.get_by_text(expected).wait_for()
    assert page.locator("canvas.dots").first.evaluate(PAINTED) > 20_000
    for _ in range(8):
        page.get_by_role("button", name="Zoom in").click()
    row = 125 * WIDE + 200  # beside the middle, and in every sample
    last = WIDE - len(many.paths) // dots  # column of the sample's last dots: the map fills its box
    place = 2 * 200 / last - 1, 2 * 125 / (HIGH - 1) - 1
    spot = Map(window, k=ZOOM**8)
    assert spot.hovered(*place) == many.paths[row]
    spot.loop(*place, 0.002)  # the next dots are 0.005 and more away
    assert pictured(page) == [many.paths[row]]
    window.shot(f"explore-{dots}")


def test_pressing_a_bar_chooses_its_model_and_keys_reach_it(visitor, run):
    window = visitor()
    window.open(f"/results?run={RUN_ID}")
    page = window.page
    bars = page.locator(".st-key-bars-silhouette")
    bars.get_by_role("button", name=TITLES[1]).click()
    page.wait_for_url("**model=demo*textures*")
    expect(bars.get_by_role("button", pressed=True)).to_have_accessible_name(re.compile(TITLES[1]))
    tip = bars.locator(".tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(TITLES[1])
    window.shot("results-light")
    bars.get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**model=demo*glyphs*")
    assert violations(window) == []


STEPPED = """() => {
    window.frames = 0; // pictures of the screen, each of which counts as a twentieth of a second
    const began = performance.now();
    const count = () => { window.frames += 1; requestAnimationFrame(count); };
    requestAnimationFrame(count);
    performance.now = () => began + 50 * window.frames;
    window.places = []; // of each drawing, how far from the left each picture's dot was put
    const { clearRect, drawImage } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas.matches(".dots")) window.places.push([]);
        return clearRect.apply(this, box);
    };
    CanvasRenderingContext2D.prototype.drawImage = function (image, x, ...more) {
        if (this.canvas.matches(".dots")) window.places.at(-1)?.push(x + image.width / 2);
        return drawImage.call(this, image, x, ...more);
    };
}"""


def test_dots_travel_to_their_places_in_the_other_model_s_map(visitor, run):
    """That map is this one mirrored, so on their way all dots draw together in the middle."""
    window = visitor()
    page = window.page
    page.emulate_media(reduced_motion="no-preference")
    window.open(f"/results?run={RUN_ID}")
    spot = Map(window)
    rows = range(len(run.paths))
    begin, end = (
        np.array([spot.at(*place_of(row, sign))[0] for row in rows]) - spot.box["x"]
        for sign in (1, -1)
    )
    page.evaluate(STEPPED)
    page.locator(".st-key-bars-silhouette").get_by_role("button", name=TITLES[1]).click()
    page.wait_for_function(f"() => Math.abs((window.places.at(-1) ?? [])[0] - {end[0]}) < 1")
    drawn = [one for one in page.evaluate("window.places") if len(one) == len(rows)]
    way = (np.array(drawn) - begin) / (end - begin)  # share of it that each dot has gone
    assert np.ptp(way, axis=1).max() < 0.05  # all at the same time
    gone = way.mean(axis=1)
    assert (np.diff(gone) > -0.01).all()
    assert ((gone > 0.02) & (gone < 0.98)).sum() >= 5
    assert gone[-1] == pytest.approx(1, abs=0.02)


COPIED = """() => new Promise(done => {
    const said = (event) => done(event.clipboardData.getData("text/plain"));
    window.addEventListener("copy", said, { once: true });
    window.getSelection().selectAllChildren(document.querySelector(".st-key-about strong"));
    document.execCommand("copy");
})"""


def test_chance_stands_at_its_word_in_both_charts_and_what_is_copied_is_clean(visitor, server, run):
    known = RunStore(server.home / "runs").load(RUN_ID)
    below = tuple(
        replace(score, value=-0.2, gain=-0.2, low=-0.3, high=-0.1) for score in known.scores
    )
    run_id = f"{RUN_ID[:-1]}2"
    RunStore(server.home / "runs").save(
        replace(known, run=replace(known.run, id=run_id, title="cp --fast www.a.org"), scores=below)
    )
    window = visitor(size=(1280, 720))
    window.open(f"/results?run={run_id}")
    for measure in ("silhouette", "supcon"):
        chart = window.page.locator(f".st-key-bars-{measure}")
        word = chart.locator(".marks span").get_by_text("chance").bounding_box()
        line = chart.locator(".axis i").bounding_box()
        middle = [box["x"] + box["width"] / 2 for box in (word, line)]
        assert middle[0] == pytest.approx(middle[1], abs=1.5), measure
    title = window.page.locator(".st-key-about strong")
    assert title.text_content() != "cp --fast www.a.org"  # else Streamlit would rewrite it
    assert window.page.evaluate(COPIED) == "cp --fast www.a.org"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_results_the_drawer_leaves_the_map_free_and_a_hostile_picture_is_a_sentence(
    visitor, run, scheme
):
    window = visitor(scheme=scheme, size=(1280, 720))
    page = window.page
    window.open(f"/results?run={RUN_ID}")
    Map(window).press(*place_of(14))
    drawer = page.get_by_role("dialog")
    page.get_by_text("neighbours share its label").first.wait_for()
    free, taken = page.locator("canvas.over").first.bounding_box(), drawer.bounding_box()
    assert taken["x"] + taken["width"] <= free["x"] + free["width"] * 0.1
    assert violations(window) == []
    window.shot(f"results-drawer-{scheme}")
    page.keyboard.press("Escape")
    box = page.locator("[data-testid=stFileUploader] input[type=file]")
    box.set_input_files(
        {"name": "own.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n" + b"\0" * 99}
    )
    said = page.locator(".st-key-try-own").get_by_role("alert")
    said.wait_for(timeout=60_000)
    assert "text file" not in said.text_content()  # what was sent, not what stands for it
    assert violations(window) == []
    phone = {"name": "photo.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic"}
    box.set_input_files(phone)
    expect(said).to_contain_text("It is a HEIC photo. Save it as JPEG", timeout=60_000)
    box.set_input_files(str(run.folder / run.paths[3]))
    page.get_by_alt_text("Your picture").wait_for(timeout=60_000)
    expect(page.get_by_text("is not stored any more. Run it again.").first).to_be_visible()
    assert violations(window) == []
    window.shot(f"results-tried-{scheme}")
    if scheme == "light":
        before = page.get_by_alt_text("Your picture").get_attribute("src")
        page.locator(".st-key-try-camera label").first.click()
        expect(page.locator("video")).to_have_js_property("readyState", 4, timeout=60_000)
        page.get_by_role("button", name="Take Photo").click()
        shot = page.get_by_alt_text("Your picture")
        expect(shot).not_to_have_attribute("src", before, timeout=60_000)


PASTE = """() => {
    const hand = new DataTransfer();
    hand.items.add(new File([new Uint8Array([1, 2, 3])], "pasted.png", { type: "image/png" }));
    const said = { clipboardData: hand, bubbles: true, composed: true };
    document.body.dispatchEvent(new ClipboardEvent("paste", said));
}"""


def test_a_pasted_picture_goes_into_the_box(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/results?run={RUN_ID}")
    shown = page.locator("[data-testid=stFileUploader]").get_by_text("pasted.png")
    page.locator("[data-testid=stFileUploader]").wait_for()
    for _ in range(40):  # until the page listens
        page.evaluate(PASTE)
        page.wait_for_timeout(500)
        if shown.count():
            break
    expect(shown.first).to_be_visible()
    page.locator(".st-key-try-camera label").first.click()
    expect(shown).to_have_count(0)
    window.settle()
    page.evaluate(PASTE)  # the box comes back for it
    expect(shown.first).to_be_visible()
    with page.expect_file_chooser():
        page.locator("[data-testid=stFileUploader] button").last.click()
    expect(page.locator("[data-testid=stFileUploader] input")).to_have_attribute(
        "accept", "image/*"
    )


def test_a_box_its_list_and_both_after_recoloring_and_another_page(visitor, run):
    window = visitor()
    page = window.page
    window.open(f"/explore?run={RUN_ID}")
    page.get_by_role("button", name="Box: drag").click()
    spot, expected = Map(window), sorted(run.paths[row] for row in (0, 1, SIDE, SIDE + 1))
    spot.to(-1.03, -1.03)
    page.mouse.down()
    spot.to(-0.5, -0.5)
    page.mouse.up()
    assert pictured(page) == expected
    with page.expect_download() as download:
        page.get_by_role("button", name="List (CSV)").click()
    rows = list(csv.reader(Path(download.value.path()).read_text("utf-8").splitlines()))
    assert rows[0] == ["file", "label"]
    assert sorted(row[0] for row in rows[1:]) == expected
    choose(window, "Colour by", "Right or wrong")
    page.locator(".legend [data-group] .name", has_text="Wrong").wait_for()
    assert lit(page) == 4
    assert pictured(page) == expected
    page.get_by_role("link", name="3 Results").click()
    page.wait_for_url("**/results*")
    window.settle()
    page.get_by_role("link", name="4 Explore").click()
    page.locator(".legend .count", has_text="/").first.wait_for()
    assert lit(page) == 4
    assert pictured(page) == expected


@pytest.mark.parametrize(
    ("size", "scheme"),
    [((1440, 900), "light"), ((1280, 720), "dark")],
    ids=["large-light", "small-dark"],
)
def test_two_maps_and_the_pictures_fit_the_window_and_everybody_can_read_them(
    visitor, run, size, scheme
):
    window = visitor(scheme=scheme, size=size)
    page = window.page
    window.open(f"/explore?run={RUN_ID}&second={MODELS[1]}&color=agree")
    page.get_by_text("Both models place").wait_for()
    page.get_by_role("button", name="See the").or_(
        page.get_by_role("button", name="Select all on the map")
    ).last.click()
    pictured(page)
    window.settle()
    window.shot(f"explore-two-{scheme}-{size[0]}")
    for one in (
        *page.locator("canvas.over").all(),
        page.locator(".srcsel-pics:not(.srcsel-moved) img").first,
    ):
        box = one.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size[1]
    assert page.evaluate(STICKS_OUT) == []
    assert violations(window) == []
    Map(window).press(*place_of(10))
    page.get_by_text("neighbours share its label").first.wait_for()
    window.settle()
    window.shot(f"explore-two-pressed-{scheme}-{size[0]}")
    assert violations(window) == []


def test_presenter_mode_shows_maps_and_pictures_and_every_page_in_the_bar(visitor, run):
    window = visitor(size=(1280, 720))
    page = window.page
    window.open(f"/explore?run={RUN_ID}&second={MODELS[1]}")
    Map(window)
    page.get_by_text("Present", exact=True).click()
    expect(page.get_by_role("textbox", name="Find a file")).to_have_count(0)
    expect(page.get_by_role("link", name="History")).to_be_visible()
    window.settle()
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    Map(window, 1).loop(*place_of(35, -1), 0.5)
    assert pictured(page) == sorted(run.paths[row] for row in (35, 34, 29))
    expect(page.get_by_role("button", name="Clear", exact=True)).to_have_count(0)
    window.shot("explore-presenter")
    assert page.evaluate(STICKS_OUT) == []
    assert violations(window) == []
