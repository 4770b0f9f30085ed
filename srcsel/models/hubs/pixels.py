"""A yardstick without a network: what the pictures alone give.

A source model that does not beat it helps little.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from srcsel.base.errors import NotAvailable, UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs._base import Preprocessing, Recipe, register

SIDE = 64  # pixels the picture is squashed to
CELL = 4  # pixels averaged into one cell of the thumbnail: 16 x 16 cells
LEVELS = 4  # steps a colour channel is cut into: 4 * 4 * 4 = 64 colours
CELLS = (SIDE // CELL) ** 2 * 3
DIM = CELLS + LEVELS**3


class PixelsEncoder:
    """A 16 x 16 colour thumbnail beside a histogram of 64 colours."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, None]:
        """Turn uint8 pictures (b, 3, 64, 64) into features (b, 832) float32; there is no source
        head.
        """
        features = np.concatenate([_thumbnail(batch), _colors(batch)], axis=1)  # (b, 768 + 64)
        return features.astype(np.float32), None


class PixelsHub:
    """One model, nothing to download, deterministic."""

    name = "pixels"
    title = "The pictures alone"

    def models(self) -> Iterable[SourceModel]:
        """Return the one yardstick."""
        return (_MODEL,)

    def find(self, name: str) -> SourceModel:
        """Return the yardstick; raise UnknownNameError for any other name."""
        if name != "thumbnail":
            raise UnknownNameError("yardstick", name, ["thumbnail"])
        return _MODEL

    def preprocessing(self, model: SourceModel) -> Preprocessing:  # noqa: ARG002
        """Squash to 64 x 64; the numbers go in as they are."""
        return _PREPROCESSING

    def load(self, model: SourceModel, device: str, watch: Watch) -> PixelsEncoder:  # noqa: ARG002
        """Return the encoder; there are no weights."""
        return PixelsEncoder(_PREPROCESSING)

    def recipe(self, model: SourceModel) -> Recipe:
        """Refuse: there is no network."""
        raise NotAvailable(
            f"{model.title} looks at the numbers of a thumbnail of {SIDE} x {SIDE} pixels: there is"
            " no network that could be trained further or read another size."
        )


_PREPROCESSING = Preprocessing(
    size=(SIDE, SIDE),
    resize="squash",
    interpolation="bilinear",
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
)
_MODEL = SourceModel(
    id="pixels/thumbnail",
    title="Thumbnail and colours (no network)",
    revision="1",
    params=0,
    gmacs=0.0,
    input_size=SIDE,
    dim=DIM,
    pretraining="none",
    license="MIT",
    download_bytes=0,
    note="A yardstick: the shrunk picture and its colours. A model should beat it clearly.",
    yardstick=True,
)


def _thumbnail(batch: np.ndarray) -> np.ndarray:
    """Mean colour of each cell, (b, 768), scaled so that a picture's length is at most 1."""
    cells = batch.reshape(len(batch), 3, SIDE // CELL, CELL, SIDE // CELL, CELL).mean(
        axis=(3, 5), dtype=np.float64
    )
    return cells.reshape(len(batch), -1) / (255 * np.sqrt(CELLS))


def _colors(batch: np.ndarray) -> np.ndarray:
    """Square roots of the shares of 64 colours, (b, 64); the length is 1 (Hellinger's
    coordinates).
    """
    steps = batch.astype(np.int64) * LEVELS // 256  # (b, 3, h, w) in 0..3
    colors = (steps[:, 0] * LEVELS + steps[:, 1]) * LEVELS + steps[:, 2]  # (b, h, w) in 0..63
    counts = [np.bincount(picture.ravel(), minlength=LEVELS**3) for picture in colors]
    return np.sqrt(np.stack(counts) / (SIDE * SIDE))


register(PixelsHub())
