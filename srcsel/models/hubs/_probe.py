"""Try at which sizes an architecture computes, without weights: what `_tables` writes to sizes.csv.

On torch's meta device only shapes flow, so that even the largest network takes a moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from srcsel.models.hubs._counting import multiplications, on_meta
from srcsel.models.hubs._network import timm_pooled
from srcsel.models.hubs._torchvision import build

STRIDE = 32  # pixels for one position of the last map, where a network does not say
SMALLEST = 8  # multiples of the stride that are tried from below
FREE, SET = "free", "set"
Row = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A network without numbers; `run` raises where it cannot read a size."""

    own: int  # pixels it was made for
    stride: int
    run: Callable[[int], None]
    steps: tuple[int, ...]  # that are tried

    def passes(self, *sizes: int) -> bool:
        """Say whether it computes at all of these sizes."""
        try:
            for size in sizes:
                self.run(size)
        except Exception:  # noqa: BLE001 (networks refuse a size by any error there is)
            return False
        return True

    def step(self) -> int | None:
        """Return the number of pixels that sizes are multiples of; None where no other is read."""
        for step in self.steps:
            near = self.own // step * step
            sizes = [near + step, near - step, 2 * self.own, self.own]
            if min(sizes) > 0 and self.passes(*sizes):
                return step
        return None

    def least(self, step: int) -> int:
        """Return the smallest size it computes at, of the multiples of its stride."""
        for count in range(1, SMALLEST + 1):
            size = math.ceil(self.stride * count / step) * step
            if size >= self.own or self.passes(size, size + step):
                return min(size, self.own)
        return self.own

    def square(self) -> float:
        """Return the share of its work, at its own size, that grows with the square of the area:
        attention between all positions.
        """
        once, twice = (self._work(size) for size in (self.own, 2 * self.own))
        return round(max(0.0, (twice / once - 4) / 12), 4) if once else 0.0

    def _work(self, size: int) -> int:
        with multiplications() as counter:
            self.run(size)
        return counter.total


def size_rows() -> Iterator[Row]:
    """Yield one row for each architecture that can be tried."""
    import timm
    import torchvision
    from torchvision.models import list_models

    names = [("timm", name) for name in timm.list_models()]
    names += [("torchvision", name) for name in list_models(module=torchvision.models)]
    yield from (row for name in names if (row := size_row(*name)) is not None)


def size_row(library: str, architecture: str) -> Row | None:
    """Return what can be chosen for one architecture, `how` empty where nothing can; None where it
    cannot be tried without numbers.
    """
    try:
        trials = _timm(architecture) if library == "timm" else _torchvision(architecture)
    except Exception:  # noqa: BLE001 (whatever keeps a network from being built, nothing is known)
        return None
    if not any(trial.passes(trial.own) for trial in trials.values()):
        return None
    found: Row = dict.fromkeys(("how", "step", "least", "square"))
    for how, trial in trials.items():
        step = trial.step()
        if step is not None:
            least, square = trial.least(step), trial.square() or None
            found = {"how": how, "step": step, "least": least, "square": square}
            break
    return {"library": library, "architecture": architecture, **found}


def _timm(architecture: str) -> dict[str, Trial]:
    import timm
    import torch
    from timm.layers.config import set_fused_attn

    set_fused_attn(enable=False)  # its products are counted as such
    network = on_meta(timm.create_model, architecture).eval()
    channels, height, width = network.pretrained_cfg["input_size"]
    told = getattr(network, "feature_info", None) or [{}]
    stride = int(dict(list(told)[-1]).get("reduction") or STRIDE)

    def run(size: int) -> None:
        with torch.no_grad():
            maps = network.forward_features(torch.empty(1, channels, size, size, device="meta"))
            timm_pooled(network, maps)

    def set_and_run(size: int) -> None:
        network.set_input_size(img_size=(size, size))
        run(size)

    own, patches = min(height, width), (stride, 2 * stride)
    found = {FREE: Trial(own, stride, run, (1, *patches))}
    if hasattr(network, "set_input_size"):  # what is left of a patch would be cut off unseen
        found[SET] = Trial(own, stride, set_and_run, patches)
    return found


def _torchvision(architecture: str) -> dict[str, Trial]:
    import torch
    from torchvision.models import get_model_weights

    try:
        network = on_meta(build, architecture).eval()
    except NotImplementedError:  # RegNet computes its layers with tensors
        network = build(architecture).eval().to("meta")
    weights = get_model_weights(architecture)["DEFAULT"]
    own = weights.transforms().crop_size[0]

    def run(size: int) -> None:
        with torch.no_grad():
            network(torch.empty(1, 3, size, size, device="meta"))

    return {FREE: Trial(own, STRIDE, run, (1, STRIDE))}
