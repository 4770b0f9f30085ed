"""A watch that keeps what it is told, and can ask to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from srcsel.base.errors import Cancelled
from srcsel.base.watch import PartState, Watch


class Told(NamedTuple):
    """One message, as `Watch.update` takes it."""

    part: str
    state: PartState
    done: int = 0
    total: int = 0
    note: str = ""


class Recorder(Watch):
    """Keeps every message in `seen`; asks to stop after one for which `stop` holds."""

    def __init__(self, stop: Callable[[Told], bool] = lambda _: False) -> None:
        self.seen: list[Told] = []
        self.notes: list[str] = []
        self.stop = stop

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        self.seen.append(Told(part, state, done, total, note))
        if self.stop(self.seen[-1]):
            raise Cancelled

    def say(self, note: str) -> None:
        self.notes.append(note)
