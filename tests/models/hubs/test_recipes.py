import ast
import contextlib
import dataclasses
import importlib.util
import inspect
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import NotAvailable, PictureError
from srcsel.base.records import Dataset, SourceModel
from srcsel.base.watch import Watch
from srcsel.models import catalog
from srcsel.models.hubs import HUBS, Recipe, _table, hub_of
from srcsel.models.hubs._preprocessing import Preprocessing
from srcsel.pictures import decoder, deep
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.images import open_picture
from srcsel.report import script as snippet
from tests.pictures.test_images import png
from tests.tiffs import tiff

MODES = {
    "square": Preprocessing((64, 64), "shorter", crop_pct=0.875),
    "set side": Preprocessing((56, 56), "shorter", resize_to=73, interpolation="bilinear"),
    "tall": Preprocessing((96, 64), "shorter", crop_pct=0.9),
    "smaller than the crop": Preprocessing((64, 64), "shorter", resize_to=41),
    "squash": Preprocessing(
        (64, 48), "squash", interpolation="bilinear", mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)
    ),
    "border": Preprocessing((64, 64), "border", mean=(0.2, 0.5, 0.9)),
    "border, cropped": Preprocessing((61, 64), "border", crop_pct=0.8),
}
PEACE = SourceModel("timm/resnet18.a1_in1k", "ResNet-18", "r", None, None, None, None, "", "MIT")


@pytest.fixture
def folder(tmp_path):
    """24 pictures in two classes that any network can tell apart, one file that is no picture."""
    chance = np.random.default_rng(0)
    root = tmp_path / "my 'pictures'"
    for name, color in (("blue sky", 200), ("<b>red", 40)):
        (root / name).mkdir(parents=True)
        for i in range(12):
            pixels = np.clip(
                np.array((240 - color, 60, color)) + chance.normal(scale=20, size=(40, 50, 3)),
                0,
                255,
            )
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{i:02d}.png")
    (root / "blue sky" / "broken.jpg").write_bytes(b"no picture")
    return root


@pytest.fixture
def dataset(folder):
    paths = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")))
    classes = tuple(sorted({p.split("/")[0] for p in paths}))
    labels = np.array([classes.index(p.split("/")[0]) for p in paths])
    return Dataset(str(folder), "pictures", folder, paths, labels, classes, "d")


def written(tmp_path, model, dataset, **options) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    (place / snippet.FILENAME).write_text(snippet.script(model, dataset, **options))
    return place


def run(place, **environment):
    """Run the script as a person would, and return what it printed."""
    done = subprocess.run(
        [sys.executable, snippet.FILENAME],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def load(place):
    spec = importlib.util.spec_from_file_location("written_script", place / snippet.FILENAME)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_script_trains_a_bundled_model_as_it_stands(tmp_path, dataset):
    place = written(tmp_path, HUBS["demo"].find("palettes"), dataset)
    said = run(place)
    assert "left out:" in said
    assert "20 pictures to train on, 4 to test, 2 classes" in said
    assert float(re.findall(r"epoch 5 of 5: .*accuracy ([\d.]+)%", said)[0]) >= 75
    assert json.loads((place / "trained.json").read_text())["classes"] == list(dataset.classes)


def test_script_fetches_a_timm_model_from_its_hub(tmp_path, dataset, hub, tiny):
    hub.add("timm/test_resnet.r160_in1k", "model.safetensors", tiny[1])
    config = {
        "architecture": "test_resnet",
        "num_classes": 1000,
        "pretrained_cfg": {"classifier": "fc"},
    }
    hub.add("timm/test_resnet.r160_in1k", "config.json", json.dumps(config).encode())
    place = written(tmp_path, HUBS["timm"].find("test_resnet.r160_in1k"), dataset)
    said = run(place, HF_ENDPOINT=hub.url, HF_HUB_DISABLE_XET="1")
    assert "epoch 5 of 5" in said
    # srcsel can start from what came out
    again = catalog.find_models([str(place / "trained.safetensors")])[0]
    encoder = HUBS["checkpoints"].load(again, "cpu", Watch())
    assert (
        encoder.preprocessing.key
        == HUBS["timm"].preprocessing(HUBS["timm"].find("test_resnet.r160_in1k")).key
    )
    assert encoder.network.num_classes == 2


def test_script_builds_a_torchvision_model_from_an_own_file(tmp_path, dataset, monkeypatch):
    import safetensors.torch
    import torch
    from torchvision.models import squeezenet1_1

    torch.manual_seed(0)
    file = tmp_path / "weights" / "squeezenet1_1.IMAGENET1K_V1.safetensors"
    file.parent.mkdir()
    safetensors.torch.save_file(squeezenet1_1(weights=None).state_dict(), file)
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(file.parent))
    place = written(tmp_path, HUBS["torchvision"].find("squeezenet1_1.IMAGENET1K_V1"), dataset)
    network = load(place).build(3)
    batch = torch.zeros(2, 3, 224, 224)
    assert network.eval()(batch).shape == (2, 3)
    kept = safetensors.torch.load_file(file)["features.0.weight"]
    assert torch.equal(network.features[0].weight, kept)


