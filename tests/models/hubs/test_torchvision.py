import errno
import hashlib
import http.client
import io

import numpy as np
import pytest

from srcsel.base.errors import Cancelled, DownloadError, ModelError, UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models.catalog import find_models
from srcsel.models.hubs import HUBS, _caches, _table
from srcsel.models.hubs._network import hooked_forward, last_layer
from srcsel.models.hubs._torchvision import build, maps_forward, renamed

HUB = HUBS["torchvision"]
NAME = "squeezenet1_1"  # the smallest file; its classifier is a convolution


@pytest.fixture(scope="module")
def network():
    import torch

    torch.manual_seed(0)
    return build(NAME).eval()


@pytest.fixture
def weights(server, network, monkeypatch):
    """Random weights where the enum's url points to; returns their path on the server."""
    import torch
    from torchvision.models import SqueezeNet1_1_Weights

    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    path = f"/{NAME}-{hashlib.sha256(file.getvalue()).hexdigest()[:8]}.pth"
    server.files[path] = file.getvalue()
    monkeypatch.setattr(SqueezeNet1_1_Weights.IMAGENET1K_V1.value, "url", server.url + path)
    return path


def test_find():
    assert HUB.find("resnet50").id == "torchvision/resnet50.IMAGENET1K_V2"
    assert HUB.find("resnet50.IMAGENET1K_V1").accuracy == pytest.approx(0.761, abs=1e-3)
    with pytest.raises(UnknownNameError, match="resnet50"):
        HUB.find("resnet51")


def test_licences():
    assert HUB.find("resnet18").license == "BSD-3-Clause"
    assert "ImageNet" in HUB.find("resnet18").note
    assert HUB.find("vit_b_16.IMAGENET1K_SWAG_E2E_V1").license == "CC-BY-NC-4.0"


def test_the_table_lists_every_weight_enum_with_its_own_transforms():
    import torchvision
    from torchvision.models import get_model_weights, list_models

    enums = {
        f"{a}.{w.name}": w
        for a in list_models(module=torchvision.models)
        for w in get_model_weights(a)
    }
    assert set(_table.rows("torchvision")) == set(enums)
    for name, weights in enums.items():
        model, transforms = HUB.find(name), weights.transforms()
        ours = HUB.preprocessing(model)
        assert (ours.size[0], ours.resize_to) == (
            transforms.crop_size[0],
            transforms.resize_size[0],
        )
        assert ours.interpolation == transforms.interpolation.value
        np.testing.assert_allclose(
            [ours.mean, ours.std], [transforms.mean, transforms.std], atol=1e-7
        )
        assert model.params == weights.meta["num_params"]
        assert model.revision == weights.url.rsplit("/", 1)[-1]
        assert model.download_bytes == pytest.approx(weights.meta["_file_size"] * 2**20, abs=1)


def test_preprocessing_gives_the_numbers_of_the_weights_transforms(pictures):
    from torchvision.models import EfficientNet_B1_Weights

    ours = HUB.preprocessing(HUB.find("efficientnet_b1.IMAGENET1K_V2"))
    expected = EfficientNet_B1_Weights.IMAGENET1K_V2.transforms()
    mean, std = np.array(ours.mean)[:, None, None], np.array(ours.std)[:, None, None]
    for image in pictures:
        np.testing.assert_allclose(
            (ours.pixels(image) / 255 - mean) / std, expected(image), atol=1e-5
        )


def test_download_then_everything_is_local(
    server, weights, network, recorder, batch_for, monkeypatch
):
    import torch

    model, watch = HUB.find(NAME), recorder()
    encoder = HUB.load(model, "cpu", watch)
    size = len(server.files[weights])
    assert watch.calls[-1] == (model.id, "downloading", size, size, "")
    assert (_caches.torch_folder() / weights[1:]).is_file()

    batch = batch_for(encoder.preprocessing)
    features, logits = encoder(batch)
    mean, std = (
        torch.tensor(v).view(1, 3, 1, 1)
        for v in (encoder.preprocessing.mean, encoder.preprocessing.std)
    )
    with torch.inference_mode():
        pictures = (torch.from_numpy(batch) / 255 - mean) / std
        np.testing.assert_allclose(features, network.features(pictures).mean(dim=(2, 3)), atol=1e-4)
        np.testing.assert_allclose(logits, network(pictures), atol=1e-4)

    server.requests.clear()
    HUB.load(model, "cpu", Watch())
    assert not server.requests


def test_already_downloaded_is_seen_without_the_network():
    before = HUB.find("resnet18")
    file = _caches.torch_folder() / before.revision
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    assert HUB.find("resnet18").download_bytes == 0
    assert before.download_bytes > 40e6


def test_not_there_any_more(server, weights):
    del server.files[weights]
    with pytest.raises(DownloadError, match="error 401"):
        HUB.load(HUB.find(NAME), "cpu", Watch())


def test_offline(weights, monkeypatch):
    from torchvision.models import SqueezeNet1_1_Weights

    monkeypatch.setattr(
        SqueezeNet1_1_Weights.IMAGENET1K_V1.value, "url", "http://127.0.0.1:9/x-00000000.pth"
    )
    with pytest.raises(DownloadError, match="No connection"):
        HUB.load(HUB.find(NAME), "cpu", Watch())


