"""Tables with a column for each class, in which a mark says which class a picture is of."""

from __future__ import annotations

from collections.abc import Sequence

from srcsel.base.errors import InputError
from srcsel.pictures.tables.cells import cell

SINGLE = 0.9  # of the rows that have exactly one 1, from which two columns are one-hot
FLAGS = 3  # columns of 0 and 1 from which half of that is enough
_BY_NUMBER = (
    frozenset({"1", "1.0", "true", "True", "TRUE"}),
    frozenset({"0", "0.0", "-1", "-1.0", "false", "False", "FALSE", ""}),
)
NUMBERS = _BY_NUMBER[0] | _BY_NUMBER[1]
ON, OFF = (  # with what people write by hand
    _BY_NUMBER[0] | {"x", "X", "✓", "✔", "yes", "Yes", "YES", "y", "Y", "ja", "Ja", "oui", "sí"},
    _BY_NUMBER[1] | {"no", "No", "NO", "n", "N", "nein", "Nein", "non", "-"},
)


def one_hot(data: Sequence[Sequence[str]], columns: Sequence[int]) -> list[int]:
    """Return the columns that hold only 0 and 1, where these are two or more and nearly no row has
    none of them, or most have several: each then says of one class whether the picture is of it.
    Flags that have nothing to do with each other are none.
    """
    hot = [k for k in columns if data and all(cell(row, k) in ON | OFF for row in data)]
    some = [k for k in hot if any(cell(row, k) in ON | {"0", "0.0"} for row in data)]
    if len(some) < 2:
        return []
    on = [sum(cell(row, k) in ON for k in some) for row in data]
    least = SINGLE if len(some) < FLAGS else SINGLE / 2
    single = sum(n == 1 for n in on) >= least * len(data)
    several = 2 * sum(n > 1 for n in on) > len(data)
    return some if single or several else []


def require_single(data: Sequence[Sequence[str]], hot: Sequence[int], table: str) -> None:
    """Raise InputError where most rows have a mark in several of these columns."""
    several = sum(sum(cell(row, k) in ON for k in hot) > 1 for row in data)
    if 2 * several > len(data):
        raise InputError(
            f"{table} gives most pictures several classes at once. Scores compare classes that"
            " exclude each other: make a table with one class for each picture (file,label)."
        )
