"""Which column of a table names the picture and which says its class: by name, else by content."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from srcsel.base.absent import NO_VALUE
from srcsel.base.errors import InputError
from srcsel.base.phrases import bare, cut, listed, some_of
from srcsel.pictures.layouts import split_of
from srcsel.pictures.tables.cells import cell, only
from srcsel.pictures.tables.marks import NUMBERS, ON, one_hot, require_single
from srcsel.pictures.tables.names import is_picture_name
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

WEAK = frozenset({"type", "group", "tag", "grade", "condition", "y"})
"""Of these, those that often mean something else: another column may be the label too."""
NO_CLASS = frozenset(
    {
        *("fold", "kfold", "split", "set", "subset", "partition", "usage", "istrain", "istest"),
        *("width", "height", "w", "h", "size", "filesize", "bytes", "channels", "depth", "format"),
        *("md5", "sha", "sha1", "sha256", "hash", "checksum", "index", "idx", "row", "rowid"),
        *("unnamed0", "unnamed01"),  # as pandas calls the numbers of rows
        *("date", "time", "datetime", "timestamp", "year", "photographer", "author", "credit"),
        *("credits", "owner", "license", "licence", "source", "url", "link", "camera"),
    }
)
"""Columns that sort pictures, but by no class, written as above."""

_PARTS = frozenset({"split", "set", "subset", "partition", "usage", "fold", "kfold"})

_WORDS = frozenset({"label", "labels", "class", "classes", "category", "categories"})
"""Words of a column's name that say what it is, where no column is called so alone."""
_ABOUT = frozenset(
    {
        *("source", "quality", "confidence", "conf", "score", "count", "num", "number", "by"),
        *("verified", "checked", "annotator", "date", "time", "weight", "color", "colour"),
    }
)
"""Words beside these of columns that tell something about a label."""
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
    width: int = 0  # columns of the table
    known: bool = True  # whether the column is called like one of labels
    part: int | None = None  # says the part of the data set that a picture is of
    place: int | None = None  # names the folder that the picture lies in

    def file_of(self, row: Sequence[str]) -> str:
        """Return the picture's name, with its folder where that stands in a column."""
        name, place = cell(row, self.file), "" if self.place is None else cell(row, self.place)
        return f"{place}/{name}" if name and place else name

    def part_of(self, row: Sequence[str]) -> str:
        """Return the part of the data set that a row gives, as folders are called; "" = none."""
        value = "" if self.part is None else cell(row, self.part)
        return split_of(f"fold {value}" if value.isdigit() else value)

    def label_of(self, row: Sequence[str]) -> str:
        """Return the class a row gives; "" = none, or several at once."""
        if self.label is not None:
            value = only(cell(row, self.label))
            return "" if value in NO_VALUE else value
        on = [name for column, name in self.hot.items() if cell(row, column) in ON]
        return on[0] if len(on) == 1 else ""

    def has_several(self, row: Sequence[str]) -> bool:
        """Tell whether a row has a 1 in several columns of classes."""
        return sum(cell(row, column) in ON for column in self.hot) > 1

    def too_wide(self, row: Sequence[str]) -> bool:
        """Tell whether a row has more cells than the table has columns."""
        return any(map(str.strip, row[self.width :]))


def find_columns(
    rows: Sequence[Sequence[str]], table: str, knows: Callable[[str], bool]
) -> Columns:
    """Look at the first rows; `knows` tells whether a cell names a picture of the folder.

    Raises InputError with the columns there are where one cannot be told.
    """
    found = _found(rows, table, knows)
    shifted = int(_numbered(rows))
    names = [bare(name) for name in rows[0]]
    parts = (k + shifted for k, name in enumerate(names) if name in _PARTS)
    part = next((k for k in parts if k not in (found.file, found.label)), None)
    return replace(found, part=part, place=_place(rows[found.start :], found, knows))


