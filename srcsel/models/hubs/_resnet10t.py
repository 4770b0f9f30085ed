"""The bundled models' network, timm's resnet10t in plain torch: weights of one fit the other.

Importing timm brings torchvision and, with it, torch's whole compiler: more than half of what the
first model of a fresh start waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from srcsel.models.hubs._network import Forward

if TYPE_CHECKING:
    from torch import Tensor, nn

CHANNELS, STEM = (64, 128, 256, 512), 32  # timm's own; those of the bundled models are narrower


def build(classes: int, channels: Sequence[int] = CHANNELS, stem_width: int = STEM) -> nn.Module:
    """Build the network with fresh weights, its modules named as timm names them.

    classes: outputs of its head, 0 = it has none. channels: of the four stages, each one block.
    """
    from torch import nn

    narrow = 3 * (stem_width // 4)
    network, before = nn.Sequential(), 2 * stem_width
    network.conv1 = nn.Sequential(
        *_conv(3, narrow, stride=2),
        nn.ReLU(inplace=True),
        *_conv(narrow, stem_width),
        nn.ReLU(inplace=True),
        _conv(stem_width, before)[0],
    )
    network.bn1 = nn.BatchNorm2d(before)
    network.act1 = nn.ReLU(inplace=True)
    network.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
    for number, width in enumerate(channels, 1):
        block = _block(before, width, stride=1 if number == 1 else 2)
        network.add_module(f"layer{number}", nn.Sequential(block))
        before = width
    network.flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network.fc = nn.Linear(before, classes) if classes else nn.Identity()
    return network


def features_and_logits(network: nn.Module, *, head: bool) -> Forward:
    """Return what makes the features before `fc` of pictures, and its logits where it is a head."""

    def forward(pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        found = pictures
        for name, module in network.named_children():
            if name != "fc":
                found = module(found)
        return found, network.get_submodule("fc")(found) if head else None

    return forward


def _block(before: int, width: int, *, stride: int) -> nn.Module:
    """Two convolutions of 3 x 3 beside a shortcut: averaged, then a convolution of 1 x 1."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.bn1 = _conv(before, width, stride=stride)
            self.act1 = nn.ReLU(inplace=True)
            self.conv2, self.bn2 = _conv(width, width)
            self.act2 = nn.ReLU(inplace=True)
            half = nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)
            other = nn.Sequential(
                half if stride > 1 else nn.Identity(), *_conv(before, width, size=1)
            )
            same = stride == 1 and before == width
            self.downsample = nn.Identity() if same else other

        def forward(self, maps: Tensor) -> Tensor:
            found = self.act1(self.bn1(self.conv1(maps)))
            return self.act2(self.bn2(self.conv2(found)) + self.downsample(maps))

    return Block()


def _conv(before: int, width: int, *, size: int = 3, stride: int = 1) -> tuple[nn.Module, ...]:
    """Return a convolution that keeps the size, but for its stride, and the norm behind it."""
    from torch import nn

    options = {"stride": stride, "padding": size // 2, "bias": False}
    return nn.Conv2d(before, width, size, **options), nn.BatchNorm2d(width)
