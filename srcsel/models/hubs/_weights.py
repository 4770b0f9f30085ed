"""Read weights from a file without ever running what is in it, and compare them with a network.

What a file is, its first bytes tell, not its ending: the Hugging Face cache gives blobs none.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import struct
import threading
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel.base.errors import ModelError
from srcsel.base.phrases import some_of
from srcsel.models.hubs import _pickle
from srcsel.models.hubs._states import State, main_state

if TYPE_CHECKING:
    from torch import nn

COUNTERS = ("num_batches_tracked", "running_mean", "running_var")  # stored, but not weights
MAX_HEADER = 100_000_000  # bytes; safetensors' own limit
MOST_DIMENSIONS, LONGEST = 64, 2**40  # of a tensor, and its longest side: as torch has them at most
SHOWN = 4  # names of keys in a message
ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # how the files of `torch.save` begin, new and old

_turn = threading.Lock()  # torch's list of harmless names is one for the whole process


def is_weights(path: Path) -> bool:
    """Say whether a file looks like one of safetensors or `torch.save`, whatever its ending."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError:
        return False
    return start.startswith((ZIP, PICKLE)) or _is_safetensors(start)


def is_sorted(path: Path) -> bool:
    """Say whether a file is sorted by name, so that its order tells nothing: safetensors are."""
    return _has_header(path)


def read_content(path: Path) -> Any:
    """Return what a file holds: tensors in mappings, however deep; what else lies there is inert.

    A pickle is read with `weights_only=True` after `_pickle.scan` found nothing in it that would be
    called. Raises ModelError.
    """
    import safetensors
    import safetensors.torch
    import torch

    try:
        if _has_header(path):
            return safetensors.torch.load_file(path)
        known = [(_maker(kind), name) for name, kind in _scan(path).names.items()]
        with _turn, torch.serialization.safe_globals(known):  # pyright: ignore[reportArgumentType]
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refusal(path) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except (safetensors.SafetensorError, RuntimeError, ValueError, *_pickle.BROKEN) as error:
        raise _damaged(path) from error


def read_state(path: Path) -> State:
    """Return the tensors of a file by name, free of wrappers and of prefixes that every name has.

    Of several networks averaged weights come first. Raises ModelError.
    """
    return _named(path, main_state(read_content(path)))


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of the network in a file, without torch, remembered while the file
    stays the same.

    Raises ModelError where the file is damaged, holds no weights, or more than weights.
    """
    try:
        about = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return _shapes(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=512)
def _shapes(path: Path, _size: int, _mtime_ns: int) -> dict[str, tuple[int, ...]]:
    content = _header(path) if _has_header(path) else _scan(path).content
    found = _named(path, main_state(content))
    return {name: tuple(leaf.shape) for name, leaf in found.items()}


def count_weights(named: Mapping[str, tuple[int, ...]]) -> int:
    """Return the number of weights, running statistics aside."""
    return sum(prod(shape) for name, shape in named.items() if not name.endswith(COUNTERS))


def differences(own: Mapping[str, tuple[int, ...]], state: Mapping[str, Any]) -> list[str]:
    """Return, in words, every weight of `own` the file lacks, has too much, or has in another
    shape.
    """
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


def own_shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of a network's weights and statistics, in its order."""
    return {name: tuple(values.shape) for name, values in network.state_dict().items()}


def load_exactly(network: nn.Module, state: State, what: str, more: str = "") -> None:
    """Load `state` into `network`.

    Raises ModelError with the first few names where they do not fit, and then `more`.
    """
    found = differences(own_shapes(network), state)
    if found:
        raise ModelError(misfit(what, found, more))
    network.load_state_dict(state, strict=False)


def misfit(what: str, found: list[str], more: str = "") -> str:
    """Say in what the weights of a file differ from those of `what`."""
    advice = more or "Check that the architecture is right."
    return f"The weights do not fit {what}: {some_of(found, SHOWN, between='; ')}. {advice}"


