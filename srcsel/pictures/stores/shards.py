"""Data sets in shards: WebDataset tars, Parquet and Arrow files (Hugging Face `datasets` on disk).

A shard is read from its beginning to its end; pictures come out as the bytes that were packed, to
be decoded like those of any file. Nothing is unpacked before it is known to be allowed (`limits`).
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import struct
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut, some_of
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending, without_ending
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores.batches import batches
from srcsel.pictures.stores.limits import Allowance
from srcsel.store.files import NOT_SO

TABLES = (".parquet", ".arrow")
ENDINGS = frozenset({".tar", ".tar.gz", ".tgz", ".zip", *TABLES})
IMAGE = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp", "pixel_values", "bytes")
LABEL = ("label", "labels", "class", "cls", "category", "target", "fine_label", "coarse_label", "y")
"""Names of columns, the likeliest first."""
LABEL_FIELDS = ("label", "class", "cls", "category", "target")  # of a JSON file in a tar
LABEL_FILES = (".cls", ".cls.txt", ".label", ".class")
_TELLING = frozenset({*LABEL_FILES, ".json"})
TEXT_LIMIT = 1 << 20  # bytes of a label's file
NO_COLUMNS = (
    "{} has no column of pictures beside one of labels: I look for one that holds bytes (such as"
    " image) and one called label or class. Its columns are {}."
)
LONGEST, LONGEST_FOLDER = 120, 80  # bytes of the names of a picture and of its folder
BROKEN = "{} cannot be read as a shard: it is damaged or not whole. Copy it anew."
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Packed:
    """One picture in a shard."""

    name: str  # of a file: letters, digits, dots and lines only
    file: str  # the same, of no other picture of the shard
    data: bytes
    label: str  # "" = none
    size: int  # bytes; of more than FILE_LIMIT the data are not given


def is_one(name: str) -> bool:
    """Tell whether a file (relative, POSIX) is a shard, and none that `datasets` made beside."""
    last = name.rpartition("/")[2]
    return ending(last) in ENDINGS and not last.startswith(("cache-", "."))


def meant(names: Iterable[str]) -> list[str]:
    """Return those of some files (relative, POSIX) that are shards or packed folders; beside tables
    of pictures, which say their classes, zips are not.
    """
    found = [name for name in names if is_one(name)]
    if any(ending(name) in TABLES for name in found):
        return [name for name in found if ending(name) != ".zip"]
    return found


def title(name: str) -> str:
    """Return how sentences call a shard (relative, POSIX): its folders and its name."""
    return without_ending(name).replace("/", "-")


def folder_of(number: int, called: str) -> str:
    """Return the folder that holds the pictures of the shard of this title, one of many."""
    return f"{number:05d}-{ending_of(called, LONGEST_FOLDER)}"


def pictures(shard: Path, most: Allowance) -> Iterator[Packed]:
    """Yield the pictures of a shard in their order, as far as all that came before leaves room.

    Raises InputError where it is damaged, holds no labelled pictures or more than is allowed;
    StoreError where the disk has no room.
    """
    with sound(shard.name):
        for one in _of_tar(shard, most) if ending(shard.name) == ".tar" else _of_table(shard, most):
            most.take(len(one.data) + len(one.label))
            yield one


@contextlib.contextmanager
def sound(name: str) -> Iterator[None]:
    """Say in words that a shard is damaged. Raises InputError."""
    import pyarrow as pa

    try:
        yield
    except (tarfile.TarError, EOFError, RecursionError, struct.error, pa.ArrowException) as error:
        raise InputError(BROKEN.format(name)) from error
    except (OSError, zlib.error, MemoryError, NotImplementedError, *NOT_SO) as error:
        raise InputError(BROKEN.format(name)) from error


class Wary(io.BufferedReader):
    """A tar whose headers do not say how much memory is taken for them."""

    def read(self, size: int | None = -1) -> bytes:
        """Read as any file, but not more at once than a picture may be."""
        if size is not None and size > FILE_LIMIT + tarfile.BLOCKSIZE:
            raise tarfile.ReadError("A header is larger than a picture may be.")
        return super().read(size)


def _of_tar(shard: Path, most: Allowance) -> Iterator[Packed]:
    """Files of one name belong together; their endings say what each is."""
    with Wary(io.FileIO(shard)) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        sample, at = _Sample(""), 0
        for member in archive:
            # else the headers of a million stay in memory
            archive.members = []  # pyright: ignore[reportAttributeAccessIssue]
            if not member.isfile() or not member.size:
                continue
            name = PurePosixPath(member.name)
            stem, _, last = name.name.partition(".")
            key, last = f"{name.parent}/{stem}", f".{last.lower()}"
            if key != sample.key:
                for one in sample.picture(at):
                    yield one
                    at += 1
                sample = _Sample(key)
            if sample.wants(last, member.size):
                most.require(member.size)  # a sparse file is larger than its tar
                packed = archive.extractfile(member)
                sample.files[last] = b"" if packed is None else packed.read()
        yield from sample.picture(at)


class _Sample:
    """What files of one name say together: one picture and its label."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.files = dict[str, bytes]()  # by ending
        self._ending, self._size = "", 0  # of the picture

    def wants(self, last: str, size: int) -> bool:
        """Tell whether a file is to be read: the first picture, or what says a label."""
        if PurePosixPath(f"x{last}").suffix not in PICTURES:
            return last in _TELLING and size <= TEXT_LIMIT
        if self._ending:
            return False
        self._ending, self._size = last, size
        return size <= FILE_LIMIT

    def picture(self, at: int) -> Iterator[Packed]:
        """Yield the picture, where there is one: the one after `at` others."""
        if self._ending:
            name = _safe(f"{self.key}{PurePosixPath(f'x{self._ending}').suffix}")
            data = self.files.get(self._ending, b"")
            label = _told(self.files)
            label = _folder(self.key) if label is None else label
            yield Packed(name, f"{at:07d}-{name}", data, label, self._size)


