"""Scores of stored features, computed once: the same question about the same features is answered
from disk.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcsel.base.errors import Cancelled
from srcsel.base.records import Failure, FeatureKey, Features, Run, Score
from srcsel.base.threads import suited_threads
from srcsel.base.watch import Watch
from srcsel.measures import MEASURES
from srcsel.scoring.score import ModelScores, score_model
from srcsel.store.features import FeatureStore
from srcsel.store.serialize import from_plain, to_plain

VERSION = 2
"""Part of what scores are remembered by; raise it with every change to what the kernels, the nulls
or the re-checks come to. A change to one measure raises that measure's own `version`.
"""


def scored(
    features: Features,
    labels: np.ndarray,
    run: Run,
    measures: Sequence[str],
    store: FeatureStore,
    watch: Watch,
    rechecks: int = 200,
) -> ModelScores:
    """Return what `score_model` gives for these features of the run's pictures, from `store` where
    it is known.

    labels (n,) are part of the features' key (its dataset digest). Scores with an unexpected
    failure are not kept.
    """
    question = asked(features.key, run, measures, rechecks)
    known = store.memory.recall("scores", question, _unpacked)
    if known is not None:
        return known
    model = features.key.model
    try:
        with suited_threads(len(labels)):
            scores = score_model(
                model,
                features.values,
                labels,
                measures=measures,
                temperature=run.temperature,
                metric=run.metric,
                rechecks=rechecks,
                seed=run.seed,
                logits=features.logits,
                device=run.device,
                watch=watch,
            )
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 (one model's scores must not stop the others; the reason is shown)
        reason = (
            f"Its features could not be scored ({type(error).__name__}: {error}). It is left out;"
            " the others go on."
        )
        return ModelScores(
            model, [], [], [Failure(model, "", reason, traceback.format_exc())], None, ()
        )
    if not any(failure.detail for failure in scores.failures):
        drawn = {_slot(kind, s): s.rechecks for kind, s in _all(scores) if s.rechecks is not None}
        store.memory.remember("scores", question, drawn, to_plain(scores))
    return scores


def asked(key: FeatureKey, run: Run, measures: Sequence[str], rechecks: int) -> dict[str, Any]:
    """Name everything the scores of features depend on."""
    return {
        "version": VERSION,
        "features": to_plain(key),
        "measures": [[name, MEASURES[name].version] for name in measures],
        "temperature": run.temperature,
        "metric": run.metric,
        "seed": run.seed,
        "rechecks": rechecks,
    }


def _unpacked(rechecks: dict[str, np.ndarray], plain: dict[str, object]) -> ModelScores:
    scores = from_plain(ModelScores, plain)
    again = {
        kind: [
            dataclasses.replace(s, rechecks=rechecks.get(_slot(kind, s)))
            for s in getattr(scores, kind)
        ]
        for kind in ("scores", "literal")
    }
    return dataclasses.replace(scores, **again)


def _all(scores: ModelScores) -> list[tuple[str, Score]]:
    return [("scores", s) for s in scores.scores] + [("literal", s) for s in scores.literal]


def _slot(kind: str, score: Score) -> str:
    return f"{kind}|{score.measure}"
