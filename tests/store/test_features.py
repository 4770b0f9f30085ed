"""Files are whole or absent; what is damaged is said; nothing is pickled; a full disk is a
sentence.
"""

import dataclasses
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.errors import InputError, StoreError, UnknownNameError
from srcsel.base.records import (
    Dataset,
    Failure,
    FeatureKey,
    Features,
    Note,
    Projection,
    Ranking,
    Result,
    Run,
    Score,
    SourceModel,
    Unreadable,
    Verdict,
)
from srcsel.store import files
from srcsel.store.features import FeatureStore, RunStore
from srcsel.store.serialize import to_plain

NOTES = (Note("In the literal reading.", "raw"), Note("For both."))
KEY = FeatureKey("digest", "timm/resnet18", "r1", "squash 64", "float32")


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


@pytest.fixture
def runs(tmp_path):
    return RunStore(tmp_path / "runs")


def some_features(key=KEY, n=7):
    values = np.arange(n * 3, dtype=np.float32).reshape(n, 3)
    return Features(key, values, -values[:, :2], 0.25)


def some_result(run_id, folder=Path("/pictures"), **changes):
    run = Run(
        run_id,
        "2026-01-31T10:00:00+00:00",
        str(folder),
        ("a/one", "a/two"),
        left_out=("red/1.png",),
    )
    dataset = Dataset(
        str(folder),
        "pictures",
        folder,
        ("b/1.png", "r/1.png"),
        np.array([0, 1]),
        ("b", "r"),
        "d",
        (Unreadable("r/2.png", "It is empty."),),
    )
    models = tuple(
        SourceModel(m, m.title(), "r", 5, 0.5, 64, None, "none", "MIT") for m in run.models
    )
    scores = (
        Score(
            "a/one", "supcon", "whitened", 1.5, 2.0, 0.5, 1.0, 2.0, np.array([1.0, 1.5, 2.0]), 0.1
        ),
        Score("a/two", "knn", None, 0.5),
    )
    return Result(
        run=run,
        dataset=dataset,
        models=models,
        scores=scores,
        literal=(dataclasses.replace(scores[0], reading="raw", rechecks=np.array([7.0])),),
        failures=(Failure("a/two", "supcon", "It broke.", "trace"),),
        rankings=(Ranking("supcon", "whitened", ("a/one",), (1,), ("a/one",)),),
        verdict=Verdict(
            "clear", "a/one", "Start from A/One.", {"a/one": 97.0}, ("a/one",), NOTES, why="So."
        ),
        seconds_per_picture={"a/one": 0.01},
        notes=("One file.",),
        versions={"numpy": "2"},
        seconds=3.0,
        **changes,
    )


def test_features_come_back_as_they_were(store):
    assert store.get(KEY) is None
    store.put(some_features())
    found = store.get(KEY)
    assert found.values.dtype == found.logits.dtype == np.float32
    np.testing.assert_array_equal(found.values, some_features().values)
    np.testing.assert_array_equal(found.logits, some_features().logits)
    assert found.seconds_per_picture == 0.25
    assert store.has(KEY)
    assert not store.notes


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(FeatureKey)])
def test_every_field_of_the_key_tells_features_apart(store, field):
    store.put(some_features())
    assert store.get(dataclasses.replace(KEY, **{field: "other"})) is None


