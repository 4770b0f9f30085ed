"""Whether the time left that a run tells is honest: what was said each half second, against when
the answer then stood.

    python -m benchmarks.time_left demo:digits demo:tiles FOLDER --models demo

Each run has a work folder of its own, so that nothing is reused. The worker is started before, as
it is while somebody chooses models; --cold: it is not. --again: the same once more on a computer
that knows from the first time how long each step takes, and nothing else of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks._browser import wait_until
from benchmarks._common import aligned
from srcsel.base.phrases import FEW
from srcsel.base.records import JobStatus
from srcsel.base.settings import load_settings
from srcsel.jobs import Board
from srcsel.runs.question import new_run
from srcsel.store import speeds
from srcsel.store.features import open_runs
from srcsel.store.serialize import to_plain

MOST = 0.30  # of what is left, from the first scored model on
LEAST = FEW  # seconds below which "a few seconds" is said
ROSE = 5.0  # seconds by which a word is seen to rise
PAUSE = 0.5
CHOOSING = 20.0  # seconds for which somebody looks at the models


@dataclass(frozen=True)
class Told:
    """What was said at a moment: seconds left, and how many models were scored."""

    at: float
    left: float | None
    scored: int


def said(job: JobStatus, now: float) -> float | None:
    """Seconds left as a page says them, between two words of the worker too."""
    if job.seconds_left is None or job.seconds_least is None:
        return None
    quiet = max(0.0, now - (job.told or now))
    return max(job.seconds_left - quiet, job.seconds_least)


def watched(ref: str, models: str, home: Path, *, cold: bool) -> tuple[list[Told], float]:
    """Run it, and write down what is said; returns that and the seconds until the answer stood."""
    os.environ["SRCSEL_HOME"] = str(home)
    settings = load_settings()
    board, runs = Board(settings.jobs), open_runs(settings)
    run = new_run(ref, models)
    if not cold:
        board.warm()
        time.sleep(CHOOSING)
    job = board.submit("rank", {"run": to_plain(run)})
    began, found = time.time(), []
    while True:
        status, now = board.status(job), time.time()
        if status.state not in ("queued", "running"):
            raise SystemExit(f"{ref}: {status.state} {status.error}")
        scored = 0
        if (settings.runs / job).is_dir():
            try:
                result = runs.load(job)
            except Exception:  # noqa: BLE001 (it is being written for the first time)
                result = None
            if result is not None:
                scored = len({s.model for s in result.scores})
                if result.complete:
                    wait_until((settings.jobs / speeds.NAME).is_file)  # what it measured
                    board.cancel(job)
                    wait_until(lambda: not board.active())
                    return found, now - began
        found.append(Told(now - began, said(status, now), scored))
        time.sleep(PAUSE)


def judged(ref: str, told: list[Told], end: float) -> dict[str, object]:
    """One line: how far off the first word after the first model was, and all later ones."""
    later = [t for t in told if t.scored and t.left is not None and end - t.at > LEAST]
    off = [(t.left or 0.0) / (end - t.at) - 1 for t in later]
    words = [t.left for t in told if t.left is not None]
    line: dict[str, object] = {"pictures": ref, "answer after (s)": round(end, 1)}
    if not off:
        return line | {"said": 0}
    return line | {
        "said": len(off),
        "rose by 5 s": sum(b - a >= ROSE for a, b in pairwise(words)),
        "first, off by (%)": round(100 * off[0]),
        "least": round(100 * min(off)),
        "most": round(100 * max(off)),
        f"within {100 * MOST:.0f} %": sum(abs(x) <= MOST for x in off),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("refs", nargs="*", default=["demo:digits", "demo:tiles"])
    parser.add_argument("--models", default="demo")
    parser.add_argument("--trace", action="store_true", help="print every word")
    parser.add_argument("--cold", action="store_true", help="the worker is not there yet")
    parser.add_argument("--again", action="store_true", help="a second run, nothing stored")
    asked = parser.parse_args()
    rows = []
    for ref in asked.refs:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for turn in range(1 + asked.again):
                home = Path(folder) / str(turn)
                (home / "jobs").mkdir(parents=True)
                if turn:
                    shutil.copy(Path(folder) / "0" / "jobs" / speeds.NAME, home / "jobs")
                told, end = watched(ref, asked.models, home, cold=asked.cold)
                rows.append({"run": turn + 1} | judged(ref, told, end))
                if asked.trace:
                    traced(told, end)
    print(aligned(rows))


def traced(told: list[Told], end: float) -> None:
    for t in told:
        print(f"{t.at:7.1f} s  left {t.left}  truly {end - t.at:.1f}  scored {t.scored}")


if __name__ == "__main__":
    main()
