"""Shards, unpacked into pictures and what their labels are, and packed folders.

Whole shards: which pictures one holds, and of which class, shows only when it is unpacked.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from srcsel.base import phrases
from srcsel.base.errors import InputError
from srcsel.base.remote import Store, Stored
from srcsel.base.watch import Watch
from srcsel.pictures.kinds import ending
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores import arriving, contents, index, packed, shards
from srcsel.pictures.stores.arriving import TOO_LARGE
from srcsel.pictures.stores.limits import Allowance

SHARD_LIMIT = 50 * 2**30  # bytes of one shard
SHARDS_LIMIT = 500 * 2**30  # bytes of all at an address: more than an hour at 1 Gbit a second
WORTH_A_WORD = 2**30  # bytes from which it is said that they come whole
NAMED = 3  # shards that a sentence names
NO_PICTURES = "No pictures were found in these shards."
NO_LABELS = (
    "None of the pictures in {} has a label, so there are no classes. A WebDataset tar says the"
    " class of 0001.jpg in 0001.cls, in 0001.json (label) or by a folder; a Parquet or Arrow file"
    " in a column called label or class. Write them so, or choose a folder with one sub-folder a"
    " class."
)
NO_LABEL = "It has no label in its shard."
LOOK = 64  # pictures between two looks at the stop button
GONE = (
    "{} was taken away or changed at {} while it was fetched. Start again when nothing writes there"
    " any more: what was unpacked before is kept until then."
)
WHOLE = (
    "{} at {} are fetched whole, {:,.1f} GB: which pictures a shard holds, and of which class,"
    " shows only when it is unpacked. Of very many pictures a sample is drawn then."
)
TOO_MANY = (
    "The {} at {} are {:,.0f} GB, and tars and Arrow files can only be fetched whole: up to {:,.0f}"
    " GB are. Give the address of a part of them, or unpack them in the store: of pictures that are"
    " files, and of Parquet files, only what is used is fetched."
)


def from_store(
    store: Store, listed: Sequence[Stored], tables: Sequence[Stored], place: Path, watch: Watch
) -> None:
    """Fetch the shards of a place and unpack them, where any is new or has changed.

    listed: shards alone; tables: what lies beside them, for packed folders. Raises InputError, also
    where they are more than is fetched.
    """
    small = [one for one in listed if one.size <= SHARD_LIMIT]
    large = {one.name: TOO_LARGE.format(one.size / 1e6) for one in listed if one not in small}
    now = {one.name: index.version_of(one) for one in (*small, *tables)}
    if index.told(place, "shards") == now:
        return
    total = sum(one.size for one in small)
    said = phrases.count(len(small), "shard")
    if total > SHARDS_LIMIT:
        raise InputError(TOO_MANY.format(said, store.address, total / 1e9, SHARDS_LIMIT / 1e9))
    if total >= WORTH_A_WORD:
        watch.say(WHOLE.format(f"The {said}", store.address, total / 1e9))
    sources = _Sources(
        [one.name for one in small],
        _fetched(store, small, place, watch),
        _fetched(store, tables, place, watch),
    )
    _unpack_all(sources, place, watch, now, large)


def from_here(
    packs: Mapping[str, Path], tables: Mapping[str, Path], place: Path, watch: Watch
) -> None:
    """Unpack shards of this computer, by their names, where any is new or has changed; tables: what
    lies beside them.
    """
    paths = (*packs.values(), *tables.values())
    about = {str(p): [p.stat().st_size, str(p.stat().st_mtime_ns)] for p in paths}
    if index.told(place, "shards") == about:
        return
    arriving.require_room(sum(size for size, _ in about.values()), place)
    sources = _Sources(list(packs), iter(packs.items()), iter(tables.items()))
    _unpack_all(sources, place, watch, about, {})


@dataclass(frozen=True)
class _Sources:
    """What is unpacked, each with its name (relative, POSIX), and where it lies for the moment."""

    names: list[str]
    shards: Iterator[tuple[str, Path]]
    tables: Iterator[tuple[str, Path]]


def _fetched(
    store: Store, some: Sequence[Stored], place: Path, watch: Watch
) -> Iterator[tuple[str, Path]]:
    """Fetch one file after the other; each is there only while it is unpacked."""
    total, done = sum(one.size for one in some), 0
    arriving.require_room(total + max((one.size for one in some), default=0), place)
    for one in some:
        watch.update("pictures", "downloading", done, total)
        for _, path in arriving.whole(store, [one], place):
            if path is None:
                raise InputError(GONE.format(one.name, store.address))
            yield one.name, path.rename(path.with_name(f"shard{ending(one.name)}"))
        done += one.size


def _unpack_all(
    sources: _Sources,
    place: Path,
    watch: Watch,
    about: dict[str, index.Version],
    large: Mapping[str, str],
) -> None:
    """Unpack shards into a new folder, which takes the old one's place when it is whole."""
    size = sum(size for size, _ in about.values())
    most = Allowance(size, place, shutil.disk_usage(place).free)
    with tempfile.TemporaryDirectory(prefix=arriving.COMING, dir=place) as coming:
        made, aside = Path(coming) / index.INSIDE, dict(large)
        made.mkdir()
        with (Path(coming) / index.LABELS).open("w", encoding="utf-8") as labels:
            plain = _unpack_each(sources, most, made, labels, aside, watch)
        for part in (index.INDEX, index.NAMES):
            (place / part).unlink(missing_ok=True)  # until all fit
        shutil.rmtree(place / index.INSIDE, ignore_errors=True)
        made.rename(place / index.INSIDE)
        (Path(coming) / index.LABELS).replace(place / index.LABELS)
        kept = {"shards": about, "aside": aside}
        index.write_index(place, kept | ({index.FOLDER: {"": True}} if plain else {}))


