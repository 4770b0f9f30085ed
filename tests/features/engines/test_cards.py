"""One model a graphics card, several at once: who runs where, memory, stopping, failures, with
cards that are made up; and the numbers of real ones.
"""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from srcsel.base.errors import Cancelled
from srcsel.base.records import Failure, SourceModel
from srcsel.features.devices import cards_of
from srcsel.features.engines import local
from srcsel.features.engines._cards import dealt
from srcsel.features.extract import extract
from srcsel.models.catalog import find_models
from srcsel.models.hubs import HUBS, Preprocessing
from srcsel.pictures.dataset import load_dataset
from srcsel.scoring.score import score_model
from srcsel.store.features import FeatureStore
from tests.conftest import make_pictures
from tests.recorder import Recorder

SOON = 60  # seconds until a test gives up


class FakeHub:
    """Models whose features are the mean colour; `meet` is called with each batch."""

    name = "fake"
    title = "Fake"

    def __init__(self):
        self.loads, self.batches = {}, []
        self.meet = lambda model, device, size: None

    def find(self, name):
        return SourceModel(f"fake/{name}", name.title(), "1", 0, 0.1, 8, 3, "none", "MIT")

    def preprocessing(self, model):
        return Preprocessing((8, 8), resize="squash", interpolation="bilinear")

    def load(self, model, device, watch):
        self.loads[model.id] = device
        hub = self

        class Encoder:
            preprocessing = hub.preprocessing(model)

            def __call__(self, batch):
                hub.meet(model.id, device, len(batch))
                hub.batches.append((model.id, len(batch)))
                return batch.mean(axis=(2, 3), dtype=np.float64).astype(np.float32), None

        return Encoder()


@pytest.fixture
def hub(monkeypatch):
    """Two cards that are the processor."""
    import torch

    hub = FakeHub()
    monkeypatch.setitem(HUBS, "fake", hub)
    monkeypatch.setattr(local, "pick_device", lambda device: "cuda" if device == "auto" else device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(local, "batch_size", lambda device: 16)
    return hub


@pytest.fixture
def dataset(picture_folder):
    return load_dataset(str(picture_folder))


def run(dataset, hub, folder, names, device="auto", **options):
    models = [hub.find(name) for name in names]
    found = extract(dataset, models, store=FeatureStore(folder), device=device, **options)
    return {one.model if isinstance(one, Failure) else one.key.model: one for one in found}


def test_cards_are_dealt_to_whoever_is_free_first():
    def task(name, pictures, gmacs):
        return SimpleNamespace(name=name, rows=range(pictures), model=SimpleNamespace(gmacs=gmacs))

    tasks = [task("a", 10, 4), task("b", 10, 1), task("c", 10, 2), task("d", 30, None)]
    # a: 40 on 0; b: 10 and c: 20 on 1, which is free first both times; d: 30 there too
    shares = dealt([*tasks, task("e", 1, 1)], ["cuda:0", "cuda:1"])
    named = {card: [one.name for one in own] for card, own in shares.items()}
    assert named == {"cuda:0": ["a", "e"], "cuda:1": ["b", "c", "d"]}
    assert set(dealt(tasks[:1], ["cuda:0", "cuda:1"])) == {"cuda:0"}


def test_two_models_run_at_the_same_time_and_each_on_its_card(dataset, hub, tmp_path):
    together, met, said = threading.Barrier(2, timeout=SOON), set(), []

    def meet(model, device, size):
        if model not in met:
            met.add(model)
            together.wait()  # passes only where both are under way

    hub.meet = meet
    found = run(dataset, hub, tmp_path / "two", ("one", "two"), say=said.append)
    assert hub.loads == {"fake/one": "cuda:0", "fake/two": "cuda:1"}
    assert said == ["2 graphics cards ran the models, one model on each at a time."]
    hub.meet = lambda *_: None
    alone = run(dataset, hub, tmp_path / "one", ("one", "two"), device="cpu")
    for model, features in alone.items():
        np.testing.assert_array_equal(found[model].values, features.values)


def test_a_card_that_is_named_is_the_only_one(dataset, hub, tmp_path):
    said = []
    run(dataset, hub, tmp_path, ("one", "two", "three"), device="cuda:1", say=said.append)
    assert set(hub.loads.values()) == {"cuda:1"}
    assert said == []
    assert cards_of("cpu") == ["cpu"]
    assert cards_of("cuda") == ["cuda:0", "cuda:1"]


def test_memory_that_runs_out_on_one_card_halves_its_batches_alone(dataset, hub, tmp_path):
    def meet(model, device, size):
        if device == "cuda:0" and size > 8:
            raise RuntimeError("CUDA out of memory. Tried")

    hub.meet, said = meet, []
    found = run(dataset, hub, tmp_path, ("one", "two"), say=said.append)
    assert [size for model, size in hub.batches if model == "fake/one"] == [8, 8, 8, 8, 4]
    assert [size for model, size in hub.batches if model == "fake/two"] == [16, 16, 4]
    assert "One ran with 8 pictures at a time, because memory was short." in said
    assert {len(one.values) for one in found.values()} == {36}


def test_a_model_that_fits_no_card_runs_on_the_processor_beside_the_others(dataset, hub, tmp_path):
    def meet(model, device, size):
        if model == "fake/one" and device != "cpu":
            raise RuntimeError("CUDA out of memory. Tried")

    hub.meet, said = meet, []
    found = run(dataset, hub, tmp_path, ("one", "two"), say=said.append)
    assert hub.loads == {"fake/one": "cpu", "fake/two": "cuda:1"}
    assert "One does not fit into the memory of cuda:0; it ran on the processor." in said
    assert {len(one.values) for one in found.values()} == {36}


def test_a_model_that_fails_stops_no_card(dataset, hub, tmp_path):
    def meet(model, device, size):
        if model == "fake/one":
            raise ValueError("odd shape")

    hub.meet = meet
    found = run(dataset, hub, tmp_path, ("one", "two", "three"))
    assert "odd shape" in found["fake/one"].reason
    assert {len(found[f"fake/{name}"].values) for name in ("two", "three")} == {36}


def test_stopping_ends_all_cards_and_keeps_what_was_made(dataset, hub, tmp_path):
    before = threading.active_count()
    watch = Recorder(lambda told: told.state == "running" and told.done >= 16)
    with pytest.raises(Cancelled):
        run(dataset, hub, tmp_path, ("one", "two"), watch=watch)
    assert threading.active_count() == before
    del hub.batches[:]
    found = run(dataset, hub, tmp_path, ("one", "two"))
    assert {len(one.values) for one in found.values()} == {36}
    assert sum(size for _, size in hub.batches) <= 2 * 36 - 16


@pytest.mark.gpu
def test_scores_of_real_cards_are_those_of_the_processor(tmp_path):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no graphics card")
    dataset = load_dataset(str(make_pictures(tmp_path / "pictures")))
    models = find_models("demo/flowers,demo/glyphs,packaged")

    def scored(device):
        found = extract(dataset, models, store=FeatureStore(tmp_path / device), device=device)
        return {
            (one.key.model, score.measure): score.value
            for one in found
            for score in score_model(one.key.model, one.values, dataset.labels, rechecks=0).scores
        }

    here, there = scored("cpu"), scored("cuda")
    assert there == pytest.approx(here, rel=1e-3, abs=1e-3)