def test_script_trains_a_torchvision_model_from_its_cache(tmp_path, dataset, monkeypatch):
    import torch
    from torchvision.models import SqueezeNet1_1_Weights, squeezenet1_1

    torch.manual_seed(0)
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(
        squeezenet1_1(weights=None).state_dict(),
        cache / SqueezeNet1_1_Weights.IMAGENET1K_V1.url.split("/")[-1],
    )
    place = written(tmp_path, HUBS["torchvision"].find("squeezenet1_1.IMAGENET1K_V1"), dataset)
    said = run(place, TORCH_HOME=str(tmp_path / "torch"))
    assert "20 pictures to train on, 4 to test, 2 classes" in said
    assert "epoch 5 of 5" in said
    again = catalog.find_models([str(place / "trained.safetensors")])[0]
    assert HUBS["checkpoints"].load(again, "cpu", Watch()).preprocessing.size == (224, 224)


def small_vgg():
    """VGG-16's layers with fewer channels, its classifier unusable as in the weights without
    one.
    """
    import torch
    from torchvision.models.vgg import VGG, make_layers

    torch.manual_seed(0)
    network = VGG(make_layers([4, "M", 6, "M"]), num_classes=7)
    torch.nn.init.constant_(network.classifier[0].weight, float("nan"))
    return network


@pytest.mark.parametrize("own", [False, True], ids=["from its cache", "from an own file"])
def test_weights_without_a_classifier_get_one_layer_on_their_averaged_maps(
    tmp_path, dataset, monkeypatch, own
):
    import safetensors.torch
    import torch

    network = small_vgg()
    if own:
        file = tmp_path / "weights" / "vgg16.IMAGENET1K_FEATURES.safetensors"
        file.parent.mkdir()
        maps = {k: v for k, v in network.state_dict().items() if k.startswith("features")}
        safetensors.torch.save_file(maps, file)
        monkeypatch.setenv("SRCSEL_WEIGHTS", str(file.parent))
    script = load(written(tmp_path, HUBS["torchvision"].find("vgg16.IMAGENET1K_FEATURES"), dataset))
    asked = []

    def get_model(name, weights, **_):
        asked.append((name, weights))
        return small_vgg()

    monkeypatch.setattr(script.torchvision.models, "get_model", get_model)
    built = script.build(3).eval()
    assert asked == [("vgg16", None if own else "IMAGENET1K_FEATURES")]
    batch = torch.rand(2, 3, 32, 48)
    scored = network.features(batch).mean(dim=(2, 3))  # what srcsel scored: each map's mean
    torch.testing.assert_close(built(batch), built.classifier(scored))
    assert built(batch).shape == (2, 3)


