"""Where an entry of a packed folder may lie: nowhere outside, under a name that a file system
holds, and under no other's.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from srcsel.base.errors import InputError
from srcsel.base.paths import LONGEST_NAME
from srcsel.base.phrases import cut
from srcsel.pictures.kinds import HIDDEN, JUNK

FOLDER_LIMIT = 20_000  # folders in one packed folder
DEPTH_LIMIT = 32  # folders in one another
PATH_BYTES = 1024  # of one path inside
HALF = ".unpacking-"  # how folders begin that are being unpacked
# device names of Windows
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def parts_of(name: str, kind: str) -> list[str]:
    """Return the folders and the file of an entry's name (with forward slashes). Raises InputError
    where it leads outside; `kind`: what holds it, "zip" or "tar".
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match(r"[A-Za-z]:/", name) or ".." in parts:
        raise InputError(
            f"This {kind} wants to write outside its folder ('{cut(name)}'), so nothing was"
            f" unpacked. Make a new {kind} of the picture folder itself."
        )
    if len(parts) > DEPTH_LIMIT or len(name.encode(errors="replace")) > PATH_BYTES:
        raise InputError(
            f"The folders in this {kind} are nested too deep ('{cut(name)}'). Pack a"
            " flatter folder."
        )
    return parts


def is_wanted(parts: Sequence[str]) -> bool:
    """Tell whether an entry is unpacked: hidden files and system litter are not."""
    return bool(parts) and not any(
        part.startswith(HIDDEN) or part.lower() in JUNK for part in parts
    )


class Names:
    """Gives every entry a path of its own that this file system can hold, as close to the written
    one as it can be.
    """

    def __init__(self, most: int = FOLDER_LIMIT, *, folded: bool, kind: str = "zip") -> None:
        """most: folders; folded: whether names that differ in case alone are one there."""
        self._most, self._kind = most, kind
        self._fold = str.casefold if folded else str
        self._folders: dict[str, str] = {"": ""}  # as written -> as unpacked
        self._taken: dict[str, int] = {}

    @property
    def folders(self) -> int:
        """How many folders there are so far."""
        return len(self._folders) - 1

    def place(self, parts: list[str]) -> str:
        """Return the path for an entry's parts, relative, POSIX."""
        return self._free(self.folder(parts[:-1]), safe(parts[-1]))

    def folder(self, parts: list[str]) -> str:
        """Return the path for a folder's parts, the same each time; "" for none."""
        written = place = ""
        for part in parts:
            written = f"{written}/{part}"
            if written not in self._folders:
                if self.folders == self._most:
                    raise InputError(
                        f"This {self._kind} holds more than {self._most:,} folders. Pack one folder"
                        " for each class, or give the folder's path instead."
                    )
                self._folders[written] = self._free(place, safe(part))
            place = self._folders[written]
        return place

    def _free(self, folder: str, name: str) -> str:
        """Return the name, numbered where it is taken: "rose.jpg", "rose (2).jpg"."""
        stem, suffix = posixpath.splitext(name)
        path = posixpath.join(folder, name)
        first = self._fold(path)
        while (key := self._fold(path)) in self._taken:
            self._taken[first] += 1
            path = posixpath.join(folder, safe(f"{stem} ({self._taken[first]}){suffix}"))
        self._taken[key] = 1
        return path


def safe(part: str) -> str:
    """Return a name as close to the written one as a file system can hold."""
    part = "".join(
        "_" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in part
    )
    if os.name == "nt":
        part = re.sub(r'[<>:"|?*]', "_", part).rstrip(". ") or "_"
        part = f"_{part}" if _RESERVED.fullmatch(part) else part
    if len(part.encode()) <= LONGEST_NAME:
        return part
    stem, suffix = posixpath.splitext(part)
    suffix = suffix if len(suffix.encode()) <= 10 else ""
    short = stem.encode()[: LONGEST_NAME - 20].decode(errors="ignore")
    return f"{short}~{hashlib.sha256(part.encode()).hexdigest()[:8]}{suffix}"


def ignores_case(folder: Path) -> bool:
    """Tell whether "Rose" and "rose" are one file here, as on most Macs and Windows computers."""
    with tempfile.NamedTemporaryFile(prefix=f"{HALF}Case", dir=folder) as probe:
        path = Path(probe.name)
        return path.with_name(path.name.swapcase()).exists()
