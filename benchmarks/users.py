"""Twenty people on one dashboard: how long pages take while nothing computes and beside runs,
whether anything is mixed up, and whether memory stays flat.

    python -m benchmarks.users --minutes 30

Each is a WebSocket that speaks Streamlit's protocol: they read a page for 5 to 15 seconds, then
open another. After half of the time three of them start a run. Seconds are from the request to
the last element of the page, without what a browser draws.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks._browser import answers, spawn, stop, wait_until
from benchmarks._common import aligned, tell
from benchmarks._session import PATIENCE, Drawn, Tab
from srcsel.jobs.base import LANES, lane_lock
from srcsel.jobs.board import Board
from srcsel.store.features import EXAMPLES
from srcsel.store.runs import RunStore

LIMITS = {"while nothing computes": 2.0, "beside runs": 5.0}  # seconds, 19 of 20 pages
READING = (5.0, 15.0)  # seconds between two pages of one person
GROWTH = 1.10  # times the memory after everybody has seen all pages and a new run: still flat
SETS = ("demo:digits", "demo:tiles", "demo:butterflies")
PAGES = ("", "images", "models", "results", "explore", "evidence", "history")


class Visit:
    """What happened to everybody."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        self.phase = next(iter(LIMITS))
        self.seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.problems: list[str] = []
        self.memory: list[tuple[float, float]] = []  # when, MB
        self.refs = {run.id: run.ref for run in RunStore(EXAMPLES).list()}

    def note(self, page: str, drawn: Drawn, run: str | None) -> None:
        """Count a page, and see that it is whole and the right one."""
        self.seconds[self.phase][page or "home"].append(drawn.seconds)
        if drawn.failed or b"could not be drawn" in drawn.text:
            self.problems.append(f"{page}: {drawn.failed or 'a mistake in the program'}")
        if run is not None and page == "results" and not shows(drawn, self.refs[run]):
            self.problems.append(f"{page}?run={run} does not show {self.refs[run]} alone")

    async def person(self, number: int, end: float) -> None:
        """Look at one page after another until `end`."""
        chance = random.Random(number)
        runs = sorted(self.refs)
        run = runs[number % len(runs)]
        async with Tab(self.url) as tab:
            await asyncio.sleep(chance.uniform(0, READING[1]))
            turn = number
            while time.monotonic() < end:
                page = PAGES[turn % len(PAGES)]
                about = page in ("results", "explore", "evidence")
                query = f"run={run}" if about else ""
                if page in ("images", "models"):
                    query = f"images={SETS[number % len(SETS)]}"
                drawn = await asyncio.wait_for(tab.open(page, query), PATIENCE)
                self.note(page, drawn, run if about else None)
                turn += 1
                await asyncio.sleep(chance.uniform(*READING))

    async def starter(self, number: int, begin: float, end: float) -> None:
        """Start a run on pictures of one's own at `begin`, and read its results at the end."""
        async with Tab(self.url) as tab:
            await asyncio.sleep(max(0.0, begin - time.monotonic()))
            self.phase = "beside runs"
            ref = SETS[number % len(SETS)]
            drawn = await tab.open("models", f"images={ref}")
            while not (found := [b for b in drawn.buttons if "play_arrow" in b.icon]):
                if time.monotonic() > end:
                    self.problems.append(f"no run could be started on {ref}")
                    return
                await asyncio.sleep(2)  # the pictures are still being drawn
                drawn = await tab.open("models", f"images={ref}")
            drawn = await tab.press(found[0])
            run = drawn.address.get("run", "")
            if not run:
                self.problems.append(f"no run was started on {ref}")
            while time.monotonic() < end:
                await asyncio.sleep(10)
                drawn = await tab.open("results", f"run={run}")
                self.seconds[self.phase]["own results"].append(drawn.seconds)
            if not (shows(drawn, ref) or waits(drawn)):
                self.problems.append(f"the run on {ref} shows something else")

    async def watch_memory(self, end: float) -> None:
        """Note the server's memory every few seconds."""
        while time.monotonic() < end:
            held = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
            self.memory.append((time.monotonic(), held * os.sysconf("SC_PAGE_SIZE") / 1e6))
            await asyncio.sleep(5)

    def cpu(self) -> float:
        """Return the seconds of all cores that the server has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shows(drawn: Drawn, ref: str) -> bool:
    """Tell whether a page of results is about these pictures, and about no others.

    The command at its foot names them.
    """
    return set(re.findall(rb"srcsel rank ([\w:]+)", drawn.text)) == {ref.encode()}


def waits(drawn: Drawn) -> bool:
    """Tell whether a run has no first result yet: its page then shows no command."""
    return b"Trying " in drawn.text and b"srcsel rank " not in drawn.text


async def visit(seen: Visit, people: int, starting: int, minutes: float) -> float:
    """Let everybody in; return the seconds of all cores that a page took the server."""
    now = time.monotonic()
    half, end = now + 30 * minutes, now + 60 * minutes
    before = seen.cpu()
    await asyncio.gather(
        seen.watch_memory(end),
        *(seen.starter(number, half, end) for number in range(starting)),
        *(seen.person(number, end) for number in range(people - starting)),
    )
    count = sum(len(each) for phase in seen.seconds.values() for each in phase.values())
    return (seen.cpu() - before) / max(1, count)


def rows(seen: Visit) -> list[dict]:
    """Return one line for each phase and page: the middle, 19 of 20, the limit."""
    table = []
    for phase, limit in LIMITS.items():
        pages = seen.seconds[phase]
        together = {"all pages": [s for each in pages.values() for s in each], **pages}
        for page, seconds in together.items():
            if len(seconds) < 2:
                continue
            late = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
            kept = {} if page != "all pages" else {"kept": "yes" if late <= limit else "NO"}
            table.append(
                {
                    "what": f"{page}, {phase}",
                    "median": statistics.median(seconds),
                    "19 of 20": late,
                    "limit": limit,
                    **kept,
                    "n": len(seconds),
                }
            )
    return table


def end_jobs(folder: Path) -> None:
    """Stop what still runs, and wait for the workers to go: they outlive the server."""
    board = Board(folder)
    for job in board.active():
        board.cancel(job.id)
    for lane in set(LANES.values()):
        with lane_lock(folder, lane, PATIENCE):
            pass


def growth(memory: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the server's MB when two thirds of the time were over, and in the last tenth.

    Runs start at the half: until then nobody has seen what a new run shows.
    """
    held = [mb for _, mb in memory]
    begin, tenth = 2 * len(held) // 3, max(1, len(held) // 10)
    return statistics.median(held[begin : begin + tenth]), statistics.median(held[-tenth:])


