"""The pages in a real browser while a job runs beside: page change, recolor, lasso to pictures,
hover to picture, dots that travel to another model's map; and from Run to something that moves.

Every time is taken inside the browser, from the press (or the last move of the pointer) to what the
person waits for.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks._browser import chromium, line, server, wait_until
from benchmarks._common import tell
from benchmarks._finished_run import CLASSES, GROUPS, MODELS, RUN_ID, prepare
from benchmarks._usual import changes
from benchmarks._window import Page
from srcsel.base.records import Dataset
from srcsel.base.settings import load_settings
from srcsel.jobs.board import Board
from srcsel.runs.question import new_run
from srcsel.store.serialize import to_plain

REPEATS = 5
LIMITS = {
    "change": 0.4,
    "results": 0.5,
    "recolor": 0.3,
    "lasso": 0.7,
    "hover": 0.15,
    "morph": 0.5,  # between two pictures of the screen while dots travel
    "begun": 1.0,
    "moving": 2.0,
}
PAGES = ("3 Results", "4 Explore", "History", "1 Images")


def job_beside(dataset: Dataset) -> Callable[[], bool]:
    """Start a run over the same pictures, and wait until it works; tells whether it still does."""
    board = Board(load_settings().jobs)
    job = board.submit("rank", {"run": to_plain(new_run(str(dataset.folder), "demo"))})
    wait_until(lambda: board.status(job).done > 0)
    return lambda: board.status(job).state == "running"


def measure(page: Page, repeats: int) -> list[dict]:
    page.open(f"/explore?run={RUN_ID}", "4 Explore")
    for title in PAGES:  # the first visit of each page pays for imports
        page.change(title)
    changes = [(title, *page.change(title)) for _ in range(repeats) for title in PAGES]
    page.change("4 Explore")
    colors = ["Right or wrong", "Separation", "Neighbour agreement", "Class"]
    recolors = [page.recolor(option) for option in colors * 2]
    lassos = [page.lasso(group) for group in range(min(repeats, len(GROUPS)))]
    page.page.get_by_role("button", name="Clear").click()
    page.settle()
    hovers = [page.hover(group) for group in (*range(CLASSES), 0)][1:]
    morphs = [page.morph(MODELS[(i + 1) % 2]) for i in range(2 * repeats)]
    first = {title: [first for name, first, _ in changes if name == title] for title in PAGES}
    whole = [whole for _, _, whole in changes]
    return [
        line("page change", [first for _, first, _ in changes], LIMITS["change"]),
        *(
            line(
                f"  to {title.lstrip('0123456789 ')}",
                seconds,
                LIMITS["results" if title == "3 Results" else "change"],
            )
            for title, seconds in first.items()
        ),
        line("page change, to the last line of the page", whole, LIMITS["change"]),
        line("recolor 5,000 dots", recolors, LIMITS["recolor"]),
        line("lasso of 500 of 5,000 to pictures", lassos, LIMITS["lasso"]),
        line("hover to picture, after the first", hovers, LIMITS["hover"]),
        line("5,000 dots travel: longest time without a frame", morphs, LIMITS["morph"]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"default: {REPEATS}")
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        os.environ["SRCSEL_HOME"] = folder
        began = time.perf_counter()
        dataset, placed = prepare(home)
        print(f"prepared in {time.perf_counter() - began:.0f} s", flush=True)
        with server(home) as url, chromium() as browser:
            busy = job_beside(dataset)
            page = Page(browser, url, placed.reshape(CLASSES, -1, 2))
            rows = measure(page, repeats)
            usual = changes(browser, home / "usual", placed, dataset.labels, repeats)
            rows.append(line("to bars and map, by Streamlit's own charts", usual))
            beside = busy()
            board = Board(load_settings().jobs)
            for job in board.recent(10):
                board.cancel(job.id)
            wait_until(lambda: not busy())  # or it works on beside the next benchmark
            moving = []
            for _ in range(repeats):  # nothing beside: a second run would wait its turn
                shutil.rmtree(home / "features", ignore_errors=True)  # its networks run again
                moving.append(page.moving(dataset.folder, MODELS))
                for job in board.recent(10):
                    board.cancel(job.id)
                wait_until(lambda: not board.active())
            shown, moves = zip(*moving, strict=True)
            rows.append(line("from Run to the rows of its models", shown, LIMITS["begun"]))
            rows.append(line("from Run to something that moves", moves, LIMITS["moving"]))
            tell("pages", rows, means="seconds, a job running beside", job_to_the_end=beside)


if __name__ == "__main__":
    main()
