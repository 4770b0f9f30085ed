"""What a run will take, before it is started: an estimate, and said as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from srcsel.base import phrases
from srcsel.base.records import SourceModel
from srcsel.jobs.pace import Pace
from srcsel.ui.parts import words

START = 8.0
"""Seconds until a worker and its libraries are up, for what is not a run."""


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
    models: Sequence[SourceModel],
    pictures: int,
    pace: Pace,
) -> Price:
    """Estimate scoring `models` on `pictures` pictures until the answer stands, as the time left
    will be said: by what earlier runs here took, else by what a usual processor does.

    pace: of these models, nothing heard yet.
    """
    return Price(
        models=len(models),
        seconds=pace.foretold(pictures) if models else 0.0,
        download_bytes=sum(model.download_bytes or 0 for model in models),
        unknown=sum(model.gmacs is None or model.download_bytes is None for model in models),
    )
