"""The study's targets: the bundled ones, fresh pictures of the source tasks, and patches of
scikit-learn's photographs.

Six are for development: only they may move the verdict's rule. The other six test it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from srcsel.demo.tasks import TASKS
from srcsel.pictures.bundled.targets import TARGETS

if TYPE_CHECKING:
    from PIL import Image

Role = Literal["development", "test"]
EACH = 50  # pictures of each class
CLASSES = 10  # of a target at most
PATCH = 32  # pixels of a photograph's patch; neighbours do not overlap
SIDE = 64  # pixels it is enlarged to
GRID = 3  # parts of a photograph's width; its height has one less


@dataclass(frozen=True)
class Target:
    """One picture set. `draw(label, number)` makes picture `number` of class `label`."""

    name: str
    role: Role
    classes: int
    each: int
    draw: Callable[[int, int], Image.Image]

    def pictures(self) -> tuple[list[Image.Image], np.ndarray]:
        """Draw all pictures, class by class, and their labels (n,) int64."""
        drawn = [self.draw(c, k) for c in range(self.classes) for k in range(self.each)]
        return drawn, np.repeat(np.arange(self.classes), self.each)


def targets() -> tuple[Target, ...]:
    """List the study's targets, those for development first."""
    development = ("butterflies", "printed", "palettes", "textures", "layouts", "photographs")
    test = ("digits", "tiles", "glyphs", "flowers", "shapes", "lighting")
    return (
        *(_target(name, "development") for name in development),
        *(_target(name, "test") for name in test),
    )


def _target(name: str, role: Role) -> Target:
    if name == "photographs":
        return Target(name, role, CLASSES, _patches().shape[1], _patch)
    if name in TARGETS:
        known = TARGETS[name]

        def bundled(label: int, number: int) -> Image.Image:
            rng = np.random.default_rng([label, number, sum(name.encode())])
            return known.draw(rng, label, number)

        return Target(name, role, min(CLASSES, len(known.classes)), min(EACH, known.each), bundled)
    task = TASKS[name]

    def fresh(label: int, number: int) -> Image.Image:
        # the source models learned from generators seeded by two numbers: no picture is shared
        return task.draw(np.random.default_rng([label, number, 3, sum(name.encode())]), label)

    return Target(name, role, min(CLASSES, len(task.classes)), EACH, fresh)


@cache
def _patches() -> np.ndarray:
    """Cut scikit-learn's two photographs into parts, the classes, and each part into patches;
    (classes, k, PATCH, PATCH, 3) uint8.
    """
    from sklearn.datasets import load_sample_image

    parts = []
    for name in ("china.jpg", "flower.jpg"):
        photograph = load_sample_image(name)
        high, wide = photograph.shape[0] // (GRID - 1), photograph.shape[1] // GRID
        for top in range(0, high * (GRID - 1), high):
            for left in range(0, wide * GRID, wide):
                parts.append(
                    [
                        photograph[y : y + PATCH, x : x + PATCH]
                        for y in range(top, top + high - PATCH + 1, PATCH)
                        for x in range(left, left + wide - PATCH + 1, PATCH)
                    ]
                )
    return np.array(parts[:CLASSES])


def _patch(label: int, number: int) -> Image.Image:
    from PIL import Image

    patch = Image.fromarray(_patches()[label, number])
    return patch.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
