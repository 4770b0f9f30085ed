"""Parts of a Parquet file at an address, and several of them at the same time."""

from __future__ import annotations

import contextlib
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

from srcsel.base.remote import Store, Stored
from srcsel.pictures.stores.shards import sound

TOGETHER = 8  # parts that are read at the same time
AHEAD = 2 * TOGETHER  # parts that are read before somebody has taken what came before
PIECE = 4 << 20  # bytes that are asked for at once
Asked = TypeVar("Asked")
Told = TypeVar("Told")


@contextlib.contextmanager
def opened(store: Store, one: Stored, stopped: Event, about: Any = None) -> Iterator[Any]:
    """Open a Parquet file where it lies; about: what it says at its end, where that is known.

    Raises InputError where it is damaged or gone, and DownloadError.
    """
    import pyarrow.parquet as pq

    lying, little = _Ranges(store, one, stopped), {"buffer_size": PIECE, "pre_buffer": False}
    with sound(one.name), pq.ParquetFile(lying, metadata=about, **little) as file:
        yield file


class _Ranges(io.RawIOBase):
    """A file of which each part is asked for when it is read."""

    def __init__(self, store: Store, one: Stored, stopped: Event) -> None:
        self._store, self._one, self._stopped, self._at = store, one, stopped, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._one.size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._stopped.is_set():
            raise EOFError
        end = min(self._at + len(buffer), self._one.size)
        data = self._store.part(self._one, self._at, end) if end > self._at else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Several:
    """Work on several things at the same time."""

    def __init__(self) -> None:
        """Begin; to be left as a context."""
        self.stopped = Event()  # nobody waits for the work any more
        self._pool = ThreadPoolExecutor(TOGETHER, "parts")

    def __enter__(self) -> Several:
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def each(self, work: Callable[[Asked], Told], things: Iterable[Asked]) -> Iterator[Told]:
        """Yield what the work made of each thing, in their order."""
        waiting = deque[Future[Told]]()
        for thing in things:
            waiting.append(self._pool.submit(work, thing))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
