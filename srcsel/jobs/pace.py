"""How long a run still takes until its answer stands, from how long its steps took so far.

A model goes through three steps: it is made ready, its network looks at the pictures, its features
are scored. The first two go on while the model before is scored (`base.threads.one_behind`), so
what is to come is played through. No disk, no clock of its own.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Collection, Mapping
from itertools import pairwise

from srcsel.base.watch import PartState
from srcsel.jobs.costs import Conversion, line
from srcsel.jobs.rates import ENOUGH, Heard, Rates, steady
from srcsel.runs.race_rules import budget
from srcsel.store.speeds import ModelSpeed, Speeds

OPENING = 0.004  # seconds to open a picture for the networks, where no run was timed here
UNKNOWN = 0.5  # 1e9 multiply-adds of a network that does not say, where no other does
LONGER = 1.2  # times as long as thought from which a step is named as the reason of a rise
USUAL = 512  # numbers that a model makes of a picture, where that is not known


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
        converts: Collection[str] = (),
    ) -> None:
        """work: model -> 1e9 multiply-adds of a picture, None = not known. widths: model -> numbers
        that it makes of a picture, where they are known.

        raced: models may leave before they have seen all pictures. known: what earlier runs
        measured, of these models and of others. cores: of this computer, None = as many as it has.
        converts: models whose networks may be converted.
        """
        self._known = known or Speeds()
        dims = widths or {}
        said = [each for each in work.values() if each]
        usual = statistics.median(said) if said else UNKNOWN
        self._models = {
            name: Heard(
                usual if each is None else each,
                dims.get(name) or USUAL,
                self._known.models.get(name, ModelSpeed()),
                Conversion() if name in converts else None,
            )
            for name, each in work.items()
        }
        self._cores = cores or os.cpu_count() or 1
        self._opening: list[tuple[float, int, int]] = []  # the first that was told, and the last
        self._maps: list[tuple[float, int, int]] = []  # each, as it was told: when, done, total
        self._raced = raced
        self._pictures = 0
        self._at = ""  # the model that told last of pictures
        timed = [(m.work, m.plain or m.look) for m in self._known.models.values()]
        # seconds of a picture by its work, as earlier runs had it
        self._line = line([(work, t) for work, t in timed if work is not None and t], self._cores)
        self._made: Rates | None = None  # of what was heard until now

    @property
    def work(self) -> dict[str, float]:
        """Model -> 1e9 multiply-adds of a picture, as far as they are known, else as others'."""
        return {name: model.work for name, model in self._models.items()}

    def heard(self, part: str, state: PartState, done: int, total: int, now: float) -> None:
        """Take in one message at time `now` in seconds."""
        self._made = None
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
        self._pictures, self._made = pictures, None
        return self._played(0.0)

    @property
    def _rates(self) -> Rates:
        if self._made is None:
            models = list(self._models.values())
            self._made = Rates(models, self._known, self._line, self._pictures, self._cores)
        return self._made

    def measured(self) -> Speeds:
        """Return what this run took, for the next one."""
        rates = self._rates
        fresh = {name: m for name, m in self._models.items() if not m.reused and not m.out}
        first = min(
            (m for m in fresh.values() if m.ready is not None),
            key=lambda m: m.began or 0.0,
            default=None,
        )
        models = {
            name: ModelSpeed(
                work=m.work,
                look=m.each,
                plain=rates.plain(m),
                ready=None if m is first else m.ready,
                scoring=rates.scored(m) / rates.share(m) if rates.scored(m) else None,
            )
            for name, m in fresh.items()
            if m.each or rates.scored(m)
        }
        opening = None
        if len(self._opening) > 1 and self._opening[-1][1] > self._opening[0][1]:
            (start, before, _), (last, done, _) = self._opening
            opening = (last - start) / (done - before)
        return Speeds(models, opening, first.ready if first else None, rates.after)

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

    def longer(self) -> tuple[str, str]:
        """Say of which model the step under way, or the one that was over last, takes furthest
        beyond what was thought: (name, "network" or "scores"); ("", "") where none does.
        """
        rates, found = self._rates, [(LONGER, "", "")]
        for name, model in self._models.items():
            if model.looks and model.thought:
                found.append((rates.each(model) / model.thought, name, "network"))
        over = [(m.over, name, m) for name, m in self._models.items() if m.over is not None]
        if over:
            _, name, last = max(over, key=lambda one: one[0])
            if last.foreseen:
                found.append((rates.scored(last) / last.foreseen, name, "scores"))
        return max(found)[1:]

    def _of_model(self, model: Heard, state: PartState, done: int, total: int, now: float) -> None:
        if state in ("failed", "dropped"):
            model.out = True
        elif state == "downloading":
            model.began = None  # how long that takes says nothing about this computer
        elif state == "running":
            self._looked(model, done, total, now)
        elif state == "scoring":
            if model.scoring is None:
                model.scoring, model.foreseen = now, self._rates.scores(model)
                self._made = None
        elif state == "stored" and model.scoring is None:
            model.reused = True
        elif state in ("done", "stored") and model.over is None:
            model.over = now

    def _looked(self, model: Heard, done: int, total: int, now: float) -> None:
        """Take in how many pictures a model has seen."""
        self._pictures = model.total = total or model.total
        if model.began is None or model.last is None:
            model.began, model.last = now, (now, done)
            model.thought = self._rates.each(model)
            self._made = None
            return
        if done <= model.seen:
            return
        if model.ready is None:
            model.ready = now - model.began
        elif not self._opens and (not self._raced or self._models.get(self._at) is model):
            spent = now - model.last[0]  # it neither waited for pictures nor for others
            model.looked += spent / self._shared if self._scores else spent
            model.counted += done - model.seen
        model.last = (now, done)

    @property
    def _scores(self) -> bool:
        """Whether a model is being scored."""
        return any(m.scoring is not None and m.over is None for m in self._models.values())

    @property
    def _shared(self) -> float:
        """How many times longer a network takes while a model is scored, on a core as well."""
        return (self._cores + 1) / self._cores

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
        rates, network, helper = self._rates, 0.0, 0.0
        for model in rates.in_order:
            scores = rates.scores(model)
            if model.scoring is not None:
                helper = 0.0 if ends else max(0.0, scores - (now - model.scoring))
                continue
            network = self._beside(
                network, 0.0 if ends and model.looks else self._look(model, now), helper
            )
            if not model.reused:  # the first one sees pictures as they are opened
                network, opening = max(network, opening), 0.0
            network = max(network, helper)  # it is scored when the one before is
            helper = network + scores
        return max(network, helper)

    def _beside(self, begun: float, takes: float, scored: float) -> float:
        """Return when a network is done that begins at `begun` and takes so long alone, where the
        model before is scored until `scored`.
        """
        meanwhile = min(takes * self._shared, max(0.0, scored - begun))
        return begun + meanwhile + (takes - meanwhile / self._shared)

    def _look(self, model: Heard, now: float) -> float:
        """Seconds from now, or from its turn on, until a model can be scored."""
        if model.reused:
            return 0.0
        rates, each = self._rates, self._rates.each(model)
        if model.last is None or model.began is None:
            return rates.ready(model) + each * self._pictures + rates.after
        if model.seen >= model.total and model.ready is not None:
            return max(0.0, rates.after - (now - model.last[0]))
        spent = now - (model.began if model.ready is None else model.last[0])
        ready = rates.ready(model) if model.ready is None else 0.0
        rest = each * (model.total - model.seen) + rates.after
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

    def _race_left(self) -> float:
        """Seconds of what a race may still put through networks, and of the scores."""
        alive = [m for m in self._models.values() if not m.out and not m.reused]
        seen = sum(m.seen for m in self._models.values() if not m.reused)
        rest = [(self._pictures - m.seen, self._rates.each(m)) for m in alive]
        missing = sum(pictures for pictures, _ in rest)
        racing = sum(not m.reused for m in self._models.values())
        allowed = max(0, budget(racing, self._pictures) - seen)
        share = min(1.0, allowed / missing) if missing else 0.0
        last = max(map(self._rates.scores, alive), default=0.0)
        return share * sum(n * each for n, each in rest) + last

    def _each_map(self) -> float | None:
        times = [told[0] for told in self._maps]
        return steady("map", [b - a for a, b in pairwise(times)])

    def _maps_left(self, now: float) -> float | None:
        each = self._each_map()
        if each is None:
            return None
        last, done, total = self._maps[-1]
        return max(0.0, each * (total - done) - (now - last))
