"""One time for each network: what models of identical architecture measured is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srcsel.base.records import Result, SourceModel

SAME_WORK = 1.01  # multiply-adds within this factor are the same network's
SAME_WEIGHTS = 1.02  # weights too: their source heads may differ


@dataclass(frozen=True)
class Timed:
    """Seconds for one picture: the least measured, and between what the measurements lie."""

    value: float
    low: float
    high: float


def pooled(
    models: Sequence[SourceModel],
    seconds: Mapping[str, float],
    spread: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Timed]:
    """Return model -> time. Models alike in architecture share one: the least that any measured,
    since a busy computer only adds to it; their spread reaches to the most.

    seconds: model -> seconds for one picture. spread: model -> (low, high) over its own batches.
    """
    own = {
        m: Timed(s, min(s, *(spread or {}).get(m, (s,))), max(s, *(spread or {}).get(m, (s,))))
        for m, s in seconds.items()
        if s
    }
    known = {m.id: m for m in models}
    groups: list[list[str]] = []
    for model in own:
        mate = next((g for g in groups if _alike(known.get(g[0]), known.get(model))), None)
        if mate is None:
            groups.append([model])
        else:
            mate.append(model)
    found = {model: _together([own[m] for m in group]) for group in groups for model in group}
    return {model: found[model] for model in own}


def times_of(result: Result) -> dict[str, Timed]:
    """Return model -> time of a run, those stored by earlier versions too."""
    return pooled(result.models, result.seconds_per_picture, result.seconds_spread)


def seconds_of(result: Result) -> dict[str, float]:
    """Return model -> seconds for one picture."""
    return {model: timed.value for model, timed in times_of(result).items()}


def _together(times: Sequence[Timed]) -> Timed:
    least = min(t.value for t in times)
    return Timed(least, min(t.low for t in times), max(t.high for t in times))


def _alike(a: SourceModel | None, b: SourceModel | None) -> bool:
    """Whether two models are one architecture, as far as their numbers tell."""
    if a is None or b is None or not (a.gmacs and b.gmacs and a.params and b.params):
        return False
    return (
        (a.input_size, a.dim) == (b.input_size, b.dim)
        and max(a.gmacs, b.gmacs) <= SAME_WORK * min(a.gmacs, b.gmacs)
        and max(a.params, b.params) <= SAME_WEIGHTS * min(a.params, b.params)
    )
