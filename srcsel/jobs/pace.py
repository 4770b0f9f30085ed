"""How long a run still takes until its answer stands, from how long its steps took so far.

A model goes through three steps: it is made ready, its network looks at the pictures, its features
are scored. The first two go on while the model before is scored (`base.threads.one_behind`), so
what is to come is played through. No disk, no clock of its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping
from itertools import pairwise

from srcsel.base.records import DOTS
from srcsel.base.threads import SMALL
from srcsel.base.watch import PartState
from srcsel.jobs.hearing import Hearing
from srcsel.jobs.playing import Stage, Step, played
from srcsel.jobs.rates import ENOUGH, Heard, steady
from srcsel.runs.race_rules import budget, going_on
from srcsel.store.speeds import ModelSpeed, Speeds

OPENING = 0.004  # seconds to open a picture for the networks, where no run was timed here
LATE = 0.2
"""Of a step that already takes longer than thought, the share of what it took that is to come."""
LONGER = 1.2  # times as long as thought from which a step is named as the reason of a rise


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
        known = known or Speeds()
        self._of = Hearing(work, widths or {}, known, cores, converts, raced=raced)

    @property
    def work(self) -> dict[str, float]:
        """Model -> 1e9 multiply-adds of a picture, as far as they are known, else as others'."""
        return {name: model.work for name, model in self._of.models.items()}

    def heard(self, part: str, state: PartState, done: int, total: int, now: float) -> None:
        """Take in one message at time `now` in seconds."""
        self._of.heard(part, state, done, total, now)

    def know(self, *, classes: int = 0, abreast: int = 0) -> None:
        """Take in how many classes there are, and how many networks run at the same time."""
        self._of.know(classes=classes, abreast=abreast)

    def foretold(self, pictures: int) -> float:
        """Seconds until the answer stands, of a run that has not begun; > 0."""
        self._of.know(pictures=pictures)
        return self._until_answer(0.0)

    def measured(self) -> Speeds:
        """Return what this run took until its answer stood, for the next one, as on a computer that
        goes as fast as it did here while other programs used it least.
        """
        rates, told, alone = self._of.rates, self._of.opening, self._of.tempo.alone
        fresh = {n: m for n, m in self._of.models.items() if not m.reused and not m.failed}
        first = min(
            (m for m in fresh.values() if m.ready is not None),
            key=lambda m: m.began or 0.0,
            default=None,
        )
        models = {
            name: ModelSpeed(
                work=m.work,
                look=_times(m.each, alone),
                plain=_times(rates.plain(m), alone),
                ready=None if m is first else _times(m.ready, alone),
                scoring=_times(rates.scored(m) or None, alone / rates.share(m)),
                abreast=float(self._of.abreast),
            )
            for name, m in fresh.items()
            if m.each or rates.scored(m)
        }
        opening = None
        raced = any(m.again is not None for m in fresh.values())  # then it opened now and then
        if len(told) > 1 and told[-1][1] > told[0][1] and not raced:
            (start, before, _), (last, done, _) = told
            opening = alone * (last - start) / (done - before)
        start = _times(first.ready, alone) if first else None
        return Speeds(models, opening, start, alone * rates.after)

    def drawn(self) -> Speeds:
        """Return what the maps took, for the next run."""
        times = self._map_times
        if not times or not self._of.pictures:
            return Speeds()
        each = statistics.median(times[1:]) / self._dots if len(times) > 1 else None
        return Speeds(map=each, first_map=times[0])

    def left(self, now: float) -> float | None:
        """Seconds until the answer stands, or while maps are drawn until all are; None: too little
        is known, before it is known how many pictures there are.
        """
        if self._of.maps:
            return self._maps_left(now)
        return self._from(now) if self._tells() or self.guesses else None

    def least(self, now: float) -> float | None:
        """Seconds of that which come after the steps under way, however long these take."""
        if self._of.maps:
            each, rest = self._each_map(), self._of.maps[-1][2] - self._of.maps[-1][1] - 1
            return None if each is None else each * max(rest, 0)
        return self._from(now, ends=True) if self._tells() or self.guesses else None

    @property
    def guesses(self) -> bool:
        """Whether what is left is foretold from sizes and numbers alone: nothing was timed yet."""
        return not self._of.maps and self._of.pictures > 0 and not self._tells()

    def longer(self) -> tuple[str, str]:
        """Say of which model the step under way, or the one that was over last, takes furthest
        beyond what was thought: (name, "network" or "scores"); ("", "") where none does.
        """
        rates, found = self._of.rates, [(LONGER, "", "")]
        for name, model in self._of.models.items():
            if model.looks and model.thought:
                found.append((rates.each(model) / model.thought, name, "network"))
        over = [(m.over, name, m) for name, m in self._of.models.items() if m.over is not None]
        if over:
            _, name, last = max(over, key=lambda one: one[0])
            if last.foreseen:
                found.append((rates.scored(last) / last.foreseen, name, "scores"))
        return max(found)[1:]

    def _tells(self) -> bool:
        """Whether enough is known for a word."""
        models = self._of.models.values()
        waiting = [m for m in models if not m.out and not m.reused]
        scored = any(m.over is not None for m in waiting)
        looked = sum(m.looked for m in models)
        known = all(m.known.look is not None or m.over is not None for m in waiting)
        return scored or looked >= ENOUGH or (known and (self._of.pictures > 0 or not waiting))

    def _from(self, now: float, *, ends: bool = False) -> float:
        """Play the rest of the run through on a computer that goes as it does now."""
        tempo = self._of.tempo
        return tempo.slower * self._until_answer(tempo.steady(now), ends=ends)

    def _until_answer(self, now: float, *, ends: bool = False) -> float:
        """Play the rest of the run through; `ends`: as if the steps under way ended now."""
        if self._of.sizes:
            return self._race_left(now, ends=ends)
        rates, steps, scoring = self._of.rates, [], []
        for model in rates.in_order:
            if model.scoring is not None:
                left = _late(rates.scores(model), now - model.scoring)
                scoring.append(0.0 if ends else left)
                continue
            look = 0.0 if ends and model.looks else self._look(model, now, self._of.pictures)
            steps.append(Step(look, rates.scores(model), waits=not model.reused))
        return played(
            steps,
            Stage(
                abreast=self._of.abreast,
                scorers=self._of.scorers,
                slower=self._of.slower,
                opening=0.0 if ends else self._opening_left(now),
                scoring=tuple(scoring),
            ),
        )

    def _look(self, model: Heard, now: float, upto: int) -> float:
        """Seconds from now, or from its turn on, until a model has seen so many pictures and can be
        scored.
        """
        if model.reused:
            return 0.0
        rates = self._of.rates
        rest = rates.each(model) * max(0, upto - model.seen) + rates.after
        if model.last is None or model.began is None:
            return rates.ready(model) + rest
        if model.seen >= upto and model.ready is not None:
            return max(0.0, rates.after - (now - model.last[0]))
        if model.ready is None:
            return _late(rates.ready(model), now - model.began) + rest
        if model.resumed is not None:
            return _late(rates.again, now - model.resumed) + rest
        if model.seen in self._of.sizes:  # of an earlier stage
            return rates.again + rest
        return max(0.0, rest - (now - model.last[0]))

    def _opening_left(self, now: float) -> float:
        known, told = self._of.known.opening or OPENING, self._of.opening
        if not told:
            before = any(m.began is not None for m in self._of.models.values())
            return 0.0 if before else known * self._of.pictures
        if len(told) < 2:
            return max(0.0, known * told[0][2] - (now - told[0][0]))
        (start, before, _), (last, done, total) = told
        each = (last - start) / max(1, done - before)
        return max(0.0, each * (total - done) - (now - last))

    def _race_left(self, now: float, *, ends: bool) -> float:
        """Play the stages of a race through, in which as many models go on as it may put pictures
        through, and the scores of who stays.
        """
        of, rates = self._of, self._of.rates
        alive = [m for m in of.models.values() if not m.out]
        costly = sorted((m for m in alive if not m.reused), key=lambda m: m.began or 0.0)
        looks = [rates.each(m) for m in costly]  # the likeliest first, half of which is believed
        used = sum(m.seen for m in of.models.values() if not m.reused)
        allowed = budget(sum(not m.reused for m in of.models.values()), of.pictures)
        going, seconds = len(costly), 0.0
        for number in range(of.stage, len(of.sizes)):
            size = of.sizes[number]
            if number == of.stage:
                used += sum(max(0, size - m.seen) for m in costly)
                steps = self._this_stage(costly, size, now, ends=ends)
            else:
                before = of.sizes[number - 1]
                going = going_on(going, used, (before, size, of.pictures), allowed)
                used += going * (size - before)
                each = (_mean(looks) + _mean(looks[:going])) / 2 * (size - before)
                compared = _mean([rates.compared(m, size) for m in costly])
                steps = [Step(rates.again + each + rates.after, compared)] * going
            if size == of.pictures:  # who is left is scored after it
                steps = [Step(step.network, 0.0) for step in steps]
            seconds += played(steps, Stage(abreast=of.abreast, slower=of.slower))
        scores = Step(0.0, _mean([rates.scores(m) for m in alive]))
        staying = going + len(alive) - len(costly)
        at_once = min(2, of.cores) if of.pictures <= SMALL else 1  # no network runs beside
        return seconds + played([scores] * staying, Stage(scorers=at_once))

    def _this_stage(
        self, models: Collection[Heard], size: int, now: float, *, ends: bool
    ) -> list[Step]:
        """Return what is left of the stage of a race that is under way."""
        rates, steps = self._of.rates, []
        for model in sorted(models, key=lambda m: (m.seen >= size, m.resumed is None)):
            if model.seen >= size:
                continue
            at_it = model.resumed is not None or (model.seen not in (0, *self._of.sizes))
            look = 0.0 if ends and at_it else self._look(model, now, size)
            steps.append(Step(look, rates.compared(model, size)))
        return steps

    @property
    def _dots(self) -> int:
        """Pictures that are on a map."""
        return min(self._of.pictures, DOTS)

    @property
    def _map_times(self) -> list[float]:
        times = [told[0] for told in self._of.maps]
        return [b - a for a, b in pairwise(times)]

    def _each_map(self) -> float | None:
        """Seconds of a map that is not the first."""
        times, known = self._map_times, self._of.known.map
        if len(times) > 1 or known is None:
            return steady("map", times)
        return known * self._dots

    def _maps_left(self, now: float) -> float | None:
        each, (last, done, total) = self._each_map(), self._of.maps[-1]
        if each is None:
            return None
        first = max(each, self._of.known.first_map or 0.0) if not done and total else each
        rest = first + each * (total - done - 1) if done < total else 0.0
        return max(each * (total - done - 1), rest - (now - last), 0.0)


def _times(seconds: float | None, factor: float) -> float | None:
    return None if seconds is None else factor * seconds


def _late(thought: float, so_far: float) -> float:
    """Return what is left of a step that was thought to take some seconds."""
    return max(thought - so_far, LATE * so_far)


def _mean(values: list[float]) -> float:
    return statistics.fmean(values) if values else 0.0
