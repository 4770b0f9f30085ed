"""The pages in a real browser while a job runs beside: page change, recolor, lasso to pictures,
hover to picture, dots that travel to another model's map; and from Run to something that moves.

Every time is taken inside the browser, from the press (or the last move of the pointer) to what the
person waits for.
"""

import argparse
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks._browser import SETTLED, chromium, line, server, wait_until
from benchmarks._common import tell
from benchmarks._usual import changes
from srcsel.base.records import (
    Dataset,
    Features,
    Projection,
    Ranking,
    Result,
    Run,
    Score,
    SourceModel,
    Verdict,
)
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.explore import inside
from srcsel.explore.filling import filled
from srcsel.features.extract import key_for
from srcsel.jobs.board import Board
from srcsel.runs.question import new_run
from srcsel.store.features import FeatureStore
from srcsel.store.runs import RunStore
from srcsel.store.serialize import to_plain

RUN_ID = "20260301-101500-000000-be9c"
MODELS = ("demo/glyphs", "demo/textures")
PICTURES, CLASSES, WIDTH = 5_000, 10, 256  # 500 pictures a class, each class one group on the map
SIZE = (320, 240)  # pixels of a picture
REPEATS = 5
# where the classes lie on the map
GROUPS = [(x, y) for y in (-0.5, 0.5) for x in (-0.8, -0.4, 0.0, 0.4, 0.8)]
SPREAD = 0.14  # half of a group's side
MARGIN = 1.15  # times the size of a group, of the loop around it
EDGE = (18, 50, 16)  # sides, top, bottom: as in ui/map/pane.js
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
PRESS = "Score 2 models"
PICKING = 3.0  # seconds that a person looks at the Models page before the press
TRAVEL = 2.5  # seconds for which the screen is watched after another model was chosen

TOOLS = """(still) => {
    window.settled = () => document.querySelector(still) !== null;
    window.map = (page = "explore") => [...document.querySelectorAll(`.st-key-${page}-map *`)]
        .map((one) => one.shadowRoot).find(Boolean)
        ?? document.querySelector(`.st-key-${page}-map`);
    window.legend = (page) => [...(map(page)?.querySelectorAll(".legend > :not([hidden])") ?? [])]
        .map((one) => one.textContent).join();
    window.bars = () => [...document.querySelectorAll("[class*=st-key-bars-] *")]
        .flatMap((one) => [...(one.shadowRoot?.querySelectorAll(".bar") ?? [])]).length;
    window.seen = (image) => image.complete && image.naturalWidth > 0;
    window.inSight = (one) => { // the browser loads no picture that its scrolling box hides
        const box = one.getBoundingClientRect();
        const { top = 0, bottom = innerHeight } =
            one.closest(".st-key-explore-pictures")?.getBoundingClientRect() ?? {};
        return box.bottom > Math.max(0, top) && box.top < Math.min(innerHeight, bottom);
    };
    const count = (selector) => document.querySelectorAll(selector).length;
    window.there = { // what the first screen of each page holds
        "3 Results": () => bars() > 3 && legend("results") !== "",
        "4 Explore": () => count(".st-key-explore-pictures p") > 0 && legend() !== "",
        "History": () => count("[data-testid=stDataFrame] canvas") > 0,
        "1 Images": () => document.querySelector("h1")?.textContent === "Images",
    };
    // Seconds from `start()` to the first picture of the screen on which `ready()` holds.
    window.from = (start, ready) => new Promise((done, failed) => {
        const late = performance.now() + 30000;
        const look = () => {
            if (performance.now() > late) failed(Error(`This did not come: ${ready}`));
            else if (!ready()) requestAnimationFrame(look);
            else requestAnimationFrame(() => done((performance.now() - start()) / 1000));
        };
        look();
    });
    // The longest time between two pictures of the screen, in seconds, until `ready()` and `ms` on.
    window.gaps = (ms, ready) => new Promise((done, failed) => {
        const late = performance.now() + 30000;
        let last = performance.now(), longest = 0, since = 0;
        const look = (now) => {
            longest = Math.max(longest, now - last);
            last = now;
            since = since || (ready() ? now : 0);
            if (now > late) failed(Error("The map did not come"));
            else if (since && now - since > ms) done(longest / 1000);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame((now) => { last = now; look(now); });
    });
    // The rows of a run under way, of its own component.
    window.live = () => [...document.querySelectorAll(".st-key-live *")]
        .map((one) => one.shadowRoot).concat(document)
        .flatMap((one) => [...(one?.querySelectorAll(".live .rows .said") ?? [])])
        .map((one) => one.textContent);
    for (const [kind, slot] of [["pointermove", "moved"], ["pointerup", "lifted"]])
        addEventListener(kind, () => { window[slot] = performance.now(); }, true);
}"""
PAGES = ("3 Results", "4 Explore", "History", "1 Images")


