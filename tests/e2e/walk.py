"""The steps a person takes, in the words on the pages."""

from __future__ import annotations

import re

from playwright.sync_api import expect

VERDICT = re.compile(r"^(Start from |No clear choice)")
LONG = 180_000  # milliseconds; a cold worker on a busy machine


def choose_folder(visitor, folder) -> None:
    """From the home page to the check card of a folder."""
    page = visitor.page
    page.get_by_role("button", name="Use my own pictures").click()
    visitor.settle()
    page.get_by_text("Folder on this computer", exact=True).first.click()
    visitor.settle()
    box = page.get_by_role("textbox", name="Folder on this computer")
    box.fill(str(folder))
    page.get_by_role("button", name="Check folder").click()
    visitor.settle()
    expect(page.get_by_role("button", name="Continue")).to_be_enabled()


def start_run(visitor, *, fast_numbers: bool = False) -> None:
    """From the check card to the results page of a run with the demo models."""
    page = visitor.page
    page.get_by_role("button", name="Continue").click()
    visitor.settle()
    page.get_by_role("radio", name="Demo models").or_(
        page.get_by_role("button", name="Demo models")
    ).first.click()
    visitor.settle()
    if fast_numbers:
        page.get_by_text("Lower precision", exact=False).first.click()
        visitor.settle()
    page.get_by_role("button", name=re.compile("^Score ")).click()
    page.wait_for_url(re.compile("/results.*run="))
    visitor.settle()


def wait_for_verdict(visitor) -> str:
    """Wait for the verdict of a finished run, with both bars and the map; returns its headline."""
    page = visitor.page
    headline = page.get_by_role("heading", name=VERDICT)
    expect(headline).to_be_visible(timeout=LONG)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=LONG)
    expect(page.locator("[class*=st-key-bars-] .chart")).to_have_count(2, timeout=LONG)
    expect(page.locator(".st-key-results-map canvas").first).to_be_visible(timeout=LONG)
    visitor.settle()
    return headline.inner_text()


def saved(visitor, button: str | re.Pattern[str]) -> str:
    """Press a download button; returns the file's text."""
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name=button).click()
    return download.value.path().read_text(encoding="utf-8")
