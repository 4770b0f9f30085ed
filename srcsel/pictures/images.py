"""Opening one picture safely: whatever the format, and whoever made the file.

Bytes are read here and decoded elsewhere: in a process that can be ended (`apart`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image

from srcsel.pictures import apart, decoding
from srcsel.pictures.decoder import SUFFIXES, Decoded
from srcsel.pictures.deep import Ranges
from srcsel.pictures.reading import read, require

__all__ = [
    "SUFFIXES",
    "decode_picture",
    "look",
    "make",
    "open_picture",
    "picture_size",
    "read_picture",
    "thumbnail",
]

Made = TypeVar("Made")


def open_picture(
    path: Path, *, hint: int | None = None, ranges: Ranges | None = None
) -> Image.Image:
    """Open a picture file as RGB, 8 bit, upright, first frame, transparency over white.

    hint: pixels the shorter side is needed in; JPEG files are then decoded at 1/2, 1/4 or 1/8,
    never below it. ranges: of the picture's set (`Dataset.ranges`). Raises PictureError, whose text
    is the reason for a person, for everything that cannot be shown.
    """
    return decode_picture(read_picture(path), hint=hint, ranges=ranges)


def decode_picture(
    data: bytes, *, hint: int | None = None, ranges: Ranges | None = None
) -> Image.Image:
    """Decode the bytes of a picture file; the rest as `open_picture`."""
    return look(data, hint=hint, ranges=ranges).picture


def look(data: bytes, *, hint: int | None = None, ranges: Ranges | None = None) -> Decoded:
    """Decode the bytes of a picture file, with what was noticed on the way.

    Raises PictureError.
    """
    return apart.call(decoding.look, data, hint=hint, ranges=ranges)


def make(
    data: bytes,
    wanted: Mapping[int, Sequence[Callable[[Image.Image], Made]]],
    ranges: Ranges | None = None,
) -> dict[int, list[Made]]:
    """Decode the bytes of a picture file once for several hints of `open_picture`, and return what
    each function makes of it, by hint: what it would make of the picture opened for that hint.

    The functions are called where it is decoded, so that small things come back, not pictures; they
    are found by their names. Raises PictureError.
    """
    return apart.call(decoding.made, data, wanted, ranges)


def thumbnail(
    data: bytes, size: int, ranges: Ranges | None = None, *, hurried: bool = False
) -> bytes:
    """Return a small JPEG whose longest side is at most `size` pixels (never enlarged).

    hurried: somebody waits for it; what takes longer than a moment is refused, and that is not
    lasting. Raises PictureError.
    """
    call = apart.hurried if hurried else apart.call
    return call(decoding.thumbnail, data, size, ranges)


def picture_size(path: Path) -> tuple[int, int]:
    """Read a picture's width and height in pixels from its first bytes, without decoding it.

    Raises PictureError.
    """
    require(path)
    return apart.call(decoding.size_of, path)


def read_picture(path: Path) -> bytes:
    """Read a picture file whole, without ever waiting on a pipe or a device.

    Raises PictureError, also for a link out of what may be opened.
    """
    return read(path).data
