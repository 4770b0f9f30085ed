"""How a Result is read, once for charts, tables, shell and report: the order of models, the role of
each, titles, the scores of one reading, and where a score's bar begins and ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from srcsel.base.phrases import count, cut_apart, listed, plain, shares, within
from srcsel.base.records import Ranking, Reading, Result, Score
from srcsel.measures import MEASURES
from srcsel.models.called import called
from srcsel.verdict.ranks import VERDICT_MEASURES
from srcsel.verdict.wording import PREDICTORS

Role = Literal["winner", "close", "yardstick", "partial", "other"]
SHORT = {"silhouette": "MSC", "supcon": "SCL"}
"""What the field calls the two measures that are drawn as bars."""
LEADING, NAME = 3, 40
"""Models of which is said how often they came first, and how many letters of their names."""


def model_order(result: Result) -> list[str]:
    """Ids of the models that have a score, best first: the verdict's choice, then by mean rank.

    The mean rank is the verdict's: over its measures, whitened, among the models it chooses from.
    Equal ones stand in the order of their first places, then as they were chosen. A yardstick
    stands before the first model that it ranks before, all ranked together, but never before the
    verdict's choice.
    """
    together = _mean_ranks(result, list(_scored(result)))
    yardsticks = {m.id for m in result.models if m.yardstick}
    rivals = _rivals(result)
    order = list(rivals)
    for yardstick in sorted((m for m in together if m in yardsticks), key=together.__getitem__):
        later = (m for m in rivals[1:] if together[m] > together[yardstick])
        behind = next(later, None)
        order.insert(len(order) if behind is None else order.index(behind), yardstick)
    return order


def model_places(result: Result) -> dict[str, int]:
    """Ranked model -> its place in `model_order`; neighbours there with equal mean ranks share
    one.
    """
    ranked = {m for r in _used(result) for m in r.models}
    order = [m for m in model_order(result) if m in ranked]
    ranks = _mean_ranks(result, order)
    places: dict[str, int] = {}
    for i, model in enumerate(order):
        before = order[i - 1] if i else None
        tied = before is not None and abs(ranks[before] - ranks[model]) < 1e-9
        places[model] = places[before] if tied and before is not None else i + 1
    return places


def role(result: Result, model: str) -> Role:
    """Return what a model is to the answer; "partial": it lacks a measure that the verdict uses."""
    if any(m.id == model and m.yardstick for m in result.models):
        return "yardstick"
    if model == result.verdict.winner:
        return "winner"
    if model in result.verdict.close:
        return "close"
    used = {s.measure for s in result.scores} & set(VERDICT_MEASURES)
    own = {s.measure for s in result.scores if s.model == model}
    return "other" if used <= own else "partial"


def yardsticks_in_words(result: Result) -> str:
    """Say what the yardsticks among the scored models are for; "" where there are none."""
    scored = _scored(result)
    names = [plain(m.title) for m in result.models if m.yardstick and m.id in scored]
    if not names:
        return ""
    them, have = ("it", "It is") if len(names) == 1 else ("them", "They are")
    verb = "is a yardstick: it has" if len(names) == 1 else "are yardsticks: they have"
    return (
        f"{listed(names)} {verb} learned nothing useful, so a real model should beat {them}. {have}"
        f" never where to start.{_beaten_by_one(result)}"
    )


def _beaten_by_one(result: Result) -> str:
    """Say how many models the most accurate yardstick beats; "" where it beats none."""
    reached = {a.model: a for a in result.accuracies}
    right = {model: round(100 * a.mean) for model, a in reached.items()}
    them = {m.id: m for m in result.models if m.yardstick and m.id in right}
    models = [right[m.id] for m in result.models if m.id in right and m.id not in them]
    best = max(them, key=right.__getitem__, default="")
    behind = sum(value < right[best] for value in models) if best else 0
    if not behind:
        return ""
    between = within(reached[best].low, reached[best].high)
    return (
        f" Here {plain(them[best].title)} is right more often ({right[best]} %, {between}) than"
        f" {behind} of {count(len(models), 'model')}: what"
        f" {'that one has' if behind == 1 else 'those have'} learned may not help with these"
        " pictures."
    )


def order_in_words(result: Result) -> str:
    """Say what the models are put in order by; "" where nothing is ranked."""
    names = [SHORT.get(r.measure, title_of(r.measure)) for r in _used(result)]
    if not names:
        return ""
    by = f"mean rank by {listed(names)} together" if len(names) > 1 else f"rank by {names[0]}"
    scored = _scored(result)
    they = any(m.yardstick and m.id in scored for m in result.models)
    where = "; yardsticks where they would rank" if they else ""
    return f"In the order of the verdict, which goes by the {by}{where}."


def shaded(result: Result) -> tuple[str, ...]:
    """Ids of the models that every chart of scores shades: those that the verdict cannot tell
    apart, by its measures together. None where its choice stands alone.
    """
    close = result.verdict.close
    return close if len(close) > 1 else ()


def firsts_of_100(result: Result) -> dict[str, int]:
    """Model -> in how many of 100 re-checks it came first, whole numbers that add to 100."""
    return shares(result.verdict.firsts)


def who_came_first(result: Result) -> list[str]:
    """Return the models that came first in some re-check, the verdict's before the others, most
    often first.
    """
    firsts = firsts_of_100(result)
    some = (m for m in firsts if firsts[m])
    return sorted(some, key=lambda m: (m != result.verdict.winner, -result.verdict.firsts[m]))


def firsts_in_words(result: Result) -> str:
    """Say who came first how often: "First in 100 re-checks: A (60), B (30), C (8), 2 others (2)";
    plain text, long names cut so that they stay apart.
    """
    firsts, titles, order = firsts_of_100(result), titles_of(result), who_came_first(result)
    names = cut_apart([plain(titles[m]) for m in order[:LEADING]], NAME)
    said = [f"{name} ({firsts[m]})" for name, m in zip(names, order, strict=False)]
    if rest := order[LEADING:]:
        said.append(f"{count(len(rest), 'other')} ({sum(firsts[m] for m in rest)})")
    return f"First in 100 re-checks: {', '.join(said)}"


def pick_scores(result: Result, measure: str, reading: Reading) -> dict[str, Score]:
    """Each model's score by `measure` in that reading; measures without a preparation have only
    one.
    """
    return scores_of(result.scores, result.literal, measure, reading)


def scores_of(
    scores: Sequence[Score], literal: Sequence[Score], measure: str, reading: Reading
) -> dict[str, Score]:
    """As `pick_scores`, from the scores themselves."""
    source = literal if reading == "raw" else scores
    found = {s.model: s for s in source if s.measure == measure}
    return found or {s.model: s for s in scores if s.measure == measure and s.reading is None}


def bar_length(score: Score) -> tuple[float, float, float]:
    """(value, low, high) of a score on its axis, higher is better: the loss is counted down from
    what features that see no difference between pictures score.
    """
    low = score.value if score.low is None else score.low
    high = score.value if score.high is None else score.high
    blind = _blind(score)
    if blind is None:
        return score.value, low, high
    return blind - score.value, blind - high, blind - low


def bar_start(score: Score) -> float:
    """Where on that axis chance stands, which is where the score's bar begins."""
    chance, blind = chance_of(score) or 0.0, _blind(score)
    return chance if blind is None else blind - chance


