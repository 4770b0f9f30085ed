"""torch as it is. What the other backends are compared with, and what runs where they cannot."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from srcsel.base.threads import in_order
from srcsel.features.backends._base import Output, Pictures
from srcsel.models.hubs import Encoder


class Eager:
    """An encoder as its hub hands it out, on its device.

    workers: batches computed at the same time on the processor, one thread each, so that none waits
    for another. On a graphics card the next batch is sent while the last one is computed.
    """

    def __init__(self, encoder: Encoder, device: str, precision: str, workers: int = 1) -> None:
        self._encoder = encoder
        self._device = device.split(":")[0]
        self._precision = precision
        self.workers = workers

    def run(self, pixels: Pictures, size: int) -> Iterator[Output]:
        """Yield the outputs of uint8 pictures (n, 3, h, w) in their order, `size` pictures at a
        time.
        """
        batches = (pixels[start : start + size] for start in range(0, len(pixels), size))
        launch = getattr(self._encoder, "launch", None)
        if self._device == "cuda" and launch is not None:
            return self._ahead(batches, launch)
        if self.workers > 1:
            return in_order(self._call, batches, self.workers, ahead=self.workers)
        return map(self._call, batches)

    def _call(self, batch: np.ndarray) -> Output:
        with self._autocast():
            return self._encoder(batch)

    def _ahead(self, batches: Iterator[np.ndarray], launch: Any) -> Iterator[Output]:
        waiting: deque[Any] = deque()
        for batch in batches:
            with self._autocast():
                waiting.append(launch(batch))  # returns before the card is done
            if len(waiting) > 1:
                yield self._encoder.fetch(waiting.popleft())  # pyright: ignore[reportAttributeAccessIssue]
        while waiting:
            yield self._encoder.fetch(waiting.popleft())  # pyright: ignore[reportAttributeAccessIssue]

    def _autocast(self) -> Any:
        if self._precision == "float32":
            return contextlib.nullcontext()
        import torch

        return torch.autocast(self._device, dtype=getattr(torch, self._precision))
