"""What the models reached: accuracies with intervals, paired over splits and pictures, and who
stands with the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srcsel.base.records import Accuracy, Outcome

LEVEL = 0.95  # one-sided; both sides together make the 90 % intervals
# share of the draws in which a model must equal or beat the best to count as close to it
CLOSE = 1 - LEVEL
DRAWS = 1000  # behind `close`
SEED = 20240  # of the draws: the same evidence gives the same intervals


@dataclass(frozen=True, eq=False)
class Reached:
    """Whether each model was right on each test picture of each split; only models tested on all
    splits.
    """

    models: tuple[str, ...]
    splits: tuple[int, ...]
    rows: tuple[np.ndarray, ...]  # for each split its test pictures (u,)
    right: tuple[np.ndarray, ...]  # for each split (models, u) bool
    groups: np.ndarray  # (n,) copies of a picture share a number

    @property
    def values(self) -> np.ndarray:
        """Accuracy of each model on each split, (models, splits), 0..1."""
        # each split counts alike
        return np.stack([right.mean(axis=1) for right in self.right], axis=1)

    @property
    def means(self) -> np.ndarray:
        """Accuracy of each model, the mean over splits, (models,), 0..1."""
        return self.values.mean(axis=1)

    def draws(self, count: int) -> np.ndarray:
        """Means as fresh splits and pictures could show them, (count, models); the same draw for
        every model.

        Each draw takes as many splits with replacement, and weighs pictures by how often a draw
        with replacement takes them, copies together. Deviations are widened by sqrt(k / (k - 1)),
        because k splits vary less about their own mean than about the true one.
        """
        rng = np.random.default_rng(SEED)
        names, place = np.unique(self.groups, return_inverse=True)
        k = len(self.splits)
        found = np.empty((count, len(self.models)))
        for i in range(count):
            chosen = rng.integers(0, k, k)
            # (n,)
            weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)))[place]
            found[i] = np.mean(
                [_weighted(self.right[s], weights[self.rows[s]]) for s in chosen], axis=0
            )
        wider = np.sqrt(k / (k - 1)) if k > 1 else 1.0
        return self.means + wider * (found - self.means)


def reached_by(
    outcomes: Sequence[Outcome], labels: np.ndarray, groups: np.ndarray, splits: Sequence[int]
) -> Reached:
    """Gather outcomes by model, in the order in which they come; a model that lacks a split is left
    out.

    labels, groups: (n,) of all pictures.
    """
    by_place = {(o.model, o.split): o for o in outcomes}
    models = [
        m
        for m in dict.fromkeys(o.model for o in outcomes)
        if all((m, s) in by_place for s in splits)
    ]
    rows = [by_place[models[0], s].rows for s in splits] if models else []
    right = [
        np.stack([by_place[m, s].guess == labels[at] for m in models])
        for s, at in zip(splits, rows, strict=False)
    ]
    return Reached(tuple(models), tuple(splits), tuple(rows), tuple(right), groups)


def accuracies(
    reached: Reached, outcomes: Sequence[Outcome], labels: np.ndarray
) -> tuple[Accuracy, ...]:
    """One record a model.

    The half-width of an interval joins two doubts: how much the splits differ (Student's t of k
    values), and how few test pictures there are (binomial, Agresti and Coull's share, for the m
    different pictures tested; the pictures of two splits are mostly the same, so the first does not
    hold the second). Where the splits share no picture, as in the folds of a probe, this errs on
    the wide side.
    """
    from scipy.special import ndtri, stdtrit

    if not reached.models:
        return ()
    values, k = reached.values, len(reached.splits)
    m = len(np.unique(np.concatenate(reached.rows)))
    z = float(ndtri(LEVEL))
    spread = (
        stdtrit(k - 1, LEVEL) * values.std(axis=1, ddof=1) / np.sqrt(k)
        if k > 1
        else np.zeros(len(values))
    )
    share = (values.mean(axis=1) * m + z * z / 2) / (m + z * z)
    half = np.hypot(spread, z * np.sqrt(share * (1 - share) / (m + z * z)))
    return tuple(
        Accuracy(
            model,
            tuple(values[i].tolist()),
            float(values[i].mean()),
            float(max(0.0, values[i].mean() - half[i])),
            float(min(1.0, values[i].mean() + half[i])),
            balanced=_balanced(reached, i, labels),
            seconds=sum(
                o.seconds for o in outcomes if o.model == model and o.split in reached.splits
            ),
            note=_note([o for o in outcomes if o.model == model and o.split in reached.splits]),
        )
        for i, model in enumerate(reached.models)
    )


def close_to_best(reached: Reached, candidates: Sequence[str]) -> tuple[str, ...]:
    """Models among `candidates` that cannot be told from the best of them, the best first; pairs,
    level 90 %.

    A model is told apart where it falls short of the best in 95 % of the paired draws.
    """
    places = [i for i, m in enumerate(reached.models) if m in set(candidates)]
    if not places:
        return ()
    order = sorted(places, key=lambda i: -reached.means[i])
    draws = reached.draws(DRAWS)
    best = draws[:, order[0]]
    return tuple(
        reached.models[i] for i in order if i == order[0] or np.mean(draws[:, i] >= best) > CLOSE
    )


def _weighted(right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted share of right answers, (models,); where no picture has weight, the plain share."""
    return right @ weights / weights.sum() if weights.any() else right.mean(axis=1)


def _balanced(reached: Reached, model: int, labels: np.ndarray) -> float:
    """Mean over splits of the mean over classes of the class's own accuracy."""
    found = []
    for rows, right in zip(reached.rows, reached.right, strict=True):
        y = labels[rows]
        found.append(np.mean([right[model, y == c].mean() for c in np.unique(y)]))
    return float(np.mean(found))


def _note(outcomes: Sequence[Outcome]) -> str:
    """Say what was noted of the splits, each with its number where there are several."""
    told = [(o.split, o.note) for o in outcomes if o.note]
    if len({note for _, note in told}) == 1 and len(told) == len(outcomes):
        return told[0][1]
    return "; ".join(f"split {split}: {note}" for split, note in told)
