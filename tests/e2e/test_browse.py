"""Choose a folder by hand, and drop one on the page, in a real browser."""

from __future__ import annotations

import pytest
from PIL import Image
from playwright.sync_api import expect
from test_pages import violations
from walk import LONG


@pytest.fixture(scope="module")
def folder(server):
    """A folder of two classes beside another, below one that is on this computer."""
    place = server.home.parent / "by hand"
    for c, name in enumerate(("Käfer", "moth")):
        (place / "insects" / name).mkdir(parents=True)
        for i in range(4):
            Image.new("RGB", (24, 24), (90 * c, 30 * i, 80)).save(
                place / "insects" / name / f"{i}.png"
            )
    (place / "other").mkdir()
    return place / "insects"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_folder_is_found_and_taken_in_the_dialog(visitor, folder, scheme):
    window = visitor(scheme=scheme, size=(1280, 720))
    window.open(f"/images?images={folder / 'moth'}")
    page = window.page
    page.get_by_role("button", name="Browse").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Use insects: 8 pictures")).to_be_visible(timeout=LONG)
    dialog.get_by_role("button", name="by hand").click()
    expect(dialog.get_by_role("button", name="other")).to_be_visible(timeout=LONG)
    expect(dialog.get_by_text("no pictures")).to_be_visible()
    window.settle()
    window.shot(f"browse-{scheme}")
    assert violations(window) == []
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    page.wait_for_timeout(1000)  # the page behind would be drawn again, which closes a dialog
    dialog.get_by_role("button", name="insects").press("Enter")
    dialog.get_by_role("button", name="Use insects: 8 pictures").press("Enter")
    expect(dialog).to_be_hidden(timeout=LONG)
    expect(page.get_by_role("heading", name="insects")).to_be_visible(timeout=LONG)
    expect(page.get_by_label("Folder on this computer").last).to_have_value(str(folder))


def test_a_dropped_folder_is_checked(visitor, folder):
    window = visitor()
    window.open("/images")
    page = window.page
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(folder)
    expect(page.get_by_role("heading", name="insects")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("Käfer").first).to_be_visible(timeout=LONG)
    window.settle()
    window.shot("dropped")
