"""Records to plain JSON values and back, by their type hints; arrays that are large go
elsewhere.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from srcsel.base.errors import InputError

Record = TypeVar("Record")

LEFT_OUT = frozenset({"rechecks", "settled", "digests"})
"""Fields kept elsewhere: re-checks in a binary file beside the JSON, trainings where the same
question asked again finds them, digests of files nowhere.
"""
MOST = sys.float_info.max
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
    names = [
        f.name
        for f in dataclasses.fields(record)  # pyright: ignore[reportArgumentType]
        if f.name in data and f.name not in LEFT_OUT
    ]
    lenient = _checks_itself(record)
    values = {name: _rebuild(hints[name], data[name], any_name=lenient) for name in names}
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


@functools.cache
def _checks_itself(record: type) -> bool:
    """Tell whether a record has a check of its own, which then judges its names and numbers."""
    return hasattr(record, "__post_init__")


def _rebuild(hint: Any, value: Any, *, any_name: bool) -> Any:
    """One field, by its hint. Raises TypeError or ValueError where it holds something else.

    any_name: a name that is none of those known today is read as it stands.
    """
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        if value is None:
            return None
        hint = next(one for one in inner if one is not type(None))
        return _rebuild(hint, value, any_name=any_name)
    if kind is typing.Literal:
        if not isinstance(value, str) or not (any_name or value in inner):
            raise ValueError(f"Expected one of {', '.join(map(str, inner))}, got {value!r:.60}.")
        return value
    if kind in (tuple, list):
        return kind(_row(inner, _expect(value, list)))
    if kind is dict:
        keys = _expect(value, dict)
        return {name: _rebuild(inner[1], item, any_name=False) for name, item in keys.items()}
    if dataclasses.is_dataclass(hint):
        return from_plain(hint, value)  # pyright: ignore[reportArgumentType]
    if hint is np.ndarray:
        _all_of(_expect(value, list), int)
        return np.asarray(value, dtype=np.int64)
    return _scalar(hint, value)


def _row(inner: Sequence[Any], values: list[Any]) -> list[Any]:
    """Rebuild the items of a tuple or list: any number of one kind, or so many of these kinds."""
    if len(inner) > 1 and inner[1] is not Ellipsis:
        return [_rebuild(hint, v, any_name=False) for hint, v in zip(inner, values, strict=True)]
    if inner[0] in (str, int):  # at once: the 100,000 file names of a run would take long singly
        _all_of(values, inner[0])
        return values
    return [_rebuild(inner[0], value, any_name=False) for value in values]


def _all_of(values: list[Any], kind: type) -> None:
    others = set(map(type, values)) - {kind}
    if others:
        found = ", ".join(sorted(other.__name__ for other in others))
        raise TypeError(f"Expected only {kind.__name__} in a list, got {found}.")


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"Expected a {kind.__name__}, got {type(value).__name__}.")
    return value


def _scalar(hint: Any, value: Any) -> Any:
    if hint is float:
        if value is None:
            return math.nan  # JSON has no numbers that are not finite
        if type(value) not in (int, float) or abs(value) > MOST:
            raise TypeError(f"Expected a number, got {value!r:.60}.")
        return value
    if hint is Path:
        return Path(_expect(value, str))
    if hint in (str, int, bool) and type(value) is not hint:
        raise TypeError(f"Expected {hint.__name__}, got {value!r:.60}.")
    return value
