"""The race of a fast answer: in which order pictures are seen, how many at each stage, who goes on. Pure arithmetic.

All models see the same pictures: at stage i the first `stages(counts)[i]` of `order(labels, seed)`, so that no picture
is seen twice. After each stage a model leaves that the re-checks on these pictures put behind the leader, by the
verdict's own rule; then the last in line leave while going on with all would cost more than `budget`. Two models are
always scored in full, so that the verdict compares, and models that cost nothing never leave.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcsel.rank import CLOSE, TIE_MOST, mean_ranks
from srcsel.records import Dropped, DropReason, Note, Race, Score, SourceModel, Verdict
from srcsel.wording import NO_CHOICE, count, listed, share, spoken

LEAST = 40  # pictures of a first stage
EACH = 6  # pictures of a class in a first stage, on average: kNN asks five neighbours
PARTNERS = 2  # pictures of every class that come before all others
LARGEST = 8  # a first stage of more than one picture in LARGEST saves too little
IN_FULL = 2  # models that are always scored in full
OTHERS = 6  # the budget allows each other model one picture in OTHERS, on average
SURE = 99.0  # of 100 re-checks behind the leader: such a model leaves
RECHECKS = 100  # at each stage
UNPLACED = "One of the scores that the verdict uses could not be computed on the first pictures, so it left the race."


@dataclass(frozen=True)
class Place:
    """How a model stands after a stage."""

    model: str
    behind: float  # the leader ranks before it in x of 100 re-checks; the leader's own is 0


@dataclass(frozen=True)
class Leaving:
    """A model that leaves after a stage, and why."""

    place: Place
    why: DropReason


def order(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return a permutation (n,) of the pictures in which every beginning has about the same share of each class.

    labels (n,) int64. The first two pictures of every class come before all others. The same labels and seed give the
    same order.
    """
    chance = np.random.default_rng(seed)
    place = np.empty(len(labels))
    for c in np.unique(labels):
        members = chance.permutation(np.flatnonzero(labels == c))
        share_before = (np.arange(len(members)) + 0.5) / len(members)
        place[members] = np.where(np.arange(len(members)) < PARTNERS, share_before - 1, share_before)
    return np.lexsort((chance.random(len(labels)), place))


