"""The reason given is the true one, and says what to do."""

import io

import numpy as np
import pytest
from PIL import Image, features

from srcsel.base.errors import PictureError
from srcsel.pictures import refused
from srcsel.pictures.images import look
from tests.pictures.test_images import png, saved, scene
from tests.tiffs import tiff

GRAY = (np.arange(48).reshape(6, 8) * 5).astype(np.uint8)


def bands(n, kind="u1"):
    return np.repeat(GRAY[..., None], n, axis=-1).astype(kind)


def reason(data):
    with pytest.raises(PictureError) as caught:
        look(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("pixels", "how", "words"),
    [
        (bands(13, "u2"), {}, ("13 bands", "Choose three", "8-bit RGB")),
        (bands(13), {"planes": True}, ("13 bands",)),
        (bands(5, "u2"), {"photometric": 2, "planes": True}, ("5 bands",)),
        (bands(4), {}, ("4 bands",)),
        (bands(3), {}, ("3 bands that are not marked", "8-bit RGB")),
        (bands(2, "u2"), {}, ("2 bands", "Choose one")),
        (GRAY.astype("f8"), {}, ("grey as floating-point numbers of 64 bits", "8-bit RGB")),
        (GRAY.astype("f2"), {}, ("floating-point numbers of 16 bits",)),
        (bands(3, "f4"), {"photometric": 2}, ("colour as floating-point numbers of 32 bits",)),
        (GRAY.astype("u8"), {}, ("whole numbers of 64 bits",)),
        (GRAY.astype("c8"), {}, ("complex",)),
        (bands(3, "i2"), {"photometric": 2}, ("colour with a sign",)),
        (bands(3, "u4"), {"photometric": 2}, ("whole numbers of 32 bits",)),
        (GRAY, {"more": {258: (3, [14])}}, ("whole numbers of 14 bits",)),
        (GRAY, {"more": {259: (3, [34887])}}, ("packed with LERC", "unpacked")),
        (GRAY, {"more": {259: (3, [777])}}, ("packed with method 777",)),
        (GRAY, {"drop": (273, 279)}, ("first page is empty",)),
        (GRAY, {"more": {256: (3, [0])}}, ("first page is empty",)),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_a_tiff_that_is_not_read_says_why(pixels, how, words, order):
    more = how.get("more", {})
    data = tiff(pixels, **{**how, "more": more}, order=order)
    said = reason(data)
    assert all(word in said for word in words), said
    assert "damaged" not in said


def test_an_empty_table_of_contents():
    assert "first page is empty" in reason(b"II*\0\x08\0\0\0\0\0\0\0\0\0")


def test_what_a_tiff_says_does_not_hide_damage():
    assert "too early" in reason(tiff(np.zeros((64, 64), np.uint8))[:-900])
    assert "damaged" in reason(b"II*\0" + b"\xff" * 40)


def test_a_packing_that_is_known_but_not_built_in(monkeypatch):
    monkeypatch.setattr(refused, "unpacks", lambda packing: packing != 50001)
    data = tiff(GRAY, more={259: (3, [50001])})
    assert "packed with WebP" in reason(data)


def test_twelve_bit_jpeg_is_not_called_damaged():
    data = saved(Image.fromarray(GRAY), "JPEG")
    at = data.index(b"\xff\xc0")
    said = reason(data[: at + 4] + b"\x0c" + data[at + 5 :])
    assert "12-bit" in said
    assert "8-bit RGB" in said


def test_transparent_throughout():
    clear = scene().convert("RGBA")
    clear.putalpha(0)
    blank = Image.new("P", (4, 4))
    rows = [b"\x12\x34" * 3 + b"\0\0"]
    for data in (
        saved(clear, "PNG"),
        saved(clear, "TIFF"),
        saved(clear.convert("LA"), "PNG"),
        saved(blank, "PNG", transparency=0),
        saved(blank, "GIF", transparency=0),
        png(1, 1, 16, 6, rows),
    ):
        assert "transparent throughout" in reason(data)


@pytest.mark.parametrize("color", ["black", "white"])
@pytest.mark.parametrize("form", ["TIFF", "GIF", "PNG"])
def test_an_empty_first_page(color, form):
    data = saved(
        Image.new("RGB", (48, 32), color),
        form,
        save_all=True,
        append_images=[scene(), scene().rotate(90)],
    )
    said = reason(data)
    assert "first of its 3 pages is empty" in said
    assert "picture of its own" in said


def test_an_empty_first_page_of_deep_values():
    flat, full = (
        Image.fromarray(v.astype(np.uint16)) for v in (np.full((6, 8), 7), GRAY.astype(int) * 9)
    )
    assert "first of its 2 pages" in reason(
        saved(flat, "TIFF", save_all=True, append_images=[full])
    )


def test_pages_are_counted_where_they_are_pages():
    pages = {"save_all": True, "append_images": [scene().rotate(9)]}
    assert look(saved(scene(), "TIFF", **pages)).paged
    assert not look(saved(scene(), "TIFF")).paged
    assert not look(saved(scene(), "GIF", **pages)).paged  # a moving picture is one picture
    assert not look(saved(scene(), "MPO", **pages)).paged


def test_big_tiff_is_read_for_its_reason():
    out = io.BytesIO()
    Image.fromarray(GRAY).save(out, "TIFF", big_tiff=True)
    data = bytearray(out.getvalue())
    at = data.index(b"\x03\x01\x03\0")  # tag 259, short: how it is packed
    data[at + 12 : at + 14] = (34887).to_bytes(2, "little")
    assert "LERC" in reason(bytes(data))


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_a_damaged_avif_is_called_damaged():
    whole = saved(scene(), "AVIF")
    for data in (whole[: len(whole) // 2], whole[:40] + b"\xff" * (len(whole) - 40)):
        said = reason(data)
        assert "film" not in said
        assert "Copy it again" in said
