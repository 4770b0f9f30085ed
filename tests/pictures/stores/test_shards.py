"""Data sets in shards come out as the pictures and labels that were packed."""

import io
import json
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from srcsel.base.errors import InputError
from srcsel.pictures import stores
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.layouts import remedies
from srcsel.pictures.listing import list_pictures, list_quickly
from srcsel.pictures.stores import shards
from srcsel.pictures.stores.limits import Allowance
from srcsel.pictures.thumbs import picture, register

NAMES = ["cat", "a/dog"]


def samples(count=12):
    """(bytes, number of the class) of pictures that differ."""
    chance = np.random.default_rng(0)
    made = []
    for i in range(count):
        file = io.BytesIO()
        Image.fromarray(chance.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(file, "PNG")
        made.append((file.getvalue(), i % 2))
    return made


def tar_of(path, files):
    with tarfile.open(path, "w") as archive:
        for name, data in files:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))


def webdataset(folder):
    made = samples()
    for shard in (0, 1):
        files = []
        for i, (data, label) in list(enumerate(made))[shard::2]:
            files += [(f"{i:03d}.png", data), (f"{i:03d}.cls", NAMES[label].encode())]
        tar_of(folder / f"train-{shard}.tar", files)


def json_in_tar(folder):
    files = []
    for i, (data, label) in enumerate(samples()):
        about = json.dumps({"label": NAMES[label], "caption": "x"}).encode()
        files += [(f"a/{i}.json", about), (f"a/{i}.png", data)]
    tar_of(folder / "all.tar", files)


def table():
    made = samples()
    images = pa.array(
        [{"bytes": data, "path": None} for data, _ in made],
        pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    )
    features = {"image": {"_type": "Image"}, "label": {"names": NAMES, "_type": "ClassLabel"}}
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.table({"image": images, "label": [n for _, n in made]}).replace_schema_metadata(about)


def parquet(folder):
    pq.write_table(table(), folder / "train-00000-of-00001.parquet")


def plain_parquet(folder):
    made = samples()
    columns = {"jpg": [data for data, _ in made], "class": [NAMES[n] for _, n in made]}
    pq.write_table(pa.table(columns), folder / "part.parquet")


def datasets_folder(folder):
    inside = folder / "train"
    inside.mkdir()
    whole = table()
    file = str(inside / "data-00000-of-00001.arrow")
    with pa.OSFile(file, "wb") as sink, pa.ipc.new_stream(sink, whole.schema) as writer:
        writer.write_table(whole, max_chunksize=5)
    (inside / "state.json").write_text("{}")
    (inside / "dataset_info.json").write_text("{}")
    (folder / "dataset_dict.json").write_text('{"splits": ["train"]}')


@pytest.mark.parametrize(
    "pack",
    [webdataset, json_in_tar, parquet, plain_parquet, datasets_folder],
    ids=lambda f: f.__name__,
)
def test_pictures_and_labels_come_out_as_they_were_packed(pack, tmp_path):
    folder = tmp_path / "packed"
    folder.mkdir()
    pack(folder)
    assert list_quickly(str(folder)) is None  # a worker unpacks it first
    with pytest.raises(InputError, match="not on this computer yet"):
        list_pictures(str(folder))
    assert not stores.is_here(str(folder))
    dataset = load_dataset(str(folder))
    assert stores.is_here(str(folder))
    assert dataset.ref == str(folder)
    assert dataset.classes == tuple(sorted(NAMES))
    found = {
        (dataset.folder / path).read_bytes(): dataset.classes[label]
        for path, label in zip(dataset.paths, dataset.labels, strict=True)
    }
    assert found == {data: NAMES[number] for data, number in samples()}
    listed = list_quickly(str(folder))
    assert listed is not None
    assert listed.paths == dataset.paths
    kind, body = picture(register(dataset.folder, dataset.paths), 0, 96)
    assert (kind, body[:2]) == ("image/jpeg", b"\xff\xd8")


def test_shards_in_folders_that_hold_nothing_else_are_found(tmp_path):
    """As a data set of the hub lies on a disk: README.md, data/train-00000-of-00001.parquet."""
    (tmp_path / "set" / "data").mkdir(parents=True)
    (tmp_path / "set" / "README.md").write_text("#")
    parquet(tmp_path / "set" / "data")
    dataset = load_dataset(str(tmp_path / "set"))
    assert (len(dataset.paths), dataset.classes) == (12, tuple(sorted(NAMES)))
    assert dataset.paths[0] == "00000-data-train-00000-of-00001/00000001.jpg"


@pytest.fixture
def packed(tmp_path):
    folder = tmp_path / "packed"
    folder.mkdir()
    return folder


def test_a_changed_shard_is_unpacked_again_and_an_unchanged_one_is_not(packed):
    webdataset(packed)
    first = load_dataset(str(packed))
    before = (first.folder / first.paths[0]).stat().st_ino
    again = load_dataset(str(packed))
    assert (again.folder / again.paths[0]).stat().st_ino == before
    (packed / "train-1.tar").unlink()
    assert len(load_dataset(str(packed)).paths) == len(first.paths) // 2


