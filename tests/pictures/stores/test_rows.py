"""Parquet files at an address: labels first, then the groups of rows whose pictures are used."""

import io
import struct
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from srcsel.base.errors import Cancelled, DownloadError, InputError
from srcsel.base.watch import Watch
from srcsel.pictures import stores
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.listing import list_pictures
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores import arriving, far, limits, rows, shards
from tests.pictures.stores.test_mirror import REF, copied, few, mute, store  # noqa: F401
from tests.pictures.stores.test_shards import NAMES, samples, table, webdataset
from tests.recorder import Recorder


def parquet(whole, **options):
    file = io.BytesIO()
    pq.write_table(whole, file, compression="none", **options)
    return file.getvalue()


@pytest.fixture
def held(store):  # noqa: F811
    """Twelve pictures in two files, in groups of two rows; noise, so that each has its bytes."""
    store.clear()
    whole = table()
    for at in range(2):
        store[f"data/train-{at}.parquet"] = parquet(whole[6 * at : 6 * at + 6], row_group_size=2)
    store["README.md"] = b"#"
    return store


def groups_of(data):
    """From where to where the pictures of each group of rows lie."""
    about = pq.ParquetFile(io.BytesIO(data)).metadata
    chunks = [about.row_group(at).column(0) for at in range(about.num_row_groups)]
    starts = [chunk.dictionary_page_offset or chunk.data_page_offset for chunk in chunks]
    return [(s, s + c.total_compressed_size) for s, c in zip(starts, chunks, strict=True)]


def read(held, name):
    """Numbers of the groups of rows of which pictures were asked for: the end, which says where
    they lie, is asked for in one piece that is longer than such a small file.
    """
    whole = len(held[name])
    parts = [(start, end) for one, start, end in held.parts if one == name and end < whole]
    return [
        at
        for at, (first, last) in enumerate(groups_of(held[name]))
        if any(start < last and end > first for start, end in parts)
    ]


def shard_and_row(path):
    folder, _, name = path.partition("/")
    return int(folder[:5]), int(name[:-4]) - 1


@pytest.mark.parametrize("label", [[i % 2 for i in range(12)], [NAMES[i % 2] for i in range(12)]])
def test_labels_are_read_without_pictures(label, store):  # noqa: F811
    images = [data * 40 for data, _ in samples()]
    store.clear()
    store["x.parquet"] = parquet(pa.table({"image": images, "label": label}), use_dictionary=False)
    listing = stores.ask(REF, Watch())
    assert len(listing.paths) == 12
    assert sorted(listing.classes) == sorted({str(one) for one in label})
    assert listing.label_source == "the shards"
    assert store.got == []


