"""Scores -> the verdict: where to start, and how sure the re-checks are.

Yardsticks are ranked and shown, but the verdict chooses among the other models, ranked without
them. Where the leader does not stand clear of a yardstick by the same rule, none of the models
helps.

The verdict's rule. In every re-check each model gets its mean rank over whitened SCL, kNN-5 and
LogME. The leader has the best mean rank on all pictures. A rival is *close* where it equals or
beats the leader in more than CLOSE of the re-checks, the same pictures for both. Then, first that
applies:

cannot tell  nothing was scored; no model sees a difference; one model only; a class of fewer than
             FEWEST pictures; the leader beats chance on fewer than half of the measures; a
             yardstick is close to the leader, or ahead; or more models are close than TIE_MOST, or
             all of three or more
tie          some rival is close: the cheapest of the close models is named
clear        none is

A model beats chance by a measure where its 90 % interval lies beyond the null by more than
rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from srcsel.base.phrases import spoken
from srcsel.base.records import (
    Diagnosis,
    Note,
    Score,
    SourceModel,
    Verdict,
    VerdictCause,
    VerdictKind,
)
from srcsel.measures import find
from srcsel.models.called import called
from srcsel.verdict.explain import explain, explain_yardsticks
from srcsel.verdict.ranks import SAME, catches_up, equal, make_rankings, ranks_of, rows_of
from srcsel.verdict.times import pooled
from srcsel.verdict.wording import FEWEST, SAME_COST, Beside, Standing, opening

TIE_MOST = 3  # a larger close group is no tie: nothing was settled


def decide(
    scores: Sequence[Score],
    models: Sequence[SourceModel],
    dataset_counts: np.ndarray,
    *,
    class_names: Sequence[str] | None = None,
    literal: Sequence[Score] = (),
    diagnoses: Sequence[Diagnosis] = (),
    seconds_per_picture: Mapping[str, float] | None = None,
) -> Verdict:
    """Say where to start, by the rule above. `dataset_counts` (c,): pictures of each class.

    The notes say why a bar and the verdict differ; `literal` and `diagnoses` make them fuller. Text
    and notes are plain text, titles included as they are: a page must escape them.
    """
    table, missing = rows_of(scores)
    times = pooled(models, seconds_per_picture or {})
    seconds = {model: timed.value for model, timed in times.items()}
    standing = _standing(table, models, np.asarray(dataset_counts), class_names, seconds)
    verdict = _verdict(standing)
    notes = tuple(Note(text) for text in missing)
    if standing.models:
        yardsticks = {m.id for m in models if m.yardstick}
        rivals = make_rankings(
            *([s for s in group if s.model not in yardsticks] for group in (scores, literal))
        )
        notes += explain(rivals, verdict, diagnoses, models)
        notes += explain_yardsticks(make_rankings(scores, literal), models)
    return replace(verdict, notes=notes)


def cheapest(models: Sequence[SourceModel]) -> SourceModel:
    """Take the first of those within SAME_COST of the least multiply-adds, or weights where
    those are not known.
    """
    for costs in ([m.gmacs for m in models], [m.params for m in models]):
        known = [c for c in costs if c is not None]
        if len(known) == len(models) and max(known) > SAME_COST * min(known):
            return next(
                m for m, c in zip(models, known, strict=True) if c <= SAME_COST * min(known)
            )
    return models[0]


def _standing(
    table: list[dict[str, Score]],
    models: Sequence[SourceModel],
    counts: np.ndarray,
    class_names: Sequence[str] | None,
    seconds: Mapping[str, float],
) -> Standing:
    """Rank the models by the verdict's measures, on all pictures and in every re-check."""
    known = {m.id: m for m in models}
    scored = [m for m in table[0] if m in known] if table else []
    ids = [m for m in scored if not known[m].yardstick]
    if not ids:
        return Standing(
            (), {}, (), False, counts, class_names, seconds, only_yardsticks=bool(scored)
        )
    full, again = ranks_of(table, ids)
    first = equal(again, again.min(axis=0))
    firsts = 100 * (first / first.sum(axis=0)).mean(axis=1)
    order = np.lexsort((again.mean(axis=1), -firsts, full))
    leader = order[0]
    return Standing(
        models=tuple(known[ids[i]] for i in order),
        firsts={ids[i]: float(firsts[i]) for i in order},
        close=tuple(
            known[ids[i]] for i in order if i == leader or catches_up(-again[i], -again[leader])
        ),
        above_chance=2 * sum(_beats_chance(row[ids[leader]]) for row in table) > len(table),
        blind=all(_sees_nothing([row[m] for row in table]) for m in ids),
        counts=counts,
        class_names=class_names,
        seconds=seconds,
        yardstick=_beside(
            table, scored, ids[leader], [known[m] for m in scored if known[m].yardstick]
        ),
    )


