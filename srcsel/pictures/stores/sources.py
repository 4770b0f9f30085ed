"""Where pictures come from that do not lie in a folder as they are, and where they are kept."""

from __future__ import annotations

import contextlib
import fnmatch
import os
from dataclasses import dataclass
from pathlib import Path

from srcsel.base import access
from srcsel.base.addresses import Address, address_of
from srcsel.base.errors import MissingPathError
from srcsel.base.paths import named, opened, starred, written
from srcsel.base.settings import load_settings
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending
from srcsel.pictures.stores import shards
from srcsel.pictures.tables.rows import SUFFIXES as TABLES
from srcsel.store import files

NESTING = 3  # folders in one another that are looked into for shards
VERSION = 5  # part of a folder's name; raise it with every change to what is brought


@dataclass(frozen=True)
class Source:
    """Where pictures come from."""

    address: Address | None
    path: Path | None  # of shards on this computer
    depth: int  # how many /* stand behind it
    pattern: str = ""  # which files of the place are meant, such as train-*.parquet; "" = all
    inside: str = ""  # the folder that is meant in what was packed, POSIX

    @property
    def folder(self) -> Address | Path:
        """Where it lies; the file, where it is one of this computer."""
        return self.address or self.path  # pyright: ignore[reportReturnType] - it has one of them

    @property
    def name(self) -> str:
        """Its last part."""
        return self.inside.rpartition("/")[2] or self.pattern or self.folder.name

    @property
    def around(self) -> str:
        """Its address or path, whatever its classes are and whichever folder in it is meant."""
        return str(self.folder / self.pattern)

    @property
    def ref(self) -> str:
        """A reference that means it from everywhere."""
        return "/".join([self.around, *filter(None, [self.inside]), *["*"] * self.depth])

    def place(self) -> Path:
        """Return the folder that it is brought into."""
        told = files.text_hash([VERSION, self.around])
        return load_settings().public / f"store-{told}"

    def means(self, name: str) -> bool:
        """Tell whether a file of the place (relative, POSIX) is meant."""
        return not self.pattern or fnmatch.fnmatchcase(name, self.pattern)


def source_of(ref: str) -> Source | None:
    """Return what a reference means; None where that is no address, and no folder or file of
    shards. Raises InputError for an address that may not be opened.
    """
    if named(ref) is not None:
        return None
    rest, depth = starred(ref)
    if (address := address_of(rest)) is not None:
        found = _parted(address, depth)
        access.require_address(found.address or address)
        return found
    try:
        path = opened(rest)
    except MissingPathError as error:
        return _within(error.path, depth)
    packed = shards.is_one(path.name) if path.is_file() else _holds_shards(path)
    return Source(None, path, depth) if packed else None


def _parted(address: Address, depth: int) -> Source:
    """Return what an address means, of which a part may be called like shards."""
    parts = address.path.split("/")
    for at, part in enumerate(parts):
        if at and shards.is_one(part):
            around = Address(address.kind, "/".join(parts[:at]))
            return Source(around, None, depth, part, "/".join(parts[at + 1 :]))
    return Source(address, None, depth)


def _within(path: Path, depth: int) -> Source | None:
    """Return what a path means that leads into what was packed, or to several shards by one name;
    None where it does neither.
    """
    for around in path.parents:
        if around.exists():
            inside = path.relative_to(around)
            break
    else:
        return None
    first, *below = inside.parts
    if around.is_file():
        packed = shards.is_one(around.name)
        return _opened(around, depth, "", inside.as_posix()) if packed else None
    if "*" in first and shards.is_one(first) and any(around.glob(first)):
        return _opened(around, depth, first, "/".join(below))
    return _opened(around, depth, "", inside.as_posix()) if _holds_shards(around) else None


def _opened(path: Path, depth: int, pattern: str, inside: str) -> Source:
    return Source(None, opened(written(path)), depth, pattern, inside)


def local_shards(source: Source) -> dict[str, Path]:
    """Return the shards in a folder of this computer, or the only one, by their names (relative,
    POSIX).
    """
    path = source.path
    assert path is not None
    if path.is_file():
        return {path.name: path}
    found = [p for p in path.rglob("*") if ending(p.name) in shards.ENDINGS and p.is_file()]
    names = {p.relative_to(path).as_posix(): p for p in found if access.allowed(p)}
    return {n: names[n] for n in shards.meant(sorted(filter(source.means, names)))}


def local_tables(source: Source) -> dict[str, Path]:
    """Return the tables that lie beside packed folders, by their names."""
    path = source.path
    assert path is not None
    if path.is_file() or source.pattern:
        return {}
    kinds = TABLES - shards.ENDINGS
    found = (p for p in sorted(path.iterdir()) if ending(p.name) in kinds and p.is_file())
    return {p.name: p for p in found if access.allowed(p) and not p.name.startswith(".")}


def _holds_shards(folder: Path, depth: int = NESTING) -> bool:
    """Tell whether a folder holds shards or packed folders and nothing else that could be meant: no
    pictures, and no folders but such and those of data sets that `datasets` has written.
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
