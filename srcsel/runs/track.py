"""Where a run's networks race: its pictures in the race's order, and their features as it asks for
them.

What a network made of a stage's pictures is kept by picture, like all features: the next stage, a
stopped race and a later exact run go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from srcsel.base.errors import SrcselError
from srcsel.base.records import Dataset, Failure, Features, SourceModel
from srcsel.base.threads import SMALL
from srcsel.base.watch import Watch
from srcsel.features.engines import Engine
from srcsel.features.extract import extract, is_stored
from srcsel.runs import race_rules as rules
from srcsel.runs.answer import Answer
from srcsel.store.features import FeatureStore

SILENT = Watch()


@dataclass(eq=False)
class Track:
    """Where a run's models race: the pictures in the race's order, the answer so far, and where
    features are kept.
    """

    dataset: Dataset
    so_far: Answer
    store: FeatureStore
    watch: Watch
    save: Callable[[], None]  # stores the answer so far
    whole: Dataset | None = None  # as in `extract`
    engine: Engine | None = None  # as in `extract`
    order: np.ndarray = field(init=False)  # (n,)
    turned: Dataset = field(init=False)  # the same pictures in the race's order

    def __post_init__(self) -> None:
        """Put the pictures in order."""
        d = self.dataset
        self.order = rules.order(d.labels, self.so_far.run.seed)
        name = sha256(d.digest.encode() + self.order.astype("<i8").tobytes()).hexdigest()[:32]
        self.turned = d.take(self.order, name)

    def features(
        self,
        dataset: Dataset,
        models: Sequence[SourceModel],
        watch: Watch,
        until: int | None = None,
    ) -> Iterator[Features | Failure]:
        """Yield features as this run asks for them."""
        run = self.so_far.run
        return extract(
            dataset,
            models,
            store=self.store,
            device=run.device,
            precision=run.precision,
            watch=watch,
            say=self.so_far.say,
            whole=self.whole if dataset is self.dataset else None,
            until=until,
            engine=self.engine,
        )

    def stored(self, models: Sequence[SourceModel]) -> list[SourceModel]:
        """Return the models whose whole features are there, so that no network has to run."""
        places = [self.dataset] if self.whole is None else [self.dataset, self.whole]
        return [m for m in models if any(self._has(place, m) for place in places)]

    def in_full(self, models: Sequence[SourceModel]) -> Iterator[Features | Failure]:
        """Yield the features of all pictures, stored ones first.

        The other networks see the pictures in the race's order, so that some of each class come
        soon.
        """
        stored = self.stored(models)
        for outcome in self.features(self.dataset, stored, self.watch):
            # the scores of few pictures are there as soon as a glimpse of them
            if isinstance(outcome, Features) and len(self.order) > SMALL:
                self.watch.made(outcome.key.model, *self._in_order(outcome.values))
            yield outcome
        others = [m for m in models if m not in stored]
        for outcome in self.features(self.turned, others, self.watch, until=len(self.order)):
            if isinstance(outcome, Failure):
                yield outcome
            else:
                self.so_far.loaded(outcome.key)
                yield from self.features(self.dataset, self._of(outcome.key.model), SILENT)

    def _in_order(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return features (n, d) as networks make them: row numbers of `turned`, and their rows."""
        return np.arange(len(self.order)), values[self.order]

    def _of(self, model: str) -> list[SourceModel]:
        """Return a model as it is known by now: with the weights it ran with."""
        return [m for m in self.so_far.models if m.id == model]

    def finish(self, models: Sequence[SourceModel], watch: Watch) -> Iterator[Features | Failure]:
        """Put the rest of the pictures through these models."""
        for outcome in self.features(self.dataset, models, watch):
            if isinstance(outcome, Features):
                self.so_far.loaded(outcome.key)
            yield outcome

    def _has(self, dataset: Dataset, model: SourceModel) -> bool:
        try:
            return is_stored(dataset, model, self.so_far.run.precision, self.store)
        except SrcselError:  # a model that cannot be prepared: extracting it says why
            return False
