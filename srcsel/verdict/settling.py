"""How many pictures it would take until one of the close models is a clear choice.

By the verdict's own rule, on what re-checks of more pictures could show. The re-checks say how far
the scores of these pictures may lie from those of all pictures that there could be. With m times as
many, of which these are a part, each score would stand at its value now plus sqrt((m - 1) / m) of
one such deviation, and its re-checks would deviate 1 / sqrt(m) as much. The share of the deviations
after which no rival is close is the chance of a clear choice (in trials: the predictive
probability of success at an interim look, D. Spiegelhalter et al., Control. Clin. Trials 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcsel.base.records import Result, Score, Settles
from srcsel.verdict.ranks import CLOSE, VERDICT_MEASURES, mean_ranks

TIMES = (1.5, 2.0, 3.0, 4.0, 6.0, 10.0)  # as many pictures
CASES = 100  # deviations tried, the first of the re-checks


def settles(result: Result) -> tuple[Settles, ...]:
    """Return the chance of a clear choice for each of TIMES; () where nothing is open, or was not
    re-checked.
    """
    open_ = result.verdict.kind == "tie" or result.verdict.cause == "alike"
    yardsticks = {m.id for m in result.models if m.yardstick}
    scores = [
        s for s in result.scores if s.measure in VERDICT_MEASURES and s.model not in yardsticks
    ]
    if not open_ or not scores or any(s.rechecks is None for s in scores):
        return ()
    return tuple(Settles(times, clear_share(scores, times)) for times in TIMES)


def clear_share(scores: Sequence[Score], times: float) -> float:
    """Return the share of the cases, 0..1, in which `times` as many pictures leave no rival close.

    scores: of the verdict's measures, with re-checks, no yardsticks.
    """
    cases = min(CASES, *(len(_draws(s)) for s in scores))
    return float(np.mean([stands_clear(_after(scores, times, case)) for case in range(cases)]))


def _after(scores: Sequence[Score], times: float, case: int) -> list[Score]:
    """Return the scores as `times` as many pictures may show them."""
    found = []
    for s in scores:
        away = _draws(s) - s.value
        value = s.value + np.sqrt((times - 1) / times) * away[case]
        found.append(replace(s, value=float(value), rechecks=value + away / np.sqrt(times)))
    return found


def stands_clear(scores: Sequence[Score]) -> bool:
    """Tell whether the first stands clear of all others."""
    ids, full, again = mean_ranks(scores)
    if len(ids) < 2:
        return True
    leader = int(np.lexsort((again.mean(axis=1), full))[0])
    level = again <= again[leader] + 1e-9
    level[leader] = False
    return bool((level.mean(axis=1) <= CLOSE).all())


def _draws(score: Score) -> np.ndarray:
    return np.array([score.value]) if score.rechecks is None else score.rechecks
