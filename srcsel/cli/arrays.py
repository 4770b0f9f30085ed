"""Features and labels from files, as other programs leave them; no file can run anything.

A model's file holds X (n, d), y (n,) and perhaps logits (n, c): `.npz`, `.pt`, `.safetensors`, or a
table (`.csv`, `.tsv`, `.parquet`) of numbers with a column of labels. `.npy`, and files without y,
go with the labels of a file of their own.
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import FeatureError, InputError
from srcsel.base.phrases import bare
from srcsel.cli.output import say
from srcsel.measures import plain_labels

NAMES = {
    "X": ("X", "x", "features", "embeddings"),
    "y": ("y", "Y", "label", "labels", "class", "classes", "target", "targets"),
    "logits": ("logits",),
}
"""What an array or column may be called, the usual name first."""
NO_FEATURES = {
    *("id", "idx", "index", "row", "rowid", "rownumber", "imageid", "sampleid", "uuid", "key"),
    *("fold", "kfold", "split", "set", "subset", "partition", "unnamed0", "level0"),
}
"""Columns of a table that say which row it is, or of which part, without separators."""
LEAST_COUNTED = 5  # rows from which a column that counts up is believed to number them
HOW = "Save plain arrays: numpy.savez(FILE, X=features, y=numpy.array(labels, dtype=str))."

Arrays = dict[str, Any]


def read_features(file: Path, labels: Path | None = None) -> dict[str, np.ndarray]:
    """Return X, y and, where there are any, logits; `labels`: the file that holds y instead.

    Raises InputError for what cannot be read, with the rows that have no label.
    """
    arrays = _named(_opened(file))
    if labels is not None:
        arrays["y"] = _labels(labels, len(arrays.get("X", ())))
    missing = [key for key in ("X", "y") if key not in arrays]
    if missing:
        raise InputError(
            f"{file} has no array {' and no array '.join(missing)}. Save it with"
            " numpy.savez(FILE, X=features, y=labels), or give the labels with --labels FILE."
        )
    try:
        return {**arrays, "y": plain_labels(arrays["y"])}
    except FeatureError as error:
        raise InputError(f"{labels or file}: {error}") from error


def _opened(file: Path, *, text: bool = False) -> Arrays:
    """Read a file by its ending: arrays by name, "" for the only one. text: cells stay as they
    are.
    """
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
            f"{file} cannot be read as an .{kind} file of plain arrays: {error}"
        ) from (error)


def _named(arrays: Mapping[str, Any]) -> Arrays:
    """Bring names to X, y and logits; a single array without a name is X."""
    found: Arrays = {"X": arrays[""]} if "" in arrays else {}
    for key, names in NAMES.items():
        given = next((name for name in names if name in arrays), None)
        if given is not None:
            found[key] = arrays[given]
    return found


def _labels(file: Path, n: int) -> Any:
    """Read a file of labels: one array, or a table with one column or one that is named so."""
    if file.suffix.lower() == ".txt":
        return _lines(file)
    arrays = _opened(file, text=True)
    found = _named(arrays)
    if "y" in found:
        return found["y"]
    if len(arrays) == 1:
        (name, values), *_ = arrays.items()
        # a single column without a heading: its first label was taken for one
        return values if not name or len(values) != n - 1 else [name, *values]
    raise InputError(
        f"{file} has several columns or arrays ({', '.join(list(arrays)[:5])}), and none is called"
        f" label. Call the one with the labels so."
    )


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as a list of labels: {error}") from error


def _npz(file: Path, _: bool) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        wanted = {name for known in NAMES.values() for name in known}
        inside = {name.removesuffix(".npy"): name for name in names}
        kept = inside if len(inside) == 1 else {k: v for k, v in inside.items() if k in wanted}
        return {key: _array(archive.read(name)) for key, name in kept.items()}


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
    found = content if isinstance(content, dict) else {"": content}
    return {
        str(key): value.detach().float().numpy()
        if isinstance(value, torch.Tensor) and value.is_floating_point()
        else np.asarray(value)
        for key, value in found.items()
        if isinstance(value, torch.Tensor | list | tuple)
    }


def _safetensors(file: Path, _: bool) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(file))
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _csv(file: Path, text: bool) -> Arrays:
    import pandas as pd

    options: dict[str, Any] = {"dtype": str} if text else {}
    separator = "\t" if file.suffix.lower() == ".tsv" else None if not text else ","
    return _columns(pd.read_csv(file, sep=separator, engine="python", **options), file, text)


def _parquet(file: Path, text: bool) -> Arrays:
    import pandas as pd

    return _columns(pd.read_parquet(file), file, text)


def _columns(table: Any, file: Path, text: bool) -> Arrays:
    """Take a table apart: its column of labels, and all others as X."""
    table = table.loc[:, [not str(name).startswith("Unnamed: ") for name in table.columns]]
    if text:
        return {str(name): table[name].to_numpy(dtype=object) for name in table.columns}
    said = next((name for name in NAMES["y"] if name in table.columns), None)
    rest = table.drop(columns=said) if said else table
    aside = [name for name in rest.columns if _counts(str(name), rest[name])]
    rest = rest.drop(columns=aside)
    words = [str(name) for name in rest.columns if rest[name].dtype.kind not in "fiub"]
    if words:
        raise InputError(
            f"{file} has columns that hold no numbers: {', '.join(words[:3])}. Leave them out, and"
            " call the column of the labels label."
        )
    if aside:
        say(
            f"{file}: left out as no feature: {', '.join(map(str, aside[:5]))}. Such a column"
            " numbers or sorts the rows. If it is a feature, give it another name, or save an .npz"
            " file."
        )
    found: Arrays = {"X": rest.to_numpy(dtype=np.float64)}
    return found | ({"y": table[said].to_numpy()} if said else {})


def _counts(name: str, column: Any) -> bool:
    """Tell whether a column numbers the rows or sorts them into parts, by its name or as it counts
    0, 1, 2 ...
    """
    if bare(name) in NO_FEATURES:
        return True
    if column.dtype.kind not in "iuf" or len(column) < LEAST_COUNTED:
        return False
    values = column.to_numpy(dtype=np.float64)
    return bool((values == np.arange(len(values)) + values[0]).all())


READERS: dict[str, Callable[[Path, bool], Arrays]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".pt": _torch,
    ".pth": _torch,
    ".safetensors": _safetensors,
}