def test_what_was_trained_on_averaged_maps_is_a_model_again(tmp_path, dataset, monkeypatch):
    import torch

    script = load(written(tmp_path, HUBS["torchvision"].find("vgg16.IMAGENET1K_FEATURES"), dataset))
    torch.manual_seed(0)
    whole = script.torchvision.models.get_model("vgg16", weights=None)
    monkeypatch.setattr(script.torchvision.models, "get_model", lambda *_, **__: whole)
    trained = script.build(3).eval()
    script.save_model(trained, str(tmp_path / "trained.safetensors"))
    card = {**script.CARD, "classes": ["a", "b", "c"], "num_classes": 3}
    (tmp_path / "trained.json").write_text(json.dumps(card))

    model = catalog.find_models([str(tmp_path / "trained.safetensors")])[0]
    encoder = HUBS["checkpoints"].load(model, "cpu", Watch())
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 224, 224), dtype=np.uint8)
    mean, std = (np.float32(values).reshape(1, 3, 1, 1) for values in (script.MEAN, script.STD))
    batch = torch.from_numpy((pixels / np.float32(255) - mean) / std)
    features, logits = encoder(pixels)
    with torch.inference_mode():
        np.testing.assert_allclose(
            features, trained.features(batch).mean(dim=(2, 3)), rtol=1e-3, atol=1e-5
        )
        np.testing.assert_allclose(logits, trained(batch), rtol=1e-3, atol=1e-5)
    assert (model.source_classes, model.dim) == (logits.shape[1], features.shape[1]) == (3, 512)


def test_script_stops_where_weights_are_missing(tmp_path, dataset):
    import safetensors.torch
    import timm

    state = timm.create_model("test_resnet", pretrained=False).state_dict()
    file = tmp_path / "mine.safetensors"
    safetensors.torch.save_file({k: v for k, v in state.items() if "layer1" not in k}, file)
    model = HUBS["checkpoints"].find(f"{file}=test_resnet")
    script = load(written(tmp_path, model, dataset))
    with pytest.raises(
        SystemExit, match=r"does not fit test_resnet: stages|does not fit test_resnet: layer1"
    ):
        script.build(2)


def test_wrapped_checkpoint_is_unwrapped_as_the_hub_does(tmp_path, dataset):
    import timm
    import torch

    torch.manual_seed(0)
    state = timm.create_model("test_resnet", pretrained=False, num_classes=5).state_dict()
    file = tmp_path / "mine.pth"
    torch.save({"epoch": 3, "state_dict": {f"module.model.{k}": v for k, v in state.items()}}, file)
    script = load(written(tmp_path, HUBS["checkpoints"].find(f"{file}=test_resnet"), dataset))
    built = script.build(2).state_dict()
    same = [
        name
        for name in state
        if state[name].shape == built[name].shape and torch.equal(state[name], built[name])
    ]
    assert {name for name in state if name not in same} <= {"fc.weight", "fc.bias"}


def test_script_takes_the_network_the_hub_takes(tmp_path, dataset):
    """Averaged weights under a prefix, with a criterion and a Namespace beside them."""
    import argparse

    import timm
    import torch

    torch.manual_seed(0)
    state = timm.create_model("test_resnet", pretrained=False, num_classes=5).state_dict()
    last = {f"model.{name}": values * 0 for name, values in state.items()}
    mean = {f"ema_model.module.{name}": values for name, values in state.items()}
    content = {"state_dict": last | mean | {"criterion.weight": torch.ones(5)}}
    content["args"] = argparse.Namespace(lr=0.1)
    file = tmp_path / "mine.pth.tar"
    torch.save(content, file)
    script = load(written(tmp_path, HUBS["checkpoints"].find(f"{file}=test_resnet"), dataset))
    built = script.build(2).state_dict()
    trunk = [name for name in state if not name.startswith("fc.") and "num_batches" not in name]
    assert all(torch.equal(state[name], built[name]) for name in trunk)


