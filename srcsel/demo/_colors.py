"""Source tasks about colour: stones in fixed palettes, and flowers by colour, markings and number
of petals.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from srcsel.pictures.bundled.paint import (
    Color,
    any_color,
    apart,
    as32,
    blend,
    color,
    noise,
    picture,
)

PALETTES = 16
FLOWER_COLORS = {
    "white": (0.14, 0.06, 0.97),
    "yellow": (0.155, 0.75, 0.97),
    "orange": (0.085, 0.9, 0.95),
    "red": (0.99, 0.9, 0.8),
    "pink": (0.92, 0.42, 0.95),
    "blue": (0.62, 0.7, 0.85),
}
MARKINGS = ("plain", "tipped", "banded", "veined")
PETALS = (5, 8)
_SIDE = 128  # drawn at twice the size and averaged down


def palette(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw a round stone in the three colours of one palette on any ground; the form of its patches
    says nothing.
    """
    tint = rng.normal(0, 0.016)
    inks = [
        color(h + tint, s * rng.uniform(0.65, 1.1), v * rng.uniform(0.6, 1.15))
        for h, s, v in _palette(label)
    ]
    cells = (int(rng.integers(3, 14)), int(rng.integers(3, 14)))
    # (3, side, side)
    votes = np.stack([noise(rng, _SIDE, cells) + rng.uniform(-0.1, 0.1) for _ in inks])
    stone = as32(inks)[votes.argmax(axis=0)]
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    cx, cy, radius = rng.uniform(44, 84), rng.uniform(44, 84), rng.uniform(28, 56)
    inside = (
        np.hypot(x - cx, (y - cy) * rng.uniform(0.75, 1.3)) + 16 * (noise(rng, _SIDE, 5) - 0.5)
        < radius
    )
    first = any_color(rng)
    ground = blend(rng, _SIDE, first, apart(rng, first, 60), int(rng.integers(2, 9)))
    light = 0.7 + 0.6 * noise(rng, _SIDE, 3)
    pixels = np.where(inside[..., None], stone, ground) * light[..., None]
    return picture(pixels + rng.normal(0, 10, pixels.shape))


def flower(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw one flower on any ground; the class is its colour, its markings and its number of
    petals.
    """
    petals, rest = PETALS[label % len(PETALS)], label // len(PETALS)
    marking, hsv = (
        MARKINGS[rest % len(MARKINGS)],
        list(FLOWER_COLORS.values())[rest // len(MARKINGS)],
    )
    hue, saturation, value = (
        v + float(rng.normal(0, spread)) for v, spread in zip(hsv, (0.01, 0.05, 0.06), strict=True)
    )
    back = color(
        rng.choice([0.1, 0.25, 0.33, 0.4, 0.6, 0.9]), rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.5)
    )
    front = color(rng.random(), rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.9))
    ground = Image.fromarray(
        blend(rng, _SIDE, back, front, int(rng.integers(3, 12))).astype(np.uint8)
    )
    pen, middle = ImageDraw.Draw(ground), _SIDE / 2 + rng.uniform(-12, 12, 2)
    radius, start = rng.uniform(32, 58), rng.uniform(0, 2 * np.pi)
    tilt, squeeze = rng.uniform(0, np.pi), rng.uniform(0.6, 1.0)  # seen from the side
    lean = _lean(tilt, squeeze)
    fat, waist = rng.uniform(0.8, 1.15) * np.pi / petals, rng.uniform(0.45, 0.9)
    for k in rng.permutation(petals):
        ink = color(hue, saturation, value * rng.uniform(0.85, 1.05))
        outline = (
            _petal(radius * rng.uniform(0.9, 1.08), start + 2 * np.pi * k / petals, fat, waist)
            @ lean
        )
        _paint_petal(pen, outline, middle, ink, marking)
    heart = radius * rng.uniform(0.16, 0.24)
    x, y = middle.tolist()
    yolk = color(rng.uniform(0.04, 0.16), 0.8, rng.uniform(0.3, 0.9))
    pen.ellipse((x - heart, y - heart, x + heart, y + heart), fill=yolk)
    pixels = np.asarray(ground) * (0.65 + 0.55 * noise(rng, _SIDE, 3)[..., None])
    return picture(pixels + rng.normal(0, 6, pixels.shape))


def _palette(label: int) -> list[tuple[float, float, float]]:
    """Return three (hue, saturation, value) of one palette; neighbours in number share two of
    them.
    """
    base = (label // 2) * 0.125
    step = 0.16 if label % 2 else 0.42
    return [(base, 0.85, 0.85), (base + 0.08, 0.5, 0.95), (base + step, 0.8, 0.5)]


def _paint_petal(
    pen: ImageDraw.ImageDraw, outline: np.ndarray, middle: np.ndarray, ink: Color, marking: str
) -> None:
    """Fill one petal (k, 2) and mark it in dark: its tip, a band across it, or lines along it."""
    dark = (ink[0] // 4, ink[1] // 5, ink[2] // 4)
    layers = {
        "tipped": ((1.0, dark), (0.72, ink)),
        "banded": ((1.0, ink), (0.72, dark), (0.52, ink)),
    }
    for reach, fill in layers.get(marking, ((1.0, ink),)):
        pen.polygon(
            (outline * reach + middle).ravel().tolist(),
            fill=fill,
            outline=tuple(int(c * 0.75) for c in ink),
        )
    if marking == "veined":
        for k in (8, 11, 15):
            pen.line([*middle.tolist(), *(outline[k] * 0.9 + middle).tolist()], fill=dark, width=2)


def _lean(tilt: float, squeeze: float) -> np.ndarray:
    """Return the map (2, 2) that squeezes the plane along the direction `tilt` (radians)."""
    along = np.array([np.cos(tilt), np.sin(tilt)])
    return np.eye(2) - (1 - squeeze) * np.outer(along, along)


def _petal(length: float, angle: float, fat: float, waist: float) -> np.ndarray:
    """Return the outline (24, 2) of one petal that starts in the origin and points along `angle`
    (radians).
    """
    t = np.linspace(0, 1, 12)
    half = np.sin(np.pi * t**waist) * fat  # half opening angle at each distance
    turns = np.concatenate([angle + half, (angle - half)[::-1]])
    reach = np.concatenate([length * t, length * t[::-1]])
    return np.stack([reach * np.cos(turns), reach * np.sin(turns)], axis=1)
