"""What one picture costs a network that was never timed here, from those that were.

Seconds = a part that is the same for all (taking a picture in, one more call of each layer) + the
network's multiply-adds at this computer's rate. Pure arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from srcsel.features.backends.choice import WORTH

RATE = 35.0
"""1e9 multiply-adds a second of one core, float32 with torch: the middle of twelve networks on an
Intel Xeon, `benchmarks.foretold`.
"""
EACH = 0.0015
"""Seconds of one core, of a picture, whatever the network."""
GAIN = 1.8
"""Times faster a network is when it was converted (docs/speed.md)."""
CONVERTING = 2.0
"""Seconds that takes, and to try both."""
USUAL = 0.2
"""How much the usual computer counts as against one timed network: computers differ by a factor of
two or so, networks of the same work by a third.
"""
TRUST = (0.005, 1.0)
"""How much each of the two counts as against one timed network: what is the same for all is soon
told by small ones, more so while scores go on beside; the rate by large ones only.
"""

CLASSES = 10  # where their number is not known
COMPARED = 0.6
"""How much of all scores those take by which a race compares models: half the re-checks, and how
often a classifier is right is not asked.
"""


@dataclass(frozen=True)
class Conversion:
    """Which networks are converted, as `srcsel.features.backends.choice` decides."""

    worth: float = WORTH  # seconds of all pictures with torch from which it is done

    def seconds(self, plain: float, pictures: int) -> float:
        """Seconds of a picture of a network that takes `plain` with torch."""
        return plain / GAIN if plain * pictures > self.worth else plain

    def plain(self, seconds: float, pictures: int, thought: float) -> float:
        """Seconds of a picture with torch, of a network that took `seconds`; where that may have
        been either way, the one nearer to what is `thought`.
        """
        either = [seconds] if seconds * pictures <= self.worth else []
        if seconds * GAIN * pictures > self.worth:
            either.append(seconds * GAIN)
        return min(either, key=lambda one: abs(math.log(one / thought)))


def scoring(pictures: int, width: int, classes: int) -> float:
    """Seconds that all scores of one model take one core of a usual computer that is busy, fitted
    by hand to what was measured of 120 to 10,000 pictures and 3 to 200 classes.

    In this order: what they take at least, re-checks (of a sample of 2,000 pictures), classes,
    how often a classifier is right (of 5,000), all pairs of pictures.
    """
    sample, asked = min(pictures, 2000), min(pictures, 5000)
    return (
        0.4
        + sample * (4e-4 + 4.5e-7 * sample + 6e-7 * width)
        + 0.018 * classes
        + 5e-8 * asked * width * classes**0.7
        + 1e-11 * pictures * pictures * width
    )


def usual(work: float, cores: int) -> float:
    """Seconds that a picture takes a network of so much work on a usual computer."""
    return (EACH + work / RATE) / cores


def line(timed: Sequence[tuple[float, float]], cores: int = 1) -> tuple[float, float]:
    """Return (seconds of no work, seconds of each 1e9 multiply-adds) of one picture.

    timed: (1e9 multiply-adds, seconds) of a picture, seconds > 0. The line whose relative errors
    have the least squares; what is usual on `cores`, as much slower or faster as all that was timed
    says of this computer (`speed`), counts as two networks, at no work and at 1, of the weights
    TRUST: networks of one size tell nothing wild about others. Neither number is negative.
    """
    slower = speed(timed, cores)
    none, one = (slower * usual(work, cores) for work in (0.0, 1.0))
    points = [(work, seconds, 1 / seconds**2) for work, seconds in timed]
    points += [(0.0, none, TRUST[0] / none**2), (1.0, one, TRUST[1] / one**2)]
    n = sum(w for _, _, w in points)
    x = sum(w * work for work, _, w in points)
    y = sum(w * t for _, t, w in points)
    xx = sum(w * work * work for work, _, w in points)
    xy = sum(w * work * t for work, t, w in points)
    determinant = n * xx - x * x  # > 0: not all lie at the same work
    same, rate = (y * xx - x * xy) / determinant, (n * xy - x * y) / determinant
    if same < 0:
        return 0.0, xy / xx
    return (y / n, 0.0) if rate < 0 else (same, rate)


def speed(timed: Sequence[tuple[float, float]], cores: int) -> float:
    """Return how many times slower than usual this computer is, by what was timed: the geometric
    mean, in which the usual counts as USUAL.
    """
    logs = [math.log(seconds / usual(work, cores)) for work, seconds in timed]
    return math.exp(sum(logs) / (len(logs) + USUAL))
