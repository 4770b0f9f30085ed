"""Packed folders that all hold the same only folder, such as cat.zip and dog.zip with export/ in
both: that folder is no class, and each of them is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from srcsel.pictures.entries import Names
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending
from srcsel.pictures.tables.rows import PLAIN as TABLES


class SameFolder:
    """What was unpacked of each, as long as it may be so."""

    def __init__(self) -> None:
        self._folder: str | None = None  # POSIX; "" = they differ, or hold more
        self._packs: list[tuple[Sequence[str], Mapping[str, str]]] = []

    def add(self, name: Sequence[str], files: Mapping[str, str]) -> None:
        """Add a packed folder by its name, in parts; files: path in it -> path it was unpacked to,
        of several that are one folder together.
        """
        folders = {path.rpartition("/")[0] for path in files if ending(path) in PICTURES}
        tables = any(ending(path) in TABLES and not path.endswith(".txt") for path in files)
        only = next(iter(folders)) if len(folders) == 1 and not tables else ""
        self._folder = only if self._folder in (None, only) else ""
        self._packs = [*self._packs, (name, files)] if self._folder else []

    def is_so(self) -> bool:
        """Tell whether there are several, and all pictures of each lie in the same folder."""
        return len(self._packs) > 1

    def take_apart(self, into: Path, names: Names) -> None:
        """Move the pictures of each into a folder called as it is."""
        left = set[Path]()
        for name, files in self._packs:
            for path, place in files.items():
                folder, _, last = path.rpartition("/")
                if folder == self._folder:
                    target = into / names.place([*name, last])
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (into / place).rename(target)
                    left.add((into / place).parent)
        for folder in left:
            with contextlib.suppress(OSError):  # where more than pictures lies there
                while folder != into:
                    folder.rmdir()
                    folder = folder.parent
