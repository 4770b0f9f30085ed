import json

import numpy as np
import pytest

from srcsel.base.errors import ModelError, UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models.hubs.demo import DemoHub


def test_the_card_becomes_the_record(demo_folder):
    (model,) = DemoHub(demo_folder).models()
    assert (model.id, model.title, model.pretraining) == ("demo/shapes", "Shapes", "four shapes")
    assert (model.accuracy, model.source_classes, model.dim, model.download_bytes) == (
        0.9,
        4,
        512,
        0,
    )


def test_preprocessing_is_the_cards(demo_folder):
    hub = DemoHub(demo_folder)
    key = hub.preprocessing(hub.find("shapes")).key
    assert key == "squash 64x64 crop 64x64 bilinear mean 0.5,0.4,0.3 std 0.2,0.2,0.2"


def test_weights_are_the_files(demo_folder, batch_for):
    import safetensors.torch
    import timm
    import torch

    hub = DemoHub(demo_folder)
    encoder = hub.load(hub.find("shapes"), "cpu", Watch())
    batch = batch_for(encoder.preprocessing)
    network = timm.create_model("resnet10t", num_classes=4).eval()
    network.load_state_dict(safetensors.torch.load_file(demo_folder / "shapes.safetensors"))
    mean, std = (
        torch.tensor(v).view(1, 3, 1, 1)
        for v in (encoder.preprocessing.mean, encoder.preprocessing.std)
    )
    with torch.inference_mode():
        expected = network((torch.from_numpy(batch) / 255 - mean) / std)
    np.testing.assert_allclose(encoder(batch)[1], expected, atol=1e-4)


def test_unknown_name(demo_folder):
    with pytest.raises(UnknownNameError, match="Did you mean shapes"):
        DemoHub(demo_folder).find("shape")


def test_an_empty_folder_offers_nothing(tmp_path):
    assert DemoHub(tmp_path).models() == ()


def test_damaged_weights_are_noticed(demo_folder):
    path = demo_folder / "shapes.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    hub = DemoHub(demo_folder)
    with pytest.raises(ModelError, match="are not the ones srcsel came with"):
        hub.load(hub.find("shapes"), "cpu", Watch())


def test_a_damaged_card_is_noticed(demo_folder):
    (demo_folder / "shapes.json").write_text("{")
    with pytest.raises(ModelError, match=r"shapes\.json"):
        DemoHub(demo_folder).find("shapes")


def test_a_model_without_source_classes_has_no_logits(demo_folder, batch_for):
    import hashlib

    import safetensors.torch

    path = demo_folder / "shapes.safetensors"
    state = {k: v for k, v in safetensors.torch.load_file(path).items() if not k.startswith("fc.")}
    safetensors.torch.save_file(state, path)
    card = json.loads((demo_folder / "shapes.json").read_text())
    changed = {"source_classes": 0, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (demo_folder / "shapes.json").write_text(json.dumps({**card, **changed}))
    hub = DemoHub(demo_folder)
    model = hub.find("shapes")
    encoder = hub.load(model, "cpu", Watch())
    assert model.source_classes is None
    assert encoder(batch_for(encoder.preprocessing))[1] is None
