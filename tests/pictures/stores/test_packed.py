"""A packed folder (a tar, a zip) is read as the folder itself, here and at an address."""

import gzip
import io
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from srcsel.base.errors import InputError
from srcsel.base.watch import Watch
from srcsel.pictures import checks, layouts, stores
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.listing import list_pictures
from srcsel.pictures.stores import contents
from tests.pictures.stores.test_mirror import REF, store  # noqa: F401 - a fixture
from tests.pictures.stores.test_shards import samples, tar_of

PICTURES = [data for data, _ in samples(16)]


def of(*places):
    """Files, name -> bytes: of the pictures each in the next of the folders."""
    return {f"{places[i % len(places)]}/{i:02d}.png": data for i, data in enumerate(PICTURES)}


def in_classes():
    return of("cat", "dog") | {"notes.pdf": b"x", "dog/film.mp4": b"x", "cat/.hidden.png": b"x"}


def in_parts():
    return of("train/cat", "train/dog", "test/cat", "test/dog")


def in_folders_of_folders():
    return of("animal/cat", "plant/rose")


def with_a_table():
    rows = "".join(f"images/{i:02d}.png,{'ab'[i % 2]}\n" for i in range(16))
    return of("images") | {"labels.csv": f"file,label\n{rows}".encode()}


def with_masks():
    files = of("cat", "dog")
    return files | {name.replace(".png", "_mask.png"): data for name, data in files.items()}


def with_boxes_and_nothing_in_a_file():
    boxes = {f"labels/{i:02d}.json": b'{"shapes": [{"label": "x"}]}' for i in range(16)}
    beside = {f"cat/{i:02d}.json": b'{"shapes": []}' for i in range(0, 16, 2)}
    return of("cat", "dog") | boxes | beside | {"cat/empty.png": b""}


def without_classes():
    return of("images") | {"list.pdf": b"x", "more.csv": b"only one column\n"}


SHAPES = [
    *(in_classes, in_parts, in_folders_of_folders, with_a_table, with_masks),
    *(with_boxes_and_nothing_in_a_file, without_classes),
]


def written(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def told(ref, around):
    """All that is known of a reference, with `around` for where it lies; or why it is refused."""
    try:
        found = load_dataset(ref)
    except InputError as error:
        return str(error).replace(around, "HERE")
    listed = list_pictures(ref)
    aside = [(one.path, one.reason, one.kind) for one in found.unreadable]
    notes = [note.replace(around, "HERE") for note in checks.notes_of(listed)]
    ways = [(way.label, way.ref.replace(around, "HERE")) for way in layouts.remedies(listed)]
    return found.paths, found.labels.tolist(), found.classes, found.digest, aside, notes, ways


def zip_of(path, files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)


made = {"x.tar": lambda path, files: tar_of(path, list(files.items())), "x.zip": zip_of}
packs = pytest.mark.parametrize("pack", list(made))


@pytest.mark.parametrize("wrapper", ["", "set/"])
@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".zip"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda f: f.__name__)
def test_a_packed_folder_is_read_as_the_folder_is(shape, ending, wrapper, tmp_path):
    files = {f"{wrapper}{name}": data for name, data in shape().items()}
    folder, tar = written(tmp_path / "folder", files), tmp_path / f"packed{ending}"
    kinds = {".tar": "tar", ".zip": "zip"}
    made = shutil.make_archive(str(tmp_path / "made"), kinds.get(ending, "gztar"), folder)
    Path(made).rename(tar)
    expected = told(str(folder), str(folder))
    assert told(str(tar), str(tar)) == expected
    (tmp_path / "alone").mkdir()
    tar.rename(tmp_path / "alone" / tar.name)
    assert told(str(tmp_path / "alone"), str(tmp_path / "alone")) == expected


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("whole", [True, False])
def test_at_an_address_too(shape, whole, kind, store, tmp_path):  # noqa: F811
    store.clear()
    folder = written(tmp_path / "folder", shape())
    store[f"x.{kind}"] = Path(shutil.make_archive(str(tmp_path / "x"), kind, folder)).read_bytes()
    if not whole:
        store["other.pdf"] = b"x"
    ref = REF if whole else f"{REF}/x.{kind}"
    assert told(ref, ref) == told(str(folder), str(folder))


def remedies(ref, watch=None):
    listed = stores.ask(ref, watch or Watch()) if stores.is_apart(ref) else list_pictures(ref)
    return layouts.remedies(listed)


