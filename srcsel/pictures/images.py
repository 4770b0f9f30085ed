"""Opening one picture safely, as a person would see it: whatever the format, and whoever made the
file.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import stat
import threading
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError, features

from srcsel.base import access
from srcsel.base.errors import PictureError

PIXEL_LIMIT = 200_000_000  # pixels of one picture; more is a decompression bomb or a mistake
FILE_LIMIT = 512 * 2**20  # bytes of one file
# pixels decoded above which pictures take turns, so that threads don't add up their memory
LARGE = 40_000_000

_BY_SUFFIX = {
    "JPEG": (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".mpo",
    ),  # MPO too, which many phones write under .jpg
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k"),
    "AVIF": (".avif",),
}
_OPTIONAL = {"WEBP": "webp", "JPEG2000": "jpg_2000", "AVIF": "avif"}
FORMATS = tuple(
    name for name in _BY_SUFFIX if name not in _OPTIONAL or features.check(_OPTIONAL[name])
)
SUFFIXES = frozenset(suffix for name in FORMATS for suffix in _BY_SUFFIX[name])
"""File endings, lower case with the dot, that are taken for pictures.

The content decides the format.
"""

_MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
_TURNS = {  # EXIF orientation -> what makes the picture upright (EXIF 2.32, tag 0x0112)
    2: _MIRROR,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TAKE_TURNS = threading.Lock()
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)  # as `warnings.filters` keeps it


def open_picture(path: Path, *, hint: int | None = None) -> Image.Image:
    """Open a picture file as RGB, 8 bit, upright, first frame, transparency over white.

    `hint`: pixels the shorter side is needed in; JPEG files are then decoded at 1/2, 1/4 or 1/8,
    never below it. Raises PictureError, whose text is the reason for a person, for everything that
    cannot be shown.
    """
    return decode_picture(read_picture(path), hint=hint)


def open_sizes(path: Path, hints: Collection[int]) -> dict[int, Image.Image]:
    """Open a picture once for several hints of `open_picture`: each gets what it would get
    alone.
    """
    data = read_picture(path)
    made: dict[tuple[int, int], Image.Image] = {}  # size the file is decoded in -> picture
    opened = {}
    for hint in hints:
        size = _decoded_size(data, hint) if len(hints) > 1 else (0, 0)
        if size not in made:
            made[size] = decode_picture(data, hint=hint)
        opened[hint] = made[size]
    return opened


def thumbnail(path: Path, size: int) -> bytes:
    """Return a small JPEG whose longest side is at most `size` pixels (never enlarged).

    Raises PictureError.
    """
    picture = open_picture(path, hint=size)
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


def decode_picture(data: bytes, *, hint: int | None = None) -> Image.Image:
    """Decode the bytes of a picture file; the rest as `open_picture`."""
    _prepare()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if hint is not None:
                image.draft(None, (hint, hint))  # only JPEG has it; keeps both sides >= hint
            with _turn(image):
                image.load()
                return _upright(_over_white(image), image)
    except UnidentifiedImageError as error:
        raise PictureError(_what_else(data)) from error
    except Image.DecompressionBombError as error:
        raise PictureError(_too_large(str(error))) from error
    except MemoryError as error:
        raise PictureError(
            "The picture is too large for the memory of this computer. Save a smaller copy."
        ) from error
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise PictureError(_damage(error)) from error


def _decoded_size(data: bytes, hint: int) -> tuple[int, int]:
    """Return the size a file is decoded in for a hint; (0, 0) where decoding will say what is wrong
    with it.
    """
    _prepare()
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
        _prepare()
        with Image.open(path, formats=FORMATS) as image:
            return image.size
    except PictureError:
        raise
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise PictureError(_damage(error)) from error


def _prepare() -> None:
    """Set Pillow's bomb limit and keep its warnings from reaching anyone; idempotent and safe in
    threads.
    """
    Image.init()  # every plug-in, before threads ask for one
    Image.MAX_IMAGE_PIXELS = (
        PIXEL_LIMIT // 2
    )  # Pillow warns at this many and refuses at twice as many
    # Not `catch_warnings`: that swaps a process-wide list and is not safe in threads.
    if _QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)


@contextlib.contextmanager
def _turn(image: Image.Image) -> Iterator[None]:
    if image.width * image.height <= LARGE:
        yield
        return
    with _TAKE_TURNS:
        yield


def _over_white(image: Image.Image) -> Image.Image:
    """Turn any mode into 8-bit RGB with transparency over white and colours as the profile means
    them.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep(image)
    if image.mode in ("CMYK", "LAB"):
        return _from_print(image)
    if not image.has_transparency_data:
        return _managed(image.convert("RGB"), image)
    seen = (
        image if image.mode == "RGBA" else image.convert("RGBA")
    )  # a copy of a large one is a gigabyte
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen)
    return _managed(paper, image)


