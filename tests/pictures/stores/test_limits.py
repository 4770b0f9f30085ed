"""Shards that unpack to more than pictures would: nothing is kept, and it is said."""

import shutil
import struct
import tarfile
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from srcsel.base.errors import InputError, StoreError
from srcsel.pictures.archive import BLOCK, RATIO_FREE, RATIO_LIMIT, TOTAL_LIMIT
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.stores import limits, shards, unpacked
from srcsel.pictures.stores.limits import Allowance
from tests.pictures.stores.test_shards import datasets_folder, parquet, samples, tar_of, webdataset

LARGE = 1 << 20  # bytes of a picture that packs to next to nothing; FREE allows two of them
FREE = 5 * LARGE // 2


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A folder for shards, where little may be unpacked whatever its size is."""
    monkeypatch.setattr(limits, "RATIO_FREE", FREE)
    monkeypatch.setattr(limits, "RATIO_LIMIT", 2)
    folder = tmp_path / "packed"
    folder.mkdir()
    return folder


def sparse_tar(folder):
    """A file of holes: 512 bytes of header, whatever its size (GNU's old form of it)."""
    with (folder / "x.tar").open("wb") as file:
        for at in range(3):
            about = tarfile.TarInfo(f"a/{at}.png")
            head = bytearray(about.tobuf(tarfile.GNU_FORMAT))
            head[156:157] = tarfile.GNUTYPE_SPARSE
            head[386:398] = head[398:410] = b"00000000000\0"  # one piece: none of it is there
            head[483:495] = f"{LARGE:011o}\0".encode()
            head[148:156] = b" " * 8
            head[148:156] = f"{sum(head):06o}\0 ".encode()
            file.write(head)
        file.write(bytes(1024))


def table(count=3):
    return pa.table({"image": [bytes(LARGE)] * count, "label": ["a"] * count})


def zipped_parquet(folder):
    pq.write_table(table(), folder / "x.parquet", compression="zstd", use_dictionary=False)


def repeated_parquet(folder):
    """Rows that are one and the same value: it stands there once."""
    pq.write_table(table(), folder / "x.parquet", compression="zstd", use_dictionary=True)


def many_in_parquet(folder):
    """Pictures of a byte each take a block of the disk each."""
    count = FREE // BLOCK + 1
    pq.write_table(pa.table({"image": [b"x"] * count, "label": [1] * count}), folder / "x.parquet")


def long_labels(folder):
    whole = pa.table({"image": [b"x"] * 3, "label": ["a" * LARGE] * 3})
    pq.write_table(whole, folder / "x.parquet", compression="zstd")


def zipped_arrow(folder, new=pa.ipc.new_stream, how="zstd"):
    options = pa.ipc.IpcWriteOptions(compression=how)
    with new(str(folder / "x.arrow"), table().schema, options=options) as writer:
        writer.write_table(table())


def zipped_arrow_file(folder):
    zipped_arrow(folder, pa.ipc.new_file, "lz4")


def many_shards(folder):
    """Each alone would pass."""
    for at in range(3):
        pq.write_table(table(1), folder / f"{at}.parquet", compression="zstd")


BOMBS = [
    *(sparse_tar, zipped_parquet, repeated_parquet, many_in_parquet, long_labels),
    *(zipped_arrow, zipped_arrow_file, many_shards),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda f: f.__name__)
def test_a_bomb_is_refused_and_nothing_of_it_stays(bomb, packed, work_folder):
    bomb(packed)
    size = sum(path.stat().st_size for path in packed.iterdir())
    assert size < LARGE / 5
    with pytest.raises(InputError, match=r"These shards.*unpack to more than 3 MB, far more than"):
        load_dataset(str(packed))
    (place,) = work_folder.glob("public/store-*")
    assert not [path for path in place.iterdir() if path.name != "fetching.lock"]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda f: f.__name__)
def test_the_same_is_unpacked_where_it_is_allowed(bomb, packed):
    """Else something else than its size would have been refused."""
    bomb(packed)
    most = Allowance(10**9, packed, 10**10)
    every = [one for path in sorted(packed.iterdir()) for one in shards.pictures(path, most)]
    assert len(every) >= 3
    assert sum(BLOCK + len(one.data) + len(one.label) for one in every) > FREE


