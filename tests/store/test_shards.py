"""Rows are found by the picture they were made of, whatever lies beside them, and are whole or
absent.
"""

import os

import numpy as np
import pytest

from srcsel.store import files
from srcsel.store import shards as module
from srcsel.store.shards import Shards, distinct

QUESTION = {"model": "a/b", "revision": "1"}


def names(*numbers):
    """Names of pictures (n, 32): the number in the last byte, the others alike."""
    found = np.full((len(numbers), 32), 7, np.uint8)
    found[:, -1] = numbers
    return found


def rows(*numbers):
    return {"values": np.array([(k, 10 * k) for k in numbers], np.float32)}


@pytest.fixture
def shards(tmp_path):
    return Shards(tmp_path / "one", QUESTION)


def read(shards, *numbers, within=None):
    found = shards.read(shards.find(names(*numbers), within))
    return None if found is None else found[0]["values"][:, 0].tolist()


def test_rows_come_in_the_order_asked_from_all_shards_and_twice_where_asked_twice(shards):
    assert not shards.folder.exists()
    shards.add(names(5, 1, 0), rows(5, 1, 0), "first")
    shards.add(names(9, 200), rows(9, 200), "second")
    assert read(shards, 200, 0, 5, 9, 1, 0) == [200, 0, 5, 9, 1, 0]
    places = shards.find(names(9, 3, 5, 4))
    assert places.there.tolist() == [True, False, True, False]
    assert sorted(shards.read(shards.find(names(9, 5)))[1]) == ["first", "second"]
    (one,) = shards.read(shards.find(names(1)))[1]
    assert one == "first"  # nothing is read that is not needed


def test_names_that_end_in_zeros_are_told_apart_from_each_other(shards):
    """numpy's text ends at its last byte that is not zero."""
    a, b = np.zeros((1, 32), np.uint8), np.zeros((1, 32), np.uint8)
    a[0, 0] = b[0, 0] = 3
    b[0, 5] = 1
    shards.add(np.concatenate([b, a]), rows(1, 2))
    assert shards.read(shards.find(a))[0]["values"][0, 0] == 2
    assert not shards.find(np.zeros((1, 32), np.uint8)).there.any()


def test_the_same_content_lies_there_once(shards):
    first = shards.add(names(1, 2), rows(1, 2))
    assert shards.add(names(1, 2), rows(1, 2)) == first
    assert len(list(shards.folder.iterdir())) == 1


def test_many_rows_are_cut_into_shards_of_the_size(shards, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 16)  # 8 bytes a row: two rows each
    assert len(shards.add(names(*range(7)), rows(*range(7)))) == 4
    assert read(shards, 6, 0, 3) == [6, 0, 3]


def test_within_some_shards_others_are_not_asked(shards):
    (first,) = shards.add(names(1), rows(1))
    shards.add(names(2), rows(2))
    assert shards.find(names(1, 2), [first]).there.tolist() == [True, False]
    assert shards.find(names(1), ["0" * 32]).there.tolist() == [False]
    assert shards.find(names(1), [f"../one/{first}"]).there.tolist() == [False]


@pytest.mark.parametrize(
    "harm", ["cut", "flip", "flip a name", "empty", "other question", "row too few"]
)
def test_a_damaged_one_is_set_aside_and_the_others_stay(tmp_path, harm):
    lost = []
    shards = Shards(tmp_path / "one", QUESTION, lambda: lost.append(1))
    (bad,) = shards.add(names(1, 2), rows(1, 2))
    shards.add(names(3), rows(3))
    path = shards.folder / f"{bad}.safetensors"
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[:-5])
    elif harm == "flip":
        data[data.index(np.array([2, 20], np.float32).tobytes())] ^= 0x40
        path.write_bytes(data)
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        few = harm == "row too few"
        other = Shards(tmp_path / "two", QUESTION if few else {"model": "c"})
        (name,) = other.add(names(1, 2), rows(1) if few else rows(1, 2))
        (other.folder / f"{name}.safetensors").replace(path)
    places = shards.find(names(1, 3))
    assert not places.there.all() or shards.read(places) is None
    assert shards.find(names(1, 2, 3)).there.tolist() == [False, False, True]
    assert lost == [1]
    assert [p.suffix for p in sorted(shards.folder.iterdir())].count(".damaged") == 1
    assert read(shards, 3) == [3]


