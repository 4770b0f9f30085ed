import json
import pickle

import numpy as np
import pytest

from srcsel.base.errors import InputError, ModelError, UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models.hubs import HUBS, _caches
from srcsel.models.hubs._positions import side_of

HUB = HUBS["checkpoints"]
CARD = {
    "architecture": "test_resnet",
    "library": "timm",
    "num_classes": 5,
    "num_features": 384,
    "source_dataset": "shapes",
    "input_size": [3, 64, 64],
    "mean": [0.5, 0.5, 0.5],
    "std": [0.25, 0.25, 0.25],
    "interpolation": "bilinear",
    "crop_pct": 1.0,
    "crop_mode": "squash",
    "val_accuracy": 0.75,
    "licence": "mit",
}


@pytest.fixture(scope="module")
def network():
    import timm
    import torch

    torch.manual_seed(0)
    return timm.create_model("test_resnet", pretrained=False, num_classes=5).eval()


def save(path, state):
    import safetensors.torch
    import torch

    if path.suffix == ".safetensors":
        safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, path)
    else:
        torch.save(state, path)
    return path


def encode(name, batch_for):
    model = HUB.find(str(name))
    encoder = HUB.load(model, "cpu", Watch())
    return (model, *encoder(batch_for(encoder.preprocessing)))


def expected(network, preprocessing, batch):
    import torch

    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    with torch.inference_mode():
        return network((torch.from_numpy(batch) / 255 - mean) / std).numpy()


def test_a_file_with_its_card(tmp_path, network, batch_for):
    path = save(tmp_path / "mine.safetensors", network.state_dict())
    path.with_suffix(".json").write_text(json.dumps(CARD))
    model, features, logits = encode(path, batch_for)
    assert model.id == f"checkpoints/{path}"
    assert model.revision == _caches.digest(path)
    assert (model.input_size, model.source_classes, model.accuracy) == (64, 5, 0.75)
    assert (model.license, model.pretraining, model.download_bytes) == ("MIT", "shapes", 0)
    assert model.params == sum(values.numel() for values in network.parameters())
    preprocessing = HUB.preprocessing(model)
    assert preprocessing.resize == "squash"
    assert features.shape == (8, model.dim)
    np.testing.assert_allclose(
        logits, expected(network, preprocessing, batch_for(preprocessing)), atol=1e-4
    )


def test_an_architecture_behind_the_path(tmp_path, network, batch_for):
    path = save(tmp_path / "mine.pth", network.state_dict())
    model, features, logits = encode(f"{path}=test_resnet", batch_for)
    assert model.id == f"checkpoints/{path}=test_resnet"
    assert model.input_size == 160  # the architecture's usual
    assert features.shape == (8, model.dim)
    assert logits.shape == (8, 5)  # the class count comes from the file


def test_the_file_name_as_architecture(tmp_path, network, batch_for):
    path = save(tmp_path / "test_resnet.my_data.pt", network.state_dict())
    assert encode(path, batch_for)[2].shape == (8, 5)


def test_float16_is_read_as_float32(tmp_path, network, batch_for):
    half = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    path = save(tmp_path / "test_resnet.safetensors", half)
    model, features, logits = encode(path, batch_for)
    batch = batch_for(HUB.preprocessing(model))
    assert features.dtype == np.float32
    np.testing.assert_allclose(
        logits, expected(network, HUB.preprocessing(model), batch), atol=0.02
    )


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_ema", None])
@pytest.mark.parametrize("prefix", ["module.", "model.", "module.model.", ""])
def test_wrappers_and_prefixes(tmp_path, network, batch_for, wrapper, prefix):
    state = {prefix + name: values for name, values in network.state_dict().items()}
    path = save(tmp_path / "test_resnet.pth", {wrapper: state, "epoch": 3} if wrapper else state)
    model, _, logits = encode(path, batch_for)
    batch = batch_for(HUB.preprocessing(model))
    np.testing.assert_allclose(
        logits, expected(network, HUB.preprocessing(model), batch), atol=1e-4
    )


