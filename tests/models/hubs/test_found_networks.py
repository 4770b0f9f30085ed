"""Checkpoints as training programs leave them: the network in them is found, and what lies beside
it is named.
"""

import argparse
import collections
import enum
import pathlib
import pickle
import types
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.errors import InputError, ModelError
from srcsel.base.watch import Watch
from srcsel.models.hubs import HUBS

HUB = HUBS["checkpoints"]


@pytest.fixture(scope="module")
def network():
    return make("test_resnet")


def make(architecture, **options):
    """A small timm network of which no two tensors are alike."""
    import timm
    import torch

    torch.manual_seed(0)
    made = timm.create_model(architecture, pretrained=False, **{"num_classes": 5, **options})
    for values in made.state_dict().values():
        if values.is_floating_point():
            values.uniform_(0.01, 0.1)
    return made.eval()


def under(prefix, state):
    return {prefix + name: values for name, values in state.items()}


def half(state):
    return {name: values / 2 for name, values in state.items()}


def saved(path, content, **options):
    import safetensors.torch
    import torch

    if path.suffix == ".safetensors":
        safetensors.torch.save_file({k: v.contiguous() for k, v in content.items()}, path)
    else:
        torch.save(content, path, **options)
    return path


@pytest.fixture
def read(recorder, batch_for):
    """Read a file; returns features, logits, and what was noted."""

    def read(name):
        watch, model = recorder(), HUB.find(str(name))
        encoder = HUB.load(model, "cpu", watch)
        features, logits = encoder(batch_for(encoder.preprocessing))
        return features, logits, " ".join(call[4] for call in watch.calls)

    return read


@pytest.fixture
def same(read, batch_for):
    """Read a file and compare features with a network's own; returns what was noted."""

    def same(name, network, *, logits=True):
        import torch

        features, found, note = read(name)
        how = HUB.preprocessing(HUB.find(str(name)))
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (how.mean, how.std))
        with torch.inference_mode():
            pictures = (torch.from_numpy(batch_for(how)) / 255 - mean) / std
            maps = network.forward_features(pictures)
            expected = network.forward_head(maps, pre_logits=True).numpy()
            told = network.forward_head(maps).numpy()
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
        assert (found is not None) is logits
        if logits:
            np.testing.assert_allclose(found, told, rtol=1e-4, atol=1e-4)
        return note

    return same


@pytest.mark.parametrize(
    "prefix",
    [
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "model.",
        "model.backbone.",
        "net.",
        "learner.encoder.0.",
        "some_name_of_their_own.",
    ],
)
def test_any_prefix_is_taken_off(tmp_path, network, same, prefix):
    path = saved(tmp_path / "test_resnet.pth", {"state_dict": under(prefix, network.state_dict())})
    assert same(path, network) == ""


def test_a_compiled_part_in_the_middle(tmp_path, network, same):
    state = {n.replace("layer1.", "layer1._orig_mod."): v for n, v in network.state_dict().items()}
    same(saved(tmp_path / "test_resnet.pth", state), network)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    "beside", ["criterion.weight", "train_metrics.confusion", "queue", "loss.prototypes"]
)
def test_what_lies_beside_the_network_is_left_out_and_named(
    tmp_path, network, same, beside, suffix
):
    import torch

    state = under("model.", network.state_dict()) | {beside: torch.ones(4, 3)}
    note = same(saved(tmp_path / f"test_resnet{suffix}", state), network)
    assert f"left out: {beside}." in note
    plain = dict(network.state_dict()) | {beside: torch.ones(4, 3)}
    assert f"left out: {beside}." in same(saved(tmp_path / f"test_resnet{suffix}", plain), network)


def test_many_names_beside_are_counted(tmp_path, network, same):
    import torch

    state = under("model.", network.state_dict())
    state |= {f"metrics.m{i}": torch.zeros(()) for i in range(9)}
    note = same(saved(tmp_path / "test_resnet.pth", state), network)
    assert "metrics.m0, metrics.m1, metrics.m2 and 6 more" in note