@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_a_greyscale_network_gets_greyscale_pictures(library, tmp_path, dataset):
    import timm
    import torch

    from srcsel.models.hubs._torchvision import build, read_channels

    torch.manual_seed(0)
    if library == "timm":
        network = timm.create_model("test_resnet", pretrained=False, num_classes=5, in_chans=1)
    else:
        network = read_channels(build("shufflenet_v2_x0_5", classes=3), 1)
    file = tmp_path / "grey.pth"
    torch.save(network.state_dict(), file)
    name = "test_resnet" if library == "timm" else "shufflenet_v2_x0_5"
    model = HUBS["checkpoints"].find(f"{file}={name}")
    script = load(written(tmp_path, model, dataset))
    path = dataset.folder / dataset.paths[0]
    seen = script.prepared(path)
    how = HUBS["checkpoints"].preprocessing(model)
    pixels = how.pixels(open_picture(path, hint=max(how.scale)))[:1].astype(np.float32) / 255
    assert seen.shape == (1, *how.size)
    np.testing.assert_allclose(seen.numpy(), (pixels - how.mean[0]) / how.std[0], atol=1e-6)
    built = script.build(2).eval()
    assert built(seen[None]).shape == (1, 2)
    first = next(iter(built.state_dict().values()))
    assert torch.equal(first, next(iter(network.state_dict().values())))


@pytest.mark.parametrize("mode", MODES)
def test_pictures_are_prepared_exactly_as_they_were_scored(
    mode, tmp_path, dataset, pictures, monkeypatch
):
    shown = MODES[mode]
    found = Recipe("timm", "resnet18", "resnet18", shown)
    monkeypatch.setattr(type(HUBS["timm"]), "recipe", lambda *_: found)
    script = load(written(tmp_path, PEACE, dataset))
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (shown.mean, shown.std))
    for number, picture in enumerate(pictures):
        file = tmp_path / f"{number}.png"
        picture.save(file)
        wanted = (shown.pixels(picture).astype(np.float32) / 255 - mean) / std
        np.testing.assert_allclose(script.prepared(file).numpy(), wanted, atol=1e-6)


def test_pictures_and_classes_can_come_from_a_list(tmp_path, dataset):
    place = written(tmp_path, PEACE, dataset, listed=True)
    (place / snippet.TABLE).write_text(snippet.table(dataset), encoding="utf-8")
    script = load(place)
    script.TABLE = place / script.TABLE
    found = script.found()
    assert list(found) == list(dataset.classes)
    assert [p for paths in found.values() for p in paths] == [
        dataset.folder / p for p in dataset.paths
    ]


def test_a_script_says_where_the_pictures_are_that_were_not_fetched(dataset):
    far = dataclasses.replace(dataset, ref="s3://bucket/x", listed=90_000, fetched=27_100)
    (line,) = [x for x in snippet.script(PEACE, far).splitlines() if x.startswith("FOLDER = ")]
    said = "about 27,100 of 90,000: the others lie at s3://bucket/x"
    assert line.endswith(
        f"# one sub-folder for each class; it holds those that were fetched, {said}"
    )
    assert said not in snippet.script(PEACE, dataset)


def test_test_pictures_are_never_trained_on(tmp_path, dataset):
    script = load(written(tmp_path, PEACE, dataset))
    train, test = script.split(script.found())
    assert not {p for p, _ in train} & {p for p, _ in test}
    assert [label for _, label in test] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "name", ['"""\nimport os', "'; import os #", "\\", "{title}", "ü\u202e\U0001f600"]
)
def test_no_name_becomes_code(name, dataset):
    model = dataclasses.replace(PEACE, title=name, license=name)
    text = snippet.script(model, dataclasses.replace(dataset, folder=Path(name)))
    spaces: dict[str, object] = {}
    exec(compile(text.split("\ndef ")[0], "script", "exec"), spaces)
    assert spaces["FOLDER"] == Path(name)
    assert "os" not in spaces


def test_every_listed_model_has_a_recipe_or_a_reason():
    for hub in ("timm", "torchvision"):
        for name in list(_table.rows(hub))[::25]:
            model = HUBS[hub].find(name)
            found = hub_of(model).recipe(model)
            assert found.preprocessing == HUBS[hub].preprocessing(model)
    with pytest.raises(NotAvailable, match="no network"):
        HUBS["pixels"].recipe(next(iter(HUBS["pixels"].models())))


