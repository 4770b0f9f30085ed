"""Features: one decode for all models, stored ones at once, parts, short memory, failures as
values.
"""

import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from srcsel.base import quotas
from srcsel.base.errors import Cancelled, InputError, ModelError, StoreError
from srcsel.base.records import Failure, Features, SourceModel
from srcsel.features import decode
from srcsel.features.backends import Eager, choice, openvino
from srcsel.features.backends._base import difference
from srcsel.features.devices import BATCH, pick_device
from srcsel.features.engines import _base, _blocks, local
from srcsel.features.extract import extract, key_for, precision_named
from srcsel.models.hubs import HUBS, Preprocessing
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.images import open_picture
from srcsel.pictures.naming import names_of
from srcsel.store import files, owned
from srcsel.store.features import FeatureStore
from srcsel.store.serialize import to_plain
from tests.features.backends.conftest import SIDE, make_encoder
from tests.recorder import Recorder, Told


class FakeHub:
    """Models whose features are the mean colour (3), whose logits are minus that; `break_` decides
    what goes wrong.
    """

    name = "fake"
    title = "Fake"

    def __init__(self):
        self.loads, self.batches = [], []
        self.break_ = lambda model, batch, device: None

    def models(self):
        return []

    def find(self, name):
        return SourceModel(f"fake/{name}", name.title(), "1", 0, 0.1, 8, 3, "none", "MIT")

    def preprocessing(self, model):
        side = 16 if model.id.endswith("large") else 8
        return Preprocessing(
            (side, side), resize="squash", interpolation="bilinear", mean=(0.5, 0.5, 0.5)
        )

    def load(self, model, device, watch):
        self.loads.append((model.id, device))
        hub = self

        class Encoder:
            preprocessing = hub.preprocessing(model)

            def __call__(self, batch):
                broken = hub.break_(model.id, batch, device)
                if isinstance(broken, BaseException):
                    raise broken
                hub.batches.append((model.id, len(batch)))
                values = batch.mean(axis=(2, 3), dtype=np.float64).astype(np.float32)
                return (values, -values) if broken is None else (broken, None)

        return Encoder()


@pytest.fixture
def hub(monkeypatch):
    hub = FakeHub()
    monkeypatch.setitem(HUBS, "fake", hub)
    return hub


@pytest.fixture
def dataset(picture_folder):
    return load_dataset(str(picture_folder))


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def run(dataset, hub, store, *names, **options):
    models = [hub.find(name) for name in names]
    return list(extract(dataset, models, store=store, **{"device": "cpu", **options}))


