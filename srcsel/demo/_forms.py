"""Source tasks about form: flat shapes in any colour, and how small marks are laid out."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from srcsel.pictures.bundled.paint import Color, any_color, apart, blend, picture

SHAPES = (
    "disc",
    "square",
    "triangle",
    "pentagon",
    "star",
    "cross",
    "crescent",
    "ring",
    "heart",
    "drop",
)
LAYOUTS = ("row", "column", "diagonal", "ring", "cluster", "block")
COUNTS = ((4, 5), (7, 9))  # few, many marks
_SIDE = 128  # drawn at twice the size and averaged down


def shape(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw one flat shape in a random colour, place, size and turn, over a busy ground crossed by
    lines.
    """
    back = any_color(rng)
    ground = Image.fromarray(
        blend(rng, _SIDE, back, apart(rng, back, 60), int(rng.integers(2, 7))).astype(np.uint8)
    )
    pen = ImageDraw.Draw(ground)
    for _ in range(int(rng.integers(2, 7))):
        ends = [float(v) for v in rng.uniform(0, _SIDE, 4)]
        pen.line(ends, fill=any_color(rng), width=int(rng.integers(2, 7)))
    ink = apart(rng, back, 120)
    place(
        pen,
        SHAPES[label],
        rng.uniform(36, _SIDE - 36, 2),
        rng.uniform(18, 40),
        rng.uniform(0, 6.3),
        ink,
        rng,
    )
    pixels = np.asarray(ground, np.float32)
    return picture(pixels + rng.normal(0, 14, pixels.shape))


def place(
    pen: ImageDraw.ImageDraw,
    name: str,
    middle: np.ndarray,
    size: float,
    turn: float,
    ink: Color,
    rng: np.random.Generator,
) -> None:
    """Draw the shape `name` with radius `size` (pixels), turned by `turn` (radians), slightly
    stretched.
    """
    points = outline(name) * np.array([1.0, rng.uniform(0.8, 1.0)])
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    pen.polygon([(float(x), float(y)) for x, y in points @ spin * size + middle], fill=ink)


def outline(name: str) -> np.ndarray:
    """Return the outline of a named shape within the unit circle, (k, 2)."""
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([np.cos(t), np.sin(t)], axis=1)
    sides = {"triangle": 3, "square": 4, "pentagon": 5}
    if name in sides:
        return circle[np.linspace(0, 40, sides[name], endpoint=False).astype(int)]
    if name == "star":
        return circle[::4] * np.where(np.arange(10) % 2, 0.42, 1.0)[:, None]
    if name == "cross":
        a = 0.34
        return np.array(
            [
                (a, 1),
                (a, a),
                (1, a),
                (1, -a),
                (a, -a),
                (a, -1),
                (-a, -1),
                (-a, -a),
                (-1, -a),
                (-1, a),
                (-a, a),
                (-a, 1),
            ]
        )
    if name == "crescent":
        return np.vstack([circle[4:37], (circle[4:37] * 0.8 + [0.3, 0])[::-1]])
    if name == "ring":
        closed = np.vstack([circle, circle[:1]])
        return np.vstack([closed, closed[::-1] * 0.55])
    if name == "heart":
        x = 16 * np.sin(t) ** 3
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        return np.stack([x, y], axis=1) / 17
    if name == "drop":
        return np.stack([np.cos(t), np.sin(t) * np.sin(t / 2) ** 2.2 * 1.2], axis=1)
    return circle


def layout(rng: np.random.Generator, label: int) -> Image.Image:
    """Draw a few or many small marks in one of LAYOUTS; the mark and its colour say nothing."""
    low, high = COUNTS[label % 2]
    spots = _spots(rng, LAYOUTS[label // 2], int(rng.integers(low, high + 1)))
    back = any_color(rng)
    ground = Image.fromarray(
        blend(rng, _SIDE, back, tuple(min(255, c + 30) for c in back), 4).astype(np.uint8)
    )
    pen, ink = ImageDraw.Draw(ground), apart(rng, back, 120)
    name, size = str(rng.choice(SHAPES)), rng.uniform(5, 9)
    middle = _SIDE / 2 + rng.uniform(-12, 12, 2)
    for spot in spots * rng.uniform(36, 48) + rng.normal(0, 2.5, spots.shape) + middle:
        place(pen, name, spot, size, rng.uniform(0, 6.3), ink, rng)
    pixels = np.asarray(ground, np.float32)
    return picture(pixels + rng.normal(0, 12, pixels.shape))


def _spots(rng: np.random.Generator, name: str, count: int) -> np.ndarray:
    """Return where the marks lie, (count, 2) in -1..1 (x, y)."""
    t = np.linspace(-1, 1, count)
    if name == "row":
        return np.stack([t, 0 * t], axis=1)
    if name == "column":
        return np.stack([0 * t, t], axis=1)
    if name == "diagonal":
        return np.stack([t, t * rng.choice([-1.0, 1.0])], axis=1) * 0.8
    if name == "ring":
        angle = np.pi * (t + rng.random()) * (count - 1) / count
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.85
    if name == "block":
        across = int(np.ceil(np.sqrt(count)))
        k = np.arange(count)
        return (np.stack([k % across, k // across], axis=1) / max(across - 1, 1) - 0.5) * 1.3
    return rng.normal(0, 0.42, (count, 2)).clip(-1, 1)
