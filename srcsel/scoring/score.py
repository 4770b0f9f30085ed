"""One model's features -> its scores: value, null, gain over chance and paired re-checks of every
measure.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base import sampling
from srcsel.base.allowed import check
from srcsel.base.errors import Cancelled, FeatureError, SrcselError
from srcsel.base.phrases import about
from srcsel.base.records import HEADLINE, Diagnosis, Failure, Reading, Score
from srcsel.base.watch import Watch
from srcsel.measures import (
    Combined,
    Measure,
    check_features,
    check_labels,
    check_rows,
    find,
    keywords_of,
    permutations,
)
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.prepare import components, directions
from srcsel.measures.kernels.sample import stratified
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.kernels.subsets import on_subsets
from srcsel.scoring.diagnosis import diagnose

KEEP = 0.8  # share of each class that a re-check keeps
FEWEST = (
    2  # pictures of a class that a re-check keeps where there are as many: fewer have no partner
)
CAP = 2000  # pictures; above, re-checks run on a stratified sample of this size
FLAT = 1e-5  # of a feature's size: what batches and threads may change by rounding in float32
SAMPLE_FEWEST = 10  # pictures of a class that such a sample keeps where there are as many
DIAGNOSIS = 2000  # pictures behind the signs that explain a disagreement
TICK = 0.5  # seconds between signs of life during a pass over all pairs
INTERVAL = (5, 95)  # percentiles of the re-checks shown as low and high


Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Everything scored for one model."""

    model: str
    scores: list[Score]  # whitened where a measure has a preparation
    literal: list[Score]  # the same measures exactly as their papers state them, reading "raw"
    failures: list[Failure]
    # None where the features could not be used, or one reading was asked for
    diagnosis: Diagnosis | None
    notes: tuple[str, ...]  # sentences: what was sampled, what could not be re-checked


@dataclass(frozen=True, eq=False)
class Plan:
    """Which pictures the re-checks keep.

    Depends on the labels and the seed alone, so all models share it.
    """

    rows: np.ndarray  # (m,) the pictures re-checked: all, or a stratified sample
    kept: np.ndarray  # (b, m) bool
    # deviations are multiplied by it: sqrt(kept / left out), 2 where 80 % are kept, and less for a
    # sample
    spread: float


def score_model(
    model: str,
    features: ArrayLike,
    labels: ArrayLike | Sequence[Any],
    *,
    measures: Sequence[str] = HEADLINE,
    temperature: float = 0.5,
    metric: Literal["cosine", "euclidean"] = "cosine",
    rechecks: int = 200,
    seed: int = 0,
    logits: ArrayLike | None = None,
    device: str = "auto",
    watch: Watch | None = None,
    reading: Reading | None = None,
) -> ModelScores:
    """Score features (n, d) with labels (n,) by every measure named; logits (n, c_source) of a
    source head, or None.

    A measure with a `preparation` is read twice: whitened with `temperature`, in 64 directions but
    at most one for every four pictures (see `kernels.prepare.directions`), and literally with its
    own default. Labels that no measure can use raise FeatureError, numbers and names that are not
    allowed InputError; features that cannot be used, and measures that fail or do not
    apply, become Failures. device: where all pairs of very many pictures are compared, "auto" a
    graphics card where there is one, "cpu" the processor. reading: None for both, with the signs
    that explain a disagreement; else the only one that is computed, without them.
    """
    check(temperature=temperature, metric=metric, seed=seed)
    watch = watch or Watch()
    y = check_labels(labels)
    chosen = [find(name) for name in measures]
    try:
        # those that read pairs take float32 as it is: of very many pictures a copy costs much
        X = check_features(features, single=all(measure.single for measure in chosen))
        asked = {name for measure in chosen for name in measure.keywords}
        head = _head(logits, len(X), asked)
    except FeatureError as error:
        return ModelScores(model, [], [], [Failure(model, "", str(error))], None, ())
    if len(X) != len(y):
        raise FeatureError(
            f"Expected one label for each row: features have {len(X)} rows, labels {len(y)}."
        )
    if _flat(X):
        X = np.broadcast_to(X[:1], X.shape)
    plan = plan_rechecks(y, rechecks, seed)
    shared = Shared(X, y)
    few = directions(len(X))
    whitened = None
    if reading != "raw":
        # by a measure, whatever whitening needs
        decomposed = any(measure.spectrum for measure in chosen)
        whitened = Shared(shared.components(few) if decomposed else components(X, few), y)
    options = {"temperature": temperature, "metric": metric, **head}
    tasks = _tasks(chosen, shared, whitened, options, plan)
    if reading == "whitened":
        tasks = [task for task in tasks if task.reading != "raw"]

    def update(done: int, words: str) -> None:
        watch.update(model, "scoring", done, len(chosen), words)

    words = "Comparing pictures with each other"
    if len(X) > sampling.ALL_UP_TO:  # it takes long, and nothing is counted meanwhile
        words += f", {about(sampling.comparing(*X.shape))} in all"
    _compare(tasks, lambda: update(0, words), device)
    _recheck_prepared(tasks)
    scores = []
    for done, measure in enumerate(chosen):
        update(done, measure.title)
        scores += [task.outcome(model) for task in tasks if task.measure is measure]
    signs = None
    if reading is None and whitened is not None:
        rows = stratified(y, DIAGNOSIS, SAMPLE_FEWEST, np.random.default_rng(seed))
        Z = whitened.prepared("whitened")[rows]
        signs = diagnose(
            model, X[rows].astype(np.float64, copy=False), Z, y[rows], temperature, metric
        )
    return ModelScores(
        model,
        [s for s in scores if isinstance(s, Score) and s.reading != "raw"],
        [s for s in scores if isinstance(s, Score) and s.reading == "raw"],
        list(dict.fromkeys(s for s in scores if isinstance(s, Failure))),
        signs,
        _notes(y, plan),
    )