def test_counters_of_thop_are_no_weights(tmp_path, network, same):
    import torch

    state = dict(network.state_dict())
    state |= {"total_ops": torch.zeros(1), "layer1.0.conv1.total_params": torch.zeros(1)}
    assert same(saved(tmp_path / "test_resnet.pth", state), network) == ""


def test_a_deeper_network_of_the_same_names_is_not_read_as_this_one(tmp_path):
    """All of resnet18's weights lie in a resnet34, in the same shapes."""
    state = make("resnet34").state_dict()
    path = saved(tmp_path / "mine.pth", under("model.", state))
    with pytest.raises(
        ModelError, match=r"do not fit resnet18: unexpected layer1\.2\..*nearest to"
    ):
        HUB.load(HUB.find(f"{path}=resnet18"), "cpu", Watch())


def test_a_wrong_architecture_names_the_three_nearest(tmp_path):
    path = saved(tmp_path / "mine.pth", make("test_vit").state_dict())
    with pytest.raises(ModelError) as caught:
        HUB.load(HUB.find(f"{path}=resnet18"), "cpu", Watch())
    assert "do not fit resnet18: missing conv1.weight" in str(caught.value)
    assert "nearest to: test_vit of timm (95%), test_vit2 of timm (64%) and " in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        lambda last, mean: {"state_dict": last, "state_dict_ema": mean},
        lambda last, mean: {"model": last, "model_ema": mean},
        lambda last, mean: {"net": last, "ema_state_dict": mean},
        lambda last, mean: {"model": last, "ema": {"module": mean, "decay": 0.99}},
        lambda last, mean: {"model": last, "model_ema": {"state_dict": under("module.", mean)}},
        lambda last, mean: {"state_dict": under("model.", last) | under("ema_model.", mean)},
        lambda last, mean: {"state_dict": under("model.", last) | under("swa_model.module.", mean)},
        lambda last, mean: {"state_dict": last, "callbacks": {"EMA": {"ema_state_dict": mean}}},
        lambda last, mean: {"student": last, "teacher": mean},
        lambda last, mean: {"state_dict": mean, "current_model_state": last},
    ],
    ids=["timm", "model", "net", "nested", "parallel", "prefixes", "swa", "callback", "dino", "pl"],
)
def test_averaged_weights_are_preferred_to_the_last_and_said(tmp_path, network, same, content):
    mean = network.state_dict()
    path = saved(tmp_path / "test_resnet.pth", content(half(mean), mean))
    note = same(path, network)
    assert "taken" in note
    assert ", not " in note


def test_an_averaged_model_of_torch(tmp_path, network, same):
    import torch

    averaged = torch.optim.swa_utils.AveragedModel(network)
    path = saved(tmp_path / "test_resnet.pth", averaged.state_dict())
    assert "Averaged weights were taken (module, of 0 steps)." in same(path, network)
    averaged.update_parameters(network)
    averaged.update_parameters(network)
    saved(path, {"last": half(network.state_dict()), "swa": averaged.state_dict()})
    assert "(swa.module, of 2 steps), not last." in same(path, network)


def test_moco_reads_the_trained_encoder_and_its_head_tells_no_classes(tmp_path, network, same):
    import torch

    state = network.state_dict()
    content = under("module.encoder_q.", state) | under("module.encoder_k.", half(state))
    content |= {"module.queue": torch.zeros(5, 8), "module.queue_ptr": torch.zeros(1)}
    path = saved(tmp_path / "test_resnet.pth.tar", {"epoch": 3, "state_dict": content})
    note = same(path, network, logits=False)
    assert "module.encoder_q was taken" in note
    assert "module.encoder_k" in note
    assert "source head were left out: fc.weight and fc.bias" in note


def test_byol_reads_the_online_network(tmp_path, network, same):
    state = network.state_dict()
    content = under("target_encoder.", half(state)) | under("online_encoder.", state)
    assert "online_encoder was taken" in same(
        saved(tmp_path / "test_resnet.ckpt", content), network, logits=False
    )


