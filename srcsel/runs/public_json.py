"""A Result as the JSON other programs rely on.

Fields are added, never renamed; NaN never appears.
"""

from __future__ import annotations

from typing import Any

from srcsel.base.asked import checked
from srcsel.base.records import Result, Score, Shown, SourceModel, Strip
from srcsel.store.serialize import to_plain
from srcsel.verdict import tried
from srcsel.verdict.after import after_training
from srcsel.verdict.beforehand import beforehand
from srcsel.verdict.correction import before_and_after
from srcsel.verdict.light import light
from srcsel.verdict.measured import answered
from srcsel.verdict.readings import chance_of, gain_of, model_order
from srcsel.verdict.wording import headline


@checked()
def to_json(result: Result) -> dict[str, Any]:
    """Return JSON values: dataset, scores, failures, verdict as promised, and more beside them.

    `scores` holds one entry for each model and asked measure, in the reading the verdict uses;
    `dataset.sampled_from`: of how many pictures `images` are a sample, null where they are all;
    `dataset.listed`: how many there are at an address from which only `dataset.fetched` were
    fetched, both null where all were.
    `literal` has MSC and SCL exactly as the papers state them. `gain` is counted from `chance`.
    `null`, `chance`, `gain`, `low` and `high` are null where they do not exist. `order` lists the
    models best first, as every table does. `accuracies`: how often a linear classifier on each
    model's features is right, with its 90 % interval. `beforehand`: what one would have taken
    without looking, with what it reaches (0..1) and how many points the verdict's model is ahead.
    `strips`: a few pictures that it is right about and wrong about. `settled`: what training the
    models that the scores cannot tell apart has shown, null where nothing was measured; `verdict`
    then says so. `run` says which pictures were left out (`left_out`), which were given another
    class (`relabeled`) and which run that corrects (`corrects`); `before`: what that run answered,
    null where none is known, and in `text` what the corrections changed. `prior`: the order in
    which models were tried, null where it is that of `models`, and in `text` what it rests on and
    whether the pictures agreed.
    """
    result = answered(result)
    dataset, run, verdict = result.dataset, result.run, result.verdict
    asked = set(run.measures)
    return {
        "dataset": {
            "root": str(dataset.folder),
            "ref": dataset.ref,
            "name": dataset.name,
            "images": len(dataset.paths),
            "sampled_from": dataset.sampled_from or None,
            "listed": dataset.listed or None,
            "fetched": dataset.fetched or None,
            "classes": list(dataset.classes),
            "counts": to_plain(dataset.counts),
            "unreadable": to_plain(dataset.unreadable),
            "notes": list(dataset.notes),
            "digest": dataset.digest,
            "ranges": to_plain(dataset.ranges),
        },
        "scores": [_score(score) for score in result.scores if score.measure in asked],
        "literal": [_score(score) for score in result.literal if score.measure in asked],
        "failures": to_plain(result.failures),
        "verdict": {
            "kind": verdict.kind,
            "winner": verdict.winner,
            "text": verdict.text,
            "why": verdict.why,
            "firsts": to_plain(verdict.firsts),
            "close": list(verdict.close),
            "notes": [note.text for note in verdict.notes],
            "measured": verdict.measured,
            "after_training": after_training(verdict, result.run),
        },
        "headline": headline(result),
        "cause": verdict.cause,
        "light": dict(zip(("color", "text"), light(result), strict=True)),
        "accuracies": to_plain(result.accuracies),
        "strips": [_strip(result, strip) for strip in result.strips],
        "beforehand": to_plain(beforehand(result)),
        "rankings": to_plain(result.rankings),
        "order": model_order(result),
        "models": [model_json(model) for model in result.models],
        "seconds_per_picture": to_plain(result.seconds_per_picture),
        "seconds_spread": to_plain(result.seconds_spread),
        "notes": list(result.notes),
        "versions": dict(result.versions),
        "run": {name: value for name, value in to_plain(run).items() if name != "person"},
        "seconds": result.seconds,
        "complete": result.complete,
        "race": to_plain(result.race),
        "prior": _prior(result),
        "before": _before(result),
        "settled": to_plain(result.settled) if verdict.measured else None,
    }


def _score(score: Score) -> dict[str, Any]:
    told = {"gain": gain_of(score), "chance": chance_of(score)}  # as in runs of now
    return to_plain(score) | {name: to_plain(value) for name, value in told.items()}


def _before(result: Result) -> dict[str, Any] | None:
    if result.before is None:
        return None
    return to_plain(result.before) | {"text": before_and_after(result)}


def _prior(result: Result) -> dict[str, Any] | None:
    if result.prior is None:
        return None
    said = (tried.in_words(result.prior), tried.agreement(result))
    return to_plain(result.prior) | {"text": [text for text in said if text]}


def _strip(result: Result, strip: Strip) -> dict[str, Any]:
    """Name pictures and classes instead of their numbers."""
    dataset = result.dataset

    def named(shown: Shown) -> dict[str, Any]:
        return {
            "path": dataset.paths[shown.row],
            "label": dataset.classes[int(dataset.labels[shown.row])],
            "guess": dataset.classes[shown.guess],
            "sure": shown.sure,
        }

    return {
        "model": strip.model,
        "right": [named(shown) for shown in strip.right],
        "wrong": [named(shown) for shown in strip.wrong],
    }


def model_json(model: SourceModel) -> dict[str, Any]:
    """Return a source model's JSON values; `baseline` is the former name of `yardstick`."""
    return {**to_plain(model), "baseline": model.yardstick}
