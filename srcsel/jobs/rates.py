"""How long the steps of a run take, from what was heard of its models and what earlier runs took.

Each number is worked out once and stands until more is heard: a run may have hundreds of models,
and what is left of it is asked for with every message.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from srcsel.jobs.costs import COMPARED, CONVERTING, Conversion, line, scoring
from srcsel.store.speeds import ModelSpeed, Speeds

WARM = {"ready": 0.5, "map": 0.5, "scores": 0.85}
"""What a step takes again, as a share of the first time: that one brought libraries and compilers
into memory.
"""
START = 6.0  # seconds until the first network sees pictures, where no run was timed here
READY = 0.5  # of each further one
SCORING = 1.3
"""How many times longer scores take than `costs.scoring` says, as a guess until some models were
scored.
"""
ALIKE = (0.1, 2.0)
"""What making a model ready takes, as a share of another's, goes with their work between these."""
ENOUGH = 2.0
"""Seconds of looking at pictures from which the speed of the networks is known."""
MANY = 24  # pictures from which the speed of one is known, however soon they were seen
TINY = 1e-6  # seconds of a picture, the least that is thought
BEFORE = 2.0
"""Seconds of looking at pictures as much as which an earlier run's speed counts."""
AFTER = 0.1  # seconds from a model's last picture until its scores begin
SHORT = 0.01  # of that, the least that tells one from none
LITTLE = 0.7  # of one model's scores: how much what is thought before any counts
RECENT = 4  # models whose scores tell how fast they go now: other programs come and go


@dataclass
class Heard:
    """What was heard of a model; times in seconds, None = not yet."""

    work: float  # of one picture, 1e9 multiply-adds
    width: int
    known: ModelSpeed  # by an earlier run
    conversion: Conversion | None = None  # where it may be converted
    total: int = 0  # pictures
    began: float | None = None
    ready: float | None = None  # how long it took until the first pictures were seen
    looked: float = 0.0  # seconds timed since then, had nothing gone on beside, and pictures seen
    counted: int = 0
    held: tuple[float, int] = (0.0, 0)  # of these, what was held against what was thought
    last: tuple[float, int] | None = None  # when pictures were last seen, and how many
    scoring: float | None = None
    over: float | None = None
    strain: float = 1.0  # times as long as on a steady computer its scores took, as known then
    resumed: float | None = None  # when it began with the stage of a race that is under way
    again: float | None = None  # how long it took then until it saw pictures
    reused: bool = False
    out: bool = False  # it failed, or left a race
    failed: bool = False
    # what was thought when they began: seconds of a picture, and of all scores
    thought: float | None = None
    foreseen: float | None = None
    sure: bool = False  # whether scores were timed before

    @property
    def seen(self) -> int:
        """Pictures that its network has looked at."""
        return self.last[1] if self.last else 0

    @property
    def looks(self) -> bool:
        """Whether it is under way and not yet scored."""
        return not self.out and self.began is not None and self.scoring is None

    @property
    def each(self) -> float | None:
        """Seconds of a picture, where that was timed."""
        many = self.counted >= MANY or (self.scoring is not None and self.counted > 0)
        enough = self.looked >= ENOUGH / 2 or (many and self.looked > 0)
        return self.looked / self.counted if enough else None


def steady(step: str, times: Sequence[float]) -> float | None:
    """Seconds that a step takes the next time; the first time it was not yet warm."""
    if not times:
        return None
    return statistics.median(times[1:]) if len(times) > 1 else WARM[step] * times[0]


