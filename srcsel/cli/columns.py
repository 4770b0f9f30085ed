"""Tables of features or labels, whatever they are separated and written with."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import InputError
from srcsel.base.phrases import bare, some_of
from srcsel.cli.output import say
from srcsel.pictures.tables import encoding_of
from srcsel.pictures.tables.columns import FILE_NAMES
from srcsel.pictures.tables.layout import Layout, layout_of, parted

NAMES = {
    "X": ("X", "x", "features", "embeddings"),
    "y": ("y", "Y", "label", "labels", "class", "classes", "target", "targets"),
    "logits": ("logits",),
}
"""What an array or column may be called, the usual name first."""
NO_FEATURES = {
    *("id", "idx", "index", "row", "rowid", "rownumber", "imageid", "sampleid", "uuid", "key"),
    *("fold", "kfold", "split", "set", "subset", "partition", "level0"),
}
"""Columns of a table that say which row it is, or of which part, without separators."""
NAMELESS = "Unnamed: "  # what pandas calls a column without a name, with its number behind it
LEAST_COUNTED = 5  # rows from which a column that counts up is believed to number them
SAMPLE = 50  # lines looked at to find the separator
ALONE = "\x1f"  # in no text: each line is one cell

Arrays = dict[str, Any]


def csv_columns(file: Path, text: bool) -> Arrays:
    """Read a table: its column of labels as y and all others as X; `text`: each by its name, as
    written. Raises InputError.
    """
    import pandas as pd

    encoding, said = encoding_of(file, tuple)
    if said:
        say(said)
    found, first = _layout(file, encoding)
    options: dict[str, Any] = {
        "sep": found.separator,
        "quotechar": found.quote,
        "skiprows": found.skip,
        "encoding": encoding,
        "skipinitialspace": True,
    }
    if text:
        return _texts(pd.read_csv(file, dtype=str, **options))
    _require_names(file, first)
    table = pd.read_csv(file, **options)
    if _words(_features(table)):  # 0,5 is a number too, where all numbers are written so
        other = pd.read_csv(file, decimal=",", **options)
        table = min(table, other, key=lambda one: len(_words(_features(one))))
    return _columns(table, file)


def parquet_columns(file: Path, text: bool) -> Arrays:
    """Read a table as `csv_columns`."""
    import pandas as pd

    table = pd.read_parquet(file)
    if text:
        return _texts(table)
    first = table.iloc[0] if len(table) else {}
    lists = [n for n in table.columns if isinstance(first.get(n), list | np.ndarray)]
    held = {key: next((n for n in names if n in lists), None) for key, names in NAMES.items()}
    rest = _features(table)
    numbers = [n for n in rest.columns if n not in lists and rest[n].dtype.kind in "fiub"]
    if len(lists) == 1 and not any(held.values()) and not numbers:
        held["X"] = lists[0]
    if held["X"] is None:
        return _columns(table, file)
    label = _label(table)
    found: Arrays = {}
    for key in ("X", "logits"):
        if (name := held.get(key)) is None:
            continue
        try:
            found[key] = np.stack(list(table[name]))
        except ValueError as error:  # not all of one length, or none in a row
            raise InputError(
                f"The rows of {name} in {file} differ in length. Leave out those without features."
            ) from error
    if numbers:
        say(f"{file}: {held['X']} holds the features; left out: {some_of(numbers, 5)}.")
    return found | ({"y": table[label].to_numpy()} if label else {})


def _layout(file: Path, encoding: str) -> tuple[Layout, list[str]]:
    """Find out what parts all rows alike, and return it with the cells of the first row."""
    with file.open(encoding=encoding, newline="") as lines:
        sample = list(itertools.islice(lines, SAMPLE))
    found = layout_of(sample)
    filled = [line for line in sample[found.skip :] if line.strip()]
    rows = [] if found.of_words else list(parted(filled, found))
    if rows and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
        return found, rows[0]
    return replace(found, separator=ALONE), filled[:1]


def _require_names(file: Path, first: list[str]) -> None:
    """Raise InputError where numbers stand where columns have their names, unless these count."""
    numbers = [number for cell in first if (number := _number(cell)) is not None]
    if len(numbers) < max(1, len(first) - 1) or numbers == list(range(len(numbers))):
        return
    raise InputError(
        f"The first line of {file} holds numbers, and no names of columns. Write names above the"
        " columns, and label above the labels, or save an .npz file."
    )


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def _texts(table: Any) -> Arrays:
    named = (name for name in table.columns if not str(name).startswith(NAMELESS))
    return {str(name): table[name].to_numpy(dtype=object) for name in named}


def _columns(table: Any, file: Path) -> Arrays:
    """Take a table apart: its column of labels, and all others that are features as X."""
    rest, label = _features(table), _label(table)
    words = _words(rest)
    if (
        label is None
        and len(words) == 1
        and table[words[0]].astype(str).nunique() <= len(table) / 2
    ):
        label = words[0]
        rest, words = rest.drop(columns=label), []
        say(f"{file}: the column {label} is taken as the labels, as it alone holds words.")
    if words:
        raise InputError(
            f"{file} has columns that hold no numbers: {some_of(words, 3)}. Leave them out, and"
            " call the column of the labels label."
        )
    aside = [name for name in table.columns if name != label and name not in rest.columns]
    if told := [_called(name) for name in aside if not table[name].isna().all()]:
        say(
            f"{file}: left out as no feature: {some_of(told, 5)}. Such a column numbers or sorts"
            " the rows. If it is a feature, give it another name, or save an .npz file."
        )
    found: Arrays = {"X": rest.to_numpy(dtype=np.float64)}
    return found | ({"y": table[label].to_numpy()} if label else {})


def _label(table: Any) -> str | None:
    return next((name for name in NAMES["y"] if name in table.columns), None)


def _features(table: Any) -> Any:
    """Return the columns that are no labels and neither number the rows nor sort them."""
    label = _label(table)
    return table[[n for n in table.columns if n != label and not _counts(str(n), table[n])]]


def _words(table: Any) -> list[str]:
    return [str(name) for name in table.columns if table[name].dtype.kind not in "fiub"]


def _called(name: Any) -> str:
    number = str(name).removeprefix(NAMELESS)
    if number == str(name):
        return number
    return f"column {int(number) + 1}, which has no name" if number.isdecimal() else number


def _counts(name: str, column: Any) -> bool:
    """Tell whether a column numbers the rows or sorts them into parts, by its name, by having none,
    or as it counts 0, 1, 2 ...
    """
    if name.startswith(NAMELESS) or bare(name) in NO_FEATURES:
        return True
    if bare(name) in FILE_NAMES and column.dtype.kind not in "fiub":
        return column.astype(str).nunique() > len(column) / 2
    if column.dtype.kind not in "iuf" or len(column) < LEAST_COUNTED:
        return False
    values = column.to_numpy(dtype=np.float64)
    return bool((values == np.arange(len(values)) + values[0]).all())
