"""A stored run's report: what goes in is read from the stores, and the finished file is kept beside
the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from srcsel import __version__
from srcsel.base.records import Dataset, Evidence, Outlook, Projection, Result
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import Watch
from srcsel.evidence import outlook
from srcsel.pictures import thumbs
from srcsel.pictures.dataset import load_dataset
from srcsel.report import shared
from srcsel.report.html import to_html
from srcsel.report.pictures import SIDE, drawn_rows, embed
from srcsel.runs.settled import with_settled
from srcsel.store.features import open_features, open_runs
from srcsel.store.memory import Memory
from srcsel.store.runs import RunStore
from srcsel.verdict.cost import COSTS, contenders, within
from srcsel.verdict.expected import strip_of
from srcsel.verdict.measured import answered

Question = Mapping[str, str | None]
"""run_id, and as far as chosen: model, method, reading, cost (a key of `COSTS`), limit (in its
unit).
"""
KIND = "reports"  # what they are remembered as


def stored(question: Question, result: Result, settings: Settings) -> bytes | None:
    """Return the report of `question` as UTF-8, or None where it is not made: a new measurement or
    version asks for another.
    """
    return _memory(result, settings).recall(
        KIND, _asked(question, result, settings), lambda kept, _: kept["html"].tobytes()
    )


def write(
    question: Question, settings: Settings | None = None, watch: Watch | None = None
) -> bytes:
    """Make the report, keep it and return it as UTF-8.

    Raises UnknownNameError for a run that is not there, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    runs = open_runs(settings)
    whole = with_settled(runs.load(str(question["run_id"])), settings)
    result, limit = _limited(whole, question)
    result = with_settled(result, settings) if limit else result
    projection = _map(runs, result, question)
    rows = None if projection is None else drawn_rows(result.dataset, projection)
    page = to_html(
        result,
        reading="raw" if question.get("reading") == "raw" else "whitened",
        limit=limit,
        projection=projection,
        rows=rows,
        pictures={} if rows is None else _pictures(result.dataset, rows, watch),
        evidences=_evidences(runs, whole),
        strip=_pictures(result.dataset, _strip_rows(result), watch),
        outlook=_outlook(result, settings),
    )
    html = shared.html(page, result).encode()
    array = np.frombuffer(html, np.uint8)
    _memory(whole, settings).remember(KIND, _asked(question, whole, settings), {"html": array})
    watch.update("pictures", "done")
    return html


def _memory(result: Result, settings: Settings) -> Memory:
    return Memory(settings.runs / result.run.id)


def _asked(question: Question, result: Result, settings: Settings) -> dict[str, Any]:
    """Name everything a report depends on."""
    evidences = _evidences(open_runs(settings), result)
    settled = with_settled(result, settings).settled
    return {
        "question": dict(question),
        "version": __version__,
        "complete": result.complete,
        "scores": len(result.scores),
        "evidences": [[e.created, e.complete, len(e.accuracies)] for e in evidences],
        "settled": settled and [settled.created, settled.ended],
        "outlook": _outlook(result, settings) is not None,
    }


def _pictures(dataset: Dataset, rows: np.ndarray, watch: Watch) -> dict[int, str]:
    """Read the small pictures, those that a page has shown as they are kept; what cannot be read,
    or must not be seen, has none.
    """
    if dataset.ref.startswith("demo:") and not dataset.folder.is_dir():
        load_dataset(dataset.ref)  # writes the bundled pictures out
    set_id = thumbs.register(dataset.folder, dataset.paths, dataset.ranges)

    def fetch(row: int) -> bytes | None:
        kind, body = thumbs.picture(set_id, row, SIDE) or thumbs.placeholder()
        return body if kind == "image/jpeg" else None

    def told(done: int) -> None:
        watch.update("pictures", "reading", done, len(rows))

    return embed(rows, fetch, told)


def _outlook(result: Result, settings: Settings) -> Outlook | None:
    """Return what more pictures would bring, where that was worked out."""
    whole = answered(with_settled(result, settings))
    return outlook.stored(whole, open_features(settings))


def _strip_rows(result: Result) -> np.ndarray:
    strip = strip_of(answered(result))
    shown = () if strip is None else (*strip.right, *strip.wrong)
    return np.array([one.row for one in shown], dtype=np.int64)


def _evidences(runs: RunStore, result: Result) -> list[Evidence]:
    return runs.evidences(result.run.id)


def _limited(whole: Result, question: Question) -> tuple[Result, str]:
    kind, limit = question.get("cost"), question.get("limit")
    if kind not in COSTS or not limit:
        return whole, ""
    part = within(whole, kind, float(limit))
    left, all_ = len(contenders(part)), len(contenders(whole))
    return part, f"among models up to {COSTS[kind].in_words(float(limit))} ({left} of {all_})"


def _map(runs: RunStore, result: Result, question: Question) -> Projection | None:
    """Return the map asked for, else the winner's usual one, else any that is there."""
    models = [question.get("model"), result.verdict.winner, *(m.id for m in result.models)]
    for model in (m for m in models if m):
        for method in (question.get("method") or "umap", "umap"):
            found = runs.projection(result.run.id, model, method, result.run.seed)
            if found is not None:
                return found
    return None
