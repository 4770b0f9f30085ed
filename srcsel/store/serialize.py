"""Records to plain JSON values and back, by their type hints; arrays that are large go
elsewhere.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from srcsel.base.errors import InputError

Record = TypeVar("Record")

LEFT_OUT = frozenset({"rechecks"})
"""Fields kept in a binary file beside the JSON."""
FORMER = {"baseline": "yardstick"}
"""Fields as stored runs called them before, and what they are called now."""


def to_plain(value: Any) -> Any:
    """Turn a record, or anything made of records, into dicts, lists and scalars; not finite ->
    None.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value) if f.name not in LEFT_OUT]
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return to_plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


def from_plain(record: type[Record], data: Any) -> Record:
    """Rebuild a record.

    Unknown fields (of a newer version) are ignored, missing ones take their default, and those of
    an older version are known by their former names. What the record would not allow today is read
    as it stands, so that old runs open; whoever computes with it checks it again.

    Raises TypeError, ValueError or KeyError for data that are not such a record.
    """
    if not isinstance(data, dict):
        raise TypeError(f"Expected the fields of a {record.__name__}, got {type(data).__name__}.")
    hints = _hints(record)
    data = {FORMER.get(name, name): value for name, value in data.items()}
    names = [f.name for f in dataclasses.fields(record) if f.name in data]  # pyright: ignore[reportArgumentType]
    values = {name: _rebuild(hints[name], data[name]) for name in names}
    try:
        return record(**values)
    except InputError:
        return _as_it_stands(record, values)


def _as_it_stands(record: type[Record], values: dict[str, Any]) -> Record:
    """Make a frozen record past its own check."""
    made = object.__new__(record)
    for field in dataclasses.fields(record):  # pyright: ignore[reportArgumentType]
        usual = None if field.default is dataclasses.MISSING else field.default
        object.__setattr__(made, field.name, values.get(field.name, usual))
    return made


@functools.cache
def _hints(record: type) -> dict[str, Any]:
    return typing.get_type_hints(record)


def _rebuild(hint: Any, value: Any) -> Any:
    """One field, by its hint: records, tuples and lists of one kind, int64 arrays, paths; scalars
    as they are.
    """
    if hint is float and value is None:
        return math.nan  # JSON has no numbers that are not finite
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        if value is None:
            return None
        hint = next(kind for kind in typing.get_args(hint) if kind is not type(None))
    if (kind := typing.get_origin(hint)) in (tuple, list):
        inner = typing.get_args(hint)[0]
        if inner in (
            str,
            int,
            float,
        ):  # as they are: the 100,000 file names of a run would take long one by one
            return kind(value)
        return kind(_rebuild(inner, item) for item in value)
    if dataclasses.is_dataclass(hint):
        return from_plain(hint, value)  # pyright: ignore[reportArgumentType]
    if hint is np.ndarray:
        return np.asarray(value, dtype=np.int64)
    return Path(value) if hint is Path else value
