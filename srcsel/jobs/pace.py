"""How long a run still takes until its answer stands, from how long its steps took so far.

A model goes through three steps: it is made ready, its network looks at the pictures, its features
are scored. The first two go on while the model before is scored (`base.threads.one_behind`), so
what is to come is played through. No disk, no clock of its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from srcsel.base.watch import PartState
from srcsel.runs.race_rules import budget

WARM = {"ready": 0.5, "map": 0.5}
"""What a step takes again, as a share of the first time: that one brought libraries and compilers
into memory.
"""
SCORING = 0.002
"""Seconds that scores take a picture, as a guess until some models were scored."""
USUAL = 512  # numbers that a model makes of a picture, where that is not known
APART = 2000
"""Scores of features of this width take twice as long as of none: part of their time is the
pictures' alone.
"""
ALIKE = (0.1, 2.0)
"""What making a model ready takes, as a share of another's, goes with their work between these."""
SCORED_MOST = 5000  # pictures from which they take no longer
ENOUGH = 2.0
"""Seconds of looking at pictures from which the speed of the networks is known."""


@dataclass
class _Model:
    """What was heard of a model; times in seconds, None = not yet."""

    work: float  # of one picture, relative
    width: int
    total: int = 0  # pictures
    began: float | None = None
    first: tuple[float, int] | None = None  # when the first pictures were seen, and how many
    last: tuple[float, int] | None = None
    scoring: float | None = None
    over: float | None = None
    reused: bool = False
    out: bool = False  # it failed, or left a race

    @property
    def seen(self) -> int:
        return self.last[1] if self.last else 0

    @property
    def looks(self) -> bool:
        """Whether it is under way and not yet scored."""
        return not self.out and self.began is not None and self.scoring is None


