"""Sheets of small pictures: each in its place, made once, made again when a file changes, and only
of what may be opened.
"""

import io

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import InputError, PictureError
from srcsel.pictures import images, sheets, thumbs


@pytest.fixture
def many(tmp_path, monkeypatch) -> tuple:
    """A folder of 260 pictures, each of one colour, the third of which is no picture."""
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))
    folder = tmp_path / "colors"
    folder.mkdir()
    names = [f"{i:03d}.png" for i in range(260)]
    for i, name in enumerate(names):
        Image.new("RGB", (8, 6), (i % 256, 255 - i % 256, 100)).save(folder / name)
    (folder / names[2]).write_bytes(b"no picture")
    return folder, names


def color_at(jpeg: bytes, place: int) -> np.ndarray:
    """Colour in the middle of a place of a sheet."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    middle = sheets.CELL // 2
    x, y = place % sheets.ROW * sheets.CELL + middle, place // sheets.ROW * sheets.CELL + middle
    return np.array(picture.getpixel((x, y)))


def test_each_picture_stands_in_its_place_on_the_sheet(many):
    folder, names = many
    of = thumbs.register(folder, names)
    assert sheets.sheet(of, 0) == sheets.Sheet()  # not made yet
    assert sheets.make(of) == 2
    first, second = sheets.sheet(of, 0).jpeg, sheets.sheet(of, 1).jpeg
    for jpeg, place, number in ((first, 0, 0), (first, 17, 17), (first, 255, 255), (second, 3, 3)):
        expected = np.array([number, 255 - number, 100])  # 259 has the colour of 3
        assert np.abs(color_at(jpeg, place) - expected).max() < 12
    assert np.abs(color_at(first, 2) - sheets.PAPER).max() < 12


def test_sheets_are_made_once_and_again_where_a_file_changed(many, monkeypatch):
    folder, names = many
    of = thumbs.register(folder, names)
    sheets.make(of)
    drawn = []
    real = sheets._drawn
    monkeypatch.setattr(sheets, "_drawn", lambda *a: drawn.append(a) or real(*a))
    sheets.make(of)
    assert drawn == []
    Image.new("RGB", (8, 7), "white").save(folder / names[257])
    assert sheets.sheet(of, 1) == sheets.Sheet()
    sheets.make(of)
    assert drawn == [(of, 1)]
    assert color_at(sheets.sheet(of, 1).jpeg, 1).min() > 240


@pytest.mark.parametrize("number", [-1, 2, 999])
def test_a_sheet_that_a_set_has_not_is_none(many, number):
    assert sheets.sheet(thumbs.register(*many), number) is None


def test_a_set_that_nobody_registered_has_no_sheets(many):
    for unknown in ("0" * 24, "../../etc", ""):
        assert sheets.sheet(unknown, 0) is None
        with pytest.raises(InputError, match="not registered"):
            sheets.make(unknown)


def test_what_may_not_be_opened_any_more_is_on_no_sheet(many, monkeypatch):
    of = thumbs.register(*many)
    sheets.make(of)
    monkeypatch.setenv("SRCSEL_ROOTS", str(many[0].parent / "elsewhere"))
    assert sheets.sheet(of, 0) == sheets.Sheet()
    sheets.make(of)
    assert np.abs(color_at(sheets.sheet(of, 0).jpeg, 17) - sheets.PAPER).max() < 12


def test_what_time_was_short_for_is_on_the_sheet_a_while_later(many, monkeypatch):
    folder, names = many
    of = thumbs.register(folder, names[:20])
    real, busy = images.thumbnail, [True]
    (blocked,) = [(folder / names[17]).read_bytes()]

    def thumbnail(data, size, ranges, *, hurried=False):
        if data == blocked and busy:
            raise PictureError("busy", lasting=False)
        return real(data, size, ranges)

    monkeypatch.setattr(images, "thumbnail", thumbnail)
    sheets.make(of)
    first = sheets.sheet(of, 0)
    assert (first.lacks, first.due) == (1, False)  # the one that is no picture lacks for good
    assert np.abs(color_at(first.jpeg, 17) - sheets.PAPER).max() < 12
    sheets.make(of)
    assert sheets.sheet(of, 0) == first  # not at once again
    busy.clear()
    monkeypatch.setattr(sheets, "AGAIN", 0.0)  # as some minutes later
    thumbs._resting.clear()
    assert sheets.sheet(of, 0).due
    sheets.make(of)
    again = sheets.sheet(of, 0)
    assert (again.lacks, again.due) == (0, False)
    assert np.abs(color_at(again.jpeg, 17) - np.array([17, 238, 100])).max() < 12