def test_dino_with_its_backbone_and_projection(tmp_path, same):
    import torch

    vit = make("test_vit")
    trunk = {n: v for n, v in vit.state_dict().items() if not n.startswith("head.")}
    head = {"head.mlp.0.weight": torch.ones(8, 64), "head.last_layer.weight": torch.ones(9, 8)}
    content = {
        "student": under("module.backbone.", half(trunk)) | under("module.", head),
        "teacher": under("backbone.", trunk) | head,
        "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}},
    }
    note = same(saved(tmp_path / "test_vit.pth", content), vit, logits=False)
    assert "Averaged weights were taken (teacher.backbone), not student.module.backbone." in note
    assert "left out: head.mlp.0.weight and head.last_layer.weight." in note
    assert "no source head" in note


def test_a_backbone_with_a_head_of_its_own(tmp_path, network, same):
    import torch

    trunk = {n: v for n, v in network.state_dict().items() if not n.startswith("fc.")}
    own = {"head.0.weight": torch.ones(7, 96), "head.2.weight": torch.ones(5, 7)}
    nested = {"backbone": trunk, "head": {"weight": torch.ones(5, 96)}}
    for content in (under("backbone.", trunk) | own, trunk | under("my_", own), nested):
        note = same(saved(tmp_path / "test_resnet.pth", content), network, logits=False)
        assert "no source head" in note


def test_another_head_under_the_same_name(tmp_path, network, same):
    import torch

    trunk = {n: v for n, v in network.state_dict().items() if not n.startswith("fc.")}
    for head in (
        {"fc.0.weight": torch.ones(7, 96), "fc.2.weight": torch.ones(5, 7)},
        {"fc.weight": torch.ones(5, 7), "fc.bias": torch.ones(5)},
    ):
        note = same(saved(tmp_path / "test_resnet.pth", trunk | head), network, logits=False)
        assert "source head were left out: fc." in note


@pytest.mark.parametrize(
    "name",
    ["x.pth", "x.PTH", "x.pt", "x.bin", "x.ckpt", "x.CKPT", "x.pth.tar", "x.Pth.Tar", "x"],
)
@pytest.mark.parametrize("old", [True, False], ids=["before 1.6", "since 1.6"])
def test_endings_and_both_formats_of_torch(tmp_path, network, same, name, old):
    path = saved(tmp_path / name, network.state_dict(), _use_new_zipfile_serialization=not old)
    same(f"{path}=test_resnet", network)


def test_the_name_of_the_file_is_read_without_its_ending(tmp_path, network):
    for name in (
        "test_resnet.pth.tar",
        "TEST_ResNet.PTH",
        "test-resnet.ckpt",
        "test_resnet.v2.bin",
    ):
        model = HUB.find(str(saved(tmp_path / name, network.state_dict())))
        assert "read as test_resnet of timm" in model.note


def test_a_link_of_the_hugging_face_cache(tmp_path, network, same):
    place = tmp_path / "models--timm--test_resnet.r160_in1k"
    blob = place / "blobs" / ("ab" * 32)
    blob.parent.mkdir(parents=True)
    saved(tmp_path / "x.safetensors", network.state_dict()).rename(blob)
    link = place / "snapshots" / "c0ffee" / "model.safetensors"
    link.parent.mkdir(parents=True)
    link.symlink_to(pathlib.Path("../..") / "blobs" / blob.name)
    same(link, network)  # the repository's name tells the architecture
    assert HUB.find(f"{link}=test_resnet").id == f"checkpoints/{link}=test_resnet"
    same(f"{link}=test_resnet", network)
    same(f"{blob}=test_resnet", network)
    (link.parent / "config.json").write_text(
        '{"architecture": "test_resnet", "pretrained_cfg": {"input_size": [3, 96, 96], "tag": "x"}}'
    )
    assert HUB.preprocessing(HUB.find(str(link))).size == (96, 96)


class Color(enum.Enum):
    RED = 1


@dataclass
class Settings:
    """A configuration as training programs define them."""

    rate: float
    names: list


class Attributes(dict):
    """As yacs, EasyDict and Lightning's hyper_parameters are."""


class Row(list):
    """A list of a program's own."""