def stages(counts: np.ndarray) -> tuple[int, ...]:
    """Return how many pictures each stage has, doubling, the last all of them; empty where a race would save little.

    counts (c,): pictures of each class.
    """
    total, least = int(counts.sum()), max(LEAST, EACH * len(counts))
    sizes = [total]
    while sizes[-1] // 2 >= least:
        sizes.append(sizes[-1] // 2)
    return tuple(reversed(sizes)) if LARGEST * sizes[-1] <= total else ()


def no_race(counts: np.ndarray, models: int) -> str:
    """Say why there is no race among so many models that cost something; "" where there is one."""
    if not stages(counts):
        least = LARGEST * max(LEAST, EACH * len(counts))
        return f"With {len(counts)} classes a race saves time from about {least:,} pictures on."
    return "Two models are always scored in full, so a race needs a third." if models <= IN_FULL else ""


def budget(models: int, pictures: int) -> int:
    """Return how many pictures may go through networks in all: a third of an exact run's for ten models."""
    return min(models, IN_FULL) * pictures + max(0, models - IN_FULL) * pictures // OTHERS


def places(scores: Sequence[Score], yardsticks: Collection[str] = ()) -> list[Place]:
    """Rank models by the verdict's rule: the leader first, then by how seldom the leader is before them.

    scores: of one stage, whitened readings. Yardsticks come last, each ranked beside the others; they never lead. A
    model that lacks a measure of the verdict's has no place.
    """
    ids, full, again = mean_ranks([s for s in scores if s.model not in yardsticks])
    if not ids:
        return []
    steady = again.mean(axis=1)
    leader = int(np.lexsort((steady, full))[0])
    before = _before(again, leader)
    line = sorted(range(len(ids)), key=lambda i: (i != leader, before[i], steady[i]))
    found = [Place(ids[i], float(before[i])) for i in line]
    beside, _, again = mean_ranks(scores) if yardsticks else ([], full, again)
    before = _before(again, beside.index(ids[leader])) if beside else before
    return found + [Place(m, float(b)) for m, b in zip(beside, before, strict=False) if m in yardsticks]


def leaving(
    line: Sequence[Place],
    *,
    free: Collection[str],
    yardsticks: Collection[str],
    sizes: tuple[int, int, int],
    used: int,
    allowed: int,
) -> list[Leaving]:
    """Say who leaves after a stage, the first to leave first.

    line: as `places`. free: models that cost nothing and never leave. sizes: pictures seen, of the next stage, and of
    all. used: pictures put through networks so far, of `allowed`.
    """
    seen, following, total = sizes
    out = [Leaving(p, "yardstick") for p in reversed(line) if p.model in yardsticks and p.model not in free]
    race = [p for p in line if p.model not in yardsticks]
    safe = {p.model for p in race[:IN_FULL]} | set(free)
    out += [Leaving(p, "behind") for p in reversed(race) if p.model not in safe and p.behind >= SURE]
    gone = {leaver.place.model for leaver in out}
    going = [p for p in race if p.model not in gone and p.model not in free]
    reserve = sum(p.model not in free for p in race[:IN_FULL]) * (total - following)
    while going and going[-1].model not in safe and used + len(going) * (following - seen) + reserve > allowed:
        out.append(Leaving(going.pop(), "budget"))
    return out


def announcement(race: Race, pictures: int) -> str:
    """Say which stage is under way."""
    left = race.models - len(race.dropped)
    saved = sum(pictures - d.pictures for d in race.dropped)
    return (
        f"Stage {race.stage + 1} of {len(race.stages)}: {race.stages[race.stage]:,} of {pictures:,} pictures, "
        f"{left} of {count(race.models, 'model')} in the race"
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
    left = f"{len(race.dropped)} of {count(race.models, 'model')} left early" if race.dropped else "no model left early"
    return f"Fast answer: {left}, {how}."


def undecided(race: Race) -> list[Dropped]:
    """Return the models set aside for time that were level with the leader in more re-checks than the verdict allows.

    They may be as good as the winner.
    """
    return [d for d in race.dropped if d.why == "budget" and 100 - d.behind > 100 * CLOSE]


def with_doubt(verdict: Verdict, race: Race, models: Sequence[SourceModel]) -> Verdict:
    """Return the verdict among the models scored in full, and what the others leave open said with it.

    Where models were set aside that may be as good, a clear choice becomes a tie and, with many, no choice. A note
    says where a yardstick left that did as well as the leader.
    """
    verdict = replace(verdict, notes=(*verdict.notes, *_yardsticks(race, models)))
    doubt = undecided(race)
    if not doubt or verdict.winner is None:
        return verdict
    titles = {m.id: m.title for m in models}
    names = listed([titles.get(d.model, d.model) for d in doubt])
    level = listed([str(share(100 - d.behind)) for d in doubt])
    one = len(doubt) == 1
    said = (
        f"{names} {'was' if one else 'were'} set aside early to save time and may be as good: level with the leader or "
        f"before it in {level} of 100 re-checks then. Score {'it' if one else 'them'} in full to be sure."
    )
    many = verdict.kind == "cannot tell" or len({*verdict.close, *(d.model for d in doubt)}) > TIE_MOST
    why = spoken(verdict.why, said)
    facts = verdict.text.partition(verdict.why)[2].strip()
    head = NO_CHOICE if many else f"Start from {titles.get(verdict.winner, verdict.winner)}."
    text = spoken(head, why, "" if many else facts)
    return replace(verdict, kind="cannot tell" if many else "tie", why=why, text=text)


def _yardsticks(race: Race, models: Sequence[SourceModel]) -> tuple[Note, ...]:
    titles = {m.id: m.title for m in models}
    level = [d for d in race.dropped if d.why == "yardstick" and 100 - d.behind > 100 * CLOSE]
    return tuple(
        Note(
            f"{titles.get(d.model, d.model)}, a yardstick, was level with {titles.get(d.leader, d.leader)} or before "
            f"it in {share(100 - d.behind)} of 100 re-checks when it left the race, on {d.pictures:,} pictures."
        )
        for d in level
    )


def _before(again: np.ndarray, leader: int) -> np.ndarray:
    """Return in how many of 100 re-checks the leader ranks before each model, (models,). again (models, b)."""
    return 100 * (again[leader] < again - 1e-9).mean(axis=1)
