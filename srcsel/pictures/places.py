"""Folders that may be opened, one level at a time, and how many pictures each holds: for choosing
one by hand; and which one a mistyped path may have meant.

Names only. Which folders there are to see is `base.access`'s decision: links that lead out of them
are not followed, and hidden folders are not shown.
"""

from __future__ import annotations

import difflib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from srcsel.base import access
from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings
from srcsel.pictures.images import SUFFIXES
from srcsel.pictures.kinds import JUNK, ending

MOST_SEEN = 20_000  # files and folders looked at for one number
ALIKE = 0.7  # of `difflib`'s ratio, from which a name may be another one mistyped
MEANT = 3  # such folders at most


@dataclass(frozen=True)
class Count:
    """How many pictures a folder holds, those of the folders below too."""

    pictures: int
    whole: bool  # False: there may be more


def starts() -> list[Path]:
    """Return the folders to begin with: the roots, or where nothing limits it the person's own."""
    roots = load_settings().roots
    there = [Path.home()] if roots is None else list(roots)
    return [path for path in there if path.is_dir()]


def way_to(folder: Path) -> list[Path]:
    """Return the folders from the outermost that may be opened down to this one."""
    return [path for path in (*reversed(folder.parents), folder) if access.allowed(path)]


def inside(folder: Path) -> list[Path]:
    """Return the folders of one level, by name. Raises InputError where it cannot be opened."""
    access.require(folder)
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if _is_shown(entry)]
    except OSError as error:
        raise InputError(
            f"{folder} cannot be opened: {error.strerror}. Choose another folder."
        ) from error
    return sorted(found, key=lambda path: (path.name.casefold(), path.name))


def meant(path: Path) -> list[Path]:
    """Return the folders that a path which leads nowhere may mean, the likest first: those beside
    its first name that is missing, with the rest of it where that is there too. None where no name
    is near.
    """
    parent = next((p for p in path.parents if p.is_dir()), None)
    if parent is None or not access.allowed(parent):
        return []
    missing, *rest = path.relative_to(parent).parts
    try:
        there = {folder.name.casefold(): folder for folder in inside(parent)}
    except InputError:
        return []
    like = difflib.get_close_matches(missing.casefold(), there, n=MEANT, cutoff=ALIKE)
    return [whole if (whole := there[n].joinpath(*rest)).is_dir() else there[n] for n in like]


def count(folder: Path, until: float, most: int = MOST_SEEN) -> Count | None:
    """Count pictures by their names; links are not followed.

    until: time.monotonic() at which it gives up. None where it did; `most` files and folders are
    looked at.
    """
    pictures = seen = 0
    todo = [str(folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if seen > most:
                        return Count(pictures, whole=False)
                    if entry.name.startswith(".") or entry.name.lower() in JUNK:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    elif ending(entry.name.lower()) in SUFFIXES:
                        pictures += 1
        except OSError:
            continue  # what cannot be opened holds none for us
        if time.monotonic() > until:
            return None if todo else Count(pictures, whole=True)
    return Count(pictures, whole=True)


def _is_shown(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name.lower() in JUNK:
        return False
    try:
        entry.name.encode()
        return entry.is_dir() and access.allowed(Path(entry.path))
    except (OSError, UnicodeEncodeError):  # a broken link; a name that no page can show
        return False
