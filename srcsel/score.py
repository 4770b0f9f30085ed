"""One model's features -> its scores: value, null, gain over chance and paired re-checks of every measure."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from srcsel.errors import Cancelled, FeatureError, SrcselError
from srcsel.explain import Diagnosis, diagnose
from srcsel.measures import Measure, find
from srcsel.measures._base import Combined, check_features, check_labels, check_rows, permutations
from srcsel.measures._prepare import components, directions, prepare
from srcsel.records import HEADLINE, Failure, Reading, Score
from srcsel.watch import Watch

KEEP = 0.8  # share of each class that a re-check keeps
FEWEST = 2  # pictures of a class that a re-check keeps where there are as many: fewer have no partner
CAP = 5000  # pictures; above, re-checks run on a stratified sample of this size
SAMPLE_FEWEST = 10  # pictures of a class that such a sample keeps where there are as many
DIAGNOSIS = 2000  # pictures behind the signs that explain a disagreement
INTERVAL = (5, 95)  # percentiles of the re-checks shown as low and high


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Everything scored for one model."""

    model: str
    scores: list[Score]  # whitened where a measure has a preparation
    literal: list[Score]  # the same measures exactly as their papers state them, reading "raw"
    failures: list[Failure]
    diagnosis: Diagnosis | None  # None where the features could not be used
    notes: tuple[str, ...]  # sentences: what was sampled, what could not be re-checked


@dataclass(frozen=True, eq=False)
class Plan:
    """Which pictures the re-checks keep. Depends on the labels and the seed alone, so all models share it."""

    rows: np.ndarray  # (m,) the pictures re-checked: all, or a stratified sample
    kept: np.ndarray  # (b, m) bool
    spread: float  # by which deviations are multiplied: sqrt(kept / left out), 2 where exactly 80 % are kept


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
    watch: Watch | None = None,
) -> ModelScores:
    """Score features (n, d) with labels (n,) by every measure named; logits (n, c_source) of a source head, or None.

    A measure with a `preparation` is read twice: whitened with `temperature`, in 64 directions but at most one for
    every four pictures (see `_prepare.directions`), and literally with its own default.
    Labels that no measure can use raise FeatureError; features that cannot be used, and measures that fail or do
    not apply, become Failures.
    """
    watch = watch or Watch()
    y = check_labels(labels)
    chosen = [find(name) for name in measures]
    try:
        X = check_features(features)
        head = _head(logits, len(X))
    except FeatureError as error:
        return ModelScores(model, [], [], [Failure(model, "", str(error))], None, ())
    if len(X) != len(y):
        raise FeatureError(f"Expected one label for each row: features have {len(X)} rows, labels {len(y)}.")
    plan = plan_rechecks(y, rechecks, seed)
    work = _Work(model, X, components(X, directions(len(X))), y, plan)
    options = {"temperature": temperature, "metric": metric, "preparation": "whitened", **head}
    scores: list[Score | Failure] = []
    literal: list[Score | Failure] = []
    for done, measure in enumerate(chosen):
        watch.update(model, "scoring", done, len(chosen), measure.title)
        both = "preparation" in measure.keywords
        scores.append(work.score(measure, "whitened" if both else None, options))
        if both:
            literal.append(work.score(measure, "raw", {"metric": metric, "preparation": "raw", **head}))
    rows = _stratified(y, DIAGNOSIS, np.random.default_rng(seed))
    whitened = prepare(work.components, "whitened")
    return ModelScores(
        model,
        [s for s in scores if isinstance(s, Score)],
        [s for s in literal if isinstance(s, Score)],
        list(dict.fromkeys(s for s in scores + literal if isinstance(s, Failure))),
        diagnose(model, X[rows], whitened[rows], y[rows], temperature, metric),
        _notes(y, plan),
    )


def plan_rechecks(y: np.ndarray, count: int = 200, seed: int = 0) -> Plan:
    """Choose `count` stratified subsets without replacement of labels y (n,) in 0..c-1.

    Each keeps 80 % of every class, rounded, but at least two pictures where there are two; a class of one or two is
    kept whole. Above 5,000 pictures the subsets are drawn from a stratified sample of 5,000.
    """
    rng = np.random.default_rng(seed)
    rows = _stratified(y, CAP, rng)
    y = y[rows]
    kept = np.zeros((count, len(y)), dtype=bool)
    for c in np.unique(y):
        members = np.flatnonzero(y == c)
        size = min(len(members), max(FEWEST, round(KEEP * len(members))))
        order = np.argsort(rng.random((count, len(members))), axis=1)[:, :size]
        kept[np.arange(count)[:, None], members[order]] = True
    inside = int(kept[0].sum()) if count else 0
    outside = len(y) - inside
    return Plan(rows, kept[: count if outside else 0], math.sqrt(inside / outside) if outside else 0.0)


