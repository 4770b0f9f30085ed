"""Target: butterflies of ten made-up species.

Some differ in colour only, some copy each other's colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from srcsel.pictures.bundled.paint import Color, as32, blend, color, curve, noise, picture

Hsv = tuple[float, float, float]

_SIDE, _FINE = 112, 2  # pixels; wings are drawn _FINE times larger and averaged down
_BLACK, _WHITE, _CREAM = (0.07, 0.5, 0.1), (0.12, 0.05, 0.97), (0.13, 0.25, 0.95)


@dataclass(frozen=True)
class Species:
    """What all butterflies of one species share. Colours are (hue, saturation, value)."""

    base: Hsv
    margin: Hsv = _BLACK
    rim: float = 0.86  # where the margin begins, share of the way from body to edge
    veins: bool = False
    dots: bool = False  # a row of pale dots in the margin
    bands: tuple[tuple[float, float, Hsv], ...] = ()  # (from, to, colour), shares of the way
    eyes: bool = False  # one eyespot a wing
    tip: tuple[float, float] = (0.95, -0.78)
    tail: float = 0.0  # how far the hind wing is drawn out
    hind: float = 1.0  # size of the hind wing


SPECIES: dict[str, Species] = {
    "amber-banded": Species(
        (0.075, 0.92, 0.93), veins=True, dots=True, bands=((0.5, 0.58, _BLACK),)
    ),
    "amber-veined": Species((0.07, 0.92, 0.93), veins=True, dots=True),
    "azure-dotted": Species((0.585, 0.75, 0.9), rim=0.84, dots=True, tip=(0.85, -0.66)),
    "azure-rimmed": Species((0.6, 0.85, 0.88), rim=0.78),
    "dusk-banded": Species(
        (0.06, 0.6, 0.26), rim=0.9, dots=True, bands=((0.55, 0.7, (0.03, 0.9, 0.88)),)
    ),
    "dusk-eyed": Species((0.07, 0.55, 0.38), (0.08, 0.4, 0.6), rim=0.9, eyes=True, hind=1.1),
    "ivory-veined": Species((0.13, 0.1, 0.93), veins=True, rim=0.9, tip=(0.88, -0.72)),
    "lemon-tailed": Species(
        (0.15, 0.62, 0.96), rim=0.85, bands=((0.42, 0.5, _BLACK), (0.64, 0.7, _BLACK)), tail=0.42
    ),
    "lemon-tipped": Species(
        (0.155, 0.6, 0.97), (0.09, 0.8, 0.95), rim=0.9, tip=(1.0, -0.84), hind=0.95
    ),
    "rust-eyed": Species((0.03, 0.85, 0.7), (0.06, 0.45, 0.32), rim=0.87, eyes=True),
}
CLASSES = tuple(SPECIES)
EACH = 50  # pictures of each class


@dataclass(frozen=True)
class _Pose:
    """How one butterfly lies in its picture."""

    spin: np.ndarray  # (2, 2)
    size: float  # pixels of one wing, at _FINE scale
    middle: np.ndarray  # (2,) pixels at _FINE scale
    widths: tuple[float, float]  # how far the right and left wings are opened, 0..1

    def __call__(self, points: np.ndarray, side: int = 0) -> list[float]:
        """Turn points (k, 2) of the right half, in wing lengths, to pixels x, y, x, y ...; side 1 =
        the left half.
        """
        sign = -1.0 if side else 1.0
        flat = points * np.array([sign * self.widths[side], 1.0])
        return (flat @ self.spin * self.size + self.middle).ravel().tolist()


def draw(rng: np.random.Generator, label: int, _number: int) -> Image.Image:
    """Draw one butterfly from above, any way round, wings more or less open, in uneven light; 112 x
    112 RGB.
    """
    kind = SPECIES[CLASSES[label]]
    fine = _SIDE * _FINE
    turn = rng.uniform(0, 2 * np.pi)
    pose = _Pose(
        spin=np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]),
        size=fine * rng.uniform(0.33, 0.47),
        middle=fine / 2 + rng.uniform(-0.07, 0.07, 2) * fine,
        widths=(rng.uniform(0.55, 1.0), rng.uniform(0.55, 1.0)),
    )
    layer, cover = Image.new("RGB", (fine, fine)), Image.new("L", (fine, fine))
    pens = ImageDraw.Draw(layer), ImageDraw.Draw(cover)
    wings = _wings(rng, kind)
    inks = _Inks(rng, kind)
    for side in (0, 1):
        for wing, root in wings:
            pens[1].polygon(pose(wing, side), fill=255)
            _paint_wing(pens[0], kind, inks, wing, root, pose, side)
    _body(pens, pose)
    return _compose(rng, layer.reduce(_FINE), cover.reduce(_FINE))


class _Inks:
    """The colours of one animal: its species' with small differences."""

    def __init__(self, rng: np.random.Generator, kind: Species) -> None:
        self.shift = rng.normal(0, 0.013), rng.normal(0, 0.07), rng.normal(0, 0.06)
        self.rim = kind.rim + rng.normal(0, 0.02)

    def __call__(self, hsv: Hsv, light: float = 1.0) -> Color:
        return color(
            hsv[0] + self.shift[0], hsv[1] + self.shift[1], (hsv[2] + self.shift[2]) * light
        )


