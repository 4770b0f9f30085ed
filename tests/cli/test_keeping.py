"""`srcsel cache`: the same numbers as the page, and making space."""

import json

import numpy as np
import pytest

from srcsel.base.records import FeatureKey, Features
from srcsel.base.settings import load_settings
from srcsel.cli import main
from srcsel.jobs import space
from srcsel.store import cache
from srcsel.store.features import open_features
from srcsel.ui.history import keeping


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """Features of 2 MB that no run needs, and 3 MB of downloaded weights."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "model.safetensors").write_bytes(bytes(3_000_000))
    key = FeatureKey("0" * 32, "demo/a", "1", "p", "float32")
    open_features(load_settings()).put(Features(key, np.zeros((1000, 500), np.float32)))


def asked(capsys, *words):
    status = main(["cache", *words])
    return status, capsys.readouterr()


def test_what_is_kept_is_listed(stored, capsys):
    status, told = asked(capsys)
    assert status == 0
    assert "What the models made of your pictures" in told.out
    assert "2 MB" in told.out
    assert "Downloaded weights, shared with other programs" in told.out
    assert "3 MB, not counted" in told.out
    assert "2 MB count against the limit of 50.0 GB (SRCSEL_CACHE)." in told.out


def test_page_shell_and_json_say_the_same(stored, capsys):
    _, told = asked(capsys, "--json", "-")
    found = json.loads(told.out)
    kept = space.kept(load_settings())
    assert (found["counted"], found["needed"], found["limit"]) == (kept.counted, 0, 50e9)
    assert found["counted"] == sum(s["bytes"] for s in found["shares"] if s["removable"])
    rows = keeping.table(kept)
    assert rows["Size"].tolist() == ["2 MB", "3 MB"]
    assert rows["Needed by runs"].tolist() == ["–", "not removed here"]


def test_cleaning_takes_what_no_run_needs_but_not_what_was_just_used(stored, capsys, monkeypatch):
    _, told = asked(capsys, "--clean", "--limit", "0")
    assert "Nothing was removed" in told.out
    monkeypatch.setattr(cache, "YOUNG", -1.0)
    _, told = asked(capsys, "--clean")  # within the limit
    assert "Nothing was removed" in told.out
    _, told = asked(capsys, "--clean", "--limit", "0")
    assert "2 MB were removed" in told.out
    assert not list(load_settings().features.glob("*.safetensors"))


def test_without_a_limit_nothing_goes_and_it_is_said(stored, capsys, monkeypatch):
    monkeypatch.setenv("SRCSEL_CACHE", "none")
    monkeypatch.setattr(cache, "YOUNG", -1.0)
    _, told = asked(capsys, "--clean", "--json", "-")
    assert json.loads(told.out)["limit"] is None
    assert json.loads(told.out)["removed"] == {"bytes": 0, "files": 0}


@pytest.mark.parametrize("words", [["--limit", "1"], ["--clean", "--limit", "-1"]])
def test_a_limit_that_makes_no_sense_is_refused(capsys, words):
    status, told = asked(capsys, *words)
    assert status == 2
    assert "--limit is a number of GB" in told.err
