"""Time left that does not flicker: what is said falls at once, and rises only where it must."""

from __future__ import annotations

BEARABLE = 0.15
"""Share of what is said by which more may be left before that is said: so far off an estimate is
anyhow, and a number that jumps up and down says nothing.
"""


class Calm:
    """Hears estimates of what is left, and says them."""

    def __init__(self) -> None:
        self._said: float | None = None

    def say(self, left: float | None) -> float | None:
        """Return what is said where `left` seconds are thought to be left; None where nothing is.

        It stands until the estimate has come down to it where that is up to BEARABLE more, and
        rises where it is further up: what is left is never said to be far less.
        """
        said = self._said
        if said is None or left is None or not said < left <= said * (1 + BEARABLE):
            self._said = left
        return self._said
