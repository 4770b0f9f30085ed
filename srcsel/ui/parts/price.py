"""What a run will take, before it is started: an estimate, and said as one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from srcsel.base import phrases
from srcsel.base.records import SourceModel
from srcsel.ui.parts import words

# Rough constants of one core of a laptop, float32. They size a promise ("about 4 min"), nothing
# else.
GMACS_PER_CORE = 22.0  # 1e9 multiply-adds a second
DECODE = 0.004  # seconds to open one picture, once for all models that share a size
START = 8.0  # seconds until the worker and torch are up
EACH = 3.0  # seconds to load a model, score it and draw its map
MAP = 0.004  # seconds of the map for one picture of one model, up to MAP_ROWS pictures
MAP_ROWS = 5_000


@dataclass(frozen=True)
class Price:
    """Seconds of work and bytes to download; `unknown` models do not say how much work they are."""

    models: int
    seconds: float
    download_bytes: int
    unknown: int

    def label(self) -> str:
        """Return the words on the button: "Score 5 models: about 4 min, 610 MB to download"."""
        text = f"Score {words.count(self.models, 'model')}: {phrases.about(self.seconds)}"
        return (
            f"{text}, {words.megabytes(self.download_bytes)} to download"
            if self.download_bytes
            else text
        )


def estimate(
    models: Sequence[SourceModel], pictures: int, cores: int | None = None, *, share: float = 1.0
) -> Price:
    """Estimate scoring `models` on `pictures` pictures with this computer's processor; a graphics
    card is faster.

    share: of the pictures that go through the networks, at most.
    """
    speed = GMACS_PER_CORE * (cores or os.cpu_count() or 1)
    network = share * sum(pictures * (model.gmacs or 0.0) / speed for model in models)
    around = START + DECODE * pictures + len(models) * (EACH + MAP * min(pictures, MAP_ROWS))
    return Price(
        models=len(models),
        seconds=around + network,
        download_bytes=sum(model.download_bytes or 0 for model in models),
        unknown=sum(model.gmacs is None or model.download_bytes is None for model in models),
    )
