"""The one small network of all demo source models: building, training, and measuring it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from srcsel.demo.tasks import SIDE

if TYPE_CHECKING:
    import torch

ARCHITECTURE = "resnet10t"  # of timm; the widths below make it small
ARCHITECTURE_KWARGS = {"channels": [24, 48, 96, 160], "stem_width": 16, "zero_init_last": False}
MEAN = STD = (0.5, 0.5, 0.5)
BATCH, PEAK_RATE, DECAY = 64, 4e-3, 0.05
SHIFT = 4  # pixels a training picture is moved at most


def build(classes: int) -> torch.nn.Module:
    """Build the network with freshly drawn weights and a head of `classes` outputs."""
    import timm

    return timm.create_model(
        ARCHITECTURE, pretrained=False, num_classes=classes, **ARCHITECTURE_KWARGS
    )


def fit(
    network: torch.nn.Module,
    pixels: np.ndarray,
    labels: np.ndarray,
    *,
    steps: int,
    tell: Callable[[int], None],
) -> None:
    """Train `network` on pixels (n, 3, SIDE, SIDE) uint8 and labels (n,) for `steps` batches,
    telling each.

    AdamW with one rise and fall of the learning rate; pictures are only moved, never turned,
    flipped or coloured, because for some task each of these is what tells the classes apart.
    """
    import torch

    network.train().to(memory_format=torch.channels_last)  # a third faster on processors
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=DECAY)
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=steps + 1, pct_start=0.25
    )
    rng = np.random.default_rng(0)
    for step in range(steps):
        rows = rng.choice(len(labels), min(BATCH, len(labels)), replace=False)
        batch = _tensor(_moved(rng, pixels[rows]))
        loss = torch.nn.functional.cross_entropy(network(batch), torch.from_numpy(labels[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
        tell(step + 1)


def accuracy(network: torch.nn.Module, pixels: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of pictures (n, 3, SIDE, SIDE) uint8 whose label (n,) `network` gets right,
    0..1.
    """
    import torch

    network.eval()
    with torch.inference_mode():
        guesses = [
            network(_tensor(pixels[k : k + 250])).argmax(1) for k in range(0, len(pixels), 250)
        ]
    return float((torch.cat(guesses).numpy() == labels).mean())


def gmacs(network: torch.nn.Module) -> float:
    """Count the multiply-adds of the convolutions and linear layers for one picture, in 1e9."""
    import torch

    total = 0

    def count(layer: torch.nn.Module, _: object, out: torch.Tensor) -> None:
        nonlocal total
        places = out.shape[2] * out.shape[3] if out.ndim == 4 else 1
        total += layer.get_parameter("weight").numel() * places

    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, kinds)]
    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    return total / 1e9


def _moved(rng: np.random.Generator, batch: np.ndarray) -> np.ndarray:
    """Move the whole batch (b, 3, h, w) by up to SHIFT pixels, the edge repeated."""
    y, x = rng.integers(0, 2 * SHIFT + 1, 2)
    wide = np.pad(batch, ((0, 0), (0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)), mode="edge")
    return wide[:, :, y : y + SIDE, x : x + SIDE]


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    """(b, 3, h, w) uint8 -> float32, scaled by MEAN and STD."""
    import torch

    mean, std = (np.asarray(v, np.float32)[:, None, None] for v in (MEAN, STD))
    scaled = (pixels.astype(np.float32) / 255.0 - mean) / std
    return torch.from_numpy(scaled).contiguous(memory_format=torch.channels_last)
