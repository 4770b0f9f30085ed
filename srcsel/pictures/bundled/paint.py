"""Small painting helpers shared by the picture makers: colours, smooth noise, curves, light."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

Color = tuple[int, int, int]


def color(hue: float, saturation: float, value: float) -> Color:
    """Return RGB 0..255 from hue (turns, any real number), saturation and value (clipped to
    0..1).
    """
    s, v = min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    r, g, b = colorsys.hsv_to_rgb(hue % 1.0, s, v)
    return int(r * 255), int(g * 255), int(b * 255)


def as32(values: npt.ArrayLike) -> np.ndarray:
    """Return colours or numbers as a float32 array, for arithmetic on pictures."""
    return np.asarray(values, np.float32)


def any_color(rng: np.random.Generator) -> Color:
    """Return any colour that is neither black nor grey."""
    return color(rng.random(), rng.uniform(0.25, 1.0), rng.uniform(0.35, 1.0))


def apart(rng: np.random.Generator, other: Color, distance: float = 150.0) -> Color:
    """Return a random colour at least `distance` (Euclidean, RGB 0..255) away from `other`."""
    for _ in range(64):
        found = color(rng.random(), rng.uniform(0.0, 1.0), rng.uniform(0.05, 1.0))
        if float(np.linalg.norm(np.subtract(found, other))) >= distance:
            return found
    return (0, 0, 0) if sum(other) > 382 else (255, 255, 255)


def noise(rng: np.random.Generator, size: int, cells: int | tuple[int, int]) -> np.ndarray:
    """Make smooth noise (size, size) float32 in 0..1; `cells` = bumps across, or (down, across)."""
    shape = (cells, cells) if isinstance(cells, int) else cells
    small = rng.random(shape, dtype=np.float32)
    wide = np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC))
    low, high = float(wide.min()), float(wide.max())
    return (wide - low) / max(high - low, 1e-6)


def blend(
    rng: np.random.Generator, size: int, first: Sequence[int], second: Sequence[int], cells: int
) -> np.ndarray:
    """Mix two colours by smooth noise, (size, size, 3) float32 in 0..255."""
    share = noise(rng, size, cells)[..., None]
    return as32(first) * share + as32(second) * (1.0 - share)


def relief(height: np.ndarray, azimuth: float, strength: float) -> np.ndarray:
    """Light a height map (h, w): 1 = as flat ground, above 1 = turned towards the light; (h, w)."""
    down, right = np.gradient(height)
    return 1.0 + strength * (down * math.sin(azimuth) - right * math.cos(azimuth))


def curve(points: np.ndarray, steps: int = 10) -> np.ndarray:
    """Draw a smooth open line through `points` (k, 2), Catmull-Rom; returns ((k - 1) * steps + 1,
    2).
    """
    p = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])  # (k + 2, 2)
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None]
    parts = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True)
    ]
    return np.vstack([*parts, points[-1:]])


def picture(pixels: np.ndarray, shrink: int = 2) -> Image.Image:
    """Make an RGB picture from (h, w, 3) in 0..255 (clipped), averaged `shrink` x `shrink` for
    smooth edges.
    """
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return image.reduce(shrink) if shrink > 1 else image
