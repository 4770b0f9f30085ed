"""What a stored value must be; `Memory.recall` treats anything else as absent."""

from __future__ import annotations

from typing import Any

import numpy as np


def rows(array: np.ndarray, count: int, *width: int) -> np.ndarray:
    """Return an array of `count` rows, each of shape `width`. Raises ValueError for another."""
    if len(array) != count or (width and array.shape[1:] != width):
        raise ValueError(f"Expected {(count, *width)}, got {array.shape}.")
    return array


def number(value: Any) -> float:
    """Return a number as float. Raises TypeError for anything else, truth values too."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"Expected a number, got {type(value).__name__}.")
    return float(value)
