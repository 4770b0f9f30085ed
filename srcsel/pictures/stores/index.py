"""What is known of a store's pictures: every name that it listed, and which of them are here.

public/store-<hash>/names.jsonl   name, size and version of each file, as they were listed last
public/store-<hash>/labels.jsonl  of shards: a line each, with the labels of its pictures
public/store-<hash>/index.json    the files that lie in pictures/, and the shards they came from
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from srcsel.base.remote import Stored
from srcsel.store import files

INDEX, NAMES, LABELS = "index.json", "names.jsonl", "labels.jsonl"
INSIDE = "pictures"
FOLDER = "folder"  # the part of the index that says that packed folders lie in it
Version = list[Any]
"""Size and version of a file."""


def version_of(one: Stored) -> Version:
    """Return what is compared to find out whether a file has changed."""
    return [one.size, one.version]


def told(place: Path, what: str) -> dict[str, Any]:
    """Return one part of the index ("files", "shards", "rows", "aside", FOLDER); empty where there
    is none, or it is damaged.
    """
    try:
        held = files.read_json(place / INDEX)[what]
    except (FileNotFoundError, files.DamagedFileError, *files.NOT_SO):
        return {}
    return held if isinstance(held, dict) else {}


def write_index(place: Path, parts: dict[str, dict[str, Any]]) -> None:
    """Keep what is here. Raises OSError."""
    files.write_json(place / INDEX, parts)


def of_shards(place: Path) -> bool:
    """Tell whether shards were unpacked there, or are there by their rows."""
    return bool(told(place, "shards") or told(place, "rows"))


def clear(place: Path) -> None:
    """Forget all that was brought there."""
    for name in (INDEX, NAMES, LABELS):  # first, what says that the rest is there
        (place / name).unlink(missing_ok=True)
    shutil.rmtree(place / INSIDE, ignore_errors=True)


def keep_names(place: Path, listed: Sequence[Stored]) -> None:
    """Keep what a store listed, sorted by name. Raises OSError."""
    coming = place / f".{NAMES}.tmp"
    with coming.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps([one.name, *version_of(one)])}\n" for one in listed)
    coming.replace(place / NAMES)


def write_labels(file: TextIO, called: str, names: Sequence[str] | None, labels: list[str]) -> None:
    """Add a shard, by its title, with the names of its pictures, None = those of rows, and what
    they are; "" = nothing said it.
    """
    file.write(f"{json.dumps([called, names, labels])}\n")


def known_labels(place: Path) -> Iterator[tuple[str, Sequence[str] | None, list[str]]]:
    """Yield shards as they were written. Raises OSError and DamagedFileError."""
    with (place / LABELS).open(encoding="utf-8") as file:
        for line in file:
            try:
                called, names, labels = json.loads(line)
            except (*files.NOT_SO, RecursionError) as error:
                raise files.DamagedFileError(f"{LABELS}: {error}") from error
            yield called, names, labels


def known_names(place: Path, around: str = "") -> Iterator[Stored]:
    """Yield what a store listed, sorted by name, a line at a time: a page may be drawn meanwhile.

    around: its address, as `Store.place` names it. Raises OSError and DamagedFileError.
    """
    with (place / NAMES).open(encoding="utf-8") as file:
        for line in file:
            try:
                name, size, version = json.loads(line)
                yield Stored(f"{around}/{name}", str(name), int(size), str(version))
            except (*files.NOT_SO, RecursionError) as error:
                raise files.DamagedFileError(f"{NAMES}: {error}") from error