def test_harmless_things_beside_the_weights_are_admitted_without_running_anything(
    tmp_path, network, same
):
    attributes = Attributes(lr=0.1)
    attributes.more = 3
    counts = collections.defaultdict(list)
    counts["a"].append(1)
    content = {
        "model": network.state_dict(),
        "args": argparse.Namespace(lr=0.1, out=pathlib.Path("runs"), more=None),
        "space": types.SimpleNamespace(a=1),
        "hyper_parameters": attributes,
        "settings": Settings(0.1, ["a"]),
        "rows": Row([1, 2]),
        "counts": counts,
        "counter": collections.Counter("aab"),
        "best": np.float64(0.7),
        "history": np.arange(3),
        "set": {1, 2},
        "epoch": 3,
    }
    for old in (True, False):
        path = saved(tmp_path / "test_resnet.ckpt", content, _use_new_zipfile_serialization=not old)
        assert same(path, network) == ""


def test_a_checkpoint_of_lightning(tmp_path, network, same):
    content = {
        "epoch": 1,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": under("model.", network.state_dict()),
        "callbacks": {"ModelCheckpoint": {"best_model_score": np.float32(0.5)}},
        "optimizer_states": [{"state": {}, "param_groups": []}],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 0.1, "cfg": argparse.Namespace(a=1)},
    }
    assert same(saved(tmp_path / "test_resnet.ckpt", content), network) == ""


def reached():
    raise AssertionError("code was run")


class Calls:
    def __init__(self, what, *given):
        self.what, self.given = what, given

    def __reduce__(self):
        return self.what, self.given


def _hostile():
    import os
    import subprocess

    return {
        "exec": Calls(exec, "raise SystemExit('code was run')"),
        "eval": Calls(eval, "1/0"),
        "system": Calls(os.system, "touch code-was-run"),
        "process": Calls(subprocess.Popen, ["touch", "code-was-run"]),
        "own": Calls(reached),
        "import": Calls(__import__, "this"),
        "getattr": Calls(getattr, "", "upper"),
        "open": Calls(open, "code-was-run", "w"),
        "load": Calls(pickle.loads, b"N."),
        "partial": Calls(map, reached, [1]),
    }


@pytest.mark.parametrize("kind", sorted(_hostile()))
@pytest.mark.parametrize("where", ["beside", "weights", "in a namespace"])
@pytest.mark.parametrize("old", [True, False], ids=["before 1.6", "since 1.6"])
def test_a_hostile_file_is_refused_and_runs_nothing(
    tmp_path, network, monkeypatch, kind, where, old
):
    monkeypatch.chdir(tmp_path)
    evil = _hostile()[kind]
    content = {
        "beside": {"model": network.state_dict(), "args": evil},
        "weights": {"conv1.weight": evil},
        "in a namespace": {"model": network.state_dict(), "args": argparse.Namespace(x=evil)},
    }[where]
    path = saved(tmp_path / "test_resnet.pth", content, _use_new_zipfile_serialization=not old)
    with pytest.raises(ModelError, match="was not opened: it holds more than weights, namely"):
        HUB.load(HUB.find(str(path)), "cpu", Watch())
    assert not (tmp_path / "code-was-run").exists()


def test_a_program_of_torchscript_is_said(tmp_path):
    import torch

    path = saved(tmp_path / "test_resnet.pt", {"a": torch.ones(1)})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("test_resnet/code/__torch__.py", "class Module(Module): ...")
    with pytest.raises(ModelError, match="TorchScript"):
        HUB.find(str(path))


def test_weights_in_torchvisions_form_of_a_name_both_have(tmp_path, read, batch_for):
    import torch

    from srcsel.models.hubs._torchvision import build

    torch.manual_seed(0)
    network = build("efficientnet_b0", classes=3).eval()
    for card in ("", '{"library": "timm"}'):
        path = saved(tmp_path / "efficientnet_b0.pth", network.state_dict())
        if card:
            path.with_suffix(".json").write_text(card)
        features, logits, note = read(path)
        assert features.shape == (8, 1280)
        how = HUB.preprocessing(HUB.find(str(path)))
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (how.mean, how.std))
        with torch.inference_mode():
            told = network((torch.from_numpy(batch_for(how)) / 255 - mean) / std)
        np.testing.assert_allclose(logits, told.numpy(), rtol=1e-3, atol=1e-4)
        assert ("form of torchvision" in note) is bool(card)  # else the names told it before