def test_of_very_many_rows_the_sample_of_a_local_copy_is_kept_and_its_groups_are_read(
    held,
    few,  # noqa: F811
    tmp_path,
):
    near = load_dataset(str(copied(held, tmp_path / "pictures")))
    watch = Recorder()
    found = load_dataset(REF, watch=watch)
    assert (found.paths, found.digest, found.sampled_from) == (near.paths, near.digest, 12)
    assert found.labels.tolist() == near.labels.tolist()
    assert found.classes == near.classes
    assert (found.listed, found.fetched) == (12, 6)
    assert found.notes[1].startswith(f"12 pictures are listed at {REF}, and 6 were fetched")
    kept = [path for path in found.folder.rglob("*") if path.is_file()]
    assert len(kept) == 6
    here = stores.rows_here(list_pictures(REF))
    assert [list_pictures(REF).paths[row] for row in here] == list(found.paths)
    assert str(stores.folder_of(found)) == REF
    for at in range(2):
        drawn = {row // 2 for shard, row in map(shard_and_row, found.paths) if shard == at}
        assert read(held, f"data/train-{at}.parquet") == sorted(drawn)
        assert len(drawn) < 3 or at
    assert held.got == []

    held.parts.clear()
    assert load_dataset(REF).digest == found.digest
    assert held.parts == []
    out = found.paths[:1]
    assert load_dataset(REF, left_out=out).paths == load_dataset(near.ref, left_out=out).paths
    every = load_dataset(REF, all_pictures=True)
    assert every.digest == load_dataset(near.ref, all_pictures=True).digest
    assert (len(every.paths), every.listed) == (12, 0)


def test_a_shard_that_changed_is_read_anew_and_the_others_stay(held):
    first = load_dataset(REF)
    whole = table()
    held["data/train-1.parquet"] = parquet(whole[6:10], row_group_size=2)
    held.parts.clear()
    after = load_dataset(REF)
    assert len(after.paths) == 10
    assert read(held, "data/train-0.parquet") == []  # its labels alone
    assert read(held, "data/train-1.parquet") == [0, 1]
    assert {path.name for path in first.folder.iterdir()} == {
        "00000-data-train-0",
        "00001-data-train-1",
    }
    assert len(list(first.folder.glob("00001-*/*"))) == 4


def test_a_shard_that_changes_while_it_is_read_gives_no_picture_and_comes_the_next_time(
    held, monkeypatch
):
    holds = far.Store.holds
    with monkeypatch.context() as patch:
        patch.setattr(far.Store, "holds", lambda self, one: "train-0" in one.name)
        found = load_dataset(REF)
    assert len(found.paths) == 6
    assert {one.reason for one in found.unreadable} == {rows.CHANGED}
    assert far.Store.holds is holds
    assert len(load_dataset(REF).paths) == 12


def test_cells_that_are_empty_or_say_no_class_are_said_as_of_a_local_copy(store, tmp_path):  # noqa: F811
    images = [data for data, _ in samples()]
    images[3], images[4] = None, b""
    labels = ["a", "b"] * 6
    labels[5], labels[6] = None, "  "
    store.clear()
    store["x.parquet"] = parquet(pa.table({"image": images, "label": labels}), row_group_size=3)
    near = load_dataset(str(copied(store, tmp_path / "pictures")))
    found = load_dataset(REF)
    assert (found.paths, found.digest) == (near.paths, near.digest)
    assert len(found.paths) == 8
    told = [(one.path, one.reason) for one in found.unreadable]
    assert told == [(one.path, one.reason) for one in near.unreadable]
    assert [path for path, _ in told] == [
        *("00000-x/00000004.jpg", "00000-x/00000005.jpg"),
        *("x/00000006.jpg", "x/00000007.jpg"),
    ]


def test_a_picture_too_large_is_left_aside_and_said(held, monkeypatch):
    assert FILE_LIMIT > 100
    for module in (rows, shards):
        monkeypatch.setattr(module, "FILE_LIMIT", 100)
    with pytest.raises(InputError, match="very large"):
        load_dataset(REF)
    assert not list(stores.ask(REF, Watch()).folder.rglob("*.jpg"))


def test_files_that_are_damaged_or_hold_no_pictures_are_named(held):
    name = "data/train-1.parquet"
    sound = held[name]
    held[name] = sound[:-9] + struct.pack("<i", 2**30) + b"PAR1"
    with pytest.raises(InputError, match=r"train-1\.parquet cannot be read as a shard"):
        load_dataset(REF)
    held[name] = parquet(pa.table({"x": [1.0], "label": [1]}))
    with pytest.raises(
        InputError, match=r"train-1\.parquet has no column of pictures.*x and label"
    ):
        load_dataset(REF)
    held[name] = sound
    assert len(load_dataset(REF).paths) == 12
    with pytest.raises(InputError, match=r"say the class of each picture.*without /\*"):
        load_dataset(f"{REF}/*")


def test_what_came_before_the_stop_button_is_kept(held):
    class Stopping(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            if state == "downloading" and done:
                raise Cancelled

    with pytest.raises(Cancelled):
        load_dataset(REF, watch=Stopping())
    listing = list_pictures(REF)
    here = stores.rows_here(listing)
    assert here is not None
    kept = [path for path in listing.folder.rglob("*") if path.is_file()]
    assert len(here) == len(kept) < 12
    assert len(load_dataset(REF).paths) == 12


def test_where_the_store_falls_silent_that_is_said_and_what_is_here_is_enough(held, few, mute):  # noqa: F811
    before = load_dataset(REF)
    mute()
    after = load_dataset(REF)
    assert after.digest == before.digest
    assert any(note.startswith(f"The store of {REF} did not answer") for note in after.notes)
    with pytest.raises(DownloadError):
        load_dataset(REF, all_pictures=True)


def test_files_rows_and_tars_take_turns_at_one_address(held, tmp_path):
    by_rows = dict(held)
    load_dataset(REF)
    held.clear()
    webdataset(tmp_path)
    held.update({path.name: path.read_bytes() for path in tmp_path.glob("*.tar")})
    by_tars = dict(held)
    folder = load_dataset(REF).folder
    assert {path.name for path in folder.iterdir()} == {"00000-train-0", "00001-train-1"}
    held.clear()
    held.update({f"{'ab'[k]}/{i}.png": data for i, (data, k) in enumerate(samples())})
    assert len(load_dataset(REF).paths) == 12
    assert {path.name for path in folder.iterdir()} == {"a", "b"}
    for files, first in ((by_rows, "00000-data-train-0"), (by_tars, "00000-train-0")):
        held.clear()
        held.update(files)
        assert load_dataset(REF).paths[0].startswith(first)
        assert sorted(path.name for path in folder.iterdir())[0] == first


LARGE = 1 << 20


@pytest.mark.parametrize("dictionary", [True, False])
def test_rows_that_unpack_to_more_than_pictures_would_are_refused(dictionary, store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(limits, "RATIO_FREE", 5 * LARGE // 2)
    monkeypatch.setattr(limits, "RATIO_LIMIT", 2)
    file = io.BytesIO()
    whole = pa.table({"image": [bytes(LARGE)] * 3, "label": ["a", "a", "b"]})
    pq.write_table(whole, file, compression="zstd", use_dictionary=dictionary)
    store.clear()
    store["x.parquet"] = file.getvalue()
    with pytest.raises(InputError, match=r"unpack to more than 3 MB, far more than"):
        load_dataset(REF)
    assert not list(stores.ask(REF, Watch()).folder.rglob("*.jpg"))


def test_labels_that_are_more_than_all_pictures_would_be_are_refused(store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(limits, "RATIO_FREE", 5 * LARGE // 2)
    monkeypatch.setattr(limits, "RATIO_LIMIT", 2)
    store.clear()
    for label in ("a" * LARGE, 1):
        count = 3 if isinstance(label, str) else 700
        file = io.BytesIO()
        whole = pa.table({"image": [b"x"] * count, "label": [label] * count})
        pq.write_table(whole, file, compression="zstd")
        store["x.parquet"] = file.getvalue()
        with pytest.raises(InputError, match=r"unpack to more than 3 MB, far more than"):
            load_dataset(REF)


def test_a_disk_without_room_ends_it_before_it_is_full(held, monkeypatch):
    usage = SimpleNamespace(free=10**4)
    monkeypatch.setattr(arriving.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Exception, match=r"free space, and .* has 0\.0 GB"):
        load_dataset(REF)


def test_how_much_is_read_is_said_where_it_is_much(held, few, monkeypatch):  # noqa: F811
    monkeypatch.setattr(rows, "WORTH_A_WORD", 1)
    watch = Recorder()
    load_dataset(REF, watch=watch)
    assert any("groups of rows, which are read whole, 0.0 GB" in note for note in watch.notes)
