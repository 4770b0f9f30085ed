import numpy as np
import pytest
from PIL import Image

from srcsel.models.hubs._preprocessing import Preprocessing, preprocessing_from


def floats(preprocessing, image):
    """What the encoder makes of the pixels."""
    mean, std = np.array(preprocessing.mean), np.array(preprocessing.std)
    return (preprocessing.pixels(image) / 255 - mean[:, None, None]) / std[:, None, None]


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("size", "crop_pct"), [((64, 64), 0.875), ((96, 64), 0.9), ((224, 224), 1.0), ((48, 48), 1.15)]
)
def test_equals_timm(pictures, crop_mode, interpolation, size, crop_pct):
    from timm.data.transforms_factory import create_transform

    config = {
        "input_size": (3, *size),
        "crop_mode": crop_mode,
        "interpolation": interpolation,
        "crop_pct": crop_pct,
        "mean": (0.48, 0.46, 0.41),
        "std": (0.27, 0.26, 0.28),
    }
    expected, ours = create_transform(**config), preprocessing_from(config)
    # timm scales 1 to 0 there
    usable = pictures if crop_mode != "border" else [p for p in pictures if min(p.size) > 1]
    for image in usable:
        np.testing.assert_allclose(
            floats(ours, image), np.asarray(expected(image)), atol=1e-5, err_msg=str(image.size)
        )


@pytest.mark.parametrize(("crop", "resize"), [(224, 256), (224, 224), (64, 65), (227, 240)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_equals_torchvision(pictures, crop, resize, interpolation):
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms._presets import ImageClassification

    expected = ImageClassification(
        crop_size=crop,
        resize_size=resize,
        interpolation=InterpolationMode(interpolation),
        antialias=True,
    )
    ours = Preprocessing(size=(crop, crop), resize_to=resize, interpolation=interpolation)
    for image in pictures:
        np.testing.assert_allclose(
            floats(ours, image), np.asarray(expected(image)), atol=1e-5, err_msg=str(image.size)
        )


def test_squash_without_crop_is_one_resize(pictures):
    ours = Preprocessing(size=(40, 30), resize="squash", interpolation="bilinear")
    for image in pictures:
        expected = np.asarray(image.resize((30, 40), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
        np.testing.assert_array_equal(ours.pixels(image), expected)


def test_pixels_are_contiguous_uint8_and_the_picture_is_not_changed(pictures):
    before = pictures[1].tobytes()
    pixels = Preprocessing(size=(32, 48)).pixels(pictures[1])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (3, 32, 48)
    assert pixels.flags["C_CONTIGUOUS"]
    assert pictures[1].tobytes() == before


def test_a_gray_picture_is_read_as_three_equal_channels():
    pixels = Preprocessing(size=(8, 8)).pixels(Image.new("L", (20, 30), 77))
    assert (pixels == 77).all()


def test_an_endless_strip_does_not_fill_the_memory():
    strip = Image.new("RGB", (60_000, 1), (200, 10, 30))
    for resize in ("shorter", "squash", "border"):
        assert Preprocessing(size=(224, 224), resize=resize).pixels(strip).shape == (3, 224, 224)


def test_border_pads_with_the_mean_color():
    ours = Preprocessing(size=(40, 40), resize="border", mean=(0.2, 0.4, 0.6))
    pixels = ours.pixels(Image.new("RGB", (80, 20), (255, 0, 0)))
    np.testing.assert_array_equal(pixels[:, 0, 0], [51, 102, 153])
    np.testing.assert_array_equal(pixels[:, 20, 20], [255, 0, 0])


def test_keys_hold_what_matters_and_nothing_else():
    base = Preprocessing(size=(64, 64), crop_pct=0.875)
    other_mean = Preprocessing(size=(64, 64), crop_pct=0.875, mean=(0.5, 0.5, 0.5))
    assert base.pixel_key == other_mean.pixel_key
    assert base.key != other_mean.key
    assert base.pixel_key != Preprocessing(size=(64, 64), crop_pct=0.9).pixel_key
    # floor(64 / 0.875) pixels, said either way
    assert base.key == Preprocessing(size=(64, 64), resize_to=73).key
    border = [
        Preprocessing(size=(64, 64), resize="border", mean=(m, m, m)).pixel_key for m in (0.1, 0.5)
    ]
    assert border[0] != border[1]


def test_defaults_are_timms():
    ours = preprocessing_from({})
    assert ours.key == Preprocessing(size=(224, 224), crop_pct=0.875, interpolation="bicubic").key
    assert preprocessing_from({"input_size": 64, "resize": "squash"}).scale == (64, 64)
