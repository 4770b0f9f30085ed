"""What one gets: how often the model to start from is right, beside the next best and a yardstick.

By the linear classifier that every run asks (`Result.accuracies`): the least one gets, since
training the whole network further usually adds to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from srcsel.base.phrases import spoken, within
from srcsel.base.records import GIVEN, Accuracy, Result, Shown, SourceModel, Strip, Verdict
from srcsel.models.called import at_start
from srcsel.verdict.readings import names_of
from srcsel.verdict.wording import HEADLINES

HOW = (
    "How often a simple classifier on this model's features is right about pictures it has not"
    " seen, in five parts of the pictures in turn; copies of a picture stay in one part."
    " A yardstick has learned nothing useful: a real model should beat it."
)

STRIP = (
    "Pictures the classifier had not seen. Wrong about: its surest errors, one a class at most."
    " Right about: one a class, those classes first; neither the easiest nor the hardest."
)


@dataclass(frozen=True)
class Expected:
    """The accuracies that the answer stands on, 0..1 with their 90 % intervals."""

    winner: Accuracy
    next_best: Accuracy | None  # of the other models that one may start from
    yardstick: Accuracy | None  # the best of them


def expected(result: Result) -> Expected | None:
    """Return what the verdict's model reaches; None where that was not measured."""
    by_model = {a.model: a for a in result.accuracies}
    winner = by_model.get(result.verdict.winner or "")
    if winner is None:
        return None

    def best(counts: Callable[[SourceModel], bool]) -> Accuracy | None:
        those = [by_model[m.id] for m in result.models if m.id in by_model and counts(m)]
        return max(those, key=lambda a: a.mean, default=None)

    return Expected(
        winner,
        best(lambda m: not m.yardstick and m.id != winner.model),
        best(lambda m: m.yardstick),
    )


def in_words(reached: Expected) -> str:
    """Say it as the end of a sentence, each with its interval: "about 79 % right on these pictures
    (73 to 84), the best of the others 77 (71 to 82), a yardstick 41 (36 to 46)".
    """
    one = reached.winner
    beside = {"the best of the others": reached.next_best, "a yardstick": reached.yardstick}
    said = f"about {percent(one.mean)} % right on these pictures"
    parts = [
        f"{what} {percent(a.mean)} ({within(a.low, a.high)})" for what, a in beside.items() if a
    ]
    return ", ".join([f"{said} ({within(one.low, one.high)})", *parts])


def whose(result: Result) -> str:
    """Say whose accuracy it is that stands beside the answer."""
    verdict = result.verdict
    if verdict.kind != "cannot tell":
        return "What you get"
    name = names_of(result)[verdict.winner] if verdict.winner else ""
    return f"First of them, {name}" if verdict.cause in HEADLINES else f"Ahead for now, {name}"


def rival(result: Result) -> Accuracy | None:
    """Return the accuracy of another model that is right more often than the one that stands
    clear, in whole percent; None where none is, or the answer is no clear choice by the scores.
    """
    verdict, reached = result.verdict, expected(result)
    if verdict.kind != "clear" or verdict.measured or reached is None:
        return None
    other = reached.next_best
    ahead = other is not None and percent(other.mean) > percent(reached.winner.mean)
    return other if ahead else None


def rival_surely_ahead(result: Result) -> bool:
    """Tell whether that other model is right more often than the interval of the one named goes."""
    other, reached = rival(result), expected(result)
    return other is not None and reached is not None and other.mean > reached.winner.high


def rival_in_words(result: Result) -> str:
    """Say that another model is right more often than the clear choice; "" where none is."""
    other = rival(result)
    if other is None:
        return ""
    said = (
        f"{at_start(names_of(result)[other.model])} is right more often ({percent(other.mean)} %,"
        f" {within(other.low, other.high)})"
    )
    goes_by = "the choice goes by three scores of the features and their re-checks"
    if rival_surely_ahead(result):
        return f"{said}, and not by chance, while {goes_by}: try both."
    return f"{said}, but by no more than chance may do; {goes_by}."


def strip_of(result: Result) -> Strip | None:
    """Return the pictures that the verdict's model is right and wrong about; None where that was
    not looked at, or only features were given.
    """
    if result.run.ref == GIVEN:
        return None
    return next((s for s in result.strips if s.model == result.verdict.winner), None)


def strip_parts(strip: Strip) -> dict[str, tuple[Shown, ...]]:
    """Heading -> pictures of a strip, what is empty left out."""
    parts = {
        "Right about, one of a class": strip.right,
        "Wrong about, the surest errors first": strip.wrong,
    }
    return {heading: shown for heading, shown in parts.items() if shown}


def took_for(result: Result, shown: Shown) -> str:
    """Say what a picture was mistaken for; "" where the guess is right."""
    right = shown.guess == result.dataset.labels[shown.row]
    return "" if right else f"took it for: {result.dataset.classes[shown.guess]}"


def with_accuracy(result: Result) -> Verdict:
    """Return the verdict with what one gets in its text, after the opening; as it is where that is
    not known.
    """
    verdict, reached = result.verdict, expected(result)
    if reached is None:
        return verdict
    name = at_start(names_of(result)[reached.winner.model])
    who = "It"
    if verdict.kind == "cannot tell":
        place = "first of them by the scores" if verdict.cause in HEADLINES else "ahead for now"
        who = f"{name}, {place},"
    opening, why, rest = verdict.text.partition(verdict.why)
    said = f"{who} is {in_words(reached)}."
    more = rival_in_words(result)
    return replace(verdict, text=spoken(opening.strip(), said, more, why, rest.strip()))


def percent(share: float) -> int:
    """Round a share to whole percent."""
    return round(100 * share)
