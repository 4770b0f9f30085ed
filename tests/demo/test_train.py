"""The training script: a short run end to end, and going on after a stop."""

import json

import numpy as np
import pytest

from srcsel.demo import network as net
from srcsel.demo.train import finished, main, make, plans


def test_one_step_writes_weights_and_a_card_that_belong_together(tmp_path):
    steps = []
    card = make(plans()["palettes"], tmp_path, steps=1, pictures=32, held_out=32, tell=steps.append)
    facts = json.loads(card.read_text())
    assert steps == [1]
    assert facts["steps"] == 1
    assert finished("palettes", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["palettes.json", "palettes.safetensors"]


def test_no_training_leaves_the_weights_as_drawn(tmp_path):
    import torch
    from safetensors.torch import load_file

    steps = []
    make(plans()["untrained"], tmp_path, steps=3, pictures=32, held_out=32, tell=steps.append)
    torch.manual_seed(sum(b"untrained"))
    drawn = net.build(len(plans()["untrained"].task.classes)).state_dict()
    written = load_file(tmp_path / "untrained.safetensors")
    assert steps == []
    assert all(
        torch.equal(written[k], v.half() if v.is_floating_point() else v) for k, v in drawn.items()
    )


def test_training_learns_two_plain_colours():
    import torch

    torch.manual_seed(0)
    labels = np.arange(16) % 2
    pixels = np.zeros((16, 3, 64, 64), np.uint8)
    pixels[labels == 1, 0] = 255
    network = net.build(2)
    net.fit(network, pixels, labels, steps=40, tell=lambda _: None)
    assert net.accuracy(network, pixels, labels) == 1.0


def test_a_finished_model_is_skipped_and_a_damaged_one_is_not(tmp_path, capsys):
    make(plans()["untrained"], tmp_path, held_out=32, tell=lambda _: None)
    before = (tmp_path / "untrained.json").read_bytes()
    assert main(["--only", "untrained", "--folder", str(tmp_path), "--threads", "1"]) == 0
    assert "already there" in capsys.readouterr().out
    assert (tmp_path / "untrained.json").read_bytes() == before
    (tmp_path / "untrained.safetensors").write_bytes(b"broken")
    assert not finished("untrained", tmp_path)


def test_an_unknown_model_is_refused():
    with pytest.raises(SystemExit):
        main(["--only", "nothing"])
