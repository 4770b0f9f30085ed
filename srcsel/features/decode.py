"""Pictures to uint8 arrays, each opened once for all source models that see it alike, while the
first one loads.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srcsel.base.records import Dataset
from srcsel.base.watch import Watch
from srcsel.models.hubs import Preprocessing
from srcsel.pictures.dataset import made_of
from srcsel.pictures.decoding import made
from srcsel.store import files

MEMORY_BYTES = 1_000_000_000
"""Arrays up to this size together stay in memory; larger ones lie in files of the work folder
meanwhile.
"""
BLOCK = 64  # pictures between two looks at the stop button


class Arriving:
    """Pictures (n, 3, h, w) that are being decoded: a slice waits for its rows."""

    def __init__(self, plan: _Plan, decoding: Decoding, at: np.ndarray) -> None:
        self._plan = plan
        self._decoding = decoding
        self._at = at  # (n,) which rows of the array

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, rows: slice) -> np.ndarray:
        at = self._at[rows]
        if not len(at):
            return self._plan.array[:0]
        self._decoding.wait(int(self._plan.turns[at].max()) + 1)
        first, last = int(at[0]), int(at[-1]) + 1
        consecutive = last - first == len(at)  # they rise: then they need no copy
        return self._plan.array[first:last] if consecutive else self._plan.array[at]

    def settle(self) -> None:
        """Wait for all rows.

        Decoding keeps every core busy: a network beside it would be slower, and measured so.
        """
        self._decoding.wait(self._decoding.total)

    def rest(self, row: int) -> Arriving:
        """Return the pictures from `row` on, without waiting for any."""
        return Arriving(self._plan, self._decoding, self._at[row:])


@dataclass(frozen=True, eq=False)
class _Plan:
    """Pictures to decode in one way."""

    how: Preprocessing
    rows: np.ndarray  # (m,) of the dataset, rising
    turns: np.ndarray  # (m,) when each is decoded, of all pictures that are
    array: np.ndarray  # (m, 3, h, w) uint8


class Decoding:
    """The pictures of a run, by pixel key, while a thread decodes them."""

    def __init__(self, plans: Mapping[str, _Plan], total: int) -> None:
        self.total = total
        self._plans = plans
        self._done = 0  # pictures, without a gap
        self._error: BaseException | None = None
        self._stopped = False
        self._news = threading.Condition()

    def of(self, pixel_key: str, rows: np.ndarray) -> Arriving:
        """Return these pictures, rows of the dataset (n,), rising, all of them among those that
        are decoded in this way.
        """
        plan = self._plans[pixel_key]
        return Arriving(plan, self, np.searchsorted(plan.rows, rows))

    def wait(self, row: int) -> None:
        """Return when the pictures before the `row`th are there. Raises what ended the decoding."""
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
    dataset: Dataset, wanted: Mapping[Preprocessing, np.ndarray], folder: Path, watch: Watch
) -> Iterator[Decoding]:
    """Decode beside what follows; `wanted`: the rows of the dataset (m,), rising, for each way.

    `folder` takes the arrays that do not fit into memory; they are removed on leaving. Waiting for
    rows raises InputError where a picture that could be read before no longer can, and Cancelled.
    Raises StoreError where the disk is full.
    """
    hows = {how.pixel_key: how for how in wanted}
    rows: dict[str, np.ndarray] = {}  # pixel key -> rows
    for how, own in wanted.items():
        rows[how.pixel_key] = np.union1d(rows.get(how.pixel_key, own), own)
    every = np.unique(np.concatenate([np.empty(0, np.int64), *rows.values()]))  # (u,)
    shapes = {key: (len(own), 3, *hows[key].size) for key, own in rows.items()}
    with _arrays(shapes, folder) as arrays:
        plans = {
            key: _Plan(hows[key], own, np.searchsorted(every, own), arrays[key])
            for key, own in rows.items()
        }
        found = Decoding(plans, len(every))
        thread = threading.Thread(
            target=found.run, args=(_fill(dataset, every, plans, watch),), daemon=True
        )
        thread.start()
        try:
            yield found
        finally:
            found.stop()
            thread.join()


@contextlib.contextmanager
def decoded(
    dataset: Dataset, wanted: Iterable[Preprocessing], folder: Path, watch: Watch
) -> Iterator[Mapping[str, np.ndarray]]:
    """Yield uint8 arrays (n, 3, h, w) by pixel key, complete; the rest as `decoding`, raised
    here.
    """
    every = np.arange(len(dataset.paths))
    hows = list(wanted)
    with decoding(dataset, dict.fromkeys(hows, every), folder, watch) as found:
        found.wait(found.total)
        yield {how.pixel_key: found.of(how.pixel_key, every)[:] for how in hows}


def _fill(
    dataset: Dataset, every: np.ndarray, plans: Mapping[str, _Plan], watch: Watch
) -> Iterator[int]:
    """Decode the rows `every` (u,), a block at a time; yield how many are done. Asked to stop once
    a block.
    """
    total, kept = len(dataset.paths), len(dataset.paths) - len(every)
    new = "new " if kept else ""

    def decode(turn: int) -> None:
        wanted = []
        for plan in plans.values():
            at = int(np.searchsorted(plan.turns, turn))
            if at < len(plan.turns) and plan.turns[at] == turn:
                wanted.append((plan.how, plan.array[at]))
        _decode(dataset, int(every[turn]), wanted)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(0, len(every), BLOCK):
            said = f"Preparing {new}pictures, {start:,} of {len(every):,}"
            watch.update("pictures", "reading", kept + start, total, said)
            stop = min(start + BLOCK, len(every))
            list(pool.map(decode, range(start, stop)))
            yield stop
    watch.update("pictures", "done", total, total)
    yield len(every)


def pixels_of(dataset: Dataset, row: int, hows: Sequence[Preprocessing]) -> list[np.ndarray]:
    """Open one picture, once for each size it is decoded in; return pixels (3, h, w) for each of
    `hows`.

    JPEGs decode reduced, by the size asked for; asking for the largest size among the models of
    this run would make a model's features depend on which others run beside it. Raises InputError
    where it is another picture by now, or cannot be read.
    """
    by_size: dict[int, list[int]] = {}
    for at, how in enumerate(hows):
        by_size.setdefault(max(how.scale), []).append(at)
    functions = {size: [hows[at].pixels for at in group] for size, group in by_size.items()}
    seen = made_of(dataset, row, made, functions, dataset.ranges)
    found: list[np.ndarray] = [np.empty(0)] * len(hows)
    for size, group in by_size.items():
        for at, pixels in zip(group, seen[size], strict=True):
            found[at] = pixels
    return found


def _decode(dataset: Dataset, row: int, wanted: list[tuple[Preprocessing, np.ndarray]]) -> None:
    """Open one picture and put what each preprocessing makes of it into its place."""
    found = pixels_of(dataset, row, [how for how, _ in wanted])
    for (_, array), pixels in zip(wanted, found, strict=True):
        array[...] = pixels


@contextlib.contextmanager
def _arrays(shapes: Mapping[str, tuple[int, ...]], folder: Path) -> Iterator[dict[str, np.ndarray]]:
    if sum(math.prod(shape) for shape in shapes.values()) <= MEMORY_BYTES:
        yield {key: np.zeros(shape, np.uint8) for key, shape in shapes.items()}
        return
    yield {key: files.mapped(shape, np.uint8, folder) for key, shape in shapes.items()}