def _header(path: Path) -> dict[str, _pickle.Shape]:
    """Read name -> shape from the header of a safetensors file."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            most = min(length, MAX_HEADER, path.stat().st_size)  # room is made for all of it
            header = json.loads(file.read(most))
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        found = {name: _pickle.Shape(_sizes(entry["shape"])) for name, entry in entries.items()}
        ends = [entry["data_offsets"][1] for entry in entries.values() if "data_offsets" in entry]
        if 8 + length + max(ends, default=0) > path.stat().st_size:
            raise _broken_off(path)
        return found
    except OSError as error:
        raise _unreadable(path, error) from error
    except (struct.error, ValueError, *_pickle.BROKEN) as error:
        raise _damaged(path) from error


def _sizes(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise ValueError("a shape is no list of sizes")
    if not all(type(size) is int and 0 <= size < LONGEST for size in shape):
        raise ValueError("a shape is no list of sizes")
    return tuple(shape)


def _scan(path: Path) -> _pickle.Scan:
    try:
        return _pickle.scan(path)
    except _pickle.Refused as error:
        raise _refusal(path, f", namely {error}") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except _pickle.Other as error:
        raise ModelError(f"{path.name} {error}") from error
    except ValueError as error:
        raise _damaged(path) from error


def _has_header(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise _unreadable(path, error) from error
    return _is_safetensors(start) or (
        path.suffix.lower() == ".safetensors" and not start.startswith((ZIP, PICKLE))
    )


def _is_safetensors(start: bytes) -> bool:
    return len(start) == 9 and start[8:] == b"{" and struct.unpack("<Q", start[:8])[0] < MAX_HEADER


def _named(path: Path, state: dict[str, Any]) -> dict[str, Any]:
    if not state:
        raise ModelError(
            f"{path.name} holds no weights by name: it may be a whole model, or only notes of a"
            " training. Save `model.state_dict()`, best as .safetensors."
        )
    return state


IMPOSTORS = (
    (b"", "it is empty. Copy or download it again."),
    (b"version https://git-lfs", "it is a Git LFS placeholder. Run 'git lfs pull'."),
    (b"<", "it is a web page, so the download went wrong. Download the file itself."),
)
"""How files begin that were saved in place of weights, and what to do; "" = nothing is there."""


def _maker(kind: type) -> type:
    """Make the stand-in torch's reader builds where `_pickle` saw one that took items, values or a
    state.
    """
    made = kind.kind  # pyright: ignore[reportAttributeAccessIssue]

    class Inert:
        def __new__(cls, *_: Any, **__: Any) -> Any:
            return made() if made is not object else super().__new__(cls)

        def __setstate__(self, _: Any) -> None:
            """Forget the state."""

    return Inert


def _refusal(path: Path, what: str = "") -> ModelError:
    return ModelError(
        f"{path.name} was not opened: it holds more than weights{what}, and opening such a file can"
        " run code on this computer. Save only `model.state_dict()`, best as .safetensors."
    )


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(f"I cannot read the file {path}: {error.strerror or error}. Check the path.")


def _damaged(path: Path) -> ModelError:
    """Say what is wrong with a file in our own words: a reader's are about its bytes."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        start = file.read(64).lstrip()
        for beginning, told in IMPOSTORS:
            if start.startswith(beginning) if beginning else not start:
                return ModelError(f"{path.name} is damaged or no weights file: {told}")
        if start.startswith(ZIP) and not zipfile.is_zipfile(path):
            return _broken_off(path)
    return ModelError(
        f"{path.name} is damaged or no weights file: what is in it cannot be read as weights."
        " Copy or download it again."
    )


def _broken_off(path: Path) -> ModelError:
    return ModelError(
        f"{path.name} is damaged or no weights file: its end is missing, as when a copy or a"
        " download breaks off. Copy or download it again."
    )
