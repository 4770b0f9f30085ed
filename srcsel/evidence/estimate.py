"""How long trainings will take on this computer, told before they are begun.

Work is counted in looks: one picture going once through the network. What a look took in the last
training of a model is remembered. Before that the network's size says it, within what the run
itself measured: a run may find a faster way to look than a training has.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcsel.base.phrases import about, duration, word
from srcsel.base.records import LEAST_TEST, Protocol, Result, SourceModel
from srcsel.evidence.choosing import RATES, SHARES
from srcsel.evidence.splits import HELD, Split
from srcsel.evidence.training import VIEWS, Trained
from srcsel.runs.settled import PROTOCOL, ROUNDS
from srcsel.store import expected
from srcsel.store.memory import Memory
from srcsel.verdict.measured import FEWEST_ROUNDS, contest

BACKWARD = 3.0  # looks that learning from a picture once costs
KEPT = 0.4  # share of trainings whose last part falls away, because the probe was not beaten
SLOWER = (1.2, 4.0)  # times a look as a run measured it, at least and at most
UNKNOWN = 0.05  # 1e9 multiply-adds of a network that does not say
GMACS_PER_CORE = 22.0  # 1e9 multiply-adds a second, of one core of a laptop
AROUND = 2.0  # seconds to load a network and fit its probes
DECODE = 0.004  # seconds to open one picture, once for each call
_KIND = "paces"


def training_seconds(
    result: Result, models: Sequence[SourceModel], protocol: Protocol, memory: Memory
) -> float:
    """Estimate training `models` once for each seed of `protocol`, in seconds."""
    looks = _looks(result.dataset.counts, protocol)
    each = [AROUND + looks * _pace(result, model, memory) for model in models]
    return len(protocol.seeds) * sum(each) + DECODE * float(result.dataset.counts.sum())


def settling_seconds(result: Result, memory: Memory) -> tuple[float, float]:
    """Estimate training the models that a run cannot tell apart from here on, in seconds: until
    their order can be told, and at most.
    """
    asked, settled = set(contest(result)), result.settled
    models = [model for model in result.models if model.id in asked]
    done = len(settled.protocol.seeds) if settled and settled.accuracies else 0

    def until(rounds: int) -> float:
        seeds = tuple(range(done, max(done + 1, rounds)))
        return training_seconds(result, models, replace(PROTOCOL, seeds=seeds), memory)

    return until(FEWEST_ROUNDS), until(ROUNDS)


def too_short(result: Result, minutes: float, least: float) -> str:
    """Say that the time allowed will not do, of which `least` seconds are needed; "" where it may,
    or where an order is told already.
    """
    told = result.settled is not None and result.settled.is_measured
    if told or least <= 60 * minutes:
        return ""
    return (
        f"An order is told after {word(FEWEST_ROUNDS)} trainings of each, {about(least)} on this"
        f" computer. What is trained in {duration(60 * minutes)} is kept: asked again, it goes on."
    )


def remember_pace(
    memory: Memory, model: SourceModel, of: Split, protocol: Protocol, trained: Trained
) -> None:
    """Keep what a look took in a training. Raises StoreError."""
    rates = _rates(protocol) if len(of.held) else 0
    chosen = rates * (len(of.train) - len(of.held)) * protocol.epochs
    learned = chosen + len(of.train) * trained.epochs
    looked = len(of.train) * (2 + VIEWS) + len(of.held) * rates * len(SHARES) + len(of.test)
    pace = trained.seconds / (BACKWARD * learned + looked)
    memory.remember(_KIND, _question(model), {}, {"seconds": pace})


def _looks(counts: np.ndarray, protocol: Protocol) -> float:
    """Count the looks that one training takes, with pictures of each class (c,)."""
    if protocol.shots is None:
        train = (1 - protocol.test_share) * counts
    else:
        most = np.maximum(1, counts - np.maximum(1, np.round(LEAST_TEST * counts)))
        train = np.minimum(protocol.shots, most)
    learn, test = float(train.sum()), float((counts - train).sum())
    rates = _rates(protocol)
    passes = protocol.epochs * (rates * (1 - HELD) + 1 - KEPT)
    return learn * (BACKWARD * passes + 2 + VIEWS + HELD * rates * len(SHARES)) + test


def _rates(protocol: Protocol) -> int:
    return len(RATES) if protocol.learning_rate is None else 1


def _pace(result: Result, model: SourceModel, memory: Memory) -> float:
    """Seconds of a look through one model."""
    kept = memory.recall(
        _KIND, _question(model), lambda _, about: expected.number(about["seconds"])
    )
    if kept is not None:
        return kept
    cores = max(1, (os.cpu_count() or 2) - 1)  # as `leave_a_core` leaves one
    pace = (model.gmacs or UNKNOWN) / (GMACS_PER_CORE * cores)
    measured = result.seconds_per_picture.get(model.id)
    least, most = SLOWER
    return min(max(pace, least * measured), most * measured) if measured else pace


def _question(model: SourceModel) -> dict[str, str]:
    return {"model": model.id, "revision": model.revision}
