"""How long a run still takes until its answer stands, from how long its steps took so far.

A model goes through three steps: it is made ready, its network looks at the pictures, its features
are scored. The first two go on while the model before is scored (`base.threads.one_behind`), so
what is to come is played through. No disk, no clock of its own.
"""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from srcsel.base.watch import PartState
from srcsel.jobs.costs import line
from srcsel.runs.race_rules import budget
from srcsel.store.speeds import ModelSpeed, Speeds

WARM = {"ready": 0.5, "map": 0.5, "scores": 0.85}
"""What a step takes again, as a share of the first time: that one brought libraries and compilers
into memory.
"""
START = 6.0  # seconds until the first network sees pictures, where no run was timed here
READY = 0.5  # of each further one
OPENING = 0.004  # seconds to open a picture for the networks, so too
UNKNOWN = 0.5  # 1e9 multiply-adds of a network that does not say, where no other does
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
TINY = 1e-6  # seconds of a picture, the least that is thought
BEFORE = 2.0
"""Seconds of looking at pictures as much as which an earlier run's speed counts."""
AFTER = 0.1  # seconds from a model's last picture until its scores begin
SHORT = 0.01  # of that, the least that tells one from none
RECENT = 4  # models whose scores tell how fast they go now: other programs come and go


@dataclass
class _Model:
    """What was heard of a model; times in seconds, None = not yet."""

    work: float  # of one picture, 1e9 multiply-adds
    width: int
    known: ModelSpeed  # by an earlier run
    total: int = 0  # pictures
    began: float | None = None
    ready: float | None = None  # how long it took until the first pictures were seen
    looked: float = 0.0  # seconds timed since then, and pictures seen in them
    counted: int = 0
    last: tuple[float, int] | None = None  # when pictures were last seen, and how many
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

    @property
    def each(self) -> float | None:
        """Seconds of a picture, where that was timed."""
        enough = self.looked >= ENOUGH / 2 or (self.scoring is not None and self.looked > 0)
        return self.looked / self.counted if enough else None


