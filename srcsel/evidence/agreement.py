"""How well every predictor foretold the accuracies: correlation of the orders, and what trusting it
would have cost.

A predictor is any reading of any measure, the verdict's rule, the consensus of the measures, and
two that know nothing of the pictures: the accuracy on the source task and the number of weights
(more is taken for better).

Yardsticks (untrained, of shuffled labels, the pictures alone) have scores and accuracies like the
others and count in the correlations: telling them from real models is part of what a measure is
for. Nobody starts from a yardstick, so what a predictor picks, what that costs and how often it is
right are asked among the other models.

Intervals are the 5th to 95th percentile over DRAWS pairs of one re-check of the scores (the same
left-out pictures for every model and measure) and one draw of splits and test pictures for the
accuracies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcsel.base.records import Agreement, Evidence, Interval, Reading, Result, Score
from srcsel.measures import MEASURES
from srcsel.scoring.reached import Reached
from srcsel.verdict.consensus import consensus
from srcsel.verdict.ranks import VERDICT_MEASURES, make_rankings

DRAWS = 200  # as many as there are re-checks of a score
FEWEST = 3  # models from which an order can agree with another
SAME = 1e-9  # values that differ by less than this share are ties
NOTHING = Interval(None)


@dataclass(frozen=True, eq=False)
class Predictor:
    """A value for each model, higher is better, and the same under each re-check."""

    name: str
    reading: Reading | None
    values: dict[str, float]
    # (b,) each; a model without: its value every time
    draws: dict[str, np.ndarray] = field(default_factory=dict)
    # what it would start from, where that is not the model of the highest value
    pick: str | None = None


def agreements(result: Result, reached: Reached, draws: int = DRAWS) -> tuple[Agreement, ...]:
    """One row a predictor, fewest points lost first, equals by tau; those without a pick last.
    draws 0: none.
    """
    if not reached.models:
        return ()
    candidates = {m.id for m in result.models if not m.yardstick}
    again = reached.draws(draws)
    asked = predictors(result, reached.models, rechecks=draws)
    rows = [agreement(p, reached.models, reached.means, again, candidates) for p in asked]
    return tuple(sorted(rows, key=_place))


def picked_again(result: Result, evidence: Evidence) -> tuple[Agreement, ...]:
    """Return the rows of stored evidence with what each predictor picks as it is told today.

    How often it picked the best where it puts several first (`hit`) is known only to who has the
    draws: None where the row counted one of them.
    """
    yardsticks = {m.id for m in result.models if m.yardstick}
    known = [a.model for a in evidence.accuracies]
    found = {(p.name, p.reading): p for p in predictors(result, known, rechecks=0)}
    rows = []
    for row in evidence.agreements:
        predictor = found[row.predictor, row.reading]
        able = [m for m in known if m in predictor.values and m not in yardsticks]
        picked, tied = picks(predictor, able)
        hit = row.hit if tied == row.tied else None
        rows.append(replace(row, picked=picked, tied=tied, hit=hit))
    return tuple(rows)


def predictors(result: Result, models: Sequence[str], rechecks: int = DRAWS) -> list[Predictor]:
    """List everything that could have foretold the accuracies of `models`, with up to `rechecks`
    re-checks.
    """
    known = set(models)
    scores = [s for s in (*result.scores, *result.literal) if s.model in known]
    groups: dict[tuple[str, Reading | None], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.measure, score.reading), []).append(score)
    found = [_of_scores(group) for group in groups.values()]
    missing = {f.measure for f in result.failures if f.measure} - {name for name, _ in groups}
    found += [Predictor(name, None, {}) for name in sorted(missing)]
    found += [_of_ranks(name, result, models, rechecks) for name in ("verdict", "consensus")]
    for name in ("accuracy", "params"):
        stated = {m.id: getattr(m, name) for m in result.models if m.id in known}
        found.append(
            Predictor(name, None, {m: float(v) for m, v in stated.items() if v is not None})
        )
    return found


def agreement(
    predictor: Predictor,
    models: Sequence[str],
    means: np.ndarray,
    draws: np.ndarray,
    candidates: Collection[str],
) -> Agreement:
    """Compare a predictor with the accuracies reached: means (models,) and draws of them (b,
    models), 0..1.

    Computed on the models that have a value; the model it picks is compared with the best of those
    alone.
    """
    at = [i for i, m in enumerate(models) if m in predictor.values]
    names = [models[i] for i in at]
    x = np.array([predictor.values[m] for m in names])
    again = (
        np.stack([_repeated(predictor, m, len(draws)) for m in names], axis=1)
        if names
        else np.empty((0, 0))
    )
    reason = _reason(names, x, means[at])
    tau = weighted = pearson = NOTHING
    if not reason:
        tau = _interval(kendall(x, means[at]), kendall(again, draws[:, at]))
        weighted = _interval(weighted_tau(x, means[at]), weighted_tau(again, draws[:, at]))
        pearson = _interval(correlation(x, means[at]), correlation(again, draws[:, at]))
    able = [i for i, m in enumerate(names) if m in candidates]
    picked, tied = picks(predictor, [names[i] for i in able])
    regret, hit = NOTHING, None
    if first := tied or ((picked,) if picked else ()):
        y, y_again = means[at][able], draws[:, at][:, able]
        lost = points_lost(again[:, able], y_again)
        taken = means[[models.index(m) for m in first]].mean()
        regret = _interval(100 * (y.max() - taken), lost)
        hit = float(hits(again[:, able], y_again).mean()) if len(lost) else None
    return Agreement(
        predictor.name,
        predictor.reading,
        len(names),
        picked,
        tau,
        weighted,
        pearson,
        regret,
        hit,
        reason,
        tied,
    )


def picks(predictor: Predictor, models: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the model that a predictor puts first of `models`, each of which it has a value for,
    or None and those that it puts first alike; None and () where it says nothing of them.
    """
    x = np.array([predictor.values[m] for m in models])
    if len(x) < 2 or _constant(x):
        return None, ()
    if predictor.pick in models:
        return predictor.pick, ()
    first = tuple(m for m, top in zip(models, _first(x), strict=True) if top)
    return (first[0], ()) if len(first) == 1 else (None, first)


