import errno
import io
import json
import pickle
import shutil
import time
from collections import namedtuple

import numpy as np
import pytest

from srcsel.base.errors import Cancelled, DownloadError, ModelError, UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models.hubs import HUBS, _caches

TAG = "test_resnet.r160_in1k"
REPOSITORY = f"timm/{TAG}"
OTHER = "someone/my-model"
HUB = HUBS["timm"]
CONFIG = {
    "architecture": "test_resnet",
    "num_classes": 1000,
    "pretrained_cfg": {
        "tag": "mine",
        "input_size": [3, 96, 96],
        "crop_pct": 1.0,
        "crop_mode": "squash",
        "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "license": "mit",
        "num_classes": 1000,
        "first_conv": "conv1.0",
        "classifier": "fc",
        "pool_size": [7, 7],
    },
}


@pytest.fixture
def weights(hub, tiny):
    """The tiny network's weights, served as the tag's repository; returns the path on the
    server.
    """
    return hub.add(REPOSITORY, "model.safetensors", tiny[1])


@pytest.fixture
def no_waiting(monkeypatch):
    """huggingface_hub sleeps a second before it goes on with a broken download."""
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)


def test_find_by_tag_architecture_or_repository():
    assert HUB.find("resnet18.a1_in1k").id == "timm/resnet18.a1_in1k"
    assert HUB.find("resnet18").id == "timm/resnet18.a1_in1k"
    assert HUB.find("timm/resnet18.a1_in1k").id == "timm/resnet18.a1_in1k"
    assert HUB.find("hf-hub:timm/resnet18.a1_in1k").id == "timm/resnet18.a1_in1k"
    for typed in ("someone/my-model", "hf-hub:someone/my-model", "hf_hub:someone/my-model"):
        assert HUB.find(typed).id == "timm/someone/my-model"
    with pytest.raises(UnknownNameError, match=r"resnet18\.a1_in1k"):
        HUB.find("resnet18.a1_in1")


def test_what_the_table_says_of_a_model():
    model = HUB.find("resnet50.a1_in1k")
    assert (model.params, model.dim, model.input_size, model.source_classes) == (
        25_557_032,
        2048,
        224,
        1000,
    )
    assert (model.license, model.pretraining) == ("Apache-2.0", "ImageNet-1k")
    assert model.gmacs == pytest.approx(4.1, abs=0.05)
    assert model.accuracy == pytest.approx(0.80, abs=0.01)
    assert model.download_bytes == 4 * 25_557_032


def test_an_image_tower_has_no_source_classes():
    assert HUB.find("vit_base_patch32_clip_224.laion2b").source_classes is None
    assert HUB.find("vit_small_patch16_224.dino").source_classes is None


def test_download_then_everything_is_local(hub, weights, recorder):
    model, watch = HUB.find(TAG), recorder()
    assert (model.revision, model.download_bytes) == ("main", 4 * model.params)
    HUB.load(model, "cpu", watch)

    size = len(hub.files[weights])
    assert {call[0] for call in watch.calls} == {model.id}
    assert {call[1] for call in watch.calls} == {"downloading"}
    assert watch.calls[0][2] == 0
    assert watch.calls[-1][2:4] == (size, size)

    here = HUB.find(TAG)
    assert (here.revision, here.download_bytes, here.note) == ("a" * 40, 0, "")
    assert next(m for m in HUB.models() if m.id == model.id) == here

    hub.requests.clear()
    again = recorder()
    HUB.load(here, "cpu", again)
    assert not hub.requests
    assert not again.calls


def test_features_and_logits_are_timms(weights, tiny, batch_for):
    import torch

    network, _ = tiny
    encoder = HUB.load(HUB.find(TAG), "cpu", Watch())
    batch = batch_for(encoder.preprocessing)
    features, logits = encoder(batch)
    mean, std = (
        torch.tensor(v).view(1, 3, 1, 1)
        for v in (encoder.preprocessing.mean, encoder.preprocessing.std)
    )
    with torch.inference_mode():
        pictures = (torch.from_numpy(batch) / 255 - mean) / std
        # global average pooling, by hand
        expected = network.forward_features(pictures).mean(dim=(2, 3))
        np.testing.assert_allclose(features, expected, atol=1e-4)
        np.testing.assert_allclose(logits, network(pictures), atol=1e-4)


def test_preprocessing_is_the_tags_own():
    from timm.data.config import resolve_data_config
    from timm.models import get_pretrained_cfg

    for name in (
        "resnet18.a1_in1k",
        "vit_base_patch32_clip_224.laion2b",
        "beit_base_patch16_384.in22k_ft_in22k_in1k",
    ):
        ours = HUB.preprocessing(HUB.find(name))
        config = resolve_data_config(pretrained_cfg=get_pretrained_cfg(name).to_dict())
        assert ours.size == tuple(config["input_size"][1:])
        assert ours.crop_pct == config["crop_pct"]
        assert ours.interpolation == config["interpolation"]
        np.testing.assert_allclose(
            [ours.mean, ours.std], [config["mean"], config["std"]], atol=1e-7
        )
        assert {"shorter": "center"}.get(ours.resize, ours.resize) == config["crop_mode"]


