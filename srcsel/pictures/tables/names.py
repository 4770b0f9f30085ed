"""How a file is called in a table and in a folder, and which two names mean the same file."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from srcsel.pictures.images import SUFFIXES
from srcsel.pictures.layouts import split_of

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ENDING = re.compile(
    "|".join(
        re.escape(one) for one in (*sorted(SUFFIXES, key=len, reverse=True), ".dcm", ".dicom")
    ).join(("(", ")$"))
)
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")  # before each name in Label Studio
_DRIVE = re.compile(r"[A-Za-z]:(?=/)")


def composed(text: str) -> str:
    """Return the text with each accented letter as one character, however it was written."""
    return unicodedata.normalize("NFC", text)


def base(cell: str) -> str:
    """Return the last part of a path."""
    return posixpath.basename(cell.replace("\\", "/").strip())


def is_picture_name(cell: str) -> bool:
    """Tell whether a cell ends like the name of a picture file."""
    return os.path.splitext(cell.split("?", 1)[0])[1].lower() in SUFFIXES  # noqa: PTH122 - cells by the million


def spellings(cell: str) -> list[str]:
    """Return the paths a cell may mean: with `/`, without drive, scheme, `./` and leading `../`;
    as written first, then with URL-escapes read.
    """
    text = cell
    if _SCHEME.match(text):
        address = urlsplit(text)
        text = address.netloc + address.path
    ways = dict.fromkeys((text, unquote(text)) if "%" in text else (text,))
    return [path for way in ways if (path := _plain(way))]


def _plain(text: str) -> str:
    text = posixpath.normpath(_DRIVE.sub("", composed(text).replace("\\", "/")))
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def related(one: str, other: str) -> bool:
    """Tell whether one path is a tail of the other, whole names compared, capitals aside."""
    short, long = sorted((folded(one).split("/"), folded(other).split("/")), key=len)
    return long[-len(short) :] == short


def folded(text: str) -> str:
    """Return the text without what a system may not tell apart: capitals and Unicode forms."""
    return composed(text).casefold()


def stem(path: str) -> str:
    """Return the path without its ending."""
    return posixpath.splitext(path)[0]


class Finder:
    """Finds the picture that a row means: one path must be a tail of the other, and one alone."""

    def __init__(
        self,
        pictures: Iterable[str],
        folder: str = "",
        part: str = "",
        *,
        loose: bool = False,
        inside: str = "",
    ) -> None:
        """`pictures`: paths relative to the folder, POSIX; `folder`: its name; `part`: of a data
        set, in whose folder a name is looked for where several have it; `loose`: zeros before a
        number, the ending, and what Label Studio writes before a name do not count; `inside`: a
        folder that all of them lie in, POSIX, which rows may call otherwise.
        """
        self.paths = frozenset(pictures)
        self._head = f"{inside}/" if inside else ""
        self.folder = folder
        self._part, self._heads = part, defaultdict[str, list[str]](list)
        for first in sorted({path.partition("/")[0] for path in self.paths if "/" in path}):
            self._heads[split_of(first)].append(first)
        self._loose = self._loosely_named() if loose else ()
        self._indices: dict[tuple[bool, bool], _Index] = {}

    def find(self, cell: str, part: str = "") -> tuple[str | None, bool]:
        """Return the picture's path or None, and whether several pictures fit; `part`: of a data
        set, that the row names.

        As written first, then with capitals aside; a name without a picture's ending (an id) also
        means the picture that is called so but for its ending.
        """
        ways = spellings(cell) if cell else []
        found, several = self._strictly(ways)
        if several and (part := part or self._part):
            heads = [f"{head}/{path}" for head in self._heads.get(part, ()) for path in ways]
            found, _ = self._strictly(heads)
        elif found is None and self._loose:
            as_they_are, shortened = self._loose
            for path in ways:
                # off one of two names alone: where both have one, it tells them apart
                tries = [(as_they_are, path), (shortened, path), (as_they_are, _shortened(path))]
                for index, name in tries:
                    torn = False
                    if found is None and name:
                        found, torn = index.find(_loosely(name), self.folder)
                    several |= torn
        return found, several and found is None

    def _strictly(self, ways: Iterable[str]) -> tuple[str | None, bool]:
        several = False
        for path in ways:
            for bare in (False,) if is_picture_name(path) else (False, True):
                for fold in (False, True):
                    key = folded(path) if fold else path
                    found, torn = self._index(fold=fold, bare=bare).find(key, self.folder)
                    if found is not None:
                        return found, False
                    several |= torn
        return None, several

    def _loosely_named(self) -> tuple[_Index, _Index]:
        """Index the pictures by their loose names: as they are called, and without what Label
        Studio wrote before them.
        """
        short = {path: _shortened(self._seen(path)) for path in self.paths}
        return (
            _Index((_loosely(self._seen(path)), path) for path in self.paths),
            _Index((_loosely(name), path) for path, name in short.items() if name),
        )

    def _seen(self, path: str) -> str:
        return path.removeprefix(self._head)

    def names(self) -> set[str]:
        """Return the names of the pictures without their folders."""
        return {composed(base(path)) for path in self.paths}

    def _index(self, *, fold: bool, bare: bool) -> _Index:
        if (fold, bare) not in self._indices:
            spelled = folded if fold else composed
            keys = ((spelled(self._seen(p)), p) for p in self.paths)
            self._indices[fold, bare] = _Index((stem(k) if bare else k, p) for k, p in keys)
        return self._indices[fold, bare]


def _loosely(path: str) -> str:
    """Return a path without ending, capitals, and zeros before a number: 7 of "0007.png", and of
    7.0, which a spreadsheet made of it.
    """
    place, _, name = folded(path).rpartition("/")
    name = re.sub(r"\.0$", "", _ENDING.sub("", name))
    name = name.lstrip("0") or "0" if name.isdigit() else name
    return f"{place}/{name}" if place else name


def _shortened(path: str) -> str:
    """Return a path without what Label Studio writes before a name, "" where it does not."""
    place, mark, name = path.rpartition("/")
    short = _UPLOADED.sub("", name, count=1) if _UPLOADED.match(name) else ""
    return f"{place}{mark}{short}" if short else ""


class _Index:
    """Pictures by how they are called, whole and by every tail of their path; None = several."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        self.whole: dict[str, str | None] = {}
        self.tails: dict[str, str | None] = {}
        for key, path in keys:
            self.whole[key] = None if key in self.whole else path
            for tail in _tails(key):
                self.tails[tail] = None if tail in self.tails else path

    def find(self, row: str, folder: str) -> tuple[str | None, bool]:
        """Return the picture that shares most of the row's path, and whether several do."""
        if row in self.whole:
            return self.whole[row], self.whole[row] is None
        if row in self.tails:
            return self.tails[row], self.tails[row] is None
        for tail in _tails(row):
            if tail in self.whole:
                above = row[: -len(tail) - 1].rsplit("/", 1)[-1]
                found = None if _another_split(above, folder) else self.whole[tail]
                return found, self.whole[tail] is None
        return None, False


def _tails(path: str) -> Iterable[str]:
    """Every shorter tail of a path, the longest first."""
    while "/" in path:
        path = path.split("/", 1)[1]
        yield path


def _another_split(above: str, folder: str) -> bool:
    """Tell whether a row speaks of "val/..." where the folder is called "train"."""
    asked, here = split_of(above), split_of(folder)
    return bool(asked and here and asked != here)
