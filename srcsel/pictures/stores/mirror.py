"""What was brought into the work folder from a store or out of shards, and what is still to come.

public/store-<hash>/pictures/   the files, under their names; of shards the pictures

Of files at an address first the names come, as `ask` lists them, of Parquet files the labels, and
then those that are wanted (`bring`); other shards come whole.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from srcsel.base.addresses import Address
from srcsel.base.errors import DownloadError, InputError, StoreError
from srcsel.base.records import Dataset, Listing, Unreadable
from srcsel.base.remote import Store
from srcsel.base.watch import Watch
from srcsel.pictures import layouts
from srcsel.pictures.stores import arriving, far, index, parts, rows, shards, unpacked
from srcsel.pictures.stores.sources import Source, local_shards, local_tables, source_of
from srcsel.pictures.walk import Tree, walk
from srcsel.store import files

NOT_FETCHED = (
    "The pictures at {} are not on this computer yet. Check or run them once: that fetches them."
)
FETCHED = (
    "{:,} pictures are listed at {}, and {:,} were fetched, those that are used. What only a look"
    " into the files shows is known of these alone: which cannot be read, which are copies, which"
    " show nothing."
)
SILENT = (
    "The store of {} did not answer, so what it listed last, on {}, stands for what it holds. Start"
    " again when it answers to see what is new or gone."
)
SLOW = 10.0
"""Seconds that listing takes from which on the list is believed for as long again: one job asks
more than once for the same pictures, and ten million names take a quarter of an hour.
"""
SHARDS = "the shards"  # where classes come from
NO_FOLDERS = (
    "{} holds shards, which say the class of each picture themselves: there are no folders in it."
    " Give it without /*."
)
DAMAGED = "The list of what lies at {} is damaged. Start again: it is made anew."

# where names are kept -> until when, by the monotonic clock, and what is to be said of them
_believed: dict[Path, tuple[float, tuple[str, ...]]] = {}


def is_apart(ref: str) -> bool:
    """Tell whether a reference means an address, or a folder or file of shards.

    Raises InputError for an address that may not be opened.
    """
    return source_of(ref) is not None


def is_here(ref: str) -> bool:
    """Tell whether it is known what a reference holds, also where nothing has to be brought. Of an
    address not all that is listed must lie on this computer.
    """
    source = source_of(ref)
    return source is None or _is_known(source.place())


def ask(ref: str, watch: Watch) -> Listing:
    """List what a store holds now, or unpack shards; progress goes to the part "pictures". Where a
    store does not answer, what it listed last will do, and a note says so.

    Raises InputError, DownloadError where nothing is known either, StoreError, Cancelled.
    """
    source = source_of(ref)
    assert source is not None
    place, tree = source.place(), None
    notes: tuple[str, ...] = ()
    with _alone(place):
        if source.address is not None:
            until, notes = _believed.get(place, (0.0, ()))
            if time.monotonic() >= until or not _is_known(place):
                tree, notes = _ask(source, place, watch)
        else:
            unpacked.from_here(local_shards(source), local_tables(source), place, watch)
    found = _listing(source, place, tree)
    return replace(found, notes=(*notes, *found.notes))


def _ask(source: Source, place: Path, watch: Watch) -> tuple[Tree | None, tuple[str, ...]]:
    """Return what lies there, None of shards and of what was listed before, with notes on it."""
    began, tree, notes = time.monotonic(), None, ()
    try:
        tree = far.ask(source, place, watch)
    except DownloadError:
        if not (when := far.listed_last(place)):
            raise
        notes = (SILENT.format(source.around, f"{datetime.fromtimestamp(when):%Y-%m-%d}"),)
    took = time.monotonic() - began
    _believed[place] = (time.monotonic() + took if took >= SLOW else 0.0), notes
    return tree, notes


def bring(listing: Listing, watch: Watch) -> dict[str, str]:
    """Fetch the pictures of a listing that lie at an address and are not here; returns path -> why,
    of those that did not come. Nothing is to be done for other pictures.

    Raises as `ask`; what was brought until then is kept.
    """
    if (found := _far(listing)) is None:
        return {}
    address, place, head = found
    with _alone(place):
        try:
            store = Store(address)
            if not _is_of_files(place):
                return rows.bring(store, place, listing.paths, watch)
            names = {head + path for path in listing.paths}
            wanted = [one for one in index.known_names(place, store.place()) if one.name in names]
            lost = far.bring(store, place, wanted, watch)
        except files.DamagedFileError as error:
            index.clear(place)
            raise StoreError(DAMAGED.format(address)) from error
    return {name.removeprefix(head): why for name, why in lost.items()}


def stored(ref: str) -> Listing | None:
    """List as at the last time; None where that is nothing. Asks no store."""
    source = source_of(ref)
    assert source is not None
    place = source.place()
    with contextlib.suppress(files.DamagedFileError):
        return _listing(source, place) if _is_known(place) else None


def rows_here(listing: Listing) -> np.ndarray | None:
    """Return the rows (m,), rising, of pictures that lie on this computer; None where all do."""
    if (found := _far(listing)) is None:
        return None
    _, place, head = found
    paths, here = listing.paths, list[int]()
    for name in index.told(place, "files"):
        path = name.removeprefix(head)
        row = bisect_left(paths, path)
        if name.startswith(head) and row < len(paths) and paths[row] == path:
            here.append(row)
    return np.array(sorted(here), np.int64)


def folder_of(listing: Listing | Dataset) -> Path | Address:
    """Return the folder of a listing, as a reference names it: that of a store by its address."""
    if (found := _far(listing)) is not None:
        return found[0] / found[2].rstrip("/")
    source = source_of(listing.ref)
    inside = None if source is None else source.place() / index.INSIDE
    if source is None or inside is None or not listing.folder.is_relative_to(inside):
        return listing.folder
    return source.folder.joinpath(source.pattern, *listing.folder.relative_to(inside).parts)


def _is_known(place: Path) -> bool:
    return _is_of_files(place) or index.of_shards(place)


def _is_of_files(place: Path) -> bool:
    return (place / index.NAMES).is_file()


def _far(listing: Listing | Dataset) -> tuple[Address, Path, str] | None:
    """Return the address of pictures that are files there, where they are kept, and what stands
    before a path of the listing in the name that their store has for it; None for others.
    """
    source = source_of(listing.ref)
    if source is None or source.address is None:
        return None
    place = source.place()
    inside = place / index.INSIDE
    apart = _is_of_files(place) or index.told(place, "rows")
    if not listing.folder.is_relative_to(inside) or not apart:
        return None
    below = listing.folder.relative_to(inside).as_posix()
    return source.address, place, "" if below == "." else f"{below}/"


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let nobody else bring anything there meanwhile. Raises StoreError for what a disk refuses."""
    from filelock import FileLock

    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / "fetching.lock"):
            for left in place.glob(f"{arriving.COMING}*"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            yield
    except OSError as error:
        raise files.explain_disk(place, error) from error


def _listing(source: Source, place: Path, tree: Tree | None = None) -> Listing:
    """List what is known of a place; `tree`: what lies there, where that was just found out."""
    whole = bool(index.told(place, index.FOLDER))
    if not whole and not _is_of_files(place):
        return _of_shards(source, place)
    from srcsel.pictures.listing import list_below

    try:
        if whole:
            tree = walk(place / index.INSIDE / source.inside)
        tree = tree or far.tree(place, index.known_names(place))
        found = list_below(tree, source.ref, source.name, source.depth)
    except InputError as error:  # the folder that it names is ours, and no help
        raise InputError(str(error).replace(str(place / index.INSIDE), source.around)) from error
    aside = [Unreadable(path, why) for path, why in index.told(place, "aside").items()]
    skipped = tuple(sorted((*found.skipped, *aside), key=lambda one: one.path))
    notes = tuple(note.replace(str(place / index.INSIDE), source.around) for note in found.notes)
    return replace(found, ref=source.ref, name=source.name, skipped=skipped, notes=notes)


def _of_shards(source: Source, place: Path) -> Listing:
    """List by what the shards say; raises InputError where the classes shall be folders."""
    if source.depth:
        raise InputError(NO_FOLDERS.format(source.around))
    said = dict[str, str]()
    aside = index.told(place, "aside")
    for number, (called, names, labels) in enumerate(index.known_labels(place)):
        folder = shards.folder_of(number, called)
        for row, label in enumerate(labels):
            name = shards.row_name(row) if names is None else names[row]
            if label:
                said[f"{folder}/{name}"] = label
            else:
                aside[f"{called}/{name}"] = unpacked.NO_LABEL
    paths, classes = sorted(said), sorted(set(said.values()))
    number_of = {name: k for k, name in enumerate(classes)}
    rows_ = np.fromiter((number_of[said[path]] for path in paths), np.int64, len(paths))
    skipped = tuple(Unreadable(path, why) for path, why in sorted(aside.items()))
    about = source.ref, source.name, place / index.INSIDE
    notes = parts.about_parts(_by_shard(source, place, paths), source.folder)
    return Listing(*about, tuple(paths), rows_, tuple(classes), skipped, SHARDS, notes=tuple(notes))


def _by_shard(source: Source, place: Path, paths: Sequence[str]) -> dict[str, int]:
    """Return how many pictures each shard has, by its name (relative, POSIX)."""
    names = shards.meant(sorted(index.told(place, "rows") or index.told(place, "shards")))
    if source.path is not None:
        around = source.path if source.path.is_dir() else source.path.parent
        names = [Path(name).relative_to(around).as_posix() for name in names]
    counts = Counter(int(path.partition("-")[0]) for path in paths)
    return {name: counts[number] for number, name in enumerate(names)}


def part_remedies(listing: Listing | Dataset) -> list[layouts.Remedy]:
    """Return how one part alone of shards of several parts is asked for."""
    source = source_of(listing.ref)
    if source is None or listing.label_source != SHARDS:
        return []
    return parts.remedies(_by_shard(source, source.place(), listing.paths), source.folder)
