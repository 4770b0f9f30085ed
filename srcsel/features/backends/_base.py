"""What every backend offers, and what they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from srcsel.base.threads import own_cores

Output = tuple[np.ndarray, np.ndarray | None]
"""Features (b, d) and source-head logits (b, c) or None, float32."""


class Pictures(Protocol):
    """uint8 pictures (n, 3, h, w), as an array; a slice may wait until its rows are there."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class Runner(Protocol):
    """A network ready to run."""

    def run(self, pixels: Pictures, size: int) -> Iterator[Output]:
        """Yield the outputs of uint8 pictures (n, 3, h, w) in their order, at most `size` pictures
        at a time.

        More than one batch may be under way; leaving the iterator early waits for those.
        """
        ...


_most: int | None = None


def cores() -> int:
    """Cores this process may use."""
    return own_cores() if _most is None else min(own_cores(), _most)


def limit_cores(most: int) -> None:
    """Have this process use `most` cores at most: its share of a computer where others work too."""
    global _most
    _most = most


def difference(found: Output, expected: Output) -> float:
    """Largest relative difference of a row: |found - expected| / |expected|, Euclidean; inf where
    shapes differ.
    """
    return max(_rows_differ(a, b) for a, b in zip(found, expected, strict=True))


def _rows_differ(found: np.ndarray | None, expected: np.ndarray | None) -> float:
    if found is None or expected is None:
        return 0.0 if found is expected else np.inf
    if found.shape != expected.shape:
        return np.inf
    scale = np.linalg.norm(expected, axis=1)  # (b,)
    worst = np.max(
        np.linalg.norm(found - expected, axis=1) / np.where(scale > 0, scale, 1), initial=0.0
    )
    return float(worst) if np.isfinite(worst) else np.inf
