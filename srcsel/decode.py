"""Pictures to uint8 arrays, each opened once for all source models that see it alike."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from srcsel import files
from srcsel.errors import InputError, PictureError
from srcsel.hubs import Preprocessing
from srcsel.images import open_sizes
from srcsel.records import Dataset
from srcsel.watch import Watch

MEMORY_BYTES = 1_000_000_000
"""Arrays up to this size together stay in memory; larger ones lie in files of the work folder meanwhile."""
CHUNK_BYTES = 1 << 24
BLOCK = 64  # pictures between two looks at the stop button


@contextlib.contextmanager
def decoded(
    dataset: Dataset, wanted: Mapping[Preprocessing, int], folder: Path, watch: Watch
) -> Iterator[dict[str, np.ndarray]]:
    """Yield uint8 arrays (n, 3, h, w) by pixel key; rows before `wanted[preprocessing]` are left blank.

    `folder` takes the arrays that do not fit into memory; they are removed on leaving. Raises InputError where
    a picture that could be read before no longer can, StoreError where the disk is full.
    """
    plans: dict[str, tuple[Preprocessing, int]] = {}  # pixel key -> how, first row needed
    for preprocessing, start in wanted.items():
        key = preprocessing.pixel_key
        plans[key] = (preprocessing, min(start, plans[key][1]) if key in plans else start)
    with _arrays(len(dataset.paths), {key: how for key, (how, _) in plans.items()}, folder) as arrays:
        _fill(dataset, plans, arrays, watch)
        yield arrays


def _fill(
    dataset: Dataset, plans: dict[str, tuple[Preprocessing, int]], arrays: dict[str, np.ndarray], watch: Watch
) -> None:
    """Open every picture from the first row needed on, with threads; progress and stop once a block."""
    total = len(dataset.paths)
    first = min((start for _, start in plans.values()), default=total)

    def decode(row: int) -> None:
        _decode(dataset, row, [(how, arrays[key]) for key, (how, start) in plans.items() if row >= start])

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(first, total, BLOCK):
            watch.update("pictures", "reading", start, total, note=f"Preparing pictures, {start:,} of {total:,}")
            list(pool.map(decode, range(start, min(start + BLOCK, total))))
    watch.update("pictures", "done", total, total)


def _decode(dataset: Dataset, row: int, wanted: list[tuple[Preprocessing, np.ndarray]]) -> None:
    """Open one picture, once for each size it is decoded in.

    JPEGs decode reduced, by the size asked for; asking for the largest size among the models of this run would
    make a model's features depend on which others run beside it.
    """
    by_size: dict[int, list[tuple[Preprocessing, np.ndarray]]] = {}
    for how, array in wanted:
        by_size.setdefault(max(how.scale), []).append((how, array))
    try:
        opened = open_sizes(dataset.folder / dataset.paths[row], by_size)
    except PictureError as error:
        raise InputError(
            f"{dataset.paths[row]} could be read when the folder was checked and cannot be read now: {error} "
            "Check the folder and start again."
        ) from error
    for size, group in by_size.items():
        for how, array in group:
            array[row] = how.pixels(opened[size])


@contextlib.contextmanager
def _arrays(n: int, plans: Mapping[str, Preprocessing], folder: Path) -> Iterator[dict[str, np.ndarray]]:
    shapes = {key: (n, 3, *how.size) for key, how in plans.items()}
    if sum(math.prod(shape) for shape in shapes.values()) <= MEMORY_BYTES:
        yield {key: np.zeros(shape, np.uint8) for key, shape in shapes.items()}
        return
    with contextlib.ExitStack() as stack:
        yield {key: stack.enter_context(_mapped(shape, folder)) for key, shape in shapes.items()}


@contextlib.contextmanager
def _mapped(shape: tuple[int, ...], folder: Path) -> Iterator[np.ndarray]:
    """Map an array onto a file without a name, which the system frees however this process ends.

    Its room is taken at once: a disk that fills up under a mapping would kill the process without a word.
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
