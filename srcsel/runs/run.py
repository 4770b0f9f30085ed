"""Run -> Result, the whole way: pictures, features, scores, rankings, verdict; then maps.

answer         a stored run, for the worker and the shell
rank           the same from Python, in one call
rank_features, score_features      from features alone: nothing is read, nothing is stored
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base import sampling
from srcsel.base.allowed import check_fields
from srcsel.base.asked import checked
from srcsel.base.errors import FeatureError, InputError, NotAvailable, SrcselError
from srcsel.base.records import (
    GIVEN,
    Corrections,
    Dataset,
    Failure,
    FeatureKey,
    Features,
    Race,
    Reading,
    Result,
    Run,
    Score,
    SourceModel,
)
from srcsel.base.settings import Settings, load_settings
from srcsel.base.threads import SMALL, behind, suited_threads
from srcsel.base.watch import Unsaid, Watch
from srcsel.explore.maps import draw_all
from srcsel.features.engines import Engine, engaged
from srcsel.features.recover import features_of
from srcsel.measures import check_labels, plain_labels
from srcsel.models import catalog
from srcsel.pictures.corrections import require_there
from srcsel.pictures.dataset import (
    list_pictures,
    pictures_of,
    require_rankable,
    uncorrected,
)
from srcsel.pictures.tables import read_corrections
from srcsel.runs import race as racing
from srcsel.runs.answer import Answer, Judged
from srcsel.runs.corrected import before_of
from srcsel.runs.glimpses import Glimpses
from srcsel.runs.prior import in_queue
from srcsel.runs.public_json import to_json
from srcsel.runs.question import Measures, Metric, measure_names, new_run
from srcsel.runs.settled import listed_so
from srcsel.runs.telling import Telling
from srcsel.scoring.remembered import scored
from srcsel.scoring.score import score_model
from srcsel.store.cache import tidied
from srcsel.store.features import open_features, open_runs
from srcsel.store.runs import RunStore
from srcsel.verdict.measured import answered

__all__ = ["answer", "new_run", "rank", "rank_features", "score_features", "to_json"]


def answer(
    run: Run,
    *,
    settings: Settings | None = None,
    watch: Watch | None = None,
    ready: Callable[[Result], object] = lambda _: None,
) -> Result:
    """Answer a run, and store the answer after each model, so that finished models show at once.

    `ready` is told the answer when it stands and is stored; the maps are drawn after that.

    Raises InputError where the pictures cannot be ranked or one that is to be left out is not among
    them, StoreError, and Cancelled (finished work is kept; answering the same run again goes on
    from there). A model that fails becomes a Failure in the result, and so does one that leaves a
    race.
    """
    check_fields(run)
    with engaged(run.engine) as engine:
        return _carried_out(run, engine, settings or load_settings(), watch or Watch(), ready)


def _carried_out(
    run: Run,
    engine: Engine,
    settings: Settings,
    watch: Watch,
    ready: Callable[[Result], object],
) -> Result:
    features, runs = open_features(settings), open_runs(settings)
    features.require()
    models, gone = models_of(run)
    for model in models:
        watch.update(model.id, "waiting")
    for failure in gone:
        watch.update(failure.model, "failed", note=failure.reason)
    # what is odd about all pictures is not said beside what is odd about those that stay
    whole = uncorrected(run, Unsaid(watch)) if run.corrections else None
    if whole is not None:
        require_there(run.corrections, list_pictures(run.ref) if whole.sampled_from else whole)
    dataset = pictures_of(run, watch)
    require_rankable(dataset)
    so_far = Answer(run, dataset, models, features)
    so_far.failures.extend(gone)
    so_far.before = before_of(run, runs, settings)
    before = _race_before(runs, run)
    runs.save(so_far.result(complete=False))
    track = racing.Track(
        *(dataset, so_far, features, watch, lambda: runs.save(so_far.result(complete=False))),
        whole=whole,
        engine=engine,
    )
    models = in_queue(so_far, runs)
    told = Telling(watch, {m.id for m in track.stored(models)})
    track.watch = Glimpses(told, dataset.labels, track.order, run)
    if run.race:
        models = racing.race(track, models, before)
    keys = []

    def judged(outcome: Features | Failure) -> Judged | Failure:
        if isinstance(outcome, Failure):
            return outcome
        told.update(outcome.key.model, "scoring")
        scores = scored(outcome, dataset.labels, run, so_far.measures, features, told)
        return Judged(outcome, scores, so_far.probing.ask(outcome))

    def take_in(found: Judged | Failure) -> None:
        if isinstance(found, Failure):
            so_far.failures.append(found)
        else:
            key = found.features.key
            keys.append(key)
            so_far.take(found)
            told.update(key.model, "done")
        runs.save(so_far.result(complete=False))

    networks = len(track.stored(models)) < len(models)
    with _scorers(len(dataset.labels), networks=networks) as scorers:
        behind(track.in_full(models), judged, take_in, scorers)
    engine.close()  # maps are drawn here
    for note in features.notes:
        so_far.say(note)
    so_far.before = so_far.before or before_of(run, runs, settings)  # it may be done by now
    result = so_far.result(complete=True)
    runs.save(result)
    known = listed_so(result, runs, settings)
    ready(known)
    draw_all(result, keys, features, runs, watch)
    return known


@checked()
@tidied
def rank(
    folder: str | Path,
    models: str | Sequence[str] = catalog.BUNDLED,
    measures: Measures = None,
    *,
    temperature: float = 0.5,
    metric: Metric = "cosine",
    device: str | None = None,
    precision: str = "float32",
    engine: str | None = None,
    seed: int = 0,
    race: bool | None = None,
    all_pictures: bool = False,
    corrections: Corrections | str | Path | None = None,
    watch: Watch | None = None,
) -> Result:
    """Rank source models for the pictures in `folder`; `Result.verdict` says where to start.

    folder: a path with one sub-folder a class (or a table of file and label), "FOLDER/*" (the
    classes are the folders below), "demo:NAME" or "public:NAME"; what may spoil the answer stands
    in `Result.dataset.notes`. models: as `catalog.find_models`. measures: names, "all", or None;
    the two bars and what the verdict leans on are computed always. race: a fast answer; models that
    the first pictures rule out are not scored on all (`Result.race` says which); None = with more
    than 20 models. all_pictures: of more than 50,000 all are used, and not a sample
    (`Result.dataset.sampled_from`). corrections: of
    the pictures, or a table of them (file, change, new_label); `before_and_after` then says what
    they changed, where the same was asked before without. The run is stored, so the pages show it
    in History. Raises as `new_run` and `answer`.
    """
    if corrections is None:
        corrections = Corrections()
    elif not isinstance(corrections, Corrections):
        corrections = read_corrections(corrections)
    question = new_run(
        folder,
        models,
        measures,
        temperature=temperature,
        metric=metric,
        device=device,
        precision=precision,
        engine=engine,
        seed=seed,
        race=race,
        all_pictures=all_pictures,
        left_out=corrections.left_out,
        relabeled=corrections.relabeled,
    )
    return answered(answer(question, watch=watch))


def add_measures(
    run_id: str,
    measures: Measures = "all",
    *,
    settings: Settings | None = None,
    watch: Watch | None = None,
) -> Result:
    """Score a finished run by more measures, from its stored features, and save it so; the
    verdict's rule is the same.

    Features that are gone are made again. Raises UnknownNameError for a run or measure that is not
    there, InputError where its pictures or weights have changed meanwhile, Cancelled (the stored
    run is then as before), StoreError.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    features, runs = open_features(settings), open_runs(settings)
    before = runs.load(run_id)
    names = dict.fromkeys((*before.run.measures, *measure_names(measures)))
    dropped = {left.model for left in before.race.dropped} if before.race else set()
    failed = [
        failure
        for failure in before.failures
        if not failure.measure and failure.model not in dropped
    ]
    out = dropped | {failure.model for failure in failed}
    models = [model for model in before.models if model.id not in out]
    run = replace(before.run, measures=tuple(names))
    so_far = Answer(run, before.dataset, before.models, features)
    so_far.failures.extend(failed)
    so_far.race, so_far.before, so_far.prior = before.race, before.before, before.prior
    for note in before.notes:
        so_far.say(note)
    so_far.speeds.update(before.seconds_per_picture)
    so_far.spreads.update(before.seconds_spread)
    for found in features_of(before, models, features, watch):
        watch.update(found.key.model, "scoring")
        so_far.add(
            found.key.model,
            scored(found, before.dataset.labels, so_far.run, so_far.measures, features, watch),
        )
        if before.accuracies:  # else its pictures may not be there to look for copies
            so_far.probing.add(found)
        watch.update(found.key.model, "stored")
    result = replace(so_far.result(complete=True), seconds=before.seconds)
    runs.save(result)
    return listed_so(result, runs, settings)


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
    may be mapped from files. logits: model name -> (n, c_source), for the measures that need a
    source head. all_pictures: of more than 50,000 rows all are used, and not a sample
    (`Result.notes` says so). Nothing is stored. Raises FeatureError, InputError where `features` is
    no mapping or empty.
    """
    if not isinstance(features, Mapping) or not features:
        raise InputError(
            "No model's features were given by name. Give a mapping, such as"
            " {'resnet18': X, 'vit': Z} with X and Z of shape (n, d)."
        )
    if logits is not None and not isinstance(logits, Mapping):
        raise InputError(
            "logits must be given by the name of the model, as the features are: {'resnet18': L}"
            " with L of shape (n, c)."
        )
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
        if not scores.failures:
            key = FeatureKey("", name, "", "", "float32")
            so_far.probing.add(Features(key, _single(values)))
    return so_far.result(complete=True)


def _single(values: ArrayLike) -> np.ndarray:
    """Return features in float32, divided by their largest where that is beyond it: probing does
    not depend on the scale.
    """
    array = np.asarray(values)
    largest = max(float(array.max(initial=0)), -float(array.min(initial=0)))
    beyond = largest > float(np.finfo(np.float32).max)
    return np.asarray(array / largest if beyond else array, dtype=np.float32)


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
    warning, with how long all take. A measure that does not apply raises NotAvailable with the
    reason, unless `measures` is "all", which leaves it out. Raises FeatureError, UnknownNameError.
    """
    y, names = check_labels(labels), measure_names(measures)
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


