"""Folders that were packed as a tar: told from WebDataset shards by what lies in them, and unpacked
as they were, so that they are read as the folder itself would be.
"""

from __future__ import annotations

import contextlib
import enum
import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from srcsel.base.watch import Watch
from srcsel.pictures.entries import Names, ignores_case, is_wanted, parts_of
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores.arriving import TOO_LARGE
from srcsel.pictures.stores.limits import Allowance
from srcsel.pictures.stores.parts import part_of
from srcsel.pictures.stores.shards import LABEL_FIELDS, LABEL_FILES, TEXT_LIMIT, Wary, sound
from srcsel.store.files import NOT_SO

ZIPPED = (".tar.gz", ".tgz")
TABLES = (".csv", ".tsv", ".tab", ".psv")
LOOKED_INTO = 100  # JSON files beside pictures that may hold a label
LINK = "It is a link or a device in the tar, so it was not unpacked. Pack the file itself."
LOOK = 256  # files between two looks at the stop button
_CHUNK = 1 << 20
MIXED = (
    "{} says the class of each picture in a file of its own, and what came before it is a packed"
    " folder. Put one of the two elsewhere."
)


def plain(shard: Path, coming: Path, most: Allowance) -> Path:
    """Return a shard as it is read: one that is zipped as a tar beside others that are `coming`.

    Raises InputError where it is damaged or more than is allowed, StoreError.
    """
    if not shard.name.lower().endswith(ZIPPED):
        return shard
    target, size = coming / "plain.tar", 0
    with gzip.open(shard) as packed, target.open("wb") as file:
        while True:
            with sound(shard.name):
                chunk = packed.read(_CHUNK)
            if not chunk:
                return target
            size += len(chunk)
            most.require(size)
            file.write(chunk)


class Kind(enum.Enum):
    """What a tar is."""

    SHARD = "says the class of each picture"
    FOLDER = "a packed folder"
    BARE = "pictures, and nothing that says a class"


def kind_of(tar: Path, name: str) -> Kind:
    """Tell what a tar is: one is a packed folder where a picture lies in a folder or a table beside
    them, and no file beside a picture says its label. Raises InputError where it is damaged.
    """
    placed = table = False
    asked, beside = 0, _Beside("")
    with sound(name), Wary(io.FileIO(tar)) as file, tarfile.open(fileobj=file, mode="r:") as held:
        for member in _files(held):
            path = PurePosixPath(member.name)
            stem, _, last = path.name.lower().partition(".")
            if f".{last}" in LABEL_FILES:
                return Kind.SHARD
            key = f"{path.parent}/{stem}"
            if key != beside.key:
                beside = _Beside(key)
            if ending(path.name) in PICTURES and not path.name.startswith("."):
                beside.picture = True
                placed = placed or path.parent.name != ""
            if last == "json" and member.size <= TEXT_LIMIT:
                beside.json = member
            if beside.picture and beside.json is not None and asked < LOOKED_INTO:
                asked += 1
                if _tells(held, beside.json):
                    return Kind.SHARD
                beside.json = None
            table = table or path.name.lower().endswith(TABLES) or path.name.lower() == "labels.txt"
    return Kind.FOLDER if placed or table else Kind.BARE


class _Beside:
    """What was seen of the files of one name."""

    def __init__(self, key: str) -> None:
        self.key, self.picture = key, False
        self.json: tarfile.TarInfo | None = None


def _files(held: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in held:
        held.members = []  # pyright: ignore[reportAttributeAccessIssue]  # of a million
        if member.isfile():
            yield member


def _tells(held: tarfile.TarFile, member: tarfile.TarInfo) -> bool:
    file = held.extractfile(member)
    with contextlib.suppress(*NOT_SO, RecursionError):
        about = json.loads(b"" if file is None else file.read())
        return isinstance(about, dict) and any(name in about for name in LABEL_FIELDS)
    return False


class Unpacked:
    """A folder that several packed ones are unpacked into, one after the other."""

    def __init__(self, into: Path, names: Collection[str], most: Allowance) -> None:
        """names: of all of them, relative, POSIX. Those of different parts come into folders called
        so, as their pictures would lie.
        """
        self._into, self._most, self._names = into, most, Names(folded=ignores_case(into))
        parts = {name: part_of(name) for name in names}
        several = len({part for part in parts.values() if part}) > 1
        self._part = parts if several else dict.fromkeys(parts, "")
        self.aside, self.has_tables = dict[str, str](), False

    def unpack(self, tar: Path, name: str, watch: Watch) -> None:
        """Unpack a tar. Raises InputError for one that is damaged, hostile or too much, StoreError,
        Cancelled.
        """
        head, known = ([part] if (part := self._part[name]) else []), dict[str, str]()
        for at, (member, data) in enumerate(_contents(tar, name)):
            if at % LOOK == 0:
                watch.update("pictures", "reading", note=f"Unpacking {tar.name}, {at:,}")
            parts = parts_of(member.name, "tar")
            if not is_wanted(parts):
                continue
            if member.isdir():
                place = self._into / self._names.folder([*head, *parts])
                if not place.is_dir():
                    self._most.take(0)
                    place.mkdir(parents=True)
            elif not member.isfile():
                self.aside["/".join([*head, *parts])] = LINK
            elif data is None:
                self.aside["/".join([*head, *parts])] = TOO_LARGE.format(member.size / 1e6)
            else:
                if member.name not in known:  # of two of one name the later counts, as for tar
                    known[member.name] = self._names.place([*head, *parts])
                self.write(known[member.name], data)

    def write(self, place: str, data: bytes) -> None:
        """Write a file. Raises InputError and StoreError where that is too much."""
        self._most.take(len(data))
        path = self._into / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def add(self, tables: Iterable[tuple[str, Path]]) -> None:
        """Lay tables beside what was unpacked, where nothing lies there yet."""
        for name, path in tables:
            target = self._into / name
            if not target.exists():
                self._most.take(path.stat().st_size)
                shutil.copyfile(path, target)
                self.has_tables = True

    def taken_back(self) -> list[str]:
        """Remove all that was unpacked; returns the names of the pictures."""
        found = [p for p in self._into.rglob("*") if ending(p.name) in PICTURES]
        names = sorted(path.relative_to(self._into).as_posix() for path in found)
        shutil.rmtree(self._into)
        self._into.mkdir()
        return names


def _contents(tar: Path, name: str) -> Iterator[tuple[tarfile.TarInfo, bytes | None]]:
    """Yield what lies in a tar, with the bytes of its files; None of those too large for one."""
    with sound(name), Wary(io.FileIO(tar)) as file, tarfile.open(fileobj=file, mode="r:") as held:
        for member in held:
            held.members = []  # pyright: ignore[reportAttributeAccessIssue]
            data = None
            if member.isfile() and member.size <= FILE_LIMIT:
                opened = held.extractfile(member)
                data = b"" if opened is None else opened.read()
            yield member, data
