"""What the source models cost, and the answer among those that are cheap enough.

Scores are used as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcsel.base.records import Diagnosis, Result, SourceModel
from srcsel.verdict.combine import combined
from srcsel.verdict.decide import decide, make_rankings
from srcsel.verdict.doubt import with_doubt

BYTES_PER_WEIGHT = 4  # float32, as the weights lie in memory
NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # limits a person may ask for, times a power of ten
SAME = 1 + 1e-9


@dataclass(frozen=True)
class Cost:
    """One way to count what a model costs; lower is better."""

    title: str  # of the axis
    unit: str
    adjective: str  # of the upper limit: "Slowest acceptable"
    means: str  # what the number is, one sentence
    of: Callable[[Result, SourceModel], float | None]

    def said(self, value: float) -> str:
        """Return a value with its unit, two digits below ten: "12 ms", "0.59 million weights"."""
        return f"{value:,.0f} {self.unit}" if value >= 9.95 else f"{value:.2g} {self.unit}"


def _time(result: Result, model: SourceModel) -> float | None:
    seconds = result.seconds_per_picture.get(model.id)
    return 1000 * seconds if seconds else None


COSTS: dict[str, Cost] = {
    "time": Cost(
        "Time",
        "ms",
        "Slowest acceptable",
        "Milliseconds of the network alone for one picture, as measured on this computer.",
        _time,
    ),
    "params": Cost(
        "Parameters",
        "million weights",
        "Largest acceptable",
        "How many numbers the model is made of.",
        lambda _, model: model.params / 1e6 if model.params else None,
    ),
    "memory": Cost(
        "Memory",
        "MB",
        "Most memory acceptable",
        "The weights alone, four bytes each; what a picture needs on its way through comes on top.",
        lambda _, model: BYTES_PER_WEIGHT * model.params / 1e6 if model.params else None,
    ),
}


def costs(result: Result, kind: str) -> dict[str, float]:
    """Return scored model -> cost, where it is known; yardsticks too."""
    scored = {score.model for score in result.scores}
    found = {m.id: COSTS[kind].of(result, m) for m in result.models if m.id in scored}
    return {model: value for model, value in found.items() if value is not None}


def contenders(result: Result) -> list[str]:
    """Return the scored models that a run may start from: all but yardsticks."""
    scored = {score.model for score in result.scores}
    return [m.id for m in result.models if m.id in scored and not m.yardstick]


def usual(result: Result) -> str:
    """Return the kind of cost to show first: time where it was measured, else parameters."""
    timed = costs(result, "time")
    return "time" if any(model in timed for model in contenders(result)) else "params"


def limits(values: Mapping[str, float]) -> list[float]:
    """Return limits worth asking for, rising: each leaves at least one model in and one out."""
    low, high = (f(values.values(), default=0.0) for f in (min, max))
    scale = [float(f"{digit}e{power}") for power in range(-6, 10) for digit in NICE]
    kept: dict[int, float] = {}
    for limit in scale:
        if low <= limit * SAME and limit * SAME < high:
            kept.setdefault(sum(value <= limit * SAME for value in values.values()), limit)
    return list(kept.values())


def frontier(cost: Mapping[str, float], score: Mapping[str, float]) -> list[str]:
    """Return the models that no other beats: none is as cheap and better, nor as good and cheaper.

    Cheapest first.

    cost: lower is better; score: higher is better. Models that lack either take no part.
    """
    both = sorted((m for m in cost if m in score), key=lambda m: (cost[m], -score[m]))
    found: list[str] = []
    for model in both:
        twin = bool(found) and (cost[found[-1]], score[found[-1]]) == (cost[model], score[model])
        if not found or twin or score[model] > score[found[-1]]:
            found.append(model)
    return found


def within(result: Result, kind: str, limit: float) -> Result:
    """Answer the run again among models that cost at most `limit`; models of unknown cost are left
    out.

    Yardsticks stay, whatever they cost, and so do models that could not be scored. Ranked and
    judged by the same rule as the whole run, from the same scores and re-checks.
    """
    cheap = {model for model, cost in costs(result, kind).items() if cost <= limit * SAME}
    out = {model for model in contenders(result) if model not in cheap}
    scores, undefined = combined([s for s in result.scores if s.model not in out])
    literal, too = combined([s for s in result.literal if s.model not in out])
    models = tuple(m for m in result.models if m.id not in out)
    failures = tuple(f for f in result.failures if f.model not in out)
    verdict = decide(
        scores,
        models,
        result.dataset.counts,
        class_names=result.dataset.classes,
        literal=literal,
        diagnoses=[d for d in result.diagnoses if d.model not in out and _whole(d)],
        seconds_per_picture=result.seconds_per_picture,
    )
    if result.race is not None and scores:
        verdict = with_doubt(verdict, result.race, models)
    return replace(
        result,
        models=models,
        scores=tuple(scores),
        literal=tuple(literal),
        failures=(*failures, *undefined, *too),
        rankings=make_rankings(scores, literal),
        verdict=verdict,
    )


def _whole(told: Diagnosis) -> bool:
    """Whether every sign is known: one that was not a number is stored as None."""
    return None not in (*vars(told.raw).values(), *vars(told.whitened).values())
