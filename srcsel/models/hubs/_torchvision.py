"""Build torchvision architectures without weights, the way their weights expect them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from srcsel.models.hubs._network import Forward, pooled

if TYPE_CHECKING:
    from torch import nn

# scale their input themselves, and have auxiliary heads
_INCEPTIONS = ("googlenet", "inception_v3")
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")  # those heads, which are used in training only
_OLD_DENSENET = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var))$"
)


def build(
    architecture: str, *, classes: int = 1000, size: int | None = None, **more: Any
) -> nn.Module:
    """Create the network with random weights; `more` is handed to the architecture.

    `size` (pixels) matters to vision transformers only.
    """
    from torchvision.models import get_model

    options: dict[str, Any] = {**more, "num_classes": classes}
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
    if not isinstance(network, VGG) or head is None or len(head.shape) != 2:
        return False
    network.avgpool = nn.AdaptiveAvgPool2d(1)
    network.register_module("classifier", nn.Linear(head.shape[1], head.shape[0]))
    return True


def read_channels(network: nn.Module, channels: int) -> nn.Module:
    """Give a network a first convolution that reads so many channels."""
    from torch import nn

    name, old = next(
        (name, layer)
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d) and layer.in_channels == 3
    )
    place, _, own = name.rpartition(".")
    new = nn.Conv2d(
        channels,
        old.out_channels,
        old.kernel_size,  # pyright: ignore[reportArgumentType]
        old.stride,  # pyright: ignore[reportArgumentType]
        old.padding,  # pyright: ignore[reportArgumentType]
        bias=old.bias is not None,
    )
    setattr(network.get_submodule(place), own, new)
    if hasattr(network, "transform_input"):
        network.transform_input = False  # pyright: ignore (it rearranges three channels)
    return network
