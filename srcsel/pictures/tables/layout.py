"""How a table is written: what parts its cells, what stands above its rows, and its quotes."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from srcsel.pictures.tables.names import is_picture_name

MARKS = ",;\t|"
BLANK = " "  # the separator of "path number" rows: the last blank of a line
BLANKS = "  "  # of "path number number" rows: each run of blanks
AFTER = "path "  # of "path: some words" rows: the blank or colon behind the picture's name

_EXCEL = re.compile(r'"?sep=(.)"?\s*')
_NUMBER = re.compile(r"[-+]?\d+([.,]\d*)?")
_PATH = re.compile(r"(.+?\.\w+):?\s+(.+)")


@dataclass(frozen=True)
class Layout:
    """How a table is written."""

    separator: str  # one of MARKS, what Excel's first line names, or BLANK, BLANKS, AFTER
    skip: int = 0  # lines before the rows: Excel's `sep=;`, remarks
    quote: str = '"'

    @property
    def of_words(self) -> bool:
        """Whether lines begin with the name of a picture, and no mark parts them."""
        return self.separator in (BLANK, BLANKS, AFTER)


def layout_of(lines: Sequence[str]) -> Layout:
    """Find out how a table is written, by its first lines."""
    if lines and (told := _EXCEL.fullmatch(lines[0])):
        return Layout(told[1], 1)
    skip = _remarks(lines)
    titles = {mark: _titles(lines[skip:], mark) for mark in MARKS}
    below = {
        mark: [line for line in lines[skip + n :] if line.strip()] for mark, n in titles.items()
    }
    shares = {mark: regular([alone(line, mark) for line in below[mark]]) for mark in MARKS}
    best = max(shares, key=lambda mark: shares[mark])
    filled, skip = below[best], skip + titles[best]
    quote = "'" if _single(filled, best) else '"'
    separator = best if shares[best] else _blanks(filled) or best
    return Layout(separator, skip, quote)


def parted(lines: Iterable[str], layout: Layout) -> Iterator[list[str]]:
    """Yield the cells of each row; those of a quoted text may be of several lines. Raises
    csv.Error.
    """
    if layout.separator == AFTER:
        yield from map(_after, lines)
    elif layout.separator in (BLANK, BLANKS):
        most = 1 if layout.separator == BLANK else -1
        yield from (line.strip().rsplit(None, most) for line in lines)
    else:
        yield from _read(lines, layout.separator, layout.quote)


def alone(line: str, separator: str) -> list[str]:
    """Return the cells of a line that is read on its own."""
    return next(_read([line.rstrip("\r\n")], separator), [])


def regular(rows: list[list[str]]) -> float:
    """Return the share of rows as wide as the first, 0 where that has a single column."""
    if not rows or len(rows[0]) < 2:
        return 0.0
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows)


def _read(lines: Iterable[str], separator: str, quote: str = '"') -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)


def _single(lines: list[str], separator: str) -> bool:
    """Tell whether half of the cells or more stand in single quotes."""
    cells = [cell.strip() for line in lines for cell in line.split(separator)]
    return 2 * sum(cell[:1] == "'" == cell[1:][-1:] for cell in cells) >= len(cells) > 0


def _remarks(lines: Sequence[str]) -> int:
    """Return how many lines at the top are remarks: "# ..." without any separator."""
    remarks = itertools.takewhile(
        lambda line: line.startswith("#") and not any(mark in line for mark in MARKS), lines
    )
    return len(list(remarks))


def _titles(lines: Sequence[str], mark: str) -> int:
    """Return how many lines at the top hold nothing but a first cell, and others that are empty, as
    a spreadsheet writes a title above a table.
    """
    for number, line in enumerate(lines):
        first, *others = map(str.strip, alone(line, mark) or [""])
        if any(others):
            return number
        if (line.strip() and not others) or is_picture_name(first):
            break
    return 0


def _blanks(lines: list[str]) -> str:
    """Return which blanks part the cells of lines that begin with a picture's path, "" = none."""

    def paths(rows: Iterable[list[str]]) -> int:
        return sum(len(row) > 1 and is_picture_name(row[0].strip()) for row in rows)

    last = paths(line.strip().rsplit(None, 1) for line in lines)
    after = paths(map(_after, lines))
    if 2 * max(last, after) <= len(lines):
        return ""
    if last >= after:
        return BLANK
    rests = [word for line in lines for word in _after(line)[-1].split()]
    return BLANKS if all(map(_NUMBER.fullmatch, rests)) else AFTER


def _after(line: str) -> list[str]:
    """Split a line behind the name of a picture that it begins with."""
    found = _PATH.fullmatch(line.strip())
    return list(found.groups()) if found else [line.strip()]