def test_a_torn_shard_is_named_and_what_was_there_before_stays(packed):
    webdataset(packed)
    first = load_dataset(str(packed))
    torn = (packed / "train-1.tar").read_bytes()[:700]
    (packed / "train-1.tar").write_bytes(torn)
    with pytest.raises(InputError, match=r"train-1\.tar cannot be read as a shard"):
        load_dataset(str(packed))
    assert all((first.folder / path).is_file() for path in first.paths)


def test_a_table_without_pictures_is_refused_with_its_columns(tmp_path):
    pq.write_table(pa.table({"x": [1.0], "label": [1]}), tmp_path / "numbers.parquet")
    with pytest.raises(InputError, match=r"no column of pictures.*x and label"):
        load_dataset(str(tmp_path))


def test_a_tar_beside_folders_of_pictures_is_left_aside_as_before(picture_folder):
    tar_of(picture_folder / "old.tar", [])
    dataset = load_dataset(str(picture_folder))
    assert len(dataset.paths) == 36
    assert [one.path for one in dataset.unreadable] == ["old.tar"]


@pytest.mark.parametrize("about", ['["label"]', '"label"', "7", "[" * 100_000, '{"label": null}'])
def test_a_json_that_says_no_label_leaves_the_picture_to_its_folder(about, packed):
    data = samples(1)[0][0]
    tar_of(packed / "x.tar", [("cat/0.png", data), ("cat/0.json", about.encode())])
    (one,) = shards.pictures(packed / "x.tar", Allowance(10**6, packed, 10**9))
    assert one.label == ("None" if "null" in about else "cat")


def test_names_and_labels_that_no_file_can_have_are_shortened_and_replaced(packed):
    """A disk counts bytes, 255 a name: a letter of Japanese has three, a smile four."""
    files = []
    for i, (data, label) in enumerate(samples()):
        files += [(f"{'日本語' * 60}/{i}.png", data)]
        files += [(f"{'日本語' * 60}/{i}.json", f'{{"label": "\\ud800{label}"}}'.encode())]
    name = "\U0001f600" * 60
    tar_of(packed / f"{name}.tar", files)
    dataset = load_dataset(str(packed))
    assert dataset.classes == ("?0", "?1")
    assert len(dataset.paths) == 12


def test_a_column_called_bytes_that_holds_none_is_no_picture(tmp_path):
    table = pa.table({"image": [{"bytes": 3}], "label": [1]})
    pq.write_table(table, tmp_path / "numbers.parquet")
    with pytest.raises(InputError, match="no column of pictures"):
        load_dataset(str(tmp_path))


def test_shards_without_labels_say_what_says_one(tmp_path):
    tar_of(tmp_path / "bare.tar", [(f"{i:03d}.png", data) for i, (data, _) in enumerate(samples())])
    with pytest.raises(InputError) as caught:
        load_dataset(str(tmp_path))
    said = str(caught.value)
    assert said.startswith("None of the pictures in bare.tar has a label, so there are no classes.")
    assert "0001.cls" in said
    assert "labels.csv" not in said


def test_a_picture_without_a_label_is_left_aside_and_no_table_of_ours_is_named(tmp_path):
    files = []
    for i, (data, label) in enumerate(samples()):
        files.append((f"{i:03d}.png", data))
        files += [(f"{i:03d}.cls", NAMES[label].encode())] if i else []
    tar_of(tmp_path / "most.tar", files)
    dataset = load_dataset(str(tmp_path))
    assert len(dataset.paths) == 11
    assert dataset.label_source == "the shards"
    (aside,) = dataset.unreadable
    assert aside.path == "most/000.png"
    assert aside.reason == "It has no label in its shard."
    assert not any("labels.csv" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (
            ("train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test-0.parquet"),
            "train-*.parquet",
        ),
        (("data/train-0-of-1-ab.parquet", "data/test-0.parquet"), "data/train-0-of-1-ab.parquet"),
        (("train/0000.parquet", "train/0001.parquet", "test/0000.parquet"), "train"),
        (
            ("set-train-0.parquet", "set-train-1.parquet", "set-test-0.parquet"),
            "set-train-*.parquet",
        ),
        (("training.parquet", "validation.parquet", "x/y.parquet"), "training.parquet"),
    ],
)
def test_parts_of_shards_are_said_and_the_one_to_learn_from_can_be_asked_for(names, asked, packed):
    whole, step = table(), 12 // len(names)
    for at, name in enumerate(names):
        (packed / name).parent.mkdir(exist_ok=True)
        pq.write_table(whole.slice(at * step, step), packed / name)
    found = load_dataset(str(packed))
    assert (len(found.paths), found.classes) == (step * len(names), tuple(sorted(NAMES)))
    (said,) = (note for note in found.notes if note.startswith("The shards are parts"))
    (way,) = remedies(found)
    assert f"'train' ({step * sum('train' in n for n in names)} pictures)" in said
    assert (way.label, way.ref) == ("Only train", str(packed / asked))
    assert f"srcsel rank '{way.ref}'" in said or f"srcsel rank {way.ref}" in said
    alone = load_dataset(way.ref)
    assert len(alone.paths) == step * sum("train" in name for name in names)
    assert not any(note.startswith("The shards are parts") for note in alone.notes)


def test_shards_of_one_part_are_no_parts(tmp_path):
    webdataset(tmp_path)
    assert not any("parts" in note for note in load_dataset(str(tmp_path)).notes)