def _place(
    data: Sequence[Sequence[str]], found: Columns, knows: Callable[[str], bool]
) -> int | None:
    """Return the column of folders, without which most names mean no picture, or several."""
    body = data[:SAMPLE]
    if 2 * sum(knows(cell(row, found.file)) for row in body) > len(body):
        return None
    known = {
        k: sum(knows(replace(found, place=k).file_of(row)) for row in body)
        for k in range(found.width)
        if k != found.file and not any(_is_measured(cell(row, k)) for row in body)
    }
    most = max(known.values(), default=0)
    best = [k for k in known if known[k] == most]
    if 2 * most <= len(body):
        return None
    if len(best) > 1:  # what the folders are called like may be said of a picture in another one
        return found.label if found.label in best else None
    return best[0]


def _is_measured(value: str) -> bool:
    """Tell whether a cell holds a number with decimals: no folder is called so."""
    return bool(_NUMBER.fullmatch(value)) and not _WHOLE.fullmatch(value)


def _found(rows: Sequence[Sequence[str]], table: str, knows: Callable[[str], bool]) -> Columns:
    if _numbered(rows):  # as R writes tables: without a heading over the numbers of the rows
        rows = [["", *rows[0]], *rows[1:]]
    names, width = [bare(name) for name in rows[0]], len(rows[0])
    body = rows[1 : SAMPLE + 1]
    hits = _hits(rows, is_picture_name)
    ended = max(hits) >= len(body) > 0  # else asking the folder tells more, and takes longer
    is_file = is_picture_name if ended else lambda text: is_picture_name(text) or knows(text)
    file = _file_column(names, hits if ended else _hits(rows, is_file), rows)
    if file is None:
        raise InputError(_cannot_tell(table, rows[0], "names the picture's file"))
    named = not is_file(cell(rows[0], file))
    if named and (label := _by_name(names, file, body)) is not None:
        return Columns(file, label, {}, 1, _others(rows, names, file, label, table), width)
    if named and (label := _by_word(rows[0], names, file, body)) is not None:
        return Columns(file, label, {}, 1, _taken(rows[0], label, table), width, known=False)
    data = body if named else rows
    columns = [k for k in range(width) if k != file and not (named and names[k] in NO_CLASS)]
    if not columns:
        raise InputError(_cannot_tell(table, rows[0], "says its class"))
    if width == 2:
        said = "" if not named else _taken(rows[0], columns[0], table)
        return Columns(file, columns[0], {}, int(named), said, width, known=not named)
    words, numbers = _by_content(data, columns)
    hot = one_hot(data, columns)
    hot = hot if set(words) <= set(hot) else []
    if hot:
        require_single(data, hot, table)
        classes = {k: cell(rows[0], k) if named else f"column {k + 1}" for k in hot}
        return Columns(
            *(file, None, classes, int(named)),
            f"{table} has a column for each class ({len(hot)}); the marked one is the class.",
            width,
        )
    flags = all(cell(row, k) in NUMBERS for row in data for k in numbers)
    found = words if len(words) == 1 and flags else words + numbers  # beside words, 0-1 is a remark
    if len(found) == 1:
        (label,) = found
        said = _taken(
            rows[0] if named else None, label, table, ", as it alone holds repeated values"
        )
        return Columns(file, label, {}, int(named), said, width, known=False)
    raise InputError(_cannot_tell(table, rows[0], "says its class"))


def _taken(header: Sequence[str] | None, label: int, table: str, why: str = "") -> str:
    shown = f"'{cut(cell(header, label))}'" if header else f"number {label + 1}"
    return f"Column {shown} of {table} is taken as the class{why}."


