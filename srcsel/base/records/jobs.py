"""How far work is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Part:
    """How far one part of a job is: "pictures", "maps", or a source model's id."""

    name: str
    state: str  # watch.PartState
    done: int = 0
    total: int = 0
    note: str = ""


@dataclass(frozen=True)
class JobStatus:
    """What the board knows of one job."""

    id: str
    kind: str  # "rank", "check", "map"
    state: JobState
    done: int
    total: int
    what: str  # in words, what it is doing now
    error: str = ""
    parts: tuple[Part, ...] = ()
    payload: dict[str, object] = field(default_factory=dict)
    seconds_left: float | None = None
    created: float = 0.0  # seconds since the epoch
    started: float | None = None
    ended: float | None = None
    person: str = ""  # who asked, where people sign in
    ahead: int = 0  # while it waits: how many jobs are done before it, the running one among them
    # of `seconds_left`, what is left after the step it is at; of a run, both until its answer
    seconds_least: float | None = None
    told: float | None = None  # when it last told of its work, seconds since the epoch
    why: str = ""  # in words, why `seconds_left` rose a moment ago, or that it is a guess
    stopping: bool = False  # it was asked to stop

    @property
    def share(self) -> float:
        """How much of it is done, 0..1; 0 where the total is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0
