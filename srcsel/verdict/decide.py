"""Scores -> rankings and the verdict: where to start, and how sure the re-checks are.

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

from srcsel.base.phrases import count, listed, spoken
from srcsel.base.records import (
    Diagnosis,
    Note,
    Ranking,
    Reading,
    Score,
    SourceModel,
    Verdict,
    VerdictCause,
    VerdictKind,
)
from srcsel.measures import find
from srcsel.models.called import called
from srcsel.verdict.explain import explain, explain_yardsticks
from srcsel.verdict.times import pooled
from srcsel.verdict.wording import FEWEST, NEEDED, SAME_COST, Beside, Standing, opening

# whitened SCL, kNN-5, LogME: the best rule on twelve real targets
VERDICT_MEASURES = ("supcon", "knn", "logme")
# share of the re-checks in which a rival may equal or beat the leader before it counts as close
CLOSE = (100 - NEEDED) / 100
TIE_MOST = 3  # a larger close group is no tie: nothing was settled
SAME = 1e-9  # values that differ by less than this share are ties


def make_rankings(scores: Sequence[Score], literal: Sequence[Score] = ()) -> tuple[Ranking, ...]:
    """One ranking for each measure and reading, in the order in which the scores come."""
    groups: dict[tuple[str, Reading | None], list[Score]] = {}
    for score in [*scores, *literal]:
        groups.setdefault((score.measure, score.reading), []).append(score)
    return tuple(_ranking(group) for group in groups.values())


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
    table, missing = _table(scores)
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


def mean_ranks(scores: Sequence[Score]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Rank models among themselves as the verdict does: ids, mean ranks on all pictures (models,),
    and (models, b).

    b is the number of re-checks; lower is better. A model that lacks a measure of the verdict's
    takes no part.
    """
    table, _ = _table(scores)
    ids = list(table[0]) if table else []
    return (ids, *_ranks(table, ids)) if ids else ([], np.empty(0), np.empty((0, 0)))


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


def _ranking(scores: Sequence[Score]) -> Ranking:
    """Order the scores of one measure in one reading, best first."""
    measure = find(scores[0].measure)
    values = measure.sign * np.array([s.value for s in scores])
    order = np.argsort(-values, kind="stable")
    ranks: list[int] = []
    for place, i in enumerate(order):
        tied = place > 0 and _equal(values[i], values[order[ranks[-1] - 1]])
        ranks.append(ranks[-1] if tied else place + 1)
    ordered = [scores[i] for i in order]
    draws = [None if s.rechecks is None else measure.sign * s.rechecks for s in ordered]
    close = [
        s.model
        for s, rank, own in zip(ordered, ranks, draws, strict=True)
        if rank == 1 or own is None or draws[0] is None or _catches_up(own, draws[0])
    ]
    return Ranking(
        scores[0].measure,
        scores[0].reading,
        tuple(s.model for s in ordered),
        tuple(ranks),
        tuple(close),
    )


