"""How soon it is there: the dashboard's first page after its server was started, beside a Streamlit
page of one heading; and `srcsel --help`.

Each start is a server of its own with an empty work folder and a browser window without a cache.
The two take turns. The first start of each is not counted: it brings the files into the operating
system's cache.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks._browser import (
    answers,
    chromium,
    line,
    processor_seconds,
    spawn,
    stop,
    wait_until,
)
from benchmarks._common import tell

REPEATS = 5
FIRST_PAGE, HELP = 1.5, 0.3  # seconds it may take
BARE = 1.1  # times a bare page that the first paint may take
HEADING = "Which image model should you start from?"
WATCH = """(heading) => {
    window.drawn = new Promise((done) => {
        const look = () => {
            const there = document.querySelector("h1")?.textContent === heading;
            if (!there) return requestAnimationFrame(look);
            requestAnimationFrame(() => done(performance.timeOrigin + performance.now()));
        };
        look();
    });
}"""
TIMES = """async () => {
    const painted = new Promise((done) => new PerformanceObserver((list) => {
        const paint = list.getEntriesByName("first-contentful-paint")[0];
        if (paint) done(performance.timeOrigin + paint.startTime);
    }).observe({type: "paint", buffered: true}));
    return [await window.drawn / 1000, await painted / 1000];
}"""


def bare(folder: Path) -> Path:
    """Write a page of Streamlit that has nothing but Home's heading."""
    page = folder / "bare.py"
    page.write_text(f"import streamlit as st\n\nst.title({HEADING!r})\n")
    return page


def first_page(browser, *script: Path) -> tuple[float, float, float, float]:
    """Seconds from the server's start until it answers, until anything is painted, until Home's
    heading stands; of the dashboard, or of another script.

    The last are the seconds of processor time that the server took for it.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.add_init_script(f"({WATCH})({HEADING!r})")
        began = time.time()
        process, url = spawn(Path(folder), *script)
        try:
            wait_until(lambda: answers(url), 0.01)
            up = time.time()
            page.goto(url, wait_until="commit")
            drawn, painted = page.evaluate(TIMES)
            used = processor_seconds(process.pid)
        finally:
            context.close()
            stop(process)
        return up - began, painted - began, drawn - began, used


def help_seconds() -> tuple[float, float]:
    """Seconds on the wall and of processor time that `srcsel --help` takes."""
    command = [str(Path(sys.executable).parent / "srcsel"), "--help"]
    used = os.times()
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = os.times()  # of children 0 on Windows
    return wall, sum(after[2:4]) - sum(used[2:4])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=REPEATS)
    repeats = parser.parse_args().repeats
    helps = [help_seconds() for _ in range(repeats + 1)][1:]
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        page = bare(Path(folder))
        pairs = [(first_page(browser), first_page(browser, page)) for _ in range(repeats + 1)][1:]
    up, painted, drawn, used = zip(*(ours for ours, _ in pairs), strict=True)
    _, usual, usual_drawn, usual_used = zip(*(bare for _, bare in pairs), strict=True)
    walls, cpu = zip(*helps, strict=True)
    rows = [
        line("server answers", up, FIRST_PAGE),
        line("first page: first paint", painted, FIRST_PAGE),
        line("first page: its heading stands", drawn, FIRST_PAGE),
        line("  processor time of the server for it", used, FIRST_PAGE),
        line("a bare Streamlit page: first paint", usual),
        line("a bare Streamlit page: its heading stands", usual_drawn),
        line("  processor time of the server for it", usual_used),
        line("first paint, times the bare page's", ratios(painted, usual), BARE),
        line("heading, times the bare page's", ratios(drawn, usual_drawn)),
        line("srcsel --help", walls, HELP),
        line("srcsel --help, processor time", cpu, HELP),
    ]
    tell(
        "start",
        rows,
        means="seconds since the start of the process, files in the system's cache; times of"
        " starts that took turns",
    )


def ratios(ours: Sequence[float], usual: Sequence[float]) -> list[float]:
    """How many times as long each start took as the one beside it."""
    return [one / other for one, other in zip(ours, usual, strict=True)]


if __name__ == "__main__":
    main()
