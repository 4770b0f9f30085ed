"""What the study's raw numbers come to: how far stated confidence can be believed, and what each
way to choose would have cost. Pure.

Cases of one target share pictures and truth, so intervals come from drawing whole targets with
replacement (the 5th to 95th percentile of DRAWS), and every target counts alike. A question counts
by its number of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from srcsel.base.records import Score
from srcsel.evidence.agreement import kendall, points_lost
from srcsel.measures import MEASURES
from srcsel.verdict.after import SPEAKING, case_of
from srcsel.verdict.ranks import mean_ranks

Truth = Literal["trained", "probed"]
TRUTHS: tuple[Truth, ...] = ("trained", "probed")
ROLES = ("development", "test")
BINS = ((0, 40), (40, 60), (60, 80), (80, 95), (95, 101))  # of the stated confidence, of 100
DRAWS = 2000
SEED = 7
BELIEVABLE = 10.0  # points that a stated confidence may be off
NAMED, RANKED = "verdict", "ranks"
"""The rule's two answers: the model it names, of a tie the cheapest, and the one it ranks first."""
SIZE, IMAGENET, BLIND = "params", "imagenet", "chance"


@dataclass(frozen=True, eq=False)
class Case:
    """One case: what was said, and what came out."""

    target: str
    role: str
    kind: str  # case of the verdict's rule, as `after.case_of`
    stated: float  # the winner came first in x of 100 re-checks
    best: bool  # the winner, or one as accurate, reached most
    held: bool  # the best, or one as accurate, was among the close models
    close: int
    models: int
    tau: dict[str, float]  # way to choose -> Kendall's tau with the accuracies; NaN where undefined
    regret: dict[str, float]  # points of accuracy that it lost


