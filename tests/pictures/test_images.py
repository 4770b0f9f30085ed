"""Every format, mode and orientation decodes to the pixels a person sees; everything hostile is a
PictureError.
"""

import contextlib
import io
import os
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from srcsel.base.errors import PictureError
from srcsel.pictures import decoder, decoding, images, reading
from srcsel.pictures.images import SUFFIXES, decode_picture, open_picture, read_picture

TRANSPOSE = Image.Transpose


def scene(width=48, height=32):
    """A picture whose four corners and gradients differ, so that any turn or swap of channels
    shows.
    """
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack(
        [x * 255 // (width - 1), y * 255 // (height - 1), np.full_like(x, 40)], -1
    ).astype(np.uint8)
    rgb[: height // 4, : width // 4] = (250, 20, 20)
    return Image.fromarray(rgb)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pixels(data, **kw):
    picture = decode_picture(data, **kw)
    assert picture.mode == "RGB"
    return np.asarray(picture).astype(int)


def far(a, b):
    """The mean distance in levels of 255."""
    return float(np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).mean())


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("PPM", {})]
    + [("WEBP", {"lossless": True})] * ("webp" in features.get_supported()),
)
def test_lossless_formats_keep_every_pixel(kind, options):
    assert (pixels(saved(scene(), kind, **options)) == np.asarray(scene())).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {"quality": 95, "subsampling": 0}), ("JPEG", {"progressive": True, "quality": 95})]
    + [("WEBP", {"quality": 95})] * ("webp" in features.get_supported())
    + [("AVIF", {"quality": 95})] * ("avif" in features.get_supported())
    + [("JPEG2000", {})] * ("jpg_2000" in features.get_supported()),
)
def test_lossy_formats_come_close(kind, options):
    assert far(pixels(saved(scene(), kind, **options)), scene()) < 3


