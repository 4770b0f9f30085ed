"""Masks beside the pictures they belong to are no pictures of the class."""

import pytest
from PIL import Image

from srcsel.pictures.listing import list_pictures
from srcsel.pictures.masks import masks_of


@pytest.mark.parametrize(
    ("mask", "of"),
    [
        ("a/benign (1)_mask.png", "a/benign (1).png"),
        ("a/benign (1)_mask_1.png", "a/benign (1).png"),
        ("a/x-seg.png", "a/x.jpg"),
        ("a/x Segmentation.tif", "a/x.jpg"),
        ("a/x.gt.png", "a/x.jpg"),
    ],
)
def test_a_mask_lies_beside_its_picture(mask, of):
    assert masks_of([of, mask]) == {mask: of}


@pytest.mark.parametrize(
    "paths",
    [
        ["a/gas_mask.jpg", "a/other.jpg"],  # a picture of one
        ["a/x_mask.png", "b/x.png"],  # of another folder
        ["a/mask.png", "a/x.png"],
        ["a/bitmask.png", "a/bit.png"],
    ],
)
def test_what_is_only_called_so_is_none(paths):
    assert masks_of(paths) == {}


def test_masks_are_left_out_and_said(tmp_path):
    for folder in ("benign", "normal"):
        (tmp_path / folder).mkdir()
        for k in range(3):
            Image.new("RGB", (8, 8), (40 * k, 0, 0)).save(tmp_path / folder / f"{k}.png")
            Image.new("L", (8, 8)).save(tmp_path / folder / f"{k}_mask.png")
    found = list_pictures(str(tmp_path))
    assert found.paths == tuple(f"{f}/{k}.png" for f in ("benign", "normal") for k in range(3))
    assert [u.path for u in found.skipped] == [p.replace(".png", "_mask.png") for p in found.paths]
    said = "6 pictures are left out as masks of the pictures they lie beside: 0_mask.png of 0.png."
    assert said in found.notes
    (tmp_path / "top").mkdir()
    for folder in ("benign", "normal"):
        (tmp_path / folder).rename(tmp_path / "top" / folder)
    inner = list_pictures(f"{tmp_path}/*")
    assert inner.classes == ("benign", "normal")
    assert len(inner.paths) == 6
