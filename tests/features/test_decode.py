"""Decoding beside other work: slices wait for their rows, errors arrive, leaving stops it."""

import threading

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import Cancelled, InputError
from srcsel.base.watch import Watch
from srcsel.features import decode
from srcsel.features.decode import decoded, decoding
from srcsel.models.hubs import Preprocessing
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.images import open_picture
from tests.recorder import Recorder, Told

HOW = Preprocessing((8, 8), resize="squash")
LARGE = Preprocessing((16, 16), resize="squash")
ALL = np.arange(36)


@pytest.fixture
def dataset(picture_folder):
    return load_dataset(str(picture_folder))


@pytest.fixture
def gate(monkeypatch):
    """Pictures from the second block on are decoded once the gate is opened."""
    gate = threading.Event()
    real = decode._decode

    def gated(dataset, row, wanted):
        if row >= 10:
            assert gate.wait(20)
        real(dataset, row, wanted)

    monkeypatch.setattr(decode, "BLOCK", 10)
    monkeypatch.setattr(decode, "_decode", gated)
    return gate


def test_all_rows_of_all_sizes(dataset, tmp_path):
    with decoded(dataset, [HOW, LARGE], tmp_path, Watch()) as arrays:
        for how in (HOW, LARGE):
            expected = [how.pixels(open_picture(dataset.folder / path)) for path in dataset.paths]
            np.testing.assert_array_equal(arrays[how.pixel_key], np.stack(expected))


def test_a_slice_waits_for_no_more_than_its_rows(dataset, gate, tmp_path):
    with decoding(dataset, {HOW: ALL}, tmp_path, Watch()) as found:
        pictures = found.of(HOW.pixel_key, ALL)
        first = pictures[:10]  # passes while the gate is shut
        assert len(pictures.rest(5)) == 31
        np.testing.assert_array_equal(pictures.rest(5)[:5], first[5:])
        gate.set()
        pictures.settle()
        expected = HOW.pixels(open_picture(dataset.folder / dataset.paths[35]))
        np.testing.assert_array_equal(pictures.rest(30)[5:6][0], expected)


def test_only_the_rows_that_are_wanted_are_decoded_each_once(dataset, tmp_path, monkeypatch):
    """For two ways of preparing them, and in an order of which each gets its own."""
    opened = []
    real = decode._decode
    monkeypatch.setattr(
        decode, "_decode", lambda d, row, wanted: opened.append(row) or real(d, row, wanted)
    )
    few, others = np.array([3, 4, 30]), np.array([4, 11, 30, 35])
    watch = Recorder()
    with decoding(dataset, {HOW: few, LARGE: others}, tmp_path, watch) as found:
        for how, rows in ((HOW, few), (LARGE, others)):
            pictures = found.of(how.pixel_key, rows)
            expected = [how.pixels(open_picture(dataset.folder / dataset.paths[r])) for r in rows]
            np.testing.assert_array_equal(pictures[:], np.stack(expected))
            np.testing.assert_array_equal(pictures.rest(1)[1:], np.stack(expected)[2:])
            assert len(pictures[9:]) == 0
        some = found.of(LARGE.pixel_key, others[[0, 2]])
        np.testing.assert_array_equal(some[:], found.of(LARGE.pixel_key, others)[:][[0, 2]])
    assert sorted(opened) == [3, 4, 11, 30, 35]
    assert watch.seen[0] == Told("pictures", "reading", 31, 36, "Preparing new pictures, 0 of 5")
    assert watch.seen[-1] == Told("pictures", "done", 36, 36)


def test_a_picture_that_went_bad_is_named_where_it_is_waited_for(dataset, gate, tmp_path):
    (dataset.folder / dataset.paths[20]).write_bytes(b"")
    with decoding(dataset, {HOW: ALL}, tmp_path, Watch()) as found:
        assert len(found.of(HOW.pixel_key, ALL)[:10]) == 10
        found.check()
        gate.set()
        with pytest.raises(InputError, match="could be read when the folder was checked"):
            found.of(HOW.pixel_key, ALL).settle()
        with pytest.raises(InputError):
            found.check()


def test_the_wish_to_stop_arrives(dataset, tmp_path):
    class Stop(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            raise Cancelled

    with pytest.raises(Cancelled), decoded(dataset, [HOW], tmp_path, Stop()):
        pass


def test_leaving_early_decodes_no_further_block(dataset, gate, tmp_path):
    before = set(threading.enumerate())
    with decoding(dataset, {HOW: ALL}, tmp_path, Watch()) as found:
        pictures = found.of(HOW.pixel_key, ALL)
        assert len(pictures[:10]) == 10
        threading.Timer(0.2, gate.set).start()
    assert (found._plans[HOW.pixel_key].array[20:] == 0).all()
    assert {
        thread for thread in threading.enumerate() if not isinstance(thread, threading.Timer)
    } <= before


def test_deep_pictures_are_seen_by_the_range_of_their_set(tmp_path):
    for k, name in enumerate("ab"):
        (tmp_path / "deep" / name).mkdir(parents=True)
        for number in range(2):
            values = np.linspace(0, 1000 * (1 + k + number), 64).reshape(8, 8).astype(np.uint16)
            Image.fromarray(values).save(tmp_path / "deep" / name / f"{number}.png")
    dataset = load_dataset(str(tmp_path / "deep"))
    with decoded(dataset, [HOW], tmp_path, Watch()) as arrays:
        tops = arrays[HOW.pixel_key].max(axis=(1, 2, 3))
    assert tops.tolist() == [1000 * 256 // 3001, 2000 * 256 // 3001, 2000 * 256 // 3001, 255]
