"""Scores -> places: models in the order of each measure, and the mean ranks that the verdict reads.

Values that differ by less than rounding are ties, which share their place everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcsel.base.phrases import count, listed
from srcsel.base.records import Ranking, Reading, Score
from srcsel.measures import find
from srcsel.verdict.wording import NEEDED

# whitened SCL, kNN-5, LogME: the best rule on twelve real targets
VERDICT_MEASURES = ("supcon", "knn", "logme")
# share of the re-checks in which a rival may equal or beat the leader before it counts as close
CLOSE = (100 - NEEDED) / 100
SAME = 1e-9  # values that differ by less than this share are ties


def make_rankings(scores: Sequence[Score], literal: Sequence[Score] = ()) -> tuple[Ranking, ...]:
    """One ranking for each measure and reading, in the order in which the scores come."""
    groups: dict[tuple[str, Reading | None], list[Score]] = {}
    for score in [*scores, *literal]:
        groups.setdefault((score.measure, score.reading), []).append(score)
    return tuple(_ranking(group) for group in groups.values())


def mean_ranks(scores: Sequence[Score]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Rank models among themselves as the verdict does: ids, mean ranks on all pictures (models,),
    and (models, b).

    b is the number of re-checks; lower is better. A model that lacks a measure of the verdict's
    takes no part.
    """
    table, _ = rows_of(scores)
    ids = list(table[0]) if table else []
    return (ids, *ranks_of(table, ids)) if ids else ([], np.empty(0), np.empty((0, 0)))


def rows_of(scores: Sequence[Score]) -> tuple[list[dict[str, Score]], tuple[str, ...]]:
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


def ranks_of(table: list[dict[str, Score]], ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean ranks of models among themselves: on all pictures (models,), and in every re-check
    (models, b).
    """
    signs = np.array([find(row[ids[0]].measure).sign for row in table])[:, None, None]
    full = _mean_ranks(signs * [[[row[m].value] for m in ids] for row in table])[:, 0]
    draws = [[_draws(row[m]) for m in ids] for row in table]
    fewest = min(len(d) for row in draws for d in row)
    return full, _mean_ranks(signs * np.array([[d[:fewest] for d in row] for row in draws]))


def equal(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Whether values are ties, by element."""
    return np.abs(np.subtract(a, b)) <= SAME * np.maximum(np.abs(a), np.abs(b))


def catches_up(rival: np.ndarray, leader: np.ndarray) -> bool:
    """Whether the rival equals or beats the leader in more than CLOSE of the paired re-checks;
    higher is better.
    """
    return bool(np.mean((rival >= leader) | equal(rival, leader)) > CLOSE)


def _ranking(scores: Sequence[Score]) -> Ranking:
    """Order the scores of one measure in one reading, best first."""
    measure = find(scores[0].measure)
    values = measure.sign * np.array([s.value for s in scores])
    order = np.argsort(-values, kind="stable")
    ranks: list[int] = []
    for place, i in enumerate(order):
        tied = place > 0 and equal(values[i], values[order[ranks[-1] - 1]])
        ranks.append(ranks[-1] if tied else place + 1)
    ordered = [scores[i] for i in order]
    draws = [None if s.rechecks is None else measure.sign * s.rechecks for s in ordered]
    close = [
        s.model
        for s, rank, own in zip(ordered, ranks, draws, strict=True)
        if rank == 1 or own is None or draws[0] is None or catches_up(own, draws[0])
    ]
    return Ranking(
        scores[0].measure,
        scores[0].reading,
        tuple(s.model for s in ordered),
        tuple(ranks),
        tuple(close),
    )


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    """Mean over measures of each model's rank, ties sharing theirs. values (m, models, b), higher
    better.
    """
    better = (values[:, None] > values[:, :, None]) & ~equal(values[:, None], values[:, :, None])
    tied = equal(values[:, None], values[:, :, None])
    return (better.sum(axis=2) + (tied.sum(axis=2) + 1) / 2).mean(axis=0)  # (models, b)


def _draws(score: Score) -> np.ndarray:
    """Return the re-checks, or the value alone where there are none."""
    return np.array([score.value]) if score.rechecks is None else score.rechecks
