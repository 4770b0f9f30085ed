"""Every page, opened by its address on a cold server: right title, no serious accessibility
violation.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from walk import wait_for_verdict

PAGES = ["/", "/images", "/models", "/results", "/explore", "/evidence", "/history"]
SERIOUS = {"serious", "critical"}
INK = {"light": "rgb(22, 32, 43)", "dark": "rgb(242, 245, 248)"}  # as in charts/palette.py
GROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 21, 27)"}  # as in .streamlit/config.toml


def example_run() -> str:
    from srcsel.base.settings import load_settings
    from srcsel.store.features import open_runs

    return next(
        run.id
        for run in open_runs(load_settings()).list()
        if run.example and run.id.startswith("example-")
    )


def violations(window) -> list[str]:
    """What axe finds and still finds a second later: a page that has just been drawn may not have
    all its colors.
    """
    found = serious(window)
    if found:
        window.page.wait_for_timeout(1000)
        window.settle()
        found = [one for one in serious(window) if one in found]
    return found


def violations_in_both(window, name: str) -> dict[str, list[str]]:
    """What `violations` finds by theme: in the dark, and then in the light, where the window stays;
    a shot of each.
    """
    found = {}
    for scheme in ("dark", "light"):
        window.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(window.page.get_by_test_id("stApp")).to_have_css("background-color", GROUND[scheme])
        window.settle()
        for letters in window.page.locator(".st-key-bars-silhouette .scale").all():
            # drawn by the script, which runs again after the theme has changed
            expect(letters).to_have_css("color", INK[scheme], timeout=30_000)
        window.settle()
        window.shot(f"{name}-{scheme}")
        found[scheme] = violations(window)
    return {scheme: one for scheme, one in found.items() if one}


def serious(window) -> list[str]:
    found = Axe().run(window.page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']};"
        f" {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def test_deep_link_on_a_cold_server(new_server, visitor):
    window = visitor(new_server())
    window.open("/explore")
    expect(window.page.get_by_role("link", name="4 Explore")).to_be_visible()
    expect(window.page.get_by_text("A finished example: you have no run yet.")).to_be_visible()
    expect(window.page.locator(".st-key-explore-map canvas").first).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("path", ["/images?images=demo:digits", "/models?images=demo:digits"])
def test_one_sees_on_which_link_the_keyboard_is(path, visitor):
    window = visitor()
    window.open(path)
    seen = {}
    for _ in range(60):
        window.page.keyboard.press("Tab")
        tag, name, outline = window.page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.tagName, e.innerText, s.outlineStyle] }"
        )
        if tag == "A":
            seen[name] = outline
    assert any("Home" in name for name in seen)
    assert [name for name, outline in seen.items() if outline == "none"] == []


@pytest.mark.parametrize("path", PAGES)
def test_empty_page_is_accessible(path, visitor):
    window = visitor()
    window.open(path)
    assert violations_in_both(window, f"empty-{path.strip('/') or 'home'}") == {}


@pytest.mark.parametrize(
    "path", ["/images?images=demo:butterflies", "/models?images=demo:butterflies"]
)
def test_page_with_pictures_is_accessible(path, visitor):
    window = visitor()
    window.open(path)
    expect(
        window.page.get_by_role("button", name="Continue").or_(
            window.page.get_by_text("Ready here", exact=True)
        )
    ).to_be_visible(timeout=120_000)
    assert violations_in_both(window, f"chosen-{path.strip('/').partition('?')[0]}") == {}


@pytest.mark.parametrize("path", ["/results", "/explore"])
def test_page_with_a_run_is_accessible(path, visitor):
    window = visitor()
    window.open(f"{path}?run={example_run()}")
    if path == "/results":
        wait_for_verdict(window)
    else:
        expect(window.page.locator(".st-key-explore-map canvas").first).to_be_visible(
            timeout=60_000
        )
    assert violations_in_both(window, f"run-{path.strip('/')}") == {}


def test_charts_turn_dark_with_the_window(visitor):
    window = visitor()
    window.open(f"/results?run={example_run()}")
    wait_for_verdict(window)
    letters = window.page.locator(".st-key-cost .ytick text").first
    expect(letters).to_have_css("fill", INK["light"])
    window.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(letters).to_have_css("fill", INK["dark"])
    window.settle()
    assert violations(window) == []


@pytest.mark.parametrize("present", [False, True])
def test_the_first_window_holds_the_answer_both_scores_and_the_map(visitor, present):
    window = visitor(size=(1280, 720))
    window.open(f"/results?run={example_run()}" + "&present=on" * present)
    wait_for_verdict(window)
    expect(window.page.locator(".st-key-results-map canvas").first).to_be_visible(timeout=60_000)
    window.settle()
    window.shot(f"results-1280x720{'-presenting' * present}")
    tops = {
        name: window.page.locator(at).first.bounding_box()["y"]
        for name, at in {
            "answer": ".st-key-verdict h1",
            "first score": ".st-key-bars-silhouette button",
            "second score": ".st-key-bars-supcon button",
            "map": ".st-key-results-map canvas",
        }.items()
    }
    assert max(tops.values()) < 720 - 150, tops  # of each at least that much is seen
    assert tops["first score"] == pytest.approx(tops["second score"], abs=2)  # the rows go on
    assert window.page.evaluate("scrollY") == 0


def test_presenter_mode_hides_the_controls(visitor):
    window = visitor()
    window.open(f"/results?run={example_run()}")
    wait_for_verdict(window)
    expect(window.page.get_by_role("heading", name="All numbers")).to_be_visible()
    window.page.get_by_text("Present", exact=True).click()
    expect(window.page.get_by_role("heading", name="All numbers")).to_have_count(0)
    window.settle()
    window.shot("presenter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_can_be_read_and_scrolled(scheme, visitor):
    window = visitor(scheme=scheme)
    window.open("/models?images=demo:butterflies")
    window.page.get_by_text("The same from a shell").click(timeout=120_000)
    expect(window.page.get_by_text("srcsel rank demo:butterflies")).to_be_visible()
    window.settle()
    assert violations(window) == []
    window.open(f"/results?run={example_run()}")
    wait_for_verdict(window)
    window.page.get_by_role("button", name="Share").click()
    window.page.get_by_text("See the script").click()
    expect(window.page.locator("[data-testid=stCode] .token").first).to_be_visible(timeout=60_000)
    window.settle()
    window.shot(f"script-{scheme}")
    assert violations(window) == []
