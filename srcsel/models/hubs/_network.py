"""Run a torch network over uint8 pictures: the encoder that every hub but `pixels` hands out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcsel.base.errors import ModelError
from srcsel.models.hubs._preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor, nn

# pictures (b, 3, h, w) -> features (b, d), logits (b, c)
Forward = Callable[[Any], "tuple[Tensor, Tensor | None]"]


class NetworkEncoder:
    """A network in eval mode on its device, without gradients, in float32."""

    def __init__(
        self, network: nn.Module, forward: Forward, preprocessing: Preprocessing, device: str
    ) -> None:
        import torch

        network = network.float().eval().requires_grad_(False).to(device)
        self.network = network.to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        self._forward = forward
        self._channels = preprocessing.channels
        mean, std = (values[: self._channels] for values in (preprocessing.mean, preprocessing.std))
        self._mean = torch.tensor(mean, device=device).view(1, -1, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, -1, 1, 1)

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Turn uint8 pictures (b, 3, h, w) into features (b, d) and logits (b, c) or None,
        float32.
        """
        return self.fetch(self.launch(batch))

    def launch(self, batch: np.ndarray) -> tuple[Tensor, Tensor | None]:
        """Start as `__call__` does; on a graphics card this returns before the work is done."""
        import torch

        with torch.inference_mode():
            return self._forward(self._pictures(batch))

    def fetch(self, outputs: tuple[Tensor, Tensor | None]) -> tuple[np.ndarray, np.ndarray | None]:
        """Wait for what `launch` started, and bring it to the processor as float32."""
        features, logits = outputs
        return _array(features), None if logits is None else _array(logits)

    def graph(self) -> nn.Module:
        """Return one module from uint8 pictures (b, 3, h, w) to (features,) or (features, logits),
        for a converter.
        """
        from torch import nn

        encoder = self

        class Whole(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = encoder.network  # a tracer looks for weights in modules only

            def forward(self, raw: Tensor) -> tuple[Tensor, ...]:
                return tuple(
                    values
                    for values in encoder._forward(encoder._scaled(raw))
                    if values is not None
                )

        return Whole().eval()

    def features(self, batch: np.ndarray) -> Tensor:
        """Turn uint8 pictures (b, 3, h, w) into features (b, d) float32 that gradients flow
        through.

        For training: in the mode `network` is in, on its device.
        """
        return self._forward(self._pictures(batch))[0]

    def _pictures(self, batch: np.ndarray) -> Tensor:
        """Bring to the device and scale."""
        import torch

        raw = torch.from_numpy(np.array(batch))  # a copy: memory maps are read-only
        if self._mean.device.type == "cuda":
            return self._scaled(raw.pin_memory().to(self._mean.device, non_blocking=True))
        return self._scaled(raw.to(self._mean.device))

    def _scaled(self, raw: Tensor) -> Tensor:
        """Scale uint8 pictures by mean and std."""
        import torch

        raw = raw[:, : self._channels]
        pictures = (raw.float().div_(255) - self._mean) / self._std
        return pictures.contiguous(memory_format=torch.channels_last)


def timm_forward(network: Any, *, head: bool) -> Forward:
    """Return pooled features before the classifier, and its logits from the same forward pass.

    `head` says whether the classifier tells classes; an image tower's projection does not.
    """

    def forward(pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        maps = network.forward_features(pictures)
        return timm_pooled(network, maps), network.forward_head(maps) if head else None

    return forward


def timm_pooled(network: Any, maps: Tensor) -> Tensor:
    """Pool the output of a timm network's `forward_features` the way its classifier would: (b,
    d).
    """
    try:
        return pooled(network.forward_head(maps, pre_logits=True))
    except (
        NotImplementedError
    ):  # vision encoders of language models: channels last, no pooling of their own
        return maps.flatten(1, -2).mean(dim=1)


def hooked_forward(network: nn.Module, classifier: nn.Module) -> Forward:
    """Return what flows into `classifier` as features (averaged over positions), the network's
    output as logits.

    Works for every architecture whose last layer is a Linear or a 1 x 1 convolution.
    """
    seen = threading.local()  # batches may run beside each other

    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.values = inputs[0]

    classifier.register_forward_pre_hook(keep)

    def forward(pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        logits = network(pictures)
        values, seen.values = seen.values, None
        return pooled(values), logits

    return forward


def last_layer(network: nn.Module) -> tuple[str, nn.Module]:
    """Return name and module of the last Linear or convolution, auxiliary heads aside."""
    from torch import nn

    layers = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and "aux" not in name.lower()
    ]
    if not layers:
        raise ModelError(f"{type(network).__name__} has no classifier layer to read features from.")
    return layers[-1]


def pooled(values: Tensor) -> Tensor:
    """Average what is not yet (b, d): positions of a map (b, d, h, w) or tokens (b, t, d)."""
    if values.ndim == 4:
        return values.mean(dim=(2, 3))
    if values.ndim == 3:
        return values.mean(dim=1)
    return values


def _array(values: Tensor) -> np.ndarray:
    return values.detach().float().cpu().numpy()
