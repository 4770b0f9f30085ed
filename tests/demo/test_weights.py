"""The bundled source models: complete, small, loadable, and as good as their cards say."""

import hashlib
import json

import numpy as np
import pytest

from srcsel.demo import network as net
from srcsel.demo.tasks import TASKS
from srcsel.demo.train import WEIGHTS, plans

CARDS = {p.stem: json.loads(p.read_text()) for p in sorted(WEIGHTS.glob("*.json"))}
CONTROLS = {"shuffled", "untrained"}
FIELDS = {
    "name": str,
    "title": str,
    "architecture": str,
    "architecture_kwargs": dict,
    "source_classes": int,
    "classes": list,
    "task": str,
    "control": bool,
    "data": str,
    "accuracy": float,
    "chance": float,
    "input_size": int,
    "mean": list,
    "std": list,
    "interpolation": str,
    "resize": str,
    "params": int,
    "gmacs": float,
    "dim": int,
    "license": str,
    "bytes": int,
    "sha256": str,
    "note": str,
    "seconds": float,
    "steps": int,
}


def test_every_planned_model_is_shipped_and_nothing_else():
    assert set(CARDS) == set(plans()) == set(TASKS) | CONTROLS
    assert {p.name for p in WEIGHTS.iterdir()} == {
        f"{n}{s}" for n in CARDS for s in (".json", ".safetensors")
    }


def test_all_files_together_stay_below_twelve_megabytes():
    assert sum(p.stat().st_size for p in WEIGHTS.iterdir()) <= 12_000_000


@pytest.mark.parametrize("name", CARDS)
def test_card_is_complete_and_speaks_of_this_file(name):
    card, blob = CARDS[name], (WEIGHTS / f"{name}.safetensors").read_bytes()
    assert {k: type(v) for k, v in card.items()} == FIELDS
    assert card["name"] == name
    assert card["bytes"] == len(blob)
    assert card["sha256"] == hashlib.sha256(blob).hexdigest()
    assert card["source_classes"] == len(card["classes"])
    assert card["chance"] == pytest.approx(1 / card["source_classes"], abs=1e-4)


@pytest.mark.parametrize("name", CARDS)
def test_weights_fit_the_architecture_and_reach_the_accuracy_of_the_card(name):
    from safetensors.torch import load_file

    card = CARDS[name]
    network = _load(name)
    state = load_file(WEIGHTS / f"{name}.safetensors")
    found = network.load_state_dict(state, strict=False)
    assert (found.missing_keys, found.unexpected_keys) == ([], [])
    # int64: batches seen
    assert {str(v.dtype) for v in state.values()} == {"torch.float16", "torch.int64"}
    assert all(bool(v.isfinite().all()) for v in state.values())
    assert card["params"] == sum(p.numel() for p in network.parameters())
    count = 400
    fresh = plans()[name].task.sample(count, seed=77)  # a seed that training never used
    spread = np.sqrt(max(card["accuracy"] * (1 - card["accuracy"]), 0.01) / count)
    assert net.accuracy(network, *fresh) == pytest.approx(card["accuracy"], abs=4 * spread)


def test_source_models_learned_their_tasks_and_controls_did_not():
    for name, card in CARDS.items():
        if name in CONTROLS:
            assert card["accuracy"] < 2 * card["chance"]
        else:
            assert card["accuracy"] > 0.75


def test_multiply_adds_equal_a_count_by_hand():
    import torch

    tiny = torch.nn.Sequential(
        torch.nn.Conv2d(3, 5, 3, stride=2, padding=1, bias=False),  # 32 x 32 places x 5 x 27
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(5, 7),  # 35
    )
    assert net.gmacs(tiny) == pytest.approx((32 * 32 * 5 * 27 + 35) / 1e9)


def _load(name):
    import timm

    card = CARDS[name]
    return timm.create_model(
        card["architecture"],
        pretrained=False,
        num_classes=card["source_classes"],
        **card["architecture_kwargs"],
    )
