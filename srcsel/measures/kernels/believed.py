"""Whether a quick way to score subsets is believed: some are scored in full too."""

from __future__ import annotations

import numpy as np

CHECKED = 16  # subsets that are scored either way
DOUBT = 0.05  # of how far subsets lie apart: what may be wrong of them, a correlation of 0.999


def believed(near: np.ndarray, exact: np.ndarray) -> bool:
    """Tell whether scores made quickly, near (b,), differ from the exact ones, (b,), by little of
    how far either lie apart; a constant difference counts for nothing.
    """
    return bool(np.std(near - exact) <= DOUBT * min(near.std(), exact.std()))
