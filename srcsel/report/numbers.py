"""Every number of a run as rows: one for each model, measure and reading, and one for each that did
not work.
"""

from __future__ import annotations

from srcsel.base import spreadsheet
from srcsel.base.phrases import plain
from srcsel.base.records import Failure, Reading, Result, Score, SourceModel
from srcsel.report.shared import without_paths
from srcsel.verdict.readings import chance_of, firsts_of_100, gain_of, model_order, title_of
from srcsel.verdict.times import seconds_of
from srcsel.verdict.wording import READINGS


def number_rows(result: Result) -> list[dict[str, object]]:
    """Rows in the order of the bars, the same keys in all; None where something is not known."""
    models = {m.id: m for m in result.models}
    rows = [
        _score_row(models[s.model], s, result)
        for s in (*result.scores, *result.literal)
        if s.model in models
    ]
    rows += [_failure_row(models[f.model], f, result) for f in result.failures if f.model in models]
    order = {m: i for i, m in enumerate(model_order(result))}
    return sorted(rows, key=lambda row: order.get(str(row["Id"]), len(order)))


def to_csv(result: Result) -> str:
    """Write the rows as CSV with a head line, names in the place of paths; "" where nothing was
    scored and nothing failed.
    """
    rows = without_paths(number_rows(result), result)
    return spreadsheet.to_csv(list(rows[0]), [list(row.values()) for row in rows]) if rows else ""


def _score_row(model: SourceModel, score: Score, result: Result) -> dict[str, object]:
    return (
        _about(model, score.measure, score.reading)
        | {
            "Value": score.value,
            "Chance": chance_of(score),
            "Gain over chance": gain_of(score),
            "Low (90 %)": score.low,
            "High (90 %)": score.high,
            "Null (labels shuffled)": score.null,
            "Why not": "",
        }
        | _of_model(model, result)
    )


def _failure_row(model: SourceModel, failure: Failure, result: Result) -> dict[str, object]:
    return (
        _about(model, failure.measure, None)
        | {
            "Value": None,
            "Chance": None,
            "Gain over chance": None,
            "Low (90 %)": None,
            "High (90 %)": None,
            "Null (labels shuffled)": None,
            "Why not": plain(failure.reason),
        }
        | _of_model(model, result)
    )


def _about(model: SourceModel, measure: str, reading: Reading | None) -> dict[str, object]:
    return {
        "Starting model": plain(model.title),
        "Id": model.id,
        "Measure": title_of(measure) if measure else "all",
        "Reading": READINGS[reading] if reading else "",
    }


def _of_model(model: SourceModel, result: Result) -> dict[str, object]:
    right = next((a for a in result.accuracies if a.model == model.id), None)
    return {
        "First in (of 100 re-checks)": firsts_of_100(result).get(model.id),
        "Right (0 to 1)": right and right.mean,
        "Right, low (90 %)": right and right.low,
        "Right, high (90 %)": right and right.high,
        "Weights": model.params,
        "GMACs": model.gmacs,
        "Feature width": model.dim,
        "Seconds a picture": seconds_of(result).get(model.id),
        "Licence": plain(model.license) or "unknown",
    }