def _blind(score: Score) -> float | None:
    """Return what the axis of a loss is counted down from; None of other measures. In runs of
    earlier versions the gain was counted from there.
    """
    if score.measure != "supcon" or score.gain is None:
        return None
    return score.gain + score.value if score.blind is None else score.blind


def axis_chance(scores: Mapping[str, Score]) -> float:
    """Where the axis of one measure says "chance": the middle of its models' chances."""
    return float(np.median([bar_start(s) for s in scores.values()])) if scores else 0.0


def chance_of(score: Score) -> float | None:
    """Return the value that the score's gain is counted from: what the same features score when
    labels carry no information. None where that is not known.
    """
    if score.null is not None or score.gain is None:
        return score.null
    return score.value - _sign(score) * score.gain


def gain_of(score: Score) -> float | None:
    """How far a score lies beyond chance, higher is better; None where chance is not known."""
    return score.gain if score.null is None else _sign(score) * (score.value - score.null)


def _sign(score: Score) -> float:
    return MEASURES[score.measure].sign if score.measure in MEASURES else 1.0


def columns(measure: str) -> dict[str, Callable[[Score], float | None]]:
    """Return what a table with one line a model says of a measure: heading -> number.

    The two measures that are drawn give value, chance and gain, as their bars do.
    """
    if measure not in SHORT:
        return {title_of(measure): lambda score: score.value}
    short = SHORT[measure]
    return {
        short: lambda score: bar_length(score)[0],
        f"{short} chance": lambda score: None if chance_of(score) is None else bar_start(score),
        f"{short} gain": gain_of,
    }


