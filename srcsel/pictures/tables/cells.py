"""A cell of a table as it is meant: without what programs write around names and labels."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from srcsel.base.spreadsheet import as_named
from srcsel.pictures.tables.names import composed
from srcsel.pictures.tables.nested import leaves

_FORMULA = re.compile(r'="+([^"]*)"+')
_ALONE = re.compile(r"""\[\s*(["']?)([^\[\]{}"',;|]+?)\1\s*\]""")


def cell(row: Sequence[str], column: int) -> str:
    """Return a cell without blanks around it, without the mark that keeps a spreadsheet from
    running it, and out of the formula that keeps one from taking it for a number (="0012"); ""
    where the row is too short.
    """
    text = as_named(row[column].strip()) if column < len(row) else ""
    meant = _FORMULA.fullmatch(text) if text.startswith("=") else None
    return composed(meant[1] if meant else text)


def only(label: str) -> str:
    """Return what stands alone in brackets, as programs write a list of one label (['cat']) or a
    record of it ({"class": "cat"}); any other label as it is.
    """
    if label[:1] not in ("[", "{") or label[-1:] not in ("]", "}"):
        return label
    if bare := _ALONE.fullmatch(label):
        return bare[2]
    try:
        found = leaves(json.loads(label))
    except (ValueError, RecursionError):
        return label
    return found[0] if len(found) == 1 else label
