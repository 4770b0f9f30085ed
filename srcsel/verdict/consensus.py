"""One order from many measures: mean rank and Borda count. Ranks are averaged, values never."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srcsel.base.records import Ranking
from srcsel.measures import MEASURES


@dataclass(frozen=True)
class Consensus:
    """What the measures say together.

    Only models that some measure ranked are in `models` and the two scales.
    """

    # by Borda count, best first; equals by mean rank, then as they were given
    models: tuple[str, ...]
    # 1 = first by every measure; lower is better; ties share their mean rank
    mean_rank: dict[str, float]
    # 0..100, share of the comparisons with another model that it won, a tie counting half
    borda: dict[str, float]
    counted: dict[str, int]  # every model -> how many measures its place rests on
    # model -> measures that count for others and have no value for it
    missing: dict[str, tuple[str, ...]]
    measures: tuple[str, ...]  # what took part, each once


def consensus(
    rankings: Iterable[Ranking], models: Sequence[str], *, biased: bool = False
) -> Consensus:
    """Combine rankings of `models`; others in the rankings are left out first, and the rest ranked
    among themselves.

    A measure read twice votes once, by its whitened reading, or by the raw one where there is no
    other. Measures that favour wide models on pure noise take no part unless `biased`: they would
    all vote for the same thing. A measure without a value for a model says nothing on it: its rank
    counts neither as last nor as middle.
    """
    votes = [_among(r, models) for r in _once(rankings, biased=biased)]
    # a single model is compared with nothing
    votes = [vote for vote in votes if len(vote.models) > 1]
    ranks: dict[str, list[float]] = {m: [] for m in models}
    won: dict[str, list[float]] = {m: [] for m in models}
    met: dict[str, int] = dict.fromkeys(models, 0)
    for vote in votes:
        size = len(vote.models)
        for model, rank in zip(vote.models, vote.ranks, strict=True):
            shared = rank + (vote.ranks.count(rank) - 1) / 2
            ranks[model].append(shared)
            won[model].append(size - shared)
            met[model] += size - 1
    mean_rank = {m: sum(r) / len(r) for m, r in ranks.items() if r}
    borda = {m: 100 * sum(w) / met[m] for m, w in won.items() if w}
    return Consensus(
        models=tuple(
            sorted(
                mean_rank,
                key=lambda m: (-round(borda[m], 9), round(mean_rank[m], 9), models.index(m)),
            )
        ),
        mean_rank=mean_rank,
        borda=borda,
        counted={m: len(r) for m, r in ranks.items()},
        missing={m: tuple(v.measure for v in votes if m not in v.models) for m in models},
        measures=tuple(v.measure for v in votes),
    )


def favors_wide(measure: str, reading: str | None) -> bool:
    """Whether that measure drifts with the feature width on pure noise.

    Whitening makes all models equally wide.
    """
    return reading != "whitened" and measure in MEASURES and bool(MEASURES[measure].wide_bias)


def _once(rankings: Iterable[Ranking], *, biased: bool) -> list[Ranking]:
    """One ranking for each measure, in the order in which the measures come."""
    found: dict[str, Ranking] = {}
    for ranking in rankings:
        if ranking.measure not in found or found[ranking.measure].reading == "raw":
            found[ranking.measure] = ranking
    return [r for r in found.values() if biased or not favors_wide(r.measure, r.reading)]


def _among(ranking: Ranking, models: Sequence[str]) -> Ranking:
    """Rank `models` among themselves: competition ranks 1, 2, 2, 4, ties kept."""
    kept = [(m, rank) for m, rank in zip(ranking.models, ranking.ranks, strict=True) if m in models]
    again = tuple(1 + sum(other < rank for _, other in kept) for _, rank in kept)
    return Ranking(ranking.measure, ranking.reading, tuple(m for m, _ in kept), again)
