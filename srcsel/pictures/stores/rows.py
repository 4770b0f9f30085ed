"""Parquet files at an address: the labels of all their rows, which cost little, then the groups of
rows that hold a picture that is used. Of such a group that picture alone is kept.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from srcsel.base import phrases
from srcsel.base.errors import InputError
from srcsel.base.remote import Store, Stored
from srcsel.base.watch import Watch
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores import arriving, batches, index, shards
from srcsel.pictures.stores.arriving import TOO_LARGE
from srcsel.pictures.stores.limits import Allowance
from srcsel.pictures.stores.ranges import Several, opened
from srcsel.pictures.stores.unpacked import NAMED, NO_LABELS, NO_PICTURES, label_of

NUMBERS = 1024  # labels that are numbers, read at once
WORTH_A_WORD = 2**30  # bytes from which it is said how much is read
CHANGED = "Its shard was taken away or changed in its store while it was fetched. Start again."
READ = (
    "Of {} at {} all labels are known. The pictures that are used lie in {:,} of {:,} groups of"
    " rows, which are read whole, {:,.1f} GB; of these the pictures that are used are kept."
)


def ask(store: Store, packed: Sequence[Stored], place: Path, watch: Watch) -> None:
    """Read the labels of Parquet files, where any is new or has changed.

    Raises InputError where they are no labelled pictures, DownloadError.
    """
    now = {one.name: index.version_of(one) for one in packed}
    if index.told(place, "rows") == now and (place / index.LABELS).is_file():
        return
    most = Allowance(sum(one.size for one in packed), place, sys.maxsize)
    some = every = 0
    with tempfile.TemporaryDirectory(prefix=arriving.COMING, dir=place) as coming:
        path = Path(coming) / index.LABELS
        with path.open("w", encoding="utf-8") as file, Several() as pool:
            read = pool.each(lambda one: _labels(store, one, place, pool.stopped), packed)
            for done, (one, labels) in enumerate(zip(packed, read, strict=True)):
                said = f"Reading labels, {every:,}, of file {done + 1:,} of {len(packed):,}"
                watch.update("pictures", "downloading", note=said)
                for label in labels:
                    most.take(len(label))
                index.write_labels(file, shards.title(one.name), None, labels)
                every += len(labels)
                some += sum(map(bool, labels))
        if not some:
            names = phrases.some_of(packed, NAMED, show=lambda one: Path(one.name).name)
            raise InputError(NO_LABELS.format(names) if every else NO_PICTURES)
        kept = _keep_same(place, now)
        path.replace(place / index.LABELS)
    index.write_index(place, {"rows": now, "files": kept})


def bring(store: Store, place: Path, wanted: Sequence[str], watch: Watch) -> dict[str, str]:
    """Fetch the pictures of rows, by their paths, where they are not here; returns path -> why, of
    those that did not come. Raises InputError, DownloadError, StoreError.
    """
    inside, aside = place / index.INSIDE, dict[str, str]()
    here, told = index.told(place, "files"), index.told(place, "rows")
    new = [path for path in wanted if path not in here or not (inside / path).is_file()]
    try:
        with tempfile.TemporaryDirectory(prefix=arriving.COMING, dir=place) as coming:
            for one, came in _fetched(store, told, new, Path(coming), watch):
                for path, found in came.items():
                    if isinstance(found, str):
                        aside[path] = found
                    elif arriving.put(found, inside / path):
                        here[path] = index.version_of(one)
    finally:
        inside.mkdir(exist_ok=True)
        index.write_index(place, {"rows": told, "files": here})
    return aside


def _labels(store: Store, one: Stored, place: Path, stopped: Event) -> list[str]:
    """Return what each row of a file is; "" = nothing says it."""
    import pyarrow as pa

    most, found = Allowance(one.size, place, sys.maxsize), list[str]()
    with opened(store, one, stopped) as file:
        _, column = shards.columns(file.schema_arrow, one.name)
        names = shards.class_names(file.schema_arrow, column)
        # numbers are as large as they are; texts that are read together may each be of 2 GB
        count = NUMBERS if pa.types.is_integer(file.schema_arrow.field(column).type) else 1
        for batch in file.iter_batches(count, columns=[column]):
            for given in batch.column(0):
                label = label_of(shards.class_of(given.as_py(), names))
                most.take(len(label))
                found.append(label)
    return found


@dataclass(frozen=True)
class _Group:
    """A group of rows that holds pictures that are used."""

    one: Stored
    about: Any  # what the file says at its end
    number: int  # in its file
    paths: Mapping[int, str]  # of the pictures, by row of the group
    size: int  # bytes of the two columns, packed


def _fetched(
    store: Store, told: Mapping[str, index.Version], paths: Sequence[str], into: Path, watch: Watch
) -> Iterator[tuple[Stored, dict[str, Path | str]]]:
    """Yield what came of a group of rows: path -> its file, or why there is none."""
    packed = [
        Stored(store.place(name), name, int(size), str(version))
        for name, (size, version) in sorted(told.items())
    ]
    by_shard = defaultdict[int, list[str]](list)
    for path in paths:
        by_shard[int(path.partition("-")[0])].append(path)
    wanted = [(packed[number], some) for number, some in by_shard.items()]
    with Several() as pool:
        groups, every = list[_Group](), 0
        lying = pool.each(lambda both: _groups(store, *both, into, pool.stopped), wanted)
        for found, count in lying:
            watch.update("pictures", "downloading", note=f"Looking up rows, {len(groups):,}")
            groups += found
            every += count
        total, done = sum(group.size for group in groups), 0
        if total >= WORTH_A_WORD:
            said = phrases.count(len(wanted), "shard")
            watch.say(READ.format(said, store.address, len(groups), every, total / 1e9))
        arriving.require_room(WORTH_A_WORD, into)
        most = Allowance(sum(one.size for one in packed), into, shutil.disk_usage(into).free)
        came = pool.each(lambda group: _read(store, group, into, pool.stopped), groups)
        for group, found in zip(groups, came, strict=True):
            done += group.size
            watch.update("pictures", "downloading", done, total)
            for file in found.values():
                if isinstance(file, Path):
                    most.take(file.stat().st_size)
            yield group.one, found


def _groups(
    store: Store, one: Stored, paths: Iterable[str], place: Path, stopped: Event
) -> tuple[list[_Group], int]:
    """Return the groups of rows of a file that hold these pictures, and how many it has in all."""
    with opened(store, one, stopped) as file:
        columns = shards.columns(file.schema_arrow, one.name)
        about, start = file.metadata, 0
        rows = {shards.row_of(path): path for path in paths}
        found = list[_Group]()
        for number in range(about.num_row_groups):
            group = about.row_group(number)
            end = start + group.num_rows
            inside = {row - start: rows[row] for row in range(start, end) if row in rows}
            if inside:
                packed, said = batches.sizes(group, columns)
                Allowance(one.size, place, sys.maxsize).require(said)
                found.append(_Group(one, about, number, inside, packed))
            start = end
    return found, about.num_row_groups


def _read(store: Store, group: _Group, into: Path, stopped: Event) -> dict[str, Path | str]:
    """Write the pictures of a group of rows that are wanted into a folder."""
    found = dict[str, Path | str]()
    most = Allowance(group.one.size, into, shutil.disk_usage(into).free)
    for path, picture in _pictures(store, group, stopped):
        most.take(len(picture.data))
        if picture.size > FILE_LIMIT:
            found[path] = TOO_LARGE.format(picture.size / 1e6)
            continue
        file = into / path.replace("/", "-")
        file.write_bytes(picture.data)
        found[path] = file
    if not store.holds(group.one):
        return dict.fromkeys(group.paths.values(), CHANGED)
    return found


def _pictures(store: Store, group: _Group, stopped: Event) -> Iterator[tuple[str, shards.Packed]]:
    """Yield path and picture, of one row after the other, as `batches` reads a file."""
    with opened(store, group.one, stopped, group.about) as file:
        columns = shards.columns(file.schema_arrow, group.one.name)
        rows = file.iter_batches(1, row_groups=[group.number], columns=list(columns))
        for row, batch in enumerate(rows):
            if (path := group.paths.get(row)) is not None:
                data, _ = shards.picked(batch.select(columns))
                yield path, shards.of_row(row, data[0].as_py(), "")


def _keep_same(place: Path, now: Mapping[str, index.Version]) -> dict[str, index.Version]:
    """Remove pictures of shards that are gone or have changed; returns those that stay."""
    if not (before := index.told(place, "rows")):
        index.clear(place)  # it held no rows
        return {}
    was, is_ = _by_folder(before), _by_folder(now)
    same = {folder for folder, version in is_.items() if was.get(folder) == version}
    here = index.told(place, "files")
    (place / index.INDEX).unlink(missing_ok=True)  # until all fit
    inside = place / index.INSIDE
    for folder in inside.iterdir() if inside.is_dir() else ():
        if folder.name not in same:
            shutil.rmtree(folder, ignore_errors=True)
    return {path: version for path, version in here.items() if path.partition("/")[0] in same}


def _by_folder(about: Mapping[str, index.Version]) -> dict[str, index.Version]:
    """Return the same by the folders of the pictures."""
    names = enumerate(sorted(about))
    return {shards.folder_of(at, shards.title(name)): about[name] for at, name in names}