def test_what_an_arrow_file_says_of_its_size_is_looked_at_before_it_is_unpacked(packed):
    zipped_arrow(packed)
    before = pa.total_allocated_bytes()
    with pytest.raises(InputError):
        next(shards.pictures(packed / "x.arrow", Allowance(1, packed, 10**10)))
    assert pa.total_allocated_bytes() - before < LARGE


@pytest.mark.parametrize("pack", [webdataset, parquet, datasets_folder], ids=lambda f: f.__name__)
def test_what_pictures_take_is_counted_with_their_blocks(pack, packed):
    pack(packed)
    most = Allowance(10**6, packed, 10**9)
    files = [path for path in packed.rglob("*") if path.suffix in shards.ENDINGS]
    taken = [one for path in files for one in shards.pictures(path, most)]
    assert len(taken) == 12
    exactly = sum(BLOCK + len(one.data) + len(one.label) for one in taken)
    rest = most.most - exactly
    most.require(rest)
    with pytest.raises(InputError):
        most.require(rest + 1)


def test_limits_are_those_of_a_zip_and_large_sets_may_be_as_large_as_they_are(tmp_path):
    def most(packed):
        return Allowance(packed, tmp_path, 0).most

    assert most(1) == RATIO_FREE
    assert most(10**7) == RATIO_LIMIT * 10**7
    assert most(10**9) == TOTAL_LIMIT
    assert most(150 * 10**9) == 600 * 10**9  # ImageNet


def test_a_disk_without_room_ends_it_before_it_is_full(packed, monkeypatch):
    parquet(packed)
    usage = SimpleNamespace(free=10**4)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match=r"free space, and .* has 0\.0 GB"):
        load_dataset(str(packed))


def test_a_picture_too_large_is_left_aside_and_said(packed, monkeypatch):
    made = [data for data, _ in samples(4)]
    tar_of(packed / "x.tar", [(f"a/{i}.png", data) for i, data in enumerate(made)])
    whole = pa.table({"image": [*made[:2], bytes(3000)], "label": ["b"] * 3})
    pq.write_table(whole, packed / "y.parquet")
    tar_of(packed / "z.tar", [("a/large.png", bytes(3000)), ("a/large.cls", b"a")])
    for module in (unpacked, shards):
        monkeypatch.setattr(module, "FILE_LIMIT", 2000)
    dataset = load_dataset(str(packed))
    assert len(dataset.paths) == 6
    assert [one.path for one in dataset.unreadable] == ["y/00000003.jpg", "z/a-large.png"]
    assert all("very large" in one.reason for one in dataset.unreadable)


def test_a_header_that_says_how_much_memory_it_needs_is_not_believed(packed, monkeypatch):
    """The name of a file may be as long as its tar says."""
    about = tarfile.TarInfo("x")
    about.type, about.size = tarfile.GNUTYPE_LONGNAME, 10**9
    (packed / "x.tar").write_bytes(about.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    with pytest.raises(InputError, match=r"x\.tar cannot be read as a shard"):
        list(shards.pictures(packed / "x.tar", Allowance(10**6, packed, 10**9)))


def test_headers_that_never_come_to_a_file_are_damage(packed):
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.GNUTYPE_LONGNAME, 1
    one = head.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")
    (packed / "x.tar").write_bytes(one * 5000)
    with pytest.raises(InputError, match=r"x\.tar cannot be read as a shard"):
        list(shards.pictures(packed / "x.tar", Allowance(10**7, packed, 10**9)))


def test_an_arrow_file_that_points_outside_itself_is_damage(packed):
    """Reading there would end the process."""
    whole = pa.table({"image": [bytes(5000), bytes(7345)], "label": ["a", "b"]})
    path = packed / "x.arrow"
    with pa.ipc.new_stream(str(path), whole.schema) as writer:
        writer.write_table(whole)
    end = struct.pack("<ii", 5000, 12345)
    assert path.read_bytes().count(end) == 1
    path.write_bytes(path.read_bytes().replace(end, struct.pack("<ii", 5000, 2**31 - 1)))
    with pytest.raises(InputError, match=r"x\.arrow cannot be read as a shard"):
        list(shards.pictures(path, Allowance(10**7, packed, 10**9)))
