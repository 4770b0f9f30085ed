"""Whether the time left that a run tells is honest: what was said each half second, against when
the answer then stood.

    python -m benchmarks.time_left demo:digits demo:tiles FOLDER --models demo

Each run has a work folder of its own, so that nothing is reused. The worker is started before, as
it is while somebody chooses models; --cold: it is not.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks._common import aligned
from srcsel.base.records import JobStatus
from srcsel.base.settings import load_settings
from srcsel.jobs import Board
from srcsel.runs.question import new_run
from srcsel.store.features import open_runs
from srcsel.store.serialize import to_plain

MOST = 0.30  # of what is left, from the first scored model on
LEAST = 5.0  # seconds below which "a few seconds" is said
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
                    board.cancel(job)
                    return found, now - began
        found.append(Told(now - began, said(status, now), scored))
        time.sleep(PAUSE)


def judged(ref: str, told: list[Told], end: float) -> dict[str, object]:
    """One line: how far off the first word after the first model was, and all later ones."""
    later = [t for t in told if t.scored and t.left is not None and end - t.at > LEAST]
    off = [(t.left or 0.0) / (end - t.at) - 1 for t in later]
    line: dict[str, object] = {"pictures": ref, "answer after (s)": round(end, 1)}
    if not off:
        return line | {"said": 0}
    return line | {
        "said": len(off),
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
    asked = parser.parse_args()
    rows = []
    for ref in asked.refs:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            told, end = watched(ref, asked.models, Path(home), cold=asked.cold)
        rows.append(judged(ref, told, end))
        if asked.trace:
            for t in told:
                print(f"{t.at:7.1f} s  left {t.left}  truly {end - t.at:.1f}  scored {t.scored}")
    print(aligned(rows))


if __name__ == "__main__":
    main()
