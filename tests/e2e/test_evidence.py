"""From a finished run to the sentence: the quick check, asked for on the page and run by a real
worker.
"""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect
from test_pages import violations
from test_small import COVERED
from walk import LONG, choose_folder, start_run, wait_for_verdict

from srcsel.ui.app.tour import EXPERIMENT

EACH = 12  # pictures of each class, so that the walk stays short


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four digits, twelve pictures each."""
    from srcsel.pictures.bundled.targets import write_target

    root = tmp_path_factory.mktemp("pictures")
    write_target("digits", root / "all")
    for kind in sorted(p for p in (root / "all").iterdir() if p.is_dir())[:4]:
        (root / "few" / kind.name).mkdir(parents=True)
        for file in sorted(kind.iterdir())[:EACH]:
            shutil.copy(file, root / "few" / kind.name)
    return root / "few"


def test_quick_check_from_the_page_to_the_sentence(visitor, folder):
    window = visitor()
    window.open("/")
    choose_folder(window, folder)
    start_run(window)
    wait_for_verdict(window)
    page = window.page
    page.get_by_role("link", name="5 Evidence").click()
    window.settle()
    expect(page.get_by_role("heading", name="Is it true?")).to_be_visible()
    window.shot("evidence-before")
    page.get_by_role("button", name=re.compile("^Quick check")).click()
    # not Streamlit's own
    stop = page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop")
    expect(stop).to_be_visible(timeout=LONG)
    window.shot("evidence-running")
    expect(
        page.get_by_role("heading", name=re.compile("^(On these pictures|Only )"))
    ).to_be_visible(timeout=LONG)
    expect(stop).to_have_count(0, timeout=LONG)
    expect(page.locator(".js-plotly-plot")).to_have_count(2, timeout=LONG)
    expect(page.get_by_role("heading", name="Which score told the truth?")).to_be_visible()
    window.settle()
    window.shot("evidence-done")
    assert violations(window) == []

    dark = visitor(scheme="dark", size=(1280, 720))
    dark.open(page.url.removeprefix(dark.server.url))
    expect(dark.page.locator(".js-plotly-plot")).to_have_count(2, timeout=LONG)
    dark.settle()
    dark.shot("evidence-done-dark")
    assert violations(dark) == []


def test_every_small_scatter_of_the_experiment_names_its_first_and_covers_nothing(visitor):
    window = visitor(scheme="dark", size=(1280, 720))
    page = window.page
    window.open(f"/evidence?run={EXPERIMENT}")
    charts = page.locator("[class*=st-key-experiment-] .js-plotly-plot")
    for width in (1280, 390):  # on a phone the targets stand below each other
        page.set_viewport_size({"width": width, "height": 844})
        window.settle()
        expect(charts.locator(".annotation.srcsel-beside")).to_have_count(12, timeout=LONG)
        for i in range(charts.count()):
            said = page.evaluate(COVERED, f"experiment-{i}")
            assert len(said["names"]) == 4
            assert said["covered"] == []
            assert said["outside"] == []
        main = page.get_by_test_id("stMain")
        assert main.evaluate("one => one.scrollWidth <= innerWidth")  # nothing sticks out
        window.shot(f"experiment-{width}")
    assert violations(window) == []
