"""How a Result is read: the order of models, the scores of one reading, a bar's length, a measure's
title.
"""

from __future__ import annotations

from srcsel.base.records import Ranking, Reading, Result, Score
from srcsel.measures import MEASURES


def model_order(result: Result) -> list[str]:
    """Ids of the models that have a score: the verdict's choice first, then by its mean rank, best
    first.
    """
    scored = {s.model for s in result.scores}
    used = [
        r for r in result.rankings if r.measure in ("supcon", "knn", "logme") and r.reading != "raw"
    ]
    ranks = {
        m: [dict(zip(r.models, r.ranks, strict=True)).get(m, len(scored)) for r in used]
        for m in scored
    }
    listed = [m.id for m in result.models if m.id in scored]
    return sorted(
        listed, key=lambda m: (m != result.verdict.winner, sum(ranks[m]), listed.index(m))
    )


def pick_scores(result: Result, measure: str, reading: Reading) -> dict[str, Score]:
    """Each model's score by `measure` in that reading; measures without a preparation have only
    one.
    """
    source = result.literal if reading == "raw" else result.scores
    found = {s.model: s for s in source if s.measure == measure}
    return found or {
        s.model: s for s in result.scores if s.measure == measure and s.reading is None
    }


def bar_length(score: Score) -> tuple[float, float, float]:
    """(length, low, high) of a score's bar, higher is better: the loss turns into its gain over
    chance.
    """
    low = score.value if score.low is None else score.low
    high = score.value if score.high is None else score.high
    if score.measure != "supcon" or score.gain is None:
        return score.value, low, high
    chance = score.gain + score.value
    return score.gain, chance - high, chance - low


def find_ranking(result: Result, measure: str, reading: Reading) -> Ranking | None:
    """Find the ranking of that measure and reading, or None while nothing is ranked."""
    fits = [r for r in result.rankings if r.measure == measure and r.reading in (reading, None)]
    return fits[0] if fits else None


def title_of(measure: str) -> str:
    """Return a measure's title; its name where it is not registered (a run of another version)."""
    return MEASURES[measure].title if measure in MEASURES else measure
