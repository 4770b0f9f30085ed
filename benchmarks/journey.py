"""What a person waits for, by the job board and a worker process as the pages use them: a demo run
with nothing stored but the check of the pictures, the same with pictures left out, its report.

The clock starts where the button is pressed (the job is queued) and ends where the page could show
it: the first model's scores stored, the verdict stored, the last map drawn. Processor time is that
of the worker, all its threads together. A worker that was warmed has had its imports while the
person still picked models, as on the Models page; a cold one is started by the press.
"""

import argparse
import dataclasses
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks._browser import PATIENCE, line, processor_seconds, wait_until
from benchmarks._common import tell
from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.jobs.base import LANES, lane_lock
from srcsel.jobs.board import Board
from srcsel.runs.question import new_run
from srcsel.store.features import open_runs
from srcsel.store.serialize import to_plain

PICTURES = "demo:butterflies"  # 500
MODELS = "demo"  # ten
LEFT_OUT = 20
REPEATS = 3
LINGER = 8.0  # seconds that an idle worker stays
LOOKS, BETWEEN = 40, 0.05  # looks at whether it does anything, and seconds between two
FIRST_MODEL, VERDICT, WITHOUT, REPORT = 4.0, 15.0, 3.0, 2.5  # seconds it may take
IDLE = 0.9  # share of looks at which a worker sleeps that has nothing to do


def worker(lane: str) -> int | None:
    """Return the process that works in a lane of this work folder."""
    asked = ["srcsel.jobs.worker", str(load_settings().jobs), lane]
    for about in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = about.read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended meanwhile
            continue
        if words[2:5] == asked:
            return int(about.parent.name)
    return None


def spent(lane: str) -> float:
    """Processor seconds of the lane's worker so far; 0 where there is none."""
    pid = worker(lane)
    return processor_seconds(pid) if pid is not None else 0.0


def sleeps(lane: str) -> bool:
    """Whether the lane's worker waits, and not for a core: beside other programs it may get so
    little of one that the seconds it used tell nothing.
    """
    time.sleep(BETWEEN)
    pid = worker(lane)
    if pid is None:
        raise SystemExit("The worker ended before it was ready.")
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


class Meter:
    """Processor seconds of a lane's worker from now on, also where it is yet to be started."""

    def __init__(self, lane: str) -> None:
        self.lane, self.pid, self.before = lane, worker(lane), spent(lane)

    def read(self) -> float:
        same = worker(self.lane) == self.pid
        return spent(self.lane) - (self.before if same else 0.0)


def warmed(board: Board) -> None:
    """Start the worker for source models and wait until its imports are done."""
    board.warm()
    wait_until(lambda: worker("compute") is not None)
    while sum(sleeps("compute") for _ in range(LOOKS)) < IDLE * LOOKS:
        pass


def checked(board: Board) -> None:
    """Have the pictures opened once, and the bundled ones written out."""
    board.submit("check", {"ref": PICTURES})
    wait_until(lambda: not board.active())


def ended(board: Board) -> None:
    """Wait until no worker is there any more."""
    for lane in dict.fromkeys(LANES.values()):
        with lane_lock(board.folder, lane, PATIENCE):
            pass


@dataclasses.dataclass
class Seen:
    """Seconds of one run from the press to what a page can show, and processor seconds of the
    worker until then.
    """

    first_model: float = float("nan")
    verdict: float = float("nan")
    verdict_cpu: float = float("nan")
    maps: float = float("nan")
    maps_cpu: float = float("nan")


def run_of(left_out: tuple[str, ...] = ()) -> Run:
    return dataclasses.replace(new_run(PICTURES, MODELS, device="cpu"), left_out=left_out)


