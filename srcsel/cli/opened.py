"""Files of arrays as other programs leave them, each read by its ending; none can run anything."""

from __future__ import annotations

import io
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import InputError
from srcsel.cli.columns import NAMES, Arrays, csv_columns, parquet_columns
from srcsel.measures import as_array

HOW = "Save plain arrays: numpy.savez(FILE, X=features, y=numpy.array(labels, dtype=str))."
_UNNAMED = re.compile(r"arr_\d+")  # what NumPy calls arrays that were saved without a name


def opened(file: Path, *, text: bool = False) -> Arrays:
    """Read a file by its ending: arrays by name, "" for the only one; of an .npz None for those
    that nobody asks for. text: cells stay as they are. Raises InputError.
    """
    if file.is_dir():
        raise InputError(
            f"{file} is a folder. Give the files of features in it, or srcsel rank for pictures."
        )
    read = READERS.get(file.suffix.lower())
    if read is None:
        known = ", ".join(READERS)
        raise InputError(f"{file} is of no kind that can be read ({known}). {HOW}")
    try:
        return read(file, text)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(
            f"There is no file {file}. Give .npz files with the arrays X and y."
        ) from None
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{file} holds Python objects, which are not opened: doing so can run code on this"
            f" computer. {HOW}"
        ) from error
    except (
        *(OSError, ValueError, EOFError, TypeError, AttributeError, KeyError, IndexError),
        *(RuntimeError, MemoryError, ImportError, zipfile.BadZipFile),
    ) as error:
        kind = file.suffix.lower().removeprefix(".")
        raise InputError(
            f"{file} cannot be read as an .{kind} file of plain arrays: {error}. Copy or save it"
            " again."
        ) from (error)


def _npz(file: Path, _: bool) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        wanted = {name for known in NAMES.values() for name in known}
        inside = {name.removesuffix(".npy"): name for name in names}
        if len(inside) > 1 and all(map(_UNNAMED.fullmatch, inside)):  # numpy.savez(file, X, y)
            arrays = {key: _array(archive.read(name)) for key, name in inside.items()}
            return _parts(list(arrays.values())) or arrays
        return {
            key: _array(archive.read(name)) if key in wanted or len(inside) == 1 else None
            for key, name in inside.items()
        }


def _npy(file: Path, _: bool) -> Arrays:
    return {"": _array(file.read_bytes())}


def _array(content: bytes) -> np.ndarray:
    """Read one array of NumPy's format; an array of objects only where they are plain values."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    shape, _, dtype = header(stream) if header else ((), False, np.dtype(float))
    if not dtype.hasobject:
        return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    values = _Plain(stream).load().values
    if not all(value is None or isinstance(value, str | bytes | int | float) for value in values):
        raise pickle.UnpicklingError("containers")
    if all(isinstance(value, int | float) for value in values):
        return np.array(values).reshape(shape)
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made.reshape(shape)


class _Held:
    """An array or type that is being read: keeps its state, does nothing."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.values: list[Any] = []

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and isinstance(state[-1], list):
            self.values = state[-1]


class _Plain(pickle.Unpickler):
    """Reads text, numbers, bytes and None out of an array of objects, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        """Hand out what rebuilds NumPy's own values; never import anything."""
        made: dict[str, Callable[..., Any]] = {
            "_reconstruct": lambda *_: _Held(),
            "ndarray": _Held,
            "dtype": lambda kind, *_: _Held(str(kind)),
            "scalar": _scalar,
        }
        if name in made and module.split(".")[0] == "numpy":
            return made[name]
        raise pickle.UnpicklingError(f"{module}.{name}")


def _scalar(kind: _Held, content: bytes) -> Any:
    if np.dtype(kind.name).kind not in "fiubUS":
        raise pickle.UnpicklingError(kind.name)
    return np.frombuffer(content, dtype=kind.name)[0].item()  # in this computer's byte order


def _torch(file: Path, _: bool) -> Arrays:
    import torch

    with warnings.catch_warnings():  # of torch, about pickles that others wrote
        warnings.simplefilter("ignore")
        content = torch.load(file, map_location="cpu", weights_only=True)
    if isinstance(content, dict):
        kinds = torch.Tensor | list | tuple
        return {str(k): as_array(v) for k, v in content.items() if isinstance(v, kinds)}
    if isinstance(content, list | tuple) and (parts := _parts(content)):
        return parts
    return {"": as_array(content)}


def _parts(content: Sequence[Any]) -> Arrays:
    """Tell what (X, y) or (X, y, logits) holds by the shapes, in any order; {} where it is another
    list.
    """
    arrays = [as_array(one) for one in content] if len(content) in (2, 3) else []
    labels = [one for one in arrays if one.ndim == 1]
    others = [one for one in arrays if one.ndim == 2]
    if len(labels) != 1 or len(others) != len(arrays) - 1 or len({*map(len, arrays)}) > 1:
        return {}
    return dict(zip(("X", "logits"), others, strict=False)) | {"y": labels[0]}


def _safetensors(file: Path, _: bool) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(file))
    except SafetensorError as error:
        raise ValueError(str(error)) from error


READERS: dict[str, Callable[[Path, bool], Arrays]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".csv": csv_columns,
    ".tsv": csv_columns,
    ".parquet": parquet_columns,
    ".pt": _torch,
    ".pth": _torch,
    ".safetensors": _safetensors,
}
