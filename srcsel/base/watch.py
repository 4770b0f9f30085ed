"""How long work tells whoever waits for it: progress by part, notes, and the question "should I
stop?".

The base class does nothing, so every function can take `watch=Watch()` and call it freely. The
worker's version writes to the job board, the shell's draws bars.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from srcsel.base.errors import Cancelled

if TYPE_CHECKING:
    import numpy as np

    from srcsel.base.records import Glimpse

PartState = Literal[
    "waiting", "downloading", "reading", "running", "scoring", "done", "stored", "dropped", "failed"
]
FINISHED: frozenset[PartState] = frozenset({"done", "stored", "dropped", "failed"})
"""States from which a part does not go on."""


class Watch:
    """Receives progress. Parts are "pictures", "opening" (of them, for the networks), "race",
    "maps", or a source model's id.
    """

    looks = False
    """Whether somebody looks at `show`, so that glimpses are worth making."""

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is: `done` of `total` (pictures, or bytes while downloading; 0 =
        unknown).

        Raises `Cancelled` where the person asked to stop, so call it once per batch.
        """

    def say(self, note: str) -> None:
        """Tell the person at once what may spoil the answer, in sentences."""

    def know(self, *, classes: int = 0, abreast: int = 0) -> None:
        """Hear what the time left depends on: how many classes there are, and how many models run
        at the same time; 0 = not told now.
        """

    def promise(self, left: Callable[[], str]) -> None:
        """Hear how to ask for the time left of the whole, in words, "" where it is not known."""

    def is_waited_for(self) -> bool:
        """Whether other work waits for this to end, so that what can be done later gives way."""
        return False

    def made(self, model: str, rows: np.ndarray, values: np.ndarray) -> None:
        """Hear what a network made of some pictures, while it goes on: (b, d) float32; rows (b,) of
        the pictures that it was asked about.
        """

    def show(self, glimpse: Glimpse) -> None:
        """Show what is known of the model under way; for the eye alone."""


class Through(Watch):
    """Passes everything on; whoever listens on the way changes what it wants to."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @property
    def looks(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether somebody looks."""
        return self._watch.looks

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is."""
        self._watch.update(part, state, done, total, note)

    def say(self, note: str) -> None:
        """Tell the person at once what may spoil the answer."""
        self._watch.say(note)

    def know(self, *, classes: int = 0, abreast: int = 0) -> None:
        """Hear what the time left depends on."""
        self._watch.know(classes=classes, abreast=abreast)

    def promise(self, left: Callable[[], str]) -> None:
        """Hear how to ask for the time left of the whole."""
        self._watch.promise(left)

    def is_waited_for(self) -> bool:
        """Whether other work waits for this to end."""
        return self._watch.is_waited_for()

    def made(self, model: str, rows: np.ndarray, values: np.ndarray) -> None:
        """Hear what a network made of some pictures."""
        self._watch.made(model, rows, values)

    def show(self, glimpse: Glimpse) -> None:
        """Show what is known of the model under way."""
        self._watch.show(glimpse)


class Until(Through):
    """Passes everything on, until nobody waits for it any more: `over` stops who works for it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self.over = False

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is. Raises `Cancelled` when it is over."""
        if self.over:
            raise Cancelled
        super().update(part, state, done, total, note)


class Unsaid(Through):
    """Passes progress on, and no notes: of what is looked at beside what is worked on."""

    def say(self, note: str) -> None:
        """Say nothing."""
