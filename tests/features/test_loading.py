"""Networks made ready beside the one that runs: never more than two, at their turn, and not for
nobody.
"""

import gc
import importlib
import sys
import threading
import types
import weakref
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest

from srcsel.base.errors import Cancelled, ModelError
from srcsel.base.records import FeatureKey, SourceModel
from srcsel.base.watch import Watch
from srcsel.features import loading
from srcsel.features.loading import Loader, Task, leave_a_core
from srcsel.models.hubs import HUBS, Preprocessing
from srcsel.store.features import FeatureStore, stand_ins

SOON = 20  # seconds until a test gives up


class Network:
    def __init__(self, name):
        self.name = name


class Shelf:
    """A hub whose networks are asked for their own names."""

    def __init__(self):
        self.loaded = {}  # name -> event
        self.fetched = {}  # name -> event
        self.fetching = lambda name: None
        self.alive = weakref.WeakSet()
        self.loading = lambda name, watch: None

    def find(self, name):
        params = None if name == "unknown" else len(name) * 100
        return SourceModel(f"shelf/{name}", name, "1", params, 0.1, 8, 3, "none", "MIT")

    def fetch(self, model, watch):
        self.fetched.setdefault(model.title, threading.Event()).set()
        self.fetching(model.title)

    def load(self, model, device, watch):
        self.loading(model.title, watch)
        network = Network(model.title)
        network.itself = network  # as torch's networks: only the collector frees it
        self.alive.add(network)
        self.loaded.setdefault(model.title, threading.Event()).set()
        return network


@pytest.fixture
def shelf(monkeypatch):
    shelf = Shelf()
    monkeypatch.setitem(HUBS, "shelf", shelf)
    monkeypatch.setattr(loading, "prepare", lambda wish, network, *_: lambda: network)
    monkeypatch.setattr(loading, "SMALL", 0)
    return shelf


class Here:
    """Pictures that are there."""

    def __len__(self):
        return 10

    def settle(self):
        pass

    def rest(self, row):
        return self


def in_turn(shelf, tmp_path, *names, watch=None):
    how = Preprocessing((8, 8))
    tasks = [
        Task(
            shelf.find(name),
            how,
            FeatureKey("d", f"shelf/{name}", "1", how.key, "float32"),
            stand_ins("d", 10),
            np.arange(10),
            0,
        )
        for name in names
    ]
    return Loader(lambda _: Here(), FeatureStore(tmp_path), lambda _: None).in_turn(
        tasks, "cpu", watch or Watch()
    )


def soon(shelf, name):
    """Wait until a network was loaded."""
    return shelf.loaded.setdefault(name, threading.Event()).wait(SOON)


def test_the_next_one_is_loaded_while_one_runs_and_two_are_alive_at_most(shelf, tmp_path):
    names = ["a", "b", "c", "d"]
    seen = []
    for i, (task, coming) in enumerate(in_turn(shelf, tmp_path, *names)):
        network = coming.take()[1]()
        seen.append((task.model.title, network.name))
        if i + 1 < len(names):
            assert soon(shelf, names[i + 1])
        assert len(shelf.alive) <= 2
        del network
    assert seen == [(name, name) for name in names]
    gc.collect()
    assert not shelf.alive


@pytest.mark.parametrize("name", ["large", "unknown"])
def test_a_large_one_is_fetched_ahead_and_waits_for_its_turn(shelf, tmp_path, monkeypatch, name):
    monkeypatch.setattr(loading, "AHEAD", 300)
    turns = in_turn(shelf, tmp_path, "a", name, "b")
    _, first = next(turns)
    first.take()
    assert shelf.fetched.setdefault(name, threading.Event()).wait(SOON)  # while a runs
    _, second = next(turns)
    assert soon(shelf, "b")
    assert name not in shelf.loaded
    assert second.take()[1]().name == name
    turns.close()


def test_what_fails_ahead_fails_at_its_turn(shelf, tmp_path):
    def fail(name, watch):
        if name == "b":
            raise ModelError("b is damaged.")

    shelf.loading = fail
    told = []
    for task, coming in in_turn(shelf, tmp_path, "a", "b", "c"):
        try:
            told.append(coming.take()[1]().name)
        except ModelError as error:
            told.append(f"{task.model.title}: {error}")
    assert told == ["a", "b: b is damaged.", "c"]


def test_a_large_one_that_cannot_be_fetched_fails_at_its_turn(shelf, tmp_path, monkeypatch):
    def fail(name):
        raise ModelError(f"{name} is gone.")

    monkeypatch.setattr(loading, "AHEAD", 300)
    shelf.fetching = fail
    turns = in_turn(shelf, tmp_path, "a", "large", "b")
    next(turns)[1].take()
    with pytest.raises(ModelError, match=r"large is gone\."):
        next(turns)[1].take()
    assert next(turns)[1].take()[1]().name == "b"
    assert "large" not in shelf.loaded


def test_leaving_ends_a_download_under_way(shelf, tmp_path):
    ended = []

    def fetch(name, watch):
        if name == "b":
            shelf.loaded.setdefault("begun", threading.Event()).set()
            try:
                while True:
                    watch.update("shelf/b", "downloading", 1, 2)
            except Cancelled:
                ended.append(name)
                raise

    shelf.loading = fetch
    turns = in_turn(shelf, tmp_path, "a", "b", "c")
    next(turns)[1].take()
    assert soon(shelf, "begun")
    turns.close()
    assert ended == ["b"]
    assert "c" not in shelf.loaded


def test_torch_leaves_a_core_to_the_scores(monkeypatch):
    import torch

    monkeypatch.setattr(loading.os, "cpu_count", lambda: 4)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(8)
        loading.leave_a_core()
        assert torch.get_num_threads() == 3
        torch.set_num_threads(2)
        loading.leave_a_core()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_torch_that_another_thread_is_loading_is_waited_for(tmp_path, monkeypatch):
    gate = types.ModuleType("gate")
    gate.begun, gate.go = threading.Event(), threading.Event()
    text = "import gate\ngate.begun.set()\ngate.go.wait(60)\n"
    text += "get_num_threads = lambda: 1\nset_num_threads = [].append\n"
    (tmp_path / "torch.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "gate", gate)
    monkeypatch.setitem(sys.modules, "torch", None)  # which puts the real one back afterwards
    monkeypatch.delitem(sys.modules, "torch")
    with ThreadPoolExecutor(2) as pool:
        loading = pool.submit(importlib.import_module, "torch")
        assert gate.begun.wait(60)
        asked = pool.submit(leave_a_core)
        wait([asked], 0.3)
        gate.go.set()
        asked.result(60)
        assert loading.result(60).get_num_threads() == 1
