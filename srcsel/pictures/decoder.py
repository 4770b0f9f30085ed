"""Any picture file as a person sees it: RGB, 8 bits, upright, transparency over white.

The one decoder of this program and of the training script that it writes, which carries this
source: the standard library, NumPy and Pillow only, and `deep` beside it.
"""

import contextlib
import functools
import io
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms, ImageOps, features

from srcsel.pictures.deep import Deep, Ranges, Spread, ranges_of, read_deep, shown, spread_of

PIXEL_LIMIT = 200_000_000  # pixels of one picture; more is a decompression bomb or a mistake
# pixels decoded above which pictures take turns, so that threads don't add up their memory
LARGE = 40_000_000

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
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)  # as `warnings.filters` keeps it


class NothingToSee(ValueError):
    """The file is whole, and holds no picture; the message says why and what to do."""


@dataclass(frozen=True)
class Decoded:
    """One picture, and what was noticed on the way."""

    picture: Image.Image
    spread: Spread | None = None  # of its values, where those are deeper than 8 bits
    pages: int = 1  # of the file; the first is taken


def decode(data: bytes, *, hint: int | None = None, ranges: Ranges | None = None) -> Decoded:
    """Decode the bytes of a picture file.

    hint: pixels the shorter side is needed in; JPEG files are then decoded at 1/2, 1/4 or 1/8,
    never below it. ranges: black and white of deeper pictures (`deep.ranges_of`); a kind that is
    not there is judged by the picture itself. Raises NothingToSee, and whatever Pillow raises.
    """
    prepare()
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if hint is not None:
            image.draft(None, (hint, hint))  # only JPEG has it; keeps both sides >= hint
        with _turn(image):
            deep = read_deep(data, image)
            image.load()
            spread = None if deep is None else spread_of(deep)
            seen = _shallow(image) if deep is None else _deep(deep, spread, ranges or {})
            pages = _pages(image, seen, spread)
            return Decoded(_upright(_managed(seen, image), image), spread, pages)


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
def _turn(image: Image.Image) -> Iterator[None]:
    if image.width * image.height <= LARGE:
        yield
        return
    with _TAKE_TURNS:
        yield


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


def _pages(image: Image.Image, seen: Image.Image, spread: Spread | None) -> int:
    """Count the pages of a file. Raises NothingToSee where the first of several is empty."""
    if image.format not in PAGED or not getattr(image, "is_animated", False):
        return 1
    pages = getattr(image, "n_frames", 1)
    blank = seen.getextrema() in BLANK if spread is None else spread.least == spread.most
    if blank:
        raise NothingToSee(
            f"The first of its {pages:,} pages is empty, and only the first is seen. Save the page"
            " that you mean as a picture of its own."
        )
    return pages if image.format == "TIFF" else 1  # a moving picture is one picture


def _from_print(image: Image.Image) -> Image.Image:
    """CMYK or L*a*b* to RGB. Pillow has already undone Adobe's inverted inks in JPEG files."""
    transform = _to_screen(image.info.get("icc_profile") or b"", image.mode)
    if transform is None:
        return image.convert("RGB")
    printed = ImageCms.applyTransform(image, transform)
    return printed if printed is not None else image.convert("RGB")


def _managed(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Apply a wide-gamut colour profile (phones, Adobe RGB), so that colours are the ones a screen
    shows.
    """
    profile = source.info.get("icc_profile")
    if not profile or source.mode[0] in "1LIFC":  # grey and print have none, or had theirs
        return picture
    transform = _to_screen(profile, "RGB")
    screened = ImageCms.applyTransform(picture, transform) if transform is not None else None
    return screened if screened is not None else picture


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
