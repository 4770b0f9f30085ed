"""A person walks from a fresh home page to a verdict: by the finished example, with a folder, and
with a zip.
"""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect
from walk import choose_folder, start_run, wait_for_verdict

EACH = 12  # pictures of each class, so that the walk stays short


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """An ordinary picture folder, with a file nobody can read and one that is no picture."""
    from srcsel.pictures.bundled.targets import write_target

    root = tmp_path_factory.mktemp("pictures")
    write_target("digits", root / "all")
    for kind in sorted((root / "all").iterdir())[:4]:
        if kind.is_dir():
            (root / "few" / f"digit {kind.name}").mkdir(parents=True)
            for file in sorted(kind.iterdir())[:EACH]:
                shutil.copy(file, root / "few" / f"digit {kind.name}")
    (root / "few" / "digit 0" / "broken.jpg").write_bytes(b"not a picture")
    (root / "few" / "digit 1" / "notes.txt").write_text("not a picture either")
    return root / "few"


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", (1440, 900)), ("dark", (1280, 720))],
    ids=["light-large", "dark-small"],
)
def test_finished_example_opens_from_home(visitor, scheme, size):
    window = visitor(scheme=scheme, size=size)
    window.open("/")
    expect(
        window.page.get_by_role("heading", name="Which image model should you start from?")
    ).to_be_visible()
    window.shot(f"home-{scheme}-{size[0]}")
    window.page.get_by_role("button", name="See a finished example").click()
    window.page.wait_for_url(re.compile("/results.*run="))
    assert wait_for_verdict(window)
    window.shot(f"example-{scheme}-{size[0]}")


def test_folder_to_verdict(visitor, folder):
    window = visitor()
    window.open("/")
    choose_folder(window, folder)
    expect(window.page.get_by_text("1 file left out")).to_be_visible(timeout=120_000)
    window.shot("images-folder")
    start_run(window)
    window.shot("results-running")
    wait_for_verdict(window)
    expect(window.page.get_by_text("1 file could not be read")).to_be_visible()
    window.shot("results-folder")
    window.page.get_by_role("link", name="4 Explore").click()
    window.settle()
    expect(window.page.locator(".st-key-explore-map canvas").first).to_be_visible()
    window.page.get_by_role("button", name="Select all on the map").click()
    window.settle()
    expect(window.page.get_by_text("48 pictures", exact=False).first).to_be_visible()
    window.shot("explore-all")


def test_zip_to_verdict_and_history(visitor, folder, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "my pictures"), "zip", folder)
    window = visitor(scheme="dark")
    window.open("/images")
    window.page.get_by_text("Upload", exact=True).first.click()
    window.settle()
    window.page.locator("input[type=file]").last.set_input_files(archive)
    expect(window.page.get_by_role("button", name="Continue")).to_be_enabled()
    window.settle()
    window.shot("images-zip")
    start_run(window, fast_numbers=True)
    headline = wait_for_verdict(window)
    expect(window.page.get_by_text("Made with fast numbers (bfloat16)")).to_be_visible()
    window.shot("results-zip")
    link = window.page.url

    other = visitor()  # a second browser: the link alone reopens the run
    other.open(link.removeprefix(other.server.url))
    assert wait_for_verdict(other) == headline

    window.page.get_by_role("link", name="History").click()
    window.settle()
    expect(window.page.get_by_test_id("stDataFrame")).to_be_visible()
    window.shot("history")