def _told(together: Mapping[str, bytes]) -> str | None:
    """Return the label that files beside a picture give, "" = none; None where there are no such
    files.
    """
    for last in LABEL_FILES:
        if last in together:
            return together[last].decode("utf-8", "replace").strip()
    with contextlib.suppress(*NOT_SO, RecursionError):
        about = json.loads(together.get(".json", b""))
        return next((str(about[name]) for name in LABEL_FIELDS if name in about), "")
    return None


def _folder(key: str) -> str:
    folder = PurePosixPath(key).parent.name
    return "" if folder in (".", "") else folder


def _of_table(shard: Path, most: Allowance) -> Iterator[Packed]:
    number, names = 0, None
    for batch in batches(shard, lambda schema: columns(schema, shard.name), most):
        if names is None:
            names = class_names(batch.schema, batch.schema.names[1])
        for data, given in zip(*picked(batch), strict=True):
            yield of_row(number, data.as_py(), class_of(given.as_py(), names))
            number += 1


def picked(batch: Any) -> tuple[Any, Any]:
    """Return the bytes of pictures and the labels of a batch of the two columns."""
    import pyarrow as pa

    cells, labels = batch.columns
    return cells.field("bytes") if pa.types.is_struct(cells.type) else cells, labels


def of_row(row: int, data: bytes | None, label: str) -> Packed:
    """Return the picture of a row. A cell without a picture is an empty file, which is said of it
    like of others.
    """
    data = data or b""
    name = row_name(row)
    return Packed(name, name, data if len(data) <= FILE_LIMIT else b"", label, len(data))


def row_name(row: int) -> str:
    """Return the name of the picture in a row of a table. It does not say of which kind it is: a
    sample is drawn by names, before anybody has looked at the bytes, which tell.
    """
    return f"{row + 1:08d}.jpg"


def row_of(path: str) -> int:
    """Return the row of the picture of a path, which ends in `row_name`."""
    return int(path.rpartition("/")[2].partition(".")[0]) - 1


def class_of(value: object, names: list[str]) -> str:
    """Return what a cell of a label column says, "" = nothing; names as of `class_names`."""
    if names and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else ""
    return "" if value is None else str(value)


def columns(schema: Any, name: str) -> tuple[str, str]:
    """Find the columns of pictures and of labels. Raises InputError."""
    import pyarrow as pa

    def holds_bytes(kind: Any) -> bool:
        if pa.types.is_struct(kind):
            inside = [kind.field(i) for i in range(kind.num_fields)]
            return any(field.name == "bytes" and holds_bytes(field.type) for field in inside)
        return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)

    def simple(kind: Any) -> bool:
        return (
            pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
        )

    images = _first(IMAGE, [f.name for f in schema if holds_bytes(f.type)], any_other=True)
    labels = _first(LABEL, [f.name for f in schema if simple(f.type)], any_other=False)
    if images is None or labels is None:
        raise InputError(NO_COLUMNS.format(name, some_of(schema.names, 12, show=cut)))
    return images, labels


def _first(likely: Iterable[str], there: list[str], *, any_other: bool) -> str | None:
    known = {name.lower(): name for name in there}
    found = next((known[name] for name in likely if name in known), None)
    return found or (there[0] if any_other and len(there) == 1 else None)


def class_names(schema: Any, label: str) -> list[str]:
    """Return what the numbers of a label column stand for, as `datasets` writes it; [] = itself."""
    with contextlib.suppress(*NOT_SO, RecursionError):
        about = json.loads((schema.metadata or {})[b"huggingface"])
        return [str(name) for name in about["info"]["features"][label]["names"]]
    return []


def _safe(name: str) -> str:
    return ending_of(_UNSAFE.sub("-", name).strip("-."), LONGEST).strip("-.") or "picture"


def ending_of(name: str, most: int) -> str:
    """Return the last letters of a name, of `most` bytes at most: disks count bytes."""
    return name.encode(errors="replace")[-most:].decode(errors="ignore")
