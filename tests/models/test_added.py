"""Model files that were added by path are listed with those of the weights folder."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from srcsel.models import catalog


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two files that can be used, one of them in SRCSEL_WEIGHTS."""
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))
    found = []
    for folder in ("weights", "elsewhere"):
        path = tmp_path / folder / "resnet18.safetensors"
        path.parent.mkdir()
        save_file({"fc.weight": np.zeros((5, 512), np.float32)}, path)
        found.append(path)
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(found[0].parent))
    return found


def ids() -> list[str]:
    return [model.id.removeprefix("checkpoints/") for model in catalog.own_files()]


def test_what_was_added_stays_until_it_is_taken_off(files):
    kept, added = map(str, files)
    assert ids() == [kept]
    catalog.remember(added)
    catalog.remember(added)
    catalog.remember(kept)  # it is listed already
    assert ids() == [kept, added]
    assert [model.id for model in catalog.find_models("checkpoints")] == [
        f"checkpoints/{kept}",
        f"checkpoints/{added}",
    ]
    catalog.forget(added)
    assert ids() == [kept]
    assert files[1].is_file()


def test_what_cannot_be_used_is_named_with_the_reason(files, tmp_path):
    (tmp_path / "elsewhere" / "broken.pth").write_bytes(b"no weights")
    for name in ("broken.pth=resnet18", "gone.pth=resnet18"):
        catalog.remember(str(tmp_path / "elsewhere" / name))
    told = {one.path: one.reason for one in catalog.unreadable("checkpoints")}
    assert set(told) == {"broken.pth=resnet18", "gone.pth=resnet18"}
    assert "There is no file" in told["gone.pth=resnet18"]


def test_outside_the_roots_it_is_not_opened(files, tmp_path, monkeypatch):
    catalog.remember(str(files[1]))
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "other"))
    assert ids() == [str(files[0])]
    (told,) = catalog.unreadable("checkpoints")
    assert "outside what the pages may open" in told.reason


@pytest.mark.parametrize("content", ["{", "3", '{"a": 1}', "[1, null]"])
def test_a_damaged_list_is_an_empty_one(files, tmp_path, content):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "checkpoints.json").write_text(content)
    assert ids() == [str(files[0])]
    catalog.remember(str(files[1]))
    assert len(ids()) == 2