@pytest.mark.parametrize("where", ["*.safetensors", "pictures/*/*.safetensors"])
@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "pickle", "other key"])
def test_damaged_features_are_absent_and_said(store, harm, where):
    store.put(some_features())
    path = next(store.folder.glob(where))
    data = bytearray(path.read_bytes())
    if harm == "cut":
        data = data[:-5]
    if harm == "flip":
        data[-3] ^= 0x40
    if harm == "empty":
        data = bytearray()
    if harm == "pickle":
        data = bytearray(b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00K*.")
    path.write_bytes(data)
    if harm == "other key":
        store.put(some_features(dataclasses.replace(KEY, model="timm/other")))
        next(store.folder.glob(where.replace("*", "timm-other*", 1))).replace(path)
    assert store.get(KEY) is None
    assert "timm/resnet18 were damaged" in store.notes[0]
    assert not store.has(KEY)
    store.put(some_features())
    assert store.get(KEY) is not None


def names(*numbers):
    """Names of pictures (n, 32) uint8."""
    return np.array(numbers, np.uint8)[:, None] * np.ones(32, np.uint8)


def test_half_done_features_are_found_by_picture_and_become_whole(store):
    whole = some_features(n=10)
    pictures = names(*range(10))
    assert store.missing(KEY, pictures).tolist() == list(range(10))
    for rows in (slice(0, 4), slice(8, 10)):
        store.put_part(KEY, pictures[rows], whole.values[rows], whole.logits[rows])
    assert store.missing(KEY, pictures).tolist() == [4, 5, 6, 7]
    assert store.gather(KEY, pictures, listed=True) is None
    assert store.get(KEY) is None
    rest = slice(4, 8)
    store.put_part(KEY, pictures[rest], whole.values[rest], whole.logits[rest], (0.1, 0.2))
    found = store.gather(KEY, pictures, listed=False)
    assert store.get(KEY) is None
    for features in (found, store.gather(KEY, pictures, listed=True), store.get(KEY)):
        np.testing.assert_array_equal(features.values, whole.values)
        np.testing.assert_array_equal(features.logits, whole.logits)
        assert (features.seconds_per_picture, features.seconds_spread) == (0.1, (0.1, 0.2))
    assert store.has(KEY)


def test_the_same_pictures_of_another_set_are_there_in_its_own_order(store):
    """A class renamed, pictures left out, one twice: no network has to run."""
    pictures = names(*range(7))
    store.put(some_features(), pictures)
    other = dataclasses.replace(KEY, dataset="another")
    assert not store.has(other)
    rows = [6, 2, 2, 0]
    assert not len(store.missing(other, pictures[rows]))
    found = store.gather(other, pictures[rows], listed=True)
    assert found.key == other
    np.testing.assert_array_equal(found.values, some_features().values[rows])
    assert found.seconds_per_picture == 0.25
    np.testing.assert_array_equal(store.get(other).values, found.values)
    assert len(list(store.folder.rglob("pictures/*/*"))) == 1  # and not stored twice
    third = dataclasses.replace(other, revision="r2")
    assert store.missing(third, pictures[rows]).tolist() == [0, 1, 2, 3]


def test_without_what_a_list_names_it_is_looked_for_again(store):
    pictures = names(*range(7))
    whole = some_features()
    made = [
        name
        for row in range(7)
        for name in store.put_part(KEY, pictures[row : row + 1], whole.values[row : row + 1], None)
    ]
    store.gather(KEY, pictures, listed=True)
    store.join(KEY, made, 7, (0.5, 0.6))  # another process does so meanwhile
    assert not store.has(KEY)  # what it names is gone
    np.testing.assert_array_equal(store.get(KEY).values, whole.values)
    assert store.get(KEY).seconds_spread == (0.5, 0.6)
    for path in store.folder.rglob("pictures/*/*"):
        path.unlink()
    assert store.get(KEY) is None
    assert store.notes == []  # space was made: no damage


def test_the_time_of_most_pictures_is_believed(store):
    pictures = names(*range(7))
    whole = some_features()
    store.put(Features(KEY, whole.values[:5], None, 0.1, (0.1, 0.2)), pictures[:5])
    store.put_part(KEY, pictures[5:], whole.values[5:], None, (9.0, 9.0))
    assert store.gather(KEY, pictures, listed=False).seconds_per_picture == 0.1


def former(store, key, tensors, **about):
    """Write features as earlier versions kept them."""
    files.write_tensors(store._path(key), tensors, {"key": to_plain(key), **about})


def test_features_of_an_earlier_version_are_kept_by_picture_once_these_are_known(store):
    whole, pictures = some_features(), names(*range(7))
    tensors = {"values": whole.values, "logits": whole.logits}
    former(store, KEY, tensors, seconds_per_picture=0.25, seconds_spread=[0.25, 0.5])
    fewer = dataclasses.replace(KEY, dataset="fewer")
    former(store, fewer, {"rows": np.array([5, 1])}, source=to_plain(KEY))

    def looked_at():
        found = store.get(KEY)
        np.testing.assert_array_equal(found.values, whole.values)
        np.testing.assert_array_equal(found.logits, whole.logits)
        assert found.seconds_spread == (0.25, 0.5)
        np.testing.assert_array_equal(store.get(fewer).values, whole.values[[5, 1]])
        assert store.has(KEY)
        assert store.has(fewer)

    looked_at()
    other = dataclasses.replace(KEY, dataset="other")
    assert len(store.missing(other, pictures)) == 7
    store.adopt(KEY, pictures[:5])  # not these
    assert len(store.missing(other, pictures)) == 7
    store.adopt(KEY, pictures)
    assert not len(store.missing(other, pictures))
    looked_at()
    assert store.notes == []


def test_half_done_features_of_an_earlier_version_are_gone_on_from(store):
    whole, pictures = some_features(n=10), names(*range(10))
    for start in (0, 4, 8):  # a gap before the last
        rows = slice(start, start + 3 if start else 4)
        files.write_tensors(
            store._parts(KEY) / f"{start:09d}.safetensors",
            {"values": whole.values[rows]},
            {"key": to_plain(KEY)},
        )
    store.adopt(KEY, pictures)
    assert store.missing(KEY, pictures).tolist() == [7, 8, 9]
    assert not store._parts(KEY).exists()
    found = store.gather(KEY, pictures[:7], listed=False)
    np.testing.assert_array_equal(found.values, whole.values[:7])


def test_what_was_computed_is_remembered_by_all_it_depends_on(store):
    question = {"method": "umap", "seed": 0}
    assert store.memory.recall("maps", question) is None
    store.memory.remember("maps", question, {"xy": np.ones((3, 2))}, {"note": 1})
    tensors, value = store.memory.recall("maps", question)
    assert value == {"note": 1}
    np.testing.assert_array_equal(tensors["xy"], np.ones((3, 2)))
    assert store.memory.recall("maps", {**question, "seed": 1}) is None
    assert store.memory.recall("scores", question) is None


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may not write")]
)
def test_a_disk_that_refuses_is_a_sentence_and_leaves_nothing(store, monkeypatch, code, words):
    store.put(some_features())

    def refuse(handle):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(StoreError, match=words) as caught:
        store.put(some_features(n=3))
    assert "SRCSEL_HOME" in str(caught.value)
    assert len(store.get(KEY).values) == 7  # the old file is untouched
    assert not list(store.folder.rglob("*.tmp"))


