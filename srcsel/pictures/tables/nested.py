"""What JSON files and the like hold, brought into the rows of a table: a heading, then a picture in
each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from srcsel.pictures.layouts import split_of
from srcsel.pictures.tables.names import is_picture_name

Row = list[str]

DEEP = 4  # mappings in one another that are looked into
_SCALARS = (str, int, float, bool, type(None))
_GUESSED = frozenset({"prediction", "predictions", "drafts"})  # what no person has said
FILE_LABEL = ["file", "label"]


def rows_of(content: Any) -> list[Row]:
    """Return the longest table in what a file holds; empty where there is none.

    content: mappings, lists, texts and numbers, as JSON has them. Known are lists of records, lists
    in parallel, name -> label, label -> names, and COCO's pictures and annotations.
    """
    return max(_tables(content, DEEP), key=len, default=[])


def leaves(content: Any) -> list[str]:
    """Return all texts and numbers in what a cell holds, however deep."""
    if isinstance(content, Mapping):
        return [leaf for inner in content.values() for leaf in leaves(inner)]
    if _is_list(content):
        return [leaf for inner in content for leaf in leaves(inner)]
    return [as_cell(content)] if isinstance(content, _SCALARS) and content is not None else []


def _tables(content: Any, depth: int) -> Iterator[list[Row]]:
    if isinstance(content, Mapping):
        for read in (_coco, _parts, _pairs, _classes, _parallel, _keyed):
            if rows := read(content):
                yield rows
                return
        if depth:
            for value in content.values():
                yield from _tables(value, depth - 1)
    elif _is_list(content):
        yield _records(content) or _plain(content)


def _coco(content: Mapping[str, Any]) -> list[Row]:
    """Read COCO: annotations bring pictures and the names of categories together."""
    lists = [content.get(name) or () for name in ("images", "annotations", "categories")]
    if not all(_is_list(one) and all(isinstance(e, Mapping) for e in one) for one in lists):
        return []
    images, annotations, categories = lists
    names = {one.get("id"): as_cell(one.get("name")) for one in categories}
    files = {one.get("id"): as_cell(one.get("file_name")) for one in images}
    found = ((files.get(a.get("image_id")), names.get(a.get("category_id"))) for a in annotations)
    pairs = dict.fromkeys((file, name) for file, name in found if file and name)
    return [FILE_LABEL, *map(list, pairs)] if pairs else []


def _parts(content: Mapping[str, Any]) -> list[Row]:
    """Read lists of records by the part of the data set: train -> [...], val -> [...]."""
    if not content or not all(split_of(str(key)) for key in content):
        return []
    records = []
    for part, values in content.items():
        if not _is_list(values) or not all(isinstance(one, Mapping) for one in values):
            return []
        records += [{"split": part, **one} for one in values]
    return _records(records)


def _pairs(content: Mapping[str, Any]) -> list[Row]:
    """Read name -> value, which may be a label; not parts of a data set."""
    values = content.values()
    if len(content) < 2 or not all(isinstance(value, _SCALARS) for value in values):
        return []
    if all(split_of(as_cell(value)) for value in values):
        return []
    return [["file", "value"], *([str(name), as_cell(label)] for name, label in content.items())]


def _classes(content: Mapping[str, Any]) -> list[Row]:
    """Read label -> names of pictures; not those of the parts of a data set."""
    if not content or not all(map(_is_list, content.values())):
        return []
    if all(split_of(str(label)) for label in content):
        return []
    pairs = [[name, str(label)] for label, names in content.items() for name in names]
    if not all(isinstance(name, str) for name, _ in pairs):
        return []
    named = sum(is_picture_name(name) for name, _ in pairs)
    each = all(any(is_picture_name(name) for name in names) for names in content.values())
    return [FILE_LABEL, *pairs] if each and 2 * named > len(pairs) else []


def _parallel(content: Mapping[str, Any]) -> list[Row]:
    """Read lists of the same length, side by side: files -> [...], labels -> [...]."""
    columns = {
        str(name): values
        for name, values in content.items()
        if _is_list(values) and all(isinstance(one, _SCALARS) for one in values)
    }
    most = max(map(len, columns.values()), default=0)
    columns = {name: values for name, values in columns.items() if len(values) == most}
    if len(columns) < 2 or most < 2:
        return []
    return [
        [*columns],
        *([as_cell(one) for one in row] for row in zip(*columns.values(), strict=True)),
    ]


def _keyed(content: Mapping[str, Any]) -> list[Row]:
    """Read records by the picture's name, or by an id."""
    if len(content) < 2 or not all(isinstance(value, Mapping) for value in content.values()):
        return []
    return _records([{"key": key, **record} for key, record in content.items()])


def _records(content: Sequence[Any]) -> list[Row]:
    """Read a list of mappings; what lies deeper in one counts by its own name."""
    if not content or not all(isinstance(one, Mapping) for one in content):
        return []
    flat = []
    for one in content:
        flat.append(into := {})
        _flatten(one, "", into, DEEP)
    columns = list(dict.fromkeys(name for one in flat for name in one))
    if not columns:
        return []
    return [columns, *([one.get(name, "") for name in columns] for one in flat)]


def _flatten(value: Any, name: str, into: dict[str, str], depth: int) -> None:
    if isinstance(value, Mapping):
        own_first = sorted(value.items(), key=lambda one: not isinstance(one[1], _SCALARS))
        for key, inner in own_first if depth else ():
            if str(key).lower() not in _GUESSED:
                _flatten(inner, str(key), into, depth - 1)
    elif _is_list(value):
        if len(value) == 1 and depth:  # one annotation, one result, one choice
            _flatten(value[0], name, into, depth - isinstance(value[0], list | tuple))
        elif value and all(isinstance(one, str) for one in value):
            into.setdefault(name, ";".join(value))
    elif isinstance(value, _SCALARS) and value is not None:
        into.setdefault(name, as_cell(value))


def _plain(content: Sequence[Any]) -> list[Row]:
    """Read a list of lists of one length as rows; there is no heading."""
    wide = {len(one) if _is_list(one) else 0 for one in content}
    if len(wide) != 1 or wide <= {0, 1}:
        return []
    scalar = all(isinstance(cell, _SCALARS) for row in content for cell in row)
    return [[as_cell(cell) for cell in row] for row in content] if scalar else []


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def as_cell(value: Any) -> str:
    """Return a cell as a table would have it; whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
