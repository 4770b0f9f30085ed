"""One model at several input sizes: against timm's own networks of that size, and what is refused
in words.
"""

import numpy as np
import pytest

from srcsel.base.errors import InputError, NotAvailable, UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models import catalog
from srcsel.models.hubs import HUBS, _probe, _table, hub_of, sizes_of

LITE = "packaged/tf_efficientnet_lite0"


def pictures(side):
    return np.random.default_rng(0).integers(0, 256, (2, 3, side, side), dtype=np.uint8)


def found(spec):
    (model,) = catalog.find_models(spec)
    return model


@pytest.fixture
def fixed_vit(tmp_path):
    """A transformer whose network is built for one size, whose position embeddings timm resamples;
    and the network.
    """
    import timm
    import torch

    torch.manual_seed(0)
    network = timm.create_model("test_vit3", num_classes=5)
    torch.nn.init.normal_(network.pos_embed)
    path = tmp_path / "mine.pth"
    torch.save(network.state_dict(), path)
    return f"{path}=test_vit3", network


def test_the_same_weights_at_another_size():
    import timm
    import torch

    from srcsel.models.hubs._weights import read_state

    model = found(f"{LITE}@128")
    assert (model.id, model.title) == (f"{LITE}@128", "EfficientNet-Lite0 at 128 px")
    assert (model.input_size, model.at, model.own_id) == (128, 128, LITE)
    assert model.accuracy == found(LITE).accuracy  # as published, for 224 pixels
    own = found(LITE)
    assert (model.revision, model.params, model.dim) == (own.revision, own.params, own.dim)
    assert model.gmacs == pytest.approx(own.gmacs * (128 / 224) ** 2, rel=1e-3)

    batch, network = pictures(128), timm.create_model("tf_efficientnet_lite0")
    state = read_state(hub_of(own).recipe(own).file)
    network.load_state_dict(dict(zip(network.state_dict(), state.values(), strict=True)))
    with torch.inference_mode():
        scaled = (torch.from_numpy(batch).float() / 255 - 0.5) / 0.5
        features = network.eval().forward_head(network.forward_features(scaled), pre_logits=True)
    encoder = hub_of(model).load(model, "cpu", Watch())
    np.testing.assert_allclose(encoder(batch)[0], features, rtol=1e-3, atol=1e-4)
    assert encoder.preprocessing == hub_of(model).preprocessing(model)
    assert encoder.preprocessing.size == (128, 128)
    assert encoder.preprocessing.scale == (146, 146)  # 128 / 0.875, as timm rounds it
    assert hub_of(model).find("tf_efficientnet_lite0@128") == model


def test_position_embeddings_are_resampled_as_timm_does(fixed_vit):
    import timm
    import torch
    from timm.models.vision_transformer import checkpoint_filter_fn

    spec, saved = fixed_vit
    model = found(f"{spec}@96")
    assert model.id == f"checkpoints/{spec}@96"
    network = timm.create_model("test_vit3", num_classes=5, img_size=96)
    network.load_state_dict(checkpoint_filter_fn(dict(saved.state_dict()), network))
    encoder = hub_of(model).load(model, "cpu", Watch())
    batch, how = pictures(96), encoder.preprocessing
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (how.mean, how.std))
    with torch.inference_mode():
        logits = network.eval()((torch.from_numpy(batch).float() / 255 - mean) / std)
    np.testing.assert_allclose(encoder(batch)[1], logits, rtol=1e-3, atol=1e-4)
    assert not any(module.training for module in encoder.network.modules())
    assert not any(values.requires_grad for values in encoder.network.parameters())


def test_its_own_size_is_the_model_itself():
    assert catalog.find_models(f"{LITE}@224,{LITE}") == [found(LITE)]


def test_a_set_at_one_size():
    at = [model.id for model in catalog.find_models("packaged@128")]
    assert at == [f"{model.id}@128" for model in HUBS["packaged"].models()]


