"""Cards beside model files: checked key by key, and a bad one spoils only its own file."""

import json

import pytest

from srcsel.base.errors import ModelError
from srcsel.base.watch import Watch
from srcsel.cli.commands import main
from srcsel.models import catalog
from srcsel.models.hubs import HUBS

HUB = HUBS["checkpoints"]


@pytest.fixture
def file(tmp_path):
    """A readable checkpoint; `write` puts a card beside it."""
    return saved(tmp_path / "test_resnet.pth")


def saved(path, architecture="test_resnet", **options):
    import timm
    import torch

    torch.manual_seed(0)
    torch.save(timm.create_model(architecture, num_classes=3, **options).state_dict(), path)
    return path


def write(file, card):
    text = card if isinstance(card, str) else json.dumps(card)
    file.with_name(file.name.partition(".")[0] + ".json").write_text(text)


BAD = {
    "input_size": ["abc", 0, -3, 1e400, [3, "a", 4], [1], [1, 2, 3, 4], True, 10**9, {"a": 1}],
    "mean": ["abc", [0.5, 0.5], [None] * 3, 7, float("nan")],
    "std": [0, [0.1, 0.1, 0], "x"],
    "crop_pct": ["abc", 0, -1, float("inf")],
    "interpolation": ["random", 3, "bicubic2"],
    "crop_mode": ["middle"],
    "num_classes": ["five", -1, 2.5],
    "architecture": [3, ["a"], ""],
    "library": ["keras"],
    "title": [{"a": 1}],
    "val_accuracy": ["high", 81.2],
    "in_chans": [2, "1"],
    "kwargs": ["x", [1], {"a": {"b": 1}}, {"checkpoint_path": "/etc/passwd"}, {"pretrained": True}],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, bad in BAD.items() for v in bad])
def test_a_value_that_cannot_be_used_is_named(file, key, value):
    write(file, {key: value})
    with pytest.raises(ModelError, match=rf"test_resnet\.json .* cannot be used: {key} must be"):
        HUB.find(str(file))


def test_a_long_value_is_cut_inside_its_quotes_and_it_says_what_to_do(file):
    write(file, {"library": "custom (a network of our own, option A, somebody/repository.git, v2)"})
    with pytest.raises(ModelError) as error:
        HUB.find(str(file))
    said = str(error.value)
    assert "got 'custom (a network of our own" in said
    assert "…" in said
    assert "..." not in said
    assert said.count("'") == 2
    assert "the weights can be used without it where" in said
    assert said.endswith("named as in weights.pth=resnet18.")


@pytest.mark.parametrize("card", ["{", "[1]", "[" * 100_000, '"text"', "\x00", ""])
def test_a_card_that_is_no_object(file, card):
    write(file, card)
    with pytest.raises(ModelError, match="beside the checkpoint"):
        HUB.find(str(file))


def test_a_card_that_is_enormous(file):
    write(file, json.dumps({"title": "x" * 2_000_000}))
    with pytest.raises(ModelError, match="larger than 1 MB"):
        HUB.find(str(file))


def test_null_means_nothing_said(file):
    write(file, dict.fromkeys(BAD))
    assert HUB.find(str(file)).title == "test_resnet"


def test_keys_without_a_meaning_are_named(file):
    write(file, {"title": "Mine", "colour": 1, "pad": 2, "x": 3, "y": 4, "z": 5})
    note = HUB.find(str(file)).note
    assert "also says colour, pad, x and 2 more, which means nothing here" in note


def test_a_card_of_a_file_with_a_double_ending(tmp_path):
    file = saved(tmp_path / "mine.pth.tar")
    write(file, {"architecture": "test_resnet", "title": "Mine"})
    assert HUB.find(str(file)).title == "Mine"


def test_kwargs_of_the_architecture_are_used(tmp_path):
    file = saved(tmp_path / "mine.pth", "test_efficientnet", bn_eps=0.25)
    write(file, {"architecture": "test_efficientnet", "kwargs": {"bn_eps": 0.25}})
    encoder = HUB.load(HUB.find(str(file)), "cpu", Watch())
    assert encoder.network.bn1.eps == 0.25


def test_kwargs_that_the_architecture_does_not_know_are_named(file):
    write(file, {"kwargs": {"no_such_thing": 1}})
    with pytest.raises(ModelError, match=r"card's kwargs \(no_such_thing\).*no_such_thing"):
        HUB.load(HUB.find(str(file)), "cpu", Watch())


def test_bad_files_and_cards_are_sentences_for_those_alone(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "weights"
    folder.mkdir()
    saved(folder / "test_resnet.pth")
    write(saved(folder / "test_vit.pth", "test_vit"), {"input_size": "abc"})
    write(saved(folder / "test_vit2.pth", "test_vit2"), "[" * 100_000)
    (folder / "header.safetensors").write_bytes(b"\xff" * 7 + b"\x7f{}")
    (folder / "lied.safetensors").write_bytes((50_000).to_bytes(8, "little") + b'{"a": 1}')
    (folder / "shape.safetensors").write_bytes(
        (29).to_bytes(8, "little") + b'{"a":{"shape":["x"],"q":""}}'
    )
    (folder / "nested.pth").write_bytes(b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".")
    (folder / "words.bin").write_bytes(b"just words")
    saved(folder / "my_best_model.ckpt")
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(folder))
    assert [model.title for model in HUB.models()] == ["test_resnet"]
    told = {file.path: file.reason for file in catalog.unreadable()}
    assert set(told) == {
        "test_vit.pth",
        "test_vit2.pth",
        "header.safetensors",
        "lied.safetensors",
        "shape.safetensors",
        "nested.pth",
        "words.bin",
        "my_best_model.ckpt",
    }
    assert "input_size must be" in told["test_vit.pth"]
    assert "nested too deep" in told["test_vit2.pth"]
    assert "damaged or no weights file" in told["words.bin"]
    assert "its path with = and the network's name" in told["my_best_model.ckpt"]
    assert main(["models", "--hub", "checkpoints", "--json", "-"]) == 0
    printed = capsys.readouterr()
    assert {file["path"] for file in json.loads(printed.out)["unreadable"]} == set(told)
    assert "test_vit.pth in the weights folder is not listed. The card" in printed.err
    assert catalog.unreadable("timm") == []
