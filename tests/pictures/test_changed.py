"""A picture that is another one by the time it is decoded is never taken for the one that was
checked.
"""

import io
import os

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import InputError, PictureError
from srcsel.base.watch import Watch
from srcsel.features.decode import decoded
from srcsel.models.hubs import Preprocessing
from srcsel.pictures import images, opening, reading, thumbs
from srcsel.pictures.copies import copy_groups
from srcsel.pictures.dataset import load_dataset, made_of
from srcsel.store.features import FeatureStore
from srcsel.store.serialize import from_plain, to_plain

HOW = Preprocessing((8, 8), resize="squash")


@pytest.fixture
def dataset(picture_folder, work):
    for path in picture_folder.rglob("*.png"):  # a format whose size says nothing
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".bmp"))
        path.unlink()
    return load_dataset(str(picture_folder))


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "work"))
    return tmp_path / "work"


def replace(path, color=(1, 2, 3)):
    """Put another picture there: same name, same size, same time."""
    about = path.stat()
    out = io.BytesIO()
    Image.new("RGB", (48, 48), color).save(out, "BMP")
    path.write_bytes(out.getvalue())
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (about.st_size, about.st_mtime_ns)


def features(dataset, tmp_path):
    with decoded(dataset, [HOW], tmp_path, Watch()):
        pass


def copies(dataset, tmp_path):
    copy_groups(dataset, FeatureStore(tmp_path / "store"))


@pytest.mark.parametrize("use", [features, copies])
def test_other_bytes_of_the_same_size_and_time_are_noticed(dataset, tmp_path, use):
    path = dataset.folder / dataset.paths[20]
    replace(path)
    with pytest.raises(InputError, match=f"{dataset.paths[20]} was changed while"):
        use(dataset, tmp_path)
    again = load_dataset(str(dataset.folder))  # what was remembered of it is forgotten
    assert again.digest != dataset.digest
    use(again, tmp_path)


def gone(path):
    path.unlink()


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def link(path):
    path.unlink()
    path.symlink_to(path.parent / "001.bmp")


def link_out(path):
    outside = path.parents[2] / "outside.bmp"
    path.rename(outside)  # the very same bytes
    path.symlink_to(outside)


@pytest.mark.parametrize("use", [features, copies])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (gone, "not there"),
        (folder, "not an ordinary file"),
        (pipe, "not an ordinary file"),
        (link, "was changed while"),
        (link_out, "leads out"),
    ],
)
def test_whatever_lies_there_by_now_is_said(dataset, tmp_path, monkeypatch, use, change, said):
    monkeypatch.setenv("SRCSEL_ROOTS", str(dataset.folder))
    change(dataset.folder / dataset.paths[0])
    with pytest.raises(InputError, match=said):
        use(dataset, tmp_path)


def test_a_change_in_the_middle_of_reading_belongs_to_the_file_that_was_read(dataset, monkeypatch):
    """The check looks at size and time, then opens: what is remembered are those of the file that
    was opened.
    """
    path = dataset.folder / dataset.paths[3]
    real = opening._stamp
    Image.new("RGB", (60, 60), (9, 9, 9)).save(path)

    def stamp(asked):
        found = real(asked)
        if asked == path:
            Image.new("RGB", (70, 70), (200, 9, 9)).save(path)
        return found

    monkeypatch.setattr(opening, "_stamp", stamp)
    first = load_dataset(str(dataset.folder))
    monkeypatch.undo()
    monkeypatch.setenv("SRCSEL_HOME", str(dataset.folder.parent / "work"))
    assert made_of(first, 3, bytes) == path.read_bytes()
    assert load_dataset(str(dataset.folder)).digest == first.digest


def test_digests_are_of_this_computer_and_not_stored(dataset):
    assert len(dataset.digests) == len(dataset.paths)
    plain = to_plain(dataset)
    assert "digests" not in plain
    assert made_of(from_plain(type(dataset), plain), 0, bytes) == made_of(dataset, 0, bytes)


def jpeg_of(answer):
    kind, body = answer
    assert kind == "image/jpeg"
    with Image.open(io.BytesIO(body)) as picture:
        return np.asarray(picture).mean(axis=(0, 1))


