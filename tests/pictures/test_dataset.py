"""Every file is opened once; the digest follows content, labels and order; warnings and refusals
are sentences.
"""

import errno
import hashlib
import os

import numpy as np
import pytest
from PIL import Image

from srcsel.base import sampling
from srcsel.base.errors import Cancelled, InputError
from srcsel.base.records import Dataset, Listing, Unreadable
from srcsel.pictures import dataset as module
from srcsel.pictures import opening
from srcsel.pictures.dataset import check, list_pictures, load_dataset, require_rankable
from srcsel.store.memory import Memory
from tests.recorder import Recorder, Told


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SRCSEL_HOME", str(folder))
    return folder


@pytest.fixture
def leaves(tmp_path):
    """Two classes of three pictures, all different."""
    folder = tmp_path / "leaves"
    for k, name in enumerate(("rust", "mildew")):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            ramp = Image.linear_gradient("L").resize((20, 16))
            Image.merge(
                "RGB", [ramp, *(Image.new("L", (20, 16), 80 * x) for x in (k, number))]
            ).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that are really opened."""
    names = []
    real = opening.read
    monkeypatch.setattr(opening, "read", lambda path: names.append(path.name) or real(path))
    return names


def test_a_folder_becomes_a_dataset(leaves):
    watch = Recorder()
    data = load_dataset(str(leaves), watch=watch)
    assert data.paths == tuple(f"{c}/{k}.png" for c in ("mildew", "rust") for k in range(3))
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.labels.dtype == np.int64
    assert data.classes == ("mildew", "rust")
    assert data.counts.tolist() == [3, 3]
    assert (data.folder, data.ref, data.name, data.unreadable) == (
        leaves,
        str(leaves),
        "leaves",
        (),
    )
    assert watch.seen == [Told("pictures", "reading", 0, 6), Told("pictures", "done", 6, 6)]


def test_what_cannot_be_read_is_listed_and_left_out(leaves):
    (leaves / "rust" / "empty.jpg").touch()
    (leaves / "rust" / "text.jpg").write_text("not a picture\n")
    (leaves / "rust" / "photo.heic").write_bytes(b"x")
    data = load_dataset(str(leaves))
    assert len(data.paths) == 6
    reasons = {u.path: u.reason for u in data.unreadable}
    assert list(reasons) == ["rust/empty.jpg", "rust/photo.heic", "rust/text.jpg"]
    assert "empty" in reasons["rust/empty.jpg"]
    assert "text file" in reasons["rust/text.jpg"]
    assert "HEIC" in reasons["rust/photo.heic"]


def test_a_class_without_readable_pictures_disappears_with_a_word(leaves):
    (leaves / "aphids").mkdir()
    (leaves / "aphids" / "1.jpg").touch()
    data = load_dataset(str(leaves))
    assert data.classes == ("mildew", "rust")
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert [u.path for u in data.unreadable] == ["aphids", "aphids/1.jpg"]


def test_nothing_readable(tmp_path, leaves):
    for path in leaves.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(
        InputError, match=r"None of the 6 pictures can be used\. For example mildew/0\.png"
    ):
        load_dataset(str(leaves))


def test_left_out_pictures(leaves):
    data = load_dataset(str(leaves), left_out=("rust/1.png", "no/such.png"))
    assert len(data.paths) == 5
    assert "rust/1.png" not in data.paths
    assert data.unreadable == ()
    assert load_dataset(str(leaves), left_out="rust/1.png").paths == data.paths
    with pytest.raises(InputError, match="All of them were left out"):
        load_dataset(str(leaves), left_out=list_pictures(str(leaves)).paths)


def test_digest_changes_with_content_label_and_list_and_with_nothing_else(leaves, tmp_path):
    first = load_dataset(str(leaves)).digest
    os.utime(leaves / "rust" / "0.png")
    (leaves / "notes.txt").write_text("hello")
    assert load_dataset(str(leaves)).digest == first
    moved = leaves.rename(tmp_path / "elsewhere")
    assert load_dataset(str(moved)).digest == first
    seen = {first}

    def changed():
        digest = load_dataset(str(moved)).digest
        fresh = digest not in seen
        seen.add(digest)
        return fresh

    seen.add(load_dataset(str(moved), left_out=("rust/1.png",)).digest)
    assert len(seen) == 2
    Image.new("RGB", (20, 16), "white").save(moved / "rust" / "0.png")
    assert changed()
    (moved / "rust" / "0.png").rename(moved / "rust" / "9.png")
    assert changed()
    (moved / "rust").rename(moved / "rest")
    assert changed()
    table = "".join(
        f"{path},{'x' if k % 2 else 'y'}\n"
        for k, path in enumerate(list_pictures(str(moved)).paths)
    )
    (moved / "labels.csv").write_text("file,label\n" + table)
    assert changed()
    (moved / "labels.csv").write_text("file,label\n" + table.replace(",x", ",z", 1))
    assert changed()


def test_the_second_time_nothing_is_opened(leaves, opened):
    (leaves / "rust" / "text.jpg").write_text("not a picture\n")
    first = load_dataset(str(leaves))
    assert len(opened) == 7
    again = load_dataset(str(leaves))
    assert len(opened) == 7
    assert (again.digest, again.unreadable) == (first.digest, first.unreadable)
    Image.new("RGB", (20, 16), "white").save(leaves / "rust" / "2.png")
    os.utime(leaves / "rust" / "2.png", ns=(1, 1))
    load_dataset(str(leaves))
    assert opened[7:] == ["2.png"]


def test_a_renamed_class_opens_nothing_and_a_changed_picture_is_opened(leaves, opened):
    before = load_dataset(str(leaves))
    opened.clear()
    (leaves / "rust").rename(leaves / "scab")
    (leaves / "mildew" / "2.png").rename(leaves / "scab" / "moved.png")
    after = load_dataset(str(leaves))
    assert opened == []
    assert after.classes == ("mildew", "scab")
    assert sorted(after.digests) == sorted(before.digests)
    assert after.digest != before.digest
    for path, digest in zip(after.paths, after.digests, strict=True):
        assert hashlib.sha256((leaves / path).read_bytes()).hexdigest() == digest
    load_dataset(str(leaves))  # and that is remembered
    os.utime(leaves / "scab" / "moved.png", ns=(1, 1))
    (leaves / "scab" / "0.png").rename(leaves / "scab" / "zero.png")
    load_dataset(str(leaves))
    assert opened == ["moved.png"]


def test_what_an_earlier_version_remembered_of_files_is_used(leaves, opened, monkeypatch):
    remember = Memory.remember

    def without(self, kind, question, tensors, value=None):
        tensors = {name: array for name, array in tensors.items() if name != "inodes"}
        remember(self, kind, question, tensors, value)

    monkeypatch.setattr(Memory, "remember", without)
    load_dataset(str(leaves))
    opened.clear()
    load_dataset(str(leaves))
    assert opened == []


def test_of_very_many_only_a_sample_is_opened_and_that_is_said(leaves, opened, monkeypatch):
    monkeypatch.setattr(sampling, "ALL_UP_TO", 5)
    monkeypatch.setattr(sampling, "SIZE", 4)
    monkeypatch.setattr(sampling, "EACH", 1)
    watch = Recorder()
    some = load_dataset(str(leaves), watch=watch)
    assert (len(some.paths), some.sampled_from, len(opened)) == (4, 6, 4)
    assert some.counts.tolist() == [2, 2]
    assert some.notes[0].startswith("4 of 6 pictures are used, a sample")
    assert some.notes[0] in watch.notes
    out = some.paths[0]
    fewer = load_dataset(str(leaves), left_out=[out])
    assert (out in fewer.paths, fewer.sampled_from) == (False, 0)  # five are not very many
    every = Recorder()
    whole = load_dataset(str(leaves), watch=every, all_pictures=True)
    assert (len(whole.paths), whole.sampled_from) == (6, 0)
    assert every.notes[0].startswith("All 6 pictures are used, as you asked. Comparing them")
    assert whole.digest != some.digest


def test_a_file_that_could_not_be_opened_is_asked_again(leaves, monkeypatch):
    real = opening.read

    def locked(path):
        if path.name == "0.png":
            raise opening.PictureError("permission denied.")
        return real(path)

    monkeypatch.setattr(opening, "read", locked)
    assert len(load_dataset(str(leaves)).paths) == 4
    monkeypatch.setattr(opening, "read", real)
    assert len(load_dataset(str(leaves)).paths) == 6


def failing(monkeypatch, leaves, times):
    """Let memory be short for one picture so many times; returns how often it was tried."""
    real, asked = opening.apart.call, []
    blocked = (leaves / "rust" / "0.png").read_bytes()

    def call(function, data, *args, **kwargs):
        if data == blocked:
            asked.append(1)
            if len(asked) <= times:
                raise opening.PictureError("Memory was short.", lasting=False)
        return real(function, data, *args, **kwargs)

    monkeypatch.setattr(opening.apart, "call", call)
    return asked


def test_what_memory_was_short_for_is_tried_again_at_the_end(leaves, home, monkeypatch):
    whole = load_dataset(str(leaves)).digest
    (memory,) = (home / "datasets" / opening.KIND).iterdir()
    memory.unlink()
    asked = failing(monkeypatch, leaves, 1)
    again = load_dataset(str(leaves))
    assert (again.digest, again.unreadable, len(asked)) == (whole, (), 2)


def test_what_is_not_read_this_time_is_named_and_counts_the_next(leaves, home, monkeypatch):
    whole = load_dataset(str(leaves)).digest
    (memory,) = (home / "datasets" / opening.KIND).iterdir()
    memory.unlink()
    failing(monkeypatch, leaves, 2)
    found = load_dataset(str(leaves))
    (left,) = found.unreadable
    assert (left.path, left.reason) == ("rust/0.png", opening.NOT_NOW.format("Memory was short."))
    (note,) = [note for note in found.notes if "not read this time" in note and "rust/" in note]
    assert note.startswith("1 picture was not read this time: rust/0.png.")
    assert load_dataset(str(leaves)).digest == whole


@pytest.mark.parametrize(
    ("times", "said"), [(1, ""), (2, "rust/0.png could not be read this time")]
)
def test_a_picture_of_a_run_is_tried_once_more(leaves, monkeypatch, times, said):
    dataset = load_dataset(str(leaves))
    row, real, left = dataset.paths.index("rust/0.png"), opening.apart.call, [1] * times

    def call(*asked):
        if left:
            left.pop()
            raise opening.PictureError("Memory was short.", lasting=False)
        return real(*asked)

    monkeypatch.setattr(opening.apart, "call", call)
    if said:
        with pytest.raises(InputError, match=said):
            module.made_of(dataset, row, len)
    else:
        assert module.made_of(dataset, row, len) == (leaves / "rust" / "0.png").stat().st_size


def test_where_a_picture_is_read_the_limits_of_who_asks_hold(leaves, monkeypatch):
    """The process that reads may have been started with others."""
    dataset = load_dataset(str(leaves))
    assert module.made_of(dataset, 0, len)
    monkeypatch.setenv("SRCSEL_ROOTS", str(leaves.parent / "elsewhere"))
    with pytest.raises(InputError, match="leads out"):
        module.made_of(dataset, 0, len)
    monkeypatch.delenv("SRCSEL_ROOTS")
    assert module.made_of(dataset, 0, len)


@pytest.mark.parametrize(("number", "passing"), [(errno.EMFILE, True), (errno.EACCES, False)])
def test_what_a_disk_could_not_do_now_is_not_the_files_fault(leaves, monkeypatch, number, passing):
    def refuse(*_):
        raise OSError(number, "refused")

    monkeypatch.setattr("srcsel.pictures.reading._require_file", refuse)
    with pytest.raises(opening.PictureError) as caught:
        opening.read(leaves / "rust" / "0.png")
    assert caught.value.lasting is not passing


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_memory_is_no_memory(leaves, home, opened, damage):
    first = load_dataset(str(leaves))
    (memory,) = (home / "datasets" / opening.KIND).iterdir()
    memory.write_bytes(damage)
    assert load_dataset(str(leaves)).digest == first.digest
    assert len(opened) == 12
    load_dataset(str(leaves))
    assert len(opened) == 12


def test_another_version_forgets_what_was_opened(leaves, opened, monkeypatch):
    load_dataset(str(leaves))
    monkeypatch.setattr("srcsel.pictures.opening.VERSION", 0)
    load_dataset(str(leaves))
    assert len(opened) == 12


def test_a_full_disk_costs_only_the_memory(leaves, monkeypatch):
    def full(*_, **__):
        raise opening.StoreError("The disk is full.")

    monkeypatch.setattr("srcsel.store.files.write_tensors", full)
    assert len(load_dataset(str(leaves)).paths) == 6


def test_stopping_keeps_what_was_opened(leaves, monkeypatch, opened):
    monkeypatch.setattr(opening, "BLOCK", 2)
    with pytest.raises(Cancelled):
        load_dataset(str(leaves), watch=Recorder(lambda told: told.done == 4))
    assert len(opened) == 4
    watch = Recorder()
    load_dataset(str(leaves), watch=watch)
    assert len(opened) == 6
    assert watch.seen[0] == Told("pictures", "reading", 4, 6)


def test_the_memory_is_written_on_the_way(leaves, monkeypatch):
    """A killed process writes nothing at its end, so the memory must grow meanwhile."""
    monkeypatch.setattr(opening, "BLOCK", 2)
    monkeypatch.setattr(opening, "SAVE_EVERY", 4)
    written = []
    monkeypatch.setattr(
        opening.Memory, "remember", lambda *given: written.append(len(given[-1]["sizes"]))
    )
    load_dataset(str(leaves))
    assert written == [4, 6]


def listing(*counts, names=None, skipped=()):
    names = names or tuple(f"class {k}" for k in range(len(counts)))
    labels = np.repeat(np.arange(len(counts)), counts)
    paths = tuple(f"{names[label]}/{row}.jpg" for row, label in enumerate(labels))
    return Listing("x", "x", module.Path("/x"), paths, labels, tuple(names), skipped)


def test_check_is_silent_where_all_is_well():
    assert check(listing(50, 60, 70)) == ()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (listing(12), ["only one class"]),
        (listing(12, 30, 9), ["class 2 (9) has fewer than 10"]),
        (
            listing(3, 4, 5, 6, 20),
            ["class 0 (3), class 1 (4), class 2 (5) and class 3 (6) have fewer than 10"],
        ),
        (listing(12, 1), ["class 1 has a single picture"]),
        (listing(10, 201), ["class 1 has 201 pictures, class 0 10"]),
        (listing(30, 30, names=("test", "train")), ["'test' and 'train'", "no folders of classes"]),
        (listing(*[1] * 20), ["20 classes for 20 pictures", "single picture"]),
        (listing(20, 20, skipped=(Unreadable("a", "Bad."),)), ["1 file was left out. Bad."]),
        (
            listing(
                20,
                20,
                skipped=(Unreadable("a", "Bad."), Unreadable("b", "Bad."), Unreadable("c", "Odd.")),
            ),
            ["3 files were left out. Most often (2): Bad."],
        ),
    ],
)
def test_check_says_what_may_spoil_the_answer(found, words):
    said = "\n".join(check(found))
    for word in words:
        assert word in said


def test_the_limits_of_check_are_exact():
    assert check(listing(10, 200)) == ()
    assert len(check(listing(10, 201))) == 1
    assert len(check(listing(9, 30))) == 1


def test_check_takes_a_dataset_too(leaves):
    (leaves / "rust" / "empty.jpg").touch()
    data = load_dataset(str(leaves))
    assert isinstance(data, Dataset)
    said = check(data)
    assert len(said) == 2
    assert "fewer than 10" in said[0]
    assert "1 file was left out" in said[1]


def test_the_same_picture_under_two_classes_is_said(leaves):
    (leaves / "rust" / "9.png").write_bytes((leaves / "mildew" / "1.png").read_bytes())
    (leaves / "rust" / "8.png").write_bytes((leaves / "rust" / "2.png").read_bytes())
    (said,) = [note for note in load_dataset(str(leaves)).notes if "byte for byte" in note]
    assert said.startswith("1 picture lies")
    assert "mildew/1.png (mildew) and rust/9.png (rust)" in said


def test_a_refusal_says_where_the_other_classes_went(leaves):
    for path in (leaves / "rust").iterdir():
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"one class, 'mildew'.* left out"):
        require_rankable(load_dataset(str(leaves)))


def test_each_note_is_said_to_whoever_waits(leaves):
    (leaves / "rust" / "0.png").write_bytes(b"")
    watch = Recorder()
    data = load_dataset(str(leaves), watch=watch)
    assert data.notes == tuple(watch.notes)
    assert len(data.notes) == 2


def test_what_can_be_ranked():
    require_rankable(listing(1, 2))
    with pytest.raises(InputError, match="one class, 'class 0'"):
        require_rankable(listing(9))
    with pytest.raises(InputError, match="single readable picture"):
        require_rankable(listing(1, 1, 1))


@pytest.fixture
def deep(tmp_path):
    """Two classes of four 16-bit pictures: ramps that reach from 100 to 900, and 4,000 in one."""
    folder = tmp_path / "deep"
    ramp = np.linspace(0, 1, 20 * 16).reshape(16, 20)
    for k, name in enumerate(("rust", "mildew")):
        (folder / name).mkdir(parents=True)
        for number in range(4):
            top = 4000 if (k, number) == (0, 3) else 900 - 10 * number - k
            Image.fromarray((100 + ramp * (top - 100)).astype(np.uint16)).save(
                folder / name / f"{number}.png"
            )
    return folder


def test_the_range_is_judged_over_the_pictures_that_are_kept(deep, opened):
    assert load_dataset(str(deep)).ranges == {"u2": (100, 4000)}
    assert load_dataset(str(deep), left_out=("rust/3.png",)).ranges == {"u2": (100, 900)}
    assert load_dataset(str(deep)).ranges == {"u2": (100, 4000)}
    assert len(opened) == 8  # the memory holds what it takes


def test_the_digest_follows_the_range_of_deep_pictures_only(deep, leaves, monkeypatch):
    files = {path: load_dataset(path) for path in (str(leaves), str(deep))}
    monkeypatch.setattr(module, "ranges_of", lambda _: {})
    monkeypatch.setattr(opening.Seen, "is_flat", lambda *_: False)
    monkeypatch.setattr(opening.Seen, "is_odd", lambda *_: False)
    assert load_dataset(str(leaves)).digest == files[str(leaves)].digest
    assert load_dataset(str(deep)).digest != files[str(deep)].digest


def test_the_digest_of_eight_bit_pictures_is_that_of_paths_classes_and_bytes(leaves):
    """Features stored before depth counted stay valid."""
    data = load_dataset(str(leaves))
    content = hashlib.sha256(b"srcsel dataset 1\n")
    for path in data.paths:
        digest = hashlib.sha256((leaves / path).read_bytes()).hexdigest()
        content.update(f"{path}\0{path.split('/')[0]}\0{digest}\n".encode())
    assert data.digest == content.hexdigest()[:32]


def about(notes, word):
    return [note for note in notes if word in note]


def test_uniform_pictures_are_counted_and_named(leaves):
    noise = np.random.default_rng(0).integers(0, 16, (16, 20, 3), np.uint8)
    Image.fromarray(noise).save(leaves / "rust" / "black.png")  # nearly: sixteen levels
    Image.fromarray(noise + 239).save(leaves / "rust" / "white.png")
    Image.new("RGB", (20, 16), (9, 80, 7)).save(leaves / "rust" / "green.png")
    Image.fromarray(noise * 2).save(leaves / "rust" / "dark.png")  # there is something to see
    one = np.zeros((400, 400), np.uint8)
    one[0, 0] = 255
    Image.fromarray(one).save(leaves / "rust" / "one.png")
    (said,) = about(load_dataset(str(leaves)).notes, "uniform")
    assert said.startswith("4 pictures are")
    assert "rust/black.png, rust/green.png, rust/one.png and rust/white.png" in said
    assert about(load_dataset(str(leaves), left_out=["rust/one.png"]).notes, "3 pictures are")


def test_deep_pictures_are_uniform_beside_the_others(deep):
    assert not about(load_dataset(str(deep)).notes, "uniform")
    ramp = np.linspace(0, 240, 320).reshape(16, 20).astype(np.uint16)  # of 3,900: 15.7 of 255
    Image.fromarray(ramp + 100).save(deep / "rust" / "flat.png")
    (said,) = about(load_dataset(str(deep)).notes, "uniform")
    assert said.startswith("1 picture is (nearly) uniform")
    assert "rust/flat.png" in said
    assert not about(load_dataset(str(deep), left_out=["rust/3.png"]).notes, "uniform")


def test_files_of_several_pages_are_named(leaves):
    pages = [Image.open(path) for path in sorted((leaves / "rust").iterdir())]
    pages[0].save(leaves / "rust" / "stack.tif", save_all=True, append_images=pages[1:])
    (said,) = about(load_dataset(str(leaves)).notes, "pages")
    assert said.startswith("1 file holds several pages")
    assert "rust/stack.tif" in said
