"""All that lies below a folder, from names alone: pictures, tables, and what is left aside and
why.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from srcsel.base import access
from srcsel.base.errors import InputError
from srcsel.base.phrases import spoken, whole_path
from srcsel.base.records import Unreadable
from srcsel.pictures import places
from srcsel.pictures.images import SUFFIXES
from srcsel.pictures.kinds import HIDDEN, IGNORED, JUNK, ending, reason_of, told
from srcsel.pictures.tables.rows import SUFFIXES as TABLES


@dataclass(frozen=True)
class Tree:
    """Every picture below a folder, and what was left aside; paths relative, POSIX."""

    folder: Path
    pictures: list[str]
    skipped: list[Unreadable]
    tables: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Files not worth a word each, by their folder and ending."""
    names: Sequence[str] | None = None
    """What lies below, where only its names are known; None where it lies in `folder`."""

    @cached_property
    def places(self) -> frozenset[str]:
        """Folders that hold a picture themselves, "" for the first: few where pictures are many."""
        return frozenset(path.rpartition("/")[0] for path in self.pictures)

    def below(self, name: str) -> Tree:
        """Return the same, seen from the sub-folder `name`; what lies elsewhere keeps its
        reason.
        """
        head = name + "/"
        aside = [
            Unreadable(
                u.path.removeprefix(head) if u.path.startswith(head) else f"../{u.path}", u.reason
            )
            for u in self.skipped
        ]
        passed = {
            (f"{place}/".removeprefix(head).rstrip("/"), suffix): n
            for (place, suffix), n in self.passed.items()
            if f"{place}/".startswith(head)
        }
        return Tree(
            self.folder / name,
            _inside(self.pictures, head),
            aside,
            _inside(self.tables, head),
            _inside(self.folders, head),
            Counter(passed),
            None if self.names is None else _inside(self.names, head),
        )

    def beside(self) -> list[str]:
        """Return the names of the files that lie in the folder itself, sorted."""
        if self.names is None:
            return sorted(path.name for path in self.folder.iterdir())
        return sorted(name for name in self.names if "/" not in name)

    def bare(self, depth: int = 0) -> list[str]:
        """Return the folders `depth` below the first that hold no picture, sorted."""
        full = {"/".join(place.split("/")[: depth + 1]) for place in self.places}
        return sorted(
            name for name in self.folders if name.count("/") == depth and name not in full
        )

    def held(self, name: str) -> str:
        """Return what a folder holds: "12 .npy, 1 .txt", "empty", or why that is not known."""
        head, kinds = name + "/", Counter[str]()
        for aside in self.skipped:
            if aside.path == name:
                return aside.reason.rstrip(".")
            if aside.path.startswith(head):
                kinds[ending(aside.path)] += 1
        for (place, suffix), n in self.passed.items():
            if f"{place}/".startswith(head):
                kinds[suffix] += n
        held = ", ".join(f"{n:,} {kind or 'without ending'}" for kind, n in kinds.most_common(3))
        return held or "empty"


def walk(folder: Path) -> Tree:
    """Look through all folders below, each once, links to folders last; one system call a folder,
    none a file.
    """
    if not folder.is_dir():
        raise InputError(missing(folder))
    tree = Tree(folder, [], [])
    todo, links, seen = [""], [], set()
    while todo or links:
        place = todo.pop() if todo else links.pop()
        try:
            about = (folder / place).stat()
            if (about.st_dev, about.st_ino) in seen:
                tree.skipped.append(
                    Unreadable(place, "It is a link to a folder that is counted already.")
                )
                continue
            seen.add((about.st_dev, about.st_ino))
            with os.scandir(folder / place) as entries:
                for entry in entries:
                    _sort_in(
                        entry, f"{place}/{entry.name}" if place else entry.name, tree, todo, links
                    )
        except OSError as error:
            if not place:
                raise InputError(_locked(folder, error)) from error
            tree.skipped.append(
                Unreadable(place, f"This folder cannot be opened: {error.strerror}.")
            )
    return tree


def tree_of(folder: Path, names: Sequence[str]) -> Tree:
    """Return what `walk` would find in `folder` if files of these names (relative, POSIX) lay
    there.
    """
    tree = Tree(folder, [], [], names=names)
    seen, passed = {""}, set[str]()  # folders that are looked into, and those that are not
    for path in names:
        place, _, name = path.rpartition("/")
        if place not in seen and place not in passed:
            _add_folders(place, tree, seen, passed)
        if place in seen and _is_wanted(name.lower(), path, tree):
            _add_file(path, tree, ordinary=True)
    return tree


def _add_folders(place: str, tree: Tree, seen: set[str], passed: set[str]) -> None:
    """Add a folder with those around it, unless `walk` would pass one of them over."""
    path = ""
    for name in place.split("/"):
        path = f"{path}/{name}" if path else name
        if path in seen:
            continue
        if path in passed or not _is_wanted(name.lower(), path, tree):
            passed |= {path, place}
            return
        seen.add(path)
        tree.folders.append(path)


def _is_wanted(name: str, path: str, tree: Tree) -> bool:
    """Tell whether a name, in small letters, is looked at; what nobody can read is said."""
    if name.startswith(HIDDEN) or name in JUNK:
        return False
    if not _speakable(name):
        shown = path.encode("utf-8", "replace").decode()
        tree.skipped.append(
            Unreadable(shown, "Its name has letters this computer cannot show. Rename it.")
        )
        return False
    return True


def _sort_in(
    entry: os.DirEntry[str], path: str, tree: Tree, todo: list[str], links: list[str]
) -> None:
    if not _is_wanted(entry.name.lower(), path, tree):
        return
    if entry.is_symlink() and not access.allowed(Path(entry.path)):
        tree.skipped.append(Unreadable(path, access.LEADS_OUT))
        return
    try:
        if entry.is_dir():
            (links if entry.is_symlink() else todo).append(path)
            tree.folders.append(path)
            return
        ordinary = entry.is_file()
    except OSError:
        ordinary = False
    _add_file(path, tree, ordinary=ordinary)


def _add_file(path: str, tree: Tree, *, ordinary: bool) -> None:
    suffix = ending(path.rpartition("/")[2])
    if suffix in SUFFIXES and ordinary:
        tree.pictures.append(path)
        return
    if suffix not in IGNORED:
        tree.skipped.append(Unreadable(path, reason_of(suffix, ordinary)))
    else:
        tree.passed[path.rpartition("/")[0], suffix] += 1
    if suffix in TABLES and ordinary:
        tree.tables.append(path)


def _speakable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _inside(paths: Sequence[str], head: str) -> list[str]:
    return [path.removeprefix(head) for path in paths if path.startswith(head)]


def missing(folder: Path) -> str:
    """Say that a path is no folder of pictures, and which one it may mean."""
    shown = whole_path(folder)
    if folder.exists():
        why = told(ending(folder.name))
        ask = "Choose the folder that holds one sub-folder per class."
        return spoken(f"{shown} is a file.", why, ask)
    parent = next((p for p in folder.parents if p.is_dir()), None)
    if parent is None or not access.allowed(parent):
        return f"I cannot open {shown}. Copy the folder's path again."
    near = places.meant(folder)
    hint = f" Did you mean {' or '.join(map(str, near))}?" if near else ""
    return f"I cannot open {shown}: there is no such folder.{hint} Copy the folder's path again."


def _locked(folder: Path, error: OSError) -> str:
    return (
        f"{folder} cannot be opened: {error.strerror}. Ask for permission, or choose another"
        " folder."
    )
