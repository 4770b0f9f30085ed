"""More pictures? For a stored run: the learning curves of the model to start from and of those
close to it, continued, and how many pictures would make the choice clear.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from srcsel.base.asked import RUN, checked
from srcsel.base.errors import InputError
from srcsel.base.records import Curve, Features, Outlook, Result, SourceModel
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import Watch
from srcsel.evidence.gather import ranked
from srcsel.features.recover import features_of
from srcsel.runs.probing import Probing
from srcsel.runs.settled import with_settled
from srcsel.scoring import curve, forecast
from srcsel.store.cache import tidied
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.serialize import from_plain, to_plain
from srcsel.verdict.ahead import outlook_text
from srcsel.verdict.measured import answered
from srcsel.verdict.settling import settles

MOST = 3  # models asked
VERSION = 1  # part of what an outlook is remembered by
KIND = "outlooks"


def asked(result: Result) -> list[SourceModel]:
    """Return the models asked: the verdict's, then those close to it."""
    verdict = result.verdict
    names = list(dict.fromkeys([verdict.winner, *verdict.close]))[:MOST]
    by_id = {m.id: m for m in result.models}
    return [by_id[m] for m in names if m in by_id]


def stored(result: Result, store: FeatureStore) -> Outlook | None:
    """Read what was found before for this very answer; None where nothing was. For pages."""
    return store.memory.recall(KIND, _question(result), lambda _, plain: from_plain(Outlook, plain))


def make(run_id: str, settings: Settings | None = None, watch: Watch | None = None) -> Outlook:
    """Find what more pictures would bring for a stored run, or return what is stored.

    Progress goes to each model's own part. Raises UnknownNameError for a run that is not there,
    InputError where it is not finished, has no model to start from, or its features are gone and
    the pictures have changed; StoreError; Cancelled (what was learned by then is kept).
    """
    settings, watch = settings or load_settings(), watch or Watch()
    store = open_features(settings)
    result = answered(with_settled(open_runs(settings).load(run_id), settings))
    if not result.complete or not asked(result):
        raise InputError(
            "This run has no answer yet, so nothing can be said about more pictures. Let it finish,"
            " then try again."
        )
    if (there := stored(result, store)) is not None:
        return there
    start = time.monotonic()
    probing = Probing(result.dataset, store)
    curves = []
    for model in asked(result):
        for features in features_of(result, [model], store, watch):
            curves.append(_curve(features, probing, store, watch))
    open_ = settles(result)
    found = Outlook(
        run=run_id,
        curves=tuple(curves),
        settles=open_,
        text=outlook_text(result, curves, open_),
        seconds=time.monotonic() - start,
    )
    store.memory.remember(KIND, _question(result), {}, to_plain(found))
    return found


@checked(folder=RUN)
@tidied
def more_pictures(
    folder: str | Path | Result,
    models: str | Sequence[str] = "demo",
    *,
    watch: Watch | None = None,
) -> Outlook:
    """Rank source models for the pictures in `folder`, then say what more pictures would bring.

    folder: as for `rank`, or a stored run (its id or its Result), whose own models are then used.
    What was computed before is not computed again. `Outlook.text` is the answer; `curves` hold the
    model to start from and those close to it. Raises as `rank`.
    """
    return make(ranked(folder, models, None, watch=watch), watch=watch)


def _curve(features: Features, probing: Probing, store: FeatureStore, watch: Watch) -> Curve:
    model = features.key.model

    def tell(done: int, total: int) -> None:
        watch.update(model, "running", done, total, f"Learning from more pictures, {done}/{total}")

    question, groups, fold = probing.question(features)
    learned = curve.learn(question, probing.labels, fold, store=store, tell=tell)
    found = forecast.curve(learned, probing.labels, fold, groups)
    watch.update(model, "done", len(learned.each), len(learned.each))
    return found


def _question(result: Result) -> dict[str, Any]:
    """Name whatever an outlook depends on."""
    verdict = result.verdict
    return {
        "version": [VERSION, curve.VERSION],
        "run": result.run.id,
        "dataset": result.dataset.digest,
        "models": [[m.id, m.revision] for m in asked(result)],
        "verdict": [verdict.kind, verdict.cause, list(verdict.close), dict(verdict.firsts)],
        "wider": forecast.WIDER,
    }