def test_row_i_is_picture_i(dataset, hub, store):
    (features,) = run(dataset, hub, store, "one")
    how = hub.preprocessing(hub.find("one"))
    for row, path in enumerate(dataset.paths):
        pixels = how.pixels(open_picture(dataset.folder / path, hint=8))
        np.testing.assert_allclose(features.values[row], pixels.mean(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_array_equal(features.logits, -features.values)
    assert features.values.dtype == np.float32
    assert features.key == key_for(dataset, hub.find("one"), "float32")
    assert features.seconds_per_picture > 0


def test_each_picture_is_opened_once_for_models_that_see_it_alike(dataset, hub, store, monkeypatch):
    opened, real = [], decode.made_of
    monkeypatch.setattr(decode, "made_of", lambda *asked: opened.append(asked[3]) or real(*asked))
    run(dataset, hub, store, "one", "two", "large")
    # of "one" and "two" the same pixels
    assert [sorted(one) for one in opened] == [[8, 16]] * 36
    assert {len(made) for one in opened for made in one.values()} == {1}


def test_features_do_not_depend_on_who_runs_beside(dataset, hub, store, tmp_path):
    (alone,) = run(dataset, hub, store, "one")
    together = run(dataset, hub, FeatureStore(tmp_path / "other"), "large", "one")
    np.testing.assert_array_equal(alone.values, together[1].values)


def test_stored_features_come_first_and_load_nothing(dataset, hub, store):
    run(dataset, hub, store, "two")
    hub.loads.clear()
    watch = Recorder()
    found = run(dataset, hub, store, "one", "two", watch=watch)
    assert [f.key.model for f in found] == ["fake/two", "fake/one"]
    assert hub.loads == [("fake/one", "cpu")]
    assert watch.seen[0] == Told("fake/two", "stored")


def test_stored_features_never_import_torch(dataset, hub, store, picture_folder, tmp_path):
    """In a process of its own, with the yardstick that needs no network."""
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from srcsel.models.catalog import find_models
        from srcsel.pictures.dataset import load_dataset
        from srcsel.features.extract import extract
        from srcsel.store.features import FeatureStore
        store = FeatureStore(Path(sys.argv[2]))
        found = list(extract(load_dataset(sys.argv[1]), find_models("pixels"), store=store))
        heavy = {"torch", "timm", "torchvision", "umap", "sklearn"}
        print(len(found[0].values), sorted(heavy & set(sys.modules)))
        """)
    command = [sys.executable, "-c", script, str(picture_folder), str(tmp_path / "features")]
    subprocess.run(command, check=True, capture_output=True)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert again.stdout.strip() == "36 []"


def test_progress_is_told_for_pictures_and_each_batch(dataset, hub, store, monkeypatch):
    monkeypatch.setitem(BATCH, "cpu", 16)
    watch = Recorder()
    run(dataset, hub, store, "one", watch=watch)
    assert Told("pictures", "done", 36, 36) in watch.seen
    told = [(t.done, t.total) for t in watch.seen if t[:2] == ("fake/one", "running")]
    assert told == [(0, 36), (0, 36), (16, 36), (32, 36), (36, 36)]  # on its way, ready, batches


def test_a_stopped_run_goes_on_mid_model(dataset, hub, store, monkeypatch):
    monkeypatch.setitem(BATCH, "cpu", 8)
    with pytest.raises(Cancelled):
        run(
            dataset,
            hub,
            store,
            "one",
            watch=Recorder(lambda told: told.done == 16 and told.part == "fake/one"),
        )
    hub.batches.clear()
    (features,) = run(dataset, hub, store, "one")
    assert hub.batches == [("fake/one", 8), ("fake/one", 8), ("fake/one", 4)]
    fresh = FeatureStore(store.folder.parent / "fresh")
    (whole,) = run(dataset, hub, fresh, "one")
    np.testing.assert_array_equal(features.values, whole.values)
    np.testing.assert_array_equal(features.logits, whole.logits)
    assert len(shards(store)) == 2  # before, and after


def test_parts_are_stored_on_the_way(dataset, hub, store, monkeypatch):
    """A kill leaves no chance to store anything, so parts must be there before."""
    monkeypatch.setitem(BATCH, "cpu", 8)
    monkeypatch.setattr(_base, "PART_ROWS", 16)
    rows = []
    key = key_for(dataset, hub.find("one"), "float32")
    hub.break_ = lambda model, batch, device: rows.append(stored(store, key, dataset))
    run(dataset, hub, store, "one")
    assert rows[:5] == [0, 0, 16, 16, 32]  # a busy computer is timed again
    assert len(shards(store)) == 1


def test_parts_are_joined_as_soon_as_they_are_large(dataset, hub, store, monkeypatch):
    monkeypatch.setitem(BATCH, "cpu", 8)
    monkeypatch.setattr(_base, "PART_ROWS", 8)
    monkeypatch.setattr(_base, "MOST_BYTES", 16 * 6 * 4)
    found = []
    hub.break_ = lambda model, batch, device: found.append(len(shards(store)))
    (features,) = run(dataset, hub, store, "one")
    assert found[:5] == [0, 1, 1, 2, 2]  # a busy computer is timed again
    assert len(shards(store)) == 3
    np.testing.assert_array_equal(features.values, store.get(features.key).values)


@pytest.fixture
def opened(monkeypatch):
    """The pictures that are decoded."""
    opened, real = [], decode.made_of
    monkeypatch.setattr(decode, "made_of", lambda *asked: opened.append(asked[1]) or real(*asked))
    return opened


def test_only_pictures_that_are_new_are_decoded_and_run(
    dataset, hub, store, picture_folder, opened
):
    """A class is renamed, two pictures go, three come."""
    (before,) = run(dataset, hub, store, "one")
    known = dict(zip(dataset.digests, before.values, strict=True))
    (picture_folder / "red").rename(picture_folder / "Crimson")
    for name in ("blue/000.png", "green/011.png"):
        (picture_folder / name).unlink()
    for number in range(3):
        Image.new("RGB", (48, 48), (number, 9, 9)).save(picture_folder / "blue" / f"n{number}.png")
    changed = load_dataset(str(picture_folder))
    opened.clear()
    hub.batches.clear()
    watch = Recorder()
    (after,) = run(changed, hub, store, "one", watch=watch)
    assert (len(opened), hub.batches) == (3, [("fake/one", 3)])
    assert "Running, 34 of 37; 34 kept from before" in [told.note for told in watch.seen]
    fresh = FeatureStore(store.folder.parent / "fresh")
    (whole,) = run(changed, hub, fresh, "one")
    np.testing.assert_array_equal(after.values, whole.values)
    np.testing.assert_array_equal(after.logits, whole.logits)
    assert sum(digest in known for digest in changed.digests) == 34


def test_where_no_picture_is_new_no_network_runs(dataset, hub, store, picture_folder, opened):
    """Also in another folder, and with labels that are others."""
    (before,) = run(dataset, hub, store, "one")
    other = picture_folder.parent / "other" / "all"
    other.mkdir(parents=True)
    (picture_folder / "red" / "000.png").rename(picture_folder / "blue" / "zzz.png")
    for path in sorted(picture_folder.rglob("*.png")):
        shutil.copy(path, other / f"{path.parent.name} {path.name}")
    shutil.copytree(picture_folder / "green", other.parent / "green again")
    opened.clear()
    hub.loads.clear()
    for folder, count in ((picture_folder, 36), (other.parent, 48)):
        watch = Recorder()
        changed = load_dataset(str(folder))
        (after,) = run(changed, hub, store, "one", watch=watch)
        assert watch.seen == [Told("fake/one", "stored")]
        known = dict(zip(dataset.digests, before.values, strict=True))
        np.testing.assert_array_equal(after.values, [known[d] for d in changed.digests])
        assert len(after.values) == count
        assert after.seconds_per_picture == before.seconds_per_picture
    assert opened == hub.loads == []


def test_a_picture_that_is_there_twice_is_run_once(dataset, hub, store, picture_folder):
    for number in range(4):
        shutil.copy(picture_folder / "red" / "000.png", picture_folder / f"red/z{number}.png")
    twice = load_dataset(str(picture_folder))
    watch = Recorder()
    (found,) = run(twice, hub, store, "one", watch=watch)
    assert sum(size for _, size in hub.batches) == 36
    assert len(found.values) == 40
    assert (found.values[36:] == found.values[24]).all()
    assert {told.note for told in watch.seen if told.part == "fake/one"} == {""}  # nothing before


def test_other_bytes_under_the_same_name_are_another_picture(dataset, hub, store, picture_folder):
    (before,) = run(dataset, hub, store, "one")
    Image.new("RGB", (48, 48), (250, 250, 250)).save(picture_folder / "red" / "000.png")
    hub.batches.clear()
    (after,) = run(load_dataset(str(picture_folder)), hub, store, "one")
    assert hub.batches == [("fake/one", 1)]
    assert (after.values[24] > 240).all()
    assert (before.values[24] < 240).any()


def test_features_that_an_earlier_version_kept_by_folder_are_used(dataset, hub, store):
    """By the whole set, and by one with some left out that no run had before."""
    (made,) = run(dataset, hub, FeatureStore(store.folder.parent / "fresh"), "one")
    files.write_tensors(
        store._path(made.key),
        {"values": made.values, "logits": made.logits},
        {"key": to_plain(made.key), "seconds_per_picture": 0.5, "seconds_spread": [0.5, 0.6]},
    )
    hub.loads.clear()
    fewer = load_dataset(str(dataset.folder), left_out=["blue/003.png"])
    (some,) = run(fewer, hub, store, "one", whole=dataset)
    np.testing.assert_array_equal(some.values, np.delete(made.values, 3, axis=0))
    assert some.seconds_spread == (0.5, 0.6)
    (again,) = run(dataset, hub, store, "one")
    np.testing.assert_array_equal(again.values, made.values)
    assert hub.loads == []


def forget(store):
    """Remove all features; conversions stay."""
    for path in [*store.folder.glob("*.safetensors"), *shards(store)]:
        path.unlink()


def shards(store):
    return list(store.folder.glob("pictures/*/*.safetensors"))


def stored(store, key, dataset):
    """How many pictures have features."""
    names = names_of(dataset)
    return len(names) - len(store.missing(key, names))


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried"),
        MemoryError(),
        RuntimeError("can't allocate memory: you"),
    ],
)
def test_short_memory_halves_the_batch_and_is_said(dataset, hub, store, error):
    hub.break_ = lambda model, batch, device: error if len(batch) > 8 else None
    said = []
    (features,) = run(dataset, hub, store, "one", say=said.append)
    assert [size for _, size in hub.batches] == [8, 8, 8, 8, 4]
    assert said[-1] == "One ran with 8 pictures at a time, because memory was short."
    assert len(features.values) == 36


def test_a_model_too_large_for_the_device_runs_on_the_processor(dataset, hub, store, monkeypatch):
    monkeypatch.setattr(local, "pick_device", lambda device: "cuda")
    hub.break_ = lambda model, batch, device: (
        RuntimeError("out of memory") if device == "cuda" else None
    )
    said = []
    (features,) = run(dataset, hub, store, "one", device="cuda", say=said.append)
    assert isinstance(features, Features)
    assert [device for _, device in hub.loads] == ["cuda", "cpu"]
    assert said[-1] == "One does not fit into the memory of cuda; it ran on the processor."


def test_a_card_that_fails_leaves_the_models_to_the_processor(dataset, hub, store, monkeypatch):
    """Also when nothing can be done with the card any more, giving memory back included."""
    import torch

    def lost(*_):
        raise RuntimeError("CUDA error: unspecified launch failure\nCompile with more words")

    monkeypatch.setattr(local, "pick_device", lambda device: "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lost)
    hub.break_ = lambda model, batch, device: lost() if device == "cuda" else None
    said = []
    found = list(run(dataset, hub, store, "one", "two", device="cuda", say=said.append))
    assert [type(one) for one in found] == [Features, Features]
    assert [len(one.values) for one in found] == [36, 36]
    assert said == [
        f"The graphics card failed while {name} ran, so it ran on the processor (RuntimeError:"
        " CUDA error: unspecified launch failure)."
        for name in ("One", "Two")
    ]


def test_a_model_too_large_for_everything_fails_alone(dataset, hub, store):
    hub.break_ = lambda model, batch, device: MemoryError() if model == "fake/one" else None
    failed, good = run(dataset, hub, store, "one", "two")
    assert isinstance(failed, Failure)
    assert "Not enough memory for One, also with one picture at a time" in failed.reason
    assert good.key.model == "fake/two"


def test_a_failing_model_never_stops_the_others(dataset, hub, store, monkeypatch):
    def load(model, device, watch):
        if model.id == "fake/gone":
            raise ModelError("No connection: the weights cannot be fetched.")
        return FakeHub.load(hub, model, device, watch)

    monkeypatch.setattr(hub, "load", load)
    hub.break_ = lambda model, batch, device: (
        ValueError("odd shape") if model == "fake/odd" else None
    )
    watch = Recorder()
    gone, odd, good = run(dataset, hub, store, "gone", "odd", "good", watch=watch)
    assert gone.reason == "No connection: the weights cannot be fetched."
    assert "Odd could not be run (ValueError: odd shape)" in odd.reason
    assert "Traceback" in odd.detail
    assert (gone.model, gone.measure) == ("fake/gone", "")
    assert isinstance(good, Features)
    assert ("fake/gone", "failed") in [told[:2] for told in watch.seen]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_a_failure_and_are_not_stored(dataset, hub, store, bad):
    def spoil(model, batch, device):
        values = np.ones((len(batch), 3), np.float32)
        values[0, 1] = bad
        return values

    hub.break_ = spoil
    (failed,) = run(dataset, hub, store, "one")
    assert "not numbers for 2 of 36 pictures (first: blue/000.png)" in failed.reason
    key = key_for(dataset, hub.find("one"), "float32")
    assert not store.has(key)
    assert stored(store, key, dataset) == 34
    hub.break_ = lambda *_: None
    hub.batches.clear()
    assert np.isfinite(run(dataset, hub, store, "one")[0].values).all()
    assert hub.batches == [("fake/one", 2)]  # those alone are asked again


def test_a_full_disk_stops_the_run_with_its_sentence(dataset, hub, store, monkeypatch):
    def refuse(*_):
        raise StoreError("The disk is full.")

    for name in ("put_part", "_list"):
        with monkeypatch.context() as full:
            full.setattr(store, name, refuse)
            with pytest.raises(StoreError, match="full"):
                run(dataset, hub, store, "one")
    hub.loads.clear()
    (features,) = run(dataset, hub, store, "one")
    assert len(features.values) == 36
    assert hub.loads == []  # what was stored before it was full is kept


def test_large_sets_lie_in_a_file_that_vanishes(dataset, hub, store, monkeypatch, tmp_path):
    (small,) = run(dataset, hub, FeatureStore(tmp_path / "other"), "one")
    monkeypatch.setattr(decode, "MEMORY_BYTES", 1000)
    kinds = []
    hub.break_ = lambda model, batch, device: kinds.append(type(batch).__name__)
    (large,) = run(dataset, hub, store, "one")
    np.testing.assert_array_equal(large.values, small.values)
    assert kinds == ["memmap"] * 2
    assert [path.suffix for path in store.folder.iterdir() if path.is_file()] == [".safetensors"]


def test_no_room_for_decoded_pictures_is_a_sentence(dataset, hub, store, monkeypatch):
    def full(handle, start, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decode, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(decode.os, "posix_fallocate", full)
    with pytest.raises(StoreError, match="disk is full"):
        run(dataset, hub, store, "one")


@pytest.mark.parametrize("revision", ["1", "c0ffee"])
def test_what_is_too_large_for_the_disk_is_decoded_some_at_a_time(
    dataset, hub, store, monkeypatch, tmp_path, revision
):
    """10 pictures a block of two sizes; one model fails in the second, one knows the first."""
    alone = run(dataset, hub, FeatureStore(tmp_path / "other"), "one", "large")
    monkeypatch.setattr(_blocks, "DISK_BYTES", 10 * 3 * (8 * 8 + 16 * 16))
    if revision == "1":
        run(dataset, hub, store, "two", until=10)
    find, largest = hub.find, []
    monkeypatch.setattr(
        hub,
        "find",
        lambda name: replace(find(name), revision=revision if hub.batches else "1"),
    )
    arrays = decode._arrays
    monkeypatch.setattr(
        decode,
        "_arrays",
        lambda s, f: largest.append(max(x[0] for x in s.values())) or arrays(s, f),
    )

    def breaks(model, batch, device):
        return (
            ValueError("odd")
            if model == "fake/odd" and hub.loads.count((model, "cpu")) > 1
            else None
        )

    hub.break_ = breaks
    hub.loads.clear()
    watch = Recorder()
    models = [find(name) for name in ("one", "odd", "large", "two")]
    found = list(extract(dataset, models, store=store, device="cpu", watch=watch))
    assert [type(one) for one in found] == [Failure, Features, Features, Features]
    one, large, _ = found[1:]
    np.testing.assert_array_equal(one.values, alone[0].values)
    np.testing.assert_array_equal(one.logits, alone[0].logits)
    np.testing.assert_array_equal(large.values, alone[1].values)
    np.testing.assert_array_equal(store.get(large.key).values, large.values)
    assert one.key.revision == revision
    assert max(largest) <= 10
    assert hub.loads.count(("fake/two", "cpu")) == (3 if revision == "1" else 4)
    done = [told.done for told in watch.seen if told[:2] == ("fake/one", "running")]
    assert done == sorted(done)
    assert done[-1] == 36
    assert watch.seen[-1].part != "pictures"
    assert Told("pictures", "done", 36, 36) in watch.seen
    hub.loads.clear()
    again = run(dataset, hub, store, "one", "large")
    assert hub.loads == []
    assert len(again) == 2


def test_a_picture_that_went_bad_meanwhile_is_named(dataset, hub, store):
    (dataset.folder / "green" / "003.png").write_bytes(b"")
    with pytest.raises(
        InputError, match=r"green/003.png could be read when the folder was checked"
    ):
        run(dataset, hub, store, "one")


def test_unknown_precision_and_device_are_refused(dataset, hub, store):
    with pytest.raises(InputError, match="bfloat16"):
        run(dataset, hub, store, "one", precision="int3")
    with pytest.raises(InputError, match="tpu"):
        run(dataset, hub, store, "one", device="tpu")
    assert [precision_named(name) for name in ("exact", "fast", "bfloat16")] == [
        "float32",
        "bfloat16",
        "bfloat16",
    ]
    assert pick_device("auto") in ("cpu", "cuda", "mps")


def test_features_are_named_by_the_weights_that_a_download_brought(
    dataset, hub, store, monkeypatch
):
    fetched = set()
    find, load = hub.find, hub.load
    monkeypatch.setattr(
        hub,
        "find",
        lambda name: replace(find(name), revision="c0ffee" if name in fetched else "main"),
    )
    monkeypatch.setattr(hub, "load", lambda model, *rest: fetched.add("one") or load(model, *rest))
    (features,) = run(dataset, hub, store, "one")
    assert features.key.revision == "c0ffee"
    hub.batches.clear()
    (again,) = run(dataset, hub, store, "one")
    assert again.key == features.key
    assert hub.batches == []  # found under the name it was stored by


class NetworkHub(FakeHub):
    """Models with a real, small network."""

    def find(self, name):
        return replace(super().find(name), params=5_000_000)

    def preprocessing(self, model):
        return Preprocessing((SIDE, SIDE))

    def load(self, model, device, watch):
        self.loads.append((model.id, device))
        return make_encoder()


@pytest.fixture
def networks(monkeypatch):
    """A hub whose networks are converted, as if torch took 10 s a picture."""
    pytest.importorskip("openvino")
    hub = NetworkHub()
    monkeypatch.setitem(HUBS, "fake", hub)
    timed = choice._timed
    monkeypatch.setattr(
        choice,
        "_timed",
        lambda runner, *rest: (timed(runner, *rest)[0], 10 if isinstance(runner, Eager) else 0.1),
    )
    return hub


@pytest.mark.parametrize(("precision", "apart"), [("float32", 1e-4), ("bfloat16", 0.05)])
def test_a_converted_network_gives_the_features_of_torch(
    dataset, networks, store, precision, apart, tmp_path
):
    said = []
    (found,) = run(dataset, networks, store, "one", precision=precision, say=said.append)
    assert said == [choice.RAN[precision]]
    expected, logits = make_encoder()(decoded_pictures(dataset, networks))
    assert difference((found.values, found.logits), (expected, logits)) < apart


def test_a_second_run_loads_no_network(dataset, networks, store):
    (first,) = run(dataset, networks, store, "one")
    forget(store)
    networks.loads.clear()
    said = []
    (again,) = run(dataset, networks, store, "one", say=said.append)
    np.testing.assert_array_equal(again.values, first.values)
    np.testing.assert_array_equal(again.logits, first.logits)
    assert networks.loads == []
    assert said == [choice.RAN["float32"]]


def test_a_stopped_run_of_a_converted_network_goes_on(dataset, networks, store, monkeypatch):
    monkeypatch.setitem(BATCH, "cpu", 8)
    (whole,) = run(dataset, networks, FeatureStore(store.folder.parent / "other"), "one")
    with pytest.raises(Cancelled):
        run(
            dataset,
            networks,
            store,
            "one",
            watch=Recorder(lambda told: told.done == 16 and told.part == "fake/one"),
        )
    assert stored(store, whole.key, dataset) == 16
    (features,) = run(dataset, networks, store, "one")
    np.testing.assert_allclose(features.values, whole.values, rtol=1e-4, atol=1e-6)


def test_a_converted_network_that_breaks_down_is_run_by_torch(
    dataset, networks, store, monkeypatch
):
    def broken(self, pixels, size):
        yield next(run_converted(self, pixels, size))
        if len(pixels) > choice.PROBE:
            raise RuntimeError("a kernel failed")

    run_converted = openvino.Converted.run
    (first,) = run(dataset, networks, store, "one")
    forget(store)
    monkeypatch.setattr(openvino.Converted, "run", broken)
    monkeypatch.setitem(BATCH, "cpu", 8)
    said = []
    (features,) = run(dataset, networks, store, "one", say=said.append)
    np.testing.assert_allclose(features.values, first.values, rtol=1e-4, atol=1e-6)
    assert (
        said[-1]
        == "One went on with torch, because OpenVINO stopped (RuntimeError: a kernel failed)."
    )


def decoded_pictures(dataset, hub):
    how = hub.preprocessing(None)
    return np.stack([how.pixels(open_picture(dataset.folder / path)) for path in dataset.paths])


def test_short_memory_beside_another_model_is_tried_again_alone(dataset, hub, store, monkeypatch):
    load, tried = hub.load, []

    def short(model, *rest):
        if model.id == "fake/two" and not tried:
            tried.append(model.id)
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return load(model, *rest)

    monkeypatch.setattr(hub, "load", short)
    notes = []
    found = run(dataset, hub, store, "one", "two", say=notes.append)
    assert [f.key.model for f in found] == ["fake/one", "fake/two"]
    assert tried
    assert not notes


@pytest.mark.parametrize(("brightest", "reused"), [(900, True), (4000, False)])
def test_features_of_another_range_are_never_reused(tmp_path, hub, store, brightest, reused):
    """Without its brightest picture a deep set is seen by another range."""
    for row, top in enumerate((900, 900, 850, brightest)):
        path = tmp_path / "deep" / "ab"[row % 2] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.linspace(100, top, 64).reshape(8, 8).astype(np.uint16)
        Image.fromarray(values).save(path)
    whole = load_dataset(str(tmp_path / "deep"))
    part = load_dataset(str(tmp_path / "deep"), left_out=["b/3.png"])
    (all_,) = run(whole, hub, store, "one")
    hub.batches.clear()
    (some,) = run(part, hub, store, "one", whole=whole)
    assert (hub.batches == []) is reused
    kept = [whole.paths.index(path) for path in part.paths]
    assert (some.values == all_.values[kept]).all() == reused
    assert np.ptp(some.values, axis=0).max() < 30  # 850 and 900 of 900, not of 4,000


def test_a_model_for_whose_features_there_is_no_room_fails_in_words(
    dataset, hub, store, monkeypatch
):
    with quotas.on_behalf_of("ada"):
        (kept,) = run(dataset, hub, store, "one")
        size = owned.taken(store.folder)["ada"]
        monkeypatch.setenv("SRCSEL_MOST_FEATURES", str(1.1 * size / 1e9))
        known, failed = run(dataset, hub, store, "one", "two")
        np.testing.assert_array_equal(known.values, kept.values)
        assert "too much for one person" in failed.reason
        assert {model for model, _ in hub.batches} == {"fake/one"}  # it did not run
        assert owned.taken(store.folder)["ada"] == size
    with quotas.on_behalf_of("bob"):
        (other,) = run(dataset, hub, store, "two")
    assert isinstance(other, Features)


def test_a_model_of_unknown_width_is_stopped_before_the_limit_is_passed(
    dataset, hub, store, monkeypatch
):
    find = hub.find
    monkeypatch.setattr(hub, "find", lambda name: replace(find(name), dim=None))
    monkeypatch.setattr("srcsel.features.engines._base.PART_ROWS", 8)
    monkeypatch.setattr("srcsel.features.engines.local.batch_size", lambda device: 8)
    monkeypatch.setenv("SRCSEL_MOST_FEATURES", str(500 / 1e9))  # 36 * 6 * 4 = 864 are needed
    with quotas.on_behalf_of("ada"):
        (failed,) = run(dataset, hub, store, "one")
    assert "too much for one person" in failed.reason
    assert not owned.taken(store.folder)
    assert hub.batches == [("fake/one", 8)]


def test_features_of_other_computers_beyond_the_limit_are_not_fetched(
    dataset, hub, tmp_path, monkeypatch
):
    place = str(tmp_path / "shared")
    (made,) = run(dataset, hub, FeatureStore(tmp_path / "one" / "features", place), "one")
    hub.batches.clear()
    other = FeatureStore(tmp_path / "other" / "features", place)
    monkeypatch.setenv("SRCSEL_MOST_FEATURES", str(100 / 1e9))
    with quotas.on_behalf_of("ada"):
        (failed,) = run(dataset, hub, other, "one")
        assert "too much for one person" in failed.reason
        assert not list((tmp_path / "other").rglob("*.safetensors"))
        monkeypatch.setenv("SRCSEL_MOST_FEATURES", "1")
        (found,) = run(dataset, hub, other, "one")
    np.testing.assert_array_equal(found.values, made.values)
    assert hub.batches == []
