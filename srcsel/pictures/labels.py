"""A table of file names and labels (CSV), as people and programs write them, matched to the
pictures of a folder.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from srcsel.base.errors import InputError
from srcsel.base.records import Unreadable
from srcsel.pictures.images import SUFFIXES

TABLE_LIMIT = 200 * 2**20  # bytes
SAMPLE = 200  # rows looked at to find out which column is which

FILE_NAMES = (
    *("file", "filename", "filepath", "path", "image", "imagename", "imagefile", "imagepath"),
    *("img", "picture", "photo", "name", "imageid", "fileid", "id"),
)
LABEL_NAMES = (
    *(
        "label",
        "labels",
        "class",
        "classname",
        "category",
        "target",
        "classlabel",
        "classid",
        "labelname",
    ),
    *("species", "breed", "type", "group", "y", "diagnosis", "tag"),
)
"""Column names, lower case without spaces and signs, the surest first."""


def read_labels(
    table: Path, folder: Path, pictures: Iterable[str], known: Iterable[str] = ()
) -> tuple[dict[str, str], list[Unreadable]]:
    """Match the rows of `table` to `pictures` (paths relative to `folder`, POSIX).

    `known`: files already reported for another reason, not reported again. Returns the label of
    each picture that has exactly one, and every row or picture that could not be used, with the
    reason. Raises InputError where the table has no column of file names or none of labels.
    """
    finder = _Finder(folder, pictures)
    rows = _rows(table)
    file, label, start = _columns(rows, table.name, finder.knows)
    labels: dict[str, str] = {}
    skipped: dict[str, str] = dict.fromkeys(known, "")
    for row in rows[start:]:
        cell, value = _cell(row, file), _cell(row, label)
        path, reason = finder.find(cell)
        if path is None:
            skipped.setdefault(cell, reason.format(table=table.name))
        elif not value:
            skipped[path] = f"It has no label in {table.name}."
        elif labels.setdefault(path, value) != value:
            skipped[path] = (
                f"It has two labels in {table.name}, '{labels[path]}' and '{value}'. Keep the right"
                " one."
            )
    unlabeled = {
        p: f"It is not named in {table.name}."
        for p in finder.paths
        if p not in labels and p not in skipped
    }
    reasons = {path: reason for path, reason in (skipped | unlabeled).items() if reason}
    usable = {path: value for path, value in labels.items() if path not in reasons}
    return usable, [Unreadable(path or "(empty name)", reason) for path, reason in reasons.items()]


class _Finder:
    """Finds the picture a row means: its path, else its name wherever it lies, with or without the
    suffix.
    """

    def __init__(self, folder: Path, pictures: Iterable[str]) -> None:
        self.root = folder.resolve().as_posix()
        self.paths = frozenset(pictures)

    @functools.cached_property
    def _near(self) -> dict[str, str | None]:
        """Pictures by what else they may be called, None where several go by that name; made when
        first needed.
        """
        near: dict[str, str | None] = {}
        for make in (str, posixpath.basename, _stem, lambda p: _stem(posixpath.basename(p))):
            level: dict[str, str | None] = {}
            for path in self.paths:
                key = _folded(make(path))
                level[key] = None if key in level else path
            near = level | near  # an earlier, stricter level wins
        return near

    def knows(self, cell: str) -> bool:
        """Tell whether a cell names one of the pictures."""
        return self.find(cell)[0] is not None

    def find(self, cell: str) -> tuple[str | None, str]:
        """Return the picture's path, or None and the reason (with {table} for the table's name)."""
        name = self._relative(posixpath.normpath(cell.replace("\\", "/"))) if cell else ""
        if name is None:
            return (
                None,
                "It lies outside the chosen folder. Name files in {table} relative to that folder.",
            )
        if name in self.paths:
            return name, ""
        key = _folded(name)
        for candidate in (key, posixpath.basename(key)):
            if (found := self._near.get(candidate, "")) is None:
                return None, "Several pictures go by this name. Write their folders too in {table}."
            if found:
                return found, ""
        return None, "It is named in {table}, but there is no such picture in the folder."

    def _relative(self, name: str) -> str | None:
        """Return the path below the folder; None where it leads outside."""
        if name.startswith("/") or re.match(r"[A-Za-z]:", name):
            place, name = posixpath.split(name)
            for inside in (place, _followed(place)):  # the second for a path through a link
                if f"{inside}/".startswith(f"{self.root}/"):
                    return posixpath.join(inside[len(self.root) + 1 :], name)
            return None
        return None if name.split("/", 1)[0] == ".." else name


@functools.lru_cache(maxsize=1024)
def _followed(folder: str) -> str:
    """Return a folder's path with its links followed."""
    try:
        return Path(folder).resolve().as_posix()
    except (OSError, RuntimeError, ValueError):
        return folder


