"""What each kind of job does, in the worker's process. A new kind is one function here and one line in LANES."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from srcsel.records import DOTS, Run
from srcsel.serialize import from_plain, to_plain
from srcsel.settings import load_settings
from srcsel.watch import Watch

DECODE_GMACS = 0.5
"""Decoding a picture costs about as much as this many 1e9 multiply-adds of a network on the same computer."""


class PlanWatch(Protocol):
    """A watch that can be told beforehand which parts will come."""

    @property
    def watch(self) -> Watch:
        """Give the watch itself, to hand down."""
        ...

    def plan(self, weights: dict[str, float], titles: dict[str, str]) -> None:
        """Announce the parts, their relative cost and their names in words."""
        ...


def rank(payload: dict[str, Any], told: PlanWatch) -> dict[str, Any]:
    """Answer a run. Payload {run: Run as dict}; hands back {kind, winner, failed}."""
    from srcsel.run import answer, models_of

    run = from_plain(Run, payload["run"])
    models, _ = models_of(run)
    cost = {model.id: (model.gmacs or 0.05) + 0.05 for model in models}
    told.plan(
        {"pictures": DECODE_GMACS, **cost, "maps": 0.2 * sum(cost.values())},
        {model.id: model.title for model in models},
    )
    result = answer(run, watch=told.watch)
    return {"kind": result.verdict.kind, "winner": result.verdict.winner, "failed": len(result.failures)}


def check(payload: dict[str, Any], told: PlanWatch) -> dict[str, Any]:
    """Open every picture once. Payload {ref}; hands back {images, classes, counts, unreadable, warnings, digest}."""
    from srcsel.dataset import check as warnings_of
    from srcsel.dataset import load_dataset

    told.plan({"pictures": 1.0}, {})
    dataset = load_dataset(str(payload["ref"]), watch=told.watch)
    return {
        "ref": dataset.ref,
        "name": dataset.name,
        "images": len(dataset.paths),
        "classes": list(dataset.classes),
        "counts": dataset.counts.tolist(),
        "unreadable": to_plain(dataset.unreadable),
        "warnings": list(warnings_of(dataset)),
        "digest": dataset.digest,
    }


def draw(payload: dict[str, Any], told: PlanWatch) -> dict[str, Any]:
    """Draw one map of a finished run. Payload {run_id, model, method, points?}; hands back {points}.

    `points` is the number of dots at most, for more than usual.
    """
    from srcsel.maps import draw_map

    told.plan({"maps": 1.0}, {})
    question = (str(payload["run_id"]), str(payload["model"]), str(payload["method"]))
    projection = draw_map(*question, load_settings(), told.watch, cap=int(payload.get("points", DOTS)))
    return {"points": len(projection.rows)}


def inside(payload: dict[str, Any], told: PlanWatch) -> dict[str, Any]:
    """Look at every picture of a finished run through one model. Payload {run_id, model}; hands back {pictures}."""
    from srcsel.inside import make

    told.plan({"inside": 1.0}, {})
    looked = make(str(payload["run_id"]), str(payload["model"]), load_settings(), told.watch)
    return {"pictures": len(looked.guess)}


KINDS: dict[str, Callable[[dict[str, Any], PlanWatch], dict[str, Any]]] = {
    "rank": rank,
    "check": check,
    "map": draw,
    "inside": inside,
}
