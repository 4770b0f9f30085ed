"""The report opened from disk with the network off, and the way to it from the results page."""

from __future__ import annotations

import csv
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from test_pages import example_run
from walk import LONG, saved, wait_for_verdict

SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The shipped example as a report, its pictures written out for it."""
    from srcsel.report.make import write

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("report") / "home"))
        file = tmp_path_factory.mktemp("opened") / "report.html"
        file.write_bytes(write({"run_id": example_run()}))
        return file


@pytest.fixture
def opened(chromium, report):
    """Open the report offline: opened(scheme=..., size=...).

    Nothing may be asked for, nothing may go wrong.
    """
    contexts, problems = [], []

    def make(scheme="light", size=(1440, 900)):
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            offline=True,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and problems.append(message.text),
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or problems.append(r.url))
        page.goto(report.as_uri())
        return page

    yield make
    for context in contexts:
        context.close()
    assert not problems, problems


def shot(page, name) -> None:
    import os
    from pathlib import Path

    if folder := os.environ.get("SRCSEL_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(
    "size", [(1440, 900), (1280, 720), (390, 844)], ids=["large", "small", "phone"]
)
def test_it_opens_offline_and_everybody_can_read_it(opened, size):
    page = opened(size=size)
    expect(page.get_by_role("heading", name=re.compile("^Start from "))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing sticks out
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in SERIOUS] == [], scheme
        shot(page, f"report-{scheme}-{size[0]}")


def test_pointing_at_a_dot_shows_its_own_picture(opened):
    page = opened()
    dot = page.locator("#map use[data-i='17']")
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.locator("#tip")
    expect(tip).to_be_visible()
    on = page.locator("#map use.on").get_attribute("data-i")  # of dots on one another the nearest
    name, file, source = page.evaluate(
        "i => JSON.parse(document.getElementById('tips').textContent)[i]", int(on)
    )
    expect(tip.locator("b")).to_have_text(name)
    expect(tip.locator("span")).to_have_text(file)
    assert tip.locator("img").get_attribute("src") == source
    assert (
        tip.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 30
    )
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_arrow_keys_go_from_picture_to_picture(opened):
    page = opened("dark")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#map use.on")).to_have_attribute("data-i", "1")
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


def test_it_prints_light_even_from_a_dark_screen(opened):
    page = opened("dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_share_makes_a_report_that_is_the_same_file(visitor):
    window = visitor()
    window.open("/")
    window.page.get_by_role("button", name="See a finished example").click()
    wait_for_verdict(window)
    window.page.get_by_role("button", name="Share").click()
    window.page.get_by_role("button", name="Make report").click()
    button = window.page.get_by_role("button", name=re.compile("^Download report"))
    expect(button).to_be_visible(timeout=LONG)
    window.shot("share")
    text = saved(window, re.compile("^Download report"))
    assert text.startswith("<!doctype html>")
    assert 1_000_000 < len(text.encode()) < 5_000_000


def test_every_file_arrives_when_it_is_asked_for(visitor):
    window = visitor()
    window.open("/")
    window.page.get_by_role("button", name="See a finished example").click()
    wait_for_verdict(window)

    script = saved(window, re.compile("^Training script"))
    compile(script, "train.py", "exec")
    numbers = saved(window, "Download all numbers (CSV)")
    models = {row["Id"] for row in csv.DictReader(numbers.splitlines())}
    window.page.get_by_role("button", name="Share").click()
    assert saved(window, re.compile(r"\bCSV$")) == numbers
    listed = json.loads(saved(window, re.compile(r"\bJSON$")))
    assert {model["id"] for model in listed["models"]} == models
    assert listed["verdict"]["winner"] in models
