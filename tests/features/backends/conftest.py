"""A small network behind a real encoder, and pictures for it."""

from dataclasses import replace

import numpy as np
import pytest

from srcsel.base.records import FeatureKey, SourceModel
from srcsel.features.backends import Wish, choice
from srcsel.models.hubs import Preprocessing
from srcsel.models.hubs._network import NetworkEncoder, hooked_forward

SIDE = 24
MODEL = SourceModel("hub/small", "Small", "r1", 5_000_000, 0.1, SIDE, 16, "none", "MIT")


def make_encoder(*, head=True, device="cpu"):
    import torch
    from torch import nn

    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.GELU(),
        nn.Conv2d(8, 16, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 5),
    )
    read = hooked_forward(network, network[-1])
    forward = read if head else lambda pictures: (read(pictures)[0], None)
    return NetworkEncoder(network, forward, Preprocessing((SIDE, SIDE)), device)


@pytest.fixture
def encoder():
    return make_encoder()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (37, 3, SIDE, SIDE), dtype=np.uint8)


@pytest.fixture
def said():
    return []


@pytest.fixture
def wish(tmp_path, said):
    key = FeatureKey(
        "pictures", MODEL.id, MODEL.revision, Preprocessing((SIDE, SIDE)).key, "float32"
    )
    return Wish(MODEL, key, tmp_path / "features", said.append)


@pytest.fixture
def fast_wish(wish):
    return replace(wish, key=replace(wish.key, precision="bfloat16"))


@pytest.fixture
def worth(monkeypatch):
    """Every conversion pays, whatever torch takes."""
    for name in ("WORTH", "WORTH_KEPT"):
        monkeypatch.setattr(choice, name, 0.0)


def joined(runner, pixels, size):
    """All rows, and how many each batch had."""
    outputs = list(runner.run(pixels, size))
    logits = None if outputs[0][1] is None else np.concatenate([one[1] for one in outputs])
    return np.concatenate([one[0] for one in outputs]), logits, [len(one[0]) for one in outputs]
