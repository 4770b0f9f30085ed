"""Data sets in shards: WebDataset tars, Parquet and Arrow files (Hugging Face `datasets` on disk).

A shard is read from its beginning to its end; pictures come out as the bytes that were packed, to
be decoded like those of any file.
"""

from __future__ import annotations

import contextlib
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from srcsel.base.errors import InputError
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.store.files import NOT_SO

ENDINGS = frozenset({".tar", ".parquet", ".arrow"})
ROWS = 64  # of a table read at once
IMAGE = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp", "pixel_values", "bytes")
LABEL = ("label", "labels", "class", "cls", "category", "target", "fine_label", "coarse_label", "y")
"""Names of columns, the likeliest first."""
LABEL_FIELDS = ("label", "class", "cls", "category", "target")  # of a JSON file in a tar
LABEL_FILES = (".cls", ".cls.txt", ".label", ".class")
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


def pictures(shard: Path) -> Iterator[Packed]:
    """Yield the pictures of a shard in their order.

    Raises InputError where it is damaged, or holds no labelled pictures.
    """
    try:
        yield from _of_tar(shard) if shard.suffix == ".tar" else _of_table(shard)
    except (tarfile.TarError, EOFError) as error:
        raise InputError(BROKEN.format(shard.name)) from error
    except (OSError, NotImplementedError, *NOT_SO) as error:  # also what pyarrow raises
        raise InputError(BROKEN.format(shard.name)) from error


def _of_tar(shard: Path) -> Iterator[Packed]:
    """Files of one name belong together; their endings say what each is."""
    with tarfile.open(shard, "r:") as archive:
        key, together = "", dict[str, bytes]()
        for member in archive:
            if not member.isfile() or not 0 < member.size <= FILE_LIMIT:
                continue
            name = PurePosixPath(member.name)
            stem, _, ending = name.name.partition(".")
            own = f"{name.parent}/{stem}"
            if own != key:
                yield from _sample(key, together)
                key, together = own, {}
            ending = f".{ending.lower()}"
            wanted = PurePosixPath(f"x{ending}").suffix in PICTURES
            if wanted or member.size <= TEXT_LIMIT:
                file = archive.extractfile(member)
                together[ending] = b"" if file is None else file.read()
        yield from _sample(key, together)


def _sample(key: str, together: Mapping[str, bytes]) -> Iterator[Packed]:
    for ending, data in together.items():
        suffix = PurePosixPath(f"x{ending}").suffix
        if suffix in PICTURES:
            yield Packed(_safe(f"{key}{suffix}"), data, _label(key, together))
            return  # one picture a sample


def _label(key: str, together: Mapping[str, bytes]) -> str:
    for ending in LABEL_FILES:
        if ending in together:
            return together[ending].decode("utf-8", "replace").strip()
    with contextlib.suppress(*NOT_SO, RecursionError):
        about = json.loads(together.get(".json", b""))
        return next((str(about[name]) for name in LABEL_FIELDS if name in about), "")
    folder = PurePosixPath(key).parent.name
    return "" if folder in (".", "") else folder


def _of_table(shard: Path) -> Iterator[Packed]:
    import pyarrow as pa

    number = 0
    with contextlib.ExitStack() as stack:
        for batch in _batches(shard, stack):
            image, label = _columns(batch.schema, shard.name)
            names = _names(batch.schema, label)
            cells = batch.column(image)
            if pa.types.is_struct(cells.type):
                cells = cells.field("bytes")
            for data, given in zip(cells, batch.column(label), strict=True):
                number += 1
                content, value = data.as_py(), given.as_py()
                if content:
                    said = "" if value is None else str(value)
                    if names and isinstance(value, int):
                        said = names[value] if 0 <= value < len(names) else ""
                    yield Packed(f"{number:08d}{_ending(content)}", content, said)


def _batches(shard: Path, stack: contextlib.ExitStack) -> Iterable[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if shard.suffix == ".parquet":
        file = stack.enter_context(pq.ParquetFile(shard))
        columns = _columns(file.schema_arrow, shard.name)
        return file.iter_batches(ROWS, columns=list(columns))
    source = stack.enter_context(pa.memory_map(str(shard)))
    try:
        return stack.enter_context(pa.ipc.open_stream(source))
    except pa.ArrowInvalid:
        file = pa.ipc.open_file(source)
        return (file.get_batch(at) for at in range(file.num_record_batches))


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
        raise InputError(NO_COLUMNS.format(name, ", ".join(schema.names[:12])))
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
