"""A Result as the JSON other programs rely on.

Fields are added, never renamed; NaN never appears.
"""

from __future__ import annotations

from typing import Any

from srcsel.base.records import Result
from srcsel.store.serialize import to_plain


def to_json(result: Result) -> dict[str, Any]:
    """Return JSON values: dataset, scores, failures, verdict as promised, and more beside them.

    `scores` holds one entry for each model and asked measure, in the reading the verdict uses;
    `literal` has MSC and SCL exactly as the papers state them. `null`, `gain`, `low` and `high` are
    null where they do not exist. `accuracies`: how often a linear classifier on each model's features
    is right, with its 90 % interval.
    """
    dataset, run, verdict = result.dataset, result.run, result.verdict
    asked = set(run.measures)
    return {
        "dataset": {
            "root": str(dataset.folder),
            "ref": dataset.ref,
            "name": dataset.name,
            "images": len(dataset.paths),
            "classes": list(dataset.classes),
            "counts": to_plain(dataset.counts),
            "unreadable": to_plain(dataset.unreadable),
            "notes": list(dataset.notes),
            "digest": dataset.digest,
            "ranges": to_plain(dataset.ranges),
        },
        "scores": [to_plain(score) for score in result.scores if score.measure in asked],
        "literal": [to_plain(score) for score in result.literal if score.measure in asked],
        "failures": to_plain(result.failures),
        "verdict": {
            "kind": verdict.kind,
            "winner": verdict.winner,
            "text": verdict.text,
            "why": verdict.why,
            "firsts": to_plain(verdict.firsts),
            "close": list(verdict.close),
            "notes": [note.text for note in verdict.notes],
        },
        "accuracies": to_plain(result.accuracies),
        "rankings": to_plain(result.rankings),
        "models": to_plain(result.models),
        "seconds_per_picture": to_plain(result.seconds_per_picture),
        "notes": list(result.notes),
        "versions": dict(result.versions),
        "run": to_plain(run),
        "seconds": result.seconds,
        "complete": result.complete,
        "race": to_plain(result.race),
    }
