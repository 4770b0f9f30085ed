"""What the source models cost, and the answer among those that are cheap enough.

Scores are used as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcsel.base.phrases import digits, millions
from srcsel.base.records import Diagnosis, Result
from srcsel.verdict.combine import combined
from srcsel.verdict.decide import decide
from srcsel.verdict.doubt import with_doubt
from srcsel.verdict.ranks import make_rankings
from srcsel.verdict.sizes import with_sizes
from srcsel.verdict.times import Timed, times_of

BYTES_PER_WEIGHT = 4  # float32, as the weights lie in memory
WEIGHTS = "million"
NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # limits a person may ask for, times a power of ten
SAME = 1 + 1e-9


@dataclass(frozen=True)
class Cost:
    """One way to count what a model costs; lower is better."""

    title: str  # of the axis
    unit: str
    adjective: str  # of the upper limit: "Slowest acceptable"
    means: str  # what the number is, one sentence
    of: Callable[[Result], Mapping[str, Timed]]  # model -> cost, and between what it lies

    def between(self, cost: Timed) -> str:
        """Return a cost with its unit, and between what its measurements lie if they differ."""
        said, low, high = (self.in_words(value) for value in (cost.value, cost.low, cost.high))
        return said if low == high else f"{said} (measured {low} to {high})"

    def in_words(self, value: float) -> str:
        """Return a value with its unit: "12 ms", two digits below ten; "4.65 million weights", as
        everywhere.
        """
        if self.unit == WEIGHTS:
            return f"{millions(round(1e6 * value))} weights"
        return f"{digits(value)} {self.unit}"


def _time(result: Result) -> dict[str, Timed]:
    return {
        m: Timed(*(1000 * s for s in (t.value, t.low, t.high))) for m, t in times_of(result).items()
    }


def _weights(each: float) -> Callable[[Result], dict[str, Timed]]:
    def of(result: Result) -> dict[str, Timed]:
        known = {m.id: each * m.params for m in result.models if m.params}
        return {m: Timed(cost, cost, cost) for m, cost in known.items()}

    return of


COSTS: dict[str, Cost] = {
    "time": Cost(
        "Time",
        "ms",
        "Slowest acceptable",
        "Milliseconds of the network alone for one picture, as measured on this computer: the"
        " fastest of its batches. Models of one architecture share one time.",
        _time,
    ),
    "params": Cost(
        "Weights",
        WEIGHTS,
        "Largest acceptable",
        "How many numbers the model is made of.",
        _weights(1e-6),
    ),
    "memory": Cost(
        "Memory",
        "MB",
        "Most memory acceptable",
        "The weights alone, four bytes each; what a picture needs on its way through comes on top.",
        _weights(1e-6 * BYTES_PER_WEIGHT),
    ),
}


def costs(result: Result, kind: str) -> dict[str, float]:
    """Return scored model -> cost, where it is known; yardsticks too."""
    return {model: cost.value for model, cost in spreads(result, kind).items()}


def spreads(result: Result, kind: str) -> dict[str, Timed]:
    """Return scored model -> cost and between what its measurements lie; yardsticks too."""
    scored = {score.model for score in result.scores}
    known = COSTS[kind].of(result)
    return {m.id: known[m.id] for m in result.models if m.id in scored and m.id in known}


def undecided(result: Result, kind: str, limit: float) -> list[str]:
    """Return the models whose measured cost lies on both sides of `limit`: it rules none of them
    out.
    """
    known, rivals = spreads(result, kind), contenders(result)
    return [m for m in rivals if m in known and _inside(known[m], limit)]


def _inside(cost: Timed, limit: float) -> bool:
    return cost.low <= limit * SAME and limit * SAME < cost.high


def contenders(result: Result) -> list[str]:
    """Return the scored models that a run may start from: all but yardsticks."""
    scored = {score.model for score in result.scores}
    return [m.id for m in result.models if m.id in scored and not m.yardstick]


def usual(result: Result) -> str:
    """Return the kind of cost to show first: time where it was measured, else weights."""
    timed = costs(result, "time")
    return "time" if any(model in timed for model in contenders(result)) else "params"


def limits(values: Mapping[str, float], known: Mapping[str, Timed] | None = None) -> list[float]:
    """Return limits worth asking for, rising: each leaves at least one model in and one out.

    values: model -> cost. known: between what it lies; a limit in there decides nothing.
    """
    low, high = (f(values.values(), default=0.0) for f in (min, max))
    scale = [float(f"{digit}e{power}") for power in range(-6, 10) for digit in NICE]
    kept: dict[int, float] = {}
    for limit in scale:
        if any(_inside(cost, limit) for cost in (known or {}).values()):
            continue
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
    out. Where the limit lies inside what was measured of a model, that model stays.

    Yardsticks stay, whatever they cost, and so do models that could not be scored. Ranked and
    judged by the same rule as the whole run, from the same scores and re-checks.
    """
    cheap = {model for model, cost in spreads(result, kind).items() if cost.low <= limit * SAME}
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
    answered = replace(
        result,
        models=models,
        scores=tuple(scores),
        literal=tuple(literal),
        failures=(*failures, *undefined, *too),
        rankings=make_rankings(scores, literal),
        verdict=verdict,
    )
    return replace(answered, verdict=with_sizes(verdict, answered))


def _whole(told: Diagnosis) -> bool:
    """Whether every sign is known: one that was not a number is stored as None."""
    return None not in (*vars(told.raw).values(), *vars(told.whitened).values())
