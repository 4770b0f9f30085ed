"""A browser window that remembers what went wrong in it."""

from __future__ import annotations

import os
from pathlib import Path

from serving import Server

STILL = """async () => {
    await document.fonts.ready;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    // Asked again and again, not by `finished`: Chromium may end a transition without ever
    // settling that promise.
    const moving = () => document.getAnimations().some(
        one => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity);
    while (moving()) await new Promise(done => setTimeout(done, 30));
}"""


class Visitor:
    """A browser window that remembers what went wrong in it."""

    def __init__(
        self, browser, server: Server, scheme: str = "light", size: tuple[int, int] = (1440, 900)
    ) -> None:
        self.server = server
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.problems: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        self.page.on("request", self._request)

    def _console(self, message) -> None:
        # A deep link makes Streamlit probe two addresses below the page's own path; both answer
        # 404, harmlessly.
        probe = message.location.get("url", "").endswith(("_stcore/health", "_stcore/host-config"))
        if message.type == "error" and not probe:
            self.problems.append(f"console: {message.text} {message.location}")

    def _request(self, request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.problems.append(f"left this computer: {request.url}")

    def open(self, path: str = "/") -> None:
        self.page.goto(self.server.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run, the fonts are there, and nothing moves or fades any
        more.
        """
        self.page.wait_for_selector(
            "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]",
            timeout=60_000,
        )
        self.page.evaluate(STILL)

    def shot(self, name: str) -> None:
        """Keep a screenshot below SRCSEL_SHOTS, for people to look at."""
        folder = os.environ.get("SRCSEL_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def close(self) -> None:
        self.context.close()
        assert not self.problems, self.problems
