"""What was brought into the work folder from a store or out of shards, and what is still to come.

public/store-<hash>/pictures/    the files, under their names; of shards pictures and labels.csv
public/store-<hash>/index.json   which versions of which files those are

A file comes under its name only when it is whole. A second call fetches what is new or changed.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from srcsel.base import access
from srcsel.base.addresses import Address, address_of
from srcsel.base.errors import InputError, MissingPathError, StoreError
from srcsel.base.paths import opened, starred
from srcsel.base.phrases import listed
from srcsel.base.records import Listing, Unreadable
from srcsel.base.remote import Store, Stored
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.pictures.images import SUFFIXES as PICTURES
from srcsel.pictures.kinds import IGNORED, ending, reason_of
from srcsel.pictures.reading import FILE_LIMIT
from srcsel.pictures.stores import shards
from srcsel.pictures.stores.limits import NO_ROOM, Allowance
from srcsel.pictures.tables.rows import SUFFIXES as TABLES
from srcsel.pictures.tables.rows import TABLE_LIMIT
from srcsel.pictures.walk import walk
from srcsel.store import files

VERSION = 1  # part of a folder's name; raise it with every change to what is brought
TOGETHER = 64  # files fetched as one: between two looks at the stop button
SHARD_LIMIT = 50 * 2**30  # bytes of one shard
INDEX, INSIDE, TABLE = "index.json", "pictures", "labels.csv"
SHARDS = "the shards"  # what is said instead of that table, which holds what they say
NAMED = 3  # shards that a sentence names
NO_PICTURES = "No pictures were found in these shards."
DATASETS_FILES = frozenset({"state.json", "dataset_info.json", "dataset_dict.json"})
NOT_FETCHED = (
    "The pictures at {} are not on this computer yet. Check or run them once: that fetches them."
)
NAMES_CLASH = FileExistsError, IsADirectoryError, NotADirectoryError
NO_NAME = "No folder of this computer can hold a file of this name beside the others."
CHANGED = (
    "It was taken away or changed in its store while it was fetched. Start again to look for it."
)
SHARD_CHANGED = (
    "{} was taken away or changed at {} while it was fetched. Start again when nothing writes there"
    " any more: what was unpacked before is kept until then."
)
NO_LABELS = (
    "None of the pictures in {} has a label, so there are no classes. A WebDataset tar says the"
    " class of 0001.jpg in 0001.cls, in 0001.json (label) or by a folder; a Parquet or Arrow file"
    " in a column called label or class. Write them so, or choose a folder with one sub-folder a"
    " class."
)
NO_LABEL = "It has no label in its shard."
TOO_LARGE = "The file is very large ({:,.0f} MB). Save a smaller copy."


def is_apart(ref: str) -> bool:
    """Tell whether a reference means an address, or a folder or file of shards.

    Raises InputError for an address that may not be opened.
    """
    return _source(ref) is not None


def is_here(ref: str) -> bool:
    """Tell whether pictures lie on this computer: also where nothing has to be brought."""
    source = _source(ref)
    return source is None or (source.place() / INDEX).is_file()


def fetch(ref: str, watch: Watch) -> Listing:
    """Bring what is new and list all of it; progress goes to the part "pictures".

    Raises InputError, DownloadError where a store does not answer, StoreError, Cancelled (what was
    brought until then is kept).
    """
    from filelock import FileLock

    source = _source(ref)
    assert source is not None
    place = source.place()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / "fetching.lock"):
            if source.address is not None:
                _from_store(source.address, place, watch)
            else:
                assert source.path is not None
                _unpack_all(_local_shards(source.path), place, watch)
    except OSError as error:
        raise files.explain_disk(place, error) from error
    return _listing(source, place)


def stored(ref: str) -> Listing | None:
    """List what was brought before; None where that is nothing. Asks no store."""
    source = _source(ref)
    assert source is not None
    place = source.place()
    return _listing(source, place) if (place / INDEX).is_file() else None


@dataclass(frozen=True)
class _Source:
    """Where pictures come from."""

    address: Address | None
    path: Path | None  # of shards on this computer
    depth: int  # how many /* stand behind it

    @property
    def name(self) -> str:
        """Its last part."""
        return (self.address or self.path).name  # pyright: ignore[reportOptionalMemberAccess]

    @property
    def ref(self) -> str:
        """A reference that means it from everywhere."""
        return f"{self.address or self.path}{'/*' * self.depth}"

    def place(self) -> Path:
        """Return the folder that it is brought into."""
        named = files.text_hash([VERSION, str(self.address or self.path)])
        return load_settings().public / f"store-{named}"


def _source(ref: str) -> _Source | None:
    rest, depth = starred(ref)
    if (address := address_of(rest)) is not None:
        access.require_address(address)
        return _Source(address, None, depth)
    try:
        path = opened(rest)
    except MissingPathError:
        return None
    packed = path.suffix.lower() in shards.ENDINGS if path.is_file() else _holds_shards(path)
    return _Source(None, path, depth) if packed else None


def _holds_shards(folder: Path) -> bool:
    """Tell whether a folder holds shards and nothing else that could be meant: no pictures, and no
    folders but those of data sets that `datasets` has written.
    """
    found = False
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            kind = ending(entry.name)
            if kind in PICTURES:
                return False
            if entry.is_dir():
                if not Path(entry.path, "state.json").is_file():
                    return False
                found = True
            found = found or kind in shards.ENDINGS
    return found


def _local_shards(path: Path) -> list[tuple[str, Path]]:
    if path.is_file():
        return [(path.stem, path)]
    found = sorted(p for p in path.rglob("*") if p.suffix.lower() in shards.ENDINGS and p.is_file())
    return [
        (p.relative_to(path).with_suffix("").as_posix().replace("/", "-"), p)
        for p in found
        if access.allowed(p) and not p.name.startswith(("cache-", "."))
    ]


def _from_store(address: Address, place: Path, watch: Watch) -> None:
    store = Store(address)
    watch.update("pictures", "downloading")
    listed = store.files()
    wanted, aside = _sorted(listed)
    packed = [one for one in wanted if ending(one.name) in shards.ENDINGS]
    pictures = any(ending(one.name) in PICTURES for one in wanted)
    if packed and not pictures:
        before = _told(place, "shards")
        now = {one.name: [one.size, one.version] for one in packed}
        if before != now:
            _unpack_all(_fetched(store, packed, place, watch), place, watch, now)
        return
    _bring(store, [one for one in wanted if one not in packed], place, aside, watch)


def _sorted(listed: Sequence[Stored]) -> tuple[list[Stored], dict[str, str]]:
    """Tell what is worth fetching from what is not, with the reason where that is worth a word."""
    wanted, aside = [], {}
    for one in listed:
        kind = ending(one.name)
        limit = TABLE_LIMIT if kind in TABLES else SHARD_LIMIT
        limit = FILE_LIMIT if kind in PICTURES else limit
        parts = PurePath(one.name).parts
        if not _is_inside(one.name) or any(part.startswith(".") for part in parts):
            continue
        if kind in PICTURES | TABLES | shards.ENDINGS:
            if one.size <= limit:
                wanted.append(one)
            else:
                aside[one.name] = TOO_LARGE.format(one.size / 1e6)
        elif kind not in IGNORED and parts[-1] not in DATASETS_FILES:
            aside[one.name] = reason_of(kind, ordinary=True)
    return wanted, aside


def _bring(
    store: Store, wanted: Sequence[Stored], place: Path, aside: dict[str, str], watch: Watch
) -> None:
    """Fetch what is new, and forget what is gone."""
    inside = place / INSIDE
    before = _told(place, "files")
    now = {one.name: [one.size, one.version] for one in wanted}
    for name in filter(_is_inside, before.keys() - now.keys()):
        (inside / name).unlink(missing_ok=True)
    kept = {n: v for n, v in now.items() if before.get(n) == v and (inside / n).is_file()}
    new = [one for one in wanted if one.name not in kept]
    _require_room(sum(one.size for one in new), place)
    total = sum(one.size for one in wanted)
    done = total - sum(one.size for one in new)
    try:
        for start in range(0, len(new), TOGETHER):
            watch.update("pictures", "downloading", done, total)
            some = new[start : start + TOGETHER]
            for one, path in _whole(store, some, place):
                if path is None:
                    aside[one.name] = CHANGED
                elif _put(path, inside / one.name):
                    kept[one.name] = now[one.name]
                else:
                    aside[one.name] = NO_NAME
            done += sum(one.size for one in some)
    finally:
        inside.mkdir(exist_ok=True)
        files.write_json(place / INDEX, {"files": kept, "aside": aside})


def _is_inside(name: str) -> bool:
    """Tell whether a name leads nowhere else: a store may hold "/etc/x.png" and "../x.png"."""
    path = PurePath(name)
    return not path.anchor and ".." not in path.parts and "\0" not in name


def _put(path: Path, target: Path) -> bool:
    """Give a file its place; False where none can have it: a store may hold "a.png" and
    "a.png/b.png", and longer names.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    except OSError as error:
        if isinstance(error, NAMES_CLASH) or error.errno == errno.ENAMETOOLONG:
            return False
        raise
    return True


