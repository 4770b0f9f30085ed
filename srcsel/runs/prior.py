"""In which order a race tries its models: by what is published of them, and by what earlier runs on
pictures like these taught about models that learned from the same.

A run is like this one where it is of the same pictures, corrected or not, or where models known of
both stand in the same order on both. Nothing is computed for it: what is known of these pictures is
what earlier runs of them found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from srcsel.base.errors import SrcselError
from srcsel.base.records import Dataset, Kind, Like, Prior, Result, SourceModel
from srcsel.models.hubs import HUBS
from srcsel.models.prior import ON_IMAGENET, expectations, likeliest_first, standings
from srcsel.runs.answer import Answer
from srcsel.runs.race_rules import MANY
from srcsel.store.runs import RunStore
from srcsel.verdict.tried import concordance, fared, in_words

NEWEST = 30  # finished runs that are looked at
NEAREST = 5  # of them that speak
SHARED = 4  # models known of both pictures, below which nothing is said of their likeness
ALIKE = 0.75  # pairs of them in the same order, from which on pictures are alike
PLACED = 3  # models of a run, below which a place among them says nothing
UNTOLD = ("", "none", "unknown")  # words for what a model learned from that name nothing


@dataclass(frozen=True, eq=False)
class Earlier:
    """An earlier run on pictures like these, and how much it counts, 0..1."""

    like: Like
    result: Result
    weight: float


def in_queue(so_far: Answer, runs: RunStore) -> list[SourceModel]:
    """Return a run's models in the order in which they are tried, and have the answer say why.

    Where the run neither races nor has very many, that is the order in which they were named.
    """
    models = list(so_far.models)
    if len(models) < 2 or not (so_far.run.race or len(models) > MANY):
        return models
    so_far.prior = prior_of(models, earlier(so_far, runs))
    so_far.say(in_words(so_far.prior))
    by_id = {m.id: m for m in models}
    return [by_id[name] for name in so_far.prior.order]


def prior_of(models: Sequence[SourceModel], before: Sequence[Earlier]) -> Prior:
    """Order models by the share of the others that each is expected to be before, and by how far
    beyond that models of its kind were in the runs `before`.

    A model that was there speaks for itself; else those that learned from the same do. Each tells
    the share of the others it was before less the share expected by `models.prior`; with the
    weights w of their runs they move a model by sum(w x) / (1 + sum(w)), so one alone by half.
    """
    known = [m for hub in sorted(ON_IMAGENET) for m in HUBS[hub].models()]
    own: dict[str, list[tuple[float, float]]] = {}
    kinds: dict[str, list[tuple[float, float]]] = {}
    for one in before:
        for model, beyond in _beyond(one.result, known).items():
            own.setdefault(model.own_id, []).append((one.weight, beyond))
            kinds.setdefault(model.pretraining, []).append((one.weight, beyond))
    kinds = {name: told for name, told in kinds.items() if name not in UNTOLD}
    gained = {m.id: _moved(own.get(m.own_id) or kinds.get(m.pretraining, [])) for m in models}
    here = {m.pretraining for m in models}
    told = [Kind(k, len(those), _moved(those)) for k, those in kinds.items() if k in here]
    return Prior(
        tuple(m.id for m in likeliest_first(models, known, gained)),
        tuple(one.like for one in before),
        tuple(sorted(told, key=lambda kind: (-abs(kind.gained), kind.pretraining))),
    )


def earlier(so_far: Answer, runs: RunStore) -> list[Earlier]:
    """Return finished runs of the same person on pictures like these, the likest first.

    What was run twice on the same pictures counts once.
    """
    found = _finished(so_far, runs)
    same = [one for one in found if is_same(one.dataset, so_far.dataset)]
    here: dict[str, float] = {}
    for one in same:  # newest first
        here = _reached(one) | here
    near: list[Earlier] = []
    for one in sorted(found, key=lambda run: -len(fared(run))):  # of equals the newest first
        if len(fared(one)) < PLACED or any(_tells_all_of(other.result, one) for other in near):
            continue
        if one in same:
            like = Like(one.run.id, one.dataset.name, len(fared(one)), 1.0, same=True)
            near.append(Earlier(like, one, 1.0))
            continue
        there = _reached(one)
        both, agree = len(here.keys() & there.keys()), concordance(here, there)
        if both >= SHARED and agree is not None and agree >= ALIKE:
            like = Like(one.run.id, one.dataset.name, both, agree, same=False)
            near.append(Earlier(like, one, 2 * agree - 1))
    return sorted(near, key=lambda one: (not one.like.same, -one.weight))[:NEAREST]


def is_same(one: Dataset, other: Dataset) -> bool:
    """Tell whether two are of the same pictures, some of which may be corrected: most of either's
    files are the other's.
    """
    if one.digest == other.digest:
        return True
    shared = len(set(one.paths) & set(other.paths))
    return one.ref == other.ref and 2 * shared > max(len(one.paths), len(other.paths))


def _tells_all_of(one: Result, other: Result) -> bool:
    """Tell whether a run is of the pictures of another one, and of all its models too: then the
    other teaches nothing new.
    """
    return is_same(one.dataset, other.dataset) and fared(other).keys() <= fared(one).keys()


def _finished(so_far: Answer, runs: RunStore) -> list[Result]:
    own = [
        one.id
        for one in runs.list()
        if one.complete and not one.example and one.person == so_far.run.person
    ]
    found = []
    for run_id in [name for name in own if name != so_far.run.id][:NEWEST]:
        with suppress(SrcselError):  # damaged: History says so
            found.append(runs.load(run_id))
    return found


def _reached(result: Result) -> dict[str, float]:
    """Return accuracies on all pictures, 0..1, by model."""
    full = {a.model for a in result.accuracies if math.isfinite(a.mean)}
    return {model: value for model, value in fared(result).items() if model in full}


def _beyond(result: Result, known: Sequence[SourceModel]) -> dict[SourceModel, float]:
    """Return by how much more of the others each model was before than expected, -1..1."""
    here = fared(result)
    models = [m for m in result.models if m.id in here]
    there, expected = standings(here), standings(expectations(models, known))
    return {m: there[m.id] - expected[m.id] for m in models}


def _moved(told: Sequence[tuple[float, float]]) -> float:
    """Return sum(w x) / (1 + sum(w)) of pairs (w, x)."""
    return sum(w * x for w, x in told) / (1 + sum(w for w, _ in told))
