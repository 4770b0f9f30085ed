"""The tables that lie in a folder of pictures, read as far as they can be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from srcsel.base import access
from srcsel.base.errors import InputError
from srcsel.base.phrases import cut, some_of
from srcsel.pictures.kinds import ending
from srcsel.pictures.tables.cells import cell
from srcsel.pictures.tables.lists import opened
from srcsel.pictures.tables.names import Finder
from srcsel.pictures.tables.read import Labeled, read_table
from srcsel.pictures.tables.rows import LISTS
from srcsel.pictures.walk import Tree

SURE = "labels"  # a table of this name is meant; any other may be about something else
MOST = 12  # tables looked into
SHOWN = 3  # names in a sentence
MAP_BYTES = 1 << 16  # of a table that may say how folders are called
_TELLING = re.compile("label|train|meta|annot|class|list", re.IGNORECASE)
_WORKBOOKS = (".xlsx", ".xls", ".ods")
FEW = 3  # JSON files and the like of one folder, from which on they are notes to a picture each
_OTHER = frozenset({"partition", "bbox", "bboxes", "boxes", "landmarks", "splits"})
"""Words of names of tables that say something else than classes."""
_LISTS = re.compile(r"(train|val|valid|test|list|labels?|annotations?)([\W_]?\w*)", re.IGNORECASE)


def require_open(tree: Tree) -> None:
    """Raise InputError for a table labels.* that is a link out of what may be opened."""
    for aside in tree.skipped:
        if aside.reason == access.LEADS_OUT and stem_of(aside.path) == SURE:
            access.require(tree.folder / aside.path)


def candidates(tree: Tree) -> list[str]:
    """Return the tables at the root, or else those in folders beside the pictures, by name."""
    places = ((str(PurePosixPath(path).parent), ending(path)) for path in tree.tables)
    many = Counter(one for one in places if one[1] in LISTS)

    def tabular(path: str) -> bool:
        name = PurePosixPath(path)
        if many[str(name.parent), name.suffix.lower()] > FEW:
            return False
        if _OTHER & set(re.split(r"[\W_]+", name.stem.lower())):
            return False
        return name.suffix.lower() != ".txt" or bool(_LISTS.fullmatch(name.stem))

    root = [path for path in tree.tables if "/" not in path and tabular(path)]
    if all(ending(path) in LISTS for path in root):  # these may be about anything
        bare = tree.bare()
        root += [
            p
            for p in tree.tables
            if p.count("/") == 1
            and p.split("/")[0] in bare
            and not p.lower().endswith(".txt")
            and tabular(p)
        ]
    return sorted(root, key=lambda path: (not _TELLING.search(path), path))[:MOST]


def look(tree: Tree, names: Sequence[str]) -> tuple[list[Labeled], dict[str, str]]:
    """Read tables; return those that are some, and what is wrong with the others."""
    read, wrong, known = [], {}, [u.path for u in tree.skipped]
    for name in names:
        try:
            read.append(read_table(tree.folder / name, tree.folder, tree.pictures, known))
        except InputError as error:
            if ending(name) not in (".txt", *LISTS):  # any text may end so
                wrong[name] = str(error)
    # labels.json may hold the names of classes, and no picture's
    return [one for one in read if one.matched or ending(one.table.name) not in LISTS], wrong


def workbooks(tree: Tree, *, every: bool = False, told: Sequence[str] = ()) -> tuple[str, ...]:
    """Point at files beside the pictures that may hold labels and gave none: what is called
    labels.*, or with `every` whatever there is; `told`: names of which that was said.
    """
    bare = set(tree.bare()) if every else set()
    deeper = sorted(u.path for u in tree.skipped if u.path.split("/")[0] in bare)
    there = [*tree.beside(), *deeper]
    names = [
        name
        for name in there
        if (ending(name) in _WORKBOOKS and (every or stem_of(name) == SURE))
        or (every and ending(name) == ".txt" and "/" not in name and _is_list(name))
    ]
    lists = [n for n in there if ending(n) in LISTS and (every or stem_of(n) == SURE)]
    return (
        *_pointed(names, "is not read", "are not read"),
        *_pointed(
            [n for n in lists if n not in told],
            "gives no picture of this folder a class",
            "give no picture a class",
        ),
    )


def _pointed(names: Sequence[str], one: str, several: str) -> list[str]:
    if not names:
        return []
    said, holds = (one, "it holds") if len(names) == 1 else (several, "one of them holds")
    return [
        f"{some_of(names, SHOWN, show=cut)} {said}. If {holds} the labels, save it as CSV"
        " (file,label)."
    ]


def _is_list(name: str) -> bool:
    return stem_of(name) != SURE and bool(_TELLING.search(stem_of(name)))


def names_folders(tree: Tree, name: str) -> bool:
    """Tell whether a table says how the folders are called: a column holds names of folders alone,
    in no more rows than there are folders.
    """
    firsts = {place.split("/", 1)[0] for place in tree.places if place}
    table = tree.folder / name
    try:
        if len(firsts) < 2 or table.stat().st_size > MAP_BYTES:
            return False
        rows = opened(table, Finder(()))[0].sample
    except (OSError, InputError):
        return False
    for body in (rows, rows[1:]):
        columns = range(len(rows[0]) if 0 < len(body) <= len(firsts) else 0)
        if any({cell(row, k) for row in body} <= firsts for k in columns):
            return True
    return False


def unread(tree: Tree, tables: Sequence[str], taken: str) -> tuple[str, ...]:
    """Name a text labels.txt of the tables that says of no picture what it shows, and why; `taken`:
    the one in use.
    """
    texts = [n for n in tables if stem_of(n) == SURE and n.lower().endswith(".txt")]
    if not texts or taken in texts:
        return ()
    why = "its lines do not begin with names of pictures here."
    try:
        read_table(tree.folder / texts[0], tree.folder, tree.pictures)
    except InputError as error:
        why = str(error) if " is no table with two columns" not in str(error) else why
    return (
        f"{texts[0]} was not used: {why} If it holds the labels, write one line a picture:"
        " file,label.",
    )


def stem_of(name: str) -> str:
    """Return a file's name without folder and ending, in small letters."""
    return PurePosixPath(name).stem.casefold()
