"""What a store holds comes into the work folder, and nowhere else, whatever its names are."""

import fnmatch
import json

import pytest

from srcsel.base import sampling
from srcsel.base.errors import DownloadError, InputError
from srcsel.base.remote import Stored
from srcsel.base.watch import Watch
from srcsel.pictures import checks, layouts, reading, stores
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.listing import list_pictures
from srcsel.pictures.stores import far, mirror, stored, unpacked
from tests.pictures.stores.test_shards import samples, webdataset
from tests.recorder import Recorder

REF = "s3://bucket/pictures"


class Held(dict):
    """The files of a store, name -> bytes; and what was fetched, in order: of parts, from where to
    where."""

    def __init__(self):
        self.got = []
        self.parts = []


@pytest.fixture
def store(monkeypatch):
    """A store whose files are those of a dict."""
    held = Held()

    class Fake:
        def __init__(self, address):
            self.address = address

        def place(self, inside=""):
            return f"{self.address.path}/{inside}" if inside else self.address.path

        def files(self, told):
            told(len(held))
            return [
                Stored(self.place(name), name, len(data), str(hash(data)))
                for name, data in sorted(held.items())
            ]

        def matching(self, pattern):
            return [one for one in self.files(bool) if fnmatch.fnmatchcase(one.name, pattern)]

        def get(self, files, targets):
            for one, target in zip(files, targets, strict=True):
                target.write_bytes(held[one.name])
                held.got.append(one.name)
            return []

        def part(self, one, start, end):
            held.parts.append((one.name, start, end))
            return held[one.name][start:end]

        def holds(self, one):
            return one.version == str(hash(held[one.name]))

    for module in (far, mirror):
        monkeypatch.setattr(module, "Store", Fake)
    held.update({f"{'ab'[k]}/{i}.png": data for i, (data, k) in enumerate(samples())})
    return held


def fetch(ref=REF):
    """Bring all that there is, as a check does; returns its listing and what did not come."""
    listing = stores.ask(ref, Watch())
    return listing, stores.bring(listing, Watch())


def test_a_name_that_leads_elsewhere_is_not_fetched(store, tmp_path, work_folder):
    """S3 allows any name: bucket/pictures//home/me/x.png stands for "/home/me/x.png" inside."""
    data = store["a/0.png"]
    store[f"{tmp_path}/elsewhere.png"] = data
    store["a/../../../../elsewhere.png"] = data
    listing, lost = fetch()
    assert (len(listing.paths), lost) == (12, {})
    assert not list(tmp_path.rglob("elsewhere.png"))


def test_an_index_that_was_altered_removes_nothing_elsewhere(store, tmp_path, work_folder):
    fetch()
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"x")
    (index,) = work_folder.glob("public/store-*/index.json")
    told = json.loads(index.read_text())
    told["files"][str(precious)] = [1, "x"]
    index.write_text(json.dumps(told))
    fetch()
    assert precious.is_file()


@pytest.mark.parametrize("told", ["", "[]", '{"files": [1], "aside": 3}', '{"files": null}'])
def test_a_damaged_index_is_made_anew(told, store, work_folder):
    fetch()
    (index,) = work_folder.glob("public/store-*/index.json")
    index.write_text(told)
    assert len(load_dataset(REF).paths) == 12
    assert len(json.loads(index.read_text())["files"]) == 12


def test_names_that_no_folder_can_hold_are_left_aside_and_said(store):
    data = store["a/0.png"]
    store["a/0.png/inside.png"] = data  # a file and a folder of one name
    store[f"a/{'x' * 300}.png"] = data
    dataset = load_dataset(REF)
    assert len(dataset.paths) == 12
    aside = {one.path: one.reason for one in dataset.unreadable}
    assert aside == dict.fromkeys(["a/0.png/inside.png", f"a/{'x' * 300}.png"], far.NO_NAME)


def test_names_that_differ_in_case_alone_take_no_place_of_each_other(store):
    """A link of a folder stands for a disk that cannot tell "A" from "a"."""
    before = load_dataset(REF)
    (before.folder / "A").symlink_to(before.folder / "a")
    store["A/0.png"] = store["b/1.png"]
    after = load_dataset(REF)
    assert {one.path: one.reason for one in after.unreadable if one.kind == "file"} == {
        "A/0.png": far.NO_NAME
    }
    assert (after.folder / "a/0.png").read_bytes() == store["a/0.png"]
    (before.folder / "A").unlink()
    assert "A/0.png" in load_dataset(REF).paths  # where both can be


def test_a_picture_that_goes_while_it_is_fetched_is_left_aside_and_comes_the_next_time(
    store, monkeypatch
):
    get = far.Store.get

    def losing(self, files, targets):
        get(self, files, targets)
        for one, target in zip(files, targets, strict=True):
            if one.name == "a/2.png":
                target.write_bytes(b"half")
        return ["b/1.png"]

    with monkeypatch.context() as patch:
        patch.setattr(far.Store, "get", losing)
        dataset = load_dataset(REF)
    assert {one.path: one.reason for one in dataset.unreadable} == dict.fromkeys(
        ["a/2.png", "b/1.png"], far.CHANGED
    )
    assert len(dataset.paths) == 10
    dataset = load_dataset(REF)
    assert (len(dataset.paths), dataset.unreadable) == (12, ())


