"""How far a job is, and how long it will take, from what its parts say.

No disk, no clock of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from srcsel.base.records import Part
from srcsel.base.watch import FINISHED, PartState
from srcsel.jobs.calm import Calm
from srcsel.jobs.pace import Pace
from srcsel.models.catalog import title_of

BUSY = frozenset({"reading", "running", "scoring"})
SCORING_SHARE = 0.05
"""Share of a model's time that its scores take, as a guess for the bar."""
REUSED = 0.25
"""The same of a model whose network has nothing to do any more, as a guess among others: of small
networks scores take most of the time.
"""
LEAST = 0.01
"""Share of its work that a part which left a race counts for at least."""
RISE = 5.0
"""Seconds by which the end may move away without a word about it."""
LOOKS = 2.0  # seconds between two looks at other programs, each of which takes some milliseconds
WHILE = 30.0
"""Seconds for which the reason of a rise is said."""
GUESS = "a first guess"
"""Said of the time left before anything was timed."""
SAY_AFTER = 0.10
"""Time left is said once this share of the work was measured."""


class Progress:
    """Adds up parts by weight, and measures the speed of the work that is really done now, not
    loaded.
    """

    def __init__(self, crowded: Callable[[], bool] = lambda: False) -> None:
        """crowded: whether other programs use this computer's cores, asked now and then and where
        more is left than was said.
        """
        self._crowded = crowded
        self._looks: list[bool] = []  # whether they did
        self._next_look = -math.inf
        self.parts: dict[str, Part] = {}
        self.weights: dict[str, float] = {}
        self.titles: dict[str, str] = {}
        self.fraction = 0.0  # never goes back
        self._reused: set[str] = set()  # models of a run whose features were there before
        self._said: dict[str, Part] = {}  # what each part told last
        self._now: dict[str, float] = {}  # part -> share of it that is finished
        self._first: dict[str, float] = {}  # part -> share that was finished when it began
        self._worked = 0.0  # seconds of work, downloads left out
        self._worked_at: float | None = None  # when somebody last told of work
        self._fetched_at: dict[str, float] = {}  # part -> when it last told of its download
        self._pace: Pace | None = None  # of a run, whose steps are known better
        self._end: float | None = None
        self._calm = Calm()
        self._left: float | None = None  # what is said by the pace
        self._heard = 0.0  # when somebody last told anything
        self._due = math.inf  # when it was to be over, as was thought at best
        self._rose = (0.0, "")  # when that was put off last, and why
        # the part to speak of: the last that told, unless it is fetched while another runs
        self.leading = ""

    def plan(
        self,
        weights: Mapping[str, float],
        titles: Mapping[str, str],
        pace: Pace | None = None,
        *,
        end: float | None = None,
    ) -> None:
        """Announce the parts to come, in order, with their relative cost and their names in words;
        with what says better how long they take, where there is something. end: a time in seconds
        at which they are ended, done or not.
        """
        self._pace, self._end = pace, end
        self.weights = dict(weights)
        self.titles = dict(titles)
        self.parts = {name: Part(name, "waiting") for name in weights}

    def know(self, *, classes: int = 0, abreast: int = 0) -> None:
        """Take in what the time left depends on: classes, and models that run at the same time."""
        if self._pace is not None:
            self._pace.know(classes=classes, abreast=abreast)

    def update(
        self, part: str, state: PartState, done: int, total: int, note: str, now: float
    ) -> bool:
        """Take in one message at time `now` in seconds.

        Returns whether the part's state changed.
        """
        before = self.parts.get(part)
        self._clock(part, state, now)
        self._heard = now
        if self._pace is not None:
            if now >= self._next_look and not self._opens:
                self._looks.append(self._crowded())
                self._next_look = now + LOOKS
            self._pace.heard(part, state, done, total, now)
            if part == "maps" and before is not None and before.state == "waiting":
                self._calm = Calm()  # until now it was time until the answer
                self._due = math.inf
            left = self._pace.left(now)
            self._left = self._calm.say(left)
            if left is not None:
                self._hold(self._pace, now + left, now)
        self._said[part] = Part(part, state, done, total, note)
        # pictures that were checked may be opened again, for other steps
        if part != "pictures" or before is None or before.state not in FINISHED:
            self.parts[part] = self._said[part]
        self.weights.setdefault(part, 1.0)
        if (
            state == "dropped" and before and before.state != "dropped"
        ):  # what it will not do is no work, nor done
            self.weights[part] *= max(self._now.get(part, 0.0), LEAST)
            self._first[part] = min(
                1.0, self._first.get(part, 0.0) / max(self._now.get(part, 0.0), LEAST)
            )
        if state == "stored" and self._is_to_be_scored(part, before):
            self._reused.add(part)
            self.weights[part] *= REUSED
        share = max(self._now.get(part, 0.0), self._share(part, state, done, total, before))
        self._now[part] = share
        if part not in self._first and (
            state == "stored" or share > 0 or state in ("running", "reading")
        ):
            self._first[part] = share if state in ("stored", "running") else 0.0
        whole = sum(self.weights.values())
        self.fraction = max(
            self.fraction, sum(w * self._now.get(p, 0.0) for p, w in self.weights.items()) / whole
        )
        return before is None or before.state != self.parts[part].state

    def _is_to_be_scored(self, part: str, before: Part | None) -> bool:
        """Tell whether a part that is there from before is a model of a run: its scores come."""
        told = before is not None and before.state in ("scoring", "stored")
        return self._pace is not None and part in self._pace.work and not told

    def _share(
        self, part: str, state: PartState, done: int, total: int, before: Part | None
    ) -> float:
        """Return how much of a part is finished; of one that is reused nothing until it is
        scored.
        """
        if part in self._reused and (before is None or before.state != "scoring"):
            return 0.0
        return 0.0 if part in self._reused and state == "scoring" else _share(state, done, total)

    def _clock(self, part: str, state: PartState, now: float) -> None:
        """Count the time since the last work, without what this part's download took; another's may
        go on beside.
        """
        busy = any(p.state in BUSY for p in self.parts.values() if p.name != part)
        if state != "downloading" or not busy:
            self.leading = part
        if state == "downloading":
            self._fetched_at[part] = now
            return
        if self._worked_at is not None:
            self._worked += now - max(self._worked_at, self._fetched_at.get(part, self._worked_at))
        self._worked_at = now

    @property
    def seconds_left(self) -> float | None:
        """Seconds of work left at the measured speed, or None: too little was measured, or all wait
        for a download.
        """
        if self.leading in self.parts and self.parts[self.leading].state == "downloading":
            return None
        if self._pace is not None:
            return self._left
        measured = sum(
            w * (self._now.get(p, 0.0) - self._first.get(p, 0.0)) for p, w in self.weights.items()
        )
        left = sum(w * (1.0 - self._now.get(p, 0.0)) for p, w in self.weights.items())
        if measured <= 0 or measured < SAY_AFTER * (measured + left):
            return None
        said = self._worked * left / measured
        return said if self._end is None else min(said, max(0.0, self._end - self._heard))

    @property
    def seconds_least(self) -> float | None:
        """What of `seconds_left` comes after the step under way; None where that is not known."""
        left = self.seconds_left
        if self._pace is None or left is None:
            return None
        least = self._pace.least(self._heard)
        return None if least is None else min(least, left)

    @property
    def why(self) -> str:
        """Why more is left than was said, in words, for a while after it rose, or that it is a
        guess, as long as it is one; "" else.
        """
        if self._pace is not None and self._pace.guesses:
            return GUESS
        when, reason = self._rose
        return reason if self._heard - when < WHILE else ""

    def _hold(self, pace: Pace, end: float, now: float) -> None:
        """Hold what is thought now against what was: an end that moves away has a reason, whether
        at once or while what is left only does not fall.
        """
        if end >= self._due + RISE:
            self._rose = now, self._reason(pace)
            self._due = end
        self._due = min(self._due, end)

    @property
    def _opens(self) -> bool:
        """Whether pictures are opened, by processes of our own, which look like other programs."""
        opening = self.parts.get("opening")
        return opening is not None and opening.state == "reading"

    @property
    def crowded(self) -> bool:
        """Whether other programs used this computer's cores for most of the time."""
        return 2 * sum(self._looks) > len(self._looks)

    def _reason(self, pace: Pace) -> str:
        if not self._opens and self._crowded():
            return "other programs use this computer"
        name, what = pace.longer()
        about = {
            "network": f"{self.titles.get(name, name)} takes longer than thought",
            "scores": f"scoring {self.titles.get(name, name)} took longer than thought",
        }
        return about.get(what, "the computer is slower now than before")

    def words(self, part: str) -> str:
        """Say in a sentence what `part` is doing."""
        at = self._said[part]
        if part == "pictures":
            return at.note or f"Reading pictures{_count(at)}"
        if part == "opening":
            return f"Preparing pictures for the models{_count(at)}"
        if part == "race":
            return at.note or "Racing"
        if part == "maps":
            return at.note or f"Drawing maps{_count(at)}"
        name = self.titles.get(part) or self.titles.setdefault(part, title_of(part))
        if at.state == "running" and at.note:
            return at.note
        if at.state == "downloading":
            size = f" {at.done / 1e6:,.0f} of {at.total / 1e6:,.0f} MB" if at.total else ""
            return f"Downloading {name}{size}"
        if at.state == "dropped":
            return f"{name}: {at.note}" if at.note else f"{name} left the race"
        told = {
            "waiting": "Waiting for",
            "scoring": "Scoring",
            "done": "Finished",
            "stored": "Already stored:",
        }
        return (
            f"{told.get(at.state, 'Failed:' if at.state == 'failed' else 'Running')}"
            f" {name}{_count(at)}"
        )


def _share(state: PartState, done: int, total: int) -> float:
    if state in FINISHED:
        return 1.0
    if state == "scoring":
        return 1.0 - SCORING_SHARE
    if state in ("running", "reading") and total:
        return (1.0 - SCORING_SHARE if state == "running" else 1.0) * min(done / total, 1.0)
    return 0.0


def _count(part: Part) -> str:
    return (
        f", {part.done:,} of {part.total:,}"
        if part.state in ("running", "reading") and part.total
        else ""
    )