@packs
def test_its_parts_can_be_asked_for_as_those_of_the_folder(pack, tmp_path):
    folder = written(tmp_path / "folder", in_parts())
    made[pack](tmp_path / pack, {f"set/{name}": data for name, data in in_parts().items()})
    below, only = remedies(str(tmp_path / pack))
    assert (below.ref, only.ref) == (
        str(tmp_path / pack / "set" / "*"),
        str(tmp_path / pack / "set" / "train"),
    )
    for way, other in zip((below, only), remedies(str(folder)), strict=True):
        assert load_dataset(way.ref).digest == load_dataset(other.ref).digest
    assert load_dataset(below.ref).classes == ("cat", "dog")


def test_its_parts_at_an_address_can_be_asked_for(store, tmp_path):  # noqa: F811
    store.clear()
    tar_of(tmp_path / "x.tar", list(in_parts().items()))
    store["x.tar"] = (tmp_path / "x.tar").read_bytes()
    below, only = remedies(f"{REF}/x.tar")
    assert (below.ref, only.ref) == (f"{REF}/x.tar/*", f"{REF}/x.tar/train")
    assert len(load_dataset(only.ref).paths) == 8
    assert load_dataset(below.ref).classes == ("cat", "dog")
    with pytest.raises(InputError, match=r"cannot open s3://bucket/pictures/x.tar/valid"):
        load_dataset(f"{REF}/x.tar/valid")


def test_a_table_beside_a_tar_says_the_classes(store, tmp_path):  # noqa: F811
    """As a set is handed out: images.tar.gz and labels.csv."""
    files = with_a_table()
    table = files.pop("labels.csv")
    folder = written(tmp_path / "folder", {"images.tar": b"", "labels.csv": table})
    tar_of(folder / "images.tar", list(files.items()))
    dataset = load_dataset(str(folder))
    assert (dataset.classes, dataset.label_source) == (("a", "b"), "labels.csv")
    store.clear()
    store.update({path.name: path.read_bytes() for path in folder.iterdir()})
    assert load_dataset(REF).digest == dataset.digest


def test_several_packed_folders_are_one_and_parts_stay_parts(tmp_path):
    halves = written(tmp_path / "halves", {})
    halves.mkdir()
    files = list(in_classes().items())
    tar_of(halves / "data-0.tar", files[:8])
    tar_of(halves / "data-1.tar", [*files[8:], (files[0][0], PICTURES[9])])
    dataset = load_dataset(str(halves))
    assert dataset.classes == ("cat", "dog")
    assert len(dataset.paths) == 17  # of one name in two tars neither is lost
    parts = tmp_path / "parts"
    parts.mkdir()
    tar_of(parts / "train.tar", files[:8])
    tar_of(parts / "test.tar", [(f"{i}.png", data) for i, data in enumerate(PICTURES[8:])])
    said = "\n".join(checks.notes_of(_listed(str(parts))))
    assert "'test' and 'train': these look like parts of a data set" in said


def _listed(ref):
    load_dataset(ref)
    return list_pictures(ref)


@packs
@pytest.mark.parametrize("name", ["../../cat/0.png", "/etc/cat/0.png", "cat/../../0.png"])
def test_names_that_lead_outside_are_refused(name, pack, tmp_path, work_folder):
    made[pack](tmp_path / pack, of("cat", "dog") | {name: PICTURES[0]})
    with pytest.raises(InputError, match=r"This (tar|zip) wants to write outside its folder"):
        load_dataset(str(tmp_path / pack))
    assert not list(work_folder.glob("public/store-*/pictures"))