def test_a_shard_that_goes_while_it_is_fetched_ends_it_and_what_was_there_stays(
    store, monkeypatch, tmp_path
):
    """Else the set would have become smaller without a word, for good."""
    store.clear()
    webdataset(tmp_path)
    store.update({path.name: path.read_bytes() for path in tmp_path.glob("*.tar")})
    assert len(load_dataset(REF).paths) == 12
    store["train-1.tar"] += bytes(512)
    monkeypatch.setattr(far.Store, "get", lambda self, files, targets: [files[0].name])
    with pytest.raises(InputError, match=r"train-0\.tar was taken away or changed at s3://bucket"):
        load_dataset(REF)
    found = stored(REF)
    assert found is not None
    assert len(found.paths) == 12


@pytest.fixture
def few(monkeypatch):
    """More than ten pictures are very many, of which six do."""
    for name, value in (("ALL_UP_TO", 10), ("SIZE", 6), ("EACH", 2)):
        monkeypatch.setattr(sampling, name, value)


def copied(store, folder):
    """A local copy of what the store holds."""
    for name, data in store.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_of_very_many_the_sample_of_a_local_copy_is_fetched_and_nothing_else(store, few, tmp_path):
    near = load_dataset(str(copied(store, tmp_path / "pictures")))
    watch = Recorder()
    far_ = load_dataset(REF, watch=watch)
    assert (far_.paths, far_.digest, far_.sampled_from) == (near.paths, near.digest, 12)
    assert sorted(store.got) == list(far_.paths)
    assert (far_.listed, far_.fetched, near.listed, near.fetched) == (12, 6, 0, 0)
    assert far_.notes[0] == near.notes[0]
    assert far_.notes[1].startswith(f"12 pictures are listed at {REF}, and 6 were fetched")
    assert far_.notes[1] in watch.notes
    assert len(list_pictures(REF).paths) == 12
    here = stores.rows_here(list_pictures(REF))
    assert [list_pictures(REF).paths[row] for row in here] == list(far_.paths)

    store.got.clear()
    load_dataset(REF)
    assert store.got == []
    out = far_.paths[:1]
    fewer = load_dataset(REF, left_out=out)
    assert fewer.paths == load_dataset(str(tmp_path / "pictures"), left_out=out).paths
    assert sorted(store.got) == sorted(set(fewer.paths) - set(far_.paths))
    assert load_dataset(REF, all_pictures=True).listed == 0
    assert sorted([*store.got, *far_.paths]) == sorted(store)


def test_of_a_sample_what_changes_is_fetched_anew_and_what_is_gone_goes(store, few):
    before = load_dataset(REF)
    changed, gone = before.paths[0], before.paths[1]
    store[changed] += b"\0"
    del store[gone]
    store.got.clear()
    after = load_dataset(REF)
    assert gone not in after.paths
    assert not (after.folder / gone).exists()
    assert (after.folder / changed).read_bytes() == store[changed]
    assert sorted(store.got) == sorted({changed, *after.paths} - ({*before.paths} - {changed}))


def test_a_picture_too_large_is_drawn_as_from_a_local_copy_and_not_fetched(
    store, few, tmp_path, monkeypatch
):
    drawn = load_dataset(REF).paths[0]
    store[drawn] = store[drawn] + bytes(9000)
    for module in (far, reading):
        monkeypatch.setattr(module, "FILE_LIMIT", 8000)
    near = load_dataset(str(copied(store, tmp_path / "pictures")))
    store.got.clear()
    found = load_dataset(REF)
    assert (found.paths, found.fetched) == (near.paths, 5)
    assert (
        [one.path for one in found.unreadable] == [one.path for one in near.unreadable] == [drawn]
    )
    assert store.got == []


def wrapped(files):
    return {f"all/{name}": data for name, data in files.items()} | {"all/read me.pdf": b"x"}


def listed_in_table(files):
    rows = "".join(f"{name.replace('/', '-')},{name[0] * 2}\n" for name in files)
    flat = {f"images/{name.replace('/', '-')}": data for name, data in files.items()}
    return flat | {"labels.csv": f"file,label\n{rows}".encode()}


def in_parts(files):
    parts = {f"{'train' if k % 3 else 'val'}/{n}": d for k, (n, d) in enumerate(files.items())}
    return parts | {"train/a/Thumbs.db": b"x", "train/.hidden/x.png": b"x"}


def beside_a_workbook(files):
    boxes = {f"labels/{k}.txt": b"0 0.5 0.5 1 1" for k in range(3)}
    return files | boxes | {"labels.xlsx": b"x", "b/notes.txt": b"x", "b/film.mp4": b"x"}


