"""Any picture file as a person sees it: RGB, 8 bits, upright, transparency over white.

The one decoder of this program and of the training script that it writes, which carries this
source: the standard library, NumPy and Pillow only, and `deep` beside it. Here it runs in processes
of its own (`apart`).
"""

import contextlib
import functools
import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms, ImageOps, features

from srcsel.pictures.deep import Deep, Ranges, Spread, ranges_of, read_deep, shown, spread_of

PIXEL_LIMIT = 200_000_000  # pixels of one picture; more is a decompression bomb or a mistake
# pixels held in memory above which pictures take turns, so that their memory doesn't add up
LARGE = 40_000_000
SCANS = 100  # passes of a JPEG over the whole picture; cameras and programs write 12 at most
# profile of a printer: 2 MB; more is ignored, as each that was seen is kept
PROFILE_LIMIT = 4_000_000

BY_SUFFIX = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),  # MPO too, which phones write under .jpg
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k"),
    "AVIF": (".avif",),
}
OPTIONAL = {"WEBP": "webp", "JPEG2000": "jpg_2000", "AVIF": "avif"}
SUPPORTED = features.get_supported()  # `check` warns where an older Pillow knows no such feature
FORMATS = tuple(name for name in BY_SUFFIX if name not in OPTIONAL or OPTIONAL[name] in SUPPORTED)
SUFFIXES = frozenset(suffix for name in FORMATS for suffix in BY_SUFFIX[name])
"""File endings, lower case with the dot, that are taken for pictures.

The content decides the format.
"""

PAGED = ("TIFF", "GIF", "PNG", "WEBP")  # an MPO's second page is the photo's own preview
BLANK = (((0, 0),) * 3, ((255, 255),) * 3)  # extrema of a black and of a white page
_TAKE_TURNS = threading.Lock()
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # of JPEG, but for those inside a scan
_BARE = (0x01, 0xD8)  # markers without a length
_SCAN, _END = 0xDA, 0xD9
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)  # as `warnings.filters` keeps it


class NothingToSee(ValueError):
    """The file is whole, and holds no picture; the message says why and what to do."""


class TooCostly(ValueError):
    """The file would take far more time than any picture needs; the message says why."""


@dataclass(frozen=True)
class Decoded:
    """One picture, and what was noticed on the way."""

    picture: Image.Image
    spread: Spread | None = None  # of its values, where those are deeper than 8 bits
    paged: bool = False  # whether it is the first of several pages of a document


def decode(
    data: bytes,
    *,
    hint: int | None = None,
    ranges: Ranges | None = None,
    turn: Callable[[int], AbstractContextManager[None]] | None = None,
) -> Decoded:
    """Decode the bytes of a picture file.

    hint: pixels the shorter side is needed in; JPEG files are then decoded at 1/2, 1/4 or 1/8,
    never below it. ranges: black and white of deeper pictures (`deep.ranges_of`); a kind that is
    not there is judged by the picture itself. turn: waits until a picture may be decoded that holds
    so many pixels in memory; large ones take turns in this process otherwise. Raises NothingToSee,
    TooCostly, and whatever Pillow raises.
    """
    prepare()
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        pixels = image.width * image.height
        whole = _is_held_whole(image, data)
        if hint is not None:
            image.draft(None, (hint, hint))  # only JPEG has it; keeps both sides >= hint
        with (turn or _turn)(pixels if whole else image.width * image.height):
            deep = read_deep(data, image)
            image.load()
            spread = None if deep is None else spread_of(deep)
            seen = _shallow(image) if deep is None else _deep(deep, spread, ranges or {})
            paged = _is_paged(image, seen, spread)
            return Decoded(_upright(_managed(seen, image), image), spread, paged)


def prepare() -> None:
    """Set Pillow's bomb limit and keep its warnings from reaching anyone; idempotent and safe in
    threads.
    """
    Image.init()  # every plug-in, before threads ask for one
    # Pillow warns at this many and refuses at twice as many
    Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT // 2
    # Not `catch_warnings`: that swaps a process-wide list and is not safe in threads.
    if _QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)


@contextlib.contextmanager
def _turn(pixels: int) -> Iterator[None]:
    if pixels <= LARGE:
        yield
        return
    with _TAKE_TURNS:
        yield


