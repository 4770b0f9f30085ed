"""One hostile file or card in the weights folder is a sentence of its own; the others are offered,
in Python, the shell and on the page.
"""

import json
import os
import pickle
import struct
import tracemalloc
import zipfile

import pytest

from srcsel.base.errors import ModelError, SrcselError
from srcsel.cli.commands import main
from srcsel.models import catalog
from srcsel.models.hubs import HUBS, checkpoints

HUB = HUBS["checkpoints"]
HEADER = {
    "conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [0, 37632]},
    "fc.weight": {"dtype": "F32", "shape": [10, 512], "data_offsets": [37632, 58112]},
}


def tensors(header=HEADER, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(58112)


def shaped(shape):
    return tensors({"fc.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}})


class Evil:
    def __reduce__(self):
        return os.system, ("exit 1",)


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in entries:
            packed.writestr(name, body)


WRAPPED = "module." * 3000
FILES = {
    "length of 2**63": tensors(length=2**63),
    "length of 2**64 - 1": tensors(length=2**64 - 1),
    "length beyond the end": tensors(length=99_999_999),
    "empty": b"",
    "seven bytes": b"1234567",
    "cut header": tensors(b'{"fc.weight": {"dty'),
    "a list": tensors([1, 2]),
    "a number": tensors(b"5 "),
    "deep lists": tensors(b"[" * 100_000),
    "deep objects": tensors(b'{"a":' * 100_000),
    "no UTF-8": tensors(b'{"\xff\xfe":1}'),
    "nan": tensors(b'{"fc.weight":{"shape":[NaN,3]}}'),
    "infinity": tensors(b'{"fc.weight":{"shape":[Infinity,3]}}'),
    "5,000 digits": tensors(b'{"fc.weight":{"shape":[' + b"9" * 5000 + b",3]}}"),
    "400 digits": shaped([10**400, 10**400]),
    "negative": shaped([-5, 512]),
    "fractions": shaped([1.5, 2]),
    "truth": shaped([True, 2]),
    "words": shaped("abc"),
    "words in it": shaped(["5", "2"]),
    "an object": shaped({"a": 1}),
    "nothing": shaped(None),
    "lists in it": shaped([[1]]),
    "200,000 sides": shaped([1] * 200_000),
    "no object": tensors({"fc.weight": [1]}),
    "3,000 wrappers": tensors({f"{WRAPPED}fc.{k}": {"shape": [1, 2]} for k in ("bias", "weight")}),
}
PICKLES = {
    "a program": pickle.dumps(Evil()),
    "deep": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "many numbers": b"\x80\x02]r" + struct.pack("<I", 2**27) + b"}.",
    "long text": b"\x80\x04\x8e" + struct.pack("<Q", 2**60) + b".",
    "long frame": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b".",
    "a number": pickle.dumps(5),
    "noise": b"\x80\x02" + bytes(range(255, 0, -1)),
}


def refusal(path):
    with pytest.raises(SrcselError) as caught:
        HUB.find(str(path))
    return str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_header_is_a_sentence(tmp_path, name):
    path = tmp_path / "resnet18.safetensors"
    path.write_bytes(FILES[name])
    assert "resnet18.safetensors" in refusal(path)


@pytest.mark.parametrize("name", PICKLES)
def test_a_hostile_pickle_is_a_sentence_and_fills_no_memory(tmp_path, name):
    path = tmp_path / "resnet18.pth"
    path.write_bytes(PICKLES[name])
    tracemalloc.start()
    try:
        assert "resnet18.pth" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_what_is_no_file_is_a_sentence(tmp_path):
    def at(name):
        return tmp_path / f"{name}.safetensors"

    at("folder").mkdir()
    os.mkfifo(at("pipe"))
    at("circle").symlink_to(at("circle"))
    at("nowhere").symlink_to(at("gone"))
    at("device").symlink_to("/dev/zero")
    for name in ("folder", "pipe", "circle", "nowhere", "device", "gone"):
        assert name in refusal(at(name))


@pytest.mark.parametrize(
    "card",
    [
        b'{"architecture":' * 50_000,
        b"\xff\xfe\x00",
        b'{"architecture": "resnet18", "num_classes": ' + b"9" * 6000 + b"}",
        json.dumps({"architecture": "resnet18", "num_classes": 10**30}).encode(),
        json.dumps({"architecture": "resnet18", "num_features": 10**30}).encode(),
        b'{"architecture": "resnet18", "title": "\\ud800"}',
        json.dumps({"architecture": "resnet18", "title": "a\nb\x1b[31m"}).encode(),
        json.dumps({"architecture": {"a": [1]}}).encode(),
    ],
    ids=[
        *("deep", "no text", "6,000 digits", "classes", "features", "half a letter"),
        *("several lines", "an object"),
    ],
)
def test_a_hostile_card_is_a_sentence(tmp_path, card):
    path = tmp_path / "resnet18.safetensors"
    path.write_bytes(tensors())
    assert HUB.find(str(path)).dim == 512
    path.with_suffix(".json").write_bytes(card)
    said = refusal(path)
    assert "resnet18.json" in said
    assert said.isprintable()
    assert len(said) < 400


def test_what_a_card_says_beside_is_named_in_a_few_words(tmp_path):
    path = tmp_path / "resnet18.safetensors"
    path.write_bytes(tensors())
    more = {"x" * 5000: 1, "two\nlines": 2} | {f"key {k}": k for k in range(5000)}
    path.with_suffix(".json").write_text(json.dumps(more))
    note = HUB.find(str(path)).note
    assert "two\\nlines" in note
    assert "4,999 more" in note
    assert len(note) < 300


def test_what_nobody_foresaw_spoils_one_file(tmp_path, monkeypatch):
    for name in ("resnet18", "resnet34"):
        (tmp_path / f"{name}.safetensors").write_bytes(tensors())
    real = checkpoints._card

    def odd(path):
        if path.stem == "resnet34":
            raise ZeroDivisionError("odd")
        return real(path)

    monkeypatch.setattr(checkpoints, "_card", odd)
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(tmp_path))
    assert [model.title for model in HUB.models()] == ["resnet18"]
    (bad,) = HUB.unreadable()
    assert "resnet34.safetensors cannot be used" in bad.reason
    assert "ZeroDivisionError: odd" in bad.reason
    with pytest.raises(ModelError):
        HUB.preprocessing(catalog.find_models([str(tmp_path / "resnet34.safetensors")])[0])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A weights folder with all of the above, and one good file."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "resnet18.safetensors").write_bytes(tensors())
    for number, body in enumerate(FILES.values()):
        (folder / f"resnet18.{number}.safetensors").write_bytes(body)
    for number, body in enumerate(PICKLES.values()):
        (folder / f"resnet34.{number}.pth").write_bytes(body)
    zipped(folder / "two.pth", [("a/data.pkl", b""), ("b/data.pkl", b"")])
    zipped(folder / "zeros.pth", [("a/data.pkl", bytes(10_000_000))])
    (folder / "two\nlines.pth").write_bytes(b"x")
    (folder / os.fsdecode(b"no letters \xff.pth")).write_bytes(b"x")
    outside = tmp_path / "resnet50.safetensors"
    outside.write_bytes(tensors())
    (folder / outside.name).symlink_to(outside)
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(folder))
    monkeypatch.setenv("SRCSEL_ROOTS", str(folder))
    return folder


def test_the_others_are_offered_in_python_and_in_the_shell(folder, capsys):
    files = len(list(folder.iterdir()))
    assert [model.title for model in HUB.models()] == ["resnet18"]
    told = {file.path: file.reason for file in catalog.unreadable()}
    assert len(told) == files - 1
    assert "outside what the pages may open" in told["resnet50.safetensors"]
    assert all(text.isprintable() for pair in told.items() for text in pair)
    assert main(["models", "--hub", "checkpoints"]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("resnet18.safetensors") == 1
    assert printed.err.count("is not listed") == files - 1
