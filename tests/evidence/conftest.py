"""A tiny network in a hub of its own, and few pictures, so that a training takes a second."""

import numpy as np
import pytest

from srcsel.base.errors import ModelError
from srcsel.base.records import Protocol, SourceModel
from srcsel.models.hubs import HUBS, Preprocessing
from srcsel.models.hubs._network import NetworkEncoder
from srcsel.pictures.dataset import load_dataset


class TinyHub:
    """Networks of two convolutions with random weights; "broken" cannot be loaded, "plain" has no
    batch norm.
    """

    name = "tiny"
    title = "Tiny"
    way = Preprocessing((16, 16), resize="squash", interpolation="bilinear")

    def __init__(self):
        self.loaded = []

    def models(self):
        return [self.find(name) for name in ("one", "two")]

    def find(self, name):
        return SourceModel(f"tiny/{name}", f"Tiny {name}", "1", 1000, 0.1, 16, 8, "none", "MIT")

    def preprocessing(self, model):
        return self.way

    def load(self, model, device, watch):
        import torch

        self.loaded.append(model.id)
        if model.id == "tiny/broken":
            raise ModelError("The weights are broken.")
        torch.manual_seed(sum(model.id.encode()))
        norm = torch.nn.Identity() if model.id == "tiny/plain" else torch.nn.BatchNorm2d(8)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2),
            norm,
            torch.nn.ReLU(),
            torch.nn.Dropout(0.2),
            torch.nn.Conv2d(8, 8, 3, stride=2),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
        )
        return NetworkEncoder(network, lambda pictures: (network(pictures), None), self.way, device)


@pytest.fixture
def tiny(monkeypatch):
    hub = TinyHub()
    monkeypatch.setitem(HUBS, "tiny", hub)
    return hub


@pytest.fixture
def pictures(picture_folder):
    """36 squares of three colours, 12 a class."""
    return load_dataset(str(picture_folder))


@pytest.fixture
def quick():
    return Protocol("finetune", shots=4, seeds=(0, 1), epochs=3, batch=5)


@pytest.fixture
def alone(pictures):
    """Groups of pictures that have no copies."""
    return np.arange(len(pictures.paths))
