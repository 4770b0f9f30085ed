"""My checkpoints: a set of its own, with what cannot be used and why."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from srcsel.models import catalog
from srcsel.ui.parts.show import WRAPPED


@pytest.fixture
def models(visit, picture_folder):
    return lambda **address: visit("models", images=str(picture_folder), **address)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder with a file that can be used, and one that cannot."""
    folder = tmp_path / "weights"
    folder.mkdir()
    save_file({"fc.weight": np.zeros((5, 512), np.float32)}, folder / "resnet18.safetensors")
    (folder / "old.pth").write_bytes(b"no weights at all")
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(folder))
    return folder


def chosen(tab) -> list[list[str]]:
    frames = [frame.value for frame in tab.dataframe]
    return [f["Starting model"].tolist() for f in frames if "Why try it" in f]


def test_the_set_holds_the_files_and_says_which_cannot_be_used(models, weights, words_of):
    tab = models(models="checkpoints")
    assert not tab.exception
    assert tab.get_by_key("models-preset").value == "checkpoints"
    assert chosen(tab) == [["resnet18"]]
    (box,) = [one for one in tab.expander if one.label == "1 file cannot be used"]
    assert not box.proto.expanded  # others can: the button to go on stays in sight
    table = next(frame for frame in tab.dataframe if "Why" in frame.value)
    assert table.value["File"].tolist() == ["old.pth"]
    assert table.value["Why"].tolist()[0]
    assert table.proto.row_height == WRAPPED  # a reason of two lines is read to its end


def test_without_any_it_says_where_they_would_come_from(models, words_of):
    tab = models(models="checkpoints")
    assert not tab.exception
    assert "start srcsel with SRCSEL_WEIGHTS set to it" in words_of(tab)
    assert "Add one below, by its path" in tab.info[0].value
    assert any(b.label == "Tick at least one model" and b.disabled for b in tab.button)


def test_a_file_added_by_path_joins_the_set_and_can_be_taken_off(models, weights, tmp_path):
    path = tmp_path / "mine.safetensors"
    save_file({"fc.weight": np.zeros((7, 512), np.float32)}, path)
    tab = models(models="checkpoints")
    tab.text_input(key="model-id").set_value(f"{path}=resnet18")
    next(b for b in tab.button if b.key and "by-name" in b.key).click().run()
    assert tab.query_params["models"] == "checkpoints"
    assert chosen(tab) == [["resnet18", "mine"]]
    assert catalog.added() == (f"{path}=resnet18",)
    tab.button(key=f"forget-{path}=resnet18").click().run()
    assert chosen(tab) == [["resnet18"]]
    assert path.is_file()


def test_the_search_keeps_to_one_place(models, weights):
    tab = models(models="checkpoints")
    tab.selectbox(key="models-hub").set_value("checkpoints").run()
    found = tab.dataframe[-1].value
    assert found["Starting model"].tolist() == ["resnet18"]
    tab.selectbox(key="models-hub").set_value("torchvision").run()
    tab.text_input(key="models-search").set_value("resnet 18").run()
    assert tab.dataframe[-1].value["Starting model"].tolist() == ["resnet18 IMAGENET1K_V1"]
