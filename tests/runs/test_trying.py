"""One new picture, named by the pictures nearest to it; nothing of it is left."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

import srcsel
from srcsel.base.errors import InputError, PictureError
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.runs import trying
from srcsel.store.features import open_features

MODELS = ["demo/glyphs", "demo/palettes"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A real run of two bundled models over 16 noisy pictures, half reddish, half bluish."""
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))
    chance = np.random.default_rng(0)
    for i in range(16):
        place = tmp_path / "colors" / ("red" if i % 2 else "blue")
        place.mkdir(parents=True, exist_ok=True)
        tint = (160, 20, 20) if i % 2 else (20, 20, 160)
        noise = chance.integers(0, 90, (40, 40, 3)) + np.array(tint)
        Image.fromarray(noise.astype(np.uint8)).save(place / f"{i:02d}.png")
    return srcsel.rank(str(tmp_path / "colors"), models=MODELS)


def hand_in(data: bytes) -> str:
    file = load_settings().home / "came-in"
    file.write_bytes(data)
    token = trying.hand_in(file)
    assert file.read_bytes() == data  # whoever hands it in removes it, when a worker was asked
    return token


def left_over() -> list:
    return [path for path in (load_settings().uploads / "tried").rglob("*") if path.is_file()]


def test_the_nearest_are_those_of_a_naive_loop():
    chance = np.random.default_rng(1)
    values = chance.normal(size=(30, 7)).astype(np.float32)
    new, labels = chance.normal(size=7).astype(np.float32), np.arange(30) % 3
    found = trying.nearest(new, values, labels, "m")
    cosine = [float(v @ new / np.linalg.norm(v) / np.linalg.norm(new)) for v in values]
    expected = sorted(range(30), key=lambda i: -cosine[i])[:6]
    assert found.rows == tuple(expected)
    assert found.likeness == pytest.approx([cosine[i] for i in expected], abs=1e-5)
    votes = [int(labels[i]) for i in expected[:5]]
    assert found.guess == max(sorted(set(votes)), key=votes.count)


def test_a_picture_of_the_run_is_nearest_to_itself_for_every_model_and_nothing_is_left(run):
    row = 11
    token = hand_in((run.dataset.folder / run.dataset.paths[row]).read_bytes())
    kept = sorted(load_settings().features.rglob("*.safetensors"))
    trying.answer(run.run.id, token)
    found = trying.take_answer(token)
    assert [one.model for one in found.named] == MODELS
    for one in found.named:
        assert one.rows[0] == row
        assert one.likeness[0] == pytest.approx(1, abs=1e-3)
    assert found.named[1].guess == run.dataset.labels[row]  # palettes see colours
    assert found.failures == ()
    assert found.jpeg
    assert left_over() == []
    assert trying.take_answer(token) is None
    assert sorted(load_settings().features.rglob("*.safetensors")) == kept


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_a_sentence_and_nothing_is_left(run, data):
    token = hand_in(data)
    with pytest.raises(PictureError, match=r"\w+"):
        trying.answer(run.run.id, token)
    assert left_over() == []
    assert trying.take_answer(token) is None


def test_models_whose_features_are_gone_say_so(run):
    for path in load_settings().features.rglob("*.safetensors"):
        path.unlink()
    token = hand_in((run.dataset.folder / run.dataset.paths[0]).read_bytes())
    found = trying.answer(run.run.id, token)
    assert found.named == ()
    assert [failure.model for failure in found.failures] == MODELS
    assert "not stored any more. Run it again." in found.failures[0].reason


def test_a_model_that_is_gone_says_so_and_the_others_answer(run, tmp_path):
    gone = dataclasses.replace(run.models[0], id="nohub/gone", title="Gone")
    changed = dataclasses.replace(run, models=(gone, run.models[1]))
    picture = tmp_path / "own.png"
    picture.write_bytes((run.dataset.folder / run.dataset.paths[0]).read_bytes())
    found = trying.name(picture, changed, open_features(load_settings()), Watch())
    assert [one.model for one in found.named] == MODELS[1:]
    assert [failure.model for failure in found.failures] == ["nohub/gone"]


@pytest.mark.parametrize("token", ["", "../../etc", "0" * 23, "G" * 24])
def test_a_token_leads_nowhere_else(run, token):
    with pytest.raises(InputError):
        trying.answer(run.run.id, token)
    with pytest.raises(InputError):
        trying.take_answer(token)


def test_a_picture_that_is_too_large_is_refused(run, monkeypatch):
    monkeypatch.setattr(trying, "LARGEST", 0)
    with pytest.raises(InputError, match="larger than 0 MB"):
        hand_in(b"picture")