def test_a_thumbnail_made_of_other_bytes_is_not_kept_for_these(dataset, monkeypatch):
    path = dataset.folder / dataset.paths[0]
    shown = thumbs.register(dataset.folder, dataset.paths)
    real, before = reading.read, path.stat().st_mtime_ns

    def swapped(asked):
        Image.new("RGB", (48, 48), (0, 0, 255)).save(path)
        return real(asked)

    monkeypatch.setattr(reading, "read", swapped)
    assert jpeg_of(thumbs.picture(shown, 0, 96))[2] > 200  # what lies there now, and not kept
    monkeypatch.setattr(reading, "read", real)
    Image.new("RGB", (48, 48), (255, 0, 0)).save(path)
    os.utime(path, ns=(before, before))  # as it was when the first one was asked for
    assert jpeg_of(thumbs.picture(shown, 0, 96))[0] > 200


@pytest.mark.parametrize("change", [gone, folder, pipe, link_out])
def test_a_thumbnail_of_what_is_no_file_any_more_is_a_placeholder(dataset, monkeypatch, change):
    monkeypatch.setenv("SRCSEL_ROOTS", str(dataset.folder))
    path = dataset.folder / dataset.paths[0]
    shown = thumbs.register(dataset.folder, dataset.paths)
    real = reading.read

    def swapped(asked):
        change(path)
        return real(path)

    monkeypatch.setattr(reading, "read", swapped)
    assert thumbs.picture(shown, 0, 96) == thumbs.placeholder()


def count(monkeypatch, error):
    asked = []

    def thumbnail(data, size, ranges, *, hurried=False):
        asked.append(size)
        raise error

    monkeypatch.setattr(images, "thumbnail", thumbnail)
    return asked


def test_what_cannot_be_decoded_is_remembered_for_all_sizes(dataset, monkeypatch):
    shown = thumbs.register(dataset.folder, dataset.paths)
    asked = count(monkeypatch, PictureError("damaged"))
    for size in (96, 320, 96):
        assert thumbs.picture(shown, 0, size) == thumbs.placeholder()
    assert asked == [96]


def test_what_failed_for_want_of_time_or_memory_is_tried_again_later(dataset, monkeypatch):
    shown = thumbs.register(dataset.folder, dataset.paths)
    asked = count(monkeypatch, PictureError("busy", lasting=False))
    for _ in range(3):
        assert thumbs.picture(shown, 0, 96) == thumbs.placeholder()
    assert asked == [96]
    thumbs._resting.clear()  # as a minute later, or in another server
    thumbs.picture(shown, 0, 96)
    assert asked == [96, 96]


def test_the_check_remembers_what_lasts_and_asks_again_for_the_rest(dataset, monkeypatch):
    for row, lasting in ((0, True), (1, False)):
        path = dataset.folder / dataset.paths[row]
        Image.new("RGB", (60 + row, 60), (9, 9, 9)).save(path)
        why = PictureError("why", lasting=lasting)
        monkeypatch.setattr(opening.apart, "call", lambda *_, why=why: (_ for _ in ()).throw(why))
        found = load_dataset(str(dataset.folder))
        said = "why" if lasting else opening.NOT_NOW.format("why")
        assert found.unreadable[-1].reason == said
        monkeypatch.undo()
        monkeypatch.setenv("SRCSEL_HOME", str(dataset.folder.parent / "work"))
    assert len(load_dataset(str(dataset.folder)).paths) == len(dataset.paths) - 1


def test_what_takes_longer_than_a_moment_is_left_for_later_and_known_then(dataset, monkeypatch):
    shown = thumbs.register(dataset.folder, dataset.paths)
    asked, real = [], images.thumbnail

    def thumbnail(data, size, ranges, *, hurried=False):
        asked.append(hurried)
        if hurried:
            raise PictureError("slow", lasting=False)
        return real(data, size, ranges)

    monkeypatch.setattr(images, "thumbnail", thumbnail)
    assert thumbs.picture(shown, 0, 96, effort="kept") == thumbs.NOT_YET
    assert thumbs.picture(shown, 0, 96, effort="quick") == thumbs.NOT_YET
    assert thumbs.picture(shown, 0, 320, effort="quick") == thumbs.NOT_YET
    assert asked == [True]
    assert thumbs.picture(shown, 0, 96)[0] == "image/jpeg"
    assert thumbs.picture(shown, 0, 96, effort="kept")[0] == "image/jpeg"
    assert asked == [True, False]
