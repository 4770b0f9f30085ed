"""What lies in a packed folder, a tar or a zip, one entry after the other."""

from __future__ import annotations

import enum
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from srcsel.pictures import zips
from srcsel.pictures.archive import ENTRY_LIMIT
from srcsel.pictures.entries import FOLDER_LIMIT, is_wanted, parts_of
from srcsel.pictures.kinds import ending
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores.limits import Allowance
from srcsel.pictures.stores.shards import Wary, sound

ZIP = ".zip"


class What(enum.Enum):
    """What an entry is."""

    FILE, FOLDER, OTHER = range(3)


@dataclass(frozen=True)
class Entry:
    """One of a packed folder: no hidden one, and none that leads outside."""

    parts: list[str]  # folders and name, as written
    what: What
    size: int  # bytes
    data: bytes | None  # of a file, None = too large for one


def contents(packed: Path, name: str, most: Allowance) -> Iterator[Entry]:
    """Yield what lies in a tar or a zip that sentences call `name`.

    Raises InputError where it is damaged, hostile, locked or more than is allowed, StoreError.
    """
    return _of_zip(packed, most) if is_zip(packed) else _of_tar(packed, name, most)


def is_zip(packed: Path) -> bool:
    """Tell whether it is a zip, by its name; else it is a tar."""
    return ending(packed.name) == ZIP


def names_in_zip(packed: Path) -> Iterator[list[str]]:
    """Yield the folders and the name of each file in a zip. Raises InputError as `contents`."""
    with zips.sound(), packed.open("rb") as file:
        for info, name, parts in zips.wanted(_opened(file).infolist()):
            if not name.endswith("/") and zips.is_plain(info):
                yield parts


def _opened(file: io.BufferedReader) -> zips.ZipFile:
    return zips.opened(file, ENTRY_LIMIT + FOLDER_LIMIT)


def _of_zip(packed: Path, most: Allowance) -> Iterator[Entry]:
    with zips.sound(), packed.open("rb") as file:
        held = _opened(file)
        for info, name, parts in zips.wanted(held.infolist()):
            if name.endswith("/"):
                yield Entry(parts, What.FOLDER, 0, None)
            elif not zips.is_plain(info):
                yield Entry(parts, What.OTHER, 0, None)
            elif info.file_size > FILE_LIMIT:
                yield Entry(parts, What.FILE, info.file_size, None)
            else:
                zips.require_unlocked(info)
                most.require(info.file_size)
                with held.open(info) as content:  # never more than the size that was said
                    data = content.read()
                yield Entry(parts, What.FILE, len(data), data)


def _of_tar(packed: Path, name: str, most: Allowance) -> Iterator[Entry]:
    with sound(name), Wary(io.FileIO(packed)) as file, tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            tar.members = []  # pyright: ignore[reportAttributeAccessIssue]  # of a million
            parts = parts_of(member.name, "tar")
            if not is_wanted(parts):
                continue
            if not member.isfile():
                yield Entry(parts, What.FOLDER if member.isdir() else What.OTHER, 0, None)
                continue
            data = None
            if member.size <= FILE_LIMIT:
                most.require(member.size)  # a sparse file is larger than its tar
                opened = tar.extractfile(member)
                data = b"" if opened is None else opened.read()
            yield Entry(parts, What.FILE, member.size, data)