def plan_rechecks(y: np.ndarray, count: int = 200, seed: int = 0) -> Plan:
    """Choose `count` stratified subsets without replacement of labels y (n,) in 0..c-1.

    Each keeps 80 % of every class, rounded, but at least two pictures where there are two; a class
    of one or two is kept whole. Above 2,000 pictures the subsets are drawn from a stratified sample
    of 2,000: its scores spread wider than those of all, by the root of how much smaller it is,
    which `spread` takes back.
    """
    rng = np.random.default_rng(seed)
    rows, whole = stratified(y, CAP, SAMPLE_FEWEST, rng), len(y)
    y = y[rows]
    kept = np.zeros((count, len(y)), dtype=bool)
    for c in np.unique(y):
        members = np.flatnonzero(y == c)
        size = min(len(members), max(FEWEST, round(KEEP * len(members))))
        order = np.argsort(rng.random((count, len(members))), axis=1)[:, :size]
        kept[np.arange(count)[:, None], members[order]] = True
    inside = int(kept[0].sum()) if count else 0
    outside = len(y) - inside
    spread = math.sqrt(inside / outside * len(y) / whole) if outside else 0.0
    return Plan(rows, kept[: count if outside else 0], spread)


@dataclass(eq=False)
class _Task:
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
        chance = measure.chance(n) if measure.chance else null
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
            gain=None if chance is None else measure.sign * (value - chance),
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            rechecks=rechecks,
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
        asked = keywords_of(hook)
        return partial(hook, **{k: v for k, v in self.keywords.items() if k in asked})

    def _given(self, function: Callable[..., Any], shared: Shared) -> Mapping[str, Any]:
        """Keywords, and what measures share where this one asks for it."""
        return (
            {**self.keywords, "shared": shared}
            if "shared" in keywords_of(function)
            else self.keywords
        )


def _tasks(
    chosen: Sequence[Measure],
    shared: Shared,
    whitened: Shared | None,
    options: Mapping[str, Any],
    plan: Plan,
) -> list[_Task]:
    """Every measure, twice where it has a preparation: whitened, and literally with its own
    temperature.
    """
    tasks = []
    for measure in chosen:
        both = "preparation" in measure.keywords
        given = {name: value for name, value in options.items() if name in measure.keywords}
        if not both:
            tasks.append(_Task(measure, None, shared, given, plan))
            continue
        if whitened is not None:
            tasks.append(
                _Task(measure, "whitened", whitened, {**given, "preparation": "whitened"}, plan)
            )
        given.pop("temperature", None)
        tasks.append(_Task(measure, "raw", shared, {**given, "preparation": "raw"}, plan))
    return tasks


