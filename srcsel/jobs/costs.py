"""What one picture costs a network that was never timed here, from those that were.

Seconds = a part that is the same for all (taking a picture in, one more call of each layer) + the
network's multiply-adds at this computer's rate. Pure arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

RATE = 22.0
"""1e9 multiply-adds a second of one core of a laptop, float32."""
EACH = 0.0015
"""Seconds of a picture whatever the network."""
TRUST = (0.005, 1.0)
"""How much each of the two counts as against one timed network: what is the same for all is soon
told by small ones, more so while scores go on beside; the rate by large ones only.
"""


def line(timed: Sequence[tuple[float, float]], cores: int = 1) -> tuple[float, float]:
    """Return (seconds of no work, seconds of each 1e9 multiply-adds) of one picture.

    timed: (1e9 multiply-adds, seconds) of a picture, seconds > 0. The line whose relative errors
    have the least squares; what is usual on `cores`, EACH at no work and RATE at 1, counts as two
    networks of the weights TRUST, so that networks of one size tell nothing wild about others.
    Neither number is negative.
    """
    usual = EACH + 1 / (RATE * cores)
    points = [(work, seconds, 1 / seconds**2) for work, seconds in timed]
    points += [(0.0, EACH, TRUST[0] / EACH**2), (1.0, usual, TRUST[1] / usual**2)]
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
