"""Whose job is next: people take turns, and a question that was just answered is answered at once.

Round robin over people: of those who wait, the one who was served longest ago (never: before all
others) gets the next turn, with the oldest of their jobs. So ten runs of one person do not delay
another's first. The same question asked by several is a job for each, so that each may stop theirs;
it is computed once: those who wait for it follow the first, find everything stored, and use up no
turn.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from srcsel.base.phrases import count


@dataclass(frozen=True)
class Waiting:
    """A job that waits in a lane."""

    id: str
    person: str
    place: int  # smaller = waits longer
    question: str


@dataclass(frozen=True)
class Queue:
    """A lane at one moment."""

    running: sqlite3.Row | None
    waiting: tuple[Waiting, ...]  # in the order they will be taken
    followers: frozenset[str]  # ids of those that wait for the answer of another job

    def ahead(self, job: str) -> int:
        """Return how many jobs are done before this one, the running one among them."""
        place = [one.id for one in self.waiting].index(job)
        return place + (self.running is not None)


def queue_of(db: sqlite3.Connection, lane: str) -> Queue:
    """Read a lane from the job table."""
    running = db.execute(
        "select * from jobs where lane=? and state='running' order by started", (lane,)
    ).fetchone()
    rows = db.execute(
        "select id, person, place, question, exists(select 1 from jobs d where"
        " d.question=j.question and d.state='done' and d.ended>=j.created) as answered from jobs j"
        " where lane=? and state='queued'",
        (lane,),
    ).fetchall()
    turns = db.execute("select person, max(turn) from jobs where lane=? group by person", (lane,))
    waiting = [Waiting(r["id"], r["person"], r["place"], r["question"]) for r in rows]
    answered = {r["question"] for r in rows if r["answered"]}
    if running is not None:
        answered.add(running["question"])
    return Queue(running, *in_turn(waiting, dict(turns.fetchall()), answered))


def in_turn(
    waiting: Sequence[Waiting], turns: Mapping[str, int], answered: Collection[str] = ()
) -> tuple[tuple[Waiting, ...], frozenset[str]]:
    """Return the jobs in the order they will be taken, and the ids of those that use up no turn.

    turns: when each person was served last, counted from 1; who is missing never was. answered:
    questions whose answer is stored, or will be when the running job is done.
    """
    left, last, known = sorted(waiting, key=lambda one: one.place), dict(turns), set(answered)
    taken, followers = [], set()
    now = max(last.values(), default=0)
    while left:
        one = next((one for one in left if one.question in known), None)
        if one is not None:
            followers.add(one.id)
        else:
            one = min(left, key=lambda each: (last.get(each.person, 0), each.place))
            now += 1
            last[one.person] = now
            known.add(one.question)
        left.remove(one)
        taken.append(one)
    return tuple(taken), frozenset(followers)


def next_turn(db: sqlite3.Connection, lane: str) -> int:
    """Return the number of the turn that comes now."""
    return db.execute(
        "select coalesce(max(turn), 0) + 1 from jobs where lane=?", (lane,)
    ).fetchone()[0]


def words(queue: Queue, job: str) -> str:
    """Say where in the queue a waiting job is."""
    ahead = queue.ahead(job)
    if not ahead:
        return "Getting ready, this takes a few seconds"
    if job in queue.followers:
        return "Somebody else asked the same: it is computed once, and you get the answer too"
    if ahead == 1 and queue.running is not None:
        return "Next in the queue: this starts when the run before it is done"
    return f"In the queue: {count(ahead, 'run')} before this one"
