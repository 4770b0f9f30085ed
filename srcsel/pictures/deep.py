"""Pictures of more than 8 bits: their values as the file holds them, and how those become black to
white.

What is black and what is white is judged over all pictures of a set: 10 or 12 bits kept in 16 would
be nearly black otherwise. Pillow, NumPy and the standard library only, because the training script
carries this source.
"""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

CUT = 1000  # one value in so many is left out at each end: hot and dead points of a sensor
ODD = 50  # of so many pictures one, and one of fewer, may be odd: far beyond all others
FAR = 8  # times the range of the others from which it is: it would leave them 32 of 256 steps
LEAST = 8  # pictures of which one can be odd
LOOKED_AT = 4_000_000  # values of a picture that its range is judged by, evenly spread
NO_DATA = (-9999, -99999, -32768, -(2**31))  # what elevations and satellites write for "nothing"
BEYOND = 1e30  # larger numbers stand for "nothing" too: float's own ends, 9.97e36 of netCDF
NEUTRAL = 128  # the grey shown where there is no value
ROWS = 256  # rows scaled at once, so that a large picture needs little memory beside itself
SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
PLANAR, SAMPLE_BITS, SAMPLE_FORMAT, PHOTOMETRIC, GDAL_NODATA = 284, 258, 339, 262, 42113  # tags

Ranges = Mapping[str, tuple[float, float]]
"""Kind of number, such as "u2" -> the values that are black and white."""


@dataclass(frozen=True)
class Deep:
    """The values of a picture as its file holds them."""

    values: np.ndarray  # (h, w) grey or (h, w, 3) red, green, blue; whole numbers or float32
    empty: np.ndarray  # (h, w) bool, where there is no value
    alpha: np.ndarray | None = None  # (h, w) uint8, 0 = transparent
    inverted: bool = False  # 0 is white

    @property
    def kind(self) -> str:
        """What kind of number it holds: u2 = 16 bits without a sign, f4 = 32-bit float, ..."""
        return self.values.dtype.str[1:]


@dataclass(frozen=True)
class Spread:
    """How far the values of one picture reach."""

    kind: str
    least: float
    low: float  # least without one value in CUT
    high: float
    most: float
    deviation: float  # standard deviation, of the colour where it is largest


def read_deep(data: bytes, image: ImageFile) -> Deep | None:
    """Read the values of an opened picture file; None where 8 bits hold them all."""
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I") or image.mode == "F" or _is_signed(image.mode, tags):
        return _gray(image, tags)
    return _color(data, image, tags) if _depth(image, tags) == 16 else None


def spread_of(deep: Deep) -> Spread | None:
    """Measure a picture; None where it holds no value at all."""
    step = 1 + int((deep.values.size / LOOKED_AT) ** 0.5)
    present = ~deep.empty if deep.alpha is None else ~deep.empty & (deep.alpha > 0)
    held = deep.values[::step, ::step][present[::step, ::step]]  # (m,) or (m, 3)
    if not held.size:  # small islands may lie between the steps
        held = deep.values[present]
    if not held.size:
        return None
    cut, last = held.size // CUT, held.size - 1
    ends = np.partition(held, (0, cut, last - cut, last), axis=None)[[0, cut, last - cut, last]]
    deviation = np.clip(held, ends[1], ends[2]).std(axis=0, dtype=np.float64).max()
    least, low, high, most = map(float, ends.tolist())  # as they are remembered
    return Spread(deep.kind, least, low, high, most, float(deviation))


def ranges_of(spreads: Iterable[Spread]) -> dict[str, tuple[float, float]]:
    """Say for each kind of number which value is black and which is white: over all pictures but
    odd ones, which would leave all others nearly one grey.
    """
    by_kind: dict[str, list[Spread]] = {}
    for one in spreads:
        by_kind.setdefault(one.kind, []).append(one)
    ranges = {}
    for kind, all_ in sorted(by_kind.items()):
        low, high = _ends(sorted(s.low for s in all_), sorted(s.high for s in all_))
        if low == high:  # no more than a few points differ: they are what there is to see
            low, high = min(s.least for s in all_), max(s.most for s in all_)
        ranges[kind] = (low, high)
    return ranges


def is_odd(spread: Spread, low: float, high: float) -> bool:
    """Tell whether a picture was left out where `low` and `high` were found for its set."""
    return high > low and max(low - spread.low, spread.high - high) > (FAR - 1) * (high - low)


