"""Why this score, and pictures worth a look, from the results of a run to a corrected second run;
then a class left out from the map.
"""

from __future__ import annotations

import csv
import hashlib
import re
import shutil

import pytest
from playwright.sync_api import expect
from test_pages import violations, violations_in_both
from walk import LONG, saved, wait_for_verdict

EACH = 14  # pictures of each class
MODELS = ["demo/printed", "demo/glyphs", "demo/shapes"]
WRONG = "digit 3/from-0.png"  # a zero among the threes
COPY = "digit 1/copy.png"  # of the first one in its own class


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Digits, one of them in the wrong folder, one there twice, and a file nobody can read."""
    from srcsel.pictures.bundled.targets import write_target

    root = tmp_path_factory.mktemp("look")
    write_target("digits", root / "all")
    kinds = sorted(place for place in (root / "all").iterdir() if place.is_dir())[:4]
    for number, kind in enumerate(kinds):
        place = root / "few" / f"digit {number}"
        place.mkdir(parents=True)
        for file in sorted(kind.iterdir())[:EACH]:
            shutil.copy(file, place)
    shutil.copy(sorted(kinds[0].iterdir())[EACH], root / "few" / WRONG)
    shutil.copy(sorted(kinds[1].iterdir())[0], root / "few" / COPY)
    (root / "few" / "digit 2" / "broken.jpg").write_bytes(b"not a picture")
    return root / "few"


def finished(server, folder) -> str:
    """A finished run over the folder in the server's work folder, with nothing corrected in it."""
    from srcsel.runs.run import answer, new_run

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRCSEL_HOME", str(server.home))
        return answer(new_run(str(folder), MODELS, device="cpu")).run.id


@pytest.fixture(scope="module")
def run(server, folder):
    return finished(server, folder)


def state_of(folder) -> dict[str, tuple[str, int]]:
    """Every file with its bytes' digest and its time of change."""
    return {
        file.relative_to(folder).as_posix(): (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            file.stat().st_mtime_ns,
        )
        for file in folder.rglob("*")
        if file.is_file()
    }


def part(window, run, name) -> None:
    """From the results of the run to a part of the explore page, as a person goes."""
    window.open(f"/results?run={run}")
    wait_for_verdict(window)
    window.page.get_by_role("link", name="4 Explore").click()
    window.settle()
    window.page.get_by_role("radio", name=name).or_(
        window.page.get_by_role("button", name=name)
    ).first.click()
    window.settle()


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", (1440, 900)), ("dark", (1280, 720))],
    ids=["light-large", "dark-small"],
)
def test_why_this_score(visitor, run, scheme, size):
    window = visitor(scheme=scheme, size=size)
    page = window.page
    part(window, run, "Why this score")
    expect(page.get_by_role("heading", name="Weak and strong classes")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("heading", name="Every picture")).to_be_visible()
    expect(page.locator(".st-key-why-square .js-plotly-plot")).to_be_visible()
    pictures = page.locator(".srcsel-pairs img")
    assert pictures.count() >= 2
    for place in range(2):
        pictures.nth(place).scroll_into_view_if_needed()  # they load when they come in sight
        assert (
            pictures.nth(place).evaluate("image => image.decode().then(() => image.naturalWidth)")
            > 10
        )
    window.settle()
    window.shot(f"why-{scheme}")
    assert violations(window) == []
    lines = list(csv.reader(saved(window, "All pictures").splitlines()))
    assert ",".join(lines[0]) == "File,Label,Neighbours say,Neighbours right,SCL gain,MSC"
    assert len(lines) == 1 + 4 * EACH + 2


def test_a_pressed_row_shows_the_pictures_of_that_pair(visitor, run):
    window = visitor()
    part(window, run, "Why this score")
    told = window.page.get_by_text("of nearest neighbours cross over.")
    expect(told).to_be_visible(timeout=LONG)
    first = told.inner_text()
    table = window.page.locator("[class*=st-key-why-pairs-] [data-testid=stDataFrame]")
    # the box of the second row; a row is 35 pixels high
    table.click(position={"x": 18, "y": 35 * 2.5})
    expect(told).not_to_have_text(first)
    window.settle()
    assert window.page.locator(".srcsel-pairs img").count() >= 2


def test_worth_a_look_then_leave_out_and_score_again(visitor, server, folder):
    before, run = state_of(folder), finished(server, folder)
    window = visitor(size=(1280, 720))
    page = window.page
    part(window, run, "Worth a look")
    expect(page.get_by_text("Maybe wrong label (")).to_be_visible(timeout=LONG)
    box = page.get_by_role("checkbox", name="Choose from-0.png")
    expect(box).to_be_visible()
    assert violations_in_both(window, "worth-a-look") == {}
    lines = csv.reader(saved(window, "List (CSV)").splitlines())
    assert {line[0] for line in lines} >= {"file", WRONG, COPY, "digit 2/broken.jpg"}
    out = page.get_by_role("button", name=re.compile("^Leave out "))
    expect(out).to_have_count(0)
    box.focus()
    page.keyboard.press("Space")
    window.settle()
    page.get_by_text("Near copies (2)").click()
    window.settle()
    expect(page.get_by_text("copy.png", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Tick copies within a class, keep the first").click()
    expect(out).to_have_text(re.compile("Leave out 2 pictures"))
    out.click()  # at once, before the boxes are redrawn
    window.settle()
    expect(page.get_by_text("Corrections: 2 pictures left out")).to_be_visible()
    assert violations_in_both(window, "corrections") == {}
    page.get_by_role("button", name="Score again with these").click()
    page.wait_for_url(lambda url: "/results" in url and run not in url, timeout=LONG)
    wait_for_verdict(window)
    expect(page.get_by_text(re.compile("^.*2 pictures left out: the verdict "))).to_be_visible()
    expect(page.get_by_text("Thin outlines: before the correction.")).to_be_visible()
    assert violations_in_both(window, "without") == {}
    assert state_of(folder) == before


def test_a_class_and_a_picture_are_corrected_from_map_and_drawer(visitor, server, folder):
    window, run = visitor(), finished(server, folder)
    page = window.page
    window.open(f"/explore?run={run}&classes=2")
    expect(page.locator(".st-key-explore-map canvas").first).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Select all of digit 2").click()
    window.settle()
    page.get_by_role("button", name=f"Leave out {EACH} pictures").click()
    window.settle()
    expect(page.get_by_text("No picture of digit 2 stays")).to_be_visible()
    page.locator(".st-key-explore-pictures a").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("Left out", exact=True)).to_be_visible(timeout=LONG)
    drawer.get_by_label("Another label").fill("two")
    page.keyboard.press("Enter")
    expect(drawer.get_by_text("Now two")).to_be_visible(timeout=LONG)
    page.keyboard.press("Escape")
    expect(page.get_by_text("1 with another label")).to_be_visible(timeout=LONG)
    lines = list(csv.reader(saved(window, "Corrections (CSV)").splitlines()))
    assert lines[0] == ["file", "label", "change", "new_label"]
    assert sorted(line[2] for line in lines[1:]) == ["leave out"] * (EACH - 1) + ["new label"]
    assert len(page.context.pages) == 1  # no picture opens in a tab of its own
    window.open(f"/explore?run={run}")  # what is corrected outlives the page
    expect(page.get_by_text("1 with another label")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="See and undo").click()
    page.get_by_role("button", name=f"Undo all {EACH}").click()
    expect(page.get_by_text("No corrections any more")).to_be_visible(timeout=LONG)
