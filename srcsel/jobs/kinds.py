"""What each kind of job does, in the worker's process.

A new kind is one function here and one line in LANES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from srcsel.base import records
from srcsel.base.records import DOTS, Run
from srcsel.base.settings import load_settings
from srcsel.jobs.ranking import ranked
from srcsel.store.serialize import from_plain, to_plain

if TYPE_CHECKING:
    from srcsel.jobs.board_watch import BoardWatch


def rank(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Answer a run. Payload {run: Run as dict}; hands back {kind, winner, failed}."""
    result = ranked(from_plain(Run, payload["run"]), told)
    dropped = result.race.dropped if result.race else ()
    return {
        "kind": result.verdict.kind,
        "winner": result.verdict.winner,
        "failed": len(result.failures) - len(dropped),
    }


def check(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Open every picture once.

    Payload {ref}; hands back {images, classes, counts, unreadable, warnings, digest, ranges,
    preview}, the last a Listing of a few pictures of each class.
    """
    from srcsel.pictures.dataset import load_dataset
    from srcsel.pictures.listing import preview

    told.plan({"pictures": 1.0}, {})
    dataset = load_dataset(str(payload["ref"]), watch=told.watch)
    return {
        "ref": dataset.ref,
        "name": dataset.name,
        "images": len(dataset.paths),
        "sampled_from": dataset.sampled_from,
        "classes": list(dataset.classes),
        "counts": dataset.counts.tolist(),
        "unreadable": to_plain(dataset.unreadable),
        "warnings": list(dataset.notes),
        "digest": dataset.digest,
        "ranges": to_plain(dataset.ranges),
        "preview": to_plain(preview(dataset)),
    }


def draw(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Draw one map of a finished run.

    Payload {run_id, model, method, points?}; hands back {points}.

    `points` is the number of dots at most, for more than usual.
    """
    from srcsel.explore.maps import draw_map

    told.plan({"maps": 1.0}, {})
    question = (str(payload["run_id"]), str(payload["model"]), str(payload["method"]))
    projection = draw_map(
        *question, load_settings(), told.watch, cap=int(payload.get("points", DOTS))
    )
    return {"points": len(projection.rows)}


def inside(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Look at every picture of a finished run through one model.

    Payload {run_id, model}; hands back {pictures}.
    """
    from srcsel.explore.inside import make

    told.plan({"inside": 1.0}, {})
    looked = make(str(payload["run_id"]), str(payload["model"]), load_settings(), told.watch)
    return {"pictures": len(looked.guess)}


def taken(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Ask what each model of a finished run took every picture for.

    Payload {run_id}; hands back {models}.
    """
    from srcsel.runs.taken import make, usable
    from srcsel.store.features import open_features, open_runs

    settings, run_id = load_settings(), str(payload["run_id"])
    models = usable(open_runs(settings).load(run_id), open_features(settings))
    told.plan({"pictures": 1.0, **{m.id: 1.0 for m in models}}, {m.id: m.title for m in models})
    return {"models": len(make(run_id, settings, told.watch).models)}


def sheets(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Make the sheets of small pictures of a thumbnail set.

    Payload {set}; hands back {sheets}.
    """
    from srcsel.pictures.sheets import make

    told.plan({"pictures": 1.0}, {})
    return {"sheets": make(str(payload["set"]), told.watch)}


def try_picture(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Let the models of a finished run name one new picture.

    Payload {run_id, token}; hands back {models}: what they say is in the answer of the token.
    """
    from srcsel.runs.trying import answer
    from srcsel.store.features import open_runs

    settings, run_id = load_settings(), str(payload["run_id"])
    models = _in_full(open_runs(settings).load(run_id))
    told.plan({"pictures": 0.1, **{m.id: 1.0 for m in models}}, {m.id: m.title for m in models})
    return {"models": len(answer(run_id, str(payload["token"]), settings, told.watch).named)}


def suspects(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """List a finished run's pictures worth a look.

    Payload {run_id}; hands back how many of each kind.
    """
    from srcsel.explore.suspects import asked, make
    from srcsel.store.features import open_runs

    settings, run_id = load_settings(), str(payload["run_id"])
    models = asked(open_runs(settings).load(run_id))
    told.plan(
        {"pictures": 1.0, **{m.id: 1.0 for m in models}, "sizes": 0.2},
        {m.id: m.title for m in models},
    )
    found = make(run_id, settings, told.watch)
    return {name: len(getattr(found, name)) for name in ("labels", "copies", "odd", "tiny")}


def report(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Write the HTML report of a run.

    Payload {run_id, model, method, reading, cost, limit}; hands back {bytes}.
    """
    from srcsel.report.make import write

    told.plan({"pictures": 1.0}, {})
    return {"bytes": len(write(payload, load_settings(), told.watch))}


def measures(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Score a finished run by more measures.

    Payload {run_id, measures?}, "all" by default; hands back {measures}.
    """
    from srcsel.runs.run import add_measures
    from srcsel.store.features import open_runs

    run_id = str(payload["run_id"])
    models = _in_full(open_runs(load_settings()).load(run_id))
    told.plan({model.id: 1.0 for model in models}, {model.id: model.title for model in models})
    result = add_measures(run_id, payload.get("measures", "all"), watch=told.watch)
    return {"measures": len(result.run.measures)}


def evidence(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Measure what the models of a finished run really reach, after scoring them by every measure.

    Payload {run_id, protocol: Protocol as dict, models?: ids}; hands back {models, failed,
    sentence}.
    """
    from srcsel.evidence.gather import gather
    from srcsel.store.features import open_runs

    protocol = from_plain(records.Protocol, payload["protocol"])
    run_id = str(payload["run_id"])
    chosen = [str(model) for model in payload.get("models", ())]
    models = [
        m for m in _in_full(open_runs(load_settings()).load(run_id)) if not chosen or m.id in chosen
    ]
    trained = protocol.kind == "finetune"
    cost = {model.id: (model.gmacs or 0.05) + 0.05 if trained else 1.0 for model in models}
    told.plan(
        {"measures": 0.2 * sum(cost.values()), "pictures": 0.1 * sum(cost.values()), **cost},
        {model.id: model.title for model in models},
    )
    found = gather(run_id, protocol, models=chosen, watch=told.watch)
    return {
        "models": len(found.accuracies),
        "failed": len(found.failures),
        "sentence": found.sentence,
    }


def settle(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Train the close models of a finished run until their order is clear.

    Payload {run_id, minutes}, None as long as it takes; hands back {winner, ended, trainings}.
    """
    from srcsel.evidence.settle import seconds_allowed, settle_run
    from srcsel.runs.settled import with_settled
    from srcsel.store.features import open_runs
    from srcsel.verdict.measured import contest

    run_id, minutes, settings = str(payload["run_id"]), payload.get("minutes"), load_settings()
    result = open_runs(settings).load(run_id)
    asked = contest(result)
    models = [model for model in result.models if model.id in asked]
    cost = {model.id: (model.gmacs or 0.05) + 0.05 for model in models}
    told.plan(
        {"pictures": 0.02 * sum(cost.values()), **cost},
        {model.id: model.title for model in models},
        most=seconds_allowed(with_settled(result, settings), minutes),
    )
    settled = settle_run(run_id, minutes, watch=told.watch).settled
    return (
        {"winner": settled.winner, "ended": settled.ended, "trainings": settled.trainings}
        if settled
        else {}
    )


def curve(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:
    """Find what more pictures would bring for a finished run.

    Payload {run_id}; hands back {models, text}.
    """
    from srcsel.evidence.outlook import asked, make
    from srcsel.store.features import open_runs

    settings, run_id = load_settings(), str(payload["run_id"])
    models = asked(open_runs(settings).load(run_id))
    told.plan({m.id: 1.0 for m in models}, {m.id: m.title for m in models})
    found = make(run_id, settings, told.watch)
    return {"models": len(found.curves), "text": found.text}


def reach(payload: dict[str, Any], told: BoardWatch) -> dict[str, Any]:  # noqa: ARG001
    """Find out whether weights could be fetched now. Payload {}; hands back {reached}."""
    from srcsel.models.hubs import is_reached

    told.plan({"network": 1.0}, {})
    return {"reached": is_reached()}


def _in_full(result: records.Result) -> list[records.SourceModel]:
    """Models that neither failed nor left a race: what is asked of a finished run is asked of
    them.
    """
    out = {failure.model for failure in result.failures if not failure.measure}
    return [model for model in result.models if model.id not in out]


KINDS: dict[str, Callable[[dict[str, Any], BoardWatch], dict[str, Any]]] = {
    "rank": rank,
    "check": check,
    "map": draw,
    "inside": inside,
    "taken": taken,
    "sheets": sheets,
    "try": try_picture,
    "suspects": suspects,
    "report": report,
    "measures": measures,
    "evidence": evidence,
    "settle": settle,
    "curve": curve,
    "reach": reach,
}
