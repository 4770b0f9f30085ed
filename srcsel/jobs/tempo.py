"""How much slower this computer goes now than when a run began: other programs come and go.

Every stretch of work whose length was foretold says something about it, the more the better it was
foretold. The rest of a run is told in the seconds of a clock that goes as slowly as the computer,
so that what was timed before another program came holds after it came too. No disk, no clock.
"""

from __future__ import annotations

import math

STEADY = 5e-4
"""By how much a computer changes by itself in a second, as a variance of the logarithm."""
NOISE = 0.02
"""How far a second of the same work is off the next one, as that; of two seconds half of it."""
ODD, ALONE = 2.0, 3.0
"""Standard deviations by which a stretch is off that is no accident where the one before was so
too, and where it was not: another program has come or gone.
"""
SURE = 0.1
"""Variance of what is thought from which being far off says nothing."""
WHILE = 0.1
"""Share of a run for which the computer goes as fast as it can, for that to be believed."""


class Tempo:
    """Hears how long stretches of work took, and counts the seconds of a steady computer."""

    def __init__(self) -> None:
        self._log, self._doubt = 0.0, 0.0  # logarithm of how much slower it goes, and its variance
        # seconds from one program that came or went to the next, and the logarithm summed over them
        self._levels = [(0.0, 0.0)]
        self._odd = 0.0  # how far off the last stretch was, where that was far
        self._at: float | None = None
        self._gone = 0.0  # seconds of a steady computer until then

    @property
    def slower(self) -> float:
        """How many times longer all takes now than when the run began."""
        return math.exp(self._log)

    @property
    def is_odd(self) -> bool:
        """Whether the last stretch was far off."""
        return self._odd != 0.0

    @property
    def alone(self) -> float:
        """How many times longer all took while it went fastest, for a while at least."""
        least = WHILE * sum(long for long, _ in self._levels)
        return math.exp(min((s / long for long, s in self._levels if long > least), default=0.0))

    def steady(self, now: float) -> float:
        """Return the seconds that a steady computer would have counted until `now`."""
        return self._gone + (now - (self._at if self._at is not None else now)) / self.slower

    def go_on(self, now: float, *, computes: bool = True) -> float:
        """Return the same, and count from there on as it goes with what is heard next.

        computes: whether something was computed until now; waiting for a store tells nothing.
        """
        spent = now - self._at if self._at is not None and computes else 0.0
        self._gone = self.steady(now)
        self._doubt += STEADY * spent
        long, sum_ = self._levels[-1]
        self._levels[-1] = long + spent, sum_ + spent * self._log
        self._at = now
        return self._gone

    def heard(self, took: float, thought: float, doubt: float) -> float:
        """Take in that a stretch of work took so many steady seconds, > 0; returns how many it took
        by what is known of the computer now.

        doubt: variance of the logarithm of what was `thought`, beside what comes by accident.
        """
        off, known = math.log(took / thought), doubt <= SURE
        doubt += NOISE / thought
        by = abs(off) / math.sqrt(self._doubt + doubt) if known else 0.0
        again = off * self._odd > 0
        self._odd = off if by > ODD else 0.0
        if by > (ODD if again else ALONE):
            self._doubt += off * off
            self._levels.append((0.0, 0.0))
        elif self._odd:  # an accident, or the first of many
            return took
        share = self._doubt / (self._doubt + doubt)  # as of a Kalman filter
        self._log += share * off
        self._doubt *= 1 - share
        return took * math.exp(-share * off)