def find_ranking(result: Result, measure: str, reading: Reading) -> Ranking | None:
    """Find the ranking of that measure and reading, or None while nothing is ranked."""
    fits = [r for r in result.rankings if r.measure == measure and r.reading in (reading, None)]
    return fits[0] if fits else None


def title_of(measure: str) -> str:
    """Return the title of a measure, or of another predictor of accuracy; its name where it is not
    known (a run of another version).
    """
    return MEASURES[measure].title if measure in MEASURES else PREDICTORS.get(measure, measure)


def titles_of(result: Result) -> dict[str, str]:
    """Titles of the run's models by id; a model that the run does not know keeps its id."""
    return _OrItself({m.id: m.title for m in result.models})


def names_of(result: Result) -> dict[str, str]:
    """Return model -> what sentences call it; one that the run does not know keeps its id."""
    return _OrItself({m.id: called(m) for m in result.models})


class _OrItself(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def _scored(result: Result) -> dict[str, None]:
    scored = {s.model for s in result.scores}
    return dict.fromkeys(m.id for m in result.models if m.id in scored)


def _rivals(result: Result) -> list[str]:
    """Return the scored models that the verdict chooses from, best first."""
    yardsticks = {m.id for m in result.models if m.yardstick}
    rivals = [m for m in _scored(result) if m not in yardsticks]
    ranks, firsts = _mean_ranks(result, rivals), result.verdict.firsts
    return sorted(
        rivals,
        key=lambda m: (m != result.verdict.winner, round(ranks[m], 9), -firsts.get(m, 0.0)),
    )


def _mean_ranks(result: Result, models: Sequence[str]) -> dict[str, float]:
    """Mean rank of `models` among themselves over the verdict's measures, ties sharing theirs; a
    model that lacks one is last there.
    """
    found: dict[str, list[float]] = {m: [] for m in models}
    for ranking in _used(result):
        known = dict(zip(ranking.models, ranking.ranks, strict=True))
        own = [known[m] for m in models if m in known]
        for model in models:
            rank = known.get(model)
            better = sum(other < rank for other in own) if rank is not None else len(models) - 1
            ties = own.count(rank) - 1 if rank is not None else 0
            found[model].append(1 + better + ties / 2)
    return {m: sum(ranks) / len(ranks) if ranks else 0.0 for m, ranks in found.items()}


def _used(result: Result) -> list[Ranking]:
    """Return the rankings that the verdict looks at, as `decide` chooses them."""
    rankings = [r for r in result.rankings if r.reading != "raw"]
    return [r for r in rankings if r.measure in VERDICT_MEASURES] or rankings[:1]
