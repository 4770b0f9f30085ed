"""Requests that are refused before a page sees them: foreign names and pages, and what is too
large.
"""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config

from srcsel.ui.server import server


async def _page(request: Request):
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _echo(window):
    await window.accept()
    await window.close()


@pytest.fixture
def make(work, on_this_computer):
    def browser(address: str = "127.0.0.1") -> TestClient:
        path = Route("/{path:path}", _page, methods=["GET", "POST", "PUT", "DELETE"])
        app = Starlette(
            routes=[*server.ROUTES, WebSocketRoute("/socket", _echo), path],
            middleware=server.MIDDLEWARE,
        )
        return TestClient(app, base_url="http://localhost:8501", client=(address, 50000))

    return browser


@pytest.fixture
def browser(make):
    return make()


def opens(browser, **headers) -> bool:
    try:
        with browser.websocket_connect("/socket", headers={"host": "localhost:8501"} | headers):
            return True
    except WebSocketDisconnect:
        return False


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "2001:db8::1", "testclient"])
def test_localhost_is_a_name_for_this_computer_only(make, address, monkeypatch):
    elsewhere = make(address)
    answer = elsewhere.get("/")
    assert answer.status_code == 400
    assert "SRCSEL_HOSTS=localhost" in answer.text
    assert not opens(elsewhere)
    monkeypatch.setenv("SRCSEL_HOSTS", "localhost")
    monkeypatch.setenv("SRCSEL_INSECURE", "1")
    assert elsewhere.get("/").status_code == 200
    assert opens(elsewhere)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_this_computer_may_say_localhost(make, address):
    assert make(address).get("/").status_code == 200


ORIGINS = [
    ("http://localhost:8501", True),
    ("http://LOCALHOST:8501", True),
    ("https://localhost:8501", True),  # behind a proxy that speaks TLS
    ("http://localhost:9999", False),
    ("http://localhost", False),
    ("http://127.0.0.1:8501", False),  # not the name that was asked
    ("http://evil.example", False),
    ("http://localhost:8501.evil.example", False),
    ("http://[", False),
    ("null", False),
    ("", False),
]


@pytest.mark.parametrize(("origin", "fine"), ORIGINS)
def test_only_our_own_pages_send_and_open_sockets(browser, origin, fine):
    assert opens(browser, origin=origin) is fine
    for method in ("POST", "PUT", "DELETE"):
        answer = browser.request(method, "/x", headers={"origin": origin})
        assert answer.status_code == (200 if fine else 403)
        assert fine or "a page of another site" in answer.text


def test_a_name_that_was_added_is_an_origin(browser, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOSTS", "lab.example")
    monkeypatch.setenv("SRCSEL_INSECURE", "1")
    assert opens(browser, origin="https://lab.example")
    assert not opens(browser, origin="https://lab.example:9999")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_other_sites_may_link_here_and_no_more(browser, site):
    window = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser.get("/results?run=x", headers=window).status_code == 200
    for mode, dest in (
        ("no-cors", "image"),
        ("navigate", "iframe"),
        ("cors", "empty"),
        ("no-cors", "document"),
    ):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
        assert browser.get("/thumbs/x/0/96.jpg", headers=headers).status_code == 403
    assert browser.post("/x", headers=window).status_code == 403
    assert not opens(browser, **{"sec-fetch-site": site})
    assert browser.get("/", headers={"sec-fetch-site": "same-origin"}).status_code == 200


def in_pieces():
    """A form with a file of 2.5 MB, without saying how much comes."""
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    for _ in range(40):
        yield b"x" * 2**16
    yield b"\r\n--b--\r\n"


def test_too_much_is_refused_in_a_sentence(browser):
    before = config.get_option("server.maxUploadSize")
    config.set_option("server.maxUploadSize", 1)
    try:
        upload = "/_stcore/upload_file/session/file"
        assert browser.put(upload, files={"file": ("a.zip", b"x" * 2**20)}).status_code == 200
        for path, size, limit in ((upload, 2**21 + 1, 2), ("/x", 2**20 + 1, 1)):
            answer = browser.put(path, content=b"x" * size)
            assert (answer.status_code, answer.text) == (
                413,
                f"This is more than the {limit} MB that the server takes at once.\n",
            )
            form = {"content-type": "multipart/form-data; boundary=b"}
            assert browser.put(path, content=in_pieces(), headers=form).status_code == 413
    finally:
        config.set_option("server.maxUploadSize", before)


@pytest.mark.parametrize("length", ["9" * 4400, "-1", "1e3", "٣", ""])
def test_an_absurd_length_is_refused(browser, length):
    headers = {"content-length": length.encode()}
    assert browser.post("/x", headers=headers).status_code == 413


def test_a_large_head_is_refused(browser):
    assert browser.get("/", headers={"x": "y" * 2**15}).status_code == 431
    answer = browser.get("/?" + "x" * 2**14)
    assert (answer.status_code, "Copy the link again" in answer.text) == (414, True)
    assert browser.get("/?" + "x" * 8000, headers={"cookie": "y" * 12000}).status_code == 200
