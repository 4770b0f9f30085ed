"""Which column of a table names the picture and which says its class: by name, else by content."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut, listed
from srcsel.base.spreadsheet import as_named
from srcsel.pictures.layouts import split_of
from srcsel.pictures.tables.names import composed, is_picture_name
from srcsel.pictures.tables.rows import SAMPLE

FILE_NAMES = (
    *("file", "filename", "filepath", "path", "image", "imagename", "imagefile", "imagepath"),
    *("img", "imgname", "imgpath", "picture", "photo", "name", "imageid", "imgid", "fileid"),
    *("idcode", "id", "uuid", "isicid", "url", "uri"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "classname", "category", "target", "classlabel", "classid"),
    *("labelname", "labelid", "categoryname", "categoryid", "species", "breed", "type", "group"),
    *("y", "diagnosis", "dx", "disease", "condition", "grade", "variety", "cultivar", "tag"),
)
"""Column names, lower case without spaces and signs, the surest first."""

NO_LABEL = frozenset(
    {
        *("", "nan", "NaN", "NAN", "Nan", "None", "NA", "N/A", "n/a", "<NA>", "NULL", "null"),
        *("NaT", "#N/A", "#NA", "#N/A N/A", "-nan", "-NaN", "1.#QNAN", "-1.#IND"),
    }
)
"""What programs write for "no value" (as pandas reads it). "none" in small letters is a word."""

_ON, _OFF = (
    frozenset({"1", "1.0", "true", "True", "TRUE"}),
    frozenset({"0", "0.0", "-1", "-1.0", "false", "False", "FALSE", ""}),
)
_WHOLE = re.compile(r"[-+]?\d+([.,]0*)?")
_NUMBER = re.compile(r"[-+]?\d+([.,]\d*)?(e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """Where to look in each row."""

    file: int
    label: int | None  # None: one column for each class, a 1 says which
    hot: dict[int, str]  # such columns, with their classes
    start: int  # first row that holds data
    said: str = ""  # how it was found, where a person may want to know

    def label_of(self, row: Sequence[str]) -> str:
        """Return the class a row gives; "" = none, or several at once."""
        if self.label is not None:
            value = cell(row, self.label)
            return "" if value in NO_LABEL else value
        on = [name for column, name in self.hot.items() if cell(row, column) in _ON]
        return on[0] if len(on) == 1 else ""


def find_columns(
    rows: Sequence[Sequence[str]], table: str, knows: Callable[[str], bool]
) -> Columns:
    """Look at the first rows; `knows` tells whether a cell names a picture of the folder.

    Raises InputError with the columns there are where one cannot be told.
    """
    names = [re.sub(r"[\W_]", "", name.casefold()) for name in rows[0]]
    body = rows[1 : SAMPLE + 1]
    hits = _hits(rows, is_picture_name)
    ended = max(hits) >= len(body) > 0  # else asking the folder tells more, and takes longer
    is_file = is_picture_name if ended else lambda text: is_picture_name(text) or knows(text)
    file = _file_column(names, hits if ended else _hits(rows, is_file))
    if file is None:
        raise InputError(_cannot_tell(table, rows[0], "names the picture's file"))
    named = not is_file(cell(rows[0], file))
    if named and (label := _by_name(names, file, body)) is not None:
        return Columns(file, label, {}, 1, _others(rows, names, file, label, table))
    if len(names) == 2:
        return Columns(file, 1 - file, {}, int(named))
    data = body if named else rows
    if hot := _one_hot(data, file, len(names)):
        _require_single(data, hot, table)
        classes = {k: cell(rows[0], k) if named else f"column {k + 1}" for k in hot}
        return Columns(
            *(file, None, classes, int(named)),
            f"{table} has a column for each class ({len(hot)}); the one with a 1 is the class.",
        )
    if (label := _by_content(data, file, len(names))) is not None:
        shown = f"'{cut(cell(rows[0], label))}'" if named else f"number {label + 1}"
        said = (
            f"Column {shown} of {table} is taken as the class, as it alone holds repeated values."
        )
        return Columns(file, label, {}, int(named), said)
    raise InputError(_cannot_tell(table, rows[0], "says its class"))


def cell(row: Sequence[str], column: int) -> str:
    """Return a cell without blanks around it and without the mark that keeps a spreadsheet from
    running it; "" where the row is too short.
    """
    return composed(as_named(row[column].strip())) if column < len(row) else ""


def _hits(rows: Sequence[Sequence[str]], is_file: Callable[[str], bool]) -> list[int]:
    """Count for each column the rows that name a picture there."""
    return [sum(is_file(cell(row, k)) for row in rows) for k in range(len(rows[0]))]


def _file_column(names: Sequence[str], hits: Sequence[int]) -> int | None:
    """Take the column with a telling name, unless another one holds far more names of pictures."""
    called = next((names.index(name) for name in FILE_NAMES if name in names), None)
    most = max(range(len(hits)), key=lambda k: hits[k])
    if called is not None and 2 * hits[called] >= hits[most]:
        return called
    return most if hits[most] else called


def _by_name(names: Sequence[str], file: int, body: Sequence[Sequence[str]]) -> int | None:
    """Return the surest name that is a column, one with any label if there is one."""
    columns = [names.index(name) for name in LABEL_NAMES if name in names]
    columns = [k for k in columns if k != file]
    filled = [k for k in columns if any(cell(row, k) not in NO_LABEL for row in body)]
    return next(iter(filled or columns), None)


def _others(
    rows: Sequence[Sequence[str]], names: Sequence[str], file: int, label: int, table: str
) -> str:
    """Say which other columns are called like labels and sort the pictures otherwise; "" = none."""
    header, body = rows[0], rows[1 : SAMPLE + 1]
    values = [cell(row, label) for row in body]
    others = []
    for k in (k for k, name in enumerate(names) if name in LABEL_NAMES and k not in (file, label)):
        pairs = set(zip(values, (cell(row, k) for row in body), strict=True))
        if len({b for _, b in pairs}) > 1 and len(pairs) != len(set(values)):
            others.append(f"'{cut(header[k].strip())}'")
    if not others:
        return ""
    return (
        f"Column '{cut(header[label].strip())}' of {table} is taken as the class, though"
        f" {listed(others)} could be it too. To take another, rename it to 'label'."
    )


def _one_hot(data: Sequence[Sequence[str]], file: int, width: int) -> list[int]:
    """Return the columns that hold only 0 and 1, where there are two or more."""
    hot = [
        k
        for k in range(width)
        if k != file and data and all(cell(row, k) in _ON | _OFF for row in data)
    ]
    some = [k for k in hot if any(cell(row, k) in _ON | {"0", "0.0"} for row in data)]
    return some if len(some) > 1 else []


def _require_single(data: Sequence[Sequence[str]], hot: Sequence[int], table: str) -> None:
    several = sum(sum(cell(row, k) in _ON for k in hot) > 1 for row in data)
    if 2 * several > len(data):
        raise InputError(
            f"{table} gives most pictures several classes at once. Scores compare classes that"
            " exclude each other: make a table with one class for each picture (file,label)."
        )


def _by_content(data: Sequence[Sequence[str]], file: int, width: int) -> int | None:
    """Return the only column of words that repeat, no parts of a data set; else the only one of
    whole numbers that do.
    """
    words, numbers = [], []
    for k in (k for k in range(width) if k != file):
        values = [value for row in data if (value := cell(row, k)) not in NO_LABEL]
        different = set(values)
        if not 1 < len(different) <= len(values) / 2 or all(map(split_of, different)):
            continue
        if not all(map(_NUMBER.fullmatch, different)):
            words.append(k)
        elif all(map(_WHOLE.fullmatch, different)):
            numbers.append(k)
    found = words or numbers
    return found[0] if len(found) == 1 else None


def _cannot_tell(table: str, header: Sequence[str], missing: str) -> str:
    shown = ", ".join(f"'{cut(name.strip(), 40)}'" for name in header[:8])
    return (
        f"{table} has the columns {shown}, and I cannot tell which one {missing}. Call the two"
        " columns 'file' and 'label'."
    )
