"""What a network may run on, and how many pictures it takes there at a time."""

from __future__ import annotations

from srcsel.base.errors import InputError

BATCH = {"cpu": 32, "cuda": 128, "mps": 64}
"""Pictures in a batch, by the kind of device; halved while memory runs out."""


def batch_size(device: str) -> int:
    """Return how many pictures a network takes at a time on a device such as "cpu" or "cuda:1"."""
    return BATCH.get(device.split(":")[0], BATCH["cpu"])


def pick_device(device: str) -> str:
    """Resolve "auto": a CUDA or Apple GPU where there is one, else the processor.

    Raises InputError.
    """
    if device == "cpu":
        return device
    import torch

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(device.split(":")[0], False):
        usable = ", ".join(name for name, is_there in there.items() if is_there)
        raise InputError(
            f"The device '{device}' is not there. This computer has: {usable}. Or choose auto."
        )
    return device


def cards_of(device: str) -> list[str]:
    """Return what a picked device stands for: "cuda" for every graphics card of that kind, all
    else for itself.
    """
    if device != "cuda":
        return [device]
    import torch

    return [f"cuda:{number}" for number in range(torch.cuda.device_count())] or [device]
