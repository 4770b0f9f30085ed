from pathlib import Path

import pytest

from srcsel.base.errors import ModelError
from srcsel.models.hubs import _caches


def test_the_hub_folder_is_the_one_of_huggingface_hub(monkeypatch, tmp_path):
    assert _caches.hub_folder() == tmp_path / "hf" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert _caches.hub_folder() == tmp_path / "elsewhere"
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert _caches.hub_folder() == Path("~/.cache/huggingface/hub").expanduser()


def test_the_torch_folder_is_the_one_of_torch_hub(tmp_path):
    import torch

    assert _caches.torch_folder() == Path(torch.hub.get_dir()) / "checkpoints"
    assert _caches.torch_folder() == tmp_path / "torch" / "hub" / "checkpoints"


def test_the_best_file_of_the_newest_commit_is_found(tmp_path):
    folder = _caches.hub_folder() / "models--timm--one"
    assert _caches.hub_file("timm/one") is None
    for commit, names in {
        "old": ["model.safetensors"],
        "new": ["pytorch_model.bin", "model.safetensors"],
    }.items():
        for name in names:
            path = folder / "snapshots" / commit / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    assert _caches.hub_file("timm/one") is None  # no word yet on which commit is the newest
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("new")
    assert _caches.hub_file("timm/one") == (
        folder / "snapshots" / "new" / "model.safetensors",
        "new",
    )
    assert _caches.hub_repositories() == {"timm/one"}


def test_own_files_prefer_safetensors(monkeypatch, tmp_path):
    assert _caches.own_files() == {}
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(tmp_path / "nowhere"))
    assert _caches.own_files() == {}
    for name in ("a.b.pth", "a.b.safetensors", "a.b.pt", "c.pt", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(tmp_path))
    assert _caches.own_files() == {"a.b": tmp_path / "a.b.safetensors", "c": tmp_path / "c.pt"}


def test_digest_follows_the_content(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert (
        _caches.digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    path.write_bytes(b"abcd")
    assert (
        _caches.digest(path) != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    with pytest.raises(ModelError, match="No such file"):
        _caches.digest(tmp_path / "nothing")
