"""Lists of labels that are no plain tables, read as the rows of one: JSON, JSON lines, Parquet,
.mat of MATLAB, and the XML that CVAT writes. No file can run anything.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from srcsel.base.errors import InputError, PictureError
from srcsel.pictures import apart
from srcsel.pictures.kinds import ending
from srcsel.pictures.tables.columns import LABEL_NAMES
from srcsel.pictures.tables.encoding import encoding_of
from srcsel.pictures.tables.names import Finder, stem
from srcsel.pictures.tables.nested import FILE_LABEL, Row, as_cell, rows_of
from srcsel.pictures.tables.rows import LISTS, ROW_LIMIT, SAMPLE, Rows, require_size

LIST_LIMIT = 64 * 2**20  # bytes; many times as many in memory
NEEDS = "Save the labels as CSV (file,label)."
IN_ORDER = (
    "{} holds one label for each of the {:,} pictures and no names: they are taken in the order of"
    " the numbers in the names, the first for {}."
)
_NUMBERED = re.compile(r"(.*?)(\d+)")


class Listed:
    """The rows of such a file. Raises InputError where it is too large, or holds no rows."""

    stray = 0  # as of `Rows`

    def __init__(self, table: Path, pictures: Collection[str] = ()) -> None:
        self.said = ""
        self._rows, in_order = _rows(table, pictures)
        if in_order:
            self.said = IN_ORDER.format(table.name, len(pictures), self._rows[1][0])
        if not self._rows:
            raise InputError(f"{table.name} holds no list of names and labels. {NEEDS}")
        self.sample = self._rows[: SAMPLE + 1]

    def __iter__(self) -> Iterator[Row]:
        """Yield each row."""
        return iter(self._rows)


def opened(table: Path, finder: Finder) -> tuple[Rows | Listed, str]:
    """Open a table of labels, or a list of them, for the pictures that `finder` knows; say how it
    was read, "" = as usual.

    Raises InputError, OSError.
    """
    if ending(table.name) in LISTS:
        listed = Listed(table, finder.paths)
        return listed, listed.said
    require_size(table)
    encoding, said = encoding_of(table, finder.names)
    return Rows(table, encoding), said


def _rows(table: Path, pictures: Collection[str]) -> tuple[list[Row], bool]:
    """Return the rows a file holds, and whether they are labels in the order of the pictures."""
    if table.stat().st_size > LIST_LIMIT:
        raise InputError(
            f"{table.name} is larger than {LIST_LIMIT // 2**20} MB, too large for a list of labels."
            f" {NEEDS}"
        )
    try:
        data, kind = table.read_bytes(), ending(table.name)
        content = apart.call(_APART[kind], data) if kind in _APART else _HERE[kind](data)
        rows = rows_of(content)
        told = [] if rows else _in_order(content, pictures)
    except (ValueError, TypeError, RecursionError, MemoryError, PictureError) as error:
        raise InputError(f"{table.name} cannot be read as a list of labels. {NEEDS}") from error
    return rows or told, bool(told)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return _lines(data)  # JSON lines under the other's ending


def _lines(data: bytes) -> Any:
    lines = data.decode("utf-8-sig").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def read_parquet(data: bytes) -> Any:
    """Return the plain columns of a Parquet file, by name. Raises PictureError.

    Called where time and memory are limited (`apart`): a text may stand for millions of cells.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        nested = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary)
        plain = [one.name for one in file.schema_arrow if not any(is_(one.type) for is_ in nested)]
        if file.metadata.num_rows > ROW_LIMIT or not plain:
            raise PictureError("no table of labels")
        columns = file.read(columns=plain).to_pydict()
        return {name: list(map(_told, values)) for name, values in columns.items()}
    except (pa.ArrowException, RecursionError) as error:
        raise PictureError(str(error)) from error


def _told(value: Any) -> Any:
    """Return a plain value as it is, a date or the like as text."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def read_mat(data: bytes) -> Any:
    """Return the variables of a .mat file as plain values. Raises PictureError.

    Called where a file that breaks the library ends nothing else (`apart`).
    """
    from scipy.io import loadmat

    try:
        found = loadmat(io.BytesIO(data), simplify_cells=True)
        return {name: _plain(value) for name, value in found.items() if not name.startswith("__")}
    except Exception as error:  # the library raises anything at all on hostile bytes
        raise PictureError(str(error)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # an array or a number of NumPy
        return _plain(value.tolist())
    if isinstance(value, str):
        return value.strip()
    return value if isinstance(value, int | float) else None


def read_xml(data: bytes) -> Any:
    """Return (file, label) of each picture in the XML of CVAT, its tags before what is drawn.
    Raises PictureError.

    Called where time and memory are limited (`apart`): entities of XML can ask for any amount.
    """
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(data)
    except Exception as error:  # the library raises anything at all on hostile bytes
        raise PictureError(str(error)) from error
    rows = [FILE_LABEL]
    for image in root.iter("image"):
        tags = image.findall("tag") or list(image)
        labels = dict.fromkeys(tag.get("label", "") for tag in tags)
        rows += [[image.get("name", ""), label] for label in labels if label]
    return rows


_Reader = Callable[[bytes], Any]
_HERE: dict[str, _Reader] = {".json": _json, ".jsonl": _lines, ".ndjson": _lines}
_APART: dict[str, _Reader] = {".parquet": read_parquet, ".mat": read_mat, ".xml": read_xml}
"""Where time and memory are limited."""


def _in_order(content: Any, pictures: Collection[str]) -> list[Row]:
    """Return the rows of labels that stand without names, one for each picture by its number."""
    lists = {"": content} if isinstance(content, list) else content
    if not isinstance(lists, dict) or len(pictures) < 2:
        return []
    meant = [v for k, v in lists.items() if not k or any(n in k.lower() for n in LABEL_NAMES[:6])]
    labels = next((v for v in meant if isinstance(v, list) and len(v) == len(pictures)), None)
    if labels is None or not all(isinstance(one, str | int | float) for one in labels):
        return []
    found = {path: _NUMBERED.fullmatch(stem(path)) for path in pictures}
    numbers = {path: int(match[2]) for path, match in found.items() if match}
    if len({match[1] for match in found.values() if match}) != 1 or len(numbers) != len(pictures):
        return []
    ordered = sorted(numbers, key=lambda path: numbers[path])
    first = numbers[ordered[0]]
    if first > 1 or [numbers[path] for path in ordered] != list(range(first, first + len(ordered))):
        return []
    return [FILE_LABEL, *([path, as_cell(k)] for path, k in zip(ordered, labels, strict=True))]
