"""A race in words: who left, why, what it saved, and what it leaves open in the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from srcsel.base.phrases import count, listed, share, spoken
from srcsel.base.records import Dropped, Race, SourceModel, Verdict
from srcsel.models.called import at_start, called
from srcsel.verdict.decide import TIE_MOST
from srcsel.verdict.ranks import CLOSE
from srcsel.verdict.wording import opening


def announcement(race: Race, pictures: int) -> str:
    """Say which stage is under way."""
    left = race.models - len(race.dropped)
    saved = sum(pictures - d.pictures for d in race.dropped)
    return (
        f"Stage {race.stage + 1} of {len(race.stages)}: {race.stages[race.stage]:,} of {pictures:,}"
        f" pictures, {left} of {count(race.models, 'model')} in the race"
        + (f", {count(saved, 'forward pass', 'forward passes')} saved so far" if saved else "")
    )


def reason(out: Dropped, titles: Mapping[str, str], pictures: int) -> str:
    """Say why a model has no score on all pictures. Plain text, titles as they are."""
    leader = titles.get(out.leader, out.leader)
    behind = f"behind the leader, {leader}, in {share(out.behind)} of 100 re-checks"
    seen = f"after {out.pictures:,} of {pictures:,} pictures"
    if out.why == "yardstick":
        return f"A yardstick, dropped {seen}: {behind}."
    if out.why == "behind":
        return f"Dropped {seen}: {behind}."
    return f"Set aside {seen} to save time, not ruled out: {behind}."


def summary(race: Race) -> str:
    """Say in a sentence or two what a race did and saved; why there was none."""
    if not race.stages:
        return f"Fast answer: no race was run, every model was scored in full. {race.note}"
    saved = race.exact - race.passes
    how = f"{saved:,} of {race.exact:,} forward passes (one picture through one network) were saved"
    left = (
        f"{len(race.dropped)} of {count(race.models, 'model')} left early"
        if race.dropped
        else "no model left early"
    )
    return f"Fast answer: {left}, {how}."


def undecided(race: Race) -> list[Dropped]:
    """Return the models set aside for time that were level with the leader in more re-checks than
    the verdict allows.

    They may be as good as the winner.
    """
    return [d for d in race.dropped if d.why == "budget" and 100 - d.behind > 100 * CLOSE]


def with_doubt(verdict: Verdict, race: Race, models: Sequence[SourceModel]) -> Verdict:
    """Return the verdict among the models scored in full, and what the others leave open said with
    it.

    Where models were set aside that may be as good, a clear choice becomes a tie and, with many, no
    choice. Where a yardstick left that did as well as the leader, there is no choice either.
    """
    doubt, level = undecided(race), _level_yardsticks(race)
    if not (doubt or level) or verdict.winner is None:
        return verdict
    titles = {m.id: called(m) for m in models}
    many = (
        verdict.kind == "cannot tell"
        or bool(level)
        or len({*verdict.close, *(d.model for d in doubt)}) > TIE_MOST
    )
    why = spoken(verdict.why, *_may_be_as_good(doubt, titles), *_was_level(level, titles))
    facts = verdict.text.partition(verdict.why)[2].strip()
    winner = "" if many else titles.get(verdict.winner, verdict.winner)
    text = spoken(opening(verdict.cause, winner), why, "" if many else facts)
    return replace(verdict, kind="cannot tell" if many else "tie", why=why, text=text)


def _may_be_as_good(doubt: Sequence[Dropped], titles: Mapping[str, str]) -> list[str]:
    if not doubt:
        return []
    names = at_start(listed([titles.get(d.model, d.model) for d in doubt]))
    level = listed([str(share(100 - d.behind)) for d in doubt])
    one = len(doubt) == 1
    return [
        f"{names} {'was' if one else 'were'} set aside early to save time and may be as good: level"
        f" with the leader or before it in {level} of 100 re-checks then. Score"
        f" {'it' if one else 'them'} in full to be sure."
    ]


def _level_yardsticks(race: Race) -> list[Dropped]:
    """Return the yardsticks that left although the re-checks could not tell them from the
    leader.
    """
    return [d for d in race.dropped if d.why == "yardstick" and 100 - d.behind > 100 * CLOSE]


def _was_level(yardsticks: Sequence[Dropped], titles: Mapping[str, str]) -> list[str]:
    return [
        f"{at_start(titles.get(d.model, d.model))}, a yardstick, was level with"
        f" {titles.get(d.leader, d.leader)} or before it in {share(100 - d.behind)} of 100"
        f" re-checks when it left the race, on {count(d.pictures, 'picture')}. Score all models in"
        " full to be sure that any of them helps."
        for d in yardsticks
    ]
