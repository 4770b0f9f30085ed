import numpy as np
import pytest

from srcsel.base.errors import UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models.hubs import HUBS

HUB = HUBS["pixels"]


def naive(picture):
    """The features of one picture (3, 64, 64), cell by cell and pixel by pixel."""
    thumbnail = [
        picture[channel, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].mean()
        / 255
        / np.sqrt(768)
        for channel in range(3)
        for row in range(16)
        for column in range(16)
    ]
    counts = np.zeros(64)
    for red, green, blue in picture.reshape(3, -1).T.astype(int):
        counts[(red // 64) * 16 + (green // 64) * 4 + blue // 64] += 1
    return np.array([*thumbnail, *np.sqrt(counts / 4096)])


def test_equals_the_naive_loop():
    batch = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64), dtype=np.uint8)
    features, logits = HUB.load(HUB.find("thumbnail"), "cpu", Watch())(batch)
    assert logits is None
    np.testing.assert_allclose(features, [naive(picture) for picture in batch], atol=1e-6)


def test_white_by_hand():
    features, _ = HUB.load(HUB.find("thumbnail"), "cpu", Watch())(
        np.full((1, 3, 64, 64), 255, dtype=np.uint8)
    )
    assert np.linalg.norm(features[0, :768]) == pytest.approx(1)
    assert features[0, 768:].argmax() == 63
    assert features[0, 768 + 63] == 1


def test_unknown_name():
    with pytest.raises(UnknownNameError, match="Did you mean thumbnail"):
        HUB.find("thumbnails")