def tenths(memory: list[tuple[float, float]]) -> list[int]:
    """Return the server's MB in the middle of each tenth of the time."""
    held = [mb for _, mb in memory]
    return [round(statistics.median(part)) for part in np.array_split(held, 10) if len(part)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.users", description=__doc__)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--starting", type=int, default=3, help="of them start a run")
    parser.add_argument("--trial", action="store_true", help="only print, keep nothing")
    asked = parser.parse_args()
    os.environ["SRCSEL_WORKER_LINGER"] = "5"
    with tempfile.TemporaryDirectory() as folder:
        process, url = spawn(Path(folder))
        try:
            wait_until(lambda: answers(url))
            seen = Visit(url, process.pid)
            each = asyncio.run(visit(seen, asked.people, asked.starting, asked.minutes))
        finally:
            stop(process)
            end_jobs(Path(folder) / "jobs")
        if "Traceback" in (log := (Path(folder) / "server.log").read_text()):
            seen.problems.append(log[log.index("Traceback") :][:2000])
    early, late = growth(seen.memory)
    said = {
        "CPU seconds a page": each,
        "server MB after two thirds": early,
        "server MB at the end": late,
        "server MB by tenths": tenths(seen.memory),
        "flat": "yes" if late <= GROWTH * early else "NO",
        "problems": seen.problems,
    }
    table = rows(seen)
    print("\n".join(f"{name}: {value}" for name, value in said.items()))
    if asked.trial:
        print(aligned(table))
    else:
        means = (
            f"seconds; {asked.people} people, {asked.minutes:g} minutes; limit holds for 19 of 20"
        )
        tell("users", table, means=means, **said)
    kept = all(row.get("kept", "yes") == "yes" for row in table) and late <= GROWTH * early
    return 0 if kept and not seen.problems else 1


if __name__ == "__main__":
    raise SystemExit(main())