def test_a_resize_in_pixels_is_scaled_with_the_size():
    model = found("torchvision/resnet50@112")  # 232 pixels, of which the middle 224 are cut out
    assert hub_of(model).preprocessing(model).scale == (116, 116)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("0", "cannot read pictures of 0 pixels: its network needs at least 32"),
        ("16", "cannot read pictures of 16 pixels"),
        ("-1", "'-1' is no size of EfficientNet-Lite0. Write a whole number"),
        ("33.5", "'33.5' is no size"),
        ("1e9", "'1e9' is no size"),
        ("", "'' is no size"),
        ("nan", "'nan' is no size"),
        ("٣٢", "is no size"),
        ("1000000000", "would not fit into memory. The largest size is 2048"),
        ("9" * 400, "would not fit into memory"),
        ("96@128", "Two sizes are given, 96 and 128"),
    ],
)
def test_what_is_no_size_is_said_in_words(size, said):
    with pytest.raises(InputError, match=said):
        catalog.find_models(f"{LITE}@{size}")
    with pytest.raises(InputError, match=said):
        catalog.find_models(["demo/flowers", f"{LITE}@{size}"])


def test_whole_patches(fixed_vit):
    with pytest.raises(InputError, match=r"whole patches of 16 pixels.*Take 96 or 112"):
        catalog.find_models(f"{fixed_vit[0]}@100")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            "timm/mixer_b16_224@128",
            r"reads pictures of 224 x 224 pixels only: its network is built",
        ),
        ("torchvision/vit_b_16@128", r"reads pictures of 224 x 224 pixels only"),
        ("pixels@128", r"a thumbnail of 64 x 64 pixels: there is no network"),
        ("timm/someone/model@128", "configuration of someone/model is not on this computer"),
    ],
)
def test_models_of_one_size_say_why(spec, said):
    with pytest.raises(InputError, match=f"{said}.*Without '@128' it keeps its own size"):
        catalog.find_models(spec)


def test_an_unknown_model_is_named_before_its_size():
    with pytest.raises(UnknownNameError, match="tf_efficientnet_lite0"):
        catalog.find_models("packaged/tf_efficientnet_lit0@x")


def test_a_file_whose_name_looks_like_a_size(tmp_path):
    import timm
    import torch

    path = tmp_path / "test_resnet@128.pth"
    torch.save(timm.create_model("test_resnet", num_classes=3).state_dict(), path)
    assert found(f"{path}=test_resnet").id == f"checkpoints/{path}=test_resnet"
    bare = path.rename(tmp_path / "blob@128")
    assert found(f"{bare}=test_resnet").at is None
    assert found(f"{bare}=test_resnet@96").at == 96
    gone = tmp_path / "gone@128.pth"
    with pytest.raises(InputError, match="There is no file"):
        catalog.find_models(str(gone))


def test_sizes_on_offer():
    assert catalog.other_sizes(found(LITE))[:4] == [32, 48, 64, 96]
    assert 224 not in catalog.other_sizes(found(LITE))
    dino = found("timm/vit_small_patch14_reg4_dinov2.lvd142m")
    assert all(size % 14 == 0 for size in catalog.other_sizes(dino))
    assert {224, 518} & set(catalog.other_sizes(dino)) == {224}
    with pytest.raises(NotAvailable, match="pixels only"):
        catalog.other_sizes(found("timm/mixer_b16_224"))
    for size in catalog.other_sizes(dino):  # whatever is offered is taken
        assert found(f"{dino.id}@{size}").input_size == size


def test_attention_grows_with_the_square_of_the_area():
    """ViT-S/14 with 4 registers at 224 pixels: 12 layers of 261 tokens, 12 d² and 2 n d each."""
    dino = found("timm/vit_small_patch14_reg4_dinov2.lvd142m")
    by_hand = 12 * (12 * 384**2 * 261 + 2 * 261**2 * 384) / 1e9
    assert found(f"{dino.id}@224").gmacs == pytest.approx(by_hand, rel=0.03)
    assert sizes_of(hub_of(dino), dino).work(518) == 1


@pytest.mark.parametrize(
    "tried",
    [
        ("timm", "test_resnet"),
        ("timm", "test_vit3"),
        ("timm", "test_vit"),
        ("timm", "mixer_b16_224"),
        ("torchvision", "squeezenet1_1"),
    ],
)
def test_trying_again_gives_what_is_shipped(tried):
    row = _probe.size_row(*tried)
    shipped = _table.sizes()[tried]
    assert {k: "" if v is None else str(v) for k, v in row.items()} == shipped


@pytest.mark.parametrize("preset", catalog.PRESETS)
def test_the_sizes_of_every_preset_model_are_known(preset):
    for model in catalog.find_models(preset):
        assert len(catalog.other_sizes(model)) > 3
