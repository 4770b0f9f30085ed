"""A real server and a real Chromium.

Fails on console errors, page errors and requests that leave this computer.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import Visitor
from serving import Server

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a pattern
    "--use-fake-ui-for-media-stream",  # and may be used
]


def pytest_collection_modifyitems(items):
    """Mark everything here; without a Chromium skip it, but never on CI, which has to provide
    one.
    """
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)
            if CHROMIUM is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def new_server(tmp_path_factory) -> Iterator[Callable[[], Server]]:
    """Makes servers with an empty work folder; all end with the session."""
    servers: list[Server] = []

    def make() -> Server:
        server = Server(tmp_path_factory.mktemp("fresh") / "home")
        server.home.mkdir()
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()
        server.stop_workers()
        assert "Traceback" not in server.log.read_text(), server.log.read_text()


@pytest.fixture(scope="session")
def server(new_server) -> Server:
    """The server most tests share."""
    return new_server()


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # a busy machine draws late
    assert CHROMIUM, "CI must provide a Chromium (see .ci/run)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium, server) -> Iterator[Callable[..., Visitor]]:
    """Opens windows; each is closed at the end and must have seen no error."""
    opened: list[Visitor] = []

    def make(on: Server | None = None, **options) -> Visitor:
        opened.append(Visitor(chromium, on or server, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
