"""Zips as people make them unpack as written; zips as attackers make them leave nothing behind."""

import errno
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import time
import zipfile

import pytest
from filelock import FileLock

from srcsel.base.errors import InputError, StoreError
from srcsel.pictures import archive, entries, zips
from srcsel.pictures.archive import unpack
from srcsel.pictures.listing import list_pictures


def zipped(entries, **options):
    """A zip of {name or ZipInfo: bytes}; a list of pairs may repeat names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as packed:
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            packed.writestr(name, content)
    return out.getvalue()


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def refusal(data, tmp_path, **limits):
    """The reason, after making sure that nothing was left behind anywhere."""
    target = tmp_path / "up" / "target"
    with pytest.raises(InputError) as caught:
        unpack(data, target, **limits)
    assert list((tmp_path / "up").iterdir()) == []
    assert [p.name for p in tmp_path.iterdir()] == ["up"]
    return str(caught.value)


def test_an_ordinary_zip(tmp_path):
    data = zipped(
        {"set/": b"", "set/rust/1.jpg": b"one", "set/mildew/2.png": b"two", "set/labels.csv": b"x"}
    )
    target = unpack(data, tmp_path / "uploads" / "ab12")
    assert target == tmp_path / "uploads" / "ab12"
    assert tree(target) == {
        "set/rust/1.jpg": b"one",
        "set/mildew/2.png": b"two",
        "set/labels.csv": b"x",
    }
    assert [p.name for p in (tmp_path / "uploads").iterdir()] == ["ab12"]


def test_from_a_file_and_compressed(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a/1.jpg": b"x" * 5000}, compression=zipfile.ZIP_DEFLATED))
    assert tree(unpack(path, tmp_path / "out")) == {"a/1.jpg": b"x" * 5000}


def test_the_same_zip_again_costs_nothing(tmp_path, monkeypatch):
    target = unpack(zipped({"a/1.jpg": b"x"}), tmp_path / "out")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert unpack(b"whatever", target) == target


def test_a_wrapper_folder_is_looked_through_by_the_listing(tmp_path):
    target = unpack(
        zipped({"My Flowers/rose/1.jpg": b"x", "My Flowers/tulip/2.jpg": b"y"}), tmp_path / "out"
    )
    assert list_pictures(str(target)).classes == ("rose", "tulip")


def test_litter_is_not_unpacked(tmp_path):
    names = (
        "a/1.jpg",
        "__MACOSX/a/._1.jpg",
        "a/.DS_Store",
        "a/Thumbs.db",
        ".git/config",
        "a/photo.heic",
    )
    assert set(tree(unpack(zipped(dict.fromkeys(names, b"x")), tmp_path / "out"))) == {
        "a/1.jpg",
        "a/photo.heic",
    }


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "a/../../evil.jpg",
        "/etc/evil.jpg",
        "C:/evil.jpg",
        "C:\\evil.jpg",
        "..\\evil.jpg",
        "\\\\host\\x.jpg",
    ],
)
def test_names_that_lead_outside(tmp_path, name):
    assert "outside its folder" in refusal(zipped({"a/1.jpg": b"x", name: b"y"}), tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices(tmp_path, kind):
    link = zipfile.ZipInfo("a/link.jpg")
    link.external_attr = (kind | 0o777) << 16
    assert "link or a device" in refusal(
        zipped([("a/1.jpg", b"x"), (link, "/etc/passwd")]), tmp_path
    )


def test_ratio_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FREE", 1 << 20)
    data = zipped({"a/1.bmp": b"\0" * (8 << 20)}, compression=zipfile.ZIP_DEFLATED)
    assert len(data) < 10_000
    assert "unpacks to more than 1 MB" in refusal(data, tmp_path)
    # Small things may shrink well.
    assert unpack(
        zipped({"a/1.bmp": b"\0" * 500_000}, compression=zipfile.ZIP_DEFLATED), tmp_path / "ok"
    ).is_dir()


def test_total_size(tmp_path):
    data = zipped({f"a/{k}.jpg": os.urandom(1000) for k in range(20)})
    assert "unpacks to more than" in refusal(data, tmp_path, total=10_000)
    assert len(tree(unpack(data, tmp_path / "ok", total=20_000))) == 20


def test_sizes_that_lie(tmp_path):
    """The directory claims 10 bytes, the content has 3 MB: real bytes count, and the checksum
    tells.
    """
    data = bytearray(zipped({"a/1.jpg": b"\0" * (3 << 20)}, compression=zipfile.ZIP_DEFLATED))
    place = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 24, 10)
    assert "damaged" in refusal(bytes(data), tmp_path)


def test_entries_that_overlap_are_counted_each(tmp_path, monkeypatch):
    """Many names for one compressed block (a "better zip bomb"): the sum is what counts."""
    monkeypatch.setattr(archive, "RATIO_FREE", 1 << 20)
    data = bytearray(zipped({"a/0.jpg": b"\0" * (1 << 19)}, compression=zipfile.ZIP_DEFLATED))
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = bytes(data[start:end])
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 50, 50, 50 * len(entry))
    assert "unpacks to more than" in refusal(
        bytes(data[:start]) + entry * 50 + bytes(tail), tmp_path, ratio=1
    )


def test_too_many_files(tmp_path):
    data = zipped({f"a/{k}.jpg": b"" for k in range(30)})
    assert "holds 30 files; 20 are the limit" in refusal(data, tmp_path, entries=20)


def test_a_password(tmp_path):
    data = bytearray(zipped({"a/1.jpg": b"x"}))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + offset] |= 1
    assert "password" in refusal(bytes(data), tmp_path)


def test_broken_zips(tmp_path):
    good = zipped({"a/1.jpg": os.urandom(5000), "b/2.jpg": os.urandom(5000)})
    middle = bytearray(good)
    middle[2000] ^= 0xFF
    for data in (b"", b"no zip at all", good[:3000], good[3000:], bytes(middle)):
        assert "damaged" in refusal(data, tmp_path)


def test_random_damage_never_raises_anything_else(tmp_path):
    import random

    entries = {"a/1.jpg": b"abc" * 999, "b/ü.png": b"x" * 99}
    good, dice = zipped(entries, compression=zipfile.ZIP_DEFLATED), random.Random(0)
    for k in range(200):
        data = bytearray(good)
        for _ in range(4):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            target = unpack(bytes(data), tmp_path / str(k))
        except InputError:
            continue
        shutil.rmtree(target)
    assert list(tmp_path.iterdir()) == []


def test_no_pictures(tmp_path):
    assert "no pictures among the 2 files" in refusal(
        zipped({"a/1.doc": b"x", "b/2.pdf": b"x"}), tmp_path
    )
    assert "no pictures" in refusal(zipped({}), tmp_path)


def test_names_in_every_script_stay_as_written(tmp_path):
    names = [
        "Blüten/Löwenzahn 1.jpg",
        "花/新.png",
        "it's a [class] (really)!/a&b #1.jpg",
        "emoji 🌻/x.gif",
    ]
    assert set(tree(unpack(zipped(dict.fromkeys(names, b"x")), tmp_path / "out"))) == set(names)


def test_utf8_names_without_the_flag(tmp_path):
    """As macOS and many scripts write them: UTF-8 bytes, but the flag says cp437."""
    data = zipped({"Bl__te/1.jpg": b"x"})
    assert set(tree(unpack(data.replace(b"Bl__te", "Blüte".encode()), tmp_path / "out"))) == {
        "Blüte/1.jpg"
    }
    old = data.replace(b"Bl__te/", b"Bl\x81te1/")  # cp437, as old Windows programs write it
    assert set(tree(unpack(old, tmp_path / "old"))) == {"Blüte1/1.jpg"}


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gbk", ("玫瑰", "郁金香")),
        ("gbk", ("正常", "异常")),
        ("cp932", ("ネコ", "フクロウ")),
        ("cp1251", ("кошка", "собака")),
        ("cp866", ("кошка", "собака")),
    ],
)
def test_names_in_a_country_s_encoding_without_the_flag(tmp_path, encoding, names):
    """As Windows packs them there: Python reads such names as cp437."""
    raw = [name.encode(encoding) for name in names]
    stand_ins = [str(k) * len(name) for k, name in enumerate(raw)]
    data = zipped({f"set/{stand_in}/1.jpg": b"x" for stand_in in stand_ins})
    for stand_in, name in zip(stand_ins, raw, strict=True):
        data = data.replace(f"/{stand_in}/".encode(), b"/" + name + b"/")
    found = tree(unpack(data, tmp_path / "out"))
    assert set(found) == {f"set/{name}/1.jpg" for name in names}


def test_empty_class_folders_are_kept_and_named(tmp_path):
    entries = [("set/cat/1.jpg", b"x"), ("set/dog/1.jpg", b"y"), ("set/owl/", b"")]
    found = list_pictures(str(unpack(zipped(entries), tmp_path / "out")))
    assert found.classes == ("cat", "dog")
    assert "'owl' (empty) holds no picture" in found.notes[0]


def test_backslashes_are_folders(tmp_path):
    assert set(tree(unpack(zipped({"set\\rust\\1.jpg": b"x"}), tmp_path / "out"))) == {
        "set/rust/1.jpg"
    }


def test_names_that_collide(tmp_path, monkeypatch):
    twice = [
        ("a/1.jpg", b"x"),
        ("a/1.jpg", b"y"),
        ("a/1 (2).jpg", b"z"),
        ("b", b"file"),
        ("b/2.jpg", b"w"),
    ]
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(twice)
    assert tree(unpack(data, tmp_path / "one")) == {
        **{"a/1.jpg": b"x", "a/1 (2).jpg": b"y", "a/1 (2) (2).jpg": b"z"},
        **{"b": b"file", "b (2)/2.jpg": b"w"},
    }
    cased = zipped({"Rose/1.jpg": b"x", "rose/1.jpg": b"y", "Rose/1.JPG": b"z"})
    monkeypatch.setattr(archive, "ignores_case", lambda _: False)
    assert set(tree(unpack(cased, tmp_path / "linux"))) == {
        "Rose/1.jpg",
        "rose/1.jpg",
        "Rose/1.JPG",
    }
    monkeypatch.setattr(archive, "ignores_case", lambda _: True)
    assert tree(unpack(cased, tmp_path / "mac")) == {
        "Rose/1.jpg": b"x",
        "rose (2)/1.jpg": b"y",
        "Rose/1 (2).JPG": b"z",
    }


def test_many_equal_names_take_no_time(tmp_path):
    names = entries.Names(folded=False)
    start = time.monotonic()
    assert len({names.place(["a", "1.jpg"]) for _ in range(20_000)}) == 20_000
    assert time.monotonic() - start < 5


def test_the_file_system_is_asked_about_case(tmp_path):
    (tmp_path / "probe").touch()
    assert entries.ignores_case(tmp_path) == (tmp_path / "PROBE").exists()


def test_names_no_file_system_holds(tmp_path, monkeypatch):
    long = "class " + "ü" * 200
    got = set(
        tree(
            unpack(
                zipped({f"{long}/{'x' * 240}.jpg": b"x", "a\tb/1\n.jpg": b"y"}), tmp_path / "out"
            )
        )
    )
    (shortened,) = (name for name in got if name.startswith("class"))
    folder, file = shortened.split("/")
    assert len(folder.encode()) <= entries.LONGEST_NAME
    assert len(file) <= entries.LONGEST_NAME
    assert file.endswith(".jpg")
    assert "a_b/1_.jpg" in got
    assert "nested too deep" in refusal(zipped({"a/" * 40 + "1.jpg": b"x"}), tmp_path / "deep")
    assert "nested too deep" in refusal(
        zipped({"/".join(["x" * 120] * 10) + "/1.jpg": b"x"}), tmp_path / "long"
    )


def test_names_windows_cannot_hold(monkeypatch):
    monkeypatch.setattr(entries.os, "name", "nt")
    assert [entries.safe(p) for p in ("what?", "a:b", "con", "aux.jpg", "dots...", "fine é")] == [
        *("what_", "a_b", "_con", "_aux.jpg", "dots", "fine é")
    ]


def test_shortened_names_stay_different():
    assert entries.safe("x" * 300 + "1.jpg") != entries.safe("x" * 300 + "2.jpg")


def test_a_full_disk(tmp_path, monkeypatch):
    data = zipped({"a/1.jpg": b"x" * 2_000_000})
    with monkeypatch.context() as patch:
        patch.setattr(archive.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
        with pytest.raises(StoreError, match=r"disk is full.*2 MB"):
            unpack(data, tmp_path / "up" / "out")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_write", full)
    with pytest.raises(StoreError, match="disk is full"):
        unpack(data, tmp_path / "up" / "out")
    assert list((tmp_path / "up").iterdir()) == []


def test_two_uploads_of_the_same_zip_at_once(tmp_path, monkeypatch):
    """The other one finishes first: its folder stays, ours goes."""
    real = archive._write

    def slow(packed, plan, half, budget):
        real(packed, plan, half, budget)
        monkeypatch.setattr(archive, "_write", real)
        unpack(zipped({"a/1.jpg": b"first"}), tmp_path / "out")

    monkeypatch.setattr(archive, "_write", slow)
    assert tree(unpack(zipped({"a/1.jpg": b"second"}), tmp_path / "out")) == {"a/1.jpg": b"first"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_leftovers_of_killed_processes_are_swept_and_others_are_not(tmp_path):
    left, at_work = tmp_path / ".unpacking-left", tmp_path / ".unpacking-at-work"
    for folder in (left, at_work):
        (folder / "a").mkdir(parents=True)
    with FileLock(tmp_path / ".unpacking-at-work.lock"):  # as another process holds it
        archive.sweep(tmp_path)
        assert sorted(p.name for p in tmp_path.iterdir()) == [at_work.name, f"{at_work.name}.lock"]
    unpack(zipped({"a/1.jpg": b"x"}), tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_killed_unpacking_leaves_nothing_that_stays(tmp_path):
    code = """
