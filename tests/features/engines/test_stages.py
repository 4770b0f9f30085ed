"""What Ray's workers do with pictures, without a Ray."""

import dataclasses
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings
from srcsel.features.decode import pixels_of
from srcsel.features.engines._ray_stages import Decode, Pictures, pixels_column
from srcsel.models.hubs import Preprocessing
from srcsel.pictures.dataset import load_dataset

HOW = Preprocessing((8, 8), resize="squash", interpolation="bilinear")


@pytest.fixture
def dataset(picture_folder):
    return load_dataset(str(picture_folder))


@pytest.fixture
def far(dataset, tmp_path, monkeypatch):
    """Decodes the first pictures where their folder is not; `gone`: what cannot be brought."""
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(get=lambda made: made))

    def decode(count, gone=()):
        own = Pictures(dataset.folder)
        read = SimpleNamespace(
            remote=lambda paths: [None if p in gone else own.read([p])[0] for p in paths]
        )
        elsewhere = dataclasses.replace(dataset, folder=tmp_path / "nowhere")
        batch = {
            "row": np.arange(count),
            "path": np.array(dataset.paths[:count], object),
            "digest": np.array(dataset.digests[:count], object),
        }
        return Decode(elsewhere, [HOW], SimpleNamespace(read=read))(batch)

    return decode


def test_what_is_brought_gives_the_same_pixels_and_is_removed(dataset, far):
    made = far(3)[pixels_column(HOW)]
    expected = np.stack([pixels_of(dataset, row, [HOW])[0] for row in range(3)])
    np.testing.assert_array_equal(made, expected)
    assert not list(load_settings().uploads.iterdir())


def test_where_only_some_folders_may_be_opened_too(dataset, far, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", str(dataset.folder))
    assert far(2)[pixels_column(HOW)].shape == (2, 3, 8, 8)


def test_a_picture_that_cannot_be_brought_is_named(dataset, far):
    with pytest.raises(InputError, match=rf"^{dataset.paths[1]} could be read when"):
        far(3, gone=dataset.paths[1:2])
    assert not list(load_settings().uploads.iterdir())


def test_nothing_is_read_that_may_not_be_opened(dataset, tmp_path, monkeypatch):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    own = Pictures(dataset.folder)
    name = dataset.paths[0]
    assert own.read([name, "gone.png"]) == [(dataset.folder / name).read_bytes(), None]
    monkeypatch.setenv("SRCSEL_ROOTS", str(dataset.folder))
    assert own.read([name, "../secret.png"]) == [(dataset.folder / name).read_bytes(), None]