def _equal(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    return np.abs(np.subtract(a, b)) <= SAME * np.maximum(np.abs(a), np.abs(b))


def _catches_up(rival: np.ndarray, leader: np.ndarray) -> bool:
    """Whether the rival equals or beats the leader in more than CLOSE of the paired re-checks;
    higher is better.
    """
    return bool(np.mean((rival >= leader) | _equal(rival, leader)) > CLOSE)


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    """Mean over measures of each model's rank, ties sharing theirs. values (m, models, b), higher
    better.
    """
    better = (values[:, None] > values[:, :, None]) & ~_equal(values[:, None], values[:, :, None])
    tied = _equal(values[:, None], values[:, :, None])
    return (better.sum(axis=2) + (tied.sum(axis=2) + 1) / 2).mean(axis=0)  # (models, b)


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
    full, again = _ranks(table, ids)
    first = _equal(again, again.min(axis=0))
    firsts = 100 * (first / first.sum(axis=0)).mean(axis=1)
    order = np.lexsort((again.mean(axis=1), -firsts, full))
    leader = order[0]
    return Standing(
        models=tuple(known[ids[i]] for i in order),
        firsts={ids[i]: float(firsts[i]) for i in order},
        close=tuple(
            known[ids[i]] for i in order if i == leader or _catches_up(-again[i], -again[leader])
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


def _ranks(table: list[dict[str, Score]], ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean ranks of models among themselves: on all pictures (models,), and in every re-check
    (models, b).
    """
    signs = np.array([find(row[ids[0]].measure).sign for row in table])[:, None, None]
    full = _mean_ranks(signs * [[[row[m].value] for m in ids] for row in table])[:, 0]
    draws = [[_draws(row[m]) for m in ids] for row in table]
    fewest = min(len(d) for row in draws for d in row)
    return full, _mean_ranks(signs * np.array([[d[:fewest] for d in row] for row in draws]))


def _beside(
    table: list[dict[str, Score]], scored: list[str], leader: str, yardsticks: list[SourceModel]
) -> Beside | None:
    """Compare the leader with the yardstick that comes nearest, all ranked together."""
    if not yardsticks:
        return None
    full, again = (dict(zip(scored, ranks, strict=True)) for ranks in _ranks(table, scored))

    def level(yardstick: SourceModel) -> bool:
        one = yardstick.id
        return bool(full[one] <= full[leader] or _catches_up(-again[one], -again[leader]))

    nearest = min(yardsticks, key=lambda m: (not level(m), full[m.id]))
    best = nearest.id
    beaten = (again[leader] < again[best]) & ~_equal(again[leader], again[best])
    ahead = full[best] < full[leader] and not _catches_up(-again[leader], -again[best])
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


def _table(scores: Sequence[Score]) -> tuple[list[dict[str, Score]], tuple[str, ...]]:
    """For each measure that counts, the score of every model that has them all; and a note on what
    is missing.
    """
    rows: dict[str, dict[str, Score]] = {}
    for s in scores:
        rows.setdefault(s.measure, {})[s.model] = s
    chosen = [m for m in VERDICT_MEASURES if m in rows]
    notes = ()
    if len(chosen) < len(VERDICT_MEASURES) and rows:
        chosen = chosen or list(rows)[:1]
        titles = listed([find(m).title for m in chosen])
        notes = (
            f"The verdict rests on {titles} alone, because other measures it uses were not scored.",
        )
    ids = list(dict.fromkeys(s.model for s in scores))
    whole = [m for m in ids if all(m in rows[name] for name in chosen)]
    if 0 < len(whole) < len(ids):
        out = len(ids) - len(whole)
        notes += (
            f"{count(out, 'model')} lacked a measure that the verdict uses and took no part in it.",
        )
    return [{m: rows[name][m] for m in whole} for name in chosen], notes


def _draws(score: Score) -> np.ndarray:
    """Return the re-checks, or the value alone where there are none."""
    return np.array([score.value]) if score.rechecks is None else score.rechecks


def _beats_chance(score: Score) -> bool:
    """Whether the 90 % interval of the score lies beyond its null by more than rounding."""
    if score.null is None:
        return bool(score.gain is not None and score.gain > SAME)
    measure = find(score.measure)
    worst = score.low if measure.higher_is_better else score.high
    worst = score.value if worst is None else worst
    return bool(measure.sign * (worst - score.null) > 0 and not _equal(worst, score.null))


def _sees_nothing(scores: Sequence[Score]) -> bool:
    """Whether one model scores what features that are all the same score: chance, to rounding.

    An accuracy may then lie below it, as all neighbours are equally near.
    """
    others = [s for s in scores if not find(s.measure).accuracy]
    accuracies = [s for s in scores if find(s.measure).accuracy]
    return (
        bool(others)
        and all(s.null is not None and bool(_equal(s.value, s.null)) for s in others)
        and all(s.null is not None and s.value <= s.null * (1 + SAME) for s in accuracies)
    )
