"""The order in which a run tries its models: what it rests on, and whether the pictures agreed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

from srcsel.base.phrases import count, cut, listed
from srcsel.base.records import Kind, Like, Prior, Result
from srcsel.models.prior import ORDER

LEAST = 4  # models below which nothing is said of an order
TOLD = 0.05  # of the places that a kind was moved by, below which it is not told
KINDS = 3  # that are told
WORDS = ((75, "agreed"), (60, "agreed in part"), (40, "said nothing"), (0, "disagreed"))
"""Pairs of 100 in the same order, and more, in words."""


def in_words(prior: Prior) -> str:
    """Say which models were tried first and what taught so."""
    if not prior.runs:
        return (
            f"The likeliest were tried first: {ORDER}. No earlier run here is on pictures like"
            " these."
        )
    runs = count(len(prior.runs), "earlier run")
    told = listed([_like(one) for one in prior.runs])
    said = (
        f"The likeliest were tried first: {ORDER}; and by how models that learned from the same did"
        f" in {runs} on pictures like these, {told}."
    )
    kinds = [_kind(kind) for kind in prior.kinds if abs(kind.gained) >= TOLD][:KINDS]
    return said + (f" That moved models that learned from {listed(kinds)}." if kinds else "")


def in_brief(prior: Prior) -> str:
    """Say in one line, while models are tried, what their order rests on."""
    if not prior.runs:
        return "The likeliest are tried first, by their published accuracy on ImageNet."
    runs = count(len(prior.runs), "earlier run")
    names = listed([cut(name) for name in dict.fromkeys(one.name for one in prior.runs)])
    return (
        "The likeliest are tried first, by their published accuracy on ImageNet and by"
        f" {runs} on pictures like these ({names})."
    )


def agreement(result: Result) -> str | None:
    """Say how often the pictures put two models in the order in which they were tried.

    None where models were tried in the order of their names, or fewer than `LEAST` are known.
    """
    here = fared(result)
    order = [m for m in result.prior.order if m in here] if result.prior else []
    agree = concordance({m: -float(place) for place, m in enumerate(order)}, here)
    if len(order) < LEAST or agree is None:
        return None
    share = round(100 * agree)
    word = next(word for least, word in WORDS if share >= least)
    how = (
        f"of two of these {len(order)} models the one that was tried first did better in {share} of"
        " 100 cases"
    )
    about = "of" if word == "said nothing" else "with"
    seen = any(one.same for one in result.prior.runs) if result.prior else False
    known = ", which rests on these very pictures too" if seen else ""
    return f"The pictures {word} {about} the order in which models were tried{known}: {how}"


def fared(result: Result) -> dict[str, float]:
    """Return numbers that are higher the better a model did on all pictures or, below all of these,
    the longer it stayed in the race. Yardsticks and what failed are left out.
    """
    candidates = {m.id for m in result.models if not m.yardstick}
    left = result.race.dropped if result.race else ()
    found = {one.model: -1.0 - place for place, one in enumerate(reversed(left))}
    found |= {a.model: a.mean for a in result.accuracies if math.isfinite(a.mean)}
    return {model: value for model, value in found.items() if model in candidates}


def concordance(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """Return the share of pairs of models known in both that stand in the same order, 0..1.

    Kendall's rank correlation tau-a is twice that less 1. Pairs that are equal in `one` do not
    count, those that are equal in `other` count half. None where no pair counts.
    """
    both = [(one[m], other[m]) for m in one if m in other]
    pairs = [(a, b) for a, b in combinations(both, 2) if a[0] != b[0]]
    if not pairs:
        return None
    agree = [0.5 if a[1] == b[1] else float((a[0] > b[0]) == (a[1] > b[1])) for a, b in pairs]
    return sum(agree) / len(agree)


def _like(one: Like) -> str:
    if one.same:
        return f"{one.name} (these very pictures, {count(one.models, 'model')})"
    return (
        f"{one.name} (the {one.models} models known of both stand in the same order in"
        f" {round(100 * one.agree)} of 100 pairs)"
    )


def _kind(kind: Kind) -> str:
    places = f"by {abs(round(100 * kind.gained))} of 100 places"
    return f"{kind.pretraining} {'up' if kind.gained > 0 else 'down'} {places}"
