"""Source tasks about strokes: an invented alphabet, and printed digits bent out of shape."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from srcsel.pictures.bundled.paint import any_color, apart, as32, blend, curve, picture

GLYPHS = 24
_SIDE = 128  # drawn at twice the size and averaged down


@cache
def _alphabet() -> tuple[tuple[np.ndarray, ...], ...]:
    """Make the invented characters: two or three strokes each, control points (k, 2) in 0..1."""
    rng = np.random.default_rng(20_240)
    return tuple(_character(rng) for _ in range(GLYPHS))


def _character(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Make two or three strokes that together fill the unit square."""
    strokes = [rng.random((int(rng.integers(3, 5)), 2)) for _ in range(int(rng.integers(2, 4)))]
    everything = np.vstack(strokes)
    low, high = everything.min(axis=0), everything.max(axis=0)
    return tuple((stroke - low) / (high - low) for stroke in strokes)


def glyph(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw one invented character in a shaky hand; pen width, slant, size, ink and paper vary."""
    paper = any_color(rng)
    ground = Image.fromarray(
        blend(rng, _SIDE, paper, tuple(min(255, c + 25) for c in paper), 3).astype(np.uint8)
    )
    pen, ink, width = ImageDraw.Draw(ground), apart(rng, paper), int(rng.integers(5, 14))
    turn, size = rng.normal(0, 0.16), rng.uniform(0.55, 0.85) * _SIDE
    bend = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    bend = bend @ np.array(
        [[rng.uniform(0.75, 1.1), rng.normal(0, 0.15)], [rng.normal(0, 0.1), 1.0]]
    )
    middle = _SIDE / 2 + rng.uniform(-10, 10, 2)
    for stroke in _alphabet()[label]:
        shaky = stroke + rng.normal(0, 0.045, stroke.shape)
        line = [(float(x), float(y)) for x, y in curve((shaky - 0.5) @ bend * size + middle)]
        pen.line(line, fill=ink, width=width, joint="curve")
        for x, y in (line[0], line[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=ink)
    return picture(np.asarray(ground))


def printed(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw one printed digit 0..9, in one typeface, bent, slanted, thickened and partly crossed
    out.
    """
    ink = Image.new("L", (_SIDE, _SIDE))
    pen = ImageDraw.Draw(ink)
    font = ImageFont.load_default(size=float(rng.integers(70, 115)))
    place = (_SIDE / 2 + rng.uniform(-8, 8), _SIDE / 2 + rng.uniform(-8, 8))
    pen.text(
        place, str(label), fill=255, font=font, anchor="mm", stroke_width=int(rng.integers(0, 6))
    )
    ink = ink.rotate(rng.normal(0, 12), Image.Resampling.BILINEAR)
    corners = np.array([[0, 0], [0, 1], [1, 1], [1, 0]]) * _SIDE + rng.normal(0, 11, (4, 2))
    quad = tuple(float(v) for v in corners.ravel())
    mask = (
        np.asarray(ink.transform(ink.size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR))
        / 255.0
    )
    for axis in (0, 1):
        mask = _wobble(rng, mask, axis)
    paper = any_color(rng)
    ground = blend(rng, _SIDE, paper, tuple(max(0, c - 30) for c in paper), 4)
    pixels = ground + mask[..., None] * (as32(apart(rng, paper, 120)) - ground)
    return picture(pixels + rng.normal(0, 14, pixels.shape))


def _wobble(rng: np.random.Generator, mask: np.ndarray, axis: int) -> np.ndarray:
    """Push rows (axis 0) or columns (axis 1) sideways along a slow wave; shape kept."""
    along = np.arange(_SIDE)
    shift = rng.uniform(0, 6) * np.sin(along / _SIDE * rng.uniform(3, 11) + rng.uniform(0, 6.3))
    index = np.clip(along[None, :] + shift[:, None], 0, _SIDE - 1).astype(np.intp)  # (line, place)
    return np.take_along_axis(mask, index if axis == 0 else index.T, axis=1 - axis)