def test_typed_repository_is_read_from_the_local_cache(hub, tmp_path):
    from srcsel.models.hubs import _caches

    model = HUBS["timm"].find("someone/else")
    with pytest.raises(NotAvailable, match="not on this computer"):
        hub_of(model).recipe(model)
    snapshot = _caches.hub_folder() / "models--someone--else" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("a" * 40)
    config = {
        "architecture": "resnet18",
        "pretrained_cfg": {"input_size": [3, 96, 96], "crop_pct": 1.0},
    }
    (snapshot / "config.json").write_text(json.dumps(config))
    found = hub_of(model).recipe(model)
    assert (found.name, found.architecture, found.preprocessing.size) == (
        "hf-hub:someone/else",
        "resnet18",
        (96, 96),
    )


def kinds_of_files():
    """{name: bytes}: every mode in every format that takes it, and what no Pillow writes."""
    y, x = np.mgrid[:40, :60]
    rgb = np.stack([x * 4, y * 6, (x + y) * 2], -1).astype(np.uint8)
    base = Image.fromarray(rgb)
    deep = (rgb.astype(np.uint16) * 16)[..., :3]  # 12 bits in 16
    modes = {mode: base.convert(mode) for mode in ("1", "L", "P", "RGB", "CMYK", "YCbCr")}
    modes["LAB"] = Image.merge("LAB", base.split())
    modes["HSV"] = base.convert("HSV")
    modes["RGBA"] = Image.merge("RGBA", (*base.split(), base.getchannel("G")))
    modes["LA"] = modes["RGBA"].convert("LA")
    modes["I;16"] = Image.fromarray(deep[..., 0])
    modes["I;16B"] = Image.frombytes("I;16B", (60, 40), deep[..., 1].astype(">u2").tobytes())
    modes["I"] = Image.fromarray(deep[..., 1].astype(np.int32) * 9 - 400)
    modes["F"] = Image.fromarray(np.where(x < 9, np.nan, x * y / 7).astype(np.float32))
    found = {}
    for mode, image in modes.items():
        for form in ("PNG", "TIFF", "BMP", "GIF", "JPEG", "PPM", "WEBP", "JPEG2000", "AVIF"):
            out = io.BytesIO()
            with contextlib.suppress(OSError, KeyError, ValueError):
                image.save(out, form)
                found[f"{mode} {form}"] = out.getvalue()
    palette = [65535 - 200 * k for k in range(256)] * 3
    indexed = np.stack([x * 4, y * 6], -1).astype(np.uint8)
    found["PA TIFF"] = tiff(indexed, photometric=3, more={338: (3, [2]), 320: (3, palette)})
    for name, how in {
        "color": {"photometric": 2},
        "planes": {"photometric": 2, "planes": True},
        "packed": {"photometric": 2, "packed": True, "order": ">"},
        "no data": {"photometric": 2, "more": {42113: (2, b"0\0")}},
    }.items():
        found[f"16 bits, {name}"] = tiff(deep, **how)
    found["white is zero"] = tiff(deep[..., 2], photometric=0)
    found["signed"] = tiff((rgb[..., 0].astype(int) - 128).astype(np.int8))
    found["PNG of 16 bits"] = png(60, 40, 16, 2, [row.astype(">u2").tobytes() for row in deep])
    grays = np.stack([deep[..., 0], 65535 - deep[..., 1]], -1)
    found["PNG of 16 bits, alpha"] = png(
        60, 40, 16, 4, [row.astype(">u2").tobytes() for row in grays]
    )
    found["13 bands"] = tiff(np.repeat(deep[..., :1], 13, axis=-1))
    extra: dict[str, tuple[Image.Image, str, dict]] = {
        "palette, transparent": (modes["P"], "PNG", {"transparency": 7}),
        "palette, alpha": (modes["P"], "PNG", {"transparency": bytes(range(256))}),
        "keyed": (base, "PNG", {"transparency": (0, 0, 0)}),
        "moving": (base, "GIF", {"save_all": True, "append_images": [base.rotate(90)]}),
        "pages": (base, "TIFF", {"save_all": True, "append_images": [base.rotate(90)]}),
        "transparent": (Image.new("RGBA", (60, 40)), "PNG", {}),
        "reduced": (base.resize((900, 600)), "JPEG", {}),
    }
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        extra |= {
            f"{form} {turn}": (base, form, {"exif": exif}) for form in ("JPEG", "PNG", "TIFF")
        }
    for name, (image, form, options) in extra.items():
        out = io.BytesIO()
        image.save(out, form, **options)
        found[name] = out.getvalue()
    return found


