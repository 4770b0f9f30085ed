"""A few pictures that a model is right about and wrong about, so that the eye sees what one gets.

The choice is a rule, not a taste, and the same every time. Wrong: the surest errors, one of each
class at most. Right: one of each class, the classes of the errors first, then the largest; of each
the picture whose sureness is in the middle, neither the easiest nor the hardest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcsel.base.records import Outcome, Shown, Strip

EACH = 6  # pictures of either kind at most


def strip(outcomes: Sequence[Outcome], labels: np.ndarray, rows: np.ndarray | None = None) -> Strip:
    """Choose from the outcomes of all folds of one model, with their sureness, for labels (n,).

    rows: (n,) the pictures' numbers in the whole dataset, where only some were asked.
    """
    at = np.concatenate([o.rows for o in outcomes])
    order = np.argsort(at)  # the same whatever the folds
    at = at[order]
    guess = np.concatenate([o.guess for o in outcomes])[order]
    sure = np.concatenate([o.sure for o in outcomes if o.sure is not None])[order]
    truth = labels[at]
    wrong = _surest(np.flatnonzero(guess != truth), truth, sure)
    right = _middle(np.flatnonzero(guess == truth), truth, sure, truth[wrong].tolist())
    numbers = at if rows is None else rows[at]

    def shown(places: Sequence[int]) -> tuple[Shown, ...]:
        return tuple(Shown(int(numbers[i]), int(guess[i]), float(sure[i])) for i in places)

    return Strip(outcomes[0].model, shown(right), shown(wrong))


def _surest(places: np.ndarray, truth: np.ndarray, sure: np.ndarray) -> list[int]:
    """Return the surest of each class, the surest of all first; of equal ones the first picture."""
    found: dict[int, int] = {}
    for i in places[np.argsort(-sure[places], kind="stable")].tolist():
        found.setdefault(int(truth[i]), i)
    return list(found.values())[:EACH]


def _middle(
    places: np.ndarray, truth: np.ndarray, sure: np.ndarray, first: Sequence[int]
) -> list[int]:
    """Return the one in the middle of each class: the classes `first`, then the largest; of even
    numbers the surer of the two.
    """
    largest = np.argsort(-np.bincount(truth), kind="stable").tolist()
    found = []
    for c in dict.fromkeys([*first, *largest]):
        own = places[truth[places] == c]
        own = own[np.argsort(-sure[own], kind="stable")]
        if len(own) and len(found) < EACH:
            found.append(int(own[(len(own) - 1) // 2]))
    return found