def test_links_and_devices_are_left_aside_and_said(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for kind, name in (
            (tarfile.SYMTYPE, "cat/link.png"),
            (tarfile.SYMTYPE, "dog"),
            (tarfile.LNKTYPE, "cat/hard.png"),
            (tarfile.CHRTYPE, "cat/null.png"),
        ):
            about = tarfile.TarInfo(name)
            about.type, about.linkname = kind, "/etc/passwd"
            archive.addfile(about)
        for name, data in of("cat", "dog").items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    dataset = load_dataset(str(tmp_path / "x.tar"))
    assert len(dataset.paths) == 16
    aside = {one.path for one in dataset.unreadable if "link or device" in one.reason}
    assert aside == {"cat/link.png", "dog", "cat/hard.png", "cat/null.png"}
    assert not [path for path in dataset.folder.rglob("*") if path.is_symlink()]


def test_of_two_files_of_one_name_in_a_tar_the_later_counts(tmp_path):
    files = [*of("cat", "dog").items(), ("cat/00.png", PICTURES[1])]
    tar_of(tmp_path / "x.tar", files)
    dataset = load_dataset(str(tmp_path / "x.tar"))
    assert len(dataset.paths) == 16
    assert (dataset.folder / "cat/00.png").read_bytes() == PICTURES[1]


def test_two_of_one_name_in_a_zip_both_stay_as_of_an_upload(tmp_path):
    files = {
        "caf\u00e9/0.png": PICTURES[0],
        "cafe\u0301/0.png": PICTURES[1],
        "dog/0.png": PICTURES[2],
    }
    zip_of(tmp_path / "x.zip", files)
    dataset = load_dataset(str(tmp_path / "x.zip"))
    assert dataset.paths == ("caf\u00e9/0 (2).png", "caf\u00e9/0.png", "dog/0.png")


def test_one_that_is_no_tar_or_grows_without_end_is_refused(tmp_path):
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(b"no tar at all" * 100))
    with pytest.raises(InputError, match="cannot be read as a shard"):
        load_dataset(str(tmp_path / "x.tar.gz"))
    (tmp_path / "torn.tgz").write_bytes(gzip.compress(bytes(10**6))[:-100])
    with pytest.raises(InputError, match=r"torn\.tgz cannot be read as a shard"):
        load_dataset(str(tmp_path / "torn.tgz"))
    (tmp_path / "bomb.tgz").write_bytes(gzip.compress(bytes(70 * 2**20)))
    with pytest.raises(InputError, match="unpack to more than"):
        load_dataset(str(tmp_path / "bomb.tgz"))


def test_shards_that_say_their_classes_stay_what_they_are(tmp_path):
    """Also where a folder that was packed lies beside them, in either order."""
    said = [(f"{i}.{kind}", d) for i, p in enumerate(PICTURES[:4]) for kind, d in _said(p, i)]
    bare = [(f"x{i}.png", data) for i, data in enumerate(PICTURES[4:8])]
    for order in (("a", "b"), ("b", "a")):
        folder = tmp_path / "".join(order)
        folder.mkdir()
        tar_of(folder / f"{order[0]}.tar", said)
        tar_of(folder / f"{order[1]}.tar", bare)
        dataset = load_dataset(str(folder))
        assert (dataset.classes, len(dataset.paths)) == (("0", "1"), 4)
        assert len(dataset.unreadable) == 4
    tar_of(tmp_path / "aa.tar", list(of("cat", "dog").items()))
    (tmp_path / "aa.tar").rename(tmp_path / "ab" / "0.tar")
    with pytest.raises(InputError, match=r"say the class of each picture in a file of its own"):
        load_dataset(str(tmp_path / "ab"))


def _said(data, number):
    return ("png", data), ("cls", str(number % 2).encode())


def zipped_badly(path, kind):
    """A zip as nobody should make it."""
    files = of("cat", "dog")
    zip_of(path, files)
    data = bytearray(path.read_bytes())
    if kind == "locked":
        for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            data[data.index(mark) + offset] |= 1
    elif kind == "torn":
        data = data[:-100]
    elif kind == "damaged":
        data[data.index(PICTURES[0]) + 20] ^= 0xFF
    elif kind == "none":
        data = bytearray(b"no zip at all" * 100)
    path.write_bytes(data)
    if kind == "bomb":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("cat/0.bmp", bytes(70 * 2**20))
    elif kind == "nested":
        zip_of(path, {"cat.zip": b"x", "set/dog.zip": b"x", "set/owl.tar": b"x"})
    elif kind == "too many":
        zip_of(path, {f"cat/{i}.png": b"x" for i in range(12)})


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("locked", "protected by a password"),
        ("torn", "zip is damaged"),
        ("damaged", "zip is damaged"),
        ("none", "zip is damaged"),
        ("bomb", "unpack to more than"),
        ("nested", r"holds packed folders \(cat.zip, dog.zip and owl.tar\) and no pictures"),
        ("too many", "12 files and folders; 11 are the limit"),
    ],
)
def test_a_zip_is_read_with_the_care_of_an_upload(kind, why, tmp_path, work_folder, monkeypatch):
    zipped_badly(tmp_path / "x.zip", kind)
    if kind == "too many":
        monkeypatch.setattr(contents, "ENTRY_LIMIT", 11)
        monkeypatch.setattr(contents, "FOLDER_LIMIT", 0)
    with pytest.raises(InputError, match=why):
        load_dataset(str(tmp_path / "x.zip"))
    assert not list(work_folder.glob("public/store-*/pictures"))


