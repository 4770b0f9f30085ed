"""The choice between trainings and the probe, by the loss on pictures held out of the training
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RATES = (2e-4, 6e-4)  # learning rates tried where none is given
SHARES = (0.5, 1.0)  # of the way from the start of a training to its end
CLEARLY = 0.9  # of the lowest loss half way: the whole way is worth it from there on
WAYS = {0.5: "half way", 1.0: "all the way"}


@dataclass(frozen=True)
class Choice:
    """What is tested: the weights a share of the way from start to end at a learning rate."""

    rate: float
    share: float

    def __str__(self) -> str:
        rate = np.format_float_scientific(self.rate, trim="-", exp_digits=1)
        return f"learning rate {rate}, {WAYS[self.share]}"


def choose(
    probe: float, rates: Sequence[float], losses: Sequence[Sequence[float]]
) -> Choice | None:
    """Choose by the held-out loss: of the probe, and of each rate half way and all the way.

    None = the probe, where nothing beats it. Half way keeps more of what the network knew, and is
    chosen unless the whole way loses CLEARLY less: on a few dozen pictures a smaller difference is
    chance.
    """
    half, whole = np.asarray(losses, dtype=np.float64).T  # (rates,) each
    way = 1 if whole.min() < CLEARLY * half.min() else 0
    least = (half, whole)[way]
    if not least.min() < probe:
        return None
    return Choice(rates[int(least.argmin())], SHARES[way])


def loss_of(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative logarithm of the right class's probability; scores (n, c), labels (n,)."""
    from scipy.special import log_softmax

    return float(-log_softmax(scores, axis=1)[np.arange(len(labels)), labels].mean())