def _whole(
    store: Store, some: Sequence[Stored], place: Path
) -> Iterator[tuple[Stored, Path | None]]:
    """Fetch files beside where they are to lie; None for one that did not come as it was listed."""
    with tempfile.TemporaryDirectory(prefix="coming-", dir=place) as coming:
        paths = [Path(coming) / str(at) for at in range(len(some))]
        gone = set(store.get(some, paths))
        for one, path in zip(some, paths, strict=True):
            came = one.name not in gone and path.is_file() and path.stat().st_size == one.size
            yield one, path if came else None


def _fetched(
    store: Store, packed: Sequence[Stored], place: Path, watch: Watch
) -> Iterator[tuple[str, Path]]:
    """Fetch one shard after the other; each is there only while it is unpacked."""
    total, done = sum(one.size for one in packed), 0
    _require_room(total + max(one.size for one in packed), place)
    for one in packed:
        watch.update("pictures", "downloading", done, total)
        for _, path in _whole(store, [one], place):
            if path is None:
                raise InputError(SHARD_CHANGED.format(one.name, store.address))
            shard = path.rename(path.with_name(f"shard{ending(one.name)}"))
            yield one.name.removesuffix(ending(one.name)).replace("/", "-"), shard
        done += one.size


def _unpack_all(
    sources: Iterator[tuple[str, Path]] | Sequence[tuple[str, Path]],
    place: Path,
    watch: Watch,
    about: dict[str, list] | None = None,
) -> None:
    """Unpack shards into a new folder with a table of labels, which takes the old one's place when
    it is whole.
    """
    if about is None:
        sources = list(sources)
        about = {str(p): [p.stat().st_size, str(p.stat().st_mtime_ns)] for _, p in sources}
        if _told(place, "shards") == about:
            return
        _require_room(sum(size for size, _ in about.values()), place)
    packed = sum(size for size, _ in about.values())
    most = Allowance(packed, place, shutil.disk_usage(place).free)
    with tempfile.TemporaryDirectory(prefix="coming-", dir=place) as coming:
        made, rows, aside = Path(coming) / INSIDE, [("file", "label")], {}
        for number, (name, shard) in enumerate(sources):
            folder = made / f"{number:05d}-{shards.ending_of(name, 80)}"
            folder.mkdir(parents=True)
            for at, one in enumerate(shards.pictures(shard, most)):
                if at % TOGETHER == 0:
                    watch.update("pictures", "reading", note=f"Unpacking {shard.name}, {at:,}")
                if one.size > FILE_LIMIT:
                    aside[f"{name}/{one.name}"] = TOO_LARGE.format(one.size / 1e6)
                    continue
                if not one.label.strip():
                    aside[f"{name}/{one.name}"] = NO_LABEL
                    continue
                file = folder / f"{at:07d}-{one.name}"
                file.write_bytes(one.data)
                rows.append((file.relative_to(made).as_posix(), one.label))
        if len(rows) == 1:
            bare = NO_LABEL in aside.values()
            names = listed([str(Path(one).name) for one in about][:NAMED])
            raise InputError(NO_LABELS.format(names) if bare else NO_PICTURES)
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        (made / TABLE).write_text(text.getvalue(), "utf-8", "replace")
        (place / INDEX).unlink(missing_ok=True)  # until both fit
        shutil.rmtree(place / INSIDE, ignore_errors=True)
        made.rename(place / INSIDE)
        files.write_json(place / INDEX, {"shards": about, "aside": aside})