import os, sys, zipfile
from pathlib import Path
from srcsel.pictures import archive, entries
archive._write = lambda *_: os.kill(os.getpid(), 9)
archive.unpack(Path(sys.argv[1]), Path(sys.argv[2]) / "out")
"""
    (tmp_path / "x.zip").write_bytes(zipped({"a/1.jpg": b"x"}))
    place = tmp_path / "up"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "x.zip"), str(place)], check=False)
    assert len(list(place.iterdir())) == 2  # the half and its lock
    archive.sweep(place)
    assert list(place.iterdir()) == []


def test_a_zip_of_folders_is_refused(tmp_path):
    empty = zipped({f"{k}/": b"" for k in range(300)} | {"a/1.jpg": b"x"})
    assert "more than 200 folders" in refusal(empty, tmp_path, folders=200)
    implied = zipped({f"{k}/{k}.jpg": b"x" for k in range(300)})
    assert "more than 200 folders" in refusal(implied, tmp_path, folders=200)
    assert "12 files and folders; 11 are" in refusal(
        zipped({f"{k}.jpg": b"x" for k in range(12)}), tmp_path, entries=8, folders=3
    )
    assert archive.FOLDER_LIMIT < 93_000


def test_the_list_of_a_zip_is_counted_before_it_is_read(tmp_path, monkeypatch):
    data = zipped({f"{k}.jpg": b"x" for k in range(70_000)})  # more than 65,535: a ZIP64
    assert zips._listed(io.BytesIO(data)) == 70_000
    assert zips._listed(io.BytesIO(data[:-8])) == 0
    few = zipped({f"{k}.jpg": b"x" for k in range(7)})
    assert zips._listed(io.BytesIO(b"before" + few)) == 7
    commented = few[:-2] + (5).to_bytes(2, "little") + b"hello"
    assert zips._listed(io.BytesIO(commented)) == 7
    monkeypatch.setattr(zips.zipfile, "ZipFile", None)  # is not asked
    assert "70,000 files" in refusal(data, tmp_path, entries=40_000)


def test_who_admits_a_zip_is_asked_with_what_it_takes(tmp_path):
    data, asked = zipped({"a/1.jpg": b"x" * 5000, "a/2.jpg": b"x"}), []
    unpack(data, tmp_path / "out", admit=asked.append)
    assert asked == [5001 + 3 * archive.BLOCK]  # two files in a folder


def test_a_long_name_stays_so_that_a_table_beside_it_fits(tmp_path):
    """As a camera's app in Chinese writes it: 70 letters, 210 bytes."""
    name = "水稻" * 35 + "{}.jpg"
    rows = "".join(f"{name.format(i)},{'ab'[i % 2]}\n" for i in range(4))
    files = {name.format(i): b"x" for i in range(4)} | {
        "labels.csv": f"file,label\n{rows}".encode()
    }
    found = list_pictures(str(unpack(zipped(files), tmp_path / "out")))
    assert (found.classes, len(found.paths)) == (("a", "b"), 4)
