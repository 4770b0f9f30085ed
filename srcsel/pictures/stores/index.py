"""What is known of a store's pictures: every name that it listed, and which of them are here.

public/store-<hash>/names.jsonl   name, size and version of each file, as they were listed last
public/store-<hash>/index.json    the files that lie in pictures/, or the shards they came from
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from srcsel.base.remote import Stored
from srcsel.store import files

INDEX, NAMES, INSIDE = "index.json", "names.jsonl", "pictures"
Version = list[Any]
"""Size and version of a file."""


def version_of(one: Stored) -> Version:
    """Return what is compared to find out whether a file has changed."""
    return [one.size, one.version]


def told(place: Path, what: str) -> dict[str, Any]:
    """Return one part of the index ("files", "shards", "aside"); empty where there is none, or it
    is damaged.
    """
    try:
        held = files.read_json(place / INDEX)[what]
    except (FileNotFoundError, files.DamagedFileError, *files.NOT_SO):
        return {}
    return held if isinstance(held, dict) else {}


def write_index(place: Path, parts: dict[str, dict[str, Any]]) -> None:
    """Keep what is here. Raises OSError."""
    files.write_json(place / INDEX, parts)


def keep_names(place: Path, listed: Sequence[Stored]) -> None:
    """Keep what a store listed, sorted by name. Raises OSError."""
    coming = place / f".{NAMES}.tmp"
    with coming.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps([one.name, *version_of(one)])}\n" for one in listed)
    coming.replace(place / NAMES)


def known_names(place: Path, around: str = "") -> Iterator[Stored]:
    """Yield what a store listed, sorted by name, a line at a time: a page may be drawn meanwhile.

    around: its address, without its kind. Raises OSError and DamagedFileError.
    """
    with (place / NAMES).open(encoding="utf-8") as file:
        for line in file:
            try:
                name, size, version = json.loads(line)
                yield Stored(f"{around}/{name}", str(name), int(size), str(version))
            except (*files.NOT_SO, RecursionError) as error:
                raise files.DamagedFileError(f"{NAMES}: {error}") from error