def watched(board: Board, run: Run) -> Seen:
    """Press the button, and look as a page does until all is there."""
    runs, seen, stamp = open_runs(load_settings()), Seen(), None
    used, start = Meter("compute"), time.perf_counter()
    job = board.submit("rank", {"run": to_plain(run)})
    deadline = start + 10 * PATIENCE
    while board.status(job).state in ("queued", "running"):
        now = time.perf_counter() - start
        if time.perf_counter() > deadline:
            raise SystemExit("The run did not end.")
        if (runs.folder / run.id / "run.json").is_file() and runs.stamp(run.id) != stamp:
            stamp = runs.stamp(run.id)
            result = runs.load(run.id)
            if result.scores and seen.first_model != seen.first_model:
                seen.first_model = now
            if result.complete and seen.verdict != seen.verdict:
                seen.verdict, seen.verdict_cpu = now, used.read()
        time.sleep(0.02)
    if board.status(job).state != "done":
        raise SystemExit(f"The run did not end well: {board.status(job).error}")
    seen.maps, seen.maps_cpu = time.perf_counter() - start, used.read()
    return seen


def without(run: Run, turn: int) -> Run:
    """The same question without LEFT_OUT pictures, others in every turn."""
    paths = open_runs(load_settings()).load(run.id).dataset.paths
    return run_of(tuple(paths[turn :: len(paths) // LEFT_OUT][:LEFT_OUT]))


def report(board: Board, run: Run, model: str) -> tuple[float, float]:
    """Seconds from the press to the finished file, and of the worker's processor time."""
    used, start = Meter("quick"), time.perf_counter()
    job = board.submit("report", {"run_id": run.id, "model": model, "method": "umap"})
    wait_until(lambda: board.status(job).state not in ("queued", "running"), 0.02)
    if board.status(job).state != "done":
        raise SystemExit(f"The report was not made: {board.status(job).error}")
    return time.perf_counter() - start, used.read()


def journey(told: dict[str, list[float]], *, warm: bool) -> None:
    """One work folder from the first press to the report."""

    def note(what: str, seconds: float) -> None:
        told.setdefault(f"{what}, {'worker warmed' if warm else 'worker cold'}", []).append(seconds)

    def noted(what: str, seen: Seen) -> None:
        note(f"{what}: first model", seen.first_model)
        note(f"{what}: verdict", seen.verdict)
        note(f"{what}: verdict, processor time", seen.verdict_cpu)
        note(f"{what}: maps too", seen.maps)
        note(f"{what}: maps too, processor time", seen.maps_cpu)

    def ready(wait: Callable[[Board], None]) -> Board:
        board = Board(load_settings().jobs)
        wait(board)
        return board

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["SRCSEL_HOME"] = folder
        board = ready(checked)  # as the Images page does
        board = ready(warmed) if warm else board
        run = run_of()
        noted("run", watched(board, run))
        for turn in range(REPEATS if warm else 1):
            if not warm:
                ended(board)
            noted("pictures left out", watched(board, without(run, turn)))
        models = open_runs(load_settings()).load(run.id).models
        for model in models[: REPEATS if warm else 1]:
            if warm:  # a worker of its lane was there before
                ready(checked)
            seconds, cpu = report(board, run, model.id)
            note("report", seconds)
            note("report, processor time", cpu)
        ended(board)


LIMITS = {
    "run: first model": FIRST_MODEL,
    "run: verdict": VERDICT,
    "pictures left out: verdict": WITHOUT,
    "report": REPORT,
}
MEANS = (
    "seconds from the press; ten demo models, 500 pictures, 480 where pictures are left out; a"
    " verdict includes decoding, networks, scores with 200 re-checks in both readings and the"
    " accuracies, where they are not stored"
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1, help="journeys of each kind")
    asked = parser.parse_args()
    os.environ["SRCSEL_WORKER_LINGER"] = str(LINGER)
    told: dict[str, list[float]] = {}
    for _ in range(asked.repeats):
        for warm in (True, False):
            journey(told, warm=warm)
    rows = [
        line(what, seconds, LIMITS.get(what.rsplit(", ", 1)[0])) for what, seconds in told.items()
    ]
    tell("journey", rows, means=MEANS)


if __name__ == "__main__":
    main()
