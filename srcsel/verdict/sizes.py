"""Models that read pictures at different sizes: size alone can decide, so it is pointed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from srcsel.base.phrases import listed, spoken
from srcsel.base.records import Note, Result, SourceModel, Verdict
from srcsel.models.called import called
from srcsel.verdict.expected import percent
from srcsel.verdict.readings import firsts_of_100

TRY = (
    "How much it matters here shows where one of them stands in the run at two sizes: choose that"
    " on the Models page, or write ID@PIXELS."
)


def with_sizes(verdict: Verdict, result: Result) -> Verdict:
    """Return the verdict with a note on the sizes, where they differ."""
    said = differing(result)
    return replace(verdict, notes=(*verdict.notes, Note(said))) if said else verdict


def differing(result: Result) -> str:
    """Say that the scored models read different sizes, and what size made of the same weights where
    this run measured it; "" where all read one size. Yardsticks do not count.
    """
    scored = {score.model for score in result.scores}
    models = [m for m in result.models if m.id in scored and not m.yardstick and m.input_size]
    sizes = sorted({m.input_size for m in models if m.input_size})
    if len(sizes) < 2:
        return ""
    opening = (
        f"These models read pictures at different sizes ({listed([str(s) for s in sizes])} pixels),"
        " and size alone can decide."
    )
    twins = _twins(models)
    return spoken(opening, *([_measured(result, same) for same in twins] if twins else [TRY]))


def _twins(models: Sequence[SourceModel]) -> list[list[SourceModel]]:
    """Group the models that are the same weights, the largest size first."""
    groups: dict[str, list[SourceModel]] = {}
    for model in sorted(models, key=lambda m: -(m.input_size or 0)):
        groups.setdefault(model.own_id, []).append(model)
    return [group for group in groups.values() if len(group) > 1]


def _measured(result: Result, same: Sequence[SourceModel]) -> str:
    """Say how often the same weights came first, and how often they are right, at each size."""
    firsts, right = firsts_of_100(result), {a.model: a.mean for a in result.accuracies}
    own = same[0].title.removesuffix(f" at {same[0].at} px")
    name = called(replace(same[0], id=same[0].own_id, title=own, at=None))
    at = listed([str(m.input_size) for m in same])
    found = []
    if all(m.id in firsts for m in same):
        found.append(f"came first in {listed([str(firsts[m.id]) for m in same])} of 100 re-checks")
    if all(m.id in right for m in same):
        found.append(f"are {listed([str(percent(right[m.id])) for m in same])} % right")
    if not found:
        return ""
    return f"The same weights of {name} at {at} pixels {' and '.join(found)}."
