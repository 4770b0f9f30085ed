"""What one would have taken without looking, and what the pictures say instead.

Among a run's candidates: the one with the highest published accuracy on ImageNet, the largest, the
newest; each beside how often its features are right on these pictures. Only where known, never
guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from srcsel.base.asked import checked
from srcsel.base.phrases import count, listed, millions
from srcsel.base.records import Accuracy, Result, SourceModel
from srcsel.models.prior import on_imagenet
from srcsel.verdict import tried
from srcsel.verdict.expected import percent
from srcsel.verdict.readings import names_of

HEADING = "Without looking at the pictures one would have taken"
LEAST_ORDERED = 4  # models of which it is said whether ImageNet's order is that of the pictures
LEAST = 2  # models whose value is known, below which "the highest" says nothing


@dataclass(frozen=True)
class Way:
    """One way to choose a model without looking at the pictures."""

    name: str
    title: str
    noun: str  # what it goes by
    of: Callable[[SourceModel], float | None]
    in_words: Callable[[float], str]
    own_size: bool = False  # it was published for the model's own picture size


WAYS = (
    Way(
        "imagenet",
        "Most accurate on ImageNet",
        "published accuracy on ImageNet",
        on_imagenet,
        lambda value: f"{100 * value:.1f} %",
        own_size=True,
    ),
    Way(
        "params",
        "Largest",
        "number of weights",
        lambda model: model.params,
        lambda value: f"{millions(round(value))} weights",
    ),
    Way(
        "year",
        "Newest by its paper",
        "year of the paper",
        lambda model: model.year,
        lambda value: f"{value:.0f}",
    ),
)


@dataclass(frozen=True)
class Pick:
    """What one would have taken, and what it reaches on these pictures."""

    way: str  # Way.name
    title: str  # in words
    model: str | None  # None where nothing can be told, which `reason` explains
    value: float | None = None  # what it was taken for: 0..1, a number of weights, a year
    told: str = ""  # that in words
    reached: float | None = None  # accuracy of its features, 0..1
    behind: float | None = None  # points (0..100) that the verdict's model is ahead
    reason: str = ""


@checked()
def beforehand(result: Result) -> list[Pick]:
    """Return what each way of choosing without looking would have taken; none where the run has no
    accuracies or fewer than two candidates.
    """
    scored = {score.model for score in result.scores}
    rivals = [m for m in result.models if m.id in scored and not m.yardstick]
    own: dict[str, SourceModel] = {}
    for model in sorted(rivals, key=lambda m: m.at is not None):  # none twice: at its own size
        own.setdefault(model.own_id, model)
    rivals = [m for m in rivals if own[m.own_id] is m]
    reached = {a.model: a for a in result.accuracies if math.isfinite(a.mean)}
    if len(rivals) < LEAST or not reached:
        return []
    winner = reached.get(result.verdict.winner or "")
    return [_pick(way, rivals, reached, winner) for way in WAYS]


def lines(result: Result) -> list[str]:
    """Say it, one line a model: "Largest (13 million weights): X, here 74 % right, 3.1 points less
    than the verdict's"; last what cannot be told, and whether the pictures agree with ImageNet and
    with the order in which the models were tried.
    """
    by_model: dict[str, list[Pick]] = {}
    picks = beforehand(result)
    for pick in picks:
        if pick.model is not None:
            by_model.setdefault(pick.model, []).append(pick)
    said = [_line(result, model, same) for model, same in by_model.items()]
    said += [f"{p.title}: no one model ({p.reason})" for p in picks if p.model is None]
    agreed = (agreement(result), tried.agreement(result)) if picks else ()
    return [*said, *filter(None, agreed)]


def agreement(result: Result) -> str | None:
    """Say how often the pictures put two models in the order of their published accuracies.

    None for fewer than `LEAST_ORDERED` models of which both are known. Pairs of equal published
    accuracy do not count; equal ones here count as half.
    """
    here = {a.model: a.mean for a in result.accuracies if math.isfinite(a.mean)}
    published = {
        m.id: known
        for m in result.models
        if m.id in here and m.at is None and (known := on_imagenet(m)) is not None
    }
    agree = tried.concordance(published, here)
    if len(published) < LEAST_ORDERED or agree is None:
        return None
    return (
        f"Of two of these {len(published)} models the one that is more often right on ImageNet is"
        f" also more often right here in {round(100 * agree)} of 100 cases"
    )


def _line(result: Result, model: str, same: list[Pick]) -> str:
    first, *rest = (f"{pick.title} ({pick.told})" for pick in same)
    ways = listed([first, *(way[0].lower() + way[1:] for way in rest)])
    name, reached, behind = names_of(result)[model], same[0].reached, same[0].behind
    said = f"{ways}: {name}"
    if reached is None:
        return f"{said}, not measured here"
    said += f", here {percent(reached)} % right"
    if model == result.verdict.winner:
        return f"{said}, the same model"
    return said if behind is None else f"{said}, {_points(behind)}"


def _pick(
    way: Way, rivals: list[SourceModel], reached: dict[str, Accuracy], winner: Accuracy | None
) -> Pick:
    known = {m.id: value for m in rivals if (value := _finite(way.of(m))) is not None}
    if len(known) < LEAST:
        those = f"{len(known)} of {count(len(rivals), 'model')}"
        return Pick(way.name, way.title, None, reason=f"the {way.noun} is known for {those}")
    value = max(known.values())
    best = [model for model, own in known.items() if own == value]
    if len(best) > 1:
        alike = f"{len(best)} of them are equal: {way.in_words(value)}"
        return Pick(way.name, way.title, None, value, reason=alike)
    own = reached.get(best[0])
    behind = None if own is None or winner is None else 100 * (winner.mean - own.mean)
    told = way.in_words(value)
    if way.own_size and next(m for m in rivals if m.id == best[0]).at is not None:
        told += " at its own size"
    if len(known) < len(rivals):
        told += f", of the {len(known)} where that is known"
    return Pick(way.name, way.title, best[0], value, told, own and own.mean, behind)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _points(behind: float) -> str:
    """Say how far behind the verdict's model."""
    points = f"{abs(behind):.1f}"
    if points == "0.0":
        return "as often as the verdict's"
    return f"{points} points {'less' if behind > 0 else 'more'} than the verdict's"
