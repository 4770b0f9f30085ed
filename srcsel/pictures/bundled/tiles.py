"""Target: glazed tiles with ten ornaments.

Glaze, scale, turn and wear vary; only the ornament tells the class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from srcsel.pictures.bundled.paint import as32, color, noise, picture, relief

EACH = 50  # pictures of each class
_SIDE, _FINE = 112, 2  # pixels; drawn _FINE times larger and averaged down

# Every ornament maps u, v (h, w; one repeat = 1) to the number of a glaze, (h, w) int 0..2.


def _cell(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the place within the repeat, both -0.5..0.5."""
    return u - np.floor(u) - 0.5, v - np.floor(v) - 0.5


def _checks(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (np.floor(u * 2) + np.floor(v * 2)).astype(int) % 2


def _circles(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    x, y = _cell(u, v)
    return np.digitize(np.hypot(x, y), [0.2, 0.42]) % 3


def _diamonds(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    x, y = _cell(u, v)
    return np.digitize(np.abs(x) + np.abs(y), [0.2, 0.42]) % 3


def _herringbone(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    i, j = np.floor(u * 3).astype(int), np.floor(v * 3).astype(int)
    x, y = u * 3 - i, v * 3 - j
    lies = (i - j) % 4 < 2
    along = np.where(lies, x + (i - j) % 4, y + (3 - (i - j) % 4))  # 0..2 within the brick
    across = np.where(lies, y, x)
    joint = (np.minimum(along, 2 - along) < 0.12) | (np.minimum(across, 1 - across) < 0.12)
    return np.where(joint, 2, lies.astype(int))


def _hexagons(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    tall = math.sqrt(3)
    pairs = []
    for shift in (0.0, 0.5):
        x = u * 1.5 - shift - np.round(u * 1.5 - shift)
        y = v * 1.5 - shift * tall - np.round((v * 1.5 - shift * tall) / tall) * tall
        pairs.append(np.maximum(np.abs(x), np.abs(x) * 0.5 + np.abs(y) * tall / 2))
    nearest = np.minimum(*pairs)
    return np.digitize(nearest, [0.22, 0.44])


def _rosettes(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    x, y = _cell(u, v)
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    return np.where(r < 0.1, 2, (r < 0.32 + 0.12 * np.cos(6 * angle)).astype(int))


def _scales(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    row = np.floor(v * 3)
    found = np.full(u.shape, -1)
    for back in range(3):  # the rows whose scales may cover this place, the uppermost first
        x = u * 1.5 - 0.5 * ((row - back) % 2)
        x = x - np.floor(x) - 0.5
        r = np.hypot(x, (v * 3 - (row - back)) * 0.5)
        found = np.where((found < 0) & (r < 0.5), np.digitize(r, [0.2, 0.4]), found)
    return np.maximum(found, 0)


def _stars(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    x, y = np.abs(_cell(u, v))
    square, turned = np.maximum(x, y), (x + y) / math.sqrt(2)
    star = np.minimum(square, turned)
    return np.digitize(star, [0.13, 0.3]) % 3


def _triangles(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    x, y = _cell(u * 2, v * 2)
    flip = (np.floor(u * 2) + np.floor(v * 2)).astype(int) % 2
    return np.where(flip == 1, x > y, x > -y).astype(int)


def _waves(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.floor(v * 3 + 0.45 * np.sin(2 * np.pi * u)).astype(int) % 3


ORNAMENTS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "checks": _checks,
    "circles": _circles,
    "diamonds": _diamonds,
    "herringbone": _herringbone,
    "hexagons": _hexagons,
    "rosettes": _rosettes,
    "scales": _scales,
    "stars": _stars,
    "triangles": _triangles,
    "waves": _waves,
}
CLASSES = tuple(ORNAMENTS)


def draw(rng: np.random.Generator, label: int, _number: int) -> Image.Image:
    """Draw a wall of one ornament seen slightly from the side, glazed, chipped and stained; 112 x
    112 RGB.
    """
    fine = _SIDE * _FINE
    ornament = ORNAMENTS[CLASSES[label]]
    glaze = ornament(*_view(rng, fine))
    cut = Image.fromarray((glaze * 100).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
    # 0 inside a patch, rises at its border
    edge = np.abs(np.asarray(cut, np.float32) / 100 - glaze.astype(np.float32))
    height = 5 * (1 - np.minimum(edge * 2.2, 1)) + 1.2 * noise(rng, fine, 9)
    shade = np.clip(relief(height, rng.uniform(0, 2 * np.pi), rng.uniform(0.12, 0.3)), 0.4, 1.7)
    stain = 1 - 0.9 * np.maximum(noise(rng, fine, 5) - 0.6, 0)
    light = (
        shade * stain * (0.82 + 0.36 * noise(rng, fine, 18)) * (0.75 + 0.4 * noise(rng, fine, 2))
    )
    chipped = noise(rng, fine, 14) > rng.uniform(0.72, 0.95)
    colors = _glazes(rng)[np.where(chipped, 3, glaze)]  # (fine, fine, 3)
    return picture(colors * light[..., None] + _shine(rng, fine), _FINE)


def _view(rng: np.random.Generator, fine: int) -> tuple[np.ndarray, np.ndarray]:
    """Return u, v of every pixel, (fine, fine): the wall turned, at some distance, seen a little
    from the side.
    """
    y, x = _places(fine)
    depth = 1 + x * rng.normal(0, 0.25) + y * rng.normal(0, 0.25)
    turn, repeats = rng.uniform(-0.6, 0.6), rng.uniform(1.6, 4.2)
    u = (x * math.cos(turn) - y * math.sin(turn)) / depth * repeats + rng.random()
    v = (x * math.sin(turn) + y * math.cos(turn)) / depth * repeats + rng.random()
    return u, v


def _glazes(rng: np.random.Generator) -> np.ndarray:
    """Choose a deep, a bright and a pale glaze in random order, then the clay below: (4, 3) float32
    in 0..255.
    """
    hue = rng.random()
    deep = color(hue, rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.5))
    bright = color(
        hue + rng.choice([0.08, 0.33, 0.5]), rng.uniform(0.4, 0.85), rng.uniform(0.55, 0.85)
    )
    pale = color(rng.uniform(0.08, 0.16), rng.uniform(0.03, 0.25), rng.uniform(0.75, 0.98))
    clay = color(rng.uniform(0.04, 0.09), 0.45, rng.uniform(0.45, 0.75))
    return as32([deep, bright, pale, clay])[[*rng.permutation(3), 3]]


@cache
def _places(fine: int) -> tuple[np.ndarray, np.ndarray]:
    """Return y and x of every pixel, each (fine, fine) float32 in -0.5..0.5."""
    y, x = np.mgrid[:fine, :fine].astype(np.float32) / fine - 0.5
    return y, x


def _shine(rng: np.random.Generator, fine: int) -> np.ndarray:
    """Make a soft reflection of a lamp, (fine, fine, 1) in 0..255."""
    y, x = _places(fine)
    cx, cy = (float(v) for v in rng.uniform(-0.6, 0.6, 2))
    near = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(0.01, 0.06))
    return (rng.uniform(20, 120) * near)[..., None]
