"""Opening one picture safely: whatever the format, and whoever made the file."""

from __future__ import annotations

import io
import stat
from collections.abc import Collection
from pathlib import Path

from PIL import Image

from srcsel.base import access
from srcsel.base.errors import PictureError
from srcsel.pictures import decoder, refused
from srcsel.pictures.decoder import FORMATS, SUFFIXES, Decoded
from srcsel.pictures.deep import Ranges
from srcsel.pictures.quiet import hush

__all__ = [
    "SUFFIXES",
    "look",
    "open_picture",
    "open_sizes",
    "picture_size",
    "read_picture",
    "thumbnail",
]

FILE_LIMIT = 512 * 2**20  # bytes of one file


def open_picture(
    path: Path, *, hint: int | None = None, ranges: Ranges | None = None
) -> Image.Image:
    """Open a picture file as RGB, 8 bit, upright, first frame, transparency over white.

    hint: pixels the shorter side is needed in; JPEG files are then decoded at 1/2, 1/4 or 1/8,
    never below it. ranges: of the picture's set (`Dataset.ranges`). Raises PictureError, whose text
    is the reason for a person, for everything that cannot be shown.
    """
    return decode_picture(read_picture(path), hint=hint, ranges=ranges)


def open_sizes(
    path: Path, hints: Collection[int], ranges: Ranges | None = None
) -> dict[int, Image.Image]:
    """Open a picture once for several hints of `open_picture`: each gets what it would get
    alone.
    """
    data = read_picture(path)
    made: dict[tuple[int, int], Image.Image] = {}  # size the file is decoded in -> picture
    opened = {}
    for hint in hints:
        size = _decoded_size(data, hint) if len(hints) > 1 else (0, 0)
        if size not in made:
            made[size] = decode_picture(data, hint=hint, ranges=ranges)
        opened[hint] = made[size]
    return opened


def thumbnail(path: Path, size: int, ranges: Ranges | None = None) -> bytes:
    """Return a small JPEG whose longest side is at most `size` pixels (never enlarged).

    Raises PictureError.
    """
    picture = open_picture(path, hint=size, ranges=ranges)
    picture.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def read_picture(path: Path) -> bytes:
    """Read a picture file whole, without ever waiting on a pipe or a device.

    Raises PictureError, also for a link out of what may be opened.
    """
    if not access.allowed(path):
        raise PictureError(access.LEADS_OUT)
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise PictureError("This is not an ordinary file but a folder, a pipe or a device.")
        if about.st_size == 0:
            raise PictureError(
                "The file is empty (0 bytes). Copy it again from where it came from."
            )
        if about.st_size > FILE_LIMIT:
            raise PictureError(
                f"The file is very large ({about.st_size / 1e6:,.0f} MB). Save a smaller copy."
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise PictureError(_why_unopened(error)) from error


def decode_picture(
    data: bytes, *, hint: int | None = None, ranges: Ranges | None = None
) -> Image.Image:
    """Decode the bytes of a picture file; the rest as `open_picture`."""
    return look(data, hint=hint, ranges=ranges).picture


def look(data: bytes, *, hint: int | None = None, ranges: Ranges | None = None) -> Decoded:
    """Decode the bytes of a picture file, with what was noticed on the way.

    Raises PictureError.
    """
    hush()
    try:
        return decoder.decode(data, hint=hint, ranges=ranges)
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise PictureError(refused.why(data, error)) from error


def _decoded_size(data: bytes, hint: int) -> tuple[int, int]:
    """Return the size a file is decoded in for a hint; (0, 0) where decoding will say what is wrong
    with it.
    """
    hush()
    decoder.prepare()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.draft(None, (hint, hint))
            return image.size
    except Exception:  # noqa: BLE001 (decoders raise anything at all on hostile bytes)
        return 0, 0


def picture_size(path: Path) -> tuple[int, int]:
    """Read a picture's width and height in pixels from its first bytes, without decoding it.

    Raises PictureError.
    """
    try:
        if not access.allowed(path):
            raise PictureError(access.LEADS_OUT)
        if not stat.S_ISREG(path.stat().st_mode):
            raise PictureError("This is not an ordinary file but a folder, a pipe or a device.")
        hush()
        decoder.prepare()
        with Image.open(path, formats=FORMATS) as image:
            return image.size
    except PictureError:
        raise
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise PictureError(refused.damage(error)) from error


def _why_unopened(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "The file is not there (any more), or it is a link that leads nowhere."
    if isinstance(error, PermissionError):
        return "This computer does not allow srcsel to open the file (permission denied)."
    text = getattr(error, "strerror", None) or str(error)
    return f"The file cannot be opened: {text}."