def _from_deep(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float grey to 8 bits: by its own range where it names one, else
    stretched.
    """
    values = np.asarray(image)
    if values.dtype.itemsize == 2:
        gray = (values >> 8).astype(np.uint8)  # the high byte, as Pillow does with 16-bit colour
    else:
        gray = _scaled(np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0))
    if isinstance(clear := image.info.get("transparency"), int):
        gray[values == clear] = 255
    return Image.fromarray(gray).convert("RGB")


def _scaled(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.round(values)).all())
    if low >= 0 and high <= 1 and not whole:
        values = values * 255
    elif low >= 0 and whole and 255 < high <= 65535:
        values = values // 256
    elif low < 0 or high > 255:
        values = (values - low) * (255 / (high - low)) if high > low else values * 0
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _from_print(image: Image.Image) -> Image.Image:
    """CMYK or L*a*b* to RGB. Pillow has already undone Adobe's inverted inks in JPEG files."""
    transform = _to_screen(image.info.get("icc_profile") or b"", image.mode)
    if transform is None:
        return image.convert("RGB")
    shown = ImageCms.applyTransform(image, transform)
    return shown if shown is not None else image.convert("RGB")


def _managed(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Apply a wide-gamut colour profile (phones, Adobe RGB), so that colours are the ones a screen
    shows.
    """
    profile = source.info.get("icc_profile")
    if not profile or source.mode in ("1", "L", "LA"):
        return picture
    transform = _to_screen(profile, "RGB")
    shown = ImageCms.applyTransform(picture, transform) if transform is not None else None
    return shown if shown is not None else picture


@functools.lru_cache(maxsize=32)
def _to_screen(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the transform to sRGB; None where the profile is damaged, of another colour space, or
    sRGB already.
    """
    try:
        if mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return ImageCms.buildTransform(source, screen, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _upright(picture: Image.Image, source: Image.Image) -> Image.Image:
    try:
        # After load(): TIFF files are turned by Pillow itself, which then drops the tag.
        turn = _TURNS.get(int(source.getexif().get(ExifTags.Base.Orientation, 1)))
    except Exception:  # noqa: BLE001 - damaged notes about a picture don't damage the picture
        return picture
    return picture if turn is None else picture.transpose(turn)


def _why_unopened(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "The file is not there (any more), or it is a link that leads nowhere."
    if isinstance(error, PermissionError):
        return "This computer does not allow srcsel to open the file (permission denied)."
    text = getattr(error, "strerror", None) or str(error)
    return f"The file cannot be opened: {text}."


def _too_large(text: str) -> str:
    found = re.search(r"\d+", text)
    size = f"{int(found.group()) / 1e6:,.0f} million points; " if found else ""
    return (
        f"The picture is too large ({size}the limit is {PIXEL_LIMIT // 10**6} million). Save a"
        " smaller copy."
    )


def _damage(error: Exception) -> str:
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return (
            "The file ends too early: a part of the picture is missing. Copy it again from where it"
            " came from."
        )
    return (
        "The picture's content is damaged. Copy it again, or open it elsewhere and save it as JPEG"
        " or PNG."
    )


_HEADS = (
    (
        rb"(\xff\xd8\xff|\x89PNG|GIF8|BM|II\*\0|MM\0\*|RIFF....WEBP)",
        "The picture's content is damaged. Copy it again.",
    ),
    (
        rb"....ftyp(hei|hev|mif|msf)",
        "It is a HEIC photo. Save it as JPEG (phones: choose 'Most compatible').",
    ),
    (
        rb"....ftyp",
        "It is a film, or a kind of picture this program does not read. Save it as JPEG.",
    ),
    (
        rb"\s*(<!doctype html|<html)",
        "It is a web page under a picture's name: the download went wrong.",
    ),
    (rb"\s*(<\?xml|<svg)", "It is a drawing in text form (SVG or XML). Export it as PNG."),
    (
        rb"version https://git-lfs",
        "It is a Git LFS placeholder, not the picture itself. Run 'git lfs pull'.",
    ),
    (rb"%PDF", "It is a PDF document. Export its pictures as JPEG."),
    (rb"8BPS", "It is a Photoshop document. Export it as JPEG."),
    (rb"PK\x03\x04", "It is a zip or office document, not a picture."),
    (rb"\0+\Z", "It holds nothing but zeros: the copy was interrupted. Copy it again."),
)


def _what_else(data: bytes) -> str:
    """Say what a file is that no decoder knows, from its first bytes."""
    head = data[:512]
    for pattern, reason in _HEADS:
        if re.match(pattern, head, re.IGNORECASE | re.DOTALL):
            return reason
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return "It is a text file under a picture's name, not a picture."
    return "It is not a picture, or of a kind this program does not read. Save it as JPEG or PNG."
