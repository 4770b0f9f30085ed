"""What the evidence says, in one sentence; and what the splits were, in notes.

Plain text, titles as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from srcsel.base.phrases import count, listed
from srcsel.base.records import Accuracy, Agreement, EvidenceKind, Protocol, SourceModel, Verdict
from srcsel.measures import MEASURES
from srcsel.models.called import called as name_of
from srcsel.verdict.consensus import favors_wide

SHORT = {"supcon": "SCL", "silhouette": "MSC", "verdict": "the verdict"}
ASKED = ("supcon", "silhouette", "verdict")
"""Who the sentence speaks of: the first two that picked a model, in the reading the verdict uses;
and the verdict also where it picked another.
"""
CHEAPEST = "the cheapest of those too close to call"
"""Why the verdict of a tie starts from another model than its own rule puts first."""


def sentence(
    accuracies: Sequence[Accuracy],
    agreements: Sequence[Agreement],
    close: Sequence[str],
    models: Sequence[SourceModel],
    *,
    tie: bool = False,
) -> str:
    """Say whether SCL and MSC picked the best model, and what trusting them would have cost.

    close: who cannot be told from the best, the best first. Where that is everyone there was to
    pick from, say so. tie: whether the verdict was a tie, of which it takes the cheapest.
    """
    called = {m.id: name_of(m) for m in models}
    able = [a.model for a in accuracies if a.model in called and not _yardstick(a.model, models)]
    if not able:
        return "No starting model has an accuracy yet, so nothing can be said about the scores."
    if len(able) == 1:
        return f"Only {called[able[0]]} has an accuracy, so there was nothing to pick from."
    if len(close) == len(able):
        return _alike(accuracies, close, called)
    rows = [
        a
        for name in ASKED
        for a in agreements
        if a.predictor == name and a.reading != "raw" and (a.picked or a.tied)
    ]
    asked, rest = rows[:2], rows[2:]
    if not asked:
        return f"On these pictures {called[close[0]]} was the best model, and no score picked any."
    said = f"On these pictures {_told(asked, close, called)}."
    return " ".join([said, *(_verdict(a, asked, close, called, tie) for a in rest)]).rstrip()


def picked(agreement: Agreement, titles: Mapping[str, str], *, names: bool = True) -> str:
    """Say whom a predictor puts first: a title, "tie of 3: A, B, C", or without `names` "tie of
    3"; "" where it picks none.
    """
    if agreement.tied:
        said = f"tie of {len(agreement.tied)}"
        return f"{said}: {', '.join(titles.get(m, m) for m in agreement.tied)}" if names else said
    return "" if agreement.picked is None else titles.get(agreement.picked, agreement.picked)


def caution(agreement: Agreement, kind: EvidenceKind, verdict: Verdict) -> str:
    """Say what a reader should hold against a predictor, given how accuracy was measured, or why it
    picked what it did; "" where there is nothing.
    """
    name, said = agreement.predictor, []
    if name == "verdict" and verdict.kind == "tie" and agreement.picked == verdict.winner:
        said.append(f"cheapest of {len(verdict.close)} too close to call")
    if name == "linear_probe" and kind == "probe":
        said.append("nearly the quick check itself")
    if favors_wide(name, agreement.reading):
        said.append("favours wide models")
    if name in MEASURES and MEASURES[name].set_relative:
        said.append("moves when a candidate is added")
    if name in ("accuracy", "params"):
        said.append("knows nothing of the pictures")
    return ", ".join(said)


def notes(
    protocol: Protocol,
    test: Sequence[np.ndarray],
    train: Sequence[np.ndarray],
    groups: np.ndarray,
    any_yardstick: bool,
) -> tuple[str, ...]:
    """Say which pictures trained and which tested: rows of each split; and what was kept
    together.
    """
    kind = "fold" if protocol.kind == "probe" else "split"
    sizes = [len(rows) for rows in test]
    tested = (
        count(min(sizes), "picture")
        if min(sizes) == max(sizes)
        else f"{min(sizes):,} to {max(sizes):,} pictures"
    )
    said = [
        f"{count(len(test), kind)}: trained on"
        f" {count(round(float(np.mean([len(t) for t in train]))), 'picture')}, tested on {tested};"
        " the same for every model."
    ]
    if protocol.kind == "probe":
        said.append(
            "The quick check is itself a linear classifier on the same features, so scores that ask"
            " for one, such as the linear probe and LogME, agree with it more than they would with"
            " a training of the whole network."
        )
    copies = int((groups != np.arange(len(groups))).sum())
    if copies:
        said.append(
            f"{count(copies, 'picture')} {'is a copy' if copies == 1 else 'are copies'} of another;"
            " copies never lie on both sides of a split."
        )
    if any_yardstick:
        said.append(
            "Yardsticks count in the correlations. What a score picks, and what that costs, is"
            " asked among the other models: nobody starts from a yardstick."
        )
    if len(test) == 1:
        said.append(
            "With a single split nothing shows how much chance there is in a training. Use three"
            " seeds."
        )
    return tuple(said)


def _alike(accuracies: Sequence[Accuracy], close: Sequence[str], called: dict[str, str]) -> str:
    reached = [100 * a.mean for a in accuracies if a.model in close]
    who = listed([called[m] for m in close]) if len(close) <= 3 else f"the {len(close)} models"
    return (
        f"On these pictures {who} cannot be told apart: they reached {min(reached):.1f} % to"
        f" {max(reached):.1f} %, which is within the noise of the measurement, so no score can be"
        " right or wrong about them."
    )


def _told(asked: Sequence[Agreement], close: Sequence[str], called: dict[str, str]) -> str:
    """Join what the predictors picked: those that found the best first, then what the others would
    have cost.
    """
    parts = []
    tied, asked = [a for a in asked if a.tied], [a for a in asked if a.picked]
    for model in dict.fromkeys(a.picked for a in asked if a.picked in close):
        mine = [_name(a) for a in asked if a.picked == model]
        what = (
            "the best model"
            if model == close[0]
            else f"{called[model or '']}, which cannot be told from the best"
        )
        parts.append(
            f"{listed(mine)}{' both' if len(mine) == 2 else ''} picked {what}, {called[close[0]]}"
        )
    parts += [
        f"trusting {_name(a)} would have cost {count_points(a.regret.value or 0.0)}"
        for a in asked
        if a.picked not in close
    ]
    parts += [
        f"{_name(a)} put {listed([called[m] for m in a.tied])} first alike, which would have cost"
        f" {count_points(a.regret.value or 0.0)} in the mean"
        for a in tied
    ]
    if not any(a.picked in close for a in asked):
        parts.append(f"the best model was {called[close[0]]}")
    return "; ".join(parts)


def _verdict(
    row: Agreement,
    asked: Sequence[Agreement],
    close: Sequence[str],
    called: Mapping[str, str],
    tie: bool,
) -> str:
    """Say what the verdict picked where the others picked something else; "" where not."""
    if row.picked is None or all(a.picked == row.picked for a in asked):
        return ""
    why = f", {CHEAPEST}" if tie else ""
    said = f"The verdict named {called[row.picked]}{why}"
    if row.picked == close[0]:
        return f"{said}: the best model."
    if row.picked in close:
        return f"{said}; it cannot be told from the best."
    return f"{said}; that would have cost {count_points(row.regret.value or 0.0)}."


def count_points(value: float) -> str:
    """Return "3.2 points" or "1.0 point"."""
    return f"{value:.1f} point{'' if round(value, 1) == 1 else 's'}"


def _name(agreement: Agreement) -> str:
    name = agreement.predictor
    return SHORT.get(name) or (MEASURES[name].title if name in MEASURES else name)


def _yardstick(model: str, models: Sequence[SourceModel]) -> bool:
    return any(m.id == model and m.yardstick for m in models)
