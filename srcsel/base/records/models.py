"""What a source model is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceModel:
    """A pretrained network on offer. None or "unknown" = not known, never guessed."""

    id: str  # "<hub>/<name>"
    title: str  # what the pages show; in sentences, what `models.called` makes of it
    revision: str  # identifies the weights; part of the feature key
    params: int | None  # number of weights
    gmacs: float | None  # 1e9 multiply-adds for one picture
    input_size: int | None  # pixels of the shorter side
    dim: int | None  # feature width d
    pretraining: str  # source task or data in words
    license: str  # SPDX id, or "unknown"
    download_bytes: int | None = None  # 0 = already on this computer
    accuracy: float | None = None  # on its own source task, 0..1
    source_classes: int | None = None  # width of the source head; None = no head
    note: str = ""  # one sentence for the card
    yardstick: bool = False  # pixels, or a control: scored and shown, never where to start
    at: int | None = None  # pixels that a person chose, "@<pixels>" in the id; None = its own size
    year: int | None = None  # of the latest paper that describes it, as far as known

    @property
    def own_id(self) -> str:
        """The id of the same model at its own size."""
        return self.id if self.at is None else self.id.removesuffix(f"@{self.at}")