def test_a_file_of_torchvision_by_its_own_name(tmp_path):
    from srcsel.models.hubs._torchvision import build

    state = build("mobilenet_v2").state_dict()
    model = HUB.find(str(saved(tmp_path / "mobilenet_v2-b0353104.pth", state)))
    assert "read as mobilenet_v2 of torchvision" in model.note
    assert (model.source_classes, model.dim) == (1000, 1280)
    weights = HUBS["torchvision"].find("mobilenet_v2.IMAGENET1K_V1")
    assert HUB.preprocessing(model).key == HUBS["torchvision"].preprocessing(weights).key
    later = HUB.find(str(saved(tmp_path / "mobilenet_v2-7ebf99e0.pth", state)))
    assert HUB.preprocessing(later).scale == (232, 232)  # of IMAGENET1K_V2


@pytest.mark.parametrize(
    "architecture", ["resnet18", "mobilenetv3_small_100", "vit_tiny_patch16_224"]
)
def test_a_wrapper_that_names_no_architecture_is_told_by_its_number_of_weights(
    tmp_path, architecture
):
    """Not by names that look like the file's: those mean nothing."""
    import timm

    state = timm.create_model(architecture, num_classes=7).state_dict()
    content = {"state_dict": {f"model.{n}": values for n, values in state.items()}, "epoch": 3}
    with pytest.raises(InputError, match="does not say which network") as caught:
        HUB.find(str(saved(tmp_path / "lenet_last.ckpt", content)))
    said = str(caught.value)
    assert "lenet_last.ckpt=resnet18" in said  # how to say it
    assert architecture in said.partition("it may be ")[2].rstrip(".").split(" or ")
    assert "Did you mean" not in said


def test_a_network_of_no_known_size_names_none(tmp_path):
    import torch

    content = {"state_dict": {"layer.weight": torch.zeros(3, 5)}}
    with pytest.raises(InputError, match=r"No architecture .* has so many weights"):
        HUB.find(str(saved(tmp_path / "mine.ckpt", content)))


@pytest.mark.parametrize("ending", [".pth", ".safetensors", ".pt", ".PTH", " (1).pth"])
def test_every_file_of_torchvision_by_its_own_name(ending):
    """Also converted, in capitals as some systems keep names, and downloaded twice."""
    from srcsel.models.hubs import _table
    from srcsel.models.hubs._card import Card, architecture_of, published

    for name, row in _table.rows("torchvision").items():
        stem = Path(row["url"]).stem
        file = Path((stem.upper() if ending == ".PTH" else stem) + ending)
        assert published(file)["name"] == name
        assert architecture_of(file, "", Card()) == name.partition(".")[0]


LUKEMELAS = {
    "conv_stem": "_conv_stem",
    "bn1": "_bn0",
    "conv_head": "_conv_head",
    "bn2": "_bn1",
    "classifier": "_fc",
}
IN_BLOCK = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "se.conv_reduce": "_se_reduce",
    "se.conv_expand": "_se_expand",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
}
FIRST_BLOCK = {
    "conv_dw": "_depthwise_conv",
    "bn1": "_bn1",
    "se.conv_reduce": "_se_reduce",
    "se.conv_expand": "_se_expand",
    "conv_pw": "_project_conv",
    "bn2": "_bn2",
}


def as_lukemelas(network):
    """Name an EfficientNet's weights as the package efficientnet-pytorch does."""
    blocks = [block for stage in network.blocks for block in stage]
    places = {id(block): k for k, block in enumerate(blocks)}
    names = {}
    for s, stage in enumerate(network.blocks):
        for b, block in enumerate(stage):
            parts = IN_BLOCK if hasattr(block, "conv_pwl") else FIRST_BLOCK
            for own, other in parts.items():
                names[f"blocks.{s}.{b}.{own}"] = f"_blocks.{places[id(block)]}.{other}"
    names |= LUKEMELAS
    state = {}
    for name, values in network.state_dict().items():
        layer, _, kind = name.rpartition(".")
        state[f"{names[layer]}.{kind}"] = values
    return state


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_the_efficientnet_of_lukemelas_loads_by_position(tmp_path, same, suffix):
    network = make("efficientnet_lite0")
    path = saved(tmp_path / f"efficientnet_lite0{suffix}", as_lukemelas(network))
    note = same(path, network)
    assert "another program's" in note
    assert "all shapes agree with efficientnet_lite0" in note


