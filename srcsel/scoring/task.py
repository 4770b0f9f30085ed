"""One measure in one reading of one model's features -> its score."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from srcsel.base.errors import Cancelled, SrcselError
from srcsel.base.records import Failure, Reading, Score
from srcsel.measures import Combined, Measure, keywords_of, permutations
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.plan import Plan

INTERVAL = (5, 95)  # percentiles of the re-checks shown as low and high

Made = TypeVar("Made")


def tasks_of(
    chosen: Sequence[Measure],
    shared: Shared,
    whitened: Shared | None,
    options: Mapping[str, Any],
    plan: Plan,
) -> list[Task]:
    """Every measure, twice where it has a preparation: whitened, and literally with its own
    temperature.
    """
    tasks = []
    for measure in chosen:
        both = "preparation" in measure.keywords
        given = {name: value for name, value in options.items() if name in measure.keywords}
        if not both:
            tasks.append(Task(measure, None, shared, given, plan))
            continue
        if whitened is not None:
            tasks.append(
                Task(measure, "whitened", whitened, {**given, "preparation": "whitened"}, plan)
            )
        given.pop("temperature", None)
        tasks.append(Task(measure, "raw", shared, {**given, "preparation": "raw"}, plan))
    return tasks


@dataclass(eq=False)
class Task:
    """One measure in one reading of one model's features: what it is asked with, and what a pass
    over pairs found.
    """

    measure: Measure
    reading: Reading | None
    # the features, or for the whitened reading the principal components kept of them
    shared: Shared
    keywords: Mapping[str, Any]
    plan: Plan
    readers: tuple[Any, Any] = (None, None)  # of all pictures, of the re-checks
    prepared: np.ndarray | None = None  # (b,) scores of the subsets, where they were made together
    seconds: float = 0.0
    error: Exception | None = None

    def prepare(self) -> None:
        """Make its readers of pairs, where it has any."""
        make = self.measure.reader
        if make is None:
            return
        self.readers = make(self.shared, None, **self.keywords), None
        if len(self.plan.kept) and not self.measure.set_relative:
            self.readers = (
                self.readers[0],
                make(self.shared.take(self.plan.rows), self.plan.kept, **self.keywords),
            )

    def outcome(self, model: str) -> Score | Failure:
        """Score; whatever went wrong, now or before, becomes a Failure with a sentence."""
        made = self.attempt(lambda: self._score(model))
        if self.error is None and made is not None:
            return replace(made, seconds=self.seconds)
        reason, detail = str(self.error), ""
        if not isinstance(self.error, SrcselError):
            reason = (
                f"{self.measure.title} could not be computed: {type(self.error).__name__}: {reason}"
            )
            detail = "".join(traceback.format_exception(self.error))
        return Failure(model, self.measure.name, reason, detail)

    def attempt(self, step: Callable[[], Made]) -> Made | None:
        """Take a step and its time; after an error, which is kept, no more are taken."""
        start = time.perf_counter()
        try:
            return step() if self.error is None else None
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001  one broken measure must not stop the others
            self.error = error
            return None
        finally:
            self.seconds += time.perf_counter() - start

    def _score(self, model: str) -> Score:
        measure, n = self.measure, len(self.shared.y)
        if self.readers[0] is not None:
            value = measure.finite(self.readers[0].result())
        else:
            value = measure(
                self.shared.X, self.shared.y, **self._given(measure.function, self.shared)
            )
        # else its value moves when a candidate is added: nothing can stand beside it
        alone = not measure.set_relative
        null = self._null(value) if alone else None
        blind = measure.blind(n) if measure.blind else None
        rechecks = self._rechecks(value) if alone and len(self.plan.kept) else None
        low, high = (
            (None, None)
            if rechecks is None
            else np.percentile(rechecks, INTERVAL).clip(*measure.bounds)
        )
        return Score(
            model,
            measure.name,
            self.reading,
            float(value),
            null=null,
            gain=None if null is None else measure.sign * (value - null),
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            rechecks=rechecks,
            blind=blind,
            parts=dict(value.parts) if isinstance(value, Combined) else {},
        )

    def _null(self, value: float) -> float | None:
        """Score the same features as if labels carried no information; None where it would take too
        long. An accuracy has at least the share of the largest class.
        """
        measure, known = self.measure, self.shared
        if measure.null:
            given = self._given(measure.null, known)
            null = float(measure.null(known.X, known.y, value, **given))
        elif measure.cheap:
            again = [measure(known.X, own, **self.keywords) for own in permutations(known.y)]
            null = float(np.mean(again))
        else:
            return None
        return max(null, np.bincount(known.y).max() / len(known.y)) if measure.accuracy else null

    def _rechecks(self, value: float) -> np.ndarray | None:
        """Score every subset, (b,): the full value plus deviations as wide as fresh samples of n
        would show.
        """
        measure, rows, kept = self.measure, self.plan.rows, self.plan.kept
        if self.readers[1] is not None:
            values = self.readers[1].result()
        elif self.prepared is not None:
            values = self.prepared
        elif measure.rechecks:
            known = self.shared.take(rows)
            values = measure.rechecks(
                known.X, known.y, kept, **_take(self._given(measure.rechecks, known), rows)
            )
        elif measure.cheap:
            X, y, keywords = self.shared.X[rows], self.shared.y[rows], _take(self.keywords, rows)
            values = np.array([measure(X[k], y[k], **_take(keywords, k)) for k in kept])
        else:
            return None
        return value + self.plan.spread * (values - values.mean())

    def on_rows(self) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """Return what scores prepared rows (g, m, d) and their labels (m,), for a measure that
        can.
        """
        hook = self.measure.on_rows
        assert hook is not None
        return partial(hook, **self._asked(hook))

    def nearly(
        self, known: Shared, kept: np.ndarray
    ) -> Callable[[np.ndarray, np.ndarray, slice], np.ndarray] | None:
        """Return what does nearly the same, and is also told which of kept (b, n) they are. None
        where nothing does.
        """
        hook = self.measure.nearly
        return hook(known, kept, **self._asked(hook)) if hook else None

    def _asked(self, hook: Callable[..., Any]) -> dict[str, Any]:
        """Those keywords that a hook knows."""
        known = keywords_of(hook)
        return {name: value for name, value in self.keywords.items() if name in known}

    def _given(self, function: Callable[..., Any], shared: Shared) -> Mapping[str, Any]:
        """Keywords, and what measures share where this one asks for it."""
        return (
            {**self.keywords, "shared": shared}
            if "shared" in keywords_of(function)
            else self.keywords
        )


def _take(keywords: Mapping[str, Any], rows: np.ndarray) -> dict[str, Any]:
    """Cut the keywords down to some rows: arrays hold one row a picture."""
    return {
        name: value[rows] if isinstance(value, np.ndarray) else value
        for name, value in keywords.items()
    }