def _compare(tasks: Sequence[_Task], tick: Callable[[], None], device: str) -> None:
    """Show all tasks that ask for pairs of pictures all of them, in one pass over each kind."""
    for task in tasks:
        task.attempt(task.prepare)
    asking = [(task, reader) for task in tasks for reader in task.readers if reader is not None]
    last = time.monotonic()

    def now_and_then() -> None:
        nonlocal last
        if time.monotonic() > last + TICK:
            last = time.monotonic()
            tick()

    try:
        taken = read_all([reader for _, reader in asking], now_and_then, device)
        for (task, _), seconds in zip(asking, taken, strict=True):
            task.seconds += seconds
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001  the measures that need no pairs go on
        for task, _ in asking:
            task.error = task.error or error


def _recheck_prepared(tasks: Sequence[_Task]) -> None:
    """Score each subset by all tasks that read it prepared, which is done once for all of them."""
    asking = [t for t in tasks if t.reading == "whitened" and t.measure.on_rows and not t.error]
    if not asking or not len(asking[0].plan.kept):
        return
    known, plan = asking[0].shared.take(asking[0].plan.rows), asking[0].plan
    hooks = [t.on_rows() for t in asking]

    took: list[list[float]] = [[] for _ in hooks]  # appended to by several threads

    def score(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
        values = []
        for i, hook in enumerate(hooks):
            start = time.perf_counter()
            values.append(hook(Z, y))
            took[i].append(time.perf_counter() - start)
        return np.stack(values, axis=1)  # (g, tasks)

    start = time.perf_counter()
    try:
        values = on_subsets(known, plan.kept, "whitened", score)  # (b, tasks)
    except Exception as error:  # noqa: BLE001  the other measures go on
        for task in asking:
            task.error = error
        return
    whole = time.perf_counter() - start
    shares = np.array([sum(one) for one in took])  # (tasks,)
    for i, task in enumerate(asking):
        task.prepared = values[:, i]
        task.seconds += whole * float(shares[i] / shares.sum())


def _head(logits: ArrayLike | None, n: int, asked: Collection[str]) -> dict[str, np.ndarray]:
    """Name the source head's outputs by the keywords that are asked for; all are checked."""
    if logits is None:
        return {}
    L = check_rows(logits, n, "logits", single=not {"logits", "probabilities"} & set(asked))
    head = {"logits": L}
    if "probabilities" in asked:
        from scipy.special import softmax

        head["probabilities"] = softmax(L, axis=1)
    return head


def _flat(X: np.ndarray) -> bool:
    """Whether every row of X (n, d) is the same but for the rounding of the network: whitening
    would make much of that.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    size = np.maximum(np.abs(low), np.abs(high))  # (d,)
    return bool((high - low <= FLAT * np.maximum(size, np.median(size))).all())


def _take(keywords: Mapping[str, Any], rows: np.ndarray) -> dict[str, Any]:
    """Cut the keywords down to some rows: arrays hold one row a picture."""
    return {
        name: value[rows] if isinstance(value, np.ndarray) else value
        for name, value in keywords.items()
    }


def _notes(y: np.ndarray, plan: Plan) -> tuple[str, ...]:
    """Say what a reader of the numbers must know."""
    notes = []
    alone = int((np.bincount(y) == 1).sum())
    if alone:
        notes.append(
            f"{alone} {'picture is' if alone == 1 else 'pictures are'} alone in a class: they count"
            " 0 in class separation, and neighbour agreement leaves them out as starting points."
        )
    if len(plan.rows) < len(y):
        notes.append(
            f"Scores use all {len(y):,} pictures. The re-checks ran on a stratified sample of"
            f" {len(plan.rows):,} of them; their whiskers are those of all pictures."
        )
    if len(plan.kept) == 0:
        notes.append("Nothing could be left out of any class, so there are no re-checks.")
    return tuple(notes)