def test_a_body_of_fastai_loads_by_position(tmp_path, same):
    import torch
    from torch import nn

    network = make("resnet18")
    parts = (*("conv1", "bn1", "act1", "maxpool"), *(f"layer{k}" for k in (1, 2, 3, 4)))
    body = nn.Sequential(*(getattr(network, part) for part in parts))
    head = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(512), nn.Linear(512, 5, bias=False))
    state = nn.Sequential(body, head).state_dict()
    assert "0.0.weight" in state
    for suffix in (".pth", ".safetensors"):
        path = saved(tmp_path / f"resnet18{suffix}", state)
        note = same(path, network, logits=False)
        assert "left out: 1.1.weight" in note
    assert "another program's" in same(
        saved(tmp_path / "resnet18.pth", {"model": state, "opt": {"a": torch.ones(1)}}),
        network,
        logits=False,
    )


def test_position_is_no_guess_where_one_shape_differs(tmp_path):
    network = make("test_resnet")
    state = {
        f"part{i}.{n.rpartition('.')[2]}": v
        for i, (n, v) in enumerate(network.state_dict().items())
        if not n.endswith("tracked")
    }
    path = saved(tmp_path / "test_resnet.pth", state)
    HUB.load(HUB.find(str(path)), "cpu", Watch())
    state["part0.weight"] = state["part0.weight"][:-1]
    with pytest.raises(ModelError, match="do not fit"):
        HUB.load(HUB.find(str(saved(path, state))), "cpu", Watch())


def test_a_first_layer_for_greyscale(tmp_path, read):
    import torch
    from PIL import Image

    network = make("test_resnet", in_chans=1)
    path = saved(tmp_path / "test_resnet.pth", under("model.", network.state_dict()))
    how = HUB.preprocessing(HUB.find(str(path)))
    assert how.channels == 1
    assert " grey" in how.key
    assert how.mean == (0.5,) * 3
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    pixels = how.pixels(picture)
    np.testing.assert_array_equal(pixels, how.pixels(picture.convert("L").convert("RGB")))
    _, _, note = read(path)
    assert "pictures are made greyscale" in note
    encoder = HUB.load(HUB.find(str(path)), "cpu", Watch())
    with torch.inference_mode():
        gray = (torch.from_numpy(pixels[:1].copy())[None] / 255 - how.mean[0]) / how.std[0]
        expected = network.forward_head(network.forward_features(gray), pre_logits=True)
    np.testing.assert_allclose(encoder(pixels[None])[0], expected.numpy(), rtol=1e-4, atol=1e-5)
    path.with_suffix(".json").write_text('{"mean": [0.3], "std": 0.2, "input_size": [1, 32, 32]}')
    how = HUB.preprocessing(HUB.find(str(path)))
    assert (how.mean, how.std, how.size) == ((0.3,) * 3, (0.2,) * 3, (32, 32))


def test_a_greyscale_network_of_torchvision(tmp_path, read):
    from srcsel.models.hubs._torchvision import build, read_channels

    state = read_channels(build("shufflenet_v2_x0_5", classes=3), 1).state_dict()
    features, logits, _ = read(saved(tmp_path / "shufflenet_v2_x0_5.pth", state))
    assert (features.shape, logits.shape) == ((8, 1024), (8, 3))


@pytest.mark.parametrize("channels", [2, 4, 13])
def test_other_numbers_of_channels_are_refused_with_what_to_do(tmp_path, channels):
    path = saved(tmp_path / "test_resnet.pth", make("test_resnet", in_chans=channels).state_dict())
    with pytest.raises(ModelError, match=f"reads {channels} channels.*three of its channels"):
        HUB.load(HUB.find(str(path)), "cpu", Watch())