def test_sweep_deletes_only_what_killed_processes_left(tmp_path):
    old, new = tmp_path / "a" / ".x.1-1.tmp", tmp_path / ".y.1-1.tmp"
    old.parent.mkdir()
    for path in (old, new, tmp_path / "kept.json"):
        path.touch()
    os.utime(old, (1, 1))
    files.sweep(tmp_path)
    assert not old.exists()
    assert new.exists()
    assert (tmp_path / "kept.json").exists()


def test_json_without_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not (tmp_path / "a.json").exists()


def test_ids_sort_by_time_and_are_safe_in_addresses():
    ids = [RunStore.new_id() for _ in range(50)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50
    assert all(c.isalnum() or c == "-" for c in "".join(ids))


def test_a_result_comes_back_as_it_was(runs):
    run_id = runs.new_id()
    saved = some_result(run_id)
    runs.save(saved)
    found = runs.load(run_id)
    assert found.run == saved.run
    assert found.verdict == saved.verdict
    assert found.rankings == saved.rankings
    assert found.failures == saved.failures
    assert found.models == saved.models
    assert found.dataset.folder == Path("/pictures")
    assert found.dataset.unreadable == saved.dataset.unreadable
    np.testing.assert_array_equal(found.dataset.labels, [0, 1])
    assert found.scores[1].rechecks is None
    for old, new in zip(
        saved.scores[:1] + saved.literal, found.scores[:1] + found.literal, strict=True
    ):
        np.testing.assert_array_equal(new.rechecks, old.rechecks)
        assert to_plain(new) == to_plain(old)
    assert (found.notes, found.versions, found.seconds_per_picture) == (
        ("One file.",),
        {"numpy": "2"},
        {"a/one": 0.01},
    )


def test_a_partial_result_is_replaced_by_the_next(runs):
    run_id = runs.new_id()
    runs.save(dataclasses.replace(some_result(run_id), complete=False, scores=(), literal=()))
    assert not runs.load(run_id).complete
    assert not runs.list()[0].complete
    runs.save(some_result(run_id))
    assert runs.load(run_id).complete


def test_only_a_whole_result_waits_for_the_disk(runs, monkeypatch):
    """A partial one comes after every model, and is worked out again."""
    waited, sync = [], os.fsync
    monkeypatch.setattr(files.os, "fsync", lambda handle: waited.append(handle) or sync(handle))
    run_id = runs.new_id()
    runs.save(dataclasses.replace(some_result(run_id), complete=False))
    assert not waited
    runs.save(some_result(run_id))
    assert len(waited) >= 3
    assert len(runs.list()) == 1


def test_the_list_is_newest_first_with_what_history_shows(runs):
    first, second = runs.new_id(), runs.new_id()
    runs.save(some_result(first))
    later = some_result(second)
    runs.save(
        dataclasses.replace(
            later, run=dataclasses.replace(later.run, created="2026-02-01T00:00:00+00:00")
        )
    )
    assert [summary.id for summary in runs.list()] == [second, first]
    summary = runs.list()[1]
    assert (summary.images, summary.classes, summary.models) == (2, 2, 2)
    assert (summary.winner_title, summary.kind, summary.example) == ("A/One", "clear", False)


def test_notes_of_an_older_version_are_damage_not_a_crash(runs):
    result = some_result(runs.new_id())
    runs.save(result)
    place = runs.folder / result.run.id / "result.json"
    plain = json.loads(place.read_text())
    for old in ("In the literal reading text is plain.", "x"):
        plain["verdict"]["notes"] = [old]
        place.write_text(json.dumps(plain))
        with pytest.raises(StoreError, match="Run it again"):
            runs.load(result.run.id)


def test_a_damaged_run_is_said_and_spoils_no_other(runs):
    good, bad = runs.new_id(), runs.new_id()
    runs.save(some_result(good))
    runs.save(some_result(bad))
    (runs.folder / bad / "run.json").write_text("{")
    assert [summary.id for summary in runs.list()] == [good]
    assert bad in runs.notes[0]
    (runs.folder / good / "result.json").write_text('{"dataset": {}}')
    with pytest.raises(StoreError, match="Run it again"):
        runs.load(good)


@pytest.mark.parametrize("name", ["../../etc", "", "a/b", "..", "A" * 200, "unknown-run"])
def test_no_other_folder_is_ever_read_or_deleted(runs, name):
    for act in (runs.load, runs.delete):
        with pytest.raises(UnknownNameError):
            act(name)


def test_a_map_of_no_run_is_refused_by_name(runs):
    with pytest.raises(UnknownNameError):
        runs.projection("../x", "a/one", "umap")
    assert runs.projection("unknown-run", "a/one", "umap") is None


def test_examples_are_listed_last_and_cannot_be_deleted(tmp_path):
    shipped = RunStore(tmp_path / "shipped")
    shipped.save(some_result("example-1"))
    runs = RunStore(tmp_path / "home" / "runs", shipped.folder)
    own = runs.new_id()
    runs.save(some_result(own))
    assert [(s.id, s.example) for s in runs.list()] == [(own, False), ("example-1", True)]
    assert runs.load("example-1").verdict.winner == "a/one"
    with pytest.raises(InputError, match="ships with srcsel"):
        runs.delete("example-1")
    runs.delete(own)
    with pytest.raises(UnknownNameError):
        runs.load(own)
    projection = Projection("a/one", "pca", 0, np.arange(2), np.zeros((2, 2), np.float32))
    runs.save_projection("example-1", projection)
    assert not (shipped.folder / "example-1" / "maps").exists()
    assert runs.projection("example-1", "a/one", "pca") is not None
    assert len(runs.list()) == 1  # a map alone is no run of one's own


def test_maps_that_another_example_ships_count_for_both(tmp_path):
    shipped = RunStore(tmp_path / "shipped")
    for name in ("example-1", "example-2"):
        shipped.save(some_result(name))
    drawn = Projection("a/one", "umap", 0, np.arange(2), np.eye(2, dtype=np.float32))
    shipped.save_projection("example-1", drawn)
    files.write_json(shipped.folder / "example-2" / "maps" / "shared.json", "example-1")
    runs = RunStore(tmp_path / "runs", shipped.folder)
    np.testing.assert_array_equal(runs.projection("example-2", "a/one", "umap").xy, drawn.xy)
    assert runs.projection("example-2", "a/two", "umap") is None
    files.write_json(shipped.folder / "example-2" / "maps" / "shared.json", "../example-1")
    assert runs.projection("example-2", "a/one", "umap") is None


def test_a_projection_comes_back_by_model_method_and_seed(runs):
    run_id = runs.new_id()
    projection = Projection(
        "a/one", "umap", 3, np.array([0, 2]), np.array([[0.5, -1], [1, 0]], np.float32)
    )
    runs.save_projection(run_id, projection)
    found = runs.projection(run_id, "a/one", "umap", 3)
    np.testing.assert_array_equal(found.rows, [0, 2])
    np.testing.assert_array_equal(found.xy, projection.xy)
    assert runs.projection(run_id, "a/one", "umap") is None
    assert runs.projection(run_id, "a/two", "umap", 3) is None


def test_a_run_moves_with_its_work_folder(tmp_path):
    here = RunStore(tmp_path / "one" / "runs")
    run_id = here.new_id()
    here.save(some_result(run_id, tmp_path / "one" / "public" / "digits"))
    text = (here.folder / run_id / "result.json").read_text()
    assert json.loads(text)["dataset"]["folder"] == "<home>/public/digits"
    (tmp_path / "one").rename(tmp_path / "two")
    assert (
        RunStore(tmp_path / "two" / "runs").load(run_id).dataset.folder
        == tmp_path / "two" / "public" / "digits"
    )


def test_no_path_of_this_computer_is_stored_for_what_lies_in_the_work_folder(tmp_path, work_folder):
    """Examples are made in a store of their own, from pictures of the usual work folder."""
    elsewhere = RunStore(tmp_path / "example" / "runs")
    elsewhere.save(some_result("example-1", work_folder / "public" / "digits"))
    stored = json.loads((elsewhere.folder / "example-1" / "result.json").read_text())
    assert stored["dataset"]["folder"] == "<home>/public/digits"


def test_rows_that_do_not_say_of_what_are_damaged(store):
    files.write_tensors(store._path(KEY), {"rows": np.arange(3)}, {"key": to_plain(KEY)})
    assert store.get(KEY) is None
    assert "damaged" in store.notes[0]