def _rows(table: Path) -> list[list[str]]:
    """Read all rows that are not empty, whatever the encoding and the separator."""
    try:
        text = _text(table)
        best = max(",;\t|", key=lambda separator: _regular(_parse(text, separator, SAMPLE)))
        rows = _parse(text, best)
    except (OSError, csv.Error) as error:
        raise InputError(
            f"{table.name} cannot be read as a table: {error}. Save it again as CSV (UTF-8)."
        ) from error
    if _regular(rows[:SAMPLE]) == 0:
        raise InputError(
            f"{table.name} is no table with two columns. It needs one line a picture: file,label "
            "(separated by a comma, semicolon or tab)."
        )
    return rows


def _text(table: Path) -> str:
    if table.stat().st_size > TABLE_LIMIT:
        raise InputError(
            f"{table.name} is larger than {TABLE_LIMIT // 2**20} MB, too large for a table of"
            " labels."
        )
    data = table.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what Excel calls "Unicode text"
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _parse(text: str, separator: str, most: int | None = None) -> list[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    return [row for row in itertools.islice(rows, most) if any(cell.strip() for cell in row)]


def _regular(rows: list[list[str]]) -> float:
    """Return the share of rows as wide as the first, 0 where that has a single column."""
    if not rows or len(rows[0]) < 2:
        return 0.0
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows)


def _columns(
    rows: list[list[str]], table: str, knows: Callable[[str], bool]
) -> tuple[int, int, int]:
    """Return the columns of files and labels, and the first row that holds data."""
    names = [re.sub(r"[^a-z]", "", name.lower()) for name in rows[0]]
    width, body = len(names), rows[1 : SAMPLE + 1]
    file = next((names.index(name) for name in FILE_NAMES if name in names), None)
    named = file is not None and not _is_file(_cell(rows[0], file), knows)
    if file is None or (body and not any(_is_file(_cell(row, file), knows) for row in body)):
        hits = [
            sum(_is_file(_cell(row, k), knows) for row in rows[: SAMPLE + 1]) for k in range(width)
        ]
        file = hits.index(max(hits)) if max(hits) > 0 else file
        named = file is not None and not _is_file(_cell(rows[0], file), knows)
    label = next(
        (names.index(n) for n in LABEL_NAMES if named and n in names and names.index(n) != file),
        None,
    )
    if label is None and width == 2 and file is not None:
        label = 1 - file
    if file is None or label is None:
        shown = ", ".join(f"'{name.strip()}'" for name in rows[0][:8])
        missing = "names the picture's file" if file is None else "says its class"
        raise InputError(
            f"{table} has the columns {shown}, and I cannot tell which one {missing}. Call the two"
            " columns 'file' and 'label'."
        )
    return file, label, int(named)


def _is_file(cell: str, knows: Callable[[str], bool]) -> bool:
    return PurePosixPath(cell.replace("\\", "/")).suffix.lower() in SUFFIXES or knows(cell)


def _cell(row: list[str], column: int) -> str:
    return unicodedata.normalize("NFC", row[column].strip()) if column < len(row) else ""


def _stem(path: str) -> str:
    return posixpath.splitext(path)[0]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
