"""The verdict in words: how the models stand, and the sentences that say so.

Plain text, titles as they are, those that are words as `called` says.

The sentences of `Standing` stand between a headline and the facts on the winner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from srcsel.base.phrases import (
    capital,
    count,
    cut,
    digits,
    listed,
    millions,
    moment,
    share,
    shares,
    word,
)
from srcsel.base.records import Result, SourceModel, VerdictCause, VerdictKind
from srcsel.models.called import at_start, called

NEEDED = 90  # of 100 re-checks in which a leader comes before whoever is not close to it
FEWEST = 10  # pictures in the smallest class, below which the card says "too few to say"
ENOUGH = 50  # pictures a class that settle most questions
SAME_COST = 1.1  # costs within this factor are said to be equal
FASTER = 1.5  # ratio of measured times that is believed where nothing else tells the costs apart
READINGS = {"whitened": "Corrected", "raw": "As published"}
BEFOREHAND = {"accuracy": "Accuracy on its own task", "params": "Number of weights"}
"""Predictors of accuracy that need no picture of the person's."""
PREDICTORS = {
    "verdict": "The verdict's own rule",
    "consensus": "Consensus of the measures",
    **BEFOREHAND,
}
"""Predictors of accuracy that are no measure."""
FAST_NUMBERS = "Made with fast numbers ({}): MSC and SCL may differ from exact ones by about 0.01."
KINDS = {
    "clear": "Clear choice",
    "tie": "Too close to call",
    "cannot tell": "No clear choice",
}
"""Each kind of verdict in words: on pages, in History, in the report and in the shell."""
NO_CHOICE = f"{KINDS['cannot tell']} yet"
NO_HELP = "None of these models helps with these pictures"
HEADLINES: dict[VerdictCause, str] = {
    "same": "Cannot tell: the models see no difference between these pictures",
    "chance": NO_HELP,
    "yardstick": NO_HELP,
}
"""What a verdict without a choice is headed by, case by case; NO_CHOICE in the others."""
TRY = (
    "Try models trained on other kinds of picture, or larger ones, and look whether the pictures"
    " show what your labels name"
)


@dataclass(frozen=True)
class Beside:
    """How the leader stands beside the best yardstick."""

    title: str  # of the yardstick, as sentences call it
    beaten: float  # the leader ranks before it in x of 100 re-checks
    level: bool  # it ranks at or above the leader, or the re-checks cannot tell them apart
    ahead: bool  # it ranks above the leader, and the re-checks say so too


