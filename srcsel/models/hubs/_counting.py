"""Networks without numbers on torch's meta device, and how much they multiply."""

from __future__ import annotations

from typing import Any


def multiplications() -> Any:
    """Return a torch mode that adds up the floating point operations of matrix products and
    convolutions.
    """
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):
        total = 0

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            count = flop_registry.get(func._overloadpacket)
            self.total += count(*args, **(kwargs or {}), out_val=result) if count else 0
            return result

    return Counter()


def on_meta(create: Any, name: str) -> Any:
    """Create a network without numbers."""
    import torch

    with torch.device("meta"):
        return create(name)
