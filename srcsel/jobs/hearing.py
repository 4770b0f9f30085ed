"""What a run told of its steps so far: the messages of its watch, with the times when they came.

No disk, no clock of its own.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Collection, Mapping

from srcsel.base.threads import SMALL
from srcsel.base.watch import PartState
from srcsel.jobs.costs import CLASSES, Conversion, line
from srcsel.jobs.rates import Heard, Rates
from srcsel.jobs.tempo import NOISE, Tempo
from srcsel.runs.race_rules import IN_FULL, stages_of
from srcsel.store.speeds import ModelSpeed, Speeds

UNKNOWN = 0.5  # 1e9 multiply-adds of a network that does not say, where no other does
USUAL = 512  # numbers that a model makes of a picture, where that is not known
STRETCH = 1.0
"""Seconds of looking at pictures that are held against those before."""
KNOWN = 2.0  # seconds of looking at pictures from which later ones are held against them
UNSURE = {"network": (0.35, 0.15), "scores": (0.5, 0.15)}
"""How far a step is off what was thought, as a standard deviation of the logarithm: where it was
never timed here, and where it was.
"""


class Hearing:
    """Takes in how far a run is."""

    def __init__(
        self,
        work: Mapping[str, float | None],
        widths: Mapping[str, int | None],
        known: Speeds,
        cores: int | None,
        converts: Collection[str],
        *,
        raced: bool,
    ) -> None:
        """Begin with nothing heard; the rest as `Pace` is given it."""
        self.known, self.tempo = known, Tempo()
        said = [each for each in work.values() if each]
        usual = statistics.median(said) if said else UNKNOWN
        self.models = {
            name: Heard(
                usual if each is None else each,
                widths.get(name) or USUAL,
                known.models.get(name, ModelSpeed()),
                Conversion() if name in converts else None,
            )
            for name, each in work.items()
        }
        self.cores = cores or os.cpu_count() or 1
        self.opening: list[tuple[float, int, int]] = []  # the first that was told, and the last
        self.maps: list[tuple[float, int, int]] = []  # each, as it was told: when, done, total
        self.pictures = 0
        self.classes = 0  # 0 = not told
        # times longer that a network takes while a model is scored, on a core as well
        self.shared = (self.cores + 1) / self.cores
        before = [m.known.abreast for m in self.models.values() if m.known.abreast]
        self.abreast = max(1, round(statistics.median(before))) if before else 1
        self.raced = raced  # and not over yet
        self.over = False  # a race that there was
        self.stage = 0  # of it
        self._stages = 0  # as it told, 0 = not yet
        self._at_once = 0  # models scored at the same time so far
        timed = [(m.work, m.plain or m.look) for m in known.models.values()]
        # seconds of a picture by its work, as earlier runs had it
        self._line = line([(work, t) for work, t in timed if work is not None and t], self.cores)
        self._at: Heard | None = None  # the model whose network saw pictures last
        self._now = 0.0  # when anything was heard last
        self._fine = 0.0  # when a network went on as thought last
        self._rates: Rates | None = None  # of what was heard until now

    @property
    def rates(self) -> Rates:
        """How long steps take, by what was heard until now."""
        if self._rates is None:
            self._rates = Rates(
                list(self.models.values()),
                self.known,
                self._line,
                self.pictures,
                self.classes or CLASSES,
                self.cores,
                self._now,
            )
        return self._rates

    @property
    def sizes(self) -> tuple[int, ...]:
        """Pictures of each stage of a race; () where there is none, or nothing is known of it."""
        if not self.raced or not self.pictures:
            return ()
        if self._stages:
            return tuple(self.pictures >> k for k in range(self._stages - 1, -1, -1))
        racing = sum(not m.reused for m in self.models.values()) > IN_FULL
        return stages_of(self.pictures, self.classes) if racing and self.classes else ()

    @property
    def slower(self) -> float:
        """How many times longer a network takes while a model is scored; not where several run at
        the same time, on cards or computers of their own.
        """
        return 1.0 if self.abreast > 1 else self.shared

    @property
    def scoring(self) -> int:
        """How many models are being scored."""
        return sum(m.scoring is not None and m.over is None for m in self.models.values())

    @property
    def scorers(self) -> int:
        """How many models are scored at the same time, as `runs.run` decides: two small ones where
        no network runs beside; until some were scored.
        """
        networks = not self.over and any(not m.reused and not m.out for m in self.models.values())
        if any(m.over is not None for m in self.models.values()):
            return max(1, self._at_once)
        return 1 if networks or self.pictures > SMALL else min(2, self.cores)

    def heard(self, part: str, state: PartState, done: int, total: int, now: float) -> None:
        """Take in one message at time `now` in seconds of this computer's clock."""
        self._rates = None
        if part == "maps":
            if not self.maps or self.maps[-1][1] != done:
                self.maps.append((now, done, total))
            return
        waited = part == "pictures" or state in ("waiting", "downloading")
        self._now = now = self.tempo.go_on(now, computes=not waited)
        if part == "pictures":
            self.pictures = self.pictures or total
        elif part == "opening":
            self.opening = [*self.opening[:1], (now, total if state == "done" else done, total)]
        elif part == "race":
            self.stage, self._stages = done, total
            self.over = state == "done"
            self.raced = self.raced and not self.over
        elif part in self.models:
            self._of_model(self.models[part], state, done, total, now)

    def know(self, *, pictures: int = 0, classes: int = 0, abreast: int = 0) -> None:
        """Take in what is told beside; 0 = nothing of it."""
        self._rates = None
        self.pictures = pictures or self.pictures
        self.classes = classes or self.classes
        self.abreast = abreast or self.abreast

    def _of_model(self, model: Heard, state: PartState, done: int, total: int, now: float) -> None:
        if state in ("failed", "dropped"):
            model.out, model.failed = True, state == "failed"
        elif state == "downloading":
            model.began = None  # how long that takes says nothing about this computer
        elif state == "running":
            self._looked(model, done, total, now)
        elif state == "scoring":
            if model.scoring is None:
                model.scoring, model.foreseen = now, self.rates.scores(model)
                timed = any(m.over is not None for m in self.models.values())
                model.sure = timed or model.known.scoring is not None
                self._rates = None
                self._at_once = max(self._at_once, self.scoring)
        elif state == "stored" and model.scoring is None:
            model.reused = True
        elif state in ("done", "stored") and model.over is None:
            model.over = now
            self._hold_scores(model)

    def _looked(self, model: Heard, done: int, total: int, now: float) -> None:
        """Take in how many pictures a model has seen."""
        self.pictures = total or self.pictures
        if model.began is None or model.last is None:
            model.began, model.last, self._at = now, (now, done), model
            model.thought = self.rates.each(model)
            self._rates = None
            return
        if done <= model.seen:
            if model.resumed is None and done in self.sizes and done < self.due:
                model.resumed = now  # in the next stage of a race
            return
        if model.ready is None:
            model.ready = now - model.began
        elif model.resumed is not None:
            model.again = now - model.resumed
        elif not self.opens and (self.abreast > 1 or self._at is model):
            spent = now - model.last[0]  # it neither waited for pictures nor for others
            model.looked += spent / self.slower if self.scoring else spent
            model.counted += done - model.seen
            self._hold_network(model, over=done >= self.due)
        model.last, model.resumed, self._at = (now, done), None, model

    def _hold_network(self, model: Heard, *, over: bool) -> None:
        """Hold the last stretch of a network against those before it, or where there are none
        against what was thought. over: no more of it is to come now.
        """
        before, pictures = model.held
        took, seen = model.looked - before, model.counted - pictures
        if took >= STRETCH and before >= KNOWN:
            took = self.tempo.heard(took, seen * before / pictures, NOISE / before)
        elif (took >= STRETCH or (over and took > 0)) and not before:
            unsure = UNSURE["network"][model.known.look is not None]
            if thought := self.rates.by_others(model):
                took = self.tempo.heard(took, seen * thought, unsure**2)
        elif took < STRETCH:
            return
        if not self.tempo.is_odd:
            self._fine = model.last[0] if model.last else 0.0
        model.looked = before + took
        model.held = model.looked, model.counted
        self._rates = None

    def _hold_scores(self, model: Heard) -> None:
        took = self.rates.scored(model)
        if took <= 0 or not model.foreseen or model.reused:
            return
        # a network that went on as thought meanwhile says that it was not the computer
        known = model.sure and self._fine <= (model.scoring or 0.0)
        steady = self.tempo.heard(took, model.foreseen, UNSURE["scores"][known] ** 2)
        model.strain = took / steady
        self._rates = None

    @property
    def due(self) -> int:
        """Pictures that networks are to have seen after the stage under way; without a race all."""
        sizes = self.sizes
        return sizes[min(self.stage, len(sizes) - 1)] if sizes else self.pictures

    @property
    def opens(self) -> bool:
        """Whether pictures are being opened for the networks."""
        return bool(self.opening) and self.opening[-1][1] < min(self.opening[-1][2], self.due)
