"""A folder that came file by file is the zip of it: one name, and the limits of zips."""

import zipfile

import pytest
from PIL import Image

from srcsel.base.errors import InputError
from srcsel.pictures import archive, packing


@pytest.fixture
def files(tmp_path):
    """Files as the browser sends them: each somewhere, with its path in the folder."""
    came = []
    for i, name in enumerate(("leaves/rust/1.png", "leaves/rust/2.png", "leaves/ok/1.png")):
        path = tmp_path / f"{i}.zip"
        Image.new("RGB", (9, 9), (40 * i, 9, 9)).save(path, "png")
        came.append((name, path))
    return came


def test_the_same_files_make_the_same_zip_in_any_order(files, tmp_path):
    for name, came in (("a", files), ("b", files[::-1])):
        packing.pack(came, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as packed:
        assert packed.namelist() == sorted(name for name, _ in files)
        assert packed.read("leaves/ok/1.png") == files[2][1].read_bytes()
    assert packing.name_of(files) == "leaves"
    assert packing.name_of([("1.png", files[0][1])]) == "folder"
    assert packing.name_of([*files, ("other/1.png", files[0][1])]) == "folder"


def test_of_files_of_one_path_the_last_counts(files, tmp_path):
    packing.pack([files[0], (files[0][0], files[1][1])], tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "a") as packed:
        assert packed.read(files[0][0]) == files[1][1].read_bytes()


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/etc/out.png"])
def test_a_path_that_leads_out_is_refused_as_in_zips(files, tmp_path, name):
    packing.pack([(name, files[0][1])], tmp_path / "a")
    with pytest.raises(InputError, match="outside its folder"):
        archive.unpack(tmp_path / "a", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_the_limits_of_zips_hold(files, tmp_path):
    packing.pack(files, tmp_path / "a")
    with pytest.raises(InputError, match="2 are the limit"):
        archive.unpack(tmp_path / "a", tmp_path / "to", entries=2)
