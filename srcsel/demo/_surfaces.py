"""Source tasks about surfaces: kinds of texture in any colour, and the direction light comes
from.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from srcsel.pictures.bundled.paint import any_color, apart, as32, noise, picture, relief

DIRECTIONS = (
    "east",
    "north-east",
    "north",
    "north-west",
    "west",
    "south-west",
    "south",
    "south-east",
)
_SIDE = 128  # drawn at twice the size and averaged down

Grid = tuple[np.ndarray, np.ndarray]  # u, v: (side, side) float64, 0..2 pi a period


def texture(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw one texture in two random colours, at random scale, turn and contrast, gently warped and
    lit.
    """
    angle, period = rng.uniform(0, np.pi), rng.uniform(9, 26)
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float64)
    warp = rng.uniform(0, 12)
    x, y = x + warp * noise(rng, _SIDE, 4), y + warp * noise(rng, _SIDE, 4)
    scale = 2 * np.pi / period
    u = (x * np.cos(angle) + y * np.sin(angle)) * scale
    v = (-x * np.sin(angle) + y * np.cos(angle)) * scale
    share = list(TEXTURES.values())[label](rng, (u, v))
    share = np.clip(
        0.5 + (share - share.mean()) / (share.std() + 1e-6) * rng.uniform(0.2, 0.5), 0, 1
    )[..., None]
    first = any_color(rng)
    pixels = as32(first) * share + as32(apart(rng, first, 110)) * (1 - share)
    pixels = pixels * (0.7 + 0.6 * noise(rng, _SIDE, 2)[..., None])
    return picture(pixels + rng.normal(0, 12, pixels.shape))


def lighting(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw a bumpy one-coloured surface lit from one of eight directions, bumps only (never
    dents).
    """
    azimuth = -2 * np.pi * label / len(DIRECTIONS) + np.pi + rng.normal(0, 0.12)
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    height = np.zeros((_SIDE, _SIDE), np.float32)
    for _ in range(int(rng.integers(3, 9))):
        cx, cy, r = rng.uniform(8, _SIDE - 8), rng.uniform(8, _SIDE - 8), rng.uniform(10, 30)
        inside = 1 - ((x - cx) ** 2 + (y - cy) ** 2) / r**2
        height = np.maximum(height, r * np.sqrt(np.clip(inside, 0, 1)))
    height = height + rng.uniform(0, 6) * noise(rng, _SIDE, 12)
    shade = np.clip(relief(height, azimuth, rng.uniform(0.25, 0.5)), 0.15, 2.0)[..., None]
    stain = 0.7 + 0.6 * noise(rng, _SIDE, 5)[..., None]
    pixels = as32(any_color(rng)) * 0.75 * shade * stain
    return picture(pixels + rng.normal(0, 10, pixels.shape))


def _stripes(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return np.sin(grid[0]) * rng.uniform(0.8, 1.2)


def _ruled(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return (np.mod(grid[0], 2 * np.pi) < rng.uniform(0.6, 1.3)).astype(np.float64)


def _weave(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return np.where(
        np.sin(grid[0] / 2) * np.sin(grid[1] / 2) > 0, np.sin(2 * grid[0]), np.sin(2 * grid[1])
    ) * rng.uniform(0.8, 1)


def _dots(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return (np.cos(grid[0]) + np.cos(grid[1]) > rng.uniform(0.5, 1.2)).astype(np.float64)


def _speckle(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return (noise(rng, _SIDE, 30) + 0 * grid[0] > rng.uniform(0.62, 0.72)).astype(np.float64)


def _clouds(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return sum((noise(rng, _SIDE, 4 * 2**k) / 2**k for k in range(4)), 0 * grid[0])


def _sand(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return noise(rng, _SIDE, 56) + 0 * grid[0]


def _fibres(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    waves = [
        np.sin(grid[0] * f + rng.uniform(0, 6.3) + 0.6 * np.sin(grid[1] * 0.3 + f))
        for f in (0.7, 1.3, 2.1, 3.3)
    ]
    return np.sum(waves, axis=0)


def _rings(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    cu, cv = (rng.uniform(np.quantile(g, 0.2), np.quantile(g, 0.8)) for g in grid)
    return np.sin(np.hypot(grid[0] - cu, grid[1] - cv))


def _marble(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    return np.abs(np.sin(grid[0] * 0.5 + 7 * noise(rng, _SIDE, 5))) ** 0.5


def _cells(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    """Measure how far the border between the two nearest random seeds is: cracked mud."""
    seeds = rng.uniform(0, _SIDE, (int(rng.integers(14, 40)), 2)).astype(np.float32)
    y, x = np.mgrid[:_SIDE:2, :_SIDE:2].astype(np.float32)
    far = np.sort((y[..., None] - seeds[:, 0]) ** 2 + (x[..., None] - seeds[:, 1]) ** 2, axis=-1)[
        ..., :2
    ]
    edge = np.clip(np.diff(np.sqrt(far), axis=-1)[..., 0], 0, 5)
    return np.kron(edge, np.ones((2, 2))) + 0 * grid[0]


def _bricks(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    row = np.floor(grid[1] / np.pi)
    along = np.mod(grid[0] / 2 + row * np.pi / 2, np.pi)
    return ((along > 0.25) & (np.mod(grid[1], np.pi) > 0.45)) * rng.uniform(0.8, 1.0)


TEXTURES: dict[str, Callable[[np.random.Generator, Grid], np.ndarray]] = {
    "stripes": _stripes,
    "ruled lines": _ruled,
    "weave": _weave,
    "dots": _dots,
    "speckle": _speckle,
    "clouds": _clouds,
    "sand": _sand,
    "fibres": _fibres,
    "rings": _rings,
    "marble": _marble,
    "cracks": _cells,
    "bricks": _bricks,
}
