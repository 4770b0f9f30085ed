"""Read weights from a file without ever running what is in it, and compare them with a network."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel.base.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

WRAPPERS = (
    "state_dict_ema",
    "model_ema",
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
)
"""Keys under which training programs keep the weights; averaged ones first, as timm does."""

PREFIXES = (
    "module.",
    "_orig_mod.",
    "model.",
    "network.",
    "net.",
    "backbone.",
)  # left by wrappers around a network
COUNTERS = ("num_batches_tracked", "running_mean", "running_var")  # stored, but not weights
MAX_HEADER = 100_000_000  # bytes; safetensors' own limit
SHOWN = 4  # names of keys in a message

State = dict[str, "Tensor"]


def read_state(path: Path) -> State:
    """Return the tensors of a .safetensors, .pth or .pt file by name, free of wrappers and common
    prefixes.

    A pickle is read with `weights_only=True`: one that holds anything but weights is refused.
    Raises ModelError.
    """
    import safetensors
    import safetensors.torch
    import torch

    try:
        if path.suffix == ".safetensors":
            content: Any = safetensors.torch.load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path.name} was not opened: it holds more than weights, and opening such a file can"
            " run code on this computer. Save only `model.state_dict()`, best as .safetensors."
        ) from error
    except OSError as error:
        raise ModelError(
            f"I cannot read the file {path}: {error.strerror or error}. Check the path."
        ) from error
    except (safetensors.SafetensorError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ModelError(
            f"{path.name} is damaged or no weights file ({error}). Copy or download it again."
        ) from error
    return _without_prefixes(_tensors(content, path))


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return name -> shape from the header of a .safetensors file, without torch; {} for every
    other file.
    """
    if path.suffix != ".safetensors":
        return {}
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, MAX_HEADER)))
        return {
            name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
        }
    except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path.name} is damaged or no weights file. Copy or download it again."
        ) from error


def count_weights(named: Mapping[str, tuple[int, ...]]) -> int:
    """Return the number of weights, running statistics aside."""
    return sum(prod(shape) for name, shape in named.items() if not name.endswith(COUNTERS))


def differences(network: nn.Module, state: State) -> list[str]:
    """Return, in words, every weight the file lacks, has too much, or has in another shape."""
    own = {name: tuple(values.shape) for name, values in network.state_dict().items()}
    found = [
        f"missing {name}"
        for name in own
        if name not in state and not name.endswith("num_batches_tracked")
    ]
    found += [f"unexpected {name}" for name in state if name not in own]
    found += [
        f"{name} is {tuple(state[name].shape)} instead of {shape}"
        for name, shape in own.items()
        if name in state and tuple(state[name].shape) != shape
    ]
    return found


def load_exactly(network: nn.Module, state: State, what: str) -> None:
    """Load `state` into `network`; raise ModelError with the first few names where they do not
    fit.
    """
    found = differences(network, state)
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise ModelError(
            f"The weights do not fit {what}: {'; '.join(found[:SHOWN])}{more}. Check that the"
            " architecture is right."
        )
    network.load_state_dict(state, strict=False)


def _tensors(content: Any, path: Path) -> State:
    """Find the named tensors in what a training program saved."""
    import torch

    for _ in range(2):  # a wrapper in a wrapper is seen, deeper nesting is not
        inner = next(
            (
                content[key]
                for key in WRAPPERS
                if _is_mapping(content) and _is_mapping(content.get(key))
            ),
            None,
        )
        content = content if inner is None else inner
    found = (
        {k: v for k, v in content.items() if isinstance(v, torch.Tensor)}
        if _is_mapping(content)
        else {}
    )
    if not found:
        raise ModelError(
            f"{path.name} holds no named weights. Save `model.state_dict()`, best as .safetensors."
        )
    return found


def _without_prefixes(state: State) -> State:
    """Take off prefixes that every name has."""
    prefix = next((p for p in PREFIXES if all(name.startswith(p) for name in state)), None)
    if prefix is None:
        return state
    return _without_prefixes({name.removeprefix(prefix): values for name, values in state.items()})


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)
