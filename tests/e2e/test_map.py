"""The map in a real Chromium: the hovered dot shows its own picture, a lasso gives its pictures, a bar its model."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srcsel.records import Dataset, Projection, Ranking, Result, Run, Score, SourceModel, Verdict
from srcsel.runs import RunStore

RUN_ID = "20260301-101500-000000-e2e0"
MIDDLE_PIXEL = """image => {
    const sheet = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = sheet.getContext("2d");
    pen.drawImage(image, 0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
SIDE = 6  # the pictures lie on a grid of SIDE x SIDE


@pytest.fixture(scope="module")
def run(server, tmp_path_factory) -> Dataset:
    """36 pictures of two classes on a grid, two models; the map of the second is that of the first mirrored."""
    folder = tmp_path_factory.mktemp("tiles")
    for i in range(SIDE * SIDE):
        place = folder / ("light" if i % 2 else "dark")
        place.mkdir(exist_ok=True)
        Image.new("RGB", (40, 40), (7 * i, 250 - 6 * i, 128)).save(place / f"<i>{i:02d}.png")
    paths = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")))
    labels = np.array([0 if p.startswith("dark") else 1 for p in paths])
    dataset = Dataset(str(folder), "tiles", Path(folder), paths, labels, ("dark", "light"), "d")
    models = tuple(SourceModel(f"demo/m{i}", f"Model {i}", "r", 10**6, 0.1, 64, 8, "", "MIT") for i in range(2))
    ids = tuple(m.id for m in models)
    scores = tuple(
        Score(m, measure, "whitened", 0.3 - 0.1 * i, 0.0, 0.3 - 0.1 * i, 0.1, 0.4)
        for i, m in enumerate(ids)
        for measure in ("silhouette", "supcon")
    )
    rankings = tuple(Ranking(m, "whitened", ids, (1, 2), ids[:1]) for m in ("silhouette", "supcon"))
    verdict = Verdict("clear", ids[0], "Start from Model 0. It came first in 90 of 100 re-checks.", {ids[0]: 90.0})
    store = RunStore(server.home / "runs")
    question = Run(RUN_ID, "2026-03-01T10:15:00+00:00", dataset.ref, ids)
    store.save(Result(question, dataset, models, scores, (), (), rankings, verdict))
    line = np.linspace(-1, 1, SIDE)
    xy = np.array([(line[i % SIDE], line[i // SIDE]) for i in range(len(paths))], dtype=np.float32)
    for model, sign in zip(ids, (1, -1), strict=True):
        place = np.column_stack([xy[:, 0] * sign, xy[:, 1]]).astype(np.float32)
        store.save_projection(RUN_ID, Projection(model, "umap", 0, np.arange(len(paths)), place))
    return dataset


class Map:
    """Moves the mouse in the map's own coordinates, -1..1."""

    def __init__(self, window) -> None:
        self.page = window.page
        self.page.locator(".legend button").first.wait_for()
        canvas = self.page.locator("canvas.over")
        canvas.scroll_into_view_if_needed()
        self.box = canvas.bounding_box()
        for _ in range(50):  # until the page stops moving under the mouse
            self.page.wait_for_timeout(200)
            before, self.box = self.box, canvas.bounding_box()
            if before == self.box:
                break

    def to(self, x: float, y: float) -> None:
        side, top, bottom = 18, 50, 16  # as EDGE in map.js
        half_w, half_h = self.box["width"] / 2 - side, (self.box["height"] - top - bottom) / 2
        self.page.mouse.move(self.box["x"] + side + half_w * (1 + x), self.box["y"] + top + half_h * (1 - y))

    def loop(self, x: float, y: float, radius: float) -> None:
        points = [
            (x + radius * math.cos(a * math.tau / 16), y + radius * math.sin(a * math.tau / 16)) for a in range(17)
        ]
        self.to(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.to(*point)
        self.page.mouse.up()


def place_of(row: int) -> tuple[float, float]:
    line = np.linspace(-1, 1, SIDE)
    return float(line[row % SIDE]), float(line[row // SIDE])


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
    names = page.locator(".srcsel-pics figcaption span").all_text_contents()
    assert sorted(names) == sorted(run.paths[row] for row in (0, 1, SIDE))
    assert page.locator(".legend .count").first.text_content() == "3 / 18"
    page.get_by_role("combobox", name="Your pictures as seen by").click()
    page.get_by_role("option", name="Model 1").click()
    page.wait_for_url("**model=demo*m1*")
    window.settle()
    assert page.locator(".legend .count").first.text_content() == "3 / 18"
    page.get_by_role("button", name="Clear").click()
    page.locator(".srcsel-pics").wait_for(state="detached")
    page.locator(".legend .count", has_text="/").first.wait_for(state="detached")
    assert page.locator(".legend .count").first.text_content() == "18"
    window.shot("explore-dark")


def test_lasso_around_nothing_says_so(visitor, run):
    window = visitor()
    window.open(f"/explore?run={RUN_ID}")
    Map(window).loop(0, 0, 0.1)  # between the dots
    window.page.get_by_text("No pictures inside").wait_for()


def test_pressing_a_bar_chooses_its_model(visitor, run):
    window = visitor()
    window.open(f"/results?run={RUN_ID}")
    bar = window.page.locator(".js-plotly-plot").first.locator(".barlayer .point path").nth(1)
    box = bar.bounding_box()
    window.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    window.page.wait_for_url("**model=demo*m1*")
    window.shot("results-light")
