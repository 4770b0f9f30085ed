"""How long work tells whoever waits for it: progress by part, notes, and the question "should I
stop?".

The base class does nothing, so every function can take `watch=Watch()` and call it freely. The
worker's version writes to the job board, the shell's draws bars.
"""

from __future__ import annotations

from typing import Literal

PartState = Literal[
    "waiting", "downloading", "reading", "running", "scoring", "done", "stored", "dropped", "failed"
]
FINISHED: frozenset[PartState] = frozenset({"done", "stored", "dropped", "failed"})
"""States from which a part does not go on."""


class Watch:
    """Receives progress. Parts are "pictures", "race", "maps", or a source model's id."""

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is: `done` of `total` (pictures, or bytes while downloading; 0 =
        unknown).

        Raises `Cancelled` where the person asked to stop, so call it once per batch.
        """

    def say(self, note: str) -> None:
        """Tell the person at once what may spoil the answer, in sentences."""

    def is_waited_for(self) -> bool:
        """Whether other work waits for this to end, so that what can be done later gives way."""
        return False


class Unsaid(Watch):
    """Passes progress on, and no notes: of what is looked at beside what is worked on."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is."""
        self._watch.update(part, state, done, total, note)
