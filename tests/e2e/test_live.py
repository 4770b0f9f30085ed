"""The rows of a run under way, by their component alone."""

from pathlib import Path

import pytest

from srcsel.ui.parts import live

FOLDER = Path(live.__file__).parent / "live"
SPILLS = """() => [...document.querySelectorAll(".track i:not([hidden])")].filter((bar) => {
    const [own, track] = [bar, bar.parentElement].map((one) => one.getBoundingClientRect());
    return own.left < track.left - 1 || own.right > track.right + 1;
}).length"""


@pytest.fixture
def page(chromium):
    html, css, js = ((FOLDER / f"live.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    window = chromium.new_page(reduced_motion="reduce")
    window.set_content(f"<style>{css}</style>{html}")
    script = js.replace("export default function", "window.show = function")
    window.add_script_tag(content=script, type="module")
    window.wait_for_function("() => window.show")
    yield window
    window.close()


def row(model, kind, **bars):
    spans = {"silhouette": (0.0, bars["end"]), "supcon": (0.0, bars["end"])} if bars else {}
    return {
        "id": model,
        "title": model,
        "kind": kind,
        "ahead": False,
        "color": "navy",
        "bars": spans,
        "said": kind,
        "full": "",
        "share": None,
    }


def drawn(page, *models):
    data = {
        "lead": ["Ahead so far: one", ""],
        "heads": live.HEADS,
        "key": live.KEY,
        "models": models,
        "paint": {},
        "height": 330,
        "empty": "",
        "caption": "",
        "sketch": None,
    }
    page.evaluate("data => window.show({ data, parentElement: document.body })", data)


def test_bars_of_a_model_that_waits_for_its_scores_stay_as_they_were_and_in_their_track(page):
    drawn(page, row("one", "finished", end=0.2), row("two", "soon", end=0.5))
    assert page.evaluate(SPILLS) == 0
    drawn(page, row("one", "finished", end=0.2), row("two", "at-work"), row("three", "to-come"))
    assert page.locator(".soon .track i:visible").count() == 2
    assert page.evaluate(SPILLS) == 0
    assert page.locator(".key").is_visible()  # which says what hatched bars are
    drawn(page, row("two", "finished", end=0.3), row("one", "finished", end=0.2))
    assert page.locator(".soon").count() == 0
    assert not page.locator(".key").is_visible()