def summarize(raw: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return JSON values for each truth: what was asked, calibration, kinds of verdict, ways."""
    found = {}
    for truth in TRUTHS:
        cases = [case for one in raw if truth == truth_of(one) for case in cases_of(one)]
        if cases:
            found[truth] = _summary(cases)
    return found


def truth_of(one: dict[str, Any]) -> Truth:
    """Say what the truth of a question is."""
    return "trained" if one["trained"] else "probed"


def cases_of(one: dict[str, Any]) -> list[Case]:
    """Read the cases of one question."""
    reached = np.array(one[truth_of(one)])
    values = {name: np.array(row, dtype=float) for name, row in _ways(one).items()}
    found = []
    for case in one["cases"]:
        of = np.array(case["of"])
        y = reached[of]
        top = float(y.max())
        ranked = {name: row[of] for name, row in values.items()} | {RANKED: -_rule(one, of)}
        named = None if case["winner"] is None else reached[case["winner"]]
        tau, regret = {}, {}
        for name, x in ranked.items():
            tau[name] = float(kendall(x, y)) if np.isfinite(x).all() else np.nan
            regret[name] = _lost(x, y)
        tau[BLIND] = tau[NAMED] = np.nan
        regret[BLIND] = 100 * (top - float(y.mean()))
        regret[NAMED] = np.nan if named is None else 100 * (top - float(named))
        found.append(
            Case(
                one["target"],
                one["role"],
                case_of(case["kind"], case["cause"]),
                case["stated"],
                best=named is not None and bool(named >= top),
                held=any(reached[i] >= top for i in case["close"]),
                close=len(case["close"]),
                models=len(of),
                tau=tau,
                regret=regret,
            )
        )
    return found


def _summary(cases: Sequence[Case]) -> dict[str, Any]:
    return {
        "cases": len(cases),
        "targets": {
            role: list(dict.fromkeys(c.target for c in _of(cases, role))) for role in ROLES
        },
        "calibration": {role: _calibration(_of(cases, role)) for role in ("all", *ROLES)},
        "kinds": {role: _kinds(_of(cases, role)) for role in ("all", *ROLES)},
        "ways": {role: _compared(_of(cases, role)) for role in ("all", *ROLES)},
    }


def _of(cases: Sequence[Case], role: str) -> list[Case]:
    return [c for c in cases if role in ("all", c.role)]


def _calibration(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Stated against true, in bins of the stated confidence."""
    rows = []
    for low, high in BINS:
        inside = [c for c in cases if low <= c.stated < high]
        if inside:
            stated = mean_over_targets(inside, lambda c: c.stated)["value"]
            best = mean_over_targets(inside, lambda c: 100.0 * c.best)
            held = mean_over_targets(inside, lambda c: 100.0 * c.held)
            rows.append(
                {
                    "from": low,
                    "to": min(high, 100),
                    "cases": len(inside),
                    "targets": len({c.target for c in inside}),
                    "stated": stated,
                    "best": best,
                    "held": held,
                    "error": abs(stated - best["value"]),
                }
            )
    return rows


def _kinds(cases: Sequence[Case]) -> dict[str, Any]:
    """Of each case of the rule: how often the best was among the close ones, and the one named."""
    found = {}
    for kind in SPEAKING:
        inside = [c for c in cases if c.kind == kind]
        if inside:
            found[kind] = {
                "cases": len(inside),
                "targets": len({c.target for c in inside}),
                "held": mean_over_targets(inside, lambda c: 100.0 * c.held),
                "best": mean_over_targets(inside, lambda c: 100.0 * c.best),
                "chance": mean_over_targets(inside, lambda c: 100.0 * c.close / c.models)["value"],
                "close": mean_over_targets(inside, lambda c: float(c.close))["value"],
                "models": mean_over_targets(inside, lambda c: float(c.models))["value"],
            }
    return found


def _compared(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Tau and points lost of every way to choose, and how many more it lost than the rule's order,
    paired; fewest lost first, those that have no value for so few pictures last.
    """
    if not cases:
        return []
    rows = []
    for name in cases[0].regret:
        rows.append(
            {
                "way": name,
                "tau": mean_over_targets(cases, lambda c, way=name: c.tau[way]),
                "regret": mean_over_targets(cases, lambda c, way=name: c.regret[way]),
                "more_lost": mean_over_targets(
                    cases, lambda c, way=name: c.regret[way] - c.regret[RANKED]
                ),
            }
        )
    last = float("inf")
    return sorted(rows, key=lambda r: last if (v := r["regret"]["value"]) is None else v)


def mean_over_targets(cases: Iterable[Case], value: Callable[[Case], float]) -> dict[str, Any]:
    """Mean of the targets' means, and its interval over draws of whole targets; values that are
    undefined are left out.
    """
    by_target: dict[str, list[float]] = {}
    for case in cases:
        number = value(case)
        if np.isfinite(number):
            by_target.setdefault(case.target, []).append(number)
    if not by_target:
        return {"value": None, "low": None, "high": None}
    means = np.array([np.mean(numbers) for numbers in by_target.values()])
    rng = np.random.default_rng(SEED)
    again = means[rng.integers(0, len(means), (DRAWS, len(means)))].mean(axis=1)
    low, high = np.percentile(again, (5, 95))
    return {
        "value": round(float(means.mean()), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


def _ways(one: dict[str, Any]) -> dict[str, Sequence[float | None]]:
    """Every way to choose that asks a single number: way -> a value for each model, higher better.

    A network without a published ImageNet accuracy comes after those that have one.
    """
    measured = {
        name: [None if v is None else MEASURES[name.split()[0]].sign * v for v in row]
        for name, row in one["scores"].items()
    }
    return {
        **measured,
        SIZE: one["params"],
        IMAGENET: [0.0 if v is None else v for v in one["imagenet"]],
    }


def _rule(one: dict[str, Any], of: np.ndarray) -> np.ndarray:
    """Mean rank of each model of a case by the verdict's rule, on all pictures; NaN for one that
    lacks a measure.
    """
    scores = [
        Score(str(i), name.split()[0], None, row[i])
        for name, row in one["scores"].items()
        if not name.endswith(" raw")
        for i in of
        if row[i] is not None
    ]
    ids, ranks, _ = mean_ranks(scores)
    by_model = dict(zip(ids, ranks, strict=True))
    return np.array([by_model.get(str(i), np.nan) for i in of])


def _lost(x: np.ndarray, y: np.ndarray) -> float:
    """Points of accuracy lost by the highest x, what is not known coming last; NaN where nothing
    is.
    """
    known = x[np.isfinite(x)]
    if not len(known):
        return np.nan
    return float(points_lost(np.nan_to_num(x, nan=known.min() - 1.0)[None], y[None])[0])
