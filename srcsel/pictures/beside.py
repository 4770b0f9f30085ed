"""What lies in the folders beside pictures and may say their classes, where folder names are taken
for them: tables, lists of other kinds, the names of the pictures themselves.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter

from srcsel.base.phrases import count, cut, some_of
from srcsel.base.records import Unreadable
from srcsel.pictures.kinds import ending
from srcsel.pictures.layouts import is_of_masks, parts_among, split_of
from srcsel.pictures.tables.candidates import FEW
from srcsel.pictures.tables.rows import LISTS
from srcsel.pictures.walk import Tree

SHOWN = 4  # names in a sentence
_UNREAD = (".json", ".jsonl", ".xml")
_TEXTS = re.compile(r"labels?\.txt", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<kind>.*[^\W\d_].*?)[\W_]*\d+[)\]]?")  # cat.1, cat (1)
_NUMBER_FIRST = re.compile(r"\d+[\W_]+(?P<kind>[^\W\d_].*)")  # 0001_cat
_ROBOFLOW = re.compile(r"_(jpe?g|png|webp|bmp)\.rf\.\w+$")
_CAMERA = frozenset(
    {*("img", "dsc", "dscn", "dscf", "pxl", "image", "images", "photo", "pic", "picture", "frame")}
    | {*("scan", "screenshot", "whatsapp image", "image from ios", "file", "im", "p", "imgp")}
)
"""How cameras and programs begin the names of all their pictures, in small letters."""
MAGIC = 132  # bytes from which a DICOM file tells what it is


def notes_of(tree: Tree) -> list[str]:
    """Say what lies in the folders of pictures, and in the names of pictures all in one folder,
    and may give the classes.
    """
    return [*_tables(tree), *_lists(tree), *_names(tree)]


def _tables(tree: Tree) -> list[str]:
    """Point at tables that lie in the folders, of which those of the part to learn from first."""
    full = {place.partition("/")[0] for place in tree.places if place}
    inside = [
        path
        for path in tree.tables
        if path.partition("/")[0] in full
        and (ending(path) != ".txt" or _TEXTS.fullmatch(path.rpartition("/")[2]))
        and (ending(path) not in LISTS or _is_of_part(tree, path))
    ]
    if not inside:
        return []
    first = min(inside, key=lambda path: (split_of(path.partition("/")[0]) != "train", path))
    lie = "1 table lies" if len(inside) == 1 else f"{len(inside):,} tables lie"
    was = "it was" if len(inside) == 1 else "they were"
    return [
        f"{lie} in the folders, such as {cut(first)}, and {was} not looked into: the folder names"
        f" are the classes. To use {'it' if len(inside) == 1 else 'one'}, give its folder: srcsel"
        f" rank {shlex.quote(str((tree.folder / first).parent))}."
    ]


def _is_of_part(tree: Tree, path: str) -> bool:
    """Tell whether a list lies in the folder of a part of a data set, with few others."""
    place, suffix = path.rpartition("/")[0], ending(path)
    return bool(split_of(place)) and tree.passed[place, suffix] <= FEW


def _lists(tree: Tree) -> list[str]:
    """Point at files of other kinds among the pictures that may hold labels."""
    kinds = Counter[str]()
    for (place, suffix), n in tree.passed.items():
        if (
            suffix in _UNREAD
            and place in tree.places
            and place
            and not (split_of(place) and n <= FEW)
        ):
            kinds[suffix] += n
    return [
        f"{count(n, f'{suffix} file')} {'lies' if n == 1 else 'lie'} among the pictures and"
        f" {'is' if n == 1 else 'are'} not read. If labels stand there, save them as one CSV"
        " (file,label)."
        for suffix, n in sorted(kinds.items())
    ]


def _names(tree: Tree) -> list[str]:
    """Say that names such as cat.1.jpg seem to give the classes, where no folders do."""
    firsts = sorted({place.partition("/")[0] for place in tree.places})
    parts = parts_among(firsts)
    meant = [place for place in tree.places if not is_of_masks(place)]
    if any("/" in place for place in meant) or (len(firsts) > 1 and 2 * len(parts) <= len(firsts)):
        return []
    names = [path.rpartition("/") for path in tree.pictures]
    stems = [
        _ROBOFLOW.sub("", name.rpartition(".")[0]) for place, _, name in names if place in meant
    ]
    kinds = Counter(
        found["kind"]
        for stem in stems
        if (found := _NUMBER_FIRST.fullmatch(stem) or _NUMBERED.fullmatch(stem))
    )
    for name, n in list(kinds.items()):
        if n < 2 or name.casefold() in _CAMERA or split_of(name):
            del kinds[name]
    if len(kinds) < 2 or 2 * kinds.total() < len(stems):
        return []
    told = some_of(kinds.most_common(), SHOWN, show=lambda one: f"'{cut(one[0])}' ({one[1]:,})")
    return [
        f"The names of the pictures seem to say their classes: {told}. Names are not read for"
        " that: put the pictures of each into a folder of its own, or add a table labels.csv"
        " (file,label)."
    ]


def hidden_kind(tree: Tree, aside: Unreadable) -> str:
    """Return what a file without an ending is by its first bytes, where that is a usual kind of
    picture; "" = not known.
    """
    try:
        if tree.names is not None or ending(aside.path):
            return ""
        with (tree.folder / aside.path).open("rb") as file:
            head = file.read(MAGIC)
    except OSError:
        return ""
    if head[128:] == b"DICM":
        return "It is a DICOM file. Export single pictures as PNG."
    if head[:1] == b"\x80" or re.match(rb"\0\0[\x08-\x0e][\x01-\x04]", head):
        return (
            "It is an array of numbers (of Python or MNIST), not a picture file. Save each picture"
            " in it as PNG."
        )
    for start, kind in ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF")):
        if head.startswith(start):
            return f"It is a picture ({kind}) without an ending: add .{kind.lower()} to the names."
    return ""
