"""Why a file cannot be shown as a picture, and what to do about it: the true reason, as far as the
file tells.
"""

from __future__ import annotations

import io
import re

from PIL import Image, TiffImagePlugin

from srcsel.pictures.decoder import PIXEL_LIMIT, NothingToSee, TooCostly
from srcsel.pictures.quiet import unpacks

EXPORT = "Export it as 8-bit RGB (PNG or JPEG)."
DAMAGED = (
    "The picture's content is damaged. Copy it again, or open it elsewhere and save it as JPEG or"
    " PNG."
)
_WIDTH, _HEIGHT, _BITS, _PACKING, _MEANING, _BANDS, _NUMBERS = 256, 257, 258, 259, 262, 277, 339
_STRIPS, _TILES = 273, 324
_PACKINGS = {
    22610: "JPEG XR",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG of camera raw files",
    34925: "LZMA",
    34933: "PNG",
    34934: "JPEG XR",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_PLUGINS = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG", "PNG"),
    (rb"GIF8", "GIF"),
    (rb"BM", "BMP"),
    (rb"(II[*+]\0|MM\0[*+])", "TIFF"),
    (rb"RIFF....WEBP", "WEBP"),
    (rb"P[1-7fF]\s", "PPM"),
    (rb"(\0\0\0\x0cjP  |\xff\x4f\xff\x51)", "JPEG2000"),
    (rb"....ftypavi[fs]", "AVIF"),
)
_FOREIGN = re.compile(r"unsupported|not (yet )?supported|cannot handle|unknown", re.IGNORECASE)
_HEADS = (
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
        "It is a web page, not a picture: the download went wrong.",
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


def why(data: bytes, error: BaseException) -> str:
    """Say why `decode` raised `error` over the bytes of a file, in sentences for a person."""
    if isinstance(error, (NothingToSee, TooCostly)):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return _too_large(str(error))
    head = data[:512]
    name = next((n for start, n in _PLUGINS if re.match(start, head, re.DOTALL)), "")
    if name:
        return (_why_tiff(data) if name == "TIFF" else "") or _kind(data, name) or damage(error)
    return _what_else(head)


def damage(error: BaseException) -> str:
    """Say that a picture's content is not whole."""
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return (
            "The file ends too early: a part of the picture is missing. Copy it again from where it"
            " came from."
        )
    return DAMAGED


def _too_large(text: str) -> str:
    found = re.search(r"\d+", text)
    size = f"{int(found.group()) / 1e6:,.0f} million points; " if found else ""
    return (
        f"The picture is too large ({size}the limit is {PIXEL_LIMIT // 10**6} million). Save a"
        " smaller copy."
    )


def _why_tiff(data: bytes) -> str:
    """Say what a TIFF holds that is not read here; "" where its tags tell of nothing."""
    try:
        tags = _tags(data)
        bands, meaning = int(tags.get(_BANDS, 1)), int(tags.get(_MEANING, 1))
        bits, numbers = max(tags.get(_BITS, (1,))), max(tags.get(_NUMBERS, (1,)))
        packing = int(tags.get(_PACKING, 1))
    except Exception:  # noqa: BLE001 (a damaged table of contents raises anything at all)
        return ""
    if not tags or not (tags.get(_WIDTH) and tags.get(_HEIGHT)):
        return "Its first page is empty: no picture is stored there. Export the page you mean."
    if _STRIPS not in tags and _TILES not in tags:
        return "Its first page is empty: no points are stored there. Export the page you mean."
    if packing not in TiffImagePlugin.COMPRESSION_INFO or not unpacks(packing):
        how = _PACKINGS.get(packing, f"method {packing}")
        return f"It is packed with {how}, which is not read here. Save it with LZW or unpacked."
    if bands > 4 or (bands > 1 and meaning < 2):
        if bands == 3:
            return f"It has 3 bands that are not marked as red, green and blue. {EXPORT}"
        choose = "Choose one of them" if bands == 2 else "Choose three of them"
        return (
            f"It has {bands} bands, and a starting model sees three: red, green and blue. {choose}"
            " and export as 8-bit RGB (PNG or JPEG)."
        )
    of = "colour" if bands > 2 else "grey"
    if numbers in (5, 6):
        return f"It holds complex numbers, which are not read here. {EXPORT}"
    if numbers == 3 and (bits != 32 or bands > 1):
        return f"It holds {of} as floating-point numbers of {bits} bits, not read here. {EXPORT}"
    if bits not in (1, 2, 4, 8, 16, 32) or (bits == 32 and bands > 1):
        return f"It holds {of} as whole numbers of {bits} bits, not read here. {EXPORT}"
    return f"It holds {of} with a sign, not read here. {EXPORT}" if numbers == 2 < bands else ""


def _tags(data: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Read the table of contents of a TIFF's first page. Raises anything where it is damaged."""
    size = 16 if 43 in data[2:4] else 8  # BigTIFF has longer addresses
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[:size])
    if tags.next >= len(data):
        raise EOFError
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    return tags


def _kind(data: bytes, name: str) -> str:
    """Ask the format's own reader whether it knows this kind; "" where it does."""
    try:
        Image.OPEN[name][0](io.BytesIO(data), b"").close()  # pyright: ignore[reportArgumentType]
    except Exception as error:  # noqa: BLE001 (decoders raise anything at all on hostile bytes)
        if _FOREIGN.search(str(error)):
            return f"It is a kind of {name} that is not read here ({error}). {EXPORT}"
    return ""


def _what_else(head: bytes) -> str:
    """Say what a file is that no decoder knows, from its first bytes."""
    for pattern, reason in _HEADS:
        if re.match(pattern, head, re.IGNORECASE | re.DOTALL):
            return reason
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return "It is a text file, not a picture."
    return "It is not a picture, or of a kind this program does not read. Save it as JPEG or PNG."