def test_links_in_a_zip_are_left_aside_and_said(tmp_path):
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    zip_of(tmp_path / "x.zip", of("cat", "dog") | {link: "/etc/passwd"})
    dataset = load_dataset(str(tmp_path / "x.zip"))
    assert [one.path for one in dataset.unreadable] == ["cat/link.png"]
    assert not [path for path in dataset.folder.rglob("*") if path.is_symlink()]


def test_names_in_a_zip_are_read_in_their_own_encoding(tmp_path):
    zip_of(tmp_path / "x.zip", of("c__t", "dog"))
    path = tmp_path / "x.zip"
    path.write_bytes(path.read_bytes().replace(b"c__t", "cät".encode()))
    assert load_dataset(str(path)).classes == ("cät", "dog")


@packs
@pytest.mark.parametrize("inside", ["", "images/", "export/", "Takeout/My photos/"])
def test_archives_of_one_class_each_are_folders_of_classes(pack, inside, store, tmp_path):  # noqa: F811
    """As ImageNet is handed out: n01440764.tar, n01443537.tar, without folders in them."""
    folder, plain = tmp_path / "set", tmp_path / "plain"
    folder.mkdir()
    store.clear()
    for at, name in enumerate(("n01440764", "n01443537")):
        files = {f"{inside}{i}.png": data for i, data in enumerate(PICTURES[8 * at : 8 * at + 8])}
        file = folder / f"{name}{pack[1:]}"
        made[pack](file, files)
        away = "" if inside == "images/" else inside  # a folder that all hold alone is no class
        written(plain / name, {n.removeprefix(away): data for n, data in files.items()})
        store[file.name] = file.read_bytes()
    expected = load_dataset(str(plain))
    assert expected.classes == ("n01440764", "n01443537")
    for ref in (str(folder), REF):
        dataset = load_dataset(ref)
        assert (dataset.classes, dataset.digest) == (expected.classes, expected.digest)


def test_archives_of_classes_in_folders_of_parts(tmp_path):
    folder = tmp_path / "set"
    for at, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        files = {f"{i}.png": data for i, data in enumerate(PICTURES[4 * at : 4 * at + 4])}
        zip_of(folder / f"{name}.zip", files)
    way, _ = remedies(str(folder))
    assert load_dataset(way.ref).classes == ("cat", "dog")


def test_an_archive_of_pictures_alone_lies_where_its_folder_is_the_class(tmp_path):
    for at, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        files = {f"{i}.png": data for i, data in enumerate(PICTURES[8 * at : 8 * at + 8])}
        zip_of(tmp_path / name / "pics.zip", files)
    assert load_dataset(str(tmp_path)).paths[::8] == ("cat/0.png", "dog/0.png")


@packs
@pytest.mark.parametrize("inside", ["", "export/"])
def test_numbered_archives_are_no_classes_and_say_so(inside, pack, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for at in range(2):
        made[pack](folder / f"data-{at}{pack[1:]}", {f"{inside}{at}.png": PICTURES[at]})
    with pytest.raises(InputError, match=r"numbered like the pieces.*call it so \(cat\."):
        load_dataset(str(folder))
    (folder / "labels.csv").write_text("file,label\n0.png,a\n1.png,b\n")
    assert load_dataset(str(folder)).classes == ("a", "b")


def test_a_zip_beside_shards_of_another_kind(tmp_path):
    zip_of(tmp_path / "b.zip", of("cat", "dog"))
    tar_of(tmp_path / "a.tar", [(f"0.{kind}", data) for kind, data in _said(PICTURES[0], 0)])
    with pytest.raises(InputError, match=r"Beside b\.zip lie shards of another kind"):
        load_dataset(str(tmp_path))


@packs
def test_an_ending_in_capitals_is_the_same_ending(pack, tmp_path):
    path = tmp_path / pack.upper()
    made[pack](path, in_classes())
    found, folder = (
        load_dataset(str(path)),
        load_dataset(str(written(tmp_path / "f", in_classes()))),
    )
    assert (found.paths, found.digest) == (folder.paths, folder.digest)
