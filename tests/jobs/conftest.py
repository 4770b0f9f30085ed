"""A board with real worker processes, and a slow source model to interrupt."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.features import timing
from srcsel.jobs import Board, starting
from srcsel.jobs.base import LANES
from srcsel.store.features import open_runs
from srcsel.store.serialize import to_plain

PICTURES = 600  # two stored parts of 256, and a rest
PATIENCE = 150.0  # seconds a state may take on a busy computer


class Driver:
    """The board of the test's work folder, and what a test does with it."""

    def __init__(self, tmp_path, pictures):
        self.board = Board(load_settings().jobs)
        self.log = tmp_path / "slow.log"
        self.pictures = pictures

    def question(self, *models, seed=0):
        """Payload of a rank job."""
        run = Run(
            open_runs(load_settings()).new_id(),
            "2026-01-31T10:00:00+00:00",
            str(self.pictures),
            models,
        )
        return {"run": {**to_plain(run), "device": "cpu", "seed": seed}}

    def wait(self, job, *states, the_board=None):
        """Poll as a page does until the job is in one of `states`."""
        end = time.monotonic() + PATIENCE
        while (status := (the_board or self.board).status(job)).state not in states:
            assert time.monotonic() < end, f"{status}\n{self.board.log(job)}"
            assert status.state in ("queued", "running"), f"{status}\n{self.board.log(job)}"
            time.sleep(0.05)
        return status

    def until(self, condition):
        """Wait until `condition()` holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.02)

    def lose(self, job):
        """Kill the worker as the system does, and poll until the board says so.

        That may take more than one poll: a process that the worker was starting has its open files,
        the lock among them, until it runs a program of its own.
        """
        worker = self.workers()[0]
        worker.kill()
        worker.wait(10)
        return self.wait(job, "failed")

    def rows(self):
        """Pictures that went through the slow hub so far, over all processes."""
        return (
            sum(int(line.split()[1]) for line in self.log.read_text().splitlines())
            if self.log.exists()
            else 0
        )

    def workers(self, lane="compute"):
        """Worker processes this test process started."""
        return [
            child
            for key, found in starting._children.items()
            if f"worker-{lane}" in key
            for child in found
        ]


@pytest.fixture
def jobs(monkeypatch, tmp_path, many_pictures):
    """Drive the board; workers know the hub `slow`, and are gone afterwards."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "slow_hub"))
    monkeypatch.setenv("SLOW_LOG", str(tmp_path / "slow.log"))
    # batches this long are not timed again on a busy computer: the rows stay those of the run
    monkeypatch.setenv("SLOW_SECONDS", str(1.04 * timing.PATIENCE / timing.TOGETHER))
    driver = Driver(tmp_path, many_pictures)
    yield driver
    for lane in set(LANES.values()):
        for child in driver.workers(lane):
            if child.poll() is None:
                child.kill()
            child.wait(10)
    starting._children.clear()
    starting._misfires.clear()


@pytest.fixture(scope="session")
def many_pictures(tmp_path_factory):
    """600 tiny pictures in two classes."""
    folder = tmp_path_factory.mktemp("many")
    chance = np.random.default_rng(0)
    for label, name in enumerate(("dark", "light")):
        (folder / name).mkdir()
        for i in range(PICTURES // 2):
            pixels = chance.integers(0, 128, (8, 8, 3)) + 100 * label
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i:03d}.png")
    return folder