def prepare(home: Path) -> tuple[Dataset, np.ndarray]:
    """5,000 pictures, a finished run of two models with maps and a look at every picture; nothing
    is downloaded. Returns the pictures, and where the first model's map shows them, (n, 2).
    """
    rng = np.random.default_rng(0)
    folder, labels = home / "pictures", np.arange(PICTURES) * CLASSES // PICTURES
    for c in range(CLASSES):
        (folder / f"class {c}").mkdir(parents=True)
    noise = rng.integers(0, 256, (64, 12, 16, 3), dtype=np.uint8)
    sheets = [
        np.asarray(Image.fromarray(one).resize(SIZE, Image.Resampling.BICUBIC)) for one in noise
    ]
    paths = tuple(f"class {c}/{i:05d}.jpg" for i, c in enumerate(labels.tolist()))
    for i, path in enumerate(paths):
        Image.fromarray(np.roll(sheets[i % 64], 7 * i, axis=(0, 1))).save(folder / path, quality=85)
    names = tuple(f"class {c}" for c in range(CLASSES))
    dataset = Dataset(str(folder), "bench", folder, paths, labels, names, "bench")
    result = finished(dataset)
    runs, store = RunStore(home / "runs"), FeatureStore(home / "features")
    runs.save(result)
    centers = np.array(GROUPS, dtype=np.float32)[labels]
    middles = rng.standard_normal((CLASSES, WIDTH), dtype=np.float32)[labels]
    placed = np.empty(0)
    for model, side in zip(result.models, (1, -1), strict=True):  # so that the dots travel far
        xy = side * centers + rng.uniform(-SPREAD, SPREAD, (PICTURES, 2)).astype(np.float32)
        placed = filled(xy, "umap") if side == 1 else placed
        runs.save_projection(RUN_ID, Projection(model.id, "umap", 0, np.arange(PICTURES), xy))
        values = middles + 2 * rng.standard_normal((PICTURES, WIDTH), dtype=np.float32)
        inside.look_and_keep(
            result, Features(key_for(dataset, model, "float32"), values), store, Watch()
        )
    return dataset, placed


def finished(dataset: Dataset) -> Result:
    models = tuple(SourceModel(m, m, "r", 10**6, 0.1, 64, WIDTH, "", "MIT") for m in MODELS)
    scores = tuple(
        Score(m, measure, "whitened", 0.3 - 0.1 * i, 0.0, 0.3 - 0.1 * i, 0.1, 0.4)
        for i, m in enumerate(MODELS)
        for measure in ("silhouette", "supcon")
    )
    rankings = tuple(
        Ranking(m, "whitened", MODELS, (1, 2), MODELS[:1]) for m in ("silhouette", "supcon")
    )
    verdict = Verdict("clear", MODELS[0], "Start from the first.", {MODELS[0]: 90.0})
    question = Run(RUN_ID, "2026-03-01T10:15:00+00:00", dataset.ref, MODELS)
    return Result(question, dataset, models, scores, (), (), rankings, verdict)