@dataclass(frozen=True, eq=False)
class Standing:
    """The models in contention, best first, and what the verdict's words need to know."""

    models: tuple[SourceModel, ...]  # by mean rank on all pictures; no yardsticks
    firsts: Mapping[str, float]  # model -> first in x of 100 re-checks, ties shared
    close: tuple[SourceModel, ...]  # the leader, then those the re-checks cannot tell it from
    above_chance: bool  # the leader, by most of the measures
    counts: np.ndarray  # (c,) pictures of each class
    class_names: Sequence[str] | None
    seconds: Mapping[str, float]  # model -> seconds for one picture, where measured
    yardstick: Beside | None = None  # the leader beside the best yardstick, where one was scored
    only_yardsticks: bool = False  # yardsticks were scored, and nothing else
    blind: bool = False  # no model gives two pictures different features

    def first_in(self, model: SourceModel) -> int:
        """In how many of 100 re-checks a model came first; all models' add to 100."""
        return shares(self.firsts)[model.id]

    def nothing(self) -> str:
        """Say that no model was scored."""
        return (
            "No model could be scored, so there is nothing to start from yet. See why beside each"
            " model."
        )

    def only_yardstick(self) -> str:
        """Say that nothing but a yardstick was scored."""
        return "Only yardsticks were scored, not a model to start from. Add at least two models."

    def alone(self) -> str:
        """Say that one model was scored, and how it stands beside the yardstick."""
        title = called(self.models[0])
        said = f"Only one model was scored, {title}"
        if self.yardstick is None:
            return f"{said}, so there is nothing to compare it with. Add at least one more model."
        beats = f"{share(self.yardstick.beaten)} of 100 re-checks"
        if self.yardstick.level:
            how = "better" if self.yardstick.ahead else "as well"
            return (
                f"{said}. {at_start(self.yardstick.title)}, a yardstick, does {how}: {title} beats"
                f" it in {beats}. Add at least one more model."
            )
        return (
            f"{said}. It beats {self.yardstick.title}, a yardstick, in {beats}. Add at least one"
            " more model to compare it with."
        )

    def no_help(self) -> str:
        """Say that a yardstick does as well as the leader, or better, and what to try."""
        if self.yardstick is None:
            return ""
        first = called(next(iter(self.models)))
        how = "better than" if self.yardstick.ahead else "as well as"
        beaten = share(self.yardstick.beaten)
        return (
            f"{at_start(self.yardstick.title)}, a yardstick that has learned nothing useful, does"
            f" {how} the first of them, {first}: that one comes before it in {beaten} of 100"
            f" re-checks, and {NEEDED} would be needed. {TRY}."
        )

    def no_difference(self) -> str:
        """Say that every picture has the same features."""
        one = at_start(called(self.models[0]))
        these = "These models give" if self.models[1:] else f"{one} gives"
        return (
            f"{these} every picture the same features, so nothing tells the classes apart. Look"
            " whether the pictures are empty or all alike, and whether the weights are damaged."
        )

    def too_few(self) -> str:
        """Say that the smallest class is too small."""
        return (
            f"{self._smallest()}: too few to say. {FEWEST} are needed, {ENOUGH} would help."
            f" {self._ahead()}"
        )

    def no_better_than_chance(self) -> str:
        """Say that not even the leader sees the classes."""
        return (
            f"Even the first of these models, {called(self.models[0])}, tells the classes apart no"
            f" better than chance. {TRY}."
        )

    def alike(self) -> str:
        """Say that too many models are close."""
        if len(self.close) == len(self.models):
            said = f"These {word(len(self.models))} models look alike on these pictures."
        else:
            names = listed(
                [called(m) for m in self.close[:5]] + (["others"] if len(self.close) > 5 else [])
            )
            said = (
                f"{at_start(names)} are too close to call ({word(len(self.close))} of"
                f" {word(len(self.models))} models)."
            )
        advice = f" {self._smallest()}; {ENOUGH} would help." if self.counts.min() < ENOUGH else ""
        return f"{said} {self._ahead()}{advice}"

    def clear(self) -> str:
        """Say that one model stands apart."""
        winner, second = self.models[:2]
        return (
            f"It came first in {self.first_in(winner)} of 100 re-checks on these "
            f"{int(self.counts.sum()):,} pictures. Next best: {called(second)}."
        )

    def tie(self, winner: SourceModel) -> str:
        """Say that a few are close, and name `winner` for its cost or, at equal cost, its rank."""
        first = listed([str(self.first_in(m)) for m in self.close])
        return (
            f"{at_start(listed([called(m) for m in self.close]))} are too close to call (first in"
            f" {first} of 100 re-checks). {self._better_try(winner)}{self._though(winner)}"
        )

    def facts(self, model: SourceModel) -> str:
        """Size, time and licence as far as known, as one sentence."""
        seconds = self.seconds.get(model.id)
        facts = [
            f"{millions(model.params)} weights" if model.params else "",
            f"{moment(seconds)} per picture on this computer" if seconds else "",
            f"licence {model.license}" if model.license else "",
        ]
        text = ", ".join(f for f in facts if f)
        return f"{capital(text)}." if text else ""

    def _better_try(self, winner: SourceModel) -> str:
        """Say why the winner of a tie is the better first try."""
        others = [m for m in self.close if m is not winner]
        smaller = [_ratio(m.params, winner.params, "smaller") for m in others]
        faster = [self._faster(m, winner) for m in others]
        if not all(s or f for s, f in zip(smaller, faster, strict=True)):
            why = (
                "ranks best on all pictures"
                if winner is self.close[0]
                else "costs no more than the others"
            )
        elif len(others) > 1:
            why = f"is {self._least(winner, others)}"
        else:
            both = " and ".join(g for g in smaller + faster if g)
            why = f"is {both}{self._by_time(winner, others)}"
        return f"{at_start(called(winner))} {why}, so it is the better first try."

    def _though(self, winner: SourceModel) -> str:
        """Say which of a tie came first more often than the one it names; "" where none did."""
        most = max(self.close, key=self.first_in)
        if self.first_in(most) <= self.first_in(winner):
            return ""
        said = f" {at_start(called(most))} came first more often"
        if winner is self.close[0]:  # named for its rank on all pictures
            return f"{said} in the re-checks, but ranks below it on all pictures."
        return f"{said}: start from it where the cost does not matter."

    def _faster(self, other: SourceModel, winner: SourceModel) -> str:
        """How many times lighter to compute, by multiply-adds; by measured time, where it differs
        by FASTER, only where those are not known: it depends on what else the computer does.
        """
        if other.gmacs and winner.gmacs:
            return _ratio(other.gmacs, winner.gmacs, "lighter to compute")
        slow, quick = self.seconds.get(other.id), self.seconds.get(winner.id)
        if other.params and winner.params and other.params <= SAME_COST * winner.params:
            return ""  # the time would have to agree with the number of weights
        return _ratio(slow, quick, "faster", least=FASTER)

    def _least(self, winner: SourceModel, others: Sequence[SourceModel]) -> str:
        """Say what the winner is the least of: multiply-adds, or weights."""
        gmacs = winner.gmacs
        if not gmacs or not all(m.gmacs and gmacs <= SAME_COST * m.gmacs for m in others):
            return "the smallest of them"
        return f"the lightest of them to compute{self._by_time(winner, others)}"

    def _by_time(self, winner: SourceModel, others: Sequence[SourceModel]) -> str:
        """Say what multiply-adds tell and the milliseconds beside them do not: who ran faster all
        the same, or as fast; "" where they agree, or are not known.
        """
        own = self.seconds.get(winner.id)
        if not own or not all(m.gmacs for m in (winner, *others)):
            return ""
        times = {called(m): t for m in others if (t := self.seconds.get(m.id))}
        if ahead := [name for name, t in times.items() if own > SAME_COST * t]:
            return f" (that {listed(ahead)} ran faster here may be other programs' doing)"
        if level := [name for name, t in times.items() if SAME_COST * own > t]:
            near = listed(level)
            return f" (by its multiply-adds; the times measured here do not tell it from {near})"
        return ""

    def _smallest(self) -> str:
        fewest = count(int(self.counts.min()), "picture")
        least = np.flatnonzero(self.counts == self.counts.min())
        if len(least) == len(self.counts):
            return f"Each of the classes has {fewest}"
        if len(least) > 1:
            return f"{capital(word(len(least)))} of the classes have {fewest} each"
        name = f", {cut(self.class_names[int(least[0])])}," if self.class_names else ""
        return f"The smallest class{name} has {fewest}"

    def _ahead(self) -> str:
        first = self.first_in(self.models[0])
        return f"For now {called(self.models[0])} is ahead (first in {first} of 100 re-checks)."


def headline(result: Result) -> str:
    """Return the answer in a few words; the winner's title as it is."""
    verdict = result.verdict
    winner = next((m for m in result.models if m.id == verdict.winner), None)
    if not result.scores:
        return "Nothing could be scored" if result.complete else "Nothing is scored yet"
    if winner is None or verdict.kind == "cannot tell":
        return HEADLINES.get(verdict.cause, NO_CHOICE)
    return f"Start from {called(winner)}"


def how_sure(kind: VerdictKind, cause: VerdictCause = "") -> str:
    """Say in a few words how sure an answer is."""
    return HEADLINES.get(cause, KINDS[kind])


def opening(cause: VerdictCause, winner: str = "") -> str:
    """Return the sentence that a verdict's text begins with; `winner`: what
    sentences call the model to start from.
    """
    return f"Start from {winner}." if winner else f"{HEADLINES.get(cause, NO_CHOICE)}."


def _ratio(more: float | None, less: float | None, word: str, least: float = SAME_COST) -> str:
    """How many times smaller or faster, in words; nothing where unknown or hardly different."""
    if not more or not less or more < least * less:
        return ""
    return f"{digits(more / less)} times {word}"
