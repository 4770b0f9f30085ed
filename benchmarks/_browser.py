"""A dashboard in a process of its own and a real Chromium, for the benchmarks of the pages."""

import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# what our configuration says too, for a page that has none
BARE = ("--server.headless", "true", "--server.address", "127.0.0.1")
PATIENCE = 60.0  # seconds
SETTLED = (
    "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
)


def spawn(home: Path, script: Path = ROOT / "app.py") -> tuple[subprocess.Popen, str]:
    """Start a dashboard whose work folder is `home`, or another page of Streamlit; returns the
    process, at once, and the address it will have.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        "--server.port",
        str(port),
        *([] if script.name == "app.py" else BARE),
    ]
    log = (home / "server.log").open("ab")
    process = subprocess.Popen(
        command,
        cwd=home,
        env={**os.environ, "SRCSEL_HOME": str(home)},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    log.close()
    return process, f"http://127.0.0.1:{port}"


def answers(url: str) -> bool:
    """Tell whether the server answers yet."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_until(ready, pause: float = 0.05) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit("What the benchmark waited for did not come.")
        time.sleep(pause)


def stop(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=20)


def processor_seconds(pid: int) -> float:
    """What a process has used so far; NaN where the system does not tell in /proc."""
    about = Path(f"/proc/{pid}/stat")
    if not about.exists():
        return float("nan")
    user, system = about.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server(home: Path) -> Iterator[str]:
    """A dashboard that answers; gives its address."""
    process, url = spawn(home)
    try:
        wait_until(lambda: answers(url))
        yield url
    finally:
        stop(process)


@contextlib.contextmanager
def chromium() -> Iterator:
    """A headless Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        raise SystemExit("This benchmark needs Chromium on the PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


def line(what: str, seconds: Sequence[float], limit: float | None = None) -> dict:
    """One row: the median of repeated measurements, the slowest, and what it may take, if that was
    asked.
    """
    median = statistics.median(seconds)
    told = {"what": what, "median": median, "slowest": max(seconds)}
    if limit is not None:
        told |= {"limit": limit, "kept": "yes" if median <= limit else "NO"}
    return told | {"n": len(seconds)}