def test_averaged_weights_win(tmp_path, network, batch_for):
    import torch

    zeros = {name: torch.zeros_like(values) for name, values in network.state_dict().items()}
    path = save(
        tmp_path / "test_resnet.pth", {"state_dict": zeros, "model_ema": network.state_dict()}
    )
    assert encode(path, batch_for)[2].std() > 0


def test_a_file_without_head_gives_features_and_says_so(tmp_path, network, batch_for, recorder):
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("fc.")}
    path = save(tmp_path / "test_resnet.safetensors", state)
    model, watch = HUB.find(str(path)), recorder()
    encoder = HUB.load(model, "cpu", watch)
    features, logits = encoder(batch_for(encoder.preprocessing))
    assert features.shape == (8, model.dim)
    assert logits is None
    assert "no source head" in watch.calls[-1][4]


def test_a_foreign_part_under_the_heads_name_is_left_out_and_said(tmp_path, network, recorder):
    import torch

    path = save(
        tmp_path / "test_resnet.safetensors", {**network.state_dict(), "fc.scale": torch.ones(1)}
    )
    watch = recorder()
    HUB.load(HUB.find(str(path)), "cpu", watch)
    assert "left out: fc.scale" in watch.calls[-1][4]


def test_missing_and_unexpected_names_are_said(tmp_path, network):
    import torch

    state = dict(network.state_dict())
    del state["layer1.0.conv1.weight"]
    state["extra.weight"] = torch.ones(1)
    state["layer2.0.bn1.bias"] = torch.ones(3)
    path = save(tmp_path / "test_resnet.safetensors", state)
    with pytest.raises(ModelError) as caught:
        HUB.load(HUB.find(str(path)), "cpu", Watch())
    assert "missing layer1.0.conv1.weight" in str(caught.value)
    assert "unexpected extra.weight" in str(caught.value)
    assert "layer2.0.bn1.bias is (3,) instead of" in str(caught.value)


def test_the_wrong_architecture_names_the_first_few_and_counts_the_rest(tmp_path, network):
    path = save(tmp_path / "mine.safetensors", network.state_dict())
    with pytest.raises(ModelError, match=r"do not fit resnet18: missing .* and \d+ more"):
        HUB.load(HUB.find(f"{path}=resnet18"), "cpu", Watch())


def test_an_unknown_architecture_lists_near_names(tmp_path, network):
    path = save(tmp_path / "mine.safetensors", network.state_dict())
    path.with_suffix(".json").write_text(json.dumps({**CARD, "architecture": "somebody.resnet20"}))
    with pytest.raises(
        UnknownNameError, match=r"mine\.safetensors.*'somebody\.resnet20'. Did you mean .*resne"
    ):
        HUB.find(str(path))


def test_a_torchvision_checkpoint(tmp_path, batch_for):
    import torch

    from srcsel.models.hubs._torchvision import build

    torch.manual_seed(0)
    network = build("squeezenet1_1", classes=6).eval()
    path = save(tmp_path / "mine.safetensors", network.state_dict())
    card = {"architecture": "squeezenet1_1", "library": "torchvision", "input_size": [3, 64, 64]}
    path.with_suffix(".json").write_text(json.dumps(card))
    model, features, logits = encode(path, batch_for)
    preprocessing = HUB.preprocessing(model)
    # torchvision's usual, where the card is silent
    assert preprocessing.interpolation == "bilinear"
    assert features.shape == (8, 512)
    np.testing.assert_allclose(
        logits, expected(network, preprocessing, batch_for(preprocessing)), atol=1e-4
    )


def test_a_torchvision_checkpoint_without_head(tmp_path, batch_for):
    from srcsel.models.hubs._torchvision import build

    state = {
        k: v for k, v in build("shufflenet_v2_x0_5").state_dict().items() if not k.startswith("fc.")
    }
    path = save(tmp_path / "shufflenet_v2_x0_5.safetensors", state)
    _, features, logits = encode(path, batch_for)
    assert features.shape == (8, 1024)
    assert logits is None


