"""What every hub promises, over all of them with one model each."""

import hashlib

import numpy as np
import pytest

from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs import HUBS, Preprocessing, Trainable, register
from srcsel.models.hubs.demo import DemoHub


def _demo(request):
    hub = DemoHub(request.getfixturevalue("demo_folder"))
    return hub, hub.find("shapes")


def _timm(request):
    server, (_, weights) = request.getfixturevalue("hub"), request.getfixturevalue("tiny")
    server.add("timm/test_resnet.r160_in1k", "model.safetensors", weights)
    return HUBS["timm"], HUBS["timm"].find("test_resnet.r160_in1k")


def _torchvision(request):
    import io

    import torch
    from torchvision.models import ShuffleNet_V2_X0_5_Weights, get_model

    torch.manual_seed(0)
    file = io.BytesIO()
    torch.save(get_model("shufflenet_v2_x0_5", weights=None).state_dict(), file)
    server = request.getfixturevalue("server")
    digest = hashlib.sha256(file.getvalue()).hexdigest()[:8]
    path = f"/models/shufflenet-{digest}.pth"
    server.files[path] = file.getvalue()
    weights = ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1.value
    request.getfixturevalue("monkeypatch").setattr(weights, "url", server.url + path)
    return HUBS["torchvision"], HUBS["torchvision"].find("shufflenet_v2_x0_5")


def _checkpoints(request):
    path = request.getfixturevalue("tmp_path") / "mine.safetensors"
    path.write_bytes(request.getfixturevalue("tiny_vit")[1])
    return HUBS["checkpoints"], HUBS["checkpoints"].find(f"{path}=test_vit")


def _pixels(request):
    return HUBS["pixels"], HUBS["pixels"].find("thumbnail")


def _packaged(request):
    return HUBS["packaged"], HUBS["packaged"].find("tf_efficientnet_lite0")


SAMPLES = {
    "demo": _demo,
    "packaged": _packaged,
    "timm": _timm,
    "torchvision": _torchvision,
    "checkpoints": _checkpoints,
    "pixels": _pixels,
}


@pytest.fixture(params=sorted(SAMPLES))
def sample(request):
    return SAMPLES[request.param](request)


def test_every_hub_has_a_sample():
    assert set(SAMPLES) == set(HUBS)


def test_a_second_hub_of_the_same_name_is_a_mistake():
    with pytest.raises(ValueError, match="'pixels' is registered already"):
        register(HUBS["pixels"])


def test_records(sample):
    hub, model = sample
    assert isinstance(model, SourceModel)
    assert model.id.startswith(f"{hub.name}/")
    assert model.revision
    assert model.title
    assert hub.find(model.id.removeprefix(f"{hub.name}/")) == model
    ids = [one.id for one in hub.models()]
    assert len(ids) == len(set(ids))
    preprocessing = hub.preprocessing(model)
    assert isinstance(preprocessing, Preprocessing)
    assert min(preprocessing.size) == model.input_size


def test_encoding(sample, batch_for):
    hub, model = sample
    encoder = hub.load(model, "cpu", Watch())
    batch = batch_for(encoder.preprocessing)
    before = batch.copy()
    features, logits = encoder(batch)

    assert encoder.preprocessing == hub.preprocessing(model)
    assert features.shape == (8, model.dim)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert features.std(axis=0).max() > 0
    np.testing.assert_array_equal(batch, before)

    again, logits_again = encoder(batch)
    np.testing.assert_array_equal(again, features)

    scale = np.abs(features).max()
    for row in range(8):
        alone, logits_alone = encoder(batch[row : row + 1])
        np.testing.assert_allclose(alone[0], features[row], atol=1e-5 * scale)
        assert (logits_alone is None) == (logits is None)
    backwards, _ = encoder(batch[::-1])
    np.testing.assert_allclose(backwards[::-1], features, atol=1e-5 * scale)

    if model.source_classes is None:
        assert logits is None
    else:
        assert logits.shape == (8, model.source_classes)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()
        np.testing.assert_array_equal(logits_again, logits)

    network = getattr(encoder, "network", None)
    if network is not None:
        assert not any(module.training for module in network.modules())
        assert not any(values.requires_grad for values in network.parameters())


def test_read_only_memory_maps_are_fine(sample, batch_for):
    hub, model = sample
    encoder = hub.load(model, "cpu", Watch())
    batch = batch_for(encoder.preprocessing)[:2]
    batch.flags.writeable = False
    assert encoder(batch)[0].shape == (2, model.dim)


def test_every_network_can_be_fine_tuned(sample, batch_for):
    """Its features are those of the call, gradients reach its weights, and a step changes them."""
    hub, model = sample
    encoder = hub.load(model, "cpu", Watch())
    assert isinstance(encoder, Trainable) == (hub.name != "pixels")
    if hub.name == "pixels":
        return
    import torch

    batch = batch_for(encoder.preprocessing)[:4]
    before, _ = encoder(batch)
    network = encoder.network.requires_grad_(True)
    network.eval()
    features = encoder.features(batch)
    np.testing.assert_allclose(features.detach().numpy(), before, atol=1e-5 * np.abs(before).max())
    network.train()
    encoder.features(batch).square().mean().backward()
    reached = [
        name
        for name, values in network.named_parameters()
        if values.grad is not None and values.grad.any()
    ]
    assert len(reached) > len(list(network.parameters())) / 2
    torch.optim.SGD(network.parameters(), lr=0.1).step()
    network.eval()
    assert not np.allclose(encoder(batch)[0], before)
