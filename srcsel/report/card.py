"""What the report says on top: the verdict's card and the pictures under it."""

from __future__ import annotations

from collections.abc import Mapping

from srcsel.base.phrases import millions, moment, plain, spoken
from srcsel.base.records import Result
from srcsel.verdict.expected import (
    expected,
    in_words,
    rival_in_words,
    strip_of,
    strip_parts,
    took_for,
    whose,
)
from srcsel.verdict.readings import firsts_of_100, who_came_first
from srcsel.verdict.times import seconds_of
from srcsel.verdict.wording import HEADLINES


def strip(
    result: Result, pictures: Mapping[int, str]
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return what the winner is right and wrong about: (heading, [(data URL, class, what it took it
    for)]); pictures that are not here are left out.
    """
    strip, dataset = strip_of(result), result.dataset
    if strip is None:
        return []
    found = [
        (
            title,
            [
                (
                    pictures[one.row],
                    plain(dataset.classes[int(dataset.labels[one.row])]),
                    plain(took_for(result, one)),
                )
                for one in shown
                if one.row in pictures
            ],
        )
        for title, shown in strip_parts(strip).items()
    ]
    return [part for part in found if part[1]]


def reached(result: Result) -> str:
    """Say what one gets; "" where that was not measured."""
    reached = expected(result)
    if reached is None:
        return ""
    return spoken(f"{whose(result)}: {in_words(reached)}.", rival_in_words(result))


def facts(result: Result) -> list[tuple[str, str]]:
    """Return what the card says beside the headline: (value, what it is)."""
    verdict = result.verdict
    winner = next((m for m in result.models if m.id == verdict.winner), None)
    if winner is None or verdict.cause in HEADLINES:  # where to start from is none of them
        return []
    seconds = seconds_of(result).get(winner.id)
    facts = [
        (
            (f"{firsts_of_100(result).get(winner.id, 0)} of 100", "re-checks put it first")
            if verdict.firsts
            else None
        ),
        (moment(seconds), "a picture, where it was measured") if seconds else None,
        (millions(winner.params), "weights") if winner.params else None,
        (plain(winner.license) or "unknown", "licence"),
    ]
    return [fact for fact in facts if fact]


def firsts(result: Result) -> list[tuple[float, float]]:
    """Who came first how often: (where its part begins, how long it is), of 1,000, the winner's
    first.
    """
    whole = firsts_of_100(result)
    found, at = [], 0
    for model in who_came_first(result) if len(whole) > 1 else []:
        found.append((10.0 * at, 10.0 * whole[model]))
        at += whole[model]
    return found
