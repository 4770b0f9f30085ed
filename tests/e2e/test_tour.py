"""The guided tour with a real browser: forwards by keyboard alone, back, a reload, and out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from test_pages import violations

TARGETS = {1: "verdict", 2: "results-map", 3: "explore-map"}
UPPER = """([key, floor]) => {
    const top = document.querySelector(`.st-key-${key}`)?.getBoundingClientRect().top;
    return top >= floor && top <= innerHeight / 2;
}"""
STEPS = ("The answer", "The map", "A closer look", "Is it true?", "Your turn")


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", (1440, 900)), ("dark", (1280, 720))],
    ids=["light-large", "dark-small"],
)
def test_tour_from_home_to_the_own_pictures(visitor, scheme, size):
    window = visitor(scheme=scheme, size=size)
    page = window.page
    window.open("/")
    page.get_by_role("button", name="Take the tour").click()
    for number, title in enumerate(STEPS, start=1):
        page.wait_for_url(re.compile(f"tour={number}"))
        card = page.locator(".st-key-tour")
        expect(card.get_by_text(f"{title} · step {number} of 5")).to_be_visible()
        window.settle()
        box = card.bounding_box()
        assert box["y"] + box["height"] < size[1] / 2  # in sight, and slim
        if target := TARGETS.get(number):  # what it speaks of is in sight below it
            page.wait_for_function(UPPER, arg=[target, box["y"] + box["height"]])
        if number == 1:  # the card is the same on every page, and the pages have tests of their own
            assert violations(window) == []
        window.shot(f"tour-{number}-{scheme}")
        if number < 5:
            card.get_by_role("button", name="Next").press("Enter")
    page.locator(".st-key-tour").get_by_role("button", name="Done").press("Enter")
    expect(page.locator(".st-key-tour")).to_have_count(0)
    assert "tour=" not in page.url


def test_reload_keeps_the_step_and_other_pages_lead_back(visitor):
    window = visitor()
    page = window.page
    window.open("/")
    page.get_by_role("button", name="Take the tour").click()
    page.locator(".st-key-tour").get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile("tour=2"))
    page.reload()
    window.settle()
    expect(page.get_by_text("The map · step 2 of 5")).to_be_visible()
    page.get_by_role("link", name="History").click()
    window.settle()
    page.get_by_role("button", name="Go on with the tour").click()
    page.wait_for_url(re.compile("/results.*tour=2|/results.*"))
    expect(page.get_by_text("The map · step 2 of 5")).to_be_visible()
    page.get_by_role("button", name="End tour").click()
    expect(page.locator(".st-key-tour")).to_have_count(0)
