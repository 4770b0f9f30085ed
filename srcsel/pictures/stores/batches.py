"""Rows of Parquet and Arrow files, as few at a time as are safe: such a file may say of itself what
it likes, and its bytes may be packed.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from srcsel.pictures.kinds import ending
from srcsel.pictures.stores.limits import Allowance

PIECE = 1 << 20  # bytes of a Parquet file read at once
_MAGIC = b"ARROW1\0\0"  # before what is an Arrow stream, in an Arrow file
_BATCH, _DICTIONARY = "record batch", "dictionary"
Columns = Callable[[Any], tuple[str, str]]
"""Finds the columns of pictures and of labels in a schema."""


def batches(shard: Path, columns: Columns, most: Allowance) -> Iterator[Any]:
    """Yield record batches of the two columns of a Parquet or Arrow file, in its order.

    Raises InputError where they would be more than is allowed, struct.error and pyarrow's own.
    """
    return (_of_parquet if ending(shard.name) == ".parquet" else _of_arrow)(shard, columns, most)


def _of_parquet(shard: Path, columns: Columns, most: Allowance) -> Iterator[Any]:
    """One row at a time: a page may unpack to 2 GB whatever the list at the end says, and rows that
    are read together may each lie in one.
    """
    import pyarrow.parquet as pq

    # read ahead, all that was read would stay in memory
    with pq.ParquetFile(shard, buffer_size=PIECE, pre_buffer=False) as file:
        wanted = columns(file.schema_arrow)
        groups = (file.metadata.row_group(at) for at in range(file.metadata.num_row_groups))
        most.require(sum(sizes(group, wanted)[1] for group in groups))
        for batch in file.iter_batches(1, columns=list(wanted)):
            yield batch.select(wanted)


def sizes(group: Any, wanted: tuple[str, str]) -> tuple[int, int]:
    """Return the bytes that a group of rows says its two columns take, packed and unpacked."""
    heads = tuple(f"{name}." for name in wanted)
    chunks = [group.column(at) for at in range(group.num_columns)]
    ours = [chunk for chunk in chunks if f"{chunk.path_in_schema}.".startswith(heads)]
    return sum(c.total_compressed_size for c in ours), sum(c.total_uncompressed_size for c in ours)


def _of_arrow(shard: Path, columns: Columns, most: Allowance) -> Iterator[Any]:
    """All that a batch says of its size is looked at before any is unpacked."""
    import pyarrow as pa

    with contextlib.ExitStack() as stack:
        source = stack.enter_context(pa.memory_map(str(shard)))
        start = len(_MAGIC) if source.read(len(_MAGIC)) == _MAGIC else 0
        source.seek(start)
        messages = pa.ipc.MessageReader.open_stream(source)
        with contextlib.suppress(StopIteration):
            while True:
                most.require(_unpacked(messages.read_next_message()))
        source.seek(start)
        for batch in stack.enter_context(pa.ipc.open_stream(source)):
            picked = batch.select(columns(batch.schema))
            picked.validate(full=True)  # the places it points to may lie outside
            yield picked


def _unpacked(message: Any) -> int:
    """Return to how many bytes the packed buffers of a message of an Arrow stream unpack.

    Its header is a flatbuffer, whose tables begin with where their list of fields lies; each packed
    buffer begins with its length (https://arrow.apache.org/docs/format/Columnar.html#compression).
    Raises struct.error.
    """
    if message.type not in (_BATCH, _DICTIONARY):
        return 0
    head, body = memoryview(message.metadata), memoryview(message.body)

    def number(kind: str, at: int) -> int:
        return struct.unpack_from(f"<{kind}", head, at)[0]

    def field(table: int, which: int) -> int:
        """Where a field of a table lies; 0 = it has none."""
        fields = table - number("i", table)
        known = 4 + 2 * which < number("H", fields)
        offset = number("H", fields + 4 + 2 * which) if known else 0
        return table + offset if offset else 0

    def target(place: int) -> int:
        return place + number("I", place)

    batch = target(field(target(0), 2))
    if message.type == _DICTIONARY:
        batch = target(field(batch, 1))
    if not field(batch, 3):  # how it is packed
        return 0
    buffers, total = target(field(batch, 2)), 0
    for at in range(number("I", buffers)):
        offset, length = struct.unpack_from("<qq", head, buffers + 4 + 16 * at)
        if length:
            total += max(0, struct.unpack_from("<q", body, offset)[0])  # -1: as it is
    return total