@dataclass(frozen=True, eq=False)
class _Work:
    """One model's features, checked, and the principal components that whitening keeps of them."""

    model: str
    X: np.ndarray  # (n, d)
    components: np.ndarray  # (n, k), found once; whitening them again keeps all k of them
    y: np.ndarray  # (n,)
    plan: Plan

    def score(self, measure: Measure, reading: Reading | None, options: Mapping[str, Any]) -> Score | Failure:
        """Score by one measure; whatever goes wrong becomes a Failure with a sentence."""
        keywords = {name: value for name, value in options.items() if name in measure.keywords}
        X = self.components if reading == "whitened" else self.X
        start = time.perf_counter()
        try:
            value = measure(X, self.y, **keywords)
            null, rechecks = None, None
            if not measure.set_relative:  # its value moves when a candidate is added, so nothing alone stands beside it
                null = _null(measure, X, self.y, value, keywords)
                rechecks = self._rechecks(measure, X, value, keywords)
            chance = measure.chance(len(self.y)) if measure.chance else null
        except Cancelled:
            raise
        except SrcselError as error:
            return Failure(self.model, measure.name, str(error))
        except Exception as error:  # noqa: BLE001  one broken measure must not stop the others
            reason = f"{measure.title} could not be computed: {type(error).__name__}: {error}"
            return Failure(self.model, measure.name, reason, traceback.format_exc())
        low, high = (None, None) if rechecks is None else np.percentile(rechecks, INTERVAL).clip(*measure.bounds)
        return Score(
            self.model,
            measure.name,
            reading,
            float(value),
            null=null,
            gain=None if chance is None else measure.sign * (value - chance),
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            rechecks=rechecks,
            seconds=time.perf_counter() - start,
            parts=dict(value.parts) if isinstance(value, Combined) else {},
        )

    def _rechecks(
        self, measure: Measure, X: np.ndarray, value: float, keywords: Mapping[str, Any]
    ) -> np.ndarray | None:
        """Score every subset, (b,): the full value plus deviations as wide as fresh samples of n would show."""
        rows, kept = self.plan.rows, self.plan.kept
        if len(kept) == 0 or not (measure.rechecks or measure.cheap):
            return None
        X, y, keywords = X[rows], self.y[rows], _take(keywords, rows)
        if measure.rechecks:
            found = measure.rechecks(X, y, kept, **keywords)
        else:
            found = np.array([measure(X[k], y[k], **_take(keywords, k)) for k in kept])
        return value + self.plan.spread * (found - found.mean())


def _null(measure: Measure, X: np.ndarray, y: np.ndarray, value: float, keywords: Mapping[str, Any]) -> float | None:
    """Score the same features as if labels carried no information; None where it would take too long."""
    if measure.null:
        return float(measure.null(X, y, value, **keywords))
    if measure.cheap:
        return float(np.mean([measure(X, own, **keywords) for own in permutations(y)]))
    return None


def _head(logits: ArrayLike | None, n: int) -> dict[str, np.ndarray]:
    """Name the source head's outputs by the keywords that measures may ask for."""
    if logits is None:
        return {}
    L = check_rows(logits, n, "logits")
    shifted = np.exp(L - L.max(axis=1, keepdims=True))
    return {"logits": L, "probabilities": shifted / shifted.sum(axis=1, keepdims=True)}


def _take(keywords: Mapping[str, Any], rows: np.ndarray) -> dict[str, Any]:
    """Cut the keywords down to some rows: arrays hold one row a picture."""
    return {name: value[rows] if isinstance(value, np.ndarray) else value for name, value in keywords.items()}


def _stratified(y: np.ndarray, cap: int, rng: np.random.Generator) -> np.ndarray:
    """Choose about `cap` pictures, sorted, the same share of each class but at least ten; all, where n <= cap."""
    if len(y) <= cap:
        return np.arange(len(y))
    share = cap / len(y)
    chosen = []
    for c in np.unique(y):
        members = np.flatnonzero(y == c)
        size = min(len(members), max(SAMPLE_FEWEST, round(share * len(members))))
        chosen.append(rng.choice(members, size, replace=False))
    return np.sort(np.concatenate(chosen))


def _notes(y: np.ndarray, plan: Plan) -> tuple[str, ...]:
    """Say what a reader of the numbers must know."""
    notes = []
    alone = int((np.bincount(y) == 1).sum())
    if alone:
        notes.append(
            f"{alone} {'picture is' if alone == 1 else 'pictures are'} alone in a class: they count 0 in class "
            "separation, and neighbour agreement leaves them out as starting points."
        )
    if len(plan.rows) < len(y):
        notes.append(
            f"Scores use all {len(y):,} pictures. The re-checks ran on a stratified sample of {len(plan.rows):,} of "
            "them, so their whiskers are a little wider than yours would be."
        )
    if len(plan.kept) == 0:
        notes.append("Nothing could be left out of any class, so there are no re-checks.")
    return tuple(notes)