@pytest.mark.parametrize("mode", ["L", "1", "P"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_gray_black_and_white_and_palette(mode, kind):
    image = scene().convert(mode)
    assert (pixels(saved(image, kind)) == np.asarray(image.convert("RGB"))).all()


def test_gray_jpeg_and_ycbcr_tiff():
    assert (
        far(
            pixels(saved(scene().convert("L"), "JPEG", quality=95)),
            scene().convert("L").convert("RGB"),
        )
        < 2
    )
    assert far(pixels(saved(scene().convert("YCbCr"), "TIFF")), scene()) < 2


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_gray_uses_its_whole_range(kind):
    ramp = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    got = pixels(saved(Image.fromarray(ramp), kind))
    assert got[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert (got[..., 0] == got[..., 1]).all()
    assert (got[..., 0] == got[..., 2]).all()


def test_sixteen_bit_big_endian_tiff():
    ramp = np.array([[0, 0x1234, 0xFFFF]], ">u2")
    image = Image.frombytes("I;16B", (3, 1), ramp.tobytes())
    assert pixels(saved(image, "TIFF"))[0, :, 0].tolist() == [0, 0x12, 255]


def png(width, height, depth, color, rows, *extra):
    """A PNG by hand, for what Pillow can't write: 16-bit color, headers that lie."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    more = b"".join(chunk(kind, data) for kind, data in extra)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + more
        + chunk(b"IDAT", body)
        + chunk(b"IEND", b"")
    )


def test_sixteen_bit_color_png_with_and_without_alpha():
    rgb = struct.pack(">6H", 65535, 0x8000, 0, 0x1234, 0, 65535)
    assert pixels(png(2, 1, 16, 2, [rgb])).tolist() == [[[255, 128, 0], [0x12, 0, 255]]]
    rgba = struct.pack(">8H", 65535, 0, 0, 65535, 0, 0, 0, 0)  # red, then nothing at all
    assert pixels(png(2, 1, 16, 6, [rgba])).tolist() == [[[255, 0, 0], [255, 255, 255]]]
    gray_alpha = struct.pack(">4H", 0x8000, 65535, 0, 0)
    assert pixels(png(2, 1, 16, 4, [gray_alpha]))[0, :, 0].tolist() == [128, 255]


def test_sixteen_bit_gray_png_with_a_transparent_level():
    row = struct.pack(">2H", 500, 65535 // 2)
    got = pixels(png(2, 1, 16, 0, [row], (b"tRNS", struct.pack(">H", 500))))
    assert got[0, :, 0].tolist() == [255, 127]


def test_deep_and_float_tiff():
    unit = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert pixels(saved(Image.fromarray(unit), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    plain = np.array([[0.0, 100.0, 255.0]], np.float32)
    assert pixels(saved(Image.fromarray(plain), "TIFF"))[0, :, 0].tolist() == [0, 100, 255]
    wide = np.array([[-1000.0, np.nan, 1000.0]], np.float32)
    assert pixels(saved(Image.fromarray(wide), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    whole = np.array([[0, 256, 65535]], np.int32)
    assert pixels(saved(Image.fromarray(whole), "TIFF"))[0, :, 0].tolist() == [0, 1, 255]
    flat = np.full((1, 3), 1e9, np.float32)
    assert pixels(saved(Image.fromarray(flat), "TIFF"))[0, :, 0].tolist() == [0, 0, 0]


def test_transparency_lies_over_white():
    image = scene().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    image.paste((10, 20, 30, 255), (0, 0, 8, 8))
    image.paste((0, 0, 0, 128), (8, 0, 16, 8))
    got = pixels(saved(image, "PNG"))
    assert got[0, 0].tolist() == [10, 20, 30]
    assert got[0, 10].tolist() == [127, 127, 127]
    assert got[20, 20].tolist() == [255, 255, 255]
    assert pixels(saved(image.convert("LA"), "PNG"))[20, 20].tolist() == [255, 255, 255]


def test_palette_and_rgb_transparency():
    palette = Image.new("P", (2, 1))
    palette.putpalette([200, 0, 0, 0, 200, 0])
    palette.putpixel((1, 0), 1)
    assert pixels(saved(palette, "PNG", transparency=1)).tolist() == [
        [[200, 0, 0], [255, 255, 255]]
    ]
    assert pixels(saved(palette, "PNG", transparency=b"\x80\xff")).tolist() == [
        [[227, 127, 127], [0, 200, 0]]
    ]
    flat = Image.new("RGB", (1, 1), (1, 2, 3))
    assert pixels(saved(flat, "PNG", transparency=(1, 2, 3))).tolist() == [[[255, 255, 255]]]


def test_first_frame_of_moving_pictures():
    red, blue = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    for kind in ("GIF", "PNG", "TIFF", "MPO"):
        data = saved(red, kind, save_all=True, append_images=[blue])
        assert far(pixels(data), red) < 2, kind
    if "webp" in features.get_supported():
        assert (
            far(pixels(saved(red, "WEBP", save_all=True, append_images=[blue], lossless=True)), red)
            < 2
        )


def test_cmyk_tiff_and_adobe_inverted_jpeg_show_the_same():
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # red
    inks.paste((255, 0, 0, 0), (8, 0, 16, 16))  # cyan
    for data in (saved(inks, "TIFF"), saved(inks, "JPEG", quality=95)):
        got = pixels(data)
        assert far(got[4, 2], (255, 0, 0)) < 3
        assert far(got[4, 13], (0, 255, 255)) < 3
    assert b"Adobe" in saved(inks, "JPEG")


def test_lab_tiff():
    # L* 0..100 as 0..255, a* and b* shifted by 128: white, and pure sRGB red (53.2, 80.1, 67.2;
    # CIE, D50 adapted).
    for levels, rgb in (((255, 128, 128), (255, 255, 255)), ((139, 209, 198), (255, 0, 0))):
        lab = Image.merge("LAB", [Image.new("L", (4, 4), v) for v in levels])
        assert far(pixels(saved(lab, "TIFF")), np.full((4, 4, 3), rgb)) < 6


def wide_profile():
    """A profile with red and green swapped against sRGB: made by exchanging two tags of its
    table.
    """
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", data, 128)[0]
    place = {bytes(data[132 + 12 * k : 136 + 12 * k]): 132 + 12 * k for k in range(count)}
    red, green = place[b"rXYZ"], place[b"gXYZ"]
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return (
        bytes(data)
        .replace("sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be"))
        .replace(b"sRGB", b"Wide")
    )


def test_a_color_profile_is_applied_and_a_damaged_one_ignored():
    green = Image.new("RGB", (8, 8), (0, 255, 0))
    assert (
        far(
            pixels(saved(green, "PNG", icc_profile=wide_profile())), np.full((8, 8, 3), (255, 0, 0))
        )
        < 3
    )
    assert far(pixels(saved(green, "PNG", icc_profile=b"not a profile at all")), green) == 0
    ordinary = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert far(pixels(saved(scene(), "PNG", icc_profile=ordinary)), scene()) == 0
    inks = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert (
        far(pixels(saved(inks, "TIFF", icc_profile=ordinary)), np.full((8, 8, 3), (255, 0, 0))) < 3
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
def test_every_orientation_is_upright(kind, orientation):
    # What the camera stored is the upright picture turned the opposite way.
    undo = {
        2: TRANSPOSE.FLIP_LEFT_RIGHT,
        3: TRANSPOSE.ROTATE_180,
        4: TRANSPOSE.FLIP_TOP_BOTTOM,
        5: TRANSPOSE.TRANSPOSE,
        6: TRANSPOSE.ROTATE_90,
        7: TRANSPOSE.TRANSVERSE,
        8: TRANSPOSE.ROTATE_270,
    }
    stored = scene() if orientation == 1 else scene().transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95}, "MPO": {"quality": 95}, "WEBP": {"lossless": True}}.get(
        kind, {}
    )
    got = pixels(saved(stored, kind, exif=exif, **options))
    assert got.shape == (32, 48, 3)
    assert far(got, scene()) < 3


def test_damaged_notes_do_not_cost_the_picture():
    for exif in (b"Exif\0\0garbage that is no TIFF header", b"Exif\0\0II*\0\xff\xff\xff\xff"):
        assert far(pixels(saved(scene(), "JPEG", quality=95, exif=exif)), scene()) < 3
    exif = Image.Exif()
    exif[0x0112] = 99
    assert pixels(saved(scene(), "JPEG", exif=exif)).shape == (32, 48, 3)


def test_hint_decodes_reduced_but_never_below(monkeypatch):
    big = scene(1600, 1200)
    data = saved(big, "JPEG", quality=90)
    small = decode_picture(data, hint=140)
    assert small.size == (200, 150)
    assert far(small, big.resize(small.size, Image.Resampling.BOX)) < 2
    assert decode_picture(data, hint=1200).size == (1600, 1200)
    assert decode_picture(saved(big, "PNG"), hint=10).size == (1600, 1200)


def test_thumbnail_is_a_small_jpeg(tmp_path):
    path = tmp_path / "a.png"
    scene(900, 300).save(path)
    with Image.open(io.BytesIO(images.thumbnail(read_picture(path), 96))) as small:
        assert (small.format, small.size) == ("JPEG", (96, 32))
        assert far(small.convert("RGB"), scene(900, 300).resize((96, 32))) < 4
    scene(20, 10).save(path)
    with Image.open(io.BytesIO(images.thumbnail(read_picture(path), 96))) as same:
        assert same.size == (20, 10)
    Image.new("RGB", (3000, 1)).save(path)
    with Image.open(io.BytesIO(images.thumbnail(read_picture(path), 96))) as line:
        assert line.size == (96, 1)


def refused(data):
    with pytest.raises(PictureError) as caught:
        decode_picture(data)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_truncated_files_are_refused(kind, share):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = saved(noise, kind)
    reason = refused(data[: int(len(data) * share)])
    assert "too early" in reason or "damaged" in reason


def test_truncated_jpeg_is_refused_when_decoded_reduced_too():
    data = saved(scene(800, 800), "JPEG")
    with pytest.raises(PictureError, match="too early"):
        decode_picture(data[: len(data) // 2], hint=50)


def test_bombs_are_refused_before_decoding():
    reason = refused(png(30_000, 30_000, 8, 2, [b""]))
    assert "900 million points" in reason
    assert "200 million" in reason
    # Just under the limit the header passes, and the missing rows are found.
    assert "too early" in refused(png(14_000, 14_000, 1, 0, [b""]))


def test_memory_error_has_words(monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(decoder, "_shallow", full)
    with pytest.raises(PictureError, match="memory") as caught:
        decoding.look(saved(scene(), "PNG"))
    assert not caught.value.lasting


def test_random_damage_never_raises_anything_else():
    rng = np.random.default_rng(1)
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "MPO", "AVIF", "JPEG2000"):
        if kind not in (*decoder.FORMATS, "MPO"):
            continue
        data = saved(scene(), kind)
        for _ in range(60):
            broken = bytearray(data)
            for spot in rng.integers(0, len(broken), 6):
                broken[spot] = rng.integers(0, 256)
            with contextlib.suppress(PictureError):
                assert decode_picture(bytes(broken)).mode == "RGB"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"just some words\n", "text file"),
        (b"<!DOCTYPE html><html>not found</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "film"),
        (b"%PDF-1.7 \xff", "PDF"),
        (b'<?xml version="1.0"?><svg/>', "SVG"),
        (b"8BPS\0\1", "Photoshop"),
        (b"PK\x03\x04\x14\0", "zip"),
        (b"\0" * 4000, "zeros"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        pytest.param(os.urandom(4) + b"\x01\xff\x02" * 30, "not a picture", id="noise"),
    ],
)
def test_what_is_no_picture_is_named(data, word):
    assert word in refused(data)


def test_files_that_cannot_be_opened(tmp_path):
    def reason(path):
        with pytest.raises(PictureError) as caught:
            open_picture(path)
        return str(caught.value)

    (tmp_path / "empty.jpg").touch()
    assert "empty" in reason(tmp_path / "empty.jpg")
    assert "not there" in reason(tmp_path / "missing.jpg")
    assert "ordinary" in reason(tmp_path)
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    assert "cannot be opened" in reason(tmp_path / "loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "ordinary" in reason(tmp_path / "pipe.jpg")
    assert "cannot be opened" in reason(tmp_path / "a\0b.jpg")
    assert "cannot be opened" in reason(tmp_path / ("x" * 300 + ".jpg"))


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    scene().save(path)

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading.os, "open", denied)
    with pytest.raises(PictureError, match="permission"):
        open_picture(path)


def test_very_large_files_are_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    scene().save(path)
    monkeypatch.setattr(reading, "FILE_LIMIT", 10)
    with pytest.raises(PictureError, match="very large"):
        open_picture(path)


def test_the_content_decides_not_the_suffix(tmp_path):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(saved(scene(), "PNG"))
    assert (np.asarray(open_picture(path)) == np.asarray(scene())).all()


def progressive(width, height, scans=None):
    """A progressive JPEG; `scans`: that many in all, the last one repeated."""
    data = saved(scene(width, height), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    more = 0 if scans is None else scans - data.count(b"\xff\xda")
    return data[:-2] + data[last:-2] * more + b"\xff\xd9"


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded():
    assert images.decode_picture(progressive(80, 60, decoder.SCANS)).size == (80, 60)
    assert "more than 100 passes" in refused(progressive(80, 60, decoder.SCANS + 1))
    assert "more than 100 passes" in refused(progressive(80, 60, 500))


def test_what_only_looks_like_scans_is_none():
    """Cameras keep previews, whole JPEG files, in their notes; others lie behind the picture."""
    data = saved(scene(), "JPEG")
    note = b"\xff\xda" * 300
    note = b"\xff\xec" + struct.pack(">H", len(note) + 2) + note
    assert decode_picture(data[:2] + note + data[2:]).size == (48, 32)
    assert decode_picture(data + progressive(80, 60, 500)).size == (48, 32)


@pytest.mark.parametrize(
    ("data", "held"),
    [
        (saved(scene(400, 300), "JPEG"), 50 * 38),  # 1/8 of one scan
        (progressive(400, 300), 400 * 300),  # all of it is kept until the last one
        (saved(scene(400, 300), "PNG"), 400 * 300),
    ],
    ids=["plain", "progressive", "PNG"],
)
def test_turns_go_by_what_is_held_in_memory(monkeypatch, data, held):
    monkeypatch.setattr(decoder, "LARGE", 1000)
    asked = []

    def turn(pixels):
        asked.append(pixels)
        return contextlib.nullcontext()

    decoder.decode(data, hint=30, turn=turn)
    assert asked == [held]


def test_an_enormous_colour_profile_is_not_kept():
    data = saved(scene(), "TIFF", icc_profile=os.urandom(decoder.PROFILE_LIMIT + 1))
    before = decoder._to_screen.cache_info()
    assert (np.asarray(decoder.decode(data).picture) == np.asarray(scene())).all()
    assert decoder._to_screen.cache_info() == before


def test_large_pictures_take_turns(monkeypatch):
    """Two threads decode a large picture; never more than one is inside at once."""
    monkeypatch.setattr(decoder, "LARGE", 10)
    inside, most = [], []
    real = decoder._shallow

    def watched(image):
        inside.append(1)
        most.append(len(inside))
        try:
            return real(image)
        finally:
            inside.pop()

    monkeypatch.setattr(decoder, "_shallow", watched)
    data = saved(scene(400, 400), "PNG")
    threads = [threading.Thread(target=decoder.decode, args=(data,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_pillow_warnings_stay_inside():
    """A huge (but allowed) header makes Pillow warn; under "error" nothing may come out but our own
    error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match="too early"):
            decoding.look(png(12_000, 12_000, 1, 0, [b""]))
        length = len(warnings.filters)
        decoding.look(saved(scene(), "PNG"))
        assert len(warnings.filters) == length


def test_suffixes_are_what_the_formats_say():
    assert {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp"} <= SUFFIXES
    assert ".heic" not in SUFFIXES
    assert all(s == s.lower() and s.startswith(".") for s in SUFFIXES)


def test_size_is_read_without_decoding(tmp_path):
    (tmp_path / "wide.png").write_bytes(saved(scene(70, 20), "PNG"))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(saved(scene(70, 20), "PNG")[:50])
    assert images.picture_size(tmp_path / "cut.png") == (70, 20)
    assert images.picture_size(tmp_path / "wide.png") == (70, 20)
    for bad in ("text.png", "gone.png", "."):
        with pytest.raises(PictureError):
            images.picture_size(tmp_path / bad)


def test_a_picture_opened_once_for_several_sizes_is_what_each_gets_alone(tmp_path, monkeypatch):
    path = tmp_path / "large.jpg"
    scene().resize((400, 300)).save(path, quality=90)
    alone = {hint: np.asarray(open_picture(path, hint=hint)) for hint in (20, 24, 30, 60, 140, 250)}
    for hint, (picture,) in images.make(
        path.read_bytes(), {hint: [np.asarray] for hint in alone}
    ).items():
        assert (picture == alone[hint]).all()

    decoded, real = [], decoding.look
    monkeypatch.setattr(
        decoding, "look", lambda data, hint, ranges: decoded.append(hint) or real(data, hint=hint)
    )
    decoding.made(path.read_bytes(), dict.fromkeys(alone, ()))
    assert decoded == [20, 60, 140, 250]  # 1/8, 1/4, 1/2, whole


def test_damage_is_told_alike_for_several_sizes():
    with pytest.raises(PictureError, match="text file"):
        images.make(b"no picture", {20: [], 60: []})