def _wings(rng: np.random.Generator, kind: Species) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return outlines (k, 2) of hind and fore wing with their roots (2,), right half, the body
    along y at x = 0.
    """
    tip = np.array(kind.tip)
    fore = np.array(
        [(0.04, -0.12), (0.32, -0.55), tip, (0.86, -0.4), (0.7, -0.02), (0.3, 0.08), (0.04, 0.02)]
    )
    h = kind.hind
    end = (0.34 * h, 0.66 * h + kind.tail)
    hind = np.array(
        [
            (0.04, -0.04),
            (0.42, -0.06),
            (0.74 * h, 0.16),
            (0.66 * h, 0.46 * h),
            end,
            (0.2, 0.5 * h),
            (0.04, 0.2),
        ]
    )
    outlines = []
    for wing in (hind, fore):
        inner = wing + np.vstack(
            [np.zeros((1, 2)), rng.normal(0, 0.022, (len(wing) - 2, 2)), np.zeros((1, 2))]
        )
        outlines.append((curve(np.vstack([inner, inner[:1]]), 8), inner[0]))
    return outlines


def _paint_wing(
    pen: ImageDraw.ImageDraw,
    kind: Species,
    inks: _Inks,
    wing: np.ndarray,
    root: np.ndarray,
    pose: _Pose,
    side: int,
) -> None:
    """Paint margin, base, bands, veins, dots and eyespot of one wing, from the outside in."""
    light = 0.72 + 0.28 * pose.widths[side]  # a wing that stands up is darker
    width = max(2, int(pose.size * 0.016))
    pen.polygon(pose(wing, side), fill=inks(kind.margin, light))
    steps = [(inks.rim, kind.base, 1.0), (0.5, kind.base, 0.93), (0.28, kind.base, 0.84)]
    for near, far, band in kind.bands:
        steps += [(far, band, 1.0), (near, kind.base, 0.96)]
    for reach, hsv, dim in sorted(steps, key=lambda s: -s[0]):
        pen.polygon(pose(root + (wing - root) * reach, side), fill=inks(hsv, light * dim))
    edge = wing[10:42:5]  # points along the outer edge, (7, 2)
    if kind.veins:
        for point in edge:
            pen.line(
                pose(np.stack([root, root + (point - root) * 0.95]), side),
                fill=inks(_BLACK),
                width=width,
            )
    if kind.dots:
        for point in wing[12:40:4]:
            _disc(pen, pose, root + (point - root) * 0.93, 0.022, inks(_WHITE, light), side)
    if kind.eyes:
        middle = root + (wing[20:30].mean(axis=0) - root) * 0.66
        for radius, hsv in (
            (0.15, _CREAM),
            (0.12, _BLACK),
            (0.08, (0.6, 0.6, 0.75)),
            (0.03, _WHITE),
        ):
            _disc(pen, pose, middle, radius, inks(hsv, light), side)


def _disc(
    pen: ImageDraw.ImageDraw, pose: _Pose, middle: np.ndarray, radius: float, ink: Color, side: int
) -> None:
    t = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    pen.polygon(pose(middle + radius * np.stack([np.cos(t), np.sin(t)], axis=1), side), fill=ink)


def _body(pens: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw], pose: _Pose) -> None:
    """Paint body and feelers, on the picture and on the mask."""
    t = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    trunk = np.stack([0.055 * np.cos(t), 0.34 * np.sin(t) + 0.06], axis=1)
    for pen, ink in zip(pens, ((42, 32, 26), 255), strict=True):
        pen.polygon(pose(trunk / np.array([max(pose.widths[0], 0.1), 1])), fill=ink)
        for side in (0, 1):
            feeler = curve(np.array([(0.02, -0.25), (0.1, -0.45), (0.26, -0.62)]))
            pen.line(pose(feeler, side), fill=ink, width=max(2, int(pose.size * 0.018)))


def _compose(rng: np.random.Generator, layer: Image.Image, cover: Image.Image) -> Image.Image:
    """Lay the animal with its shadow on a blurred meadow, in the light of the day."""
    dx, dy = (int(v) for v in rng.integers(-7, 8, 2))
    cast = cover.filter(ImageFilter.GaussianBlur(2.5)).transform(
        cover.size, Image.Transform.AFFINE, (1, 0, dx, 0, 1, dy), Image.Resampling.NEAREST
    )
    shadow = 1 - np.asarray(cast, np.float32) / 510
    share = np.asarray(cover, np.float32) / 255
    dust = 0.82 + 0.3 * noise(rng, _SIDE, 4) + 0.08 * (noise(rng, _SIDE, 50) - 0.5)
    sun = (0.85 + 0.3 * noise(rng, _SIDE, 2)) * rng.uniform(0.8, 1.12)
    warmth = as32([1.0, rng.uniform(0.93, 1.0), rng.uniform(0.8, 1.08)])
    pixels = _meadow(rng) * (sun * shadow * (1 - share))[..., None]
    pixels += np.asarray(layer, np.float32) * (sun * dust * share)[..., None]
    pixels = pixels * warmth + rng.standard_normal((_SIDE, _SIDE, 1), np.float32) * 2.5
    return picture(pixels, 1)


def _meadow(rng: np.random.Generator) -> np.ndarray:
    """Paint the out-of-focus ground of any season with soft discs of light, (side, side, 3) float32
    in 0..255.
    """
    hue = rng.choice([0.22, 0.28, 0.35, 0.09, 0.93, 0.57]) + rng.normal(0, 0.02)
    deep = color(hue, rng.uniform(0.3, 0.75), rng.uniform(0.15, 0.5))
    pale = color(hue + rng.normal(0, 0.05), rng.uniform(0.15, 0.6), rng.uniform(0.5, 0.95))
    ground = blend(rng, _SIDE, deep, pale, int(rng.integers(3, 7)))
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    for _ in range(int(rng.integers(2, 7))):
        cx, cy, radius = rng.uniform(0, _SIDE), rng.uniform(0, _SIDE), rng.uniform(5, 17)
        soft = np.clip((radius - np.hypot(x - cx, y - cy)) / 3, 0, 1)[..., None] * rng.uniform(
            0.1, 0.5
        )
        spot = as32(color(hue + rng.normal(0, 0.1), rng.uniform(0.1, 0.9), rng.uniform(0.7, 1.0)))
        ground = ground * (1 - soft) + spot * soft
    return ground
