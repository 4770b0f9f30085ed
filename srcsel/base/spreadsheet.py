"""CSV that a spreadsheet only shows: a cell with a name that begins like a formula is not run.

A `'` is put before such names, as OWASP advises (CSV injection), and before those that begin with
one, so that `as_named` finds the name again. All texts are quoted, so that a program that separates
by semicolons or tabs finds no further cell inside one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the last: full width
_MARK = "'"


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows below a line of column names; what is not known (None, nan) is left empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([safe_cell(name) for name in columns])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def safe_cell(value: object) -> object:
    """Return a text that no spreadsheet runs; numbers as they are."""
    if isinstance(value, str):
        return _MARK + value if value.startswith((*_FORMULA, _MARK)) else value
    try:
        known = bool(value == value)
    except TypeError:  # pandas.NA does not say
        known = False
    return value if known else None


def as_named(cell: str) -> str:
    """Return the name that `safe_cell` made the cell of."""
    return cell[1:] if cell.startswith(_MARK) and cell[1:].startswith((*_FORMULA, _MARK)) else cell
