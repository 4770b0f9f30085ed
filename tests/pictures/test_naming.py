"""Pictures are called by what is decoded: by their bytes, and by how deep values are seen."""

import hashlib
import shutil
from dataclasses import replace

import numpy as np
from PIL import Image

from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.naming import names_of


def test_a_name_is_the_sha256_of_the_bytes(picture_folder):
    shutil.copy(picture_folder / "red" / "000.png", picture_folder / "blue" / "again.png")
    dataset = load_dataset(str(picture_folder))
    names = names_of(dataset)
    assert names.shape == (37, 32)
    for path, name in zip(dataset.paths, names, strict=True):
        assert name.tobytes() == hashlib.sha256((picture_folder / path).read_bytes()).digest()
    assert len(np.unique(names, axis=0)) == 36


def test_deep_pictures_have_another_name_where_they_are_seen_otherwise(tmp_path):
    for row, top in enumerate((900, 850, 4000)):
        path = tmp_path / "deep" / "ab"[row % 2] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.linspace(0, top, 64).reshape(8, 8).astype(np.uint16)).save(path)
    whole = load_dataset(str(tmp_path / "deep"))
    dim = names_of(load_dataset(str(tmp_path / "deep"), left_out=["a/2.png"]))
    bright = names_of(load_dataset(str(tmp_path / "deep"), left_out=["a/0.png"]))
    names = dict(zip(whole.paths, names_of(whole).tolist(), strict=True))
    assert names["b/1.png"] not in dim.tolist()
    assert names["b/1.png"] in bright.tolist()


def test_without_bytes_a_name_is_of_this_set_alone(picture_folder):
    known = load_dataset(str(picture_folder))
    one, other = (replace(known, digests=(), digest=name) for name in ("one", "other"))
    names = np.concatenate([names_of(one), names_of(other)])
    assert len(np.unique(names, axis=0)) == 72
    np.testing.assert_array_equal(names_of(one), names[:36])