def _numbered(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether each row has one cell more than the heading, and begins with a number."""
    width, body = len(rows[0]), rows[1:]
    return bool(body) and all(
        len(row) == width + 1 and _WHOLE.fullmatch(row[0].strip()) for row in body
    )


def _hits(rows: Sequence[Sequence[str]], is_file: Callable[[str], bool]) -> list[int]:
    """Count for each column the rows that name a picture there."""
    return [sum(is_file(cell(row, k)) for row in rows) for k in range(len(rows[0]))]


def _file_column(
    names: Sequence[str], hits: Sequence[int], rows: Sequence[Sequence[str]]
) -> int | None:
    """Take the column with a telling name, unless another one holds far more names of pictures;
    else the one with most of them, of equals that with more different ones.
    """
    called = next((names.index(name) for name in FILE_NAMES if name in names), None)
    most = max(range(len(hits)), key=lambda k: (hits[k], len({cell(row, k) for row in rows})))
    if called is not None and 2 * hits[called] >= hits[most]:
        return called
    return most if hits[most] else called


def _by_name(names: Sequence[str], file: int, body: Sequence[Sequence[str]]) -> int | None:
    """Return the surest name that is a column, one with two labels or any if there is one."""
    columns = [names.index(name) for name in LABEL_NAMES if name in names]
    columns = [k for k in columns if k != file]
    different = {k: len({cell(row, k) for row in body} - NO_VALUE) for k in columns}
    several = [k for k in columns if different[k] > 1 or names[k] not in WEAK]
    filled = [k for k in several if different[k] > 1] or [k for k in several if different[k]]
    first = next(iter(filled or several), None)
    return first if first is None else _in_words(first, names, filled, body)


def _in_words(
    label: int, names: Sequence[str], columns: Sequence[int], body: Sequence[Sequence[str]]
) -> int:
    """Return the column that says the same in words, where a label is a number; else the label.

    Rows that are not looked at may part what is one here: then only a column called a name.
    """
    values = [cell(row, label) for row in body]
    if not all(map(_NUMBER.fullmatch, values)):
        return label
    whole = len(body) < SAMPLE
    for k in (k for k in columns if whole or names[k].endswith("name")):
        words = [cell(row, k) for row in body]
        pairs = len(set(zip(values, words, strict=True)))
        if pairs == len(set(values)) == len(set(words)) and not any(map(_NUMBER.fullmatch, words)):
            return k
    return label


def _by_word(
    header: Sequence[str], names: Sequence[str], file: int, body: Sequence[Sequence[str]]
) -> int | None:
    """Return the only column with a word for labels in its name and two labels or more."""
    told = [set(re.split(r"[\W_]+", name.lower())) for name in header]
    free = [k for k, name in enumerate(names) if k != file and name not in NO_CLASS]
    found = [k for k in free if _WORDS & told[k] and not _ABOUT & told[k]]
    found = [k for k in found if 1 < len({cell(row, k) for row in body} - NO_VALUE) < len(body)]
    return found[0] if len(found) == 1 else None


def _others(
    rows: Sequence[Sequence[str]], names: Sequence[str], file: int, label: int, table: str
) -> str:
    """Say which other columns may be the labels and sort the pictures otherwise; "" = none. They
    are called so or, where the one taken has a name that often means something else, look so.
    """
    header, body = rows[0], rows[1 : SAMPLE + 1]
    values = [cell(row, label) for row in body]
    others = []
    free = [k for k, name in enumerate(names) if k not in (file, label) and name not in NO_CLASS]
    words, numbers = _by_content(body, free) if names[label] in WEAK else ([], [])
    for k in (k for k in free if names[k] in LABEL_NAMES or k in words + numbers):
        pairs = set(zip(values, (cell(row, k) for row in body), strict=True))
        if len({b for _, b in pairs}) > 1 and len(pairs) != len(set(values)):
            others.append(f"'{cut(header[k].strip())}'")
    if not others:
        return ""
    if others == [f"'{cut(header[label].strip())}'"]:
        return f"{table} has two columns called {others[0]}; the first is taken as the class."
    return (
        f"Column '{cut(header[label].strip())}' of {table} is taken as the class, though"
        f" {listed(others)} could be it too. To take another, rename it to 'label'."
    )


def _by_content(
    data: Sequence[Sequence[str]], columns: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return the columns of words that repeat, no parts of a data set, and those of whole numbers
    that do.
    """
    words, numbers = [], []
    for k in columns:
        values = [value for row in data if (value := cell(row, k)) not in NO_VALUE]
        different = set(values)
        if not 1 < len(different) <= len(values) / 2 or all(map(split_of, different)):
            continue
        flags = different <= NUMBERS
        if not flags and not all(map(_NUMBER.fullmatch, different)):
            words.append(k)
        elif flags or all(map(_WHOLE.fullmatch, different)):
            numbers.append(k)
    return words, numbers


def _cannot_tell(table: str, header: Sequence[str], missing: str) -> str:
    shown = some_of(header, 8, show=lambda name: f"'{cut(name.strip(), 40)}'")
    return (
        f"{table} has the columns {shown}, and I cannot tell which one {missing}. Call the two"
        " columns 'file' and 'label'."
    )
