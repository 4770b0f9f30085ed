"""The source tasks: what each demo source model was trained to tell apart.

All pictures are made by code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from srcsel.demo import _colors, _forms, _strokes, _surfaces

if TYPE_CHECKING:
    from PIL import Image

SIDE = 64  # pixels of a source picture, which is the input size of the models


@dataclass(frozen=True)
class Task:
    """One source task. `draw(rng, label)` makes one picture (SIDE x SIDE, RGB) of class `label`."""

    name: str
    title: str  # what the pages show
    task: str  # what the model learned to tell apart, in words
    data: str  # what the pictures are, in words
    classes: tuple[str, ...]
    draw: Callable[[np.random.Generator, int], Image.Image]

    def sample(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """`count` fresh pictures (n, 3, SIDE, SIDE) uint8 and labels (n,) int64, classes as equal
        as they divide.

        The same count and seed give the same pictures; different seeds share none.
        """
        rng = np.random.default_rng([seed, sum(self.name.encode())])
        labels = rng.permutation(np.arange(count) % len(self.classes))
        pixels = np.empty((count, 3, SIDE, SIDE), np.uint8)
        for row, label in enumerate(labels):
            pixels[row] = np.asarray(self.draw(rng, int(label))).transpose(2, 0, 1)
        return pixels, labels.astype(np.int64)


_FLOWERS = tuple(
    f"{hue}, {marking}, {petals} petals"
    for hue in _colors.FLOWER_COLORS
    for marking in _colors.MARKINGS
    for petals in _colors.PETALS
)
_LAYOUTS = tuple(f"{kind}, {amount}" for kind in _forms.LAYOUTS for amount in ("few", "many"))

TASKS: dict[str, Task] = {
    t.name: t
    for t in (
        Task(
            "glyphs",
            "Invented letters",
            "24 letters of an invented alphabet",
            "drawn pen strokes, colours at random",
            tuple(f"letter {k + 1}" for k in range(_strokes.GLYPHS)),
            _strokes.glyph,
        ),
        Task(
            "printed",
            "Printed digits",
            "the digits 0 to 9 in one typeface",
            "printed digits, bent and slanted, colours at random",
            tuple(str(k) for k in range(10)),
            _strokes.printed,
        ),
        Task(
            "palettes",
            "Colour palettes",
            "16 palettes of three colours",
            "patched stones on any ground, forms at random",
            tuple(f"palette {k + 1}" for k in range(_colors.PALETTES)),
            _colors.palette,
        ),
        Task(
            "flowers",
            "Flowers",
            "48 kinds of flower by colour, markings and petals",
            "drawn flowers on any ground",
            _FLOWERS,
            _colors.flower,
        ),
        Task(
            "textures",
            "Textures",
            "12 kinds of texture",
            "computed surfaces, colours, scale and turn at random",
            tuple(_surfaces.TEXTURES),
            _surfaces.texture,
        ),
        Task(
            "shapes",
            "Flat shapes",
            "10 flat shapes",
            "one shape on a busy ground, colours, place and turn at random",
            _forms.SHAPES,
            _forms.shape,
        ),
        Task(
            "layouts",
            "Layouts",
            "12 ways to lay out small marks",
            "rows, rings and clusters of marks, colours at random",
            _LAYOUTS,
            _forms.layout,
        ),
        Task(
            "lighting",
            "Light direction",
            "8 directions the light comes from",
            "bumpy surfaces under a lamp, colours at random",
            _surfaces.DIRECTIONS,
            _surfaces.lighting,
        ),
    )
}
