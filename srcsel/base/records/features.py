"""What networks make of pictures, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcsel.base.brief import brief


@dataclass(frozen=True)
class FeatureKey:
    """Whatever features depend on, and nothing else."""

    dataset: str  # Dataset.digest
    model: str  # SourceModel.id
    revision: str  # SourceModel.revision
    preprocessing: str  # hubs.Preprocessing.key
    precision: str  # "float32" or the name of a faster one


@dataclass(frozen=True, eq=False)
class Features:
    """The penultimate output of one source model over one dataset; row i is picture i."""

    __repr__ = brief

    key: FeatureKey
    values: np.ndarray  # (n, d) float32
    logits: np.ndarray | None = None  # (n, c_source) float32, where the model has a source head
    seconds_per_picture: float | None = None  # network only, as measured on this computer
    seconds_spread: tuple[float, float] | None = None  # between what its batches lay
