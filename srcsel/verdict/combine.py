"""Measures whose value depends on the other candidates: their scores once all are there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from srcsel.base.records import Failure, Reading, Score
from srcsel.measures import Measure, find


def combined(scores: Sequence[Score]) -> tuple[list[Score], list[Failure]]:
    """Give set-relative measures their values within these candidates; where there is none, a
    failure with a reason.
    """
    groups: dict[tuple[str, Reading | None], list[Score]] = {}
    for score in scores:
        if find(score.measure).combine and score.parts:
            groups.setdefault((score.measure, score.reading), []).append(score)
    combined_as: dict[int, Score | Failure] = {}
    for (name, _), group in groups.items():
        measure = find(name)
        values = measure.combine([score.parts for score in group]) if measure.combine else ()
        for score, value in zip(group, values, strict=True):
            combined_as[id(score)] = (
                replace(score, value=float(value))
                if math.isfinite(value)
                else _undefined(score, measure)
            )
    complete = [combined_as.get(id(score), score) for score in scores]
    return [s for s in complete if isinstance(s, Score)], [
        s for s in complete if isinstance(s, Failure)
    ]


def _undefined(score: Score, measure: Measure) -> Failure:
    reason = (
        f"{measure.title} compares starting models with each other, and these do not differ in it."
    )
    return Failure(score.model, score.measure, reason)
