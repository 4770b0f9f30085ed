"""Which backend runs a network: the one that a few pictures show to be faster and equal.

Never at a loss.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srcsel.base.records import FeatureKey, SourceModel
from srcsel.base.scarce import is_out_of_memory
from srcsel.features.backends import kept, openvino
from srcsel.features.backends._base import (
    Output,
    Pictures,
    Runner,
    cores,
    difference,
)
from srcsel.features.backends.eager import Eager
from srcsel.models.called import at_start, called
from srcsel.models.hubs import Encoder

PROBE = 4  # pictures that are measured: what is tried takes as long as 20 pictures or so
TINY = 1_000_000
"""Weights below which nothing is measured: such a network is done before a conversion would be."""
# seconds torch would still take, from which a conversion pays: it takes 2 and at least halves the
# rest
WORTH = 8.0
WORTH_KEPT = 2.0  # the same where the conversion is on disk
LARGEST = 400_000_000
"""Weights above which a network is not converted: it would be in memory three times meanwhile."""
TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1}
"""Largest difference of a picture's features from those of torch in float32, relative
(`difference`).
"""
RAN = {
    "float32": (
        "Larger networks ran with OpenVINO on the processor; checked to equal torch within 0.01 %."
    ),
    "bfloat16": (
        "Larger networks ran with OpenVINO in bfloat16 (fast): features are some percent off."
    ),
}


@dataclass(frozen=True)
class Wish:
    """A network to be run over pictures."""

    model: SourceModel
    key: FeatureKey
    folder: Path  # conversions are kept in a folder of their own below
    say: Callable[[str], None] = lambda _: None


def recall(wish: Wish, pictures: int) -> Runner | None:
    """Return the conversion of an earlier run, so that the network need not even be loaded; None =
    there is none.

    pictures: how many remain. Small remainders and networks that ran better in torch give None too.
    """
    found = kept.read(wish.folder, wish.key)
    if found is None or found.graph is None or found.measured.eager * pictures < WORTH_KEPT:
        return None
    try:
        if found.measured.processor != openvino.processor():
            return None
        runner = openvino.Converted(found.graph, wish.key.precision)
    except Exception:  # noqa: BLE001 (the package may be gone or broken; torch runs everything)
        return None
    wish.say(RAN[wish.key.precision])
    return runner


def prepare(wish: Wish, encoder: Encoder, pixels: Pictures, device: str) -> Callable[[], Runner]:
    """Try `encoder` on the first of `pixels` (n, 3, h, w), and convert it where that may pay.

    What comes back is to be called when nothing else runs: it measures the two and returns the
    faster one. Anything but a processor, a tiny network and few pictures stay with torch, without a
    measurement. On a processor torch computes in float32 also where fast was asked for: its own
    bfloat16 is less exact, and slow on many.
    """
    precision = "float32" if device == "cpu" else wish.key.precision
    eager = Eager(encoder, device, precision)
    tiny = wish.model.params is not None and wish.model.params < TINY
    if device != "cpu" or tiny or len(pixels) < 2 * PROBE or not hasattr(encoder, "graph"):
        return lambda: eager
    eager.workers = _workers()
    trial = _Trial(wish, eager, pixels[:PROBE])
    try:
        found, seconds = trial.run(eager)
        if WORTH < seconds * len(pixels) < 3 * WORTH:  # the first pass also prepared kernels
            seconds = trial.run(eager)[1]
        large = (wish.model.params or 0) > LARGEST
        if seconds * len(pixels) <= WORTH or large or _known_slower(wish):
            return lambda: eager
        return trial.converted(encoder, found, seconds)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return lambda: Eager(encoder, device, precision)  # the run itself takes smaller batches


def _workers() -> int:
    """Batches that torch can compute at the same time: what its own threads leave of the cores."""
    import torch

    return max(1, cores() // torch.get_num_threads())


def _known_slower(wish: Wish) -> bool:
    found = kept.read(wish.folder, wish.key)
    return found is not None and found.graph is None


@dataclass(frozen=True)
class _Trial:
    """A few pictures through torch and through a conversion."""

    wish: Wish
    eager: Eager
    pixels: np.ndarray

    def run(self, runner: Runner) -> tuple[Output, float]:
        """Return the outputs, and the seconds a picture took with every core at work."""
        return _timed(runner, self.pixels, max(1, PROBE // self.eager.workers))

    def converted(self, encoder: Encoder, expected: Output, seconds: float) -> Callable[[], Runner]:
        """Convert and check; torch with a sentence where that fails.

        `seconds`: those of torch a picture.
        """
        wish, measured = self.wish, kept.Measured("", seconds)
        try:
            graph = openvino.convert(encoder.graph(), encoder.preprocessing.size)  # pyright: ignore
            runner = openvino.Converted(graph, wish.key.precision)
            measured = kept.Measured(openvino.processor(), seconds)
            worst = difference(self.run(runner)[0], expected)
            if worst > TOLERANCE[wish.key.precision]:
                return self._refused(measured, f"its features would differ by {worst:.1e}")
        except ImportError:
            wish.say(
                "The package openvino is not installed: networks ran with torch, which takes about"
                " twice as long."
            )
            return lambda: self.eager
        except Exception as error:  # noqa: BLE001 (converters raise anything at all; torch runs everything)
            if is_out_of_memory(error):
                return lambda: self.eager
            return self._refused(measured, f"it cannot be converted ({type(error).__name__})")
        kept.write(wish.folder, wish.key, kept.Kept(measured, graph))
        return lambda: self._faster(runner, measured)

    def _faster(self, runner: Runner, measured: kept.Measured) -> Runner:
        usual, seconds = (self.run(one)[1] for one in (self.eager, runner))
        if seconds >= usual:  # a busy moment must not decide for good
            usual, seconds = min(usual, self.run(self.eager)[1]), min(seconds, self.run(runner)[1])
        if seconds >= usual:
            return self._refused(measured, "that is faster here")()
        self.wish.say(RAN[self.wish.key.precision])
        return runner

    def _refused(self, measured: kept.Measured, why: str) -> Callable[[], Runner]:
        """Stay with torch, say so, and do not try again."""
        self.wish.say(f"{at_start(called(self.wish.model))} ran with torch: {why}.")
        kept.write(self.wish.folder, self.wish.key, kept.Kept(measured, None))
        return lambda: self.eager


def _timed(runner: Runner, pixels: np.ndarray, size: int) -> tuple[Output, float]:
    """Run over `pixels`; return the joined outputs and the seconds a picture took."""
    start = time.perf_counter()
    values, logits = zip(*runner.run(pixels, size), strict=True)
    seconds = (time.perf_counter() - start) / len(pixels)
    return (np.concatenate(values), None if logits[0] is None else np.concatenate(logits)), seconds
