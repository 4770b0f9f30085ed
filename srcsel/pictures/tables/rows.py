"""The rows of a table, whatever its separator and quotes, one at a time."""

from __future__ import annotations

import csv
import itertools
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from srcsel.base.errors import InputError
from srcsel.pictures.tables.layout import (
    Layout,
    alone,
    layout_of,
    parted,
    regular,
)

TABLE_LIMIT = 200 * 2**20  # bytes
ROW_LIMIT = 3_000_000
COLUMN_LIMIT = 4096
ROW_CHARS = 1 << 18  # letters of a row, over all its lines: more is no row, and fills the memory
SAMPLE = 200  # rows looked at to find out the separator, and which column is which
PLAIN = frozenset({".csv", ".tsv", ".tab", ".psv", ".txt"})
LISTS = frozenset({".json", ".jsonl", ".ndjson", ".parquet", ".mat", ".xml"})
"""Endings of lists of labels that are no plain tables (`lists`)."""
SUFFIXES = PLAIN | LISTS


@dataclass(frozen=True)
class Kind:
    """What a table is for, as its faults are told."""

    of: str  # "a table of ..."
    needs: str  # a sentence: what its lines hold


LABELS = Kind(
    "labels",
    "It needs one line a picture: file,label (separated by a comma, semicolon or tab).",
)


class Rows:
    """The rows of one table that are not empty, read anew at each iteration.

    Raises InputError where the file is no table of two columns or more, or too large.
    """

    def __init__(self, table: Path, encoding: str, kind: Kind = LABELS) -> None:
        self.table, self.encoding, self.kind = table, encoding, kind
        self.stray = 0  # lines with an odd number of quotation marks, where they tear the table
        self._alone = False  # whether each line is read on its own
        try:
            self._layout = self._found()
            self.sample = list(itertools.islice(self, SAMPLE + 1))
            self._require_table()
            self._mend_quotes()
        except (OSError, UnicodeError, csv.Error) as error:
            raise self._unreadable(error) from error

    def __iter__(self) -> Iterator[list[str]]:
        """Yield each row, as its cells were written."""
        try:
            with self.table.open(encoding=self.encoding, newline="") as file:
                lines = _Lines(
                    itertools.islice(file, self._layout.skip, None), self.table, self.kind
                )
                rows = lines.rows(self._parsed(lines))
                kept = (row for row in rows if any(map(str.strip, row)))
                for number, row in enumerate(kept):
                    if number >= ROW_LIMIT or len(row) > COLUMN_LIMIT:
                        raise InputError(
                            f"{self.table.name} has more than {ROW_LIMIT:,} rows or"
                            f" {COLUMN_LIMIT:,} columns, too many for a table of {self.kind.of}."
                            " Keep the rows and columns of these pictures."
                        )
                    yield row
        except (OSError, UnicodeError, csv.Error) as error:
            raise self._unreadable(error) from error

    def _found(self) -> Layout:
        with self.table.open(encoding=self.encoding, newline="") as file:
            return layout_of(list(itertools.islice(file, SAMPLE)))

    def _parsed(self, lines: Iterable[str]) -> Iterator[list[str]]:
        if not self._alone:
            yield from parted(lines, self._layout)
            return
        width, separator = len(self.sample[0]), self._layout.separator
        for line in lines:
            row = alone(line, separator)
            stray = line.count('"') % 2 or len(row) != width
            yield _bare(line, separator) if stray else row

    def _require_table(self) -> None:
        if regular(self.sample[:SAMPLE]) == 0:
            raise InputError(f"{self.table.name} is no table with two columns. {self.kind.needs}")

    def _mend_quotes(self) -> None:
        """Read each line on its own where a quotation mark is left open: it would swallow the lines
        after it.
        """
        if self._layout.of_words:
            return
        with self.table.open(encoding=self.encoding, newline="") as file:
            stray = sum(line.count('"') % 2 for line in file)
        if stray and not self._meant():
            self.stray, self._alone = stray, True
            self.sample = list(itertools.islice(self, SAMPLE + 1))

    def _meant(self) -> bool:
        """Tell whether open quotation marks are texts of several lines, not accidents."""
        width, separator, several = len(self.sample[0]), self._layout.separator, False
        try:
            with self.table.open(encoding=self.encoding, newline="") as file:
                lines = _Lines(file, self.table, self.kind)
                for row in lines.rows(parted(lines, Layout(separator))):
                    for cell in row:
                        if "\n" in cell or "\r" in cell:
                            several = True
                            inner = [_bare(line, separator) for line in cell.splitlines()[1:]]
                            if len(row) != width or any(len(cells) == width for cells in inner):
                                return False
        except csv.Error:
            return False
        return several

    def _unreadable(self, error: Exception) -> InputError:
        return InputError(
            f"{self.table.name} cannot be read as a table: {error}. Save it again as CSV (UTF-8)."
        )


class _Lines:
    """The lines of a table, as they are taken for its rows. Raises InputError where a row does not
    end.
    """

    def __init__(self, lines: Iterable[str], table: Path, kind: Kind) -> None:
        self._lines, self._table, self._kind, self._taken = iter(lines), table, kind, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._taken += len(line)
        if self._taken > ROW_CHARS:
            raise _too_long(self._table, self._kind)
        return line

    def rows(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        """Pass on what is made of these lines, row by row."""
        for row in rows:
            self._taken = 0
            yield row


def require_size(table: Path, kind: Kind = LABELS) -> None:
    """Raise InputError for a file larger than a table of its kind is, or with a line longer than
    any of its rows; also for a pipe, which never ends where nobody writes.
    """
    if stat.S_ISFIFO(table.stat().st_mode):
        raise InputError(
            f"{table} is a pipe, which can be read only once. Write the table into a file first."
        )
    if table.stat().st_size > TABLE_LIMIT:
        raise InputError(
            f"{table.name} is larger than {TABLE_LIMIT // 2**20} MB, too large for a table of"
            f" {kind.of}."
        )
    with table.open("rb") as file:
        while line := file.readline(4 * ROW_CHARS + 1):
            if len(line) > 4 * ROW_CHARS:  # UTF-32 has four bytes for each letter
                raise _too_long(table, kind)


def _too_long(table: Path, kind: Kind) -> InputError:
    return InputError(
        f"{table.name} has a row of more than {ROW_CHARS:,} letters, or a quotation mark that is"
        f" never closed: it is no table of {kind.of}. {kind.needs}"
    )


def _bare(line: str, separator: str) -> list[str]:
    """Split a line at its separators; quotation marks around a cell, or one at its edge, go."""
    cells = [cell.strip() for cell in line.rstrip("\r\n").split(separator)]
    return [cell.strip('"').strip() if cell.count('"') < 3 else cell for cell in cells]
