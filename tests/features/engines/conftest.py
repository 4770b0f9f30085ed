"""A real Ray on this computer: a head with two cores, started once, ended with the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 200  # until a head answers, also on a busy computer


@dataclass
class Head:
    """A running `ray start --head`."""

    process: subprocess.Popen
    address: str
    folder: str

    def workers(self):
        """Process ids of the workers that run networks or decode."""
        found = []
        for place in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                title = (place / "cmdline").read_bytes() if place.name.isdigit() else b""
                about = (place / "environ").read_bytes() if title.startswith(b"ray::") else b""
                if b"Map" in title and self.folder.encode() in about:
                    found.append(int(place.name))
        return found

    def end(self):
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def another(head, *before):
    """Make another computer with two cores a part of a Ray; `before`: words before its command."""
    command = [
        *(*before, sys.executable, "-m", "ray.scripts.scripts", "start", "--block"),
        *(f"--address={head.address}", "--node-ip-address=127.0.0.1", "--num-cpus=2"),
        *("--object-store-memory=150000000", "--disable-usage-stats"),
    ]
    process = subprocess.Popen(
        command,
        env=os.environ | {"RAY_AUTH_MODE": "disabled", "TESTED": head.folder},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process)


def end(process):
    """End a computer of a Ray and all that runs on it, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start_head(cores=2):
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # short: sockets lie in it
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
        *("--node-ip-address=127.0.0.1", f"--port={port}", f"--num-cpus={cores}"),
        *("--object-store-memory=150000000", "--include-dashboard=false"),
        *("--disable-usage-stats", f"--temp-dir={folder}"),
    ]
    process = subprocess.Popen(
        command,
        env=os.environ | {"RAY_AUTH_MODE": "disabled", "TESTED": folder},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    head = Head(process, f"127.0.0.1:{port}", folder)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return head
        time.sleep(0.2)
    head.end()
    raise TimeoutError("The Ray of the tests did not start.")


@pytest.fixture(autouse=True)
def no_token(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # its file would lie in the home folder


@pytest.fixture(scope="package")
def head():
    pytest.importorskip("ray", reason="Ray is not installed (pip install srcsel[ray])")
    if not sys.platform.startswith("linux"):
        pytest.skip("its workers are found through /proc")
    head = start_head()
    yield head
    head.end()
