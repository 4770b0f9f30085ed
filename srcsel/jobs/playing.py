"""What is to come of a run, played through: networks one after the other, or some at a time, and
the scores of each beside the network that follows. No clock, no disk.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """What is left to do for one model, in seconds."""

    network: float  # alone, from its turn on
    scores: float
    waits: bool = True  # it needs the pictures that are being opened


@dataclass(frozen=True)
class Stage:
    """How the steps of a run go on."""

    abreast: int = 1  # networks at a time
    scorers: int = 1  # models scored at a time
    slower: float = 1.0  # times longer that a network takes beside scores
    opening: float = 0.0  # seconds until all pictures are opened
    scoring: tuple[float, ...] = ()  # seconds left of the scores under way


def played(steps: Sequence[Step], stage: Stage) -> float:
    """Return the seconds until all are scored.

    With one network at a time it waits for its turn at the scores before the next one begins;
    several do not wait for each other.
    """
    networks = [0.0] * stage.abreast  # when each is free
    scorers = sorted([*stage.scoring, *[0.0] * stage.scorers])[-stage.scorers :]
    heapq.heapify(scorers)
    opening, end = stage.opening, max(scorers)
    for step in steps:
        done = _beside(heapq.heappop(networks), step.network, max(scorers), stage.slower)
        if step.waits:  # the first one sees pictures as they are opened
            done, opening = max(done, opening), 0.0
        begun = max(done, heapq.heappop(scorers))
        heapq.heappush(scorers, begun + step.scores)
        heapq.heappush(networks, begun if stage.abreast == 1 else done)
        end = max(end, begun + step.scores)
    return max(end, *networks)


def _beside(begun: float, takes: float, scored: float, slower: float) -> float:
    """Return when a network is done that begins at `begun` and takes so long alone, where models
    are scored until `scored`.
    """
    meanwhile = min(takes * slower, max(0.0, scored - begun))
    return begun + meanwhile + (takes - meanwhile / slower)