@pytest.mark.parametrize(
    "shape", [dict, wrapped, listed_in_table, in_parts, beside_a_workbook], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("ending", ["", "/*"])
def test_names_alone_list_what_a_local_copy_would(shape, ending, store, tmp_path):
    files = shape(dict(store))
    store.clear()
    store.update(files)
    folder = copied(store, tmp_path / "pictures")

    def told(made):
        try:
            found = made()
        except InputError as error:
            return str(error).replace(str(folder), REF)
        aside = [(one.path, one.reason) for one in found.skipped]
        notes = [note.replace(str(folder), REF) for note in checks.notes_of(found)]
        ways = [way.ref.replace(str(folder), REF) for way in layouts.remedies(found)]
        shown = found.paths, found.labels.tolist(), found.classes, found.label_source
        return *shown, sorted(aside), notes, ways

    far_ = told(lambda: stores.ask(f"{REF}{ending}", Watch()))
    assert far_ == told(lambda: list_pictures(f"{folder}{ending}"))
    assert store.got == [name for name in store if name == "labels.csv"]


def test_a_damaged_list_of_names_is_made_anew_and_never_a_smaller_set(store, work_folder):
    load_dataset(REF)
    (names,) = work_folder.glob("public/store-*/names.jsonl")
    names.write_text("\n".join([*names.read_text().splitlines()[:4], '["a/9', ""]))
    assert stored(REF) is None
    with pytest.raises(InputError, match="not on this computer yet"):
        list_pictures(REF)
    store.got.clear()
    assert len(load_dataset(REF).paths) == 12
    assert store.got == []


def test_shards_that_are_too_much_are_not_fetched(store, monkeypatch, tmp_path):
    store.clear()
    webdataset(tmp_path)
    store.update({path.name: path.read_bytes() for path in tmp_path.glob("*.tar")})
    monkeypatch.setattr(unpacked, "WORTH_A_WORD", 1)
    watch = Recorder()
    load_dataset(REF, watch=watch)
    assert f"The 2 shards at {REF} are fetched whole, 0.0 GB: which pictures" in watch.notes[0]
    store["train-2.tar"] = store["train-1.tar"]
    store.got.clear()
    monkeypatch.setattr(unpacked, "SHARDS_LIMIT", 1000)
    with pytest.raises(
        InputError, match=r"The 3 shards at s3://.* tars and Arrow files can only be fetched whole"
    ):
        load_dataset(REF)
    assert store.got == []


def test_what_held_shards_and_holds_pictures_now_is_listed_anew(store, tmp_path):
    pictures = dict(store)
    store.clear()
    webdataset(tmp_path)
    store.update({path.name: path.read_bytes() for path in tmp_path.glob("*.tar")})
    shards = load_dataset(REF)
    store.clear()
    store.update(pictures)
    after = load_dataset(REF)
    assert list(after.paths) == sorted(pictures)
    assert not (shards.folder / "labels.csv").exists()


def test_a_list_that_took_long_is_believed_for_as_long_again(store, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(mirror.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(mirror, "_believed", {})
    real = far.ask

    def slowly(*about):
        found = real(*about)
        now[0] += 30
        return found

    monkeypatch.setattr(far, "ask", slowly)
    assert len(stores.ask(REF, Watch()).paths) == 12
    del store["a/0.png"]
    now[0] += 29
    assert len(stores.ask(REF, Watch()).paths) == 12
    now[0] += 2
    assert len(stores.ask(REF, Watch()).paths) == 11


@pytest.fixture
def mute(monkeypatch):
    """Make the store silent."""

    def begin():
        def silent(*_):
            raise DownloadError("The store did not answer.")

        for name in ("files", "get", "part"):
            monkeypatch.setattr(far.Store, name, silent)

    return begin


SILENT = f"The store of {REF} did not answer"


def test_what_is_here_is_enough_where_a_store_is_silent_and_a_note_says_so(store, few, mute):
    before = load_dataset(REF)
    mute()
    after = load_dataset(REF)
    assert (after.paths, after.digest, after.fetched) == (before.paths, before.digest, 6)
    assert [note.startswith(SILENT) for note in after.notes].count(True) == 1
    assert not any(note.startswith(SILENT) for note in before.notes)
    with pytest.raises(DownloadError):  # what is not here is asked for
        load_dataset(REF, all_pictures=True)


def test_of_a_silent_store_shards_are_enough_too(store, mute, tmp_path):
    store.clear()
    webdataset(tmp_path)
    store.update({path.name: path.read_bytes() for path in tmp_path.glob("*.tar")})
    before = load_dataset(REF)
    mute()
    after = load_dataset(REF)
    assert after.digest == before.digest
    assert any(note.startswith(SILENT) for note in after.notes)


def test_of_a_silent_store_names_without_their_table_are_not_enough(store, mute, work_folder):
    """Else its pictures would have no classes, or others."""
    files = listed_in_table(dict(store))
    store.clear()
    store.update(files)
    load_dataset(REF)
    (table,) = work_folder.glob("public/store-*/pictures/labels.csv")
    table.unlink()
    mute()
    with pytest.raises(DownloadError):
        load_dataset(REF)