FILES = kinds_of_files()


def test_every_mode_that_can_be_written_is_tried():
    written = {name.split()[0] for name in FILES}
    assert written >= {*"1LPIF", "RGB", "CMYK", "YCbCr", "LAB", "RGBA", "LA", "PA", "I;16", "I;16B"}


@pytest.fixture(scope="module")
def decoding_script(tmp_path_factory):
    """A script for pictures in whose set 12 bits reach from 100 to 3,000."""
    folder = tmp_path_factory.mktemp("decoding")
    ranges = {"u2": (100.0, 3000.0), "i4": (-9, 9000.0), "f4": (0.5, 300.0), "i1": (-50, 90)}
    model = HUBS["demo"].find("palettes")
    pictures = Dataset("x", "x", folder, (), np.zeros(0, int), (), "d", ranges=ranges)
    (folder / "work").mkdir()
    (folder / "work" / snippet.FILENAME).write_text(snippet.script(model, pictures))
    return load(folder / "work"), ranges, HUBS["demo"].preprocessing(model)


@pytest.mark.parametrize("name", FILES)
def test_the_script_sees_the_very_pixels_that_were_scored(name, decoding_script, tmp_path):
    script, ranges, how = decoding_script
    path = tmp_path / "picture"
    path.write_bytes(FILES[name])
    try:
        scored = open_picture(path, hint=max(how.scale), ranges=ranges)
    except PictureError:
        with pytest.raises(Exception):  # noqa: B017, PT011 (whatever the decoder raises)
            script.opened(path)
        assert name in ("13 bands", "transparent")
        return
    seen = script.opened(path)
    assert (seen.mode, seen.size) == ("RGB", scored.size)
    np.testing.assert_array_equal(np.asarray(seen), np.asarray(scored))
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (how.mean, how.std))
    wanted = (how.pixels(scored).astype(np.float32) / 255 - mean) / std
    np.testing.assert_allclose(script.prepared(path).numpy(), wanted, atol=1e-6)


def test_the_script_has_all_that_its_decoder_takes_and_nothing_of_srcsel(decoding_script):
    script, _, _ = decoding_script
    assert not re.findall(r"^\s*(?:from|import) srcsel", inspect.getsource(script), re.MULTILINE)
    for module in (decoder, deep):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {alias.asname or alias.name for alias in node.names}
                assert names <= vars(script).keys()


def test_deep_pictures_train_with_the_range_that_was_scored(tmp_path, folder):
    for path in folder.rglob("*.png"):
        gray = np.asarray(Image.open(path).convert("L")).astype(np.uint16)
        Image.fromarray(gray * 16).save(path)
    dataset = load_dataset(str(folder))
    low, high = dataset.ranges["u2"]
    assert high < 4096
    script = load(written(tmp_path, HUBS["demo"].find("palettes"), dataset))
    assert {"u2": (low, high)} == script.RANGES
    path = folder / dataset.paths[0]
    scored = open_picture(path, ranges=dataset.ranges)
    np.testing.assert_array_equal(np.asarray(script.opened(path)), np.asarray(scored))
    assert np.ptp(np.asarray(script.opened(path))) > 40