def kendall(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of the last axis, -1..1; NaN where one side is constant.
    scipy.stats.kendalltau, vectorised.
    """
    a, b = _signs(x), _signs(y)
    with np.errstate(invalid="ignore"):
        return (a * b).sum(axis=(-2, -1)) / np.sqrt(
            np.abs(a).sum(axis=(-2, -1)) * np.abs(b).sum(axis=(-2, -1))
        )


def weighted_tau(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Vigna's weighted tau of the last axis with hyperbolic weights, mistakes at the top counting
    most; -1..1.
    """
    from scipy.stats import weightedtau

    pairs = zip(_snapped(np.atleast_2d(x)), _snapped(np.atleast_2d(y)), strict=True)
    found = [np.nan if _constant(a) or _constant(b) else weightedtau(a, b)[0] for a, b in pairs]
    return np.array(found) if np.ndim(x) > 1 else np.array(found[0])


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's correlation of the last axis, -1..1; NaN where one side is constant."""
    a, b = (v - v.mean(axis=-1, keepdims=True) for v in (x, y))
    flat = np.ptp(x, axis=-1) * np.ptp(y, axis=-1) == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return np.where(flat, np.nan, r)


def _of_scores(scores: Sequence[Score]) -> Predictor:
    """One reading of one measure, its sign turned so that higher is better."""
    sign = MEASURES[scores[0].measure].sign
    draws = {s.model: sign * s.rechecks for s in scores if s.rechecks is not None}
    values = {s.model: sign * s.value for s in scores if np.isfinite(s.value)}
    return Predictor(scores[0].measure, scores[0].reading, values, draws)


def _of_ranks(name: str, result: Result, models: Sequence[str], rechecks: int) -> Predictor:
    """Take minus the mean rank by the verdict's rule, or by all measures, on all pictures and in
    every re-check.
    """
    scores = [s for s in result.scores if s.model in set(models)]
    if name == "verdict":
        scores = _whole([s for s in scores if s.measure in VERDICT_MEASURES])
    counts = [len(s.rechecks) for s in scores if s.rechecks is not None]
    draws: dict[str, list[float]] = {}
    for j in range(min([rechecks, *counts]) if counts else 0):
        for model, value in _mean_ranks(_under(scores, j), models, name).items():
            draws.setdefault(model, []).append(value)
    values = _mean_ranks(scores, models, name)
    winner = result.verdict.winner if name == "verdict" else None
    return Predictor(name, None, values, {m: np.array(d) for m, d in draws.items()}, pick=winner)


def _whole(scores: Sequence[Score]) -> list[Score]:
    """Scores of the models that have every measure among them: the others took no part in the
    verdict.
    """
    wanted = {s.measure for s in scores}
    has: dict[str, set[str]] = {}
    for s in scores:
        has.setdefault(s.model, set()).add(s.measure)
    return [s for s in scores if has[s.model] == wanted]


def _under(scores: Iterable[Score], j: int) -> list[Score]:
    """Scores as re-check j shows them."""
    return [
        s if s.rechecks is None else replace(s, value=float(s.rechecks[j]), rechecks=None)
        for s in scores
    ]


def _mean_ranks(scores: Sequence[Score], models: Sequence[str], name: str) -> dict[str, float]:
    # its three count whatever they favour
    told = consensus(make_rankings(scores), models, biased=name == "verdict")
    return {m: -rank for m, rank in told.mean_rank.items()}


def _reason(names: Sequence[str], x: np.ndarray, y: np.ndarray) -> str:
    """Say why an order cannot be compared; "" where it can."""
    if not names:
        return "It has no value for any model whose accuracy was measured."
    if len(names) < FEWEST:
        have = "One model has" if len(names) == 1 else "Two models have"
        return f"{have} both its value and an accuracy; an order needs three or more."
    if _constant(x):
        return "It gives every model the same value."
    return "All models reached the same accuracy." if _constant(y) else ""


def _repeated(predictor: Predictor, model: str, count: int) -> np.ndarray:
    """Return the predictor's value under `count` re-checks, starting over where there are fewer,
    (count,).
    """
    own = predictor.draws.get(model)
    return np.full(count, predictor.values[model]) if own is None else np.resize(own, count)


def points_lost(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Accuracy points lost by taking the model of the highest x; where several tie, their mean. x,
    y (b, m).
    """
    first = _first(x)
    return 100 * (y.max(axis=1) - (first * y).sum(axis=1) / first.sum(axis=1))


def hits(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether the model of the highest x has the highest y, 0 or 1; where several tie, the share of
    them that do. x, y (b, m).
    """
    first, best = _first(x), y.max(axis=1, keepdims=True) - y <= SAME
    return (first & best).sum(axis=1) / first.sum(axis=1)


def _first(x: np.ndarray) -> np.ndarray:
    """Which share the highest value of the last axis, up to SAME; bool of the shape of x."""
    top = x.max(axis=-1, keepdims=True)
    return top - x <= SAME * np.maximum(np.abs(top), np.abs(x))


def _signs(values: np.ndarray) -> np.ndarray:
    """Which of each two values is larger, (..., m, m) of -1, 0, 1; equal up to SAME is 0."""
    a, b = values[..., :, None], values[..., None, :]
    return np.sign(a - b) * (np.abs(a - b) > SAME * np.maximum(np.abs(a), np.abs(b)))


def _snapped(rows: np.ndarray) -> np.ndarray:
    """Make values equal that differ by rounding alone, (b, m): each becomes the least of those it
    is tied with.
    """
    order = np.argsort(rows, axis=1)
    values = np.take_along_axis(rows, order, axis=1)
    for i in range(1, values.shape[1]):
        before, own = values[:, i - 1], values[:, i]
        values[:, i] = np.where(
            own - before <= SAME * np.maximum(np.abs(own), np.abs(before)), before, own
        )
    found = np.empty_like(values)
    np.put_along_axis(found, order, values, axis=1)
    return found


def _constant(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= SAME * np.abs(values).max())


def _interval(value: np.ndarray | float, draws: np.ndarray) -> Interval:
    """Join the value with the 5th and 95th percentile of its draws; those that are not defined are
    left out.

    Draws carry the noise twice, so they agree less than the value does: the interval is widened to
    hold it.
    """
    known = draws[np.isfinite(draws)]
    if 2 * len(known) <= len(draws):
        return Interval(float(value))
    low, high = np.percentile(known, (5, 95))
    return Interval(float(value), float(min(low, value)), float(max(high, value)))


def _place(row: Agreement) -> tuple[float, float]:
    lost, tau = row.regret.value, row.tau.value
    return (np.inf if lost is None else lost, np.inf if tau is None else -tau)
