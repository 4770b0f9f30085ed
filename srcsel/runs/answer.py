"""What is known of a run so far, as a Result at any time: scores collected, ranked and judged."""

from __future__ import annotations

import contextlib
import importlib.metadata
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from srcsel.base.records import (
    HEADLINE,
    Before,
    Dataset,
    Failure,
    FeatureKey,
    Features,
    Prior,
    Race,
    Result,
    Run,
    SourceModel,
)
from srcsel.models.called import called
from srcsel.pictures import corrections
from srcsel.runs.probing import Asked, Probing
from srcsel.scoring.score import ModelScores
from srcsel.store.features import FeatureStore
from srcsel.verdict import doubt
from srcsel.verdict.combine import combined
from srcsel.verdict.decide import decide
from srcsel.verdict.expected import with_accuracy
from srcsel.verdict.ranks import make_rankings
from srcsel.verdict.sizes import with_sizes
from srcsel.verdict.times import pooled
from srcsel.verdict.wording import FAST_NUMBERS

LIBRARIES = (
    "srcsel",
    "torch",
    "torchvision",
    "timm",
    "openvino",
    "numpy",
    "pillow",
    "umap-learn",
    "scikit-learn",
)
"""Whose versions a result names."""

ONE_CHANNEL = (
    "The first layer of {} reads one channel, so it was shown these pictures in grey. Where colour"
    " tells your classes apart, it cannot see that."
)
NOTHING_YET = "No starting model has been scored yet."
NOTHING = "None of the starting models could be scored. The reasons are listed with each of them."


@dataclass(frozen=True, eq=False)
class Judged:
    """Features, their scores, and how often they are right."""

    features: Features
    scores: ModelScores
    asked: Asked


class Answer:
    """Collects what is known so far, and makes a Result of it at any time."""

    def __init__(
        self,
        run: Run,
        dataset: Dataset,
        models: Sequence[SourceModel],
        store: FeatureStore | None = None,
    ) -> None:
        """Begin with nothing scored. `store` keeps what the probe finds; None = nothing is kept."""
        self.probing = Probing(dataset, store)
        self.run, self.dataset, self.models = run, dataset, tuple(models)
        self.measures = (*HEADLINE, *(name for name in run.measures if name not in HEADLINE))
        self.scored: list[ModelScores] = []
        self.failures: list[Failure] = []
        self.speeds: dict[str, float] = {}
        self.spreads: dict[str, tuple[float, float]] = {}
        self.notes: list[str] = [*_rounded(run), *_left_out(dataset, run)]
        self.race: Race | None = None  # of a fast answer
        self.before: Before | None = None  # of corrected pictures
        self.prior: Prior | None = None  # where not tried in the order of `models`
        self._start = time.monotonic()

    def say(self, note: str) -> None:
        """Note a sentence once."""
        if note not in self.notes:
            self.notes.append(note)

    def loaded(self, key: FeatureKey) -> None:
        """Learn which weights a model really ran with: before a download that is not known."""
        self.models = tuple(
            replace(m, revision=key.revision, download_bytes=0) if m.id == key.model else m
            for m in self.models
        )

    def take(self, found: Judged) -> None:
        """Take in all that was worked out for one model."""
        of = found.features
        self.loaded(of.key)
        self.add(of.key.model, found.scores, of.seconds_per_picture, of.seconds_spread)
        self.probing.take(found.asked)
        if " grey " in of.key.preprocessing:
            self.say(ONE_CHANNEL.format(self._called(of.key.model)))

    def _called(self, model: str) -> str:
        return next((called(one) for one in self.models if one.id == model), model)

    def add(
        self,
        model: str,
        scores: ModelScores,
        seconds_per_picture: float | None = None,
        spread: tuple[float, float] | None = None,
    ) -> None:
        """Take in one model's scores; what failed is part of the answer."""
        if seconds_per_picture is not None:
            self.speeds[model] = seconds_per_picture
        if spread is not None:
            self.spreads[model] = spread
        self.scored.append(scores)
        self.failures.extend(scores.failures)
        for note in scores.notes:
            self.say(note)

    def result(self, *, complete: bool) -> Result:
        """Rank and judge what was scored so far."""
        scores, undefined = combined([score for one in self.scored for score in one.scores])
        literal, too = combined([score for one in self.scored for score in one.literal])
        diagnoses = tuple(one.diagnosis for one in self.scored if one.diagnosis is not None)
        times = pooled(self.models, self.speeds, self.spreads)
        seconds = {model: timed.value for model, timed in times.items()}
        verdict = decide(
            scores,
            self.models,
            self.dataset.counts,
            class_names=self.dataset.classes,
            literal=literal,
            diagnoses=diagnoses,
            seconds_per_picture=seconds,
        )
        if not scores:
            said = NOTHING if complete else NOTHING_YET
            verdict = replace(verdict, text=said, why=said)
        elif self.race is not None:
            verdict = doubt.with_doubt(verdict, self.race, self.models)
        result = Result(
            run=self.run,
            dataset=self.dataset,
            models=self.models,
            scores=tuple(scores),
            literal=tuple(literal),
            failures=(
                *self.failures,
                *self.probing.failures,
                *self._dropped(),
                *undefined,
                *too,
            ),
            accuracies=self.probing.accuracies(),
            strips=self.probing.strips(),
            rankings=make_rankings(scores, literal),
            verdict=verdict,
            seconds_per_picture=seconds,
            seconds_spread={model: (timed.low, timed.high) for model, timed in times.items()},
            notes=tuple(dict.fromkeys((*self._raced(), *self.notes, *self.probing.notes))),
            versions=dict(_versions()),
            seconds=time.monotonic() - self._start,
            complete=complete,
            race=self.race,
            diagnoses=diagnoses,
            before=self.before,
            prior=self.prior,
        )
        return replace(result, verdict=with_sizes(with_accuracy(result), result))

    def _dropped(self) -> list[Failure]:
        """Say of each model that left a race why it has no score on all pictures."""
        if self.race is None:
            return []
        names, n = {m.id: called(m) for m in self.models}, len(self.dataset.paths)
        return [Failure(left.model, "", doubt.reason(left, names, n)) for left in self.race.dropped]

    def _raced(self) -> list[str]:
        """Say what a race saved, once it is over."""
        over = self.race is not None and self.race.stage >= len(self.race.stages)
        return [doubt.summary(self.race)] if self.race is not None and over else []


def _rounded(run: Run) -> list[str]:
    return [] if run.precision == Run.precision else [FAST_NUMBERS.format(run.precision)]


def _left_out(dataset: Dataset, run: Run) -> list[str]:
    notes = []
    if bad := sum(u.kind == "file" for u in dataset.unreadable):
        verb = "file could not be read and is" if bad == 1 else "files could not be read and are"
        notes.append(f"{bad:,} {verb} left out.")
    return notes + corrections.notes(run.corrections)


@cache
def _versions() -> Mapping[str, str]:
    """Versions of what computed, without importing it: looked up once."""
    found = {}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
