"""What reads all pairs of pictures, a tile at a time."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from srcsel.measures._pairs import Pairs


class Reader(Protocol):
    """What a measure does with each tile of one `Pairs`."""

    pairs: Pairs
    whole: bool  # needs whole rows: columns are then always everyone
    filled: tuple[np.ndarray, ...]  # all that `add` leaves behind for the result

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> Any:
        """Reduce a tile h (r, s), without changing it. May run beside other calls.

        Unless `whole`, tiles below the diagonal are not shown: columns start at or after rows, and a tile off the
        diagonal stands for its mirror image too.
        """
        ...

    def add(self, rows: slice, columns: slice, part: Any) -> None:
        """Add what `take` returned; calls come one at a time, always in the same order."""
        ...