def _ends(lows: list[float], highs: list[float]) -> tuple[float, float]:
    """Return the least and the most of rising values, without those of odd pictures."""
    few = max(1, len(lows) // ODD) if len(lows) >= LEAST else 0
    low, high = lows[few], highs[-1 - few]
    far = FAR * (high - low)
    return (
        low if high - lows[0] > far > 0 else lows[0],
        high if highs[-1] - low > far > 0 else highs[-1],
    )


def shown(deep: Deep, low: float, high: float) -> np.ndarray:
    """Spread values over black to white, as `values` in uint8; no value is NEUTRAL.

    256 steps of equal width where there are more whole numbers than that, so that 16 bits used in
    full give their upper 8; else `low` and `high` themselves are black and white, so that 8 bits
    kept in 16 stay as they are.
    """
    many = deep.values.dtype.kind in "iu" and high - low > 255
    if high <= low:  # nothing to tell apart: as bright as its kind of number makes it
        low, high = (0, 65535) if deep.kind == "u2" else (low, np.inf)
    out = np.empty(deep.values.shape, np.uint8)
    for top in range(0, len(out), ROWS):
        part = np.nan_to_num(deep.values[top : top + ROWS].astype(np.float64))
        with np.errstate(over="ignore"):
            steps = (
                np.floor((part - low) * 256 / (high - low + 1))
                if many
                else np.round((part - low) * 255 / (high - low))
            )
        out[top : top + ROWS] = np.clip(steps, 0, 255)
    if deep.inverted:
        out = 255 - out
    out[deep.empty] = NEUTRAL
    return out


def _depth(image: ImageFile, tags: Mapping[int, Any]) -> int:
    """Bits of each colour of an opened picture, where Pillow drops the lower ones; else 8."""
    if image.mode not in ("RGB", "RGBA") or not image.tile:
        return 8
    if tags.get(PLANAR) == 2 and set(tags.get(SAMPLE_BITS, ())) == {16}:
        return 16
    return 16 if _raw(image.tile[0])[-4:-1] == ";16" or _is_deep_ppm(image) else 8


def _is_deep_ppm(image: ImageFile) -> bool:
    codec, _, _, args = image.tile[0]
    return codec == "ppm" and isinstance(args, tuple) and args[1] > 255


def _is_signed(mode: str, tags: Mapping[int, Any]) -> bool:
    """Whether Pillow takes signed numbers of 8 bits for unsigned ones."""
    return mode == "L" and 2 in tags.get(SAMPLE_FORMAT, ())


def _gray(image: ImageFile, tags: Mapping[int, Any]) -> Deep:
    values = np.asarray(image)
    if _is_signed(image.mode, tags):
        values = values.view(np.int8)
    elif (
        image.mode == "I" and tags.get(SAMPLE_BITS) == (32,) and 1 in tags.get(SAMPLE_FORMAT, (1,))
    ):
        values = values.view(np.uint32)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    alpha = None
    if isinstance(clear := image.info.get("transparency"), int):
        alpha = np.where(values == clear, 0, 255).astype(np.uint8)
    return Deep(values, _empty(values, tags), alpha, inverted=tags.get(PHOTOMETRIC) == 0)


def _color(data: bytes, image: ImageFile, tags: Mapping[int, Any]) -> Deep:
    """Read 16-bit colour: Pillow keeps the upper 8 bits, and the lower ones where it takes the file
    for one of the other byte order.
    """
    raw = _raw(image.tile[0])
    if _is_deep_ppm(image):
        size = (image.height, image.width, 3)
        values = np.frombuffer(data, ">u2", image.height * image.width * 3, image.tile[0].offset)
        values = values.reshape(size).astype(np.uint16)
        return Deep(values, np.zeros(size[:2], bool))
    if raw.startswith("LA"):  # 16 bits of grey and 16 of alpha, as four bytes
        gray, gray_low, alpha, _ = np.moveaxis(_loaded(image, lambda _: "RGBA"), -1, 0)
        values = np.repeat((gray.astype(np.uint16) << 8 | gray_low)[..., None], 3, axis=-1)
        return Deep(values, np.zeros(gray.shape, bool), alpha)
    order = "L" if getattr(tags, "prefix", b"MM") == b"II" else "B"

    def plain(raw: str) -> str:  # of planes, Pillow forgets the depth; premultiplied is undone here
        return raw.replace("RGBa", "RGBA") if ";16" in raw else f"{raw};16{order}"

    high = _loaded(image, plain)
    with Image.open(io.BytesIO(data)) as again:
        low = _loaded(again, lambda raw: plain(raw)[:-1] + SWAPPED[plain(raw)[-1]])
    values = high.astype(np.uint16) << 8 | low  # (h, w, 3 or 4)
    colors, alpha = values[..., :3], high[..., 3] if image.mode == "RGBA" else None
    if raw.startswith("RGBa"):
        whole = np.maximum(values[..., 3:].astype(np.float64), 1)
        colors = np.minimum(colors * (65535 / whole), 65535).astype(np.uint16)
    if isinstance(clear := image.info.get("transparency"), tuple):
        alpha = np.where((colors == clear).all(axis=-1), 0, 255).astype(np.uint8)
    return Deep(colors, np.asarray(_empty(colors, tags).all(axis=-1)), alpha)


def _loaded(image: ImageFile, layout: Callable[[str], str]) -> np.ndarray:
    """Decode points laid out as `layout` makes of what Pillow takes them for."""
    image.tile = [
        tile._replace(args=(layout(_raw(tile)), *tile.args[1:]))
        if isinstance(tile.args, tuple)
        else tile._replace(args=layout(_raw(tile)))
        for tile in image.tile
    ]
    return np.asarray(image)


def _raw(tile: Any) -> str:
    args = tile.args
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) else ""


def _empty(values: np.ndarray, tags: Mapping[int, Any]) -> np.ndarray:
    """Say where there is no value: what the file declares, what stands for it by custom, nan."""
    empty = np.zeros(values.shape, bool)
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            empty = ~(np.abs(values) < BEYOND)
    if values.dtype.itemsize == 4:
        empty |= np.isin(values, [v for v in NO_DATA if v >= 0 or values.dtype.kind != "u"])
    try:
        declared = float(str(tags.get(GDAL_NODATA, "nan")).strip("\0 "))
    except ValueError:
        return empty
    return empty | (values == np.asarray(declared).astype(np.float64))
