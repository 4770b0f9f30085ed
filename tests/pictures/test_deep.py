"""More than 8 bits: every value is read whole, and black to white is judged over the set."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import PictureError
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.deep import (
    CUT,
    NEUTRAL,
    Spread,
    is_odd,
    ranges_of,
    read_deep,
    shown,
    spread_of,
)
from srcsel.pictures.images import look
from tests.pictures.test_images import png, saved
from tests.tiffs import tiff

RNG = np.random.default_rng(0)
COLORS = RNG.integers(0, 65536, (40, 30, 3)).astype(np.uint16)
RAMP = np.linspace(0, 1, 64 * 48).reshape(48, 64)


def deep(data):
    with Image.open(io.BytesIO(data)) as image:
        return read_deep(data, image)


def levels(data, **ranges):
    """The decoded picture, (h, w, 3) int."""
    return np.asarray(look(data, ranges=ranges).picture).astype(int)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_sixteen_bit_color_is_read_whole_from_tiff(order, planes, packed):
    if planes and packed:
        pytest.skip("libtiff hands out the upper 8 bits of packed planes only")
    data = tiff(COLORS, photometric=2, order=order, planes=planes, packed=packed)
    found = deep(data)
    np.testing.assert_array_equal(found.values, COLORS)
    assert (found.kind, found.alpha) == ("u2", None)


def test_packed_planes_show_what_there_is_of_them():
    found = deep(tiff(COLORS, photometric=2, planes=True, packed=True))
    np.testing.assert_array_equal(found.values >> 8, COLORS >> 8)


def test_sixteen_bit_color_is_read_whole_from_png():
    found = deep(png(30, 40, 16, 2, [row.astype(">u2").tobytes() for row in COLORS]))
    np.testing.assert_array_equal(found.values, COLORS)
    both = np.concatenate([COLORS, COLORS[..., :1]], axis=-1)
    found = deep(png(30, 40, 16, 6, [row.astype(">u2").tobytes() for row in both]))
    np.testing.assert_array_equal(found.values, COLORS)
    np.testing.assert_array_equal(found.alpha, COLORS[..., 0] >> 8)
    found = deep(png(30, 40, 16, 4, [row.astype(">u2").tobytes() for row in COLORS[..., :2]]))
    np.testing.assert_array_equal(found.values, np.repeat(COLORS[..., :1], 3, axis=-1))
    np.testing.assert_array_equal(found.alpha, COLORS[..., 1] >> 8)


@pytest.mark.parametrize("top", [4095, 65535])
def test_sixteen_bit_color_is_read_whole_from_ppm(top):
    values = COLORS & top
    found = deep(b"P6 30 40 %d\n" % top + values.astype(">u2").tobytes())
    np.testing.assert_array_equal(found.values, values)
    assert deep(b"P6 30 40 200\n" + COLORS.astype(np.uint8).tobytes()) is None


def test_alpha_of_tiff_plain_and_premultiplied():
    alpha = RNG.integers(1, 65536, (40, 30, 1)).astype(np.uint16)
    plain = np.concatenate([COLORS, alpha], axis=-1)
    found = deep(tiff(plain, photometric=2, more={338: (3, [2])}))
    np.testing.assert_array_equal(found.values, COLORS)
    np.testing.assert_array_equal(found.alpha, alpha[..., 0] >> 8)
    times = (COLORS.astype(np.int64) * alpha // 65535).astype(np.uint16)
    found = deep(tiff(np.concatenate([times, alpha], axis=-1), photometric=2, more={338: (3, [1])}))
    wrong = np.abs(found.values.astype(int) - COLORS)
    assert (wrong <= 65535 / alpha + 1).all()  # what rounding down before took away


@pytest.mark.parametrize("kind", ["u2", "i2", "i4", "u4", "i1", "f4"])
@pytest.mark.parametrize("packed", [False, True])
def test_gray_of_every_kind_is_read_whole(kind, packed):
    top = 1.0 if kind == "f4" else np.iinfo(kind).max
    values = ((RAMP if kind[0] in "uf" else 2 * RAMP - 1) * top).astype(kind)
    found = deep(tiff(values, packed=packed))
    np.testing.assert_array_equal(found.values, values.astype(found.values.dtype))
    assert found.kind == {"i2": "i4"}.get(kind, kind)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "color TIFF", "color PNG"])
def test_bits_kept_in_sixteen_look_like_the_picture_in_eight(bits, form):
    values = (RAMP * (2**bits - 1)).astype(np.uint16)
    colors = np.repeat(values[..., None], 3, axis=-1)
    data = {
        "PNG": lambda: saved(Image.fromarray(values), "PNG"),
        "TIFF": lambda: saved(Image.fromarray(values), "TIFF"),
        "color TIFF": lambda: tiff(colors, photometric=2),
        "color PNG": lambda: png(64, 48, 16, 2, [r.astype(">u2").tobytes() for r in colors]),
    }[form]()
    top = 2**bits - 1
    np.testing.assert_array_equal(levels(data, u2=(0, top))[..., 0], values >> (bits - 8))
    alone = levels(data)[..., 0]  # by its own range, without the last in a thousand at each end
    assert np.abs(alone - np.floor(RAMP * 255.999)).max() <= 1


def test_black_and_white_are_those_of_all_pictures():
    spreads = [
        spread_of(deep(tiff((RAMP * a + b).astype(np.uint16)))) for a, b in ((90, 9), (8, 3))
    ]
    spreads.append(spread_of(deep(tiff(RAMP.astype(np.float32)))))
    ranges = ranges_of(spreads)
    assert ranges["u2"] == (3, 98)
    np.testing.assert_allclose(ranges["f4"], (0.001, 0.999), atol=2e-4)
    dark = levels(tiff((RAMP * 8 + 3).astype(np.uint16)), **ranges)
    assert dark.max() == round(255 * 8 / 95)  # it stays dark beside the other


def spread(low, high, kind="u2"):
    return Spread(kind, low - 1, low, high, high + 1, (high - low) / 4)


def test_one_odd_picture_does_not_dim_all_others():
    """Twelve bits kept in sixteen, and one file that uses all sixteen."""
    plain = [spread(100 + i, 4000 + i) for i in range(20)]
    odd = spread(90, 65000)
    assert ranges_of([*plain, odd]) == {"u2": (90, 4019)}
    assert is_odd(odd, 90, 4019)
    assert not any(is_odd(one, 90, 4019) for one in plain)
    below = spread(-30000, 4000, "i2")
    assert ranges_of([*(spread(100, 4000, "i2") for _ in range(20)), below]) == {"i2": (100, 4000)}
    assert is_odd(below, 100, 4000)


def test_what_is_no_odd_picture():
    plain = [spread(100, 4000) for _ in range(20)]
    assert ranges_of([*plain, spread(100, 30000)]) == {"u2": (100, 30000)}  # 7.7 times as far
    assert ranges_of([*plain, *[spread(100, 65000)] * 2]) == {"u2": (100, 65000)}  # a tenth
    assert ranges_of([*plain[:6], spread(100, 65000)]) == {"u2": (100, 65000)}  # of seven
    empty = [spread(7, 7) for _ in range(20)]
    assert ranges_of([*empty, spread(7, 900)]) == {"u2": (7, 900)}  # all there is to see
    assert ranges_of([*plain * 10, *[spread(100, 65000)] * 4]) == {"u2": (100, 4000)}  # 4 of 204


def test_single_hot_points_do_not_make_the_rest_black():
    values = (RAMP * 4095).astype(np.uint16)
    values[5, 5] = values[7, 7] = 65535
    found = spread_of(deep(tiff(values)))
    assert found.most == 65535
    assert found.high == np.sort(values.ravel())[-1 - values.size // CUT] <= 4095
    np.testing.assert_allclose(
        found.deviation, np.clip(values, found.low, found.high).std(dtype=np.float64), rtol=1e-12
    )


def test_a_few_points_on_even_ground_are_what_there_is_to_see():
    values = np.full((64, 64), 7, np.uint16)
    values[3, 3] = 900
    assert ranges_of([spread_of(deep(tiff(values)))]) == {"u2": (7, 900)}
    assert levels(tiff(values))[3, 3].tolist() == [255] * 3


@pytest.mark.parametrize(
    ("values", "more"),
    [
        (np.array([[-9999, 10, 20]], np.int32), {}),
        (np.array([[-32768, 10, 20]], np.int16), {}),
        (np.array([[np.nan, 10, 20]], np.float32), {}),
        (np.array([[np.inf, 10, 20]], np.float32), {}),
        (np.array([[-np.inf, 10, 20]], np.float32), {}),
        (np.array([[-9999, 10, 20]], np.float32), {}),
        (np.array([[-3.4028235e38, 10, 20]], np.float32), {}),
        (np.array([[9.96921e36, 10, 20]], np.float32), {}),
        (np.array([[65535, 10, 20]], np.uint16), {42113: (2, b"65535\0")}),
        (np.array([[0, 10, 20]], np.uint16), {42113: (2, b"0\0")}),
        (np.array([[-1, 10, 20]], np.float32), {42113: (2, b"-1.0\0")}),
        (np.array([[[0, 0, 0], [10] * 3, [20] * 3]], np.uint16), {42113: (2, b"0 \0")}),
    ],
)
def test_no_data_is_left_out_and_shown_neutral(values, more):
    data = tiff(values, photometric=2 if values.ndim == 3 else 1, more=more)
    found = spread_of(deep(data))
    assert (found.least, found.most) == (10, 20)
    assert levels(data)[0, :, 0].tolist() == [NEUTRAL, 0, 255]


def test_undeclared_ends_are_values():
    for values in ([[0, 10, 20]], [[65535, 10, 20]]):
        found = spread_of(deep(tiff(np.array(values, np.uint16))))
        assert (found.least, found.most) == (min(values[0]), max(values[0]))


def test_a_declaration_that_is_no_number_declares_nothing():
    found = spread_of(deep(tiff(np.array([[0, 10]], np.uint16), more={42113: (2, b"none\0")})))
    assert found.least == 0


def test_only_no_data_is_no_picture():
    with pytest.raises(PictureError, match="nothing but 'no data'"):
        look(tiff(np.full((4, 4), np.nan, np.float32)))


def test_white_as_zero_is_turned_round():
    values = (RAMP * 4095).astype(np.uint16)
    plain, turned = (levels(tiff(values, photometric=p), u2=(0, 4095)) for p in (1, 0))
    np.testing.assert_array_equal(turned, 255 - plain)


def test_transparent_points_do_not_count():
    row = struct.pack(">12H", 65535, 0, 0, 0, 100, 100, 100, 65535, 300, 200, 100, 65535)
    data = png(3, 1, 16, 6, [row])
    found = spread_of(deep(data))
    assert (found.least, found.most) == (100, 300)
    assert levels(data).tolist() == [[[255] * 3, [0] * 3, [255, 128, 0]]]


def test_uniform_pictures_are_as_bright_as_their_numbers():
    for value, level in ((0, 0), (32768, 128), (65535, 255)):
        assert (levels(tiff(np.full((4, 4), value, np.uint16))) == level).all()
    assert (levels(tiff(np.full((4, 4), 3e7, np.float32))) == 0).all()


def test_large_pictures_are_measured_by_a_part_of_them(monkeypatch):
    monkeypatch.setattr("srcsel.pictures.deep.LOOKED_AT", 500)
    values = (RAMP * 4095).astype(np.uint16)
    found = spread_of(deep(tiff(values)))
    part = values[::3, ::3]  # 3072 / 500 = 6.1, of which the root is 2.5
    assert (found.least, found.most) == (part.min(), part.max())
    lonely = np.full((48, 64), -9999, np.int32)
    lonely[1, 1] = 5
    assert spread_of(deep(tiff(lonely))).least == 5


def test_eight_bits_are_left_alone():
    for image in (Image.new("L", (4, 4), 9), Image.new("RGB", (4, 4)), Image.new("P", (4, 4))):
        for form in ("PNG", "TIFF", "BMP"):
            assert deep(saved(image, form)) is None


def test_ranges_of_nothing():
    assert ranges_of([]) == {}
    assert ranges_of([Spread("i4", 1, 1, 1, 1, 0)]) == {"i4": (1, 1)}


def test_shown_takes_no_more_memory_than_a_few_rows():
    import tracemalloc

    values = np.zeros((4000, 2000), np.int32)
    found = deep(tiff(values[:4, :4]))
    big = type(found)(values, np.zeros(values.shape, bool))
    tracemalloc.start()
    try:
        shown(big, 0.0, 100.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * values.size  # float64 of all takes 8 bytes each


def test_an_odd_picture_of_a_folder_is_named_and_does_not_dim_it(tmp_path):
    for name in ("cell", "_unsorted"):
        (tmp_path / name).mkdir()
        for i in range(10):
            values = (RAMP * (4000 + i)).astype(np.uint16)
            (tmp_path / name / f"{i}.tif").write_bytes(tiff(values))
    (tmp_path / "cell" / "odd.tif").write_bytes(tiff((RAMP * 65000).astype(np.uint16)))
    found = load_dataset(str(tmp_path))
    assert found.ranges["u2"][1] < 4010
    said = " ".join(found.notes)
    assert "1 picture holds values far beyond those of all others: cell/odd.tif." in said
    assert "'_unsorted' is taken for a class." in said