def test_a_vision_transformer_of_another_input_size(tmp_path, batch_for):
    import timm

    network = timm.create_model("test_vit", pretrained=False, num_classes=3, img_size=64).eval()
    path = save(tmp_path / "mine.safetensors", network.state_dict())
    path.with_suffix(".json").write_text(
        json.dumps({"architecture": "test_vit", "input_size": [3, 64, 64]})
    )
    assert encode(path, batch_for)[2].shape == (8, 3)


@pytest.mark.parametrize(("side", "said"), [(64, "64 x 64"), (160, "")])
def test_a_vision_transformer_tells_its_input_size_itself(tmp_path, batch_for, side, said):
    """160 pixels are this one's usual size."""
    import timm

    network = timm.create_model("test_vit", pretrained=False, num_classes=3, img_size=side).eval()
    state = {f"module.{name}": leaf for name, leaf in network.state_dict().items()}
    path = save(tmp_path / "test_vit.safetensors", state)
    model, _, logits = encode(path, batch_for)
    assert logits.shape == (8, 3)
    assert model.input_size == side
    assert ("positions" in model.note) == bool(said)
    assert said in model.note


@pytest.mark.parametrize(
    ("shapes", "side"),
    [
        ({"pos_embed": (1, 37, 8), "patch_embed.proj.weight": (8, 3, 16, 16)}, 96),
        ({"pos_embed": (1, 36, 8), "patch_embed.proj.weight": (8, 3, 16, 16)}, 96),
        ({"encoder.pos_embedding": (1, 38, 8), "conv_proj.weight": (8, 3, 16, 16)}, 96),
        ({"pos_embed": (1, 197, 8), "patch_embed.proj.weight": (8, 3, 16, 16)}, None),  # usual
        ({"pos_embed": (1, 33, 8), "patch_embed.proj.weight": (8, 3, 16, 16)}, None),  # no square
        ({"pos_embed": (1, 37, 8)}, None),
        ({"pos_embed": (37, 8), "patch_embed.proj.weight": (8, 3, 0, 0)}, None),
    ],
)
def test_the_side_by_the_positions(shapes, side):
    assert side_of(shapes, (224, 224)) == side


class _Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code was run')",))


def test_a_pickle_with_code_is_refused_before_it_runs(tmp_path):
    import torch

    path = tmp_path / "test_resnet.pth"
    torch.save({"fc.weight": _Evil()}, path, pickle_module=pickle)
    with pytest.raises(ModelError, match="was not opened: it holds more than weights"):
        HUB.load(HUB.find(str(path)), "cpu", Watch())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"not weights at all, but long enough to be read as something"]
)
def test_a_damaged_file(tmp_path, suffix, content):
    path = tmp_path / f"test_resnet{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"test_resnet\S* (is damaged|was not opened)"):
        HUB.load(HUB.find(str(path)), "cpu", Watch())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_that_broke_off_says_so_before_a_run(tmp_path, suffix, network):
    whole = save(tmp_path / f"test_resnet{suffix}", network.state_dict())
    for share in (0.5, 0.99):
        path = tmp_path / f"test_resnet-{share}{suffix}"
        path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
        with pytest.raises(ModelError, match=r"its end is missing.*Copy or download it again\.$"):
            HUB.find(f"{path}=test_resnet")


def test_a_file_without_tensors(tmp_path):
    path = save(tmp_path / "test_resnet.pth", {"epoch": 3})
    with pytest.raises(ModelError, match="holds no weights by name"):
        HUB.load(HUB.find(str(path)), "cpu", Watch())


def test_no_such_file_and_no_such_kind(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        HUB.find(str(tmp_path / "nothing.pth"))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"notes\.txt is no checkpoint"):
        HUB.find(str(tmp_path / "notes.txt"))


