"""Before and after pictures were corrected: what is kept of the earlier answer, and how the new one
differs, in words and beside the bars. Plain text, titles as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from srcsel.base.asked import checked
from srcsel.base.phrases import capital
from srcsel.base.records import Before, Reading, Result, Run, Score
from srcsel.models.called import at_start
from srcsel.pictures.corrections import caution, difference, notes
from srcsel.verdict.measured import answered
from srcsel.verdict.readings import bar_length, firsts_of_100, names_of, scores_of
from srcsel.verdict.wording import how_sure

MARK = "before the correction"
"""What stands beside the mark of an earlier value, in every chart."""
_SAME = ("ref", "measures", "temperature", "metric", "precision", "seed", "race", "all_pictures")


def asks_the_same(before: Run, after: Run) -> bool:
    """Tell whether two runs differ in what is corrected only, so that their answers compare."""
    same = all(getattr(before, name) == getattr(after, name) for name in _SAME)
    return same and set(before.models) == set(after.models)


def kept(before: Result) -> Before:
    """Return what a corrected run keeps of the answer before."""
    before = answered(before)
    run, dataset, verdict = before.run, before.dataset, before.verdict
    return Before(
        run.id,
        run.title,
        len(dataset.paths),
        len(dataset.classes),
        run.corrections,
        verdict.kind,
        verdict.cause,
        bool(verdict.measured),
        verdict.winner,
        firsts_of_100(before),
        tuple(replace(score, rechecks=None) for score in before.scores),
        tuple(replace(score, rechecks=None) for score in before.literal),
    )


@checked()
def before_and_after(result: Result) -> str:
    """Say what was corrected and what that changed: "8 pictures left out: the verdict is the same,
    ...", with a caution where many are; "" where nothing is known of before, or the run is
    not finished.
    """
    result = answered(result)
    before = result.before
    if before is None or not result.complete or not result.scores:
        return ""
    asked = result.run.corrections
    what = difference(before.corrections, asked) or "The same pictures"
    care = caution(asked, before.pictures + len(before.corrections.left_out))
    return " ".join(filter(None, [f"{capital(what)}: {_outcome(before, result)}", care]))


def tells_all(result: Result) -> bool:
    """Tell whether `before_and_after` says all that is corrected, so that nothing else has to."""
    before = result.before
    return before is not None and not before.corrections and bool(before_and_after(result))


def other_notes(result: Result) -> tuple[str, ...]:
    """Return the notes of a run but for those that `before_and_after` has said already."""
    told = notes(result.run.corrections) if tells_all(result) else ()
    return tuple(note for note in result.notes if note not in told)


def lengths_before(result: Result, measure: str, reading: Reading) -> dict[str, float]:
    """Model -> where its bar ended before, on the axis of `bar_length`; {} = nothing is known."""
    before = result.before
    if before is None:
        return {}
    scores: Mapping[str, Score] = scores_of(before.scores, before.literal, measure, reading)
    return {model: bar_length(score)[0] for model, score in scores.items()}


def _outcome(before: Before, result: Result) -> str:
    verdict, called = result.verdict, names_of(result)
    was, now = _choice(before.kind, before.winner), _choice(verdict.kind, verdict.winner)
    then, sure = (how_sure(one.kind, one.cause).lower() for one in (before, verdict))
    if now is None:
        ahead = f" {_first(before, result, verdict.winner)}" if verdict.winner else ""
        if was is None:
            return f"the verdict is the same, {sure}.{ahead}"
        return f"the verdict was to start from {called[was]} ({then}), now it is {sure}.{ahead}"
    if was is None:
        said = f"the verdict was {then}, now it is to start from {called[now]} ({sure})."
    elif was != now:
        said = f"the verdict is to start from {called[now]} instead of {called[was]} ({sure})."
    elif then != sure:
        said = f"the verdict is still to start from {called[now]}, {sure} instead of {then}."
    else:
        said = f"the verdict is the same, start from {called[now]} ({sure})."
    return f"{said} {_first(before, result, now)}"


def _choice(kind: str, winner: str | None) -> str | None:
    return None if kind == "cannot tell" else winner


def _first(before: Before, result: Result, model: str) -> str:
    """Say in how many of the re-checks a model came first, before and now."""
    name, now = at_start(names_of(result)[model]), firsts_of_100(result).get(model)
    was = before.firsts.get(model)
    if now is None:
        return ""
    if was is None or was == now:
        return f"{name} is first in {now} of 100 re-checks{', as before' if was == now else ''}."
    return f"{name} is first in {now} instead of {was} of 100 re-checks."
