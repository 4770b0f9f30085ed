"""Signing in and out in a real browser, by password and with an account."""

import pytest
from playwright.sync_api import expect

from tests.provider import running_dashboard, running_provider, secrets_for

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module", params=["password", "account"])
def way(request, tmp_path_factory):
    """A shared dashboard: its address, and how one signs in there."""
    place = tmp_path_factory.mktemp("shared")
    if request.param == "password":
        with running_dashboard(place, SRCSEL_PASSWORD=PASSWORD) as url:
            yield url, request.param
        return
    with running_provider() as provider, running_dashboard(place, secrets_for(provider)) as url:
        yield url, request.param


def test_one_signs_in_and_out_and_a_tab_left_open_can_do_nothing(chromium, way, tmp_path):
    url, kind = way
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(f"{url}/history")
    if kind == "password":
        expect(page.get_by_role("heading", name="srcsel")).to_be_visible()
        page.screenshot(path=tmp_path / "sign-in.png")
        page.get_by_label("Password").fill("a wrong one")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("This is not the password")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible(timeout=60_000)
    assert page.url == f"{url}/history"
    out = page.get_by_role("link", name="Sign out")
    expect(out).to_be_visible(timeout=60_000)
    if kind == "account":
        expect(page.get_by_text("Signed in as ada@example.org")).to_be_visible()
    page.screenshot(path=tmp_path / "signed-in.png")
    left = context.new_page()
    left.goto(f"{url}/images")
    expect(left.get_by_text("Upload", exact=True)).to_be_visible(timeout=60_000)
    download = f"{url}/app/static/logo.svg"
    assert context.request.get(download).status == 200
    with page.expect_response("**/sign-out"):
        out.click()
    if kind == "password":
        expect(page.get_by_label("Password")).to_be_visible()
    else:  # the provider still knows this browser, and is not asked
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        page.screenshot(path=tmp_path / "signed-out.png")
    for path in ("/app/static/logo.svg", "/thumbs/x/0/96.jpg", "/media/x", "/_stcore/host-config"):
        assert context.request.get(url + path, max_redirects=0).status == 401
    connected = "[data-testid=stApp][data-test-connection-state=CONNECTED]"
    expect(left.locator(connected)).to_have_count(0)
    expect(left.get_by_text("Upload", exact=True)).to_be_disabled()
    if kind == "password":
        left.reload()
        expect(left.get_by_label("Password")).to_be_visible()
    else:
        page.get_by_role("link", name="Sign in again").click()
        expect(page.get_by_text("Signed in as")).to_be_visible(timeout=60_000)
    context.close()
