"""Features that are there already -> Result or scores: nothing is read, nothing is stored."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base import sampling
from srcsel.base.asked import checked
from srcsel.base.errors import FeatureError, InputError, NotAvailable
from srcsel.base.phrases import cut, some_of
from srcsel.base.records import (
    GIVEN,
    Dataset,
    FeatureKey,
    Features,
    Reading,
    Result,
    Run,
    Score,
    SourceModel,
)
from srcsel.base.threads import suited_threads
from srcsel.base.watch import Watch
from srcsel.measures import as_array, check_labels, plain_labels
from srcsel.measures.kernels.standardized import narrowed
from srcsel.pictures.alike import about_names
from srcsel.runs.answer import Answer
from srcsel.runs.question import Measures, Metric, measure_names
from srcsel.scoring.score import score_model
from srcsel.store.runs import RunStore

SHOWN = 5  # names of models in a sentence


@checked()
def rank_features(
    features: Mapping[str, ArrayLike],
    labels: ArrayLike,
    *,
    measures: Measures = None,
    logits: Mapping[str, ArrayLike] | None = None,
    temperature: float = 0.5,
    metric: Metric = "cosine",
    seed: int = 0,
    all_pictures: bool = False,
    watch: Watch | None = None,
) -> Result:
    """Rank models by features that are there already: the verdict `rank` gives for the same
    features.

    features: model name -> (n, d), rows in the order of `labels` (n,), any labels that sort; they
    may be mapped from files, or tensors of torch. logits: model name -> (n, c_source), for the
    measures that need a source head. all_pictures: of more than 50,000 rows all are used, and not a
    sample (`Result.notes` says so). Nothing is stored. Raises FeatureError, InputError where
    `features` is no mapping or empty, and where `logits` names none of its models.
    """
    _require_names(features, logits)
    y = check_labels(labels)
    rows = None if all_pictures else sampling.rows_of_many(y)
    dataset = _dataset_of(labels, y, rows)
    models = [
        SourceModel(name, name, "", None, None, None, _width(x), "", "unknown")
        for name, x in features.items()
    ]
    run = Run(
        id=RunStore.new_id(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        ref=GIVEN,
        models=tuple(features),
        measures=measure_names(measures),
        temperature=temperature,
        metric=metric,
        seed=seed,
        all_pictures=all_pictures,
    )
    so_far = Answer(run, dataset, models)
    for note in about_names(dataset.classes):
        so_far.say(note)
    if rows is not None:
        so_far.say(sampling.sampled(len(rows), len(y)))
    elif len(y) > sampling.ALL_UP_TO and watch is not None:
        widths = [model.dim or sampling.USUAL_WIDTH for model in models]
        watch.say(sampling.whole(len(y), sum(widths) / len(widths)))
    for name, all_values in features.items():
        values = _taken(all_values, rows, len(y))
        with suited_threads(len(dataset.labels)):
            scores = score_model(
                name,
                values,
                dataset.labels,
                measures=so_far.measures,
                temperature=temperature,
                metric=metric,
                seed=seed,
                logits=_taken((logits or {}).get(name), rows, len(y)),
                watch=watch,
            )
        so_far.add(name, scores)
        if scores.scores:  # features that none can use have no accuracy either
            key = FeatureKey("", name, "", "", "float32")
            so_far.probing.add(Features(key, narrowed(as_array(values))))
    return so_far.result(complete=True)


@checked()
def score_features(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    measures: Measures = None,
    reading: Reading = "whitened",
    logits: ArrayLike | None = None,
    temperature: float = 0.5,
    metric: Metric = "cosine",
    seed: int = 0,
    all_pictures: bool = False,
) -> list[Score]:
    """Score one model's features (n, d) for labels (n,); logits (n, c_source) where it has a source
    head.

    reading: "whitened", as the pages and the verdict use MSC and SCL, or "raw", as the papers state
    them. all_pictures: of more than 50,000 rows all are used, and not a sample; either is said in a
    warning, with how long all take, and so is what the names of classes show. A measure that does
    not apply raises NotAvailable with the reason, unless `measures` is "all", which leaves it out.
    Raises FeatureError, UnknownNameError.
    """
    y, names = check_labels(labels), measure_names(measures)
    for note in about_names(_classes(labels)):
        warnings.warn(note, stacklevel=3)
    rows = None if all_pictures else sampling.rows_of_many(y)
    if rows is None and len(y) > sampling.ALL_UP_TO:
        width = _width(features) or sampling.USUAL_WIDTH
        warnings.warn(sampling.whole(len(y), width), stacklevel=3)
    elif rows is not None:
        warnings.warn(sampling.sampled(len(rows), len(y)), stacklevel=3)
        features, logits = (_taken(values, rows, len(y)) for values in (features, logits))
        y = y[rows]
    with suited_threads(len(y)):
        scores = score_model(
            "features",
            features,
            y,
            measures=names,
            temperature=temperature,
            metric=metric,
            seed=seed,
            logits=logits,
            reading=reading,
        )
    for failure in scores.failures:
        if not failure.measure:  # the features are at fault
            raise FeatureError(failure.reason)
        if measures != "all":
            raise NotAvailable(f"{failure.measure}: {failure.reason}")
    found = {score.measure: score for score in (*scores.scores, *scores.literal)}
    return [found[name] for name in names if name in found]


def _require_names(features: Any, logits: Any) -> None:
    """Raise InputError unless models are named by texts, and every source head by one of them."""
    if not isinstance(features, Mapping) or not features:
        raise InputError(
            "No model's features were given by name. Give a mapping, such as"
            " {'resnet18': X, 'vit': Z} with X and Z of shape (n, d)."
        )
    for name in features:
        if not isinstance(name, str) or not name.strip():
            raise InputError(
                f"The names of models are texts, and {cut(repr(name))} is none. Give each a name,"
                " such as {'resnet18': X}."
            )
    if logits is None:
        return
    if not isinstance(logits, Mapping):
        raise InputError(
            "logits must be given by the name of the model, as the features are: {'resnet18': L}"
            " with L of shape (n, c)."
        )
    for name in logits:
        if name not in features:
            known = some_of([*features], SHOWN, show=lambda one: f"'{cut(one)}'")
            raise InputError(
                f"There are logits of {cut(repr(name))} and no features of it. Name both alike:"
                f" features are there of {known}."
            )


def _width(features: ArrayLike) -> int | None:
    """Return d of features (n, d); None where they are none, which their failure says."""
    try:
        shape = np.shape(features)
    except (ValueError, TypeError, RuntimeError):
        return None
    return shape[1] if len(shape) == 2 else None


def _taken(values: ArrayLike | None, rows: np.ndarray | None, n: int) -> Any:
    """Return these rows of `values`, which has n; None = as they are. Raises FeatureError."""
    if values is None or rows is None:
        return values
    array = as_array(values)
    if not array.ndim or len(array) != n:
        raise FeatureError(
            f"Expected one label for each row: an array has the shape {array.shape}, and there are"
            f" {n:,} labels."
        )
    return array[rows]


def _dataset_of(labels: ArrayLike, y: np.ndarray, rows: np.ndarray | None) -> Dataset:
    """Stand in for a picture folder where only features are known: labels (n,), as numbers y, and
    the rows that are used, None = all.
    """
    used = np.arange(len(y)) if rows is None else rows
    paths = tuple(f"row {row}" for row in used.tolist())
    about = (GIVEN, "features", Path(), paths, y[used], _classes(labels), "")
    return Dataset(*about, label_source="labels", sampled_from=0 if rows is None else len(y))


def _classes(labels: ArrayLike) -> tuple[str, ...]:
    return tuple(str(name) for name in np.unique(plain_labels(labels)))