class Rates:
    """What was heard so far, as the seconds of each step; nothing here changes what was heard."""

    def __init__(
        self,
        models: Sequence[Heard],
        known: Speeds,
        usual: tuple[float, float],
        pictures: int,
        classes: int,
        cores: int,
        now: float,
    ) -> None:
        """usual: seconds of a picture at no work, and of each 1e9 multiply-adds, as earlier runs
        had it; pictures: of the set, 0 = not known; now: when anything was heard last.
        """
        self._models, self._known, self._usual, self._now = models, known, usual, now
        self._pictures, self._classes, self._cores = pictures, classes, cores

    @cached_property
    def in_order(self) -> list[Heard]:
        """Models that are not over, in the order of their turns."""
        alive = [m for m in self._models if not m.out and m.over is None]
        return sorted(alive, key=lambda m: (m.scoring is None, not m.reused, m.began is None))

    def each(self, model: Heard) -> float:
        """Seconds that a picture takes a network: what is thought counts as much as BEFORE seconds
        of what was timed so far.
        """
        thought = self._thought(model)
        return (model.looked + BEFORE) / (model.counted + BEFORE / thought)

    def _thought(self, model: Heard) -> float:
        """Seconds that a picture takes a network by what it or others took before, times how much
        slower this run goes; > 0.
        """
        if model.known.look is not None:
            return max(TINY, model.known.look * self._drift)
        plain = self._plainly(model)
        if model.conversion is not None:
            plain = model.conversion.seconds(plain, model.total or self._pictures)
        return max(TINY, plain)

    def by_others(self, model: Heard) -> float | None:
        """Seconds that a picture is thought to take a network by what it took in earlier runs, or
        others in this one; None where nothing was timed.
        """
        known = model.known.look is not None or self._without(model)
        return self._thought(model) if known else None

    def _plainly(self, model: Heard) -> float:
        """Seconds that a picture is thought to take with torch, by what others took."""
        found, slower = self._others if not model.each else self._by(self._without(model))
        return (found[0] + found[1] * model.work) * slower

    def plain(self, model: Heard) -> float | None:
        """Seconds that a picture took, or would have taken with torch."""
        if not model.each or model.conversion is None:
            return model.each
        thought = self._usual[0] + self._usual[1] * model.work
        return model.conversion.plain(model.each, model.total or self._pictures, thought)

    @cached_property
    def _timed(self) -> list[Heard]:
        """Models whose networks were timed here for the first time."""
        return [m for m in self._models if m.each and not m.known.look]

    @cached_property
    def _others(self) -> tuple[tuple[float, float], float]:
        return self._by(self._timed)

    def _without(self, model: Heard) -> list[Heard]:
        return [m for m in self._timed if m is not model]

    def _by(self, timed: Sequence[Heard]) -> tuple[tuple[float, float], float]:
        """Return the line of seconds by work, and how much slower networks are than it says."""
        found = self._usual
        if not timed:
            return found, self._drift
        plain = [(m, self.plain(m) or 0.0) for m in timed]
        if not self._looks_known:
            found = line([(m.work, each) for m, each in plain], self._cores)
        foretold = sum((found[0] + found[1] * m.work) * m.counted for m in timed)
        return found, sum(each * m.counted for m, each in plain) / max(TINY, foretold)

    @cached_property
    def _looks_known(self) -> bool:
        return any(m.look for m in self._known.models.values())

    @cached_property
    def _drift(self) -> float:
        """How many times longer networks take than in earlier runs."""
        known = [m for m in self._models if m.known.look and m.each]
        timed = [(m.looked, (m.known.look or 0.0) * m.counted) for m in known]
        return (sum(t for t, _ in timed) + BEFORE) / (sum(k for _, k in timed) + BEFORE)

    def ready(self, model: Heard) -> float:
        """Seconds until a network's first batch is there."""
        here = self._made_ready
        if not here and model is next(m for m in self.in_order if not m.reused):
            return START if self._known.start is None else self._known.start
        if model.known.ready is not None:
            return model.known.ready
        if model.conversion is not None and self._thought(model) < self._plainly(model):
            return CONVERTING + READY
        known = [
            (m.ready or 0.0) * max(ALIKE[0], min(ALIKE[1], model.work / m.work if m.work else 1.0))
            for m in here
        ]
        told = steady("ready", known) or READY
        return told if len(known) > 1 else math.sqrt(READY * told)  # the first tells little

    @cached_property
    def again(self) -> float:
        """Seconds until a network's first batch is there in a later stage of a race."""
        heard = [m.again for m in self._models if m.again is not None]
        return statistics.median(heard[-RECENT:]) if heard else READY

    @cached_property
    def _made_ready(self) -> list[Heard]:
        return [m for m in self._models if m.ready is not None]

    @cached_property
    def after(self) -> float:
        """Seconds from a model's last picture until its scores begin, where none are in the way:
        the geometric mean of what was usual and of the last ones here.
        """
        known, free = [], 0.0
        order = [m for m in self._models if m.scoring is not None and not m.reused]
        for model in sorted(order, key=lambda m: m.scoring or 0.0):
            if model.last is not None and model.scoring is not None:
                known.append(max(SHORT, model.scoring - max(model.last[0], free)))
            free = model.over or math.inf
        return math.exp(
            statistics.mean(map(math.log, (self._known.after or AFTER, *known[-RECENT:])))
        )

    def scores(self, model: Heard) -> float:
        """Seconds that the scores of a model take: as foretold, times how much longer those of the
        last ones took; the first ones were not warm, or shared the processor with a large network.
        """
        if model.reused and self._again is not None:
            return self._again
        return self._times(model) * self.share(model)

    @cached_property
    def _longer(self) -> float:
        done = [m for m in self._models if self.scored(m) and not m.reused]
        done = sorted(done, key=lambda m: m.over or 0.0)[-RECENT:]
        ratios = [math.log(self.scored(m) / self._foretold(m)) for m in done]
        before = math.log(self._drift)  # as much slower as the networks
        mean = (sum(ratios) + LITTLE * before) / (len(ratios) + LITTLE)
        for model in self._models:  # one that already takes longer takes so long at least
            if model.scoring is not None and model.over is None and not model.reused:
                so_far = (self._now - model.scoring) / self._foretold(model)
                if not model.out and so_far > math.exp(mean):
                    mean += (math.log(so_far) - mean) / (len(ratios) + LITTLE + 1)
        return math.exp(mean)

    def _foretold(self, model: Heard) -> float:
        return (model.known.scoring or self._usual_scoring) * self.share(model)

    def _times(self, model: Heard) -> float:
        return (model.known.scoring or self._usual_scoring) * self._longer

    @cached_property
    def _usual_scoring(self) -> float:
        known = [m.scoring for m in self._known.models.values() if m.scoring]
        return statistics.median(known) if known else SCORING

    def share(self, model: Heard) -> float:
        """Seconds that its scores take a usual computer which does nothing else."""
        return scoring(max(1, self._pictures), model.width, self._classes)

    def compared(self, model: Heard, pictures: int) -> float:
        """Seconds of the scores by which a race compares models after so many pictures."""
        return COMPARED * scoring(pictures, model.width, self._classes) * self._times(model)

    def scored(self, model: Heard) -> float:
        """Seconds that a model's scores took, or would have taken a second time where they were the
        first of a run; 0 where they are not there.
        """
        if model.over is None or model.scoring is None:
            return 0.0
        first = not model.reused and model.scoring == self._first_scoring
        took = (model.over - model.scoring) / model.strain
        return took * (WARM["scores"] if first else 1.0)

    @cached_property
    def _first_scoring(self) -> float:
        return min(m.scoring for m in self._models if m.scoring is not None)

    @cached_property
    def _again(self) -> float | None:
        """Seconds that those of stored features take, which are often known."""
        known = [self.scored(m) for m in self._models if m.reused and m.over is not None]
        return statistics.median(known) if known else None