def _listing(source: _Source, place: Path) -> Listing:
    from srcsel.pictures.listing import list_below

    tree = walk(place / INSIDE)
    aside = _told(place, "aside")
    tree.skipped.extend(Unreadable(path, why) for path, why in aside.items())
    try:
        found = list_below(tree, source.ref, source.name, source.depth)
    except InputError as error:  # the folder that it names is ours, and no help
        raise InputError(str(error).replace(str(place / INSIDE), source.ref)) from error
    found = replace(found, ref=source.ref, name=source.name)
    return _of_shards(found) if _told(place, "shards") else found


def _of_shards(found: Listing) -> Listing:
    """Name what was unpacked by where it comes from: the table of labels is ours."""
    skipped = (replace(one, reason=one.reason.replace(TABLE, SHARDS)) for one in found.skipped)
    notes = (note.replace(TABLE, SHARDS) for note in found.notes)
    return replace(found, skipped=tuple(skipped), notes=tuple(notes), label_source=SHARDS)


def _told(place: Path, what: str) -> dict:
    """Return one part of the index; empty where there is none, or it is damaged."""
    try:
        held = files.read_json(place / INDEX)[what]
    except (FileNotFoundError, files.DamagedFileError, *files.NOT_SO):
        return {}
    return held if isinstance(held, dict) else {}


def _require_room(needed: int, place: Path) -> None:
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StoreError(NO_ROOM.format(needed / 1e9, place, free / 1e9))
