"""Phone width, and names as long as German ones: nothing sticks out of the window, and everybody
can read it.
"""

from __future__ import annotations

import dataclasses

import pytest
from playwright.sync_api import expect
from test_pages import example_run, violations
from walk import LONG, wait_for_verdict

RUN_ID = "20260301-101500-000000-1a46"
MODEL = "Vision-Transformer-Großbildauflösung-Selbstüberwacht-Feinabgestimmt"
CLASS = "Kraftfahrzeughaftpflichtversicherungsschadensbild"
STICKS_OUT = """() => [...document.querySelectorAll("[data-testid=stMain] *")].filter(one => {
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height || box.right <= innerWidth + 1) return false;
    for (let up = one; up && up.dataset.testid !== "stMain"; up = up.parentElement)
        if (getComputedStyle(up).overflowX !== "visible") return false;
    return true;
}).map(one => one.outerHTML.slice(0, 160))"""

COVERED = """(chart) => {
    const plot = document.querySelector(`.st-key-${chart} .js-plotly-plot`);
    const box = (one) => one.getBoundingClientRect();
    const meet = (a, b) => Math.min(a.right, b.right) > Math.max(a.left, b.left)
        && Math.min(a.bottom, b.bottom) > Math.max(a.top, b.top);
    const seen = [...plot.querySelectorAll(".annotation")]
        .filter((one) => getComputedStyle(one).visibility === "visible")
        .map((one) => [one.textContent, box(one.querySelector("text"))]);
    const marks = [...plot.querySelectorAll(".point, .errorbar path, .shape-label text")].map(box);
    const edge = box(plot);
    return {
        names: seen.map(([name]) => name),
        covered: seen.filter(([, at], i) => marks.some((mark) => meet(at, mark))
            || seen.some(([, other], j) => i !== j && meet(at, other))).map(([name]) => name),
        outside: seen.filter(([, at]) => at.left < edge.left || at.right > edge.right
            || at.top < edge.top || at.bottom > edge.bottom).map(([name]) => name),
    };
}"""

LEAVES_CARD = """() => [...document.querySelectorAll(".st-key-verdict *")].filter(one =>
    one.getBoundingClientRect().right > one.closest(".st-key-verdict").getBoundingClientRect().right
).map(one => one.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def long_names(server):
    """The example under long names, with times, so that every part of the page is there."""
    from srcsel.base.settings import load_settings
    from srcsel.store.features import RunStore, open_runs

    example = open_runs(load_settings()).load(example_run())
    models = tuple(
        dataclasses.replace(m, title=f"{MODEL} {i}", params=10**6 * (i + 1))
        for i, m in enumerate(example.models)
    )
    classes = tuple(f"{CLASS} {i}" for i in range(len(example.dataset.classes)))
    titles = {old.title: new.title for old, new in zip(example.models, models, strict=True)}
    why = example.verdict.why
    for old, new in titles.items():
        why = why.replace(old, new)
    store = RunStore(server.home / "runs")
    store.save(
        dataclasses.replace(
            example,
            run=dataclasses.replace(example.run, id=RUN_ID, title=CLASS),
            models=models,
            dataset=dataclasses.replace(example.dataset, classes=classes, name=CLASS),
            verdict=dataclasses.replace(example.verdict, why=why),
            seconds_per_picture={m.id: 0.002 * (i + 1) for i, m in enumerate(models)},
        )
    )
    for model in models:
        projection = open_runs(load_settings()).projection(example.run.id, model.id, "umap", 0)
        if projection is not None:
            store.save_projection(RUN_ID, projection)
    return RUN_ID


@pytest.mark.parametrize("path", ["/", "/images", "/models?images=demo:butterflies", "/history"])
def test_page_fits_a_phone(visitor, path):
    window = visitor(size=(390, 844))
    window.open(path)
    expect(window.page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
    window.settle()
    window.shot(f"phone-{path.strip('/').partition('?')[0] or 'home'}")
    assert window.page.evaluate(STICKS_OUT) == []


@pytest.mark.parametrize("view", ["why", "suspects"])
def test_a_look_inside_fits_a_phone(visitor, view):
    window = visitor(size=(390, 844))
    window.open(f"/explore?run={example_run()}&view={view}")
    page = window.page
    ready = (
        page.get_by_role("heading", name="Every picture")
        if view == "why"
        else page.get_by_text("Asked:").first
    )
    expect(ready).to_be_visible(timeout=LONG)
    window.settle()
    window.shot(f"phone-{view}")
    assert window.page.evaluate(STICKS_OUT) == []


@pytest.mark.parametrize("path", ["/results?run={run}", "/explore?view=why&run={run}"])
def test_presenter_mode_fits_a_projector(visitor, path):
    window = visitor(size=(1280, 720))
    window.open(path.format(run=example_run()))
    expect(window.page.get_by_text("The pictures as seen by")).to_be_visible(timeout=LONG)
    window.page.get_by_text("Present", exact=True).click()
    expect(window.page.get_by_role("link", name="History")).to_be_visible()  # not behind "1 more"
    window.settle()
    window.shot(f"projector-{path.partition('?')[0].strip('/')}")
    assert window.page.evaluate(STICKS_OUT) == []
    assert window.page.evaluate(LEAVES_CARD) == []


@pytest.mark.parametrize(
    ("size", "scheme"),
    [((390, 844), "light"), ((1280, 720), "dark")],
    ids=["phone", "small-screen"],
)
def test_results_with_long_names_fit(visitor, long_names, size, scheme):
    window = visitor(size=size, scheme=scheme)
    window.open(f"/results?run={long_names}&limit=12&cost=time")
    wait_for_verdict(window)
    expect(window.page.get_by_text("Among models up to 12 ms")).to_be_visible()
    window.shot(f"long-names-{size[0]}")
    assert window.page.evaluate(STICKS_OUT) == []
    if size[0] > 1000:
        window.page.get_by_role("button", name="Share").click()
        expect(window.page.get_by_role("button", name="Make report")).to_be_visible()
        assert violations(window) == []


def test_names_in_the_cost_picture_cover_nothing_at_any_width(visitor, long_names):
    window = visitor(size=(1440, 900))
    window.open(f"/results?run={long_names}&cost=time")
    wait_for_verdict(window)
    expect(window.page.locator(".st-key-cost .js-plotly-plot")).to_be_visible(timeout=LONG)
    for width in (1440, 1280, 390):
        window.page.set_viewport_size({"width": width, "height": 900})
        window.settle()
        window.page.wait_for_function(f"({COVERED})('cost').names.length > 0", timeout=LONG)
        said = window.page.evaluate(COVERED, "cost")
        assert said["names"]
        assert said["covered"] == []
        assert said["outside"] == []
    window.shot("long-names-cost")


def test_pictures_that_were_chosen_come_in_sight(visitor):
    window = visitor(size=(390, 844))
    window.open("/images")
    window.page.get_by_role("button", name="Use butterflies").click()
    window.page.wait_for_function(
        """() => {
            const top = document.querySelector(".st-key-checked h2")?.getBoundingClientRect().top;
            return top >= 0 && top <= innerHeight / 2;
        }""",
        timeout=LONG,
    )
    expect(window.page.locator(".srcsel-classes img").first).to_be_visible(timeout=LONG)
    assert window.page.evaluate(STICKS_OUT) == []