def _beside(
    table: list[dict[str, Score]], scored: list[str], leader: str, yardsticks: list[SourceModel]
) -> Beside | None:
    """Compare the leader with the yardstick that comes nearest, all ranked together."""
    if not yardsticks:
        return None
    full, again = (dict(zip(scored, ranks, strict=True)) for ranks in ranks_of(table, scored))

    def level(yardstick: SourceModel) -> bool:
        one = yardstick.id
        return bool(full[one] <= full[leader] or catches_up(-again[one], -again[leader]))

    nearest = min(yardsticks, key=lambda m: (not level(m), full[m.id]))
    best = nearest.id
    beaten = (again[leader] < again[best]) & ~equal(again[leader], again[best])
    ahead = full[best] < full[leader] and not catches_up(-again[leader], -again[best])
    return Beside(
        called(nearest), 100 * float(beaten.mean()), level=level(nearest), ahead=bool(ahead)
    )


def _verdict(standing: Standing) -> Verdict:
    """Take the first of the cases of the rule that applies."""
    s = standing
    if not s.models:
        why = s.only_yardstick() if s.only_yardsticks else s.nothing()
        text = spoken(opening("alone"), why) if s.only_yardsticks else why
        return Verdict("cannot tell", None, text, why=why, cause="nothing")
    if s.blind:
        return _unsure(s, "same", s.no_difference())
    level = s.yardstick is not None and s.yardstick.level
    if len(s.models) == 1:
        return replace(_unsure(s, "yardstick" if level else "alone", s.alone()), firsts={})
    if s.counts.min() < FEWEST:
        return _unsure(s, "few", s.too_few())
    if not s.above_chance:
        return _unsure(s, "chance", s.no_better_than_chance())
    if level:
        return _unsure(s, "yardstick", s.no_help())
    if len(s.close) > TIE_MOST or len(s.close) == len(s.models) > 2:
        return _unsure(s, "alike", s.alike())
    if len(s.close) > 1:
        winner = cheapest(s.close)
        return _sure("tie", s, winner, s.tie(winner))
    return _sure("clear", s, s.models[0], s.clear())


def _unsure(s: Standing, cause: VerdictCause, why: str) -> Verdict:
    return Verdict(
        "cannot tell",
        s.models[0].id,
        spoken(opening(cause), why),
        dict(s.firsts),
        tuple(m.id for m in s.close),
        why=why,
        cause=cause,
    )


def _sure(kind: VerdictKind, s: Standing, winner: SourceModel, why: str) -> Verdict:
    text = spoken(opening("", called(winner)), why, s.facts(winner))
    return Verdict(kind, winner.id, text, dict(s.firsts), tuple(m.id for m in s.close), why=why)


def _beats_chance(score: Score) -> bool:
    """Whether the 90 % interval of the score lies beyond its null by more than rounding."""
    if score.null is None:
        return bool(score.gain is not None and score.gain > SAME)
    measure = find(score.measure)
    worst = score.low if measure.higher_is_better else score.high
    worst = score.value if worst is None else worst
    return bool(measure.sign * (worst - score.null) > 0 and not equal(worst, score.null))


def _sees_nothing(scores: Sequence[Score]) -> bool:
    """Whether one model scores what features that are all the same score: chance, to rounding.

    An accuracy may then lie below it, as all neighbours are equally near.
    """
    others = [s for s in scores if not find(s.measure).accuracy]
    accuracies = [s for s in scores if find(s.measure).accuracy]
    return (
        bool(others)
        and all(s.null is not None and bool(equal(s.value, s.null)) for s in others)
        and all(s.null is not None and s.value <= s.null * (1 + SAME) for s in accuracies)
    )
