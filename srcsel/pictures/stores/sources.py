"""Where pictures come from that do not lie in a folder as they are, and where they are kept."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from srcsel.base import access
from srcsel.base.addresses import Address, address_of
from srcsel.base.errors import MissingPathError
from srcsel.base.paths import named, opened, starred
from srcsel.base.settings import load_settings
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending
from srcsel.pictures.stores import shards
from srcsel.store import files

NESTING = 3  # folders in one another that are looked into for shards
VERSION = 2  # part of a folder's name; raise it with every change to what is brought


@dataclass(frozen=True)
class Source:
    """Where pictures come from."""

    address: Address | None
    path: Path | None  # of shards on this computer
    depth: int  # how many /* stand behind it

    @property
    def name(self) -> str:
        """Its last part."""
        return (self.address or self.path).name  # pyright: ignore[reportOptionalMemberAccess]

    @property
    def around(self) -> str:
        """Its address or path, whatever its classes are."""
        return str(self.address or self.path)

    @property
    def ref(self) -> str:
        """A reference that means it from everywhere."""
        return f"{self.around}{'/*' * self.depth}"

    def place(self) -> Path:
        """Return the folder that it is brought into."""
        told = files.text_hash([VERSION, self.around])
        return load_settings().public / f"store-{told}"


def source_of(ref: str) -> Source | None:
    """Return what a reference means; None where that is no address, and no folder or file of
    shards. Raises InputError for an address that may not be opened.
    """
    if named(ref) is not None:
        return None
    rest, depth = starred(ref)
    if (address := address_of(rest)) is not None:
        access.require_address(address)
        return Source(address, None, depth)
    try:
        path = opened(rest)
    except MissingPathError:
        return None
    packed = path.suffix.lower() in shards.ENDINGS if path.is_file() else _holds_shards(path)
    return Source(None, path, depth) if packed else None


def local_shards(path: Path) -> list[tuple[str, Path]]:
    """Return the shards in a folder of this computer, or the only one, each with its name."""
    if path.is_file():
        return [(path.stem, path)]
    found = [p for p in path.rglob("*") if p.suffix.lower() in shards.ENDINGS and p.is_file()]
    names = {p.relative_to(path).as_posix(): p for p in found if access.allowed(p)}
    return [(shards.title(name), names[name]) for name in sorted(names) if shards.is_one(name)]


def _holds_shards(folder: Path, depth: int = NESTING) -> bool:
    """Tell whether a folder holds shards and nothing else that could be meant: no pictures, and no
    folders but such and those of data sets that `datasets` has written.
    """
    found = False
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            kind = ending(entry.name)
            if kind in PICTURES:
                return False
            if entry.is_dir():
                written = Path(entry.path, "state.json").is_file()
                if not written and not (depth and _holds_shards(Path(entry.path), depth - 1)):
                    return False
                found = True
            found = found or kind in shards.ENDINGS
    return found