def test_what_is_being_written_is_never_read(shards):
    (name,) = shards.add(names(1), rows(1))
    path = shards.folder / f"{name}.safetensors"
    path.rename(shards.folder / f".{name}.safetensors.1-1.tmp")
    assert not shards.find(names(1)).there.any()


def test_joined_rows_are_in_fewer_files_and_stay_readable_for_who_found_them_before(shards):
    made = [name for n in range(6) for name in shards.add(names(n), rows(n))]
    before = shards.find(names(4, 2))
    (joined,) = shards.join(made[:5], "together")
    assert {p.stem for p in shards.folder.iterdir()} == {joined, made[5]}
    assert shards.read(before) is None  # gone: to be looked for again
    assert read(shards, 4, 2, 5) == [4, 2, 5]
    assert shards.read(shards.find(names(0)))[1] == ["together"]


def test_joining_what_is_gone_keeps_the_rest(shards):
    made = [name for n in range(3) for name in shards.add(names(n), rows(n))]
    (shards.folder / f"{made[1]}.safetensors").unlink()
    shards.join(made)
    assert shards.find(names(0, 1, 2)).there.tolist() == [True, False, True]
    assert shards.join([made[1]]) == []


def test_rows_of_another_width_are_none(shards):
    shards.add(names(1), rows(1))
    shards.add(names(2), {"values": np.ones((1, 5), np.float32)})
    assert shards.read(shards.find(names(1, 2))) is None
    assert shards.find(names(1, 2)).there.sum() == 1


def test_only_kinds_that_all_have_are_read(shards):
    shards.add(names(1), {**rows(1), "logits": np.ones((1, 3), np.float32)})
    shards.add(names(2), rows(2))
    for order in ((1, 2), (2, 1)):
        assert set(shards.read(shards.find(names(*order)))[0]) == {"values"}
    assert set(shards.read(shards.find(names(1)))[0]) == {"values", "logits"}


def test_reading_counts_as_use(shards):
    (name,) = shards.add(names(1), rows(1))
    path = shards.folder / f"{name}.safetensors"
    os.utime(path, (1, 1))
    shards.find(names(1))
    assert path.stat().st_mtime == 1
    read(shards, 1)
    assert path.stat().st_mtime > 1


def test_the_first_of_each_picture():
    assert distinct(names(4, 2, 4, 0, 2)).tolist() == [0, 1, 3]
    assert distinct(names()).tolist() == []


def test_rows_beyond_the_memory_are_mapped_from_a_file_that_has_no_name(shards, monkeypatch):
    shards.add(names(1, 2), rows(1, 2))
    shards.add(names(3), rows(3))
    monkeypatch.setattr(module, "MEMORY_BYTES", 16)  # two rows
    assert not isinstance(shards.read(shards.find(names(3, 1)))[0]["values"], np.memmap)
    found = shards.read(shards.find(names(3, 1, 2)))[0]["values"]
    assert isinstance(found, np.memmap)
    assert found[:, 1].tolist() == [30, 10, 20]
    assert {path.suffix for path in shards.folder.iterdir()} == {".safetensors"}


@pytest.mark.parametrize("lacking", ["names", "value"])
def test_one_whose_header_lacks_a_part_is_set_aside(shards, lacking):
    (bad,) = shards.add(names(1, 2), rows(1, 2))
    path = shards.folder / f"{bad}.safetensors"
    tensors, about = files.read_tensors(path)
    del about[lacking]
    files.write_tensors(path, tensors, about)
    places = shards.find(names(1, 2))
    assert not places.there.any() or shards.read(places) is None
    assert not shards.find(names(1, 2)).there.any()
