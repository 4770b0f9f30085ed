"""A window of a real browser on the dashboard, for the benchmarks of the pages.

Every time is taken inside the browser, from the press (or the last move of the pointer) to what the
person waits for.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks._browser import SETTLED

PRESS = "Score 2 models"
PICKING = 3.0  # seconds that a person looks at the Models page before the press
TRAVEL = 2.5  # seconds for which the screen is watched after another model was chosen
MARGIN = 1.15  # times the size of a group, of the loop around it
EDGE = (18, 50, 16)  # sides, top, bottom: as in ui/map/pane.js

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


class Page:
    """A window on the dashboard; what it measures is in seconds."""

    def __init__(self, browser, url: str, placed: np.ndarray) -> None:
        """With where the map shows the pictures of each class, (c, n / c, 2)."""
        self.placed = placed
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

    def moving(self, folder: Path, models: Sequence[str]) -> tuple[float, float]:
        """From the press on Run to the rows of its models, and to its bar or one of them moving."""
        self.page.goto(f"{self.url}/models?images={folder}&models={','.join(models)}")
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
