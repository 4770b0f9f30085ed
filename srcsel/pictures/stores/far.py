"""Pictures at an address: their names first, which cost little, then those that are used.

A file comes under its name only when it is whole; what is here already is not fetched again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PureWindowsPath

from srcsel.base.records import Unreadable
from srcsel.base.remote import Store, Stored
from srcsel.base.watch import Watch
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import ending
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores import arriving, index, rows, shards, unpacked
from srcsel.pictures.stores.arriving import TOO_LARGE
from srcsel.pictures.stores.sources import Source
from srcsel.pictures.tables.rows import SUFFIXES as TABLES
from srcsel.pictures.tables.rows import TABLE_LIMIT
from srcsel.pictures.walk import Tree, tree_of
from srcsel.store.files import DamagedFileError

TOGETHER = 64  # files fetched as one: between two looks at the stop button
GROWTH = 1.25  # times as many files as at the last time, after which the index is written again
NO_NAME = "No folder of this computer can hold a file of this name beside the others."
CHANGED = (
    "It was taken away or changed in its store while it was fetched. Start again to look for it."
)


def ask(source: Source, place: Path, watch: Watch) -> Tree | None:
    """Have a store list what it holds, forget what is gone or has changed, and fetch the tables
    that may say the classes; returns all of it. Of a place that holds shards alone, unpack them,
    or read the labels where they are Parquet files: None.
    """
    assert source.address is not None
    store = Store(source.address)

    def listing(names: int) -> None:
        watch.update("pictures", "downloading", note=f"Listing what is there, {names:,}")

    listing(0)
    found = store.matching(source.pattern) if source.pattern else store.files(listing)
    listed = [one for one in found if _is_meant(one.name)]
    kinds = {ending(one.name) for one in listed}
    names = set() if kinds & PICTURES else set(shards.meant(one.name for one in listed))
    if packed := [one for one in listed if one.name in names]:
        if {ending(one.name) for one in packed} == {".parquet"}:
            rows.ask(store, packed, place, watch)
        else:
            beside = [o for o in listed if "/" not in o.name and ending(o.name) in TABLES]
            tables = [o for o in beside if o.size <= TABLE_LIMIT and o.name not in names]
            unpacked.from_store(store, packed, tables, place, watch)
        return None
    if index.of_shards(place):  # there were some before
        index.clear(place)
    _forget(place, listed)
    index.keep_names(place, listed)
    from srcsel.pictures.listing import tables_below

    found = tree(place, listed)
    if tables := set(tables_below(found)):
        bring(store, place, [one for one in listed if one.name in tables], watch)
    return found


def listed_last(place: Path) -> float:
    """Return when a store listed what it holds, or its shards were unpacked, in seconds of the
    epoch; 0 where that is not known or a table that may say the classes is not here.
    """
    from srcsel.pictures.listing import tables_below

    names = place / index.NAMES
    try:
        if not names.is_file():
            return (place / index.LABELS).stat().st_mtime if index.of_shards(place) else 0.0
        tables = tables_below(tree(place, index.known_names(place)))
        here = index.told(place, "files")
        whole = all(name in here and (place / index.INSIDE / name).is_file() for name in tables)
        return names.stat().st_mtime if whole else 0.0
    except (OSError, DamagedFileError):
        return 0.0


def tree(place: Path, listed: Iterable[Stored]) -> Tree:
    """Return all that a store listed as a folder would hold it."""
    large = dict[str, Stored]()
    names = []
    for one in listed:
        names.append(one.name)
        if one.size > TABLE_LIMIT:
            large[one.name] = one
    found = tree_of(place / index.INSIDE, names)
    out = [name for name in found.tables if name in large]
    found.tables[:] = [name for name in found.tables if name not in large]
    found.skipped.extend(Unreadable(name, _too_large(large[name])) for name in out)
    return found


def bring(store: Store, place: Path, wanted: Sequence[Stored], watch: Watch) -> dict[str, str]:
    """Fetch files where they are not here; returns name -> why, of those that did not come."""
    inside, aside = place / index.INSIDE, dict[str, str]()
    here = index.told(place, "files")
    alike = {name.casefold(): name for name in here}
    new = []
    for one in wanted:
        if here.get(one.name) == index.version_of(one) and (inside / one.name).is_file():
            continue
        if one.size > FILE_LIMIT and ending(one.name) in PICTURES:
            aside[one.name] = _too_large(one)
        else:
            new.append(one)
    arriving.require_room(sum(one.size for one in new), place)
    total = sum(one.size for one in wanted)
    done, written = total - sum(one.size for one in new), len(here)
    try:
        for start in range(0, len(new), TOGETHER):
            watch.update("pictures", "downloading", done, total)
            some = new[start : start + TOGETHER]
            for one, path in arriving.whole(store, some, place):
                if path is None:
                    aside[one.name] = CHANGED
                elif not _is_anothers(one.name, alike, inside) and arriving.put(
                    path, inside / one.name
                ):
                    here[one.name] = index.version_of(one)
                    alike[one.name.casefold()] = one.name
                else:
                    aside[one.name] = NO_NAME
            done += sum(one.size for one in some)
            if len(here) > GROWTH * written + TOGETHER:  # not all is lost to who pulls the plug
                index.write_index(place, {"files": here})
                written = len(here)
    finally:
        inside.mkdir(exist_ok=True)
        index.write_index(place, {"files": here})
    return aside


def _is_anothers(name: str, alike: Mapping[str, str], inside: Path) -> bool:
    """Tell whether a file of this name would take the place of another: "A.png" that of "a.png",
    on a disk that knows no case. alike: names that are here, by what they are without it.
    """
    other = alike.get(name.casefold(), name)
    try:
        return other != name and (inside / name).samefile(inside / other)
    except OSError:
        return False


def _is_meant(name: str) -> bool:
    """Tell whether a name leads nowhere else, as a store may hold "/etc/x.png" and "../x.png", and
    is not hidden.
    """
    if name.startswith("/") or "/." in f"/{name}" or "//" in name or "\0" in name:
        return False
    if os.name != "nt":
        return True
    path = PureWindowsPath(name)
    return not path.anchor and not any(part.startswith(".") for part in path.parts)


def _forget(place: Path, listed: Sequence[Stored]) -> None:
    """Remove what is gone from its store, or has changed there."""
    now = {one.name: index.version_of(one) for one in listed}
    here = index.told(place, "files")
    kept = {name: version for name, version in here.items() if now.get(name) == version}
    for name in filter(_is_meant, here.keys() - kept.keys()):
        (place / index.INSIDE / name).unlink(missing_ok=True)
    index.write_index(place, {"files": kept})


def _too_large(one: Stored) -> str:
    return TOO_LARGE.format(one.size / 1e6)
