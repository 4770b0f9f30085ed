"""What measures are given, checked once for all of them: features (n, d), labels (n,), outputs of a
source head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base.absent import NO_VALUE
from srcsel.base.errors import FeatureError
from srcsel.base.phrases import cut, some_of
from srcsel.measures.kernels.blocks import blocks

ROWS = 10  # without a label, named in a message


def check_inputs(
    features: ArrayLike, labels: ArrayLike | Sequence[Any], *, single: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return (X, y): X (n, d) float64, read-only, and y (n,) int64 in 0..c-1 in the order of the
    sorted labels.

    single: float32 features stay so.

    Raises FeatureError where no measure is defined: wrong shapes, values that are no finite
    numbers, fewer than two classes, or no class with two pictures.
    """
    X = check_features(features, single=single)
    y = check_labels(labels)
    if len(X) != len(y):
        raise FeatureError(
            f"Expected one label for each row: features have {len(X)} rows, labels {len(y)}."
        )
    return X, y


def check_features(features: ArrayLike, *, single: bool = False) -> np.ndarray:
    """Return features as a read-only (n, d) float64 array, without changing or needlessly copying
    the input.

    single: float32 stays so.
    """
    return check_rows(features, None, "features", single=single)


def as_array(values: Any) -> np.ndarray:
    """Return values as NumPy sees them, such as (n, d), tensors of torch too: from any device,
    without their gradient, and in float32 where NumPy lacks their precision (bfloat16).

    Raises ValueError, TypeError or RuntimeError where they are no array.
    """
    if _of_tensors(values):
        return np.stack([as_array(one) for one in values])
    if not hasattr(values, "detach"):
        return np.asarray(values)
    values = values.detach().cpu()
    try:
        return values.numpy()
    except TypeError:
        return values.float().numpy()


def _of_tensors(values: Any) -> bool:
    return isinstance(values, list | tuple) and len(values) > 0 and hasattr(values[0], "detach")


def check_rows(values: ArrayLike, n: int | None, name: str, *, single: bool = False) -> np.ndarray:
    """Return `values` as a read-only (n, m) float64 array of finite numbers; n None = any number of
    rows.
    """
    try:
        array = as_array(values)
    except (ValueError, TypeError, RuntimeError) as error:
        why = str(error).rstrip(".")
        raise FeatureError(f"Expected {name} of shape (n, d) holding numbers: {why}.") from error
    if array.ndim != 2 or array.shape[1] == 0 or array.dtype.kind not in "fiub":
        raise FeatureError(
            f"Expected {name} of shape (n, d) holding numbers, got {array.shape} of {array.dtype}."
            f"{_reshaped(array)}"
        )
    if n is not None and len(array) != n:
        raise FeatureError(f"Expected {n} rows of {name}, one for each label, got {len(array)}.")
    precision = np.float32 if single and array.dtype == np.float32 else np.float64
    array = array.astype(precision, copy=False).view()
    parts = list(blocks(*array.shape))  # of very many rows a mask would be a quarter as large
    if not all(np.isfinite(array[some]).all() for some in parts):
        bad = sum(int((~np.isfinite(array[some]).all(axis=1)).sum()) for some in parts)
        raise FeatureError(
            f"{bad} of {len(array)} rows of {name} hold values that are not finite (NaN or"
            " infinity). The model may have overflowed: try float32 precision, or leave it out."
        )
    array.flags.writeable = False  # a measure that writes into its input fails in its own tests
    return array


def _reshaped(array: np.ndarray) -> str:
    """Say how an array of another shape becomes (n, d)."""
    if hasattr(array.item() if array.ndim == 0 else None, "toarray"):
        return " Sparse ones become plain by X.toarray()."
    if array.dtype.kind not in "fiub" or array.ndim == 2 or array.ndim == 0:
        return " Save an array of plain real numbers."
    if array.ndim == 1:
        return " Give one row for each picture: X.reshape(-1, 1) where each has a single number."
    return " Give one row for each picture, for example X.reshape(len(X), -1)."


def check_labels(labels: ArrayLike | Sequence[Any]) -> np.ndarray:
    """Return labels as (n,) int64 ids 0..c-1. Any labels that sort will do: numbers, text."""
    array = plain_labels(labels)
    try:
        names, y, counts = np.unique(array, return_inverse=True, return_counts=True)
    except TypeError as error:
        raise FeatureError(
            "Labels of different kinds cannot be compared. Use all text or all numbers."
        ) from error
    if len(names) < 2:
        raise FeatureError(
            f"Expected at least two classes, got {len(names)}. Scores compare classes with each"
            " other."
        )
    if counts.max() < 2:
        raise FeatureError(
            "Every class has a single picture, so none has a partner. Give classes two or more."
        )
    return y.astype(np.int64)


def plain_labels(labels: ArrayLike | Sequence[Any]) -> np.ndarray:
    """Return labels (n,) as an array of numbers or text; bytes are read as UTF-8, blanks around a
    text go, as in tables.

    Raises FeatureError with the rows that have none: None, NaN, NaT, what is masked, and texts that
    programs write for no value (`base.absent`).
    """
    try:
        tensors = hasattr(labels, "detach") or _of_tensors(labels)
        given = as_array(labels) if tensors else labels
    except (ValueError, TypeError, RuntimeError) as error:
        raise FeatureError(f"Expected labels of shape (n,): {str(error).rstrip('.')}.") from error
    if not hasattr(given, "dtype"):
        given = np.array(given, dtype=object)
    if np.ma.is_masked(given):
        given = np.array(np.ma.asarray(given).tolist(), dtype=object)  # None where masked
    array = np.asarray(given)
    if array.ndim != 1 or array.dtype.kind in "cV":
        flat = "y.argmax(axis=1)" if array.ndim == 2 and array.shape[1] > 1 else "y.ravel()"
        raise FeatureError(
            f"Expected labels of shape (n,), got {array.shape} of {array.dtype}. Give one for each"
            f" row, for example {flat}."
        )
    if array.dtype.kind in "iub":
        return array
    values = [_read(value) for value in array.tolist()]
    none = [row for row, value in enumerate(values) if _is_none(value)]
    if none:
        first = some_of(none, ROWS)
        raise FeatureError(
            f"{len(none):,} of {len(values):,} rows have no label, counted from 0: {first}."
            " Give every picture a class, or leave these rows out of features and labels."
        )
    if array.dtype.kind not in "SUTO":
        return array
    mixed = len({isinstance(value, str) for value in values}) > 1
    return array if mixed else np.asarray(values)  # mixed ones do not sort, which is said there


def _read(value: Any) -> Any:
    try:
        text = value.decode() if isinstance(value, bytes) else value
        return text.strip() if isinstance(text, str) else text
    except UnicodeDecodeError as error:
        raise FeatureError(
            f"The label {cut(repr(value))} is no text in UTF-8. Save it as text."
        ) from error


def _is_none(value: Any) -> bool:
    """Say whether a cell of a label column is empty, as programs write that."""
    if isinstance(value, str):
        return value in NO_VALUE
    if isinstance(value, float):
        return not np.isfinite(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")
