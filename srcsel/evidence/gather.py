"""Evidence for a run: every measure scored, accuracy measured model by model, then who foretold
it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from srcsel.base.allowed import check_fields
from srcsel.base.asked import RUN, checked
from srcsel.base.errors import Cancelled, InputError, StoreError, UnknownNameError
from srcsel.base.paths import named, typed
from srcsel.base.records import (
    GIVEN,
    RECIPE,
    UNFINISHED,
    Dataset,
    Evidence,
    Failure,
    Outcome,
    Protocol,
    Result,
)
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import PartState, Watch
from srcsel.evidence import agreement
from srcsel.evidence.finetune import finetune
from srcsel.evidence.sentence import notes, sentence
from srcsel.evidence.splits import split
from srcsel.features.recover import features_of
from srcsel.pictures.copies import copy_groups
from srcsel.pictures.dataset import pictures_of
from srcsel.runs.run import Measures, add_measures, answer, measure_names, new_run
from srcsel.scoring.probe import fold_of, probe
from srcsel.scoring.reached import accuracies, close_to_best, reached_by
from srcsel.store.cache import tidied
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.runs import RunStore, is_new_id
from srcsel.verdict.measured import NO_PICTURES

FILES = (".npz", ".npy", ".pt", ".pth", ".safetensors")  # of features, as `srcsel score` reads them
NOT_STORED = (
    "There is no stored run {}: it was deleted, or lies in another work folder (SRCSEL_HOME), or it"
    " was made from features alone, which are not stored. Rank the folder of its pictures."
)
QUICK = Protocol("probe")
TRAINED = Protocol("finetune")


def gather(
    run_id: str,
    protocol: Protocol = QUICK,
    *,
    measures: Measures = "all",
    models: Sequence[str] = (),
    settings: Settings | None = None,
    watch: Watch | None = None,
) -> Evidence:
    """Measure what the models of a finished run really reach on its pictures, and compare every
    predictor with it.

    models: ids of those to measure; none = all of the run. Those measured the same way before stay
    in the evidence.

    The run is scored by `measures` first, and saved so. The evidence is saved beside the run after
    every model, with `complete` False until the last. What was measured before is not measured
    again. Raises UnknownNameError for a run that is not there, InputError where its pictures have
    changed or cannot be split, Cancelled (finished trainings and the checkpoint of the one under
    way are kept), StoreError.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    check_fields(protocol)
    runs, store = open_runs(settings), open_features(settings)
    result = runs.load(run_id)
    if not result.complete:
        raise InputError(
            "This run is not finished, so there is nothing to compare yet. Let it finish, then try"
            " again."
        )
    if set(measure_names(measures)) - set(result.run.measures):  # what the run was not asked for
        all_of_it = _AsOne(watch, len(result.models))
        result = add_measures(run_id, measures, asked=False, settings=settings, watch=all_of_it)
    watch.update("measures", "done")
    work = _Work(result, protocol, models, settings, runs, store, watch)
    for outcome in work.measured():
        work.take_in(outcome)
    evidence = work.evidence(complete=True)
    runs.save_evidence(evidence)
    return evidence


@checked(folder=RUN)
@tidied
def gather_evidence(
    folder: str | Path | Result,
    models: str | Sequence[str] = "demo",
    *,
    protocol: Protocol = QUICK,
    measures: Measures = "all",
    device: str | None = None,
    watch: Watch | None = None,
) -> Evidence:
    """Rank source models for the pictures in `folder`, then measure what they really reach; see
    `gather`.

    folder: as for `rank`, or a stored run (its id or its Result), whose own models are then used.
    """
    run_id = ranked(folder, models, measures, device=device, watch=watch)
    return gather(run_id, protocol, measures=measures, watch=watch)


def ranked(
    folder: str | Path | Result,
    models: str | Sequence[str],
    measures: Measures,
    *,
    device: str | None = None,
    watch: Watch | None = None,
) -> str:
    """Return the id of a finished run: the stored one that `folder` names or is the Result of, or
    a new one for that folder.

    Raises InputError for features, which have no pictures to go on with.
    """
    if isinstance(folder, Result):
        given, folder = folder.run.ref == GIVEN, folder.run.id
    else:
        given = Path(folder).suffix in FILES
    if given:
        raise InputError(NO_PICTURES)
    name = str(folder)
    if named(name) is None and not typed(name).exists():
        try:
            return open_runs(load_settings()).load(name).run.id
        except UnknownNameError as error:
            if is_new_id(name):
                raise InputError(NOT_STORED.format(name)) from error
            # else it was meant as a folder, and its own error says what is wrong
    result = answer(new_run(folder, models, measures, device=device), watch=watch)
    if not result.scores:
        raise InputError(
            "No starting model could be scored, so nothing can be compared."
            f" {result.failures[0].reason}"
        )
    return result.run.id


