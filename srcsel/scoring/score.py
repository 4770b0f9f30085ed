"""One model's features -> its scores: value, null, gain over chance and paired re-checks of every
measure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base import sampling
from srcsel.base.allowed import check
from srcsel.base.errors import FeatureError
from srcsel.base.phrases import about
from srcsel.base.records import HEADLINE, Diagnosis, Failure, Reading, Score
from srcsel.base.watch import Watch
from srcsel.measures import check_features, check_labels, check_rows, find
from srcsel.measures.kernels.prepare import components, directions
from srcsel.measures.kernels.sample import stratified
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.diagnosis import diagnose
from srcsel.scoring.plan import SAMPLE_FEWEST, Plan, plan_rechecks
from srcsel.scoring.task import tasks_of
from srcsel.scoring.together import compare, recheck_prepared

FLAT = 1e-5  # of a feature's size: what batches and threads may change by rounding in float32
DIAGNOSIS = 2000  # pictures behind the signs that explain a disagreement


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
    tasks = tasks_of(chosen, shared, whitened, options, plan)
    if reading == "whitened":
        tasks = [task for task in tasks if task.reading != "raw"]

    def update(done: int, words: str) -> None:
        watch.update(model, "scoring", done, len(chosen), words)

    words = "Comparing pictures with each other"
    if len(X) > sampling.ALL_UP_TO:  # it takes long, and nothing is counted meanwhile
        words += f", {about(sampling.comparing(*X.shape))} in all"
    compare(tasks, lambda: update(0, words), device)
    recheck_prepared(tasks)
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