def test_broken_off(server, weights):
    server.breaks[weights] = [1000]
    with pytest.raises(DownloadError, match=r"broke off after 0\.0 of \d\.\d MB"):
        HUB.load(HUB.find(NAME), "cpu", Watch())
    assert not list(_caches.torch_folder().iterdir())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk became full"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written"),
        (http.client.IncompleteRead(b""), "broke off"),
        (TimeoutError("timed out"), "No connection"),
    ],
)
def test_what_else_can_happen_while_downloading(weights, monkeypatch, error, words):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr("urllib.request.urlopen", fails)
    with pytest.raises(DownloadError, match=words):
        HUB.load(HUB.find(NAME), "cpu", Watch())


def test_wrong_content(server, weights):
    server.files[weights] = server.files[weights][:-1] + b"?"
    with pytest.raises(DownloadError, match="wrong hash"):
        HUB.load(HUB.find(NAME), "cpu", Watch())
    assert not list(_caches.torch_folder().iterdir())


def test_stop_while_downloading(weights, recorder):
    with pytest.raises(Cancelled):
        HUB.load(HUB.find(NAME), "cpu", recorder(stop_at=1))
    assert not list(_caches.torch_folder().iterdir())


def test_own_weights_that_do_not_fit(tmp_path, monkeypatch, tiny):
    (tmp_path / f"{NAME}.IMAGENET1K_V1.safetensors").write_bytes(tiny[1])
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(tmp_path))
    with pytest.raises(
        ModelError, match=r"do not fit torchvision/squeezenet1_1.*missing features\.0\.weight"
    ):
        HUB.load(HUB.find(NAME), "cpu", Watch())


@pytest.mark.parametrize(
    "name", ["resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small", "mnasnet0_5", "regnet_y_400mf"]
)
def test_logits_are_the_head_of_the_features(name):
    import torch

    torch.manual_seed(0)
    network = build(name, classes=7).eval()
    layer = last_layer(network)[1]
    with torch.inference_mode():
        pictures = torch.rand(2, 3, 64, 64)
        features, logits = hooked_forward(network, layer)(pictures)
        torch.testing.assert_close(layer(features), logits)
        torch.testing.assert_close(logits, network(pictures))
    assert features.shape == (2, int(_table.defaults("torchvision")[name]["dim"]))


# One of each family that the meta device can build; RegNet computes its widths with tensors (tested
# above).
FAMILIES = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
]
FAMILIES += [
    "inception_v3",
    "maxvit_t",
    "mobilenet_v2",
    "resnext50_32x4d",
    "swin_t",
    "swin_v2_t",
    "vgg11",
    "vit_b_16",
]


@pytest.mark.parametrize("name", FAMILIES)
def test_features_of_every_family_have_the_width_of_the_table(name):
    import torch

    row = _table.defaults("torchvision")[name]
    with torch.device("meta"), torch.no_grad():
        network = build(name, size=int(row["size"])).eval()
        pictures = torch.empty(2, 3, int(row["size"]), int(row["size"]))
        features, logits = hooked_forward(network, last_layer(network)[1])(pictures)
    assert features.shape == (2, int(row["dim"]))
    assert logits.shape == (2, 1000)


def test_a_googlenet_scales_its_input_as_its_weights_expect():
    assert build("googlenet").transform_input
    assert not build("googlenet", classes=5).eval().training


def test_vgg_features_only_have_no_head():
    import torch

    model = HUB.find("vgg16.IMAGENET1K_FEATURES")
    assert (model.source_classes, model.dim, model.accuracy) == (None, 512, None)
    with torch.device("meta"), torch.no_grad():
        features, logits = maps_forward(build("vgg16").eval())(torch.empty(2, 3, 224, 224))
    assert features.shape == (2, 512)
    assert logits is None


def test_old_densenet_keys():
    old = {"features.denseblock1.denselayer1.norm.1.weight": 1, "features.norm0.weight": 2}
    new = {"features.denseblock1.denselayer1.norm1.weight": 1, "features.norm0.weight": 2}
    assert renamed("densenet121", old) == new
    assert renamed("resnet18", old) == old


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ResNet18_Weights.IMAGENET1K_V1", "resnet18.IMAGENET1K_V1"),
        ("ResNet50_Weights.DEFAULT", "resnet50.IMAGENET1K_V2"),
        ("ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1", "vit_b_16.IMAGENET1K_SWAG_E2E_V1"),
        ("vit_b_16_weights.imagenet1k_swag_e2e_v1", "vit_b_16.IMAGENET1K_SWAG_E2E_V1"),
        ("RESNET50_WEIGHTS.DEFAULT", "resnet50.IMAGENET1K_V2"),
        ("resnet50_weights", "resnet50.IMAGENET1K_V2"),
    ],
)
def test_weights_are_found_as_torchvision_writes_them(asked, found):
    for before in ("torchvision/", "torchvision.models.", ""):
        assert find_models(f"{before}{asked}")[0].id == f"torchvision/{found}"


def test_weights_that_torchvision_lacks_are_refused():
    with pytest.raises(UnknownNameError):
        find_models("torchvision/ResNet18_Weights.NOPE")
