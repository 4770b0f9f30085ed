"""Build torchvision architectures without weights, the way their weights expect them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from srcsel.models.hubs._network import Forward, pooled

if TYPE_CHECKING:
    from torch import nn

_INCEPTIONS = (
    "googlenet",
    "inception_v3",
)  # scale their input themselves, and have auxiliary heads
_OLD_DENSENET = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var))$"
)


def build(architecture: str, *, classes: int = 1000, size: int | None = None) -> nn.Module:
    """Create the network with random weights.

    `size` (pixels) matters to vision transformers only.
    """
    from torchvision.models import get_model

    options: dict[str, Any] = {"num_classes": classes}
    if architecture in _INCEPTIONS:
        options |= {"transform_input": True, "init_weights": False, "aux_logits": True}
    if architecture.startswith("vit_") and size is not None:
        options["image_size"] = size
    return get_model(architecture, weights=None, **options)


def renamed(architecture: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the keys of old DenseNet files ("norm.1") to today's ("norm1"), as torchvision's own
    loader does.
    """
    if not architecture.startswith("densenet"):
        return dict(state)
    return {_OLD_DENSENET.sub(r"\1\2", key): value for key, value in state.items()}


def maps_forward(network: nn.Module) -> Forward:
    """Return averaged feature maps: for weights whose classifier was never trained (VGG-16
    "FEATURES").
    """
    features = network.get_submodule("features")
    return lambda pictures: (pooled(features(pictures)), None)


def on_averaged_maps(network: nn.Module, state: Mapping[str, Any]) -> bool:
    """Give a VGG the one layer on its averaged feature maps that `state` holds; tells whether it
    does.

    So is saved what was trained further from weights without a classifier (VGG-16 "FEATURES").
    """
    from torch import nn
    from torchvision.models import VGG

    head = state.get("classifier.weight")
    if not isinstance(network, VGG) or head is None or head.ndim != 2:
        return False
    network.avgpool = nn.AdaptiveAvgPool2d(1)
    network.register_module("classifier", nn.Linear(head.shape[1], head.shape[0]))
    return True