def test_a_folder_as_a_hub_hands_it_out_and_a_piece_of_a_model(tmp_path, network):
    with pytest.raises(InputError, match="is a folder and holds no checkpoint"):
        HUB.find(str(tmp_path))
    path = save(tmp_path / "test_resnet.safetensors", network.state_dict())
    (tmp_path / "pytorch_model.bin").write_bytes(b"the same, as it was saved before")
    assert HUB.find(str(tmp_path)).id == f"checkpoints/{path}"
    assert HUB.find(f"{tmp_path}=test_resnet").id == f"checkpoints/{path}=test_resnet"
    piece = path.rename(tmp_path / "model-00001-of-00002.safetensors")
    with pytest.raises(InputError, match="is one of 2 pieces of a model"):
        HUB.find(f"{piece}=test_resnet")


@pytest.mark.parametrize("card", ["{", "[1, 2]"])
def test_a_card_that_cannot_be_read(tmp_path, network, card):
    path = save(tmp_path / "test_resnet.safetensors", network.state_dict())
    path.with_suffix(".json").write_text(card)
    with pytest.raises(ModelError, match="beside the checkpoint"):
        HUB.find(str(path))


def test_a_path_with_an_equals_sign(tmp_path, network):
    folder = tmp_path / "lr=0.1"
    folder.mkdir()
    path = save(folder / "test_resnet.safetensors", network.state_dict())
    assert HUB.find(str(path)).id == f"checkpoints/{path}"
    assert HUB.find(f"{path}=test_resnet").id == f"checkpoints/{path}=test_resnet"


def test_the_weights_folder_is_listed(tmp_path, network, monkeypatch):
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(tmp_path))
    good = save(tmp_path / "test_resnet.safetensors", network.state_dict())
    save(tmp_path / "of_nothing_known.safetensors", network.state_dict())
    assert [model.id for model in HUB.models()] == [f"checkpoints/{good}"]
    monkeypatch.delenv("SRCSEL_WEIGHTS")
    assert HUB.models() == ()


def test_a_changed_file_has_another_revision(tmp_path, network):
    import torch

    path = save(tmp_path / "test_resnet.safetensors", network.state_dict())
    before = HUB.find(str(path)).revision
    save(path, {**network.state_dict(), "fc.bias": torch.ones(5)})
    assert HUB.find(str(path)).revision != before


@pytest.mark.parametrize(
    ("shapes", "classes", "dim"),
    [
        (
            {
                "classifier.1.weight": (6, 9),
                "classifier.4.weight": (6, 6),
                "classifier.6.weight": (3, 6),
            },
            3,
            6,
        ),
        ({"classifier.weight": (3, 5)}, 3, 5),
        ({"classifier.6.weight": (3,)}, None, 4096),  # not a layer: the table's width stands
    ],
    ids=["whole", "averaged maps", "damaged"],
)
def test_the_file_itself_tells_classes_and_width(tmp_path, shapes, classes, dim):
    import torch

    path = save(
        tmp_path / "alexnet.safetensors",
        {name: torch.zeros(shape) for name, shape in shapes.items()},
    )
    model = HUB.find(str(path))
    assert (model.source_classes, model.dim) == (classes, dim)


def test_a_damaged_layer_on_averaged_maps_is_refused_with_a_sentence(tmp_path):
    import torch

    path = save(tmp_path / "vgg11.safetensors", {"classifier.weight": torch.zeros(3)})
    with pytest.raises(ModelError, match="vgg11"):
        HUB.load(HUB.find(str(path)), "cpu", Watch())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "git lfs pull"),
        (b"<!DOCTYPE html><html></html>", "web page"),
    ],
)
def test_what_was_saved_in_place_of_weights_is_named(tmp_path, content, words):
    from srcsel.models.hubs import _weights

    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(ModelError, match=words):
        _weights.read_content(tmp_path / "a.pth")
