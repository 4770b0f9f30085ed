import numpy as np
import pytest

from srcsel.evidence import views
from srcsel.evidence.views import moved, survive_mirroring

BATCH = np.random.default_rng(0).integers(0, 256, (6, 3, 24, 16), dtype=np.uint8)


@pytest.fixture
def still(monkeypatch):
    """Nothing moves but what a test asks for."""
    for name, value in {"AREA": 1.0, "STRETCH": 0.0, "SHIFT": 0.0, "TURN": 0.0}.items():
        monkeypatch.setattr(views, name, value)
    monkeypatch.setattr(views, "LIGHT", 0.0)


def test_without_moves_a_view_is_the_picture(still):
    seen = moved(BATCH, np.random.default_rng(0), flips=False)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen, BATCH, atol=0.01)


def test_flips_mirror_every_second_picture_or_none(still):
    many = np.repeat(BATCH[:1], 200, axis=0)
    seen = moved(many, np.random.default_rng(0), flips=True)
    mirrored = np.abs(seen - many[:, :, :, ::-1]).max(axis=(1, 2, 3)) < 0.01
    plain = np.abs(seen - many).max(axis=(1, 2, 3)) < 0.01
    assert (mirrored ^ plain).all()
    assert 70 < mirrored.sum() < 130


def test_pictures_move_each_by_its_own_chance_within_black_and_white():
    many = np.repeat(BATCH[:1], 20, axis=0)
    seen = moved(many, np.random.default_rng(0), flips=False)
    assert seen.shape == many.shape
    assert len({one.tobytes() for one in seen}) == 20
    assert seen.min() >= 0
    assert seen.max() <= 255
    np.testing.assert_array_equal(seen, moved(many, np.random.default_rng(0), flips=False))


def test_light_and_contrast_change_by_a_fifth_at_most(still, monkeypatch):
    monkeypatch.setattr(views, "LIGHT", 0.2)
    grey = np.full((300, 3, 4, 4), 100, dtype=np.uint8)  # no contrast: only light shows
    seen = moved(grey, np.random.default_rng(0), flips=False)[:, 0, 0, 0]
    assert 80 - 0.01 <= seen.min() < 85
    assert 115 < seen.max() <= 120 + 0.01


def test_classes_survive_where_the_mirror_shows_the_same_and_not_where_it_swaps_them():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 10)
    plain = np.where(labels, 2.0, -2.0)[:, None] + rng.normal(size=(20, 3))
    assert survive_mirroring(plain, plain + 0.01 * rng.normal(size=plain.shape), labels)
    assert not survive_mirroring(plain, -plain, labels)


def test_nothing_is_mirrored_where_a_class_has_one_picture():
    features = np.random.default_rng(0).normal(size=(5, 3))
    assert not survive_mirroring(features, features, np.array([0, 0, 1, 1, 2]))