class Pace:
    """Hears how far a run is, and says what is left."""

    def __init__(
        self,
        work: Mapping[str, float],
        widths: Mapping[str, int | None] | None = None,
        *,
        raced: bool = False,
    ) -> None:
        """work: model -> what one picture costs it, relative. widths: model -> numbers that it
        makes of a picture, where they are known.

        raced: models may leave before they have seen all pictures.
        """
        known = widths or {}
        self._models = {
            name: _Model(share, known.get(name) or USUAL) for name, share in work.items()
        }
        self._opening: list[tuple[float, int, int]] = []  # the first that was told, and the last
        self._maps: list[tuple[float, int, int]] = []  # each, as it was told: when, done, total
        self._raced = raced
        self._pictures = 0

    def heard(self, part: str, state: PartState, done: int, total: int, now: float) -> None:
        """Take in one message at time `now` in seconds."""
        if part == "opening":
            self._opening = [*self._opening[:1], (now, total if state == "done" else done, total)]
        elif part == "maps":
            if not self._maps or self._maps[-1][1] != done:
                self._maps.append((now, done, total))
        elif part in self._models:
            self._of_model(self._models[part], state, done, total, now)

    def left(self, now: float) -> float | None:
        """Seconds until the answer stands, or while maps are drawn until all are; None: too little
        is known.
        """
        return self._maps_left(now) if self._maps else self._until_answer(now)

    def least(self, now: float) -> float | None:
        """Seconds of that which come after the steps under way, however long these take."""
        if self._maps:
            each, rest = self._each_map(), self._maps[-1][2] - self._maps[-1][1] - 1
            return None if each is None else each * max(rest, 0)
        return self._until_answer(now, ends=True)

    def _of_model(self, model: _Model, state: PartState, done: int, total: int, now: float) -> None:
        if state in ("failed", "dropped"):
            model.out = True
        elif state == "downloading":
            model.began = None  # how long that takes says nothing about this computer
        elif state == "running":
            self._pictures = model.total = total or model.total
            if model.began is None:
                model.began, model.last = now, (now, done)
            elif done > model.seen:
                model.last = (now, done)
                model.first = model.first or model.last
        elif state == "scoring":
            model.scoring = model.scoring or now
        elif state == "stored" and model.scoring is None:
            model.reused = True
        elif state in ("done", "stored") and model.over is None:
            model.over = now

    def _until_answer(self, now: float, *, ends: bool = False) -> float | None:
        """Play the rest of the run through; `ends`: as if the steps under way ended now."""
        speed, score = self._speed(), self._score()
        if speed is None or score is None:
            return None
        if self._raced:
            return self._race_left(speed, score)
        network = 0.0 if ends else self._opening_left(now)
        helper = 0.0
        for model in self._in_order():
            scores = score * _scores(model)
            scores = self._again(scores) if model.reused else scores
            if model.scoring is not None:
                helper = 0.0 if ends else max(0.0, scores - (now - model.scoring))
                continue
            network += 0.0 if ends and model.looks else self._look(model, speed, now)
            network = max(network, helper)  # it is scored when the one before is
            helper = network + scores
        return max(network, helper)

    def _in_order(self) -> list[_Model]:
        """Models that are not over, in the order of their turns."""
        alive = [m for m in self._models.values() if not m.out and m.over is None]
        return sorted(alive, key=lambda m: (m.scoring is None, not m.reused, m.began is None))

    def _look(self, model: _Model, speed: float, now: float) -> float:
        """Seconds until a model has seen all pictures."""
        if model.reused:
            return 0.0
        own = self._own_speed(model) or speed
        if model.last is None or model.began is None:
            return self._ready(model) + own * model.work * self._pictures
        spent = now - (model.began if model.first is None else model.last[0])
        ready = self._ready(model) if model.first is None else 0.0
        return max(0.0, ready + own * model.work * (model.total - model.seen) - spent)

    def _opening_left(self, now: float) -> float:
        if len(self._opening) < 2:
            return 0.0
        (start, before, _), (last, done, total) = self._opening
        each = (last - start) / max(1, done - before)
        return max(0.0, each * (total - done) - (now - last))

    def _speed(self) -> float | None:
        """Seconds of one unit of work, of all networks together, without their first batches."""
        known = [self._looked(m) for m in self._models.values()]
        seconds, work = (sum(each) for each in zip(*known, strict=True)) if known else (0, 0)
        scored = any(m.over is not None and not m.reused for m in self._models.values())
        if work and (seconds >= ENOUGH or scored):
            return seconds / work
        everything = all(m.reused or m.out for m in self._models.values())
        return 0.0 if scored or everything else None

    def _own_speed(self, model: _Model) -> float | None:
        seconds, work = self._looked(model)
        return seconds / work if work and seconds >= ENOUGH / 2 else None

    @staticmethod
    def _looked(model: _Model) -> tuple[float, float]:
        """Seconds and work between a model's first batch and its last."""
        if model.first is None or model.last is None:
            return 0.0, 0.0
        return model.last[0] - model.first[0], model.work * (model.last[1] - model.first[1])

    def _ready(self, model: _Model) -> float:
        """Seconds until a network's first batch is there."""
        known = [
            (m.first[0] - m.began) * max(ALIKE[0], min(ALIKE[1], model.work / m.work))
            for m in self._models.values()
            if m.began is not None and m.first is not None
        ]
        return _steady("ready", known) or 0.0

    def _score(self) -> float | None:
        """Seconds that the scores of one model of no width take."""
        known = [m for m in self._models.values() if m.over is not None and m.scoring is not None]
        fresh = [m for m in known if not m.reused]
        times = [((m.over or 0.0) - (m.scoring or 0.0)) / _scores(m) for m in fresh]
        guess = SCORING * min(self._pictures, SCORED_MOST)
        known = statistics.median(times) if times else 0.0
        # the first ones were not warm, or shared the processor with a large network: of k that were
        # measured and the guess, the geometric mean
        return (guess * known ** len(times)) ** (1 / (1 + len(times))) if known else guess

    def _again(self, score: float) -> float:
        """Seconds that those of stored features take, which are often known."""
        known = [
            m.over - m.scoring
            for m in self._models.values()
            if m.reused and m.over is not None and m.scoring is not None
        ]
        return statistics.median(known) if known else score

    def _race_left(self, speed: float, score: float) -> float:
        """Seconds of what a race may still put through networks, and of the scores."""
        alive = [m for m in self._models.values() if not m.out and not m.reused]
        seen = sum(m.seen for m in self._models.values() if not m.reused)
        rest = [(self._pictures - m.seen, m.work) for m in alive]
        missing = sum(pictures for pictures, _ in rest)
        racing = sum(not m.reused for m in self._models.values())
        allowed = max(0, budget(racing, self._pictures) - seen)
        share = min(1.0, allowed / missing) if missing else 0.0
        last = score * max(map(_scores, alive), default=0.0)
        return speed * share * sum(n * work for n, work in rest) + last

    def _each_map(self) -> float | None:
        times = [told[0] for told in self._maps]
        return _steady("map", [b - a for a, b in pairwise(times)])

    def _maps_left(self, now: float) -> float | None:
        each = self._each_map()
        if each is None:
            return None
        last, done, total = self._maps[-1]
        return max(0.0, each * (total - done) - (now - last))


def _scores(model: _Model) -> float:
    """How many times longer the scores of a model take than of one of no width."""
    return (APART + model.width) / APART


def _steady(step: str, times: list[float]) -> float | None:
    """Seconds that a step takes the next time; the first time it was not yet warm."""
    if not times:
        return None
    return statistics.median(times[1:]) if len(times) > 1 else WARM[step] * times[0]