class _AsOne(Watch):
    """Tells of scoring as one part, "measures": a model's own part is what measuring its accuracy
    takes.
    """

    def __init__(self, watch: Watch, models: int) -> None:
        self._watch, self._models = watch, models
        self._done: set[str] = set()

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Pass on pictures as they are, and models as a count."""
        if part == "pictures":
            self._watch.update(part, state, done, total, note)
            return
        if state in ("done", "stored", "failed"):
            self._done.add(part)
        told = f"Scoring by all measures, {len(self._done)} of {self._models} models"
        self._watch.update("measures", "running", len(self._done), self._models, told)


class _Work:
    """What is known of the accuracies so far, and Evidence of it at any time."""

    def __init__(
        self,
        result: Result,
        protocol: Protocol,
        models: Sequence[str],
        settings: Settings,
        runs: RunStore,
        store: FeatureStore,
        watch: Watch,
    ) -> None:
        self.result, self.protocol, self.settings = result, protocol, settings
        self.runs, self.store, self.watch = runs, store, watch
        self.dataset = same_pictures(result, watch)
        self.groups = copy_groups(self.dataset, store, watch)
        self.outcomes: list[Outcome] = []
        self.failures: list[Failure] = []
        self._start = time.monotonic()
        failed = {f.model for f in result.failures if not f.measure}
        wanted = {*models, *self._before(protocol)} if models else {m.id for m in result.models}
        self.models = [m for m in result.models if m.id in wanted - failed]
        labels = self.dataset.labels
        if protocol.kind == "probe":
            self.fold = fold_of(labels, self.groups, protocol.folds)
            self.splits = tuple(range(int(self.fold.max()) + 1))
            self._test = [np.flatnonzero(self.fold == s) for s in self.splits]
            self._train = [np.flatnonzero(self.fold != s) for s in self.splits]
        else:
            self.splits = protocol.seeds
            parts = [split(labels, self.groups, protocol, seed) for seed in protocol.seeds]
            self._test = [p.test for p in parts]
            self._train = [np.concatenate([p.train, p.validation]) for p in parts]

    def _before(self, protocol: Protocol) -> set[str]:
        """Name the models whose accuracies stored evidence of the same protocol holds: they cost
        nothing again.
        """
        stored = (e for e in self.runs.evidences(self.result.run.id) if e.protocol == protocol)
        return {a.model for e in stored if not e.is_former for a in e.accuracies}

    def measured(self) -> Iterator[Outcome | Failure]:
        """Measure by the protocol, model by model."""
        if self.protocol.kind == "finetune":
            return finetune(
                self.dataset,
                self.models,
                self.protocol,
                groups=self.groups,
                folder=self.settings.evidence,
                device=self.result.run.device,
                watch=self.watch,
            )
        return self._probed()

    def take_in(self, outcome: Outcome | Failure) -> None:
        """Note an outcome; save what is known where it completes a model."""
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
            return
        self.outcomes.append(outcome)
        if sum(o.model == outcome.model for o in self.outcomes) == len(self.splits):
            self.runs.save_evidence(self.evidence(complete=False))

    def evidence(self, *, complete: bool) -> Evidence:
        """Compare what was measured so far with every predictor; without intervals while more is to
        come.
        """
        reached = reached_by(self.outcomes, self.dataset.labels, self.groups, self.splits)
        found = accuracies(reached, self.outcomes, self.dataset.labels)
        close = close_to_best(reached, [m.id for m in self.result.models if not m.yardstick])
        rows = agreement.agreements(self.result, reached, draws=agreement.DRAWS if complete else 0)
        said = sentence(
            found, rows, close, self.result.models, tie=self.result.verdict.kind == "tie"
        )
        yardsticks = any(m.yardstick for m in self.result.models if m.id in reached.models)
        return Evidence(
            run=self.result.run.id,
            protocol=self.protocol,
            accuracies=found,
            agreements=rows,
            sentence=said if complete else UNFINISHED,
            close=close,
            failures=tuple(self.failures),
            notes=notes(self.protocol, self._test, self._train, self.groups, yardsticks),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=time.monotonic() - self._start,
            complete=complete,
            recipe=RECIPE,
        )

    def _probed(self) -> Iterator[Outcome | Failure]:
        def tell(model: str, done: int, total: int) -> None:
            self.watch.update(
                model, "running", done, total, note=f"Quick check, fold {done} of {total}"
            )

        for model in self.models:
            try:
                of_model = features_of(self.result, [model], self.store, self.watch)
                yield from probe(
                    of_model, self.dataset.labels, self.fold, store=self.store, tell=tell
                )
            except (Cancelled, StoreError):
                raise
            except InputError as error:
                self.watch.update(model.id, "failed", note=str(error))
                yield Failure(model.id, "", str(error))
                continue
            self.watch.update(model.id, "done")


def same_pictures(result: Result, watch: Watch) -> Dataset:
    """Open the run's pictures again.

    Raises InputError where they are not the ones that were scored.
    """
    dataset = pictures_of(result.run, watch)
    if dataset.digest != result.dataset.digest:
        raise InputError(
            f"The pictures in {dataset.folder} have changed since this run. Run it again, then"
            " measure its models."
        )
    return dataset
