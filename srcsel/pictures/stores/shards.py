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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores.batches import batches
from srcsel.pictures.stores.limits import Allowance
from srcsel.store.files import NOT_SO

ENDINGS = frozenset({".tar", ".parquet", ".arrow"})
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
LONGEST = 120  # bytes of a picture's name
BROKEN = "{} cannot be read as a shard: it is damaged or not whole. Copy it anew."
_MAGIC = ((b"\x89PNG", ".png"), (b"RIFF", ".webp"), (b"GIF8", ".gif"), (b"BM", ".bmp"))
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Packed:
    """One picture in a shard."""

    name: str  # of a file: letters, digits, dots and lines only
    data: bytes
    label: str  # "" = none
    size: int  # bytes; of more than FILE_LIMIT the data are not given


def pictures(shard: Path, most: Allowance) -> Iterator[Packed]:
    """Yield the pictures of a shard in their order, as far as all that came before leaves room.

    Raises InputError where it is damaged, holds no labelled pictures or more than is allowed;
    StoreError where the disk has no room.
    """
    import pyarrow as pa

    try:
        for one in _of_tar(shard, most) if shard.suffix == ".tar" else _of_table(shard, most):
            most.take(len(one.data) + len(one.label))
            yield one
    except (tarfile.TarError, EOFError, RecursionError, struct.error, pa.ArrowException) as error:
        raise InputError(BROKEN.format(shard.name)) from error
    except (OSError, MemoryError, NotImplementedError, *NOT_SO) as error:
        raise InputError(BROKEN.format(shard.name)) from error


class _Wary(io.BufferedReader):
    """A tar whose headers do not say how much memory is taken for them."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > FILE_LIMIT + tarfile.BLOCKSIZE:
            raise tarfile.ReadError("A header is larger than a picture may be.")
        return super().read(size)


def _of_tar(shard: Path, most: Allowance) -> Iterator[Packed]:
    """Files of one name belong together; their endings say what each is."""
    with _Wary(io.FileIO(shard)) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        sample = _Sample("")
        for member in archive:
            # else the headers of a million stay in memory
            archive.members = []  # pyright: ignore[reportAttributeAccessIssue]
            if not member.isfile() or not member.size:
                continue
            name = PurePosixPath(member.name)
            stem, _, ending = name.name.partition(".")
            key, ending = f"{name.parent}/{stem}", f".{ending.lower()}"
            if key != sample.key:
                yield from sample.picture()
                sample = _Sample(key)
            if sample.wants(ending, member.size):
                most.require(member.size)  # a sparse file is larger than its tar
                packed = archive.extractfile(member)
                sample.files[ending] = b"" if packed is None else packed.read()
        yield from sample.picture()


class _Sample:
    """What files of one name say together: one picture and its label."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.files = dict[str, bytes]()  # by ending
        self._ending, self._size = "", 0  # of the picture

    def wants(self, ending: str, size: int) -> bool:
        """Tell whether a file is to be read: the first picture, or what says a label."""
        if PurePosixPath(f"x{ending}").suffix not in PICTURES:
            return ending in _TELLING and size <= TEXT_LIMIT
        if self._ending:
            return False
        self._ending, self._size = ending, size
        return size <= FILE_LIMIT

    def picture(self) -> Iterator[Packed]:
        """Yield the picture, where there is one."""
        if self._ending:
            name = _safe(f"{self.key}{PurePosixPath(f'x{self._ending}').suffix}")
            data = self.files.get(self._ending, b"")
            yield Packed(name, data, _label(self.key, self.files), self._size)


def _label(key: str, together: Mapping[str, bytes]) -> str:
    for ending in LABEL_FILES:
        if ending in together:
            return together[ending].decode("utf-8", "replace").strip()
    with contextlib.suppress(*NOT_SO, RecursionError):
        about = json.loads(together.get(".json", b""))
        return next((str(about[name]) for name in LABEL_FIELDS if name in about), "")
    folder = PurePosixPath(key).parent.name
    return "" if folder in (".", "") else folder


def _of_table(shard: Path, most: Allowance) -> Iterator[Packed]:
    import pyarrow as pa

    number, names = 0, None
    for batch in batches(shard, lambda schema: _columns(schema, shard.name), most):
        cells, labels = batch.columns
        if names is None:
            names = _names(batch.schema, batch.schema.names[1])
        if pa.types.is_struct(cells.type):
            cells = cells.field("bytes")
        for data, given in zip(cells, labels, strict=True):
            number += 1
            content, value = data.as_py(), given.as_py()
            if content:
                said = "" if value is None else str(value)
                if names and isinstance(value, int):
                    said = names[value] if 0 <= value < len(names) else ""
                kept = content if len(content) <= FILE_LIMIT else b""
                yield Packed(f"{number:08d}{_ending(content)}", kept, said, len(content))


def _columns(schema: Any, name: str) -> tuple[str, str]:
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
        raise InputError(NO_COLUMNS.format(name, ", ".join(map(cut, schema.names[:12]))))
    return images, labels


def _first(likely: Iterable[str], there: list[str], *, any_other: bool) -> str | None:
    known = {name.lower(): name for name in there}
    found = next((known[name] for name in likely if name in known), None)
    return found or (there[0] if any_other and len(there) == 1 else None)


def _names(schema: Any, label: str) -> list[str]:
    """Return what the numbers of a label column stand for, as `datasets` writes it; [] = itself."""
    with contextlib.suppress(*NOT_SO, RecursionError):
        about = json.loads((schema.metadata or {})[b"huggingface"])
        return [str(name) for name in about["info"]["features"][label]["names"]]
    return []


def _ending(data: bytes) -> str:
    return next((ending for magic, ending in _MAGIC if data.startswith(magic)), ".jpg")


def _safe(name: str) -> str:
    return ending_of(_UNSAFE.sub("-", name).strip("-."), LONGEST).strip("-.") or "picture"


def ending_of(name: str, most: int) -> str:
    """Return the last letters of a name, of `most` bytes at most: disks count bytes."""
    return name.encode(errors="replace")[-most:].decode(errors="ignore")