def _is_held_whole(image: Image.Image, data: bytes) -> bool:
    """Say whether a picture lies in memory whole, however small it is to come out: all but large
    JPEGs of one scan. Raises TooCostly for one of more than SCANS.
    """
    if image.format not in ("JPEG", "MPO"):
        return True
    large = image.width * image.height > LARGE
    scans = data.count(bytes((0xFF, _SCAN)))  # or more: previews, and what only looks like one
    if scans > SCANS or (large and scans > 1):
        scans = _scans(data)
    if scans > SCANS:
        raise TooCostly(
            f"It is a JPEG of more than {SCANS} passes over the whole picture, which keep a"
            " computer busy and show nothing more. Open it elsewhere and save it anew."
        )
    return not large or scans > 1 or bool(image.info.get("progressive"))


def _scans(data: bytes) -> int:
    """Count the scans of a JPEG file, up to one more than SCANS."""
    at = found = 0
    while found <= SCANS and (marker := _MARKER.search(data, at)) and marker[0][-1] != _END:
        at, kind = marker.end(), marker[0][-1]
        found += kind == _SCAN
        if kind not in _BARE:
            at += int.from_bytes(data[at : at + 2])
    return found


def _shallow(image: Image.Image) -> Image.Image:
    """Turn any mode of 8 bits into RGB with transparency over white."""
    if image.mode in ("CMYK", "LAB"):
        return _from_print(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    # a copy of a large one is a gigabyte
    colors = image if image.mode == "RGBA" else image.convert("RGBA")
    alpha = colors.getchannel("A")
    if image.mode[-1] in "aAP":  # in the others one colour stands for it, and the picture is that
        _require_some(alpha)
    return _on_paper(colors, alpha)


def _deep(deep: Deep, spread: Spread | None, ranges: Ranges) -> Image.Image:
    """Show deeper values by the range of their kind of number, transparency over white."""
    if deep.empty.all():
        raise NothingToSee(
            "It holds nothing but 'no data' values. Leave it out, or export it again."
        )
    own = ranges_of([spread] if spread else [])
    low, high = ranges.get(deep.kind) or own.get(deep.kind, (0.0, 0.0))
    picture = Image.fromarray(shown(deep, low, high)).convert("RGB")
    if deep.alpha is None:
        return picture
    alpha = Image.fromarray(deep.alpha)
    _require_some(alpha)
    return _on_paper(picture, alpha)


def _require_some(alpha: Image.Image) -> None:
    if alpha.getextrema() == (0, 0):
        raise NothingToSee(
            "It is transparent throughout, so there is nothing to see. Save it without its"
            " transparency (alpha channel)."
        )


def _on_paper(colors: Image.Image, alpha: Image.Image) -> Image.Image:
    paper = Image.new("RGB", colors.size, "white")
    paper.paste(colors, mask=alpha)
    return paper


def _is_paged(image: Image.Image, seen: Image.Image, spread: Spread | None) -> bool:
    """Say whether a file holds several pages; a moving picture is one picture. They are counted
    for the message alone: there may be very many.

    Raises NothingToSee where the first of several is empty.
    """
    if image.format not in PAGED or not getattr(image, "is_animated", False):
        return False
    blank = seen.getextrema() in BLANK if spread is None else spread.least == spread.most
    if blank:
        raise NothingToSee(
            f"The first of its {getattr(image, 'n_frames', 1):,} pages is empty, and only the first"
            " is seen. Save the page that you mean as a picture of its own."
        )
    return image.format == "TIFF"


def _from_print(image: Image.Image) -> Image.Image:
    """CMYK or L*a*b* to RGB. Pillow has already undone Adobe's inverted inks in JPEG files."""
    transform = _to_screen(_profile(image), image.mode)
    if transform is None:
        return image.convert("RGB")
    printed = ImageCms.applyTransform(image, transform)
    return printed if printed is not None else image.convert("RGB")


def _managed(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Apply a wide-gamut colour profile (phones, Adobe RGB), so that colours are the ones a screen
    shows.
    """
    profile = _profile(source)
    if not profile or source.mode[0] in "1LIFC":  # grey and print have none, or had theirs
        return picture
    transform = _to_screen(profile, "RGB")
    screened = ImageCms.applyTransform(picture, transform) if transform is not None else None
    return screened if screened is not None else picture


def _profile(image: Image.Image) -> bytes:
    profile = image.info.get("icc_profile") or b""
    return profile if len(profile) <= PROFILE_LIMIT else b""


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
    """Turn a picture as its camera was held."""
    # Of `source`, after load(): TIFF files are turned by Pillow itself, which then drops the tag.
    with contextlib.suppress(Exception):  # damaged notes don't damage the picture
        turned = source.getexif().get(ExifTags.Base.Orientation, 1)
        picture.getexif()[ExifTags.Base.Orientation] = turned
        ImageOps.exif_transpose(picture, in_place=True)
    return picture
