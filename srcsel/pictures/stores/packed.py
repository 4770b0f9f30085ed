"""Folders that were packed as a tar or a zip: told from WebDataset shards by what lies in them, and
unpacked as they were, so that they are read as the folder itself would be.
"""

from __future__ import annotations

import contextlib
import enum
import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from srcsel.base import phrases
from srcsel.base.errors import InputError
from srcsel.base.phrases import cut
from srcsel.base.watch import Watch
from srcsel.pictures.entries import Names, ignores_case
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending, is_pack, without_ending
from srcsel.pictures.layouts import is_part, split_of
from srcsel.pictures.stores import contents
from srcsel.pictures.stores.arriving import TOO_LARGE
from srcsel.pictures.stores.limits import Allowance
from srcsel.pictures.stores.parts import are_numbered, part_of
from srcsel.pictures.stores.same import SameFolder
from srcsel.pictures.stores.shards import LABEL_FIELDS, LABEL_FILES, TEXT_LIMIT, Wary, sound
from srcsel.store.files import NOT_SO

ZIPPED = (".tar.gz", ".tgz")
TABLES = (".csv", ".tsv", ".tab", ".psv")
SHOWN = 2  # names in a sentence
LOOKED_INTO = 100  # JSON files beside pictures that may hold a label
LINK = "It is a packed link or device, so it was not unpacked. Pack the file itself."
LOOK = 256  # files between two looks at the stop button
_CHUNK = 1 << 20
NUMBERED = (
    "{0} hold pictures without folders of classes, and are numbered like the pieces of one whole."
    " If each holds the pictures of one class, call it so (cat{1}, dog{1}); else put the pictures"
    " of each class into a folder of their own, or a table labels.csv (file,label) beside them."
)
OF_PACKS = (
    "{} holds packed folders ({}) and no pictures. Unpack it, not what is in it, and give the"
    " folder: where each of them holds the pictures of one class, its name is the class."
)
MIXED = (
    "Beside {} lie shards of another kind: some say the class of each picture in a file of its own,"
    " and others are packed folders. Put one of the two elsewhere."
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
    """What a tar or a zip is."""

    SHARD = "says the class of each picture"
    FOLDER = "a packed folder"
    CONTENT = "the same, of which no folder is called like a class"
    BARE = "pictures, and nothing that says a class"


FOLDERS = (Kind.FOLDER, Kind.CONTENT)


def kind_of(packed: Path, name: str) -> Kind:
    """Tell what a tar or a zip is: one is a packed folder where a picture lies in a folder or a
    table beside them, and no file beside a picture says its label; a zip is no shard.

    Raises InputError where it is damaged, or holds packed folders alone.
    """
    if contents.is_zip(packed):
        seen = _Seen()
        for parts in contents.names_in_zip(packed):
            seen.add(PurePosixPath(*parts))
        return seen.kind(name)
    return _kind_of_tar(packed, name)


def _kind_of_tar(tar: Path, name: str) -> Kind:
    seen, asked, beside = _Seen(), 0, _Beside("")
    with sound(name), Wary(io.FileIO(tar)) as file, tarfile.open(fileobj=file, mode="r:") as held:
        for member in _files(held):
            path = PurePosixPath(member.name)
            stem, _, last = path.name.lower().partition(".")
            if f".{last}" in LABEL_FILES:
                return Kind.SHARD
            key = f"{path.parent}/{stem}"
            if key != beside.key:
                beside = _Beside(key)
            beside.picture = seen.add(path) or beside.picture
            if last == "json" and member.size <= TEXT_LIMIT:
                beside.json = member
            if beside.picture and beside.json is not None and asked < LOOKED_INTO:
                asked += 1
                if _tells(held, beside.json):
                    return Kind.SHARD
                beside.json = None
    return seen.kind(name)


class _Seen:
    """What was seen of the names in a tar or a zip."""

    def __init__(self) -> None:
        self._places = set[str]()  # of pictures, POSIX
        self._packs = list[str]()
        self._table = False

    def add(self, path: PurePosixPath) -> bool:
        """Count a file; tell whether it is a picture."""
        low = path.name.lower()
        if low.startswith("."):
            return False
        picture = ending(low) in PICTURES
        if picture:
            self._places.add(path.parent.as_posix())
        elif is_pack(low):
            self._packs.append(path.name)
        self._table = self._table or low.endswith(TABLES) or low == "labels.txt"
        return picture

    def kind(self, name: str) -> Kind:
        """Tell what it is by all that was seen. Raises InputError where that is packed folders."""
        if self._packs and not self._places:
            raise InputError(OF_PACKS.format(name, _some(self._packs)))
        folders = {part for place in self._places for part in PurePosixPath(place).parts}
        if self._table or not all(is_part(part) and not split_of(part) for part in folders):
            return Kind.FOLDER
        return Kind.CONTENT if folders else Kind.BARE


def _some(names: Sequence[str]) -> str:
    return phrases.some_of(names, SHOWN, show=cut)


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
        self._into, self._most = into, most
        self._names = Names(folded=ignores_case(into), kind="packed folder")
        parts = {name: part_of(name) for name in names}
        several = len({part for part in parts.values() if part}) > 1
        self._part = parts if several else dict.fromkeys(parts, "")
        self._numbered = are_numbered(names)
        self._alone = len(names) == 1
        self._has_folders = self.has_tables = self.has_classes = False
        self._same = SameFolder()
        self.aside = dict[str, str]()

    def unpack(self, packed: Path, name: str, kind: Kind, watch: Watch) -> None:
        """Unpack a tar or a zip; one of several that holds no folders of classes is the folder of
        a class itself. Raises InputError for one that is damaged, hostile or too much, StoreError,
        Cancelled.
        """
        head, known = ([part] if (part := self._part[name]) else []), dict[str, str]()
        bare = without_ending(name).split("/")
        if kind is Kind.FOLDER or is_part(bare[-1]) or (head and part_of(bare[-1])):
            self._has_folders = True
            if kind is not Kind.FOLDER and not head and not self._alone and len(bare) > 1:
                head, self.has_classes = bare[:-1], True  # cat/images.zip
        elif not self._alone and not self._numbered:
            head, self.has_classes = bare, True
        for at, one in enumerate(contents.contents(packed, name, self._most)):
            if at % LOOK == 0:
                watch.update("pictures", "reading", note=f"Unpacking {packed.name}, {at:,}")
            written = "/".join(parts := [*head, *one.parts])
            if one.what is contents.What.FOLDER:
                place = self._into / self._names.folder(parts)
                if not place.is_dir():
                    self._most.take(0)
                    place.mkdir(parents=True)
            elif one.what is contents.What.OTHER:
                self.aside[written] = LINK
            elif one.data is None:
                self.aside[written] = TOO_LARGE.format(one.size / 1e6)
            else:
                # of two of one name in a tar the later counts, as for tar; in a zip they may be
                # two that differ in the form of their letters alone, and both stay, as of an upload
                if written not in known or contents.is_zip(packed):
                    known[written] = self._names.place(parts)
                self.write(known[written], one.data)
        self._same.add(bare, {} if head else known)

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

    def require_classes(self) -> None:
        """Take the packs as the classes where all hold the same only folder. Raise InputError where
        numbered ones may be those of a class each, or of none.
        """
        same = not (self._alone or self.has_tables) and self._same.is_so()
        if same and not self._numbered:
            self._same.take_apart(self._into, self._names)
            self.has_classes = True
        if (
            self._numbered
            and not (self._alone or self.has_tables)
            and (same or not self._has_folders)
        ):
            names = [PurePosixPath(name).name for name in sorted(self._part)]
            raise InputError(NUMBERED.format(_some(names), ending(names[0])))

    def taken_back(self) -> list[str]:
        """Remove all that was unpacked; returns the names of the pictures."""
        found = [p for p in self._into.rglob("*") if ending(p.name) in PICTURES]
        names = sorted(path.relative_to(self._into).as_posix() for path in found)
        shutil.rmtree(self._into)
        self._into.mkdir()
        return names