def _unpack_each(
    sources: _Sources,
    most: Allowance,
    made: Path,
    labels: TextIO,
    aside: dict[str, str],
    watch: Watch,
) -> bool:
    """Unpack one shard after the other into `made`; tell whether they are packed folders, which
    they are from the first on, unless one says the class of each of its pictures.
    """
    folder = packed.Unpacked(made, sources.names, most)
    plain, some = False, 0
    telling = any(ending(name) in (".parquet", ".arrow") for name in sources.names)
    for number, (name, given) in enumerate(sources.shards):
        title = shards.title(name)
        shard = packed.plain(given, made.parent, most)
        zipped = contents.is_zip(shard)
        tarred = ending(shard.name) == ".tar"
        kind = packed.kind_of(shard, name) if zipped or tarred else packed.Kind.SHARD
        if (plain and kind is packed.Kind.SHARD) or (telling and zipped):
            raise InputError(packed.MIXED.format(name))
        plain = plain or (not telling and (zipped or kind in packed.FOLDERS))
        if plain or (not telling and kind is packed.Kind.BARE):
            folder.unpack(shard, name, kind, watch)
            continue
        if not telling:  # those before say nothing of their pictures
            aside |= dict.fromkeys(folder.taken_back(), NO_LABEL)
            for before in sources.names[:number]:
                index.write_labels(labels, shards.title(before), [], [])
            telling = True
        into = made / shards.folder_of(number, title)
        into.mkdir(parents=True)
        told = _unpack(shard, most, into, watch)
        aside |= {f"{title}/{one}": why for one, why in told.aside.items()}
        index.write_labels(labels, title, told.names, told.labels)
        some += len(told.names)
    if not telling:
        folder.add(sources.tables)
        folder.require_classes()
        aside |= folder.aside
        plain = plain or folder.has_tables or folder.has_classes
    if not plain and not some:
        bare = NO_LABEL in aside.values() or not telling
        names = phrases.some_of(sources.names, NAMED, show=lambda one: Path(one).name)
        raise InputError(NO_LABELS.format(names) if bare else NO_PICTURES)
    return plain


@dataclass
class _Told:
    """What came out of a shard."""

    names: list[str] = field(default_factory=list)  # of files
    labels: list[str] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)  # name -> why


def _unpack(shard: Path, most: Allowance, folder: Path, watch: Watch) -> _Told:
    told = _Told()
    for at, one in enumerate(shards.pictures(shard, most)):
        if at % LOOK == 0:
            watch.update("pictures", "reading", note=f"Unpacking {shard.name}, {at:,}")
        label = label_of(one.label)
        if one.size > FILE_LIMIT:
            told.aside[one.name] = TOO_LARGE.format(one.size / 1e6)
        elif not label:
            told.aside[one.name] = NO_LABEL
        else:
            (folder / one.file).write_bytes(one.data)
            told.names.append(one.file)
            told.labels.append(label)
    return told


def label_of(said: str) -> str:
    """Return the class that a label in a shard means, as a page can show it; "" = none."""
    return said.strip().encode(errors="replace").decode()