def test_script_reads_pictures_at_the_size_that_was_chosen(tmp_path, dataset):
    model = catalog.find_models("packaged/tf_efficientnet_lite0@96")[0]
    script = load(written(tmp_path, model, dataset))
    path = dataset.folder / dataset.paths[0]
    how = hub_of(model).preprocessing(model)
    pixels = how.pixels(open_picture(path, hint=max(how.scale))).astype(np.float32) / 255
    seen = script.prepared(path)
    assert seen.shape == (3, 96, 96)
    np.testing.assert_allclose(seen.numpy(), (pixels - 0.5) / 0.5, atol=1e-6)
    assert script.build(3).eval()(seen[None]).shape == (1, 3)
    assert script.CARD["input_size"] == (96, 96)


def test_script_resamples_position_embeddings_for_the_chosen_size(tmp_path, dataset):
    import timm
    import torch

    torch.manual_seed(0)
    network = timm.create_model("test_vit3", num_classes=5)
    torch.nn.init.normal_(network.pos_embed)
    file = tmp_path / "mine.pth"
    torch.save(network.state_dict(), file)
    model = catalog.find_models(f"{file}=test_vit3@96")[0]
    place = written(tmp_path, model, dataset)
    built = load(place).build(2).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 96, 96), dtype=np.uint8)
    encoder = hub_of(model).load(model, "cpu", Watch())
    how = encoder.preprocessing
    mean, std = (np.float32(v).reshape(1, 3, 1, 1) for v in (how.mean, how.std))
    batch = torch.from_numpy((pixels / np.float32(255) - mean) / std)
    with torch.inference_mode():
        features = built.forward_head(built.forward_features(batch), pre_logits=True)
    np.testing.assert_allclose(encoder(pixels)[0], features, rtol=1e-3, atol=1e-4)
    # what it writes is a model of that size again
    said = run(place)
    assert "epoch 5 of 5" in said
    again = catalog.find_models([str(place / "trained.safetensors")])[0]
    assert again.input_size == 96
    assert HUBS["checkpoints"].load(again, "cpu", Watch())(pixels)[1].shape == (1, 2)


def test_what_was_trained_from_a_card_with_kwargs_is_a_model_again(tmp_path, dataset):
    """A bundled model's network is narrower than its architecture's usual one."""
    import torch

    model = HUBS["demo"].find("palettes")
    assert hub_of(model).recipe(model).options
    script = load(written(tmp_path, model, dataset))
    built = script.build(3).eval()
    script.save_model(built, str(tmp_path / "trained.safetensors"))
    card = {**script.CARD, "num_classes": 3}
    (tmp_path / "trained.json").write_text(json.dumps(card))
    again = catalog.find_models(str(tmp_path / "trained.safetensors"))[0]
    assert "is not used" not in again.note
    encoder = HUBS["checkpoints"].load(again, "cpu", Watch())
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 64, 64), dtype=np.uint8)
    mean, std = (np.float32(v).reshape(1, 3, 1, 1) for v in (script.MEAN, script.STD))
    with torch.inference_mode():
        told = built(torch.from_numpy((pixels / np.float32(255) - mean) / std))
    np.testing.assert_allclose(encoder(pixels)[1], told, rtol=1e-3, atol=1e-4)


def test_script_builds_torchvision_with_the_cards_kwargs(tmp_path, dataset):
    import torch
    from torchvision.models import mobilenet_v2

    torch.manual_seed(0)
    network = mobilenet_v2(weights=None, width_mult=0.25, num_classes=5)
    torch.save(network.state_dict(), tmp_path / "slim.pth")
    card = {"architecture": "mobilenet_v2", "library": "torchvision"}
    (tmp_path / "slim.json").write_text(json.dumps({**card, "kwargs": {"width_mult": 0.25}}))
    model = catalog.find_models(str(tmp_path / "slim.pth"))[0]
    built = load(written(tmp_path, model, dataset)).build(2)
    assert torch.equal(next(built.parameters()), next(network.parameters()))
    assert built.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
