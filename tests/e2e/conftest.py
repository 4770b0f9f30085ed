"""A real server and a real Chromium. Fails on console errors, page errors and requests that leave this computer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
START_SECONDS = 60


def pytest_collection_modifyitems(items):
    """Mark everything here; without a Chromium skip it, but never on CI, which has to provide one."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)
            if CHROMIUM is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


class Server:
    """One dashboard in a process of its own, with a work folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home.parent / f"server-{self.port}.log"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        # Popen gets a duplicate of the descriptor, so the log may be closed here.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(self.port)],
                cwd=self.home.parent,
                env={**os.environ, "SRCSEL_HOME": str(self.home)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"The server did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=20)

    def stop_workers(self) -> None:
        """End workers of this work folder: they live in sessions of their own, on purpose."""
        for pid in worker_pids(self.home):
            os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def worker_pids(home: Path) -> list[int]:
    """Process ids of the workers whose environment names this work folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"srcsel.jobs.worker" in line and f"SRCSEL_HOME={home}".encode() in environment:
            found.append(int(folder.name))
    return found


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
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "CI must provide a Chromium (see .ci/run)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """A browser window that remembers what went wrong in it."""

    def __init__(self, browser, server: Server, scheme: str = "light", size: tuple[int, int] = (1440, 900)) -> None:
        self.server = server
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.problems: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        self.page.on("request", self._request)

    def _console(self, message) -> None:
        # A deep link makes Streamlit probe two addresses below the page's own path; both answer 404, harmlessly.
        probe = message.location.get("url", "").endswith(("_stcore/health", "_stcore/host-config"))
        if message.type == "error" and not probe:
            self.problems.append(f"console: {message.text} {message.location}")

    def _request(self, request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.problems.append(f"left this computer: {request.url}")

    def open(self, path: str = "/") -> None:
        self.page.goto(self.server.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and the fonts are there."""
        self.page.wait_for_selector(
            "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]",
            timeout=60_000,
        )
        self.page.evaluate("document.fonts.ready.then(() => true)")

    def shot(self, name: str) -> None:
        """Keep a screenshot below SRCSEL_SHOTS, for people to look at."""
        folder = os.environ.get("SRCSEL_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def close(self) -> None:
        self.context.close()
        assert not self.problems, self.problems


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
