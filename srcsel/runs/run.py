"""Run -> Result, the whole way: pictures, features, scores, rankings, verdict; then maps.

answer         a stored run, for the worker and the shell
rank           the same from Python, in one call
add_measures   a finished run scored by more measures

Features that are there already go another way: `runs.given`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from srcsel.base.allowed import check_fields
from srcsel.base.asked import checked
from srcsel.base.errors import SrcselError
from srcsel.base.records import (
    Corrections,
    Failure,
    Features,
    Race,
    Result,
    Run,
    SourceModel,
)
from srcsel.base.settings import Settings, load_settings
from srcsel.base.threads import SMALL, behind, suited_threads
from srcsel.base.watch import Watch
from srcsel.explore.maps import draw_all
from srcsel.features.engines import Engine, engaged
from srcsel.features.recover import features_of
from srcsel.models import catalog
from srcsel.pictures.dataset import pictures_of, require_rankable
from srcsel.pictures.tables import read_corrections
from srcsel.runs.answer import Answer, Judged
from srcsel.runs.corrected import as_it_corrects, before_of
from srcsel.runs.glimpses import Glimpses
from srcsel.runs.prior import in_queue
from srcsel.runs.public_json import to_json
from srcsel.runs.question import Measures, Metric, measure_names, new_run
from srcsel.runs.race import race
from srcsel.runs.settled import listed_so
from srcsel.runs.telling import Telling
from srcsel.runs.track import Track
from srcsel.scoring.remembered import scored
from srcsel.store.cache import tidied
from srcsel.store.features import open_features, open_runs
from srcsel.store.runs import RunStore
from srcsel.verdict.measured import answered

__all__ = ["answer", "new_run", "rank", "to_json"]


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
    run, whole = as_it_corrects(run, watch)
    dataset = pictures_of(run, watch)
    require_rankable(dataset)
    watch.know(classes=len(dataset.classes))
    so_far = Answer(run, dataset, models, features)
    so_far.failures.extend(gone)
    so_far.before = before_of(run, runs, settings)
    before = _race_before(runs, run)
    runs.save(so_far.result(complete=False))
    track = Track(
        *(dataset, so_far, features, watch, lambda: runs.save(so_far.result(complete=False))),
        whole=whole,
        engine=engine,
    )
    models = in_queue(so_far, runs)
    told = Telling(watch, {m.id for m in track.stored(models)})
    track.watch = Glimpses(told, dataset.labels, track.order, run)
    if run.race:
        models = race(track, models, before)
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
            keys.append(found.features.key)
            so_far.take(found)
        runs.save(so_far.result(complete=False))
        if isinstance(found, Judged):  # pages that hear of it find its scores
            told.update(found.features.key.model, "done")

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
    asked: bool = True,
    settings: Settings | None = None,
    watch: Watch | None = None,
) -> Result:
    """Score a finished run by more measures, from its stored features, and save it so; the
    verdict's rule is the same.

    asked: whether the run was asked for them, so that running it again scores by them too.
    Features that are gone are made again. Raises UnknownNameError for a run or measure that is not
    there, InputError where its pictures or weights have changed meanwhile, Cancelled (the stored
    run is then as before), StoreError.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    features, runs = open_features(settings), open_runs(settings)
    before = runs.load(run_id)
    more = measure_names(measures)
    names = dict.fromkeys((*before.run.measures, *more))
    wanted = {*before.run.asked, *(more if asked else ())}
    dropped = {left.model for left in before.race.dropped} if before.race else set()
    failed = [
        failure
        for failure in before.failures
        if not failure.measure and failure.model not in dropped
    ]
    out = dropped | {failure.model for failure in failed}
    models = [model for model in before.models if model.id not in out]
    added = tuple(name for name in names if name not in wanted)
    run = replace(before.run, measures=tuple(names), added=added)
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
