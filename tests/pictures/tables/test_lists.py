"""Lists of labels in JSON, Parquet, .mat and CVAT's XML are read as tables are; others are told."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.io import savemat

from srcsel.base.errors import InputError
from srcsel.pictures.listing import list_pictures, list_quickly

NAMES = [f"image_{k + 1:04d}.jpg" for k in range(6)]
LABELS = ["cat", "dog"] * 3
COCO = {
    "images": [{"id": k, "file_name": name} for k, name in enumerate(NAMES)],
    "annotations": [{"image_id": k, "category_id": k % 2, "bbox": [1, 2, 3, 4]} for k in range(6)],
    "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
}
CHOSEN = [
    {"data": {"image": name}, "annotations": [{"result": [{"value": {"choices": [label]}}]}]}
    for name, label in zip(NAMES, LABELS, strict=True)
]
JSONS = {
    "name to label": dict(zip(NAMES, LABELS, strict=True)),
    "label to names": {"cat": NAMES[::2], "dog": NAMES[1::2]},
    "records": [{"file": n, "label": c} for n, c in zip(NAMES, LABELS, strict=True)],
    "records by name": {n: {"label": c, "size": 9} for n, c in zip(NAMES, LABELS, strict=True)},
    "in parallel": {"files": NAMES, "labels": LABELS, "made": "2024"},
    "pairs": {"labels": [list(pair) for pair in zip(NAMES, LABELS, strict=True)]},
    "COCO": COCO,
    "deep": CHOSEN,
}


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for name in NAMES:
        (tmp_path / "images" / name).write_bytes(b"x")
    return tmp_path


def told(folder):
    found = list_pictures(str(folder))
    return found.label_source, [found.classes[k] for k in found.labels]


@pytest.mark.parametrize("shape", JSONS)
def test_json_of_many_shapes(shape, folder):
    (folder / "anything.json").write_text(json.dumps(JSONS[shape]))
    assert told(folder) == ("anything.json", LABELS)


def test_json_lines_with_the_part_of_each(folder):
    lines = [{"file_name": n, "label": c} for n, c in zip(NAMES, LABELS, strict=True)]
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert told(folder) == ("metadata.jsonl", LABELS)
    assert told(folder / "metadata.jsonl") == ("metadata.jsonl", LABELS)


def test_parquet_is_read_by_a_worker_and_is_no_file_left_out(folder):
    pq.write_table(pa.table({"file": NAMES, "label": LABELS}), folder / "labels.parquet")
    assert told(folder) == ("labels.parquet", LABELS)
    assert list_pictures(str(folder)).skipped == ()
    assert list_quickly(str(folder)) is None


def test_mat_with_names_or_in_the_order_of_numbers(folder):
    savemat(folder / "labels.mat", {"file_list": NAMES, "labels": [[1], [2]] * 3})
    assert told(folder) == ("labels.mat", ["1", "2"] * 3)
    savemat(folder / "labels.mat", {"labels": [[1, 2] * 3]})
    assert told(folder) == ("labels.mat", ["1", "2"] * 3)
    assert "the order of the numbers in the names" in list_pictures(str(folder)).notes[0]
    (folder / "images" / NAMES[0]).rename(
        folder / "images" / "image_0009.jpg"
    )  # now one is missing
    assert (
        "labels.mat gives no picture of this folder a class" in list_pictures(str(folder)).notes[0]
    )


def test_tags_of_cvat_and_no_entity_of_xml(folder):
    images = "".join(
        f'<image name="images/{n}"><box label="eye"/><tag label="{c}"/></image>'
        for n, c in zip(NAMES, LABELS, strict=True)
    )
    (folder / "annotations.xml").write_text(f"<annotations>{images}</annotations>")
    assert told(folder) == ("annotations.xml", LABELS)
    bomb = "".join(f'<!ENTITY a{k + 1} "{f"&a{k};" * 10}">' for k in range(9))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{bomb}]><x>&a9;</x>'
    (folder / "labels.xml").write_text(bomb)
    with pytest.raises(InputError, match=r"labels.xml cannot be read as a list of labels"):
        told(folder / "labels.xml")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": 1, "b": 2}', "not json", '{"a": [1]}'])
def test_a_list_of_something_else_is_told(text, folder):
    (folder / "about.json").write_text(text)
    notes = list_pictures(str(folder)).notes
    assert "about.json gives no picture of this folder a class" in notes[0]


def test_notes_to_a_picture_each_are_no_tables(folder):
    for name in NAMES:
        (folder / f"{name}.json").write_text(json.dumps({"file": name, "label": "x"}))
    assert list_pictures(str(folder)).label_source == "folder names"
