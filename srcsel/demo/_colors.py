"""Source tasks about colour: mosaics of fixed palettes, and flowers by colour and number of petals."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from srcsel.demo._paint import any_color, as32, blend, color, noise, picture

PALETTES = 16
PETALS = (4, 5, 6, 8)
FLOWER_HUES = {
    "white": (0.13, 0.08),
    "yellow": (0.15, 0.85),
    "pink": (0.93, 0.5),
    "red": (0.99, 0.9),
    "blue": (0.64, 0.7),
}
_SIDE = 128  # drawn at twice the size and averaged down


def _palette(label: int) -> list[tuple[float, float, float]]:
    """Return three (hue, saturation, value) of one palette; neighbours in number share two hues."""
    base = (label // 2) * 0.125
    step = 0.16 if label % 2 else 0.42
    return [(base, 0.8, 0.85), (base + 0.08, 0.45, 0.95), (base + step, 0.75, 0.5)]


def palette(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw a mosaic in the three colours of one palette, a grey and a stray colour; form says nothing."""
    tint = rng.normal(0, 0.022)
    inks = [color(h + tint, s * rng.uniform(0.5, 1.1), v * rng.uniform(0.5, 1.15)) for h, s, v in _palette(label)]
    inks += [color(0, 0, rng.uniform(0.1, 0.9)), any_color(rng)]
    cells = (int(rng.integers(3, 14)), int(rng.integers(3, 14)))
    votes = np.stack([noise(rng, _SIDE, cells) + rng.uniform(-0.12, 0.12) for _ in inks])  # (5, side, side)
    pixels = as32(inks)[votes.argmax(axis=0)]
    light = 0.7 + 0.6 * noise(rng, _SIDE, 3)[..., None]
    return picture(pixels * light + rng.normal(0, 10, pixels.shape))


def flower(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw one flower seen from above before leaves; the class is its colour and its number of petals."""
    hue, saturation = list(FLOWER_HUES.values())[label // len(PETALS)]
    count = PETALS[label % len(PETALS)]
    dark = color(rng.uniform(0.2, 0.42), rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.35))
    light = color(rng.uniform(0.18, 0.45), rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.7))
    ground = Image.fromarray(blend(rng, _SIDE, dark, light, int(rng.integers(3, 12))).astype(np.uint8))
    pen, middle = ImageDraw.Draw(ground), _SIDE / 2 + rng.uniform(-12, 12, 2)
    radius, start = rng.uniform(34, 56), rng.uniform(0, 2 * np.pi)
    hue, fat, waist = hue + rng.normal(0, 0.015), rng.uniform(0.75, 1.15) * np.pi / count, rng.uniform(0.45, 0.9)
    for k in rng.permutation(count):
        ink = color(hue, saturation * rng.uniform(0.85, 1.1), rng.uniform(0.75, 1.0))
        petal = _petal(radius * rng.uniform(0.9, 1.08), start + 2 * np.pi * k / count, fat, waist) + middle
        pen.polygon([(float(x), float(y)) for x, y in petal], fill=ink, outline=tuple(int(c * 0.75) for c in ink))
    heart = radius * rng.uniform(0.16, 0.28)
    x, y = (float(v) for v in middle)
    pen.ellipse(
        (x - heart, y - heart, x + heart, y + heart), fill=color(rng.uniform(0.06, 0.16), 0.8, rng.uniform(0.4, 0.9))
    )
    pixels = np.asarray(ground) * (0.65 + 0.5 * noise(rng, _SIDE, 3)[..., None])
    return picture(pixels)


def _petal(length: float, angle: float, fat: float, waist: float) -> np.ndarray:
    """Return the outline (24, 2) of one petal that starts in the origin and points along `angle` (radians)."""
    t = np.linspace(0, 1, 12)
    half = np.sin(np.pi * t**waist) * fat  # half opening angle at each distance
    r = length * t
    turns = np.concatenate([angle + half, (angle - half)[::-1]])
    reach = np.concatenate([r, r[::-1]])
    return np.stack([reach * np.cos(turns), reach * np.sin(turns)], axis=1)