class Pace:
    """Hears how far a run is, and says what is left."""

    def __init__(
        self,
        work: Mapping[str, float | None],
        widths: Mapping[str, int | None] | None = None,
        *,
        raced: bool = False,
        known: Speeds | None = None,
        cores: int | None = None,
    ) -> None:
        """work: model -> 1e9 multiply-adds of a picture, None = not known. widths: model -> numbers
        that it makes of a picture, where they are known.

        raced: models may leave before they have seen all pictures. known: what earlier runs
        measured, of these models and of others. cores: of this computer, None = as many as it has.
        """
        self._known = known or Speeds()
        dims = widths or {}
        said = [each for each in work.values() if each]
        usual = statistics.median(said) if said else UNKNOWN
        self._models = {
            name: _Model(
                usual if each is None else each,
                dims.get(name) or USUAL,
                self._known.models.get(name, ModelSpeed()),
            )
            for name, each in work.items()
        }
        self._cores = cores or os.cpu_count() or 1
        self._opening: list[tuple[float, int, int]] = []  # the first that was told, and the last
        self._maps: list[tuple[float, int, int]] = []  # each, as it was told: when, done, total
        self._raced = raced
        self._pictures = 0
        self._at = ""  # the model that told last of pictures
        self._line = self._usual_line()

    @property
    def work(self) -> dict[str, float]:
        """Model -> 1e9 multiply-adds of a picture, as far as they are known, else as others'."""
        return {name: model.work for name, model in self._models.items()}

    def heard(self, part: str, state: PartState, done: int, total: int, now: float) -> None:
        """Take in one message at time `now` in seconds."""
        if part == "pictures":
            self._pictures = self._pictures or total
        elif part == "opening":
            self._opening = [*self._opening[:1], (now, total if state == "done" else done, total)]
        elif part == "maps":
            if not self._maps or self._maps[-1][1] != done:
                self._maps.append((now, done, total))
        elif part in self._models:
            self._of_model(self._models[part], state, done, total, now)
            if state == "running":
                self._at = part

    def foretold(self, pictures: int) -> float:
        """Seconds until the answer stands, of a run that has not begun; > 0."""
        self._pictures = pictures
        return self._played(0.0)

    def measured(self) -> Speeds:
        """Return what this run took, for the next one."""
        fresh = [m for m in self._models.values() if not m.reused and not m.out]
        first = min(
            (m for m in fresh if m.ready is not None),
            key=lambda m: m.began or 0.0,
            default=None,
        )
        models = {
            name: ModelSpeed(
                work=m.work,
                look=m.each,
                ready=None if m is first else m.ready,
                scoring=self._scored(m) / self._share(m) if self._scored(m) else None,
            )
            for name, m in self._models.items()
            if m in fresh and (m.each or self._scored(m))
        }
        opening = None
        if len(self._opening) > 1 and self._opening[-1][1] > self._opening[0][1]:
            (start, before, _), (last, done, _) = self._opening
            opening = (last - start) / (done - before)
        return Speeds(models, opening, first.ready if first else None, self._after())

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
            self._looked(model, done, total, now)
        elif state == "scoring":
            model.scoring = model.scoring or now
        elif state == "stored" and model.scoring is None:
            model.reused = True
        elif state in ("done", "stored") and model.over is None:
            model.over = now

    def _looked(self, model: _Model, done: int, total: int, now: float) -> None:
        """Take in how many pictures a model has seen."""
        self._pictures = model.total = total or model.total
        if model.began is None or model.last is None:
            model.began, model.last = now, (now, done)
            return
        if done <= model.seen:
            return
        if model.ready is None:
            model.ready = now - model.began
        elif not self._opens and (not self._raced or self._models.get(self._at) is model):
            model.looked += now - model.last[0]  # it neither waited for pictures nor for others
            model.counted += done - model.seen
        model.last = (now, done)

    @property
    def _opens(self) -> bool:
        """Whether pictures are being opened for the networks."""
        return bool(self._opening) and self._opening[-1][1] < self._opening[-1][2]

    def _until_answer(self, now: float, *, ends: bool = False) -> float | None:
        if not self._tells():
            return None
        return self._race_left() if self._raced else self._played(now, ends=ends)

    def _tells(self) -> bool:
        """Whether enough is known for a word."""
        waiting = [m for m in self._models.values() if not m.out and not m.reused]
        scored = any(m.over is not None for m in waiting)
        looked = sum(m.looked for m in self._models.values())
        known = all(m.known.look is not None or m.over is not None for m in waiting)
        return scored or looked >= ENOUGH or (known and (self._pictures > 0 or not waiting))

    def _played(self, now: float, *, ends: bool = False) -> float:
        """Play the rest of the run through; `ends`: as if the steps under way ended now."""
        opening = 0.0 if ends else self._opening_left(now)
        network = helper = 0.0
        for model in self._in_order():
            scores = self._scores(model)
            if model.scoring is not None:
                helper = 0.0 if ends else max(0.0, scores - (now - model.scoring))
                continue
            network += 0.0 if ends and model.looks else self._look(model, now)
            if not model.reused:  # the first one sees pictures as they are opened
                network, opening = max(network, opening), 0.0
            network = max(network, helper)  # it is scored when the one before is
            helper = network + scores
        return max(network, helper)

    def _in_order(self) -> list[_Model]:
        """Models that are not over, in the order of their turns."""
        alive = [m for m in self._models.values() if not m.out and m.over is None]
        return sorted(alive, key=lambda m: (m.scoring is None, not m.reused, m.began is None))

    def _look(self, model: _Model, now: float) -> float:
        """Seconds from now, or from its turn on, until a model can be scored."""
        if model.reused:
            return 0.0
        each = self._each(model)
        if model.last is None or model.began is None:
            return self._ready(model) + each * self._pictures + self._after()
        if model.seen >= model.total and model.ready is not None:
            return max(0.0, self._after() - (now - model.last[0]))
        spent = now - (model.began if model.ready is None else model.last[0])
        ready = self._ready(model) if model.ready is None else 0.0
        rest = each * (model.total - model.seen) + self._after()
        return max(0.0, ready + rest - spent)

    def _opening_left(self, now: float) -> float:
        known = self._known.opening or OPENING
        if not self._opening:
            before = any(m.began is not None for m in self._models.values())
            return 0.0 if before else known * self._pictures
        if len(self._opening) < 2:
            return max(0.0, known * self._opening[0][2] - (now - self._opening[0][0]))
        (start, before, _), (last, done, total) = self._opening
        each = (last - start) / max(1, done - before)
        return max(0.0, each * (total - done) - (now - last))

    def _usual_line(self) -> tuple[float, float]:
        """Seconds of a picture by its work: as earlier runs had it."""
        known = self._known.models.values()
        return line([(m.work, m.look) for m in known if m.work is not None and m.look], self._cores)

    def _each(self, model: _Model) -> float:
        """Seconds that a picture takes a network: what is thought counts as much as BEFORE seconds
        of what was timed so far.
        """
        thought = self._thought(model)
        return (model.looked + BEFORE) / (model.counted + BEFORE / thought)

    def _thought(self, model: _Model) -> float:
        """Seconds that a picture takes a network by what it or others took before, times how much
        slower this run goes; > 0.
        """
        if model.known.look is not None:
            return max(TINY, model.known.look * self._drift())
        timed = [m for m in self._models.values() if m.each and not m.known.look and m is not model]
        if not timed:
            return max(TINY, self._on(self._line, model) * self._drift())
        found = self._line
        if not any(m.look for m in self._known.models.values()):
            found = line([(m.work, m.each) for m in timed if m.each], self._cores)
        foretold = sum(self._on(found, m) * m.counted for m in timed)
        slower = sum(m.looked for m in timed) / max(TINY, foretold)
        return max(TINY, self._on(found, model) * slower)

    @staticmethod
    def _on(found: tuple[float, float], model: _Model) -> float:
        return found[0] + found[1] * model.work

    def _drift(self) -> float:
        """How many times longer networks take than in earlier runs."""
        known = [m for m in self._models.values() if m.known.look and m.each]
        timed = [(m.looked, (m.known.look or 0.0) * m.counted) for m in known]
        return (sum(t for t, _ in timed) + BEFORE) / (sum(k for _, k in timed) + BEFORE)

    def _ready(self, model: _Model) -> float:
        """Seconds until a network's first batch is there."""
        here = [m for m in self._models.values() if m.ready is not None]
        if not here and model is next(m for m in self._in_order() if not m.reused):
            return START if self._known.start is None else self._known.start
        if model.known.ready is not None:
            return model.known.ready
        known = [
            (m.ready or 0.0) * max(ALIKE[0], min(ALIKE[1], model.work / m.work if m.work else 1.0))
            for m in here
        ]
        return _steady("ready", known) or READY

    def _after(self) -> float:
        """Seconds from a model's last picture until its scores begin, where none are in the way:
        the geometric mean of what was usual and of the last ones here.
        """
        known, free = [], 0.0
        order = [m for m in self._models.values() if m.scoring is not None and not m.reused]
        for model in sorted(order, key=lambda m: m.scoring or 0.0):
            if model.last is not None and model.scoring is not None:
                known.append(max(SHORT, model.scoring - max(model.last[0], free)))
            free = model.over or math.inf
        return math.exp(
            statistics.mean(map(math.log, (self._known.after or AFTER, *known[-RECENT:])))
        )

    def _scores(self, model: _Model) -> float:
        """Seconds that the scores of a model take: as foretold, times how much longer those of the
        last ones took; the first ones were not warm, or shared the processor with a large network.
        """
        if model.reused and (again := self._again()) is not None:
            return again
        done = [m for m in self._models.values() if self._scored(m) and not m.reused]
        done = sorted(done, key=lambda m: m.over or 0.0)[-RECENT:]
        ratios = [math.log(self._scored(m) / self._foretold_scores(m)) for m in done]
        ratios.append(math.log(self._drift()))  # before any: as much slower as the networks
        return self._foretold_scores(model) * math.exp(statistics.mean(ratios))

    def _foretold_scores(self, model: _Model) -> float:
        known = [m.scoring for m in self._known.models.values() if m.scoring]
        usual = statistics.median(known) if known else SCORING
        return (model.known.scoring or usual) * self._share(model)

    def _share(self, model: _Model) -> float:
        """How many times longer scores take than of one picture without width."""
        pictures = min(self._pictures, SCORED_MOST)
        return max(1, pictures) * (APART + model.width) / APART

    def _scored(self, model: _Model) -> float:
        """Seconds that a model's scores took, or would have taken a second time where they were the
        first of a run; 0 where they are not there.
        """
        if model.over is None or model.scoring is None:
            return 0.0
        begun = [m.scoring for m in self._models.values() if m.scoring is not None]
        first = not model.reused and model.scoring == min(begun)
        return (model.over - model.scoring) * (WARM["scores"] if first else 1.0)

    def _again(self) -> float | None:
        """Seconds that those of stored features take, which are often known."""
        known = [self._scored(m) for m in self._models.values() if m.reused and m.over is not None]
        return statistics.median(known) if known else None

    def _race_left(self) -> float:
        """Seconds of what a race may still put through networks, and of the scores."""
        alive = [m for m in self._models.values() if not m.out and not m.reused]
        seen = sum(m.seen for m in self._models.values() if not m.reused)
        rest = [(self._pictures - m.seen, self._each(m)) for m in alive]
        missing = sum(pictures for pictures, _ in rest)
        racing = sum(not m.reused for m in self._models.values())
        allowed = max(0, budget(racing, self._pictures) - seen)
        share = min(1.0, allowed / missing) if missing else 0.0
        last = max(map(self._scores, alive), default=0.0)
        return share * sum(n * each for n, each in rest) + last

    def _each_map(self) -> float | None:
        times = [told[0] for told in self._maps]
        return _steady("map", [b - a for a, b in pairwise(times)])

    def _maps_left(self, now: float) -> float | None:
        each = self._each_map()
        if each is None:
            return None
        last, done, total = self._maps[-1]
        return max(0.0, each * (total - done) - (now - last))


def _steady(step: str, times: list[float]) -> float | None:
    """Seconds that a step takes the next time; the first time it was not yet warm."""
    if not times:
        return None
    return statistics.median(times[1:]) if len(times) > 1 else WARM[step] * times[0]