class Page:
    """A window on the dashboard; what it measures is in seconds."""

    def __init__(self, browser, url: str, placed: np.ndarray) -> None:
        self.placed = placed.reshape(CLASSES, -1, 2)
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.set_default_timeout(30_000)
        self.url = url

    def open(self, path: str, title: str) -> None:
        self.page.goto(self.url + path)
        self.page.wait_for_selector(SETTLED)
        self.page.evaluate(TOOLS, SETTLED)
        self.until(f"there['{title}']()")
        self.settle()

    def until(self, condition: str) -> None:
        self.page.evaluate(f"from(() => 0, () => {condition})")

    def settle(self) -> None:
        self.page.wait_for_timeout(300)
        self.until("settled()")

    def change(self, title: str) -> tuple[float, float]:
        """From the press on a page's name in the top bar to its first screen, and to its last line
        further down.
        """
        seconds = self.page.evaluate(
            """([title, name]) => {
                const links = [...document.querySelectorAll("[data-testid=stTopNavLink]")];
                const start = performance.now();
                const here = () => document.title.startsWith(name) && there[title]();
                links.find((one) => one.textContent.includes(title)).click();
                const whole = () => here() && settled();
                return Promise.all([from(() => start, here), from(() => start, whole)]);
            }""",
            [title, title.lstrip("0123456789 ")],
        )
        self.settle()
        return tuple(seconds)

    def recolor(self, option: str) -> float:
        """From the press on a colouring to a map that has it."""
        self.page.get_by_role("combobox", name="Colour by").click()
        self.page.get_by_role("option", name=option).wait_for()
        seconds = self.page.evaluate(
            """async (option) => {
                const before = legend(), start = performance.now();
                [...document.querySelectorAll("[role=option]")]
                    .find((one) => one.textContent.includes(option)).click();
                return from(() => start, () => legend() !== before && settled());
            }""",
            option,
        )
        self.settle()
        return seconds

    def morph(self, model: str) -> float:
        """The longest time without a new picture of the screen while the dots travel to their
        places in another model's map.
        """
        self.page.get_by_role("combobox", name="The pictures as seen by").click()
        self.page.get_by_role("option", name=model).wait_for()
        seconds = self.page.evaluate(
            """([model, ms]) => {
                [...document.querySelectorAll("[role=option]")]
                    .find((one) => one.textContent.includes(model)).click();
                const named = () => [...map().querySelectorAll("canvas")]
                    .some((one) => (one.getAttribute("aria-label") ?? "").includes(model));
                return gaps(ms, () => named() && settled());
            }""",
            [model, 1000 * TRAVEL],
        )
        self.settle()
        return seconds

    def moving(self, folder: Path) -> tuple[float, float]:
        """From the press on Run to the rows of its models, and to its bar or one of them moving."""
        self.page.goto(f"{self.url}/models?images={folder}&models={','.join(MODELS)}")
        self.page.wait_for_selector(SETTLED)
        self.page.evaluate(TOOLS, SETTLED)
        self.page.get_by_role("button", name=PRESS).wait_for()
        self.page.wait_for_timeout(1000 * PICKING)
        return tuple(
            self.page.evaluate(
                r"""(press) => {
                    const button = [...document.querySelectorAll("button")]
                        .find((one) => one.textContent.includes(press));
                    const start = performance.now();
                    button.click();
                    const bar = () => document.querySelector(".st-key-live [role=progressbar]");
                    const moves = () => Number(bar()?.getAttribute("aria-valuenow") ?? 0) > 0
                        || live().some((said) => !/^(Waiting|0 of.*|)$/.test(said));
                    return Promise.all([
                        from(() => start, () => live().length > 0), from(() => start, moves),
                    ]);
                }""",
                PRESS,
            )
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where the place x, y (-1..1) of the map is in the window."""
        box = self.page.locator("canvas.over").first.bounding_box()
        side, top, bottom = EDGE
        half_w, half_h = box["width"] / 2 - side, (box["height"] - top - bottom) / 2
        return box["x"] + side + half_w * (1 + x), box["y"] + top + half_h * (1 - y)

    def lasso(self, group: int) -> float:
        """From the end of a loop around a class's 500 dots to its pictures, those in the window
        loaded.
        """
        (left, low), (right, high) = self.placed[group].min(0), self.placed[group].max(0)
        sides = ((left, low), (right, low), (right, high), (left, high), (left, low))
        steps = np.linspace(0, 1, 6, endpoint=False)[:, None]
        corners = np.concatenate(
            [a + steps * np.subtract(b, a) for a, b in pairwise(np.array(sides))]
        )
        middle = corners.mean(axis=0)
        corners = (middle + MARGIN * (corners - middle)).tolist()
        self.page.mouse.move(*self.at(*corners[0]))
        self.page.mouse.down()
        for corner in corners[1:]:
            self.page.mouse.move(*self.at(*corner))
        self.page.mouse.up()
        seconds = self.page.evaluate(
            """(name) => from(() => window.lifted, () => {
                const first = document.querySelector(".srcsel-pics figcaption b");
                const images = [...document.querySelectorAll(".srcsel-pics img")].filter(inSight);
                return first?.textContent === name && images.length > 9
                    && images.every(seen) && settled();
            })""",
            f"class {group}",
        )
        if not self.page.get_by_text(re.compile(r"(?<![\d,])500 pictures")).count():
            raise SystemExit("The loop did not catch the 500 pictures of its class.")
        self.settle()
        return seconds

    def hover(self, group: int) -> float:
        """From the pointer's last move to the picture under it, a dot in the middle of a class."""
        self.page.mouse.move(*self.at(*self.free()))
        self.until("map().querySelector('.tip.on') === null")
        dots = self.placed[group]
        middle = dots.mean(axis=0)
        self.page.mouse.move(*self.at(*dots[np.abs(dots - middle).sum(axis=1).argmin()].tolist()))
        return self.page.evaluate(
            "from(() => window.moved, () => { const image = map().querySelector('.tip.on img'); "
            "return !!image && image.style.visibility === 'visible' && seen(image); })"
        )

    def free(self) -> tuple[float, float]:
        """The place of the map that is farthest from any dot."""
        grid = np.stack(np.meshgrid(*[np.linspace(-0.9, 0.7, 17)] * 2), axis=-1).reshape(-1, 2)
        dots = self.placed.reshape(-1, 2)
        apart = [np.abs(dots - place).max(axis=1).min() for place in grid]
        x, y = grid[int(np.argmax(apart))]
        return float(x), float(y)


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
            page = Page(browser, url, placed)
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
                moving.append(page.moving(dataset.folder))
                for job in board.recent(10):
                    board.cancel(job.id)
                wait_until(lambda: not board.active())
            shown, moves = zip(*moving, strict=True)
            rows.append(line("from Run to the rows of its models", shown, LIMITS["begun"]))
            rows.append(line("from Run to something that moves", moves, LIMITS["moving"]))
            tell("pages", rows, means="seconds, a job running beside", job_to_the_end=beside)


if __name__ == "__main__":
    main()
