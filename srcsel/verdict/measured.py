"""The verdict once the models that it cannot tell apart were trained: who is trained, what came of
it in words, and the answer that follows.

Only what `Settled.is_measured` is said; the rule when an order is clear is that of the evidence.
Plain text, titles as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from srcsel.base.phrases import count, listed, spoken, within, word
from srcsel.base.records import GIVEN, LEAST_TEST, Accuracy, Gap, Result, Settled, Verdict
from srcsel.models.called import at_start
from srcsel.verdict.doubt import undecided
from srcsel.verdict.expected import percent
from srcsel.verdict.readings import names_of
from srcsel.verdict.wording import HEADLINES, KINDS, how_sure, opening

MEASURED = "Measured"
MOST_MODELS = 5  # trained at once; of more that look alike, those that the scores rank best
NO_PICTURES = (
    "These features were given without pictures, so no model can be trained on them. Rank the"
    " folder of the pictures, then ask about that run."
)
FEWEST_ROUNDS = 3  # trainings of each model from which a difference can be told
FEWEST = 2  # pictures of each class, to learn from and to be tested with


def contest(result: Result) -> tuple[str, ...]:
    """Return the models that training could tell apart, as the scores rank them; none where the
    answer is clear, or where none of the models helps. Yardsticks are never among them.
    """
    verdict = result.verdict
    if verdict.kind == "clear" or verdict.cause in HEADLINES:
        return ()
    set_aside = [d.model for d in undecided(result.race)] if result.race else []
    asked = tuple(dict.fromkeys((*verdict.close, *set_aside)))[:MOST_MODELS]
    return asked if len(asked) > 1 else ()


def why_not(result: Result) -> str:
    """Say why training cannot settle a run; "" where it can."""
    if result.run.ref == GIVEN:
        return NO_PICTURES
    if not result.complete:
        return "This run is not finished, so nothing can be settled yet. Let it finish first."
    if result.verdict.cause in HEADLINES:
        return f"{HEADLINES[result.verdict.cause]}, so there is nothing to settle among them."
    if result.verdict.kind == "clear":
        return "The answer is clear already, so there is nothing to settle."
    if not contest(result):
        return "No two models are close to each other, so there is nothing to settle."
    least = int(result.dataset.counts.argmin())
    if result.dataset.counts[least] < FEWEST:
        return (
            f"The class {result.dataset.classes[least]} has one picture only: a model could not"
            " learn it and be tested with it. Add pictures of it, then rank again."
        )
    return ""


def answered(result: Result) -> Result:
    """Return the run as it is answered now: with what was measured in its verdict, where that
    speaks of the models that the verdict cannot tell apart.
    """
    settled = result.settled
    if settled is None or not settled.is_measured or set(settled.models) != set(contest(result)):
        return result
    return replace(result, verdict=_verdict(result, settled))


def unfinished(result: Result) -> str:
    """Say why trainings that were begun say nothing yet; "" where they do, or none were."""
    settled = result.settled
    if settled is None or settled.is_measured:
        return ""
    if settled.ended == "failed":
        said = "Fewer than two of the models could be trained, so nothing was settled."
        return spoken(said, *_failed(settled, names_of(result)))
    if settled.ended == "time":
        return (
            f"The time allowed was spent before each model was trained {word(FEWEST_ROUNDS)} times,"
            " so nothing is settled yet. What was trained is kept: asked again, it goes on."
        )
    return "The trainings are not finished, so nothing is settled yet. What was trained is kept."


def badge(verdict: Verdict) -> str:
    """Say in a few words how sure the answer is, and whether it was measured."""
    if not verdict.measured:
        return how_sure(verdict.kind, verdict.cause)
    return MEASURED if verdict.kind == "clear" else f"{MEASURED}: {KINDS[verdict.kind].lower()}"


def sentence(settled: Settled, result: Result) -> str:
    """Say what the trainings came to: "Measured: ... reached 73 % (70 to 76), ..."."""
    called = names_of(result)
    reached = {a.model: a for a in settled.accuracies}
    still = [_reached(reached[m], called[m]) for m in settled.close]
    much = f"in {count(settled.trainings, 'training')} on {_shots(settled, result)}"
    nearest, most = settled.gaps[0], max(_open(settled), key=lambda g: g.high, default=None)
    if most is None:
        first = settled.close[0]
        return (
            f"Measured: {called[first]} reached {_share(reached[first])},"
            f" {_points(nearest.mean)} ({_between(nearest)}) more than {called[nearest.model]},"
            f" {much}."
        )
    whom = "them" if len(still) == 2 else "the first and any other"
    within = f"at most {_points(most.high)} between {whom}"
    if settled.ended == "alike":
        best = at_start(called[settled.winner or settled.close[0]])
        return (
            f"Measured: it makes no difference, {within}, {much}: {listed(still)}. {best} costs no"
            " more than the others."
        )
    advice = (
        "The time allowed is spent; more may tell."
        if settled.ended == "time"
        else "More pictures would tell more than further trainings."
    )
    fell = [called[g.model] for g in settled.gaps if g.model not in settled.close]
    behind = f" {at_start(listed(fell))} fell behind." if fell else ""
    return (
        f"Measured: {listed(still)} still cannot be told apart, {within}, {much}.{behind} {advice}"
    )


def _verdict(result: Result, settled: Settled) -> Verdict:
    """Return the verdict with what was measured in place of what the scores leave open."""
    before, called = result.verdict, names_of(result)
    said = sentence(settled, result)
    why = spoken(said, _by_scores(settled.models, called), *_failed(settled, called))
    kind = "clear" if settled.ended == "clear" else "tie" if settled.winner else before.kind
    kept = before.winner if before.winner in settled.close else settled.close[0]
    winner = settled.winner or kept
    sure = kind != "cannot tell"
    cause = "" if sure else before.cause
    text = spoken(opening(cause, called[winner] if sure else ""), why)
    notes = before.notes if winner == before.winner else ()  # they explain another choice
    return replace(
        before,
        kind=kind,
        winner=winner,
        text=text,
        close=settled.close,
        notes=notes,
        why=why,
        cause=cause,
        measured=said,
    )


def _open(settled: Settled) -> list[Gap]:
    return [gap for gap in settled.gaps if gap.model in settled.close]


def _by_scores(models: Sequence[str], called: dict[str, str]) -> str:
    who = listed([called[m] for m in models]) if len(models) <= 3 else f"{word(len(models))} models"
    return f"By the scores alone {who} were too close to call."


def _failed(settled: Settled, called: dict[str, str]) -> list[str]:
    return [
        f"{at_start(called[f.model])} could not be trained: {f.reason}" for f in settled.failures
    ]


def _shots(settled: Settled, result: Result) -> str:
    """Say what a training learned from: "10 pictures of each class"."""
    shots, fewest = settled.protocol.shots, int(result.dataset.counts.min())
    if shots is None:
        return "most of the pictures"
    least = "" if fewest - max(1, round(LEAST_TEST * fewest)) >= shots else "at most "
    return f"{least}{count(shots, 'picture')} of each class"


def _reached(accuracy: Accuracy, name: str) -> str:
    return f"{name} ({percent(accuracy.mean)} %, {within(accuracy.low, accuracy.high)})"


def _share(accuracy: Accuracy) -> str:
    """Write an accuracy with its interval: "73 % (70 to 76)"."""
    return f"{percent(accuracy.mean)} % ({within(accuracy.low, accuracy.high)})"


def _points(share: float) -> str:
    value = round(100 * share, 1)
    return f"{value:.1f} point{'' if value == 1 else 's'}"


def _between(gap: Gap) -> str:
    return f"{100 * gap.low:.1f} to {100 * gap.high:.1f}"