@contextlib.contextmanager
def _scorers(pictures: int, *, networks: bool) -> Iterator[int]:
    """Yield how many models are scored at the same time: one, while the next network runs; two
    where no network does and the scores of one model use one core.
    """
    if networks or pictures > SMALL:
        yield 1
        return
    with suited_threads(pictures):  # around both: each would give back what the other limits
        yield min(2, os.cpu_count() or 1)


def models_of(run: Run) -> tuple[list[SourceModel], list[Failure]]:
    """Look the run's models up; one that is gone or damaged meanwhile is a failure of its own."""
    models, failures = [], []
    for name in run.models:
        try:
            models.extend(catalog.find_models([name]))
        except SrcselError as error:
            failures.append(Failure(name, "", str(error)))
    return models, failures


def _race_before(runs: RunStore, run: Run) -> Race | None:
    """Return how the race of this very run went until it was stopped."""
    try:
        return runs.load(run.id).race if run.race else None
    except SrcselError:
        return None


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
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
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
    classes = tuple(str(name) for name in np.unique(plain_labels(labels)))
    used = np.arange(len(y)) if rows is None else rows
    paths = tuple(f"row {row}" for row in used.tolist())
    about = (GIVEN, "features", Path(), paths, y[used], classes, "")
    return Dataset(*about, label_source="labels", sampled_from=0 if rows is None else len(y))
