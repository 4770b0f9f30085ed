"""Features and labels from files, as other programs leave them; no file can run anything.

A model's file holds X (n, d), y (n,) and perhaps logits (n, c): `.npz`, `.pt`, `.safetensors`, or a
table (`.csv`, `.tsv`, `.parquet`) of numbers with a column of labels. `.npy`, and files without y,
go with the labels of a file of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import FeatureError, InputError
from srcsel.base.phrases import cut, some_of
from srcsel.cli.columns import NAMES, Arrays
from srcsel.cli.opened import opened
from srcsel.cli.output import say
from srcsel.measures import plain_labels
from srcsel.pictures.tables import encoding_of

SHOWN = 5  # names of arrays in a sentence


def read_features(file: Path, labels: Path | None = None) -> dict[str, np.ndarray]:
    """Return X, y and, where there are any, logits; `labels`: the file that holds y instead.

    Raises InputError for what cannot be read, with the rows that have no label.
    """
    held = opened(file)
    arrays = _named(held)
    if labels is not None:
        arrays["y"] = _labels(labels, len(arrays.get("X", ())))
    missing = [key for key in ("X", "y") if key not in arrays]
    if missing:
        there = [name for name in held if name]
        holds = f" (it holds {some_of(there, SHOWN, show=cut)})" if there else ""
        raise InputError(
            f"{file} has no array {' and no array '.join(missing)}"
            f"{holds}. Save it with"
            " numpy.savez(FILE, X=features, y=labels), or give the labels with --labels FILE."
        )
    try:
        return {**arrays, "y": plain_labels(arrays["y"])}
    except FeatureError as error:
        raise InputError(f"{labels or file}: {error}") from error


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
    arrays = opened(file, text=True)
    found = _named(arrays)
    if "y" in found:
        return found["y"]
    if len(arrays) == 1:
        (name, values), *_ = arrays.items()
        # a single column without a heading: its first label was taken for one
        return values if not name or len(values) != n - 1 else [name, *values]
    raise InputError(
        f"{file} has several columns or arrays ({some_of([*arrays], SHOWN, show=cut)}), and none is"
        " called label. Call the one with the labels so."
    )


def _lines(file: Path) -> list[str]:
    try:
        encoding, said = encoding_of(file, tuple)
        lines = file.read_text(encoding).rstrip("\n").split("\n")
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as a list of labels: {error}") from error
    if said:
        say(said)
    return lines