def test_typed_repository(hub, tiny, batch_for):
    hub.add(OTHER, "config.json", json.dumps(CONFIG).encode())
    hub.add(OTHER, "model.safetensors", tiny[1])
    model = HUB.find(OTHER)
    assert (model.params, model.download_bytes, model.license) == (None, None, "unknown")
    encoder = HUB.load(model, "cpu", Watch())
    assert encoder.preprocessing.key == HUB.preprocessing(model).key
    assert "squash 96x96" in encoder.preprocessing.key
    assert encoder(batch_for(encoder.preprocessing))[1].shape == (8, 1000)

    known = HUB.find(OTHER)
    assert (known.revision, known.download_bytes, known.license) == ("a" * 40, 0, "MIT")
    assert (known.input_size, known.source_classes, known.dim) == (96, 1000, HUB.find(TAG).dim)


def test_a_repository_that_is_no_timm_model(hub):
    hub.add(OTHER, "config.json", b'{"architectures": ["BertModel"]}')
    with pytest.raises(ModelError, match="no timm model"):
        HUB.load(HUB.find(OTHER), "cpu", Watch())


def test_gated(hub, weights):
    hub.gated.add(REPOSITORY)
    with pytest.raises(DownloadError, match=r"accept its terms.*huggingface\.co/timm/test_resnet"):
        HUB.load(HUB.find(TAG), "cpu", Watch())


def test_missing_repository(hub):
    with pytest.raises(DownloadError, match=r"no model someone/nothing"):
        HUB.load(HUB.find("someone/nothing"), "cpu", Watch())


def test_missing_weights(hub):
    hub.add(REPOSITORY, "README.md", b"words")
    with pytest.raises(DownloadError, match=r"none of the files model\.safetensors"):
        HUB.load(HUB.find(TAG), "cpu", Watch())


def test_server_error(hub):
    hub.status = 500
    with pytest.raises(DownloadError, match="error 500"):
        HUB.load(HUB.find(TAG), "cpu", Watch())


def test_offline_is_said_at_once(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    begun = time.monotonic()
    with pytest.raises(DownloadError, match="No connection"):
        HUB.load(HUB.find(TAG), "cpu", Watch())
    assert time.monotonic() - begun < 5


def test_a_download_that_broke_off_once_goes_on(hub, weights, no_waiting, recorder):
    hub.breaks[weights] = [1000]
    watch = recorder()
    HUB.load(HUB.find(TAG), "cpu", watch)
    assert hub.requests[f"GET {weights}"] == 2
    assert watch.calls[-1][2] == len(hub.files[weights])


def test_a_download_that_never_ends(hub, weights, no_waiting):
    hub.breaks[weights] = [1000] + [0] * 20
    with pytest.raises(DownloadError, match="broke off"):
        HUB.load(HUB.find(TAG), "cpu", Watch())
    assert HUB.find(TAG).revision == "main"
    assert not list(_caches.hub_folder().rglob("*.incomplete"))


def test_full_disk_before(weights, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=r"disk is too full: the weights need \d+ MB"):
        HUB.load(HUB.find(TAG), "cpu", Watch())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk became full"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "No connection"),
        (TypeError("something new"), "TypeError: something new"),
    ],
)
def test_what_else_can_happen_while_downloading(weights, monkeypatch, error, words):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fails)
    with pytest.raises(DownloadError, match=words):
        HUB.load(HUB.find(TAG), "cpu", Watch())


def test_stop_while_downloading(weights, recorder):
    with pytest.raises(Cancelled):
        HUB.load(HUB.find(TAG), "cpu", recorder(stop_at=1))
    assert HUB.find(TAG).download_bytes > 0
    assert not list(_caches.hub_folder().rglob("*.incomplete"))


def test_a_pickle_is_read_as_weights_only(hub, tiny):
    import torch

    file = io.BytesIO()
    torch.save(tiny[0].state_dict(), file)
    hub.add(REPOSITORY, "pytorch_model.bin", file.getvalue())
    assert HUB.load(HUB.find(TAG), "cpu", Watch()).network.num_classes == 1000


class _Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code was run')",))


def test_a_pickle_with_code_is_refused(hub):
    import torch

    file = io.BytesIO()
    torch.save({"fc.weight": _Evil()}, file, pickle_module=pickle)
    hub.add(REPOSITORY, "pytorch_model.bin", file.getvalue())
    with pytest.raises(ModelError, match=r"cannot be loaded.* Delete .*pytorch_model\.bin and"):
        HUB.load(HUB.find(TAG), "cpu", Watch())


def test_own_weights_folder_comes_first(hub, tiny, tmp_path, monkeypatch):
    (tmp_path / f"{TAG}.safetensors").write_bytes(tiny[1])
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(tmp_path))
    model = HUB.find(TAG)
    assert model.download_bytes == 0
    assert model.revision == _caches.digest(tmp_path / f"{TAG}.safetensors")
    HUB.load(model, "cpu", Watch())
    assert not hub.requests


@pytest.mark.parametrize(
    "architecture",
    ["test_byobnet", "test_convnext", "test_efficientnet", "test_nfnet", "test_vit2"],
)
def test_asking_for_features_first_does_not_change_the_logits(architecture):
    import timm
    import torch

    from srcsel.models.hubs._network import timm_forward

    torch.manual_seed(0)
    network = timm.create_model(architecture, pretrained=False).eval()
    pictures = torch.rand(2, 3, 160, 160)
    with torch.inference_mode():
        features, logits = timm_forward(network, head=True)(pictures)
        torch.testing.assert_close(logits, network(pictures))
    assert features.shape == (2, network.head_hidden_size)
