"""What every test gets: its own work folder, one thread, no network; and a small picture folder on
request.
"""

from __future__ import annotations

import ipaddress
import os
import socket

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports numpy or torch

import numpy as np
import pytest
from PIL import Image

COLORS = {"blue": (30, 60, 200), "green": (40, 170, 60), "red": (210, 40, 40)}


@pytest.fixture(autouse=True)
def work_folder(tmp_path, monkeypatch):
    """A work folder of the test's own; workers that the test starts end soon after it."""
    home = tmp_path / "home"
    monkeypatch.setenv("SRCSEL_HOME", str(home))
    monkeypatch.setenv("SRCSEL_WORKER_LINGER", "1")
    for name in (
        *("ROOTS", "DEVICE", "RAY", "WEIGHTS", "HOSTS", "FEATURES"),
        *("PASSWORD", "PEOPLE", "OWNER", "INSECURE"),
    ):
        monkeypatch.delenv(f"SRCSEL_{name}", raising=False)
    return home


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Connections leave this computer in no test; a test that tries fails with the address it
    wanted.
    """
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(str(address[0])):
            raise OSError(f"A test wanted to connect to {address}.")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def picture_folder(tmp_path):
    """36 noisy squares of 48 pixels in three folders named by color; the file number says how
    noisy.
    """
    return make_pictures(tmp_path / "pictures")


def make_pictures(folder, each=12, side=48):
    chance = np.random.default_rng(0)
    for name, color in COLORS.items():
        (folder / name).mkdir(parents=True)
        for i in range(each):
            noise = chance.normal(scale=10 + 5 * i, size=(side, side, 3))
            pixels = np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i:03d}.png")
    return folder


def _is_here(host):
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return host in ("localhost", "")
