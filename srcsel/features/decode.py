"""Pictures to uint8 arrays, each opened once for all source models that see it alike, while the
first one loads.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from srcsel.base.errors import InputError, PictureError
from srcsel.base.records import Dataset
from srcsel.base.watch import Watch
from srcsel.models.hubs import Preprocessing
from srcsel.pictures.dataset import GONE, read_again
from srcsel.pictures.images import make
from srcsel.store import files

MEMORY_BYTES = 1_000_000_000
"""Arrays up to this size together stay in memory; larger ones lie in files of the work folder
meanwhile.
"""
CHUNK_BYTES = 1 << 24
BLOCK = 64  # pictures between two looks at the stop button


class Arriving:
    """Pictures (n, 3, h, w) that are being decoded: a slice waits for its rows."""

    def __init__(self, array: np.ndarray, decoding: Decoding, first: int = 0) -> None:
        self._array = array
        self._decoding = decoding
        self._first = first

    def __len__(self) -> int:
        return len(self._array) - self._first

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        self._decoding.wait(self._first + stop)
        return self._array[self._first + start : self._first + stop]

    def settle(self) -> None:
        """Wait for all rows.

        Decoding keeps every core busy: a network beside it would be slower, and measured so.
        """
        self._decoding.wait(len(self._array))

    def rest(self, row: int) -> Arriving:
        """Return the pictures from `row` on, without waiting for any."""
        return Arriving(self._array, self._decoding, self._first + row)


class Decoding:
    """The pictures of a run, by pixel key, while a thread decodes them."""

    def __init__(self, arrays: Mapping[str, np.ndarray], total: int) -> None:
        self.total = total
        self._arrays = arrays
        self._done = 0  # rows, without a gap
        self._error: BaseException | None = None
        self._stopped = False
        self._news = threading.Condition()

    def __getitem__(self, pixel_key: str) -> Arriving:
        return Arriving(self._arrays[pixel_key], self)

    def wait(self, row: int) -> None:
        """Return when the rows before `row` are there. Raises what ended the decoding."""
        with self._news:
            self._news.wait_for(lambda: self._done >= row or self._error is not None)
        self.check()

    def check(self) -> None:
        """Raise what ended the decoding early, if anything did."""
        if self._error is not None:
            raise self._error

    def run(self, blocks: Iterator[int]) -> None:
        """Work through `blocks`, each the number of rows done after it, until stopped."""
        try:
            for done in blocks:
                self._tell(done)
                if self._stopped:
                    return
        except BaseException as error:  # noqa: BLE001 (raised again where the pictures are waited for)
            self._tell(self._done, error)

    def stop(self) -> None:
        """Decode no further block."""
        self._stopped = True

    def _tell(self, done: int, error: BaseException | None = None) -> None:
        with self._news:
            self._done, self._error = done, error
            self._news.notify_all()


@contextlib.contextmanager
def decoding(
    dataset: Dataset, wanted: Mapping[Preprocessing, int], folder: Path, watch: Watch
) -> Iterator[Decoding]:
    """Decode beside what follows; rows before `wanted[preprocessing]` are left blank.

    `folder` takes the arrays that do not fit into memory; they are removed on leaving. Waiting for
    rows raises InputError where a picture that could be read before no longer can, and Cancelled.
    Raises StoreError where the disk is full.
    """
    plans: dict[str, tuple[Preprocessing, int]] = {}  # pixel key -> how, first row needed
    for preprocessing, start in wanted.items():
        key = preprocessing.pixel_key
        plans[key] = (preprocessing, min(start, plans[key][1]) if key in plans else start)
    with _arrays(
        len(dataset.paths), {key: how for key, (how, _) in plans.items()}, folder
    ) as arrays:
        found = Decoding(arrays, len(dataset.paths))
        thread = threading.Thread(
            target=found.run, args=(_fill(dataset, plans, arrays, watch),), daemon=True
        )
        thread.start()
        try:
            yield found
        finally:
            found.stop()
            thread.join()


@contextlib.contextmanager
def decoded(
    dataset: Dataset, wanted: Mapping[Preprocessing, int], folder: Path, watch: Watch
) -> Iterator[Mapping[str, np.ndarray]]:
    """Yield uint8 arrays (n, 3, h, w) by pixel key, complete; the rest as `decoding`, raised
    here.
    """
    with decoding(dataset, wanted, folder, watch) as found:
        found.wait(found.total)
        yield {how.pixel_key: found[how.pixel_key][:] for how in wanted}


def _fill(
    dataset: Dataset,
    plans: dict[str, tuple[Preprocessing, int]],
    arrays: dict[str, np.ndarray],
    watch: Watch,
) -> Iterator[int]:
    """Open every picture from the first row needed on, with threads; progress and stop once a
    block.
    """
    total = len(dataset.paths)
    first = min((start for _, start in plans.values()), default=total)

    def decode(row: int) -> None:
        _decode(
            dataset,
            row,
            [(how, arrays[key]) for key, (how, start) in plans.items() if row >= start],
        )

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(first, total, BLOCK):
            watch.update(
                "pictures",
                "reading",
                start,
                total,
                note=f"Preparing pictures, {start:,} of {total:,}",
            )
            stop = min(start + BLOCK, total)
            list(pool.map(decode, range(start, stop)))
            yield stop
    watch.update("pictures", "done", total, total)
    yield total


def _decode(dataset: Dataset, row: int, wanted: list[tuple[Preprocessing, np.ndarray]]) -> None:
    """Open one picture, once for each size it is decoded in.

    JPEGs decode reduced, by the size asked for; asking for the largest size among the models of
    this run would make a model's features depend on which others run beside it.
    """
    by_size: dict[int, list[tuple[Preprocessing, np.ndarray]]] = {}
    for how, array in wanted:
        by_size.setdefault(max(how.scale), []).append((how, array))
    functions = {size: [how.pixels for how, _ in group] for size, group in by_size.items()}
    try:
        made = make(read_again(dataset, row), functions, dataset.ranges)
    except PictureError as error:
        raise InputError(GONE.format(dataset.paths[row], error)) from error
    for size, group in by_size.items():
        for (_, array), pixels in zip(group, made[size], strict=True):
            array[row] = pixels


@contextlib.contextmanager
def _arrays(
    n: int, plans: Mapping[str, Preprocessing], folder: Path
) -> Iterator[dict[str, np.ndarray]]:
    shapes = {key: (n, 3, *how.size) for key, how in plans.items()}
    if sum(math.prod(shape) for shape in shapes.values()) <= MEMORY_BYTES:
        yield {key: np.zeros(shape, np.uint8) for key, shape in shapes.items()}
        return
    with contextlib.ExitStack() as stack:
        yield {key: stack.enter_context(_mapped(shape, folder)) for key, shape in shapes.items()}


@contextlib.contextmanager
def _mapped(shape: tuple[int, ...], folder: Path) -> Iterator[np.ndarray]:
    """Map an array onto a file without a name, which the system frees however this process ends.

    Its room is taken at once: a disk that fills up under a mapping would kill the process without a
    word.
    """
    size = math.prod(shape)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                for start in range(0, size, CHUNK_BYTES):
                    file.write(bytes(min(CHUNK_BYTES, size - start)))
            yield np.memmap(file, np.uint8, "r+", shape=shape)
    except OSError as error:
        raise files.explain_disk(folder, error, size) from error
