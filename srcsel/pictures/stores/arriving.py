"""Files on their way from a store: whole, or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from srcsel.base.errors import StoreError
from srcsel.base.remote import Store, Stored
from srcsel.pictures.stores.limits import NO_ROOM

TOO_LARGE = "The file is very large ({:,.0f} MB). Save a smaller copy."
COMING = "coming-"  # how folders of what is on its way begin
_CLASHES = FileExistsError, IsADirectoryError, NotADirectoryError


def whole(
    store: Store, some: Sequence[Stored], place: Path
) -> Iterator[tuple[Stored, Path | None]]:
    """Fetch files beside where they are to lie; None for one that did not come as it was listed."""
    with tempfile.TemporaryDirectory(prefix=COMING, dir=place) as coming:
        paths = [Path(coming) / str(at) for at in range(len(some))]
        gone = set(store.get(some, paths))
        for one, path in zip(some, paths, strict=True):
            came = one.name not in gone and path.is_file() and path.stat().st_size == one.size
            yield one, path if came else None


def put(path: Path, target: Path) -> bool:
    """Give a file its place; False where none can have it: a store may hold "a.png" and
    "a.png/b.png", and longer names.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    except OSError as error:
        if isinstance(error, _CLASHES) or error.errno == errno.ENAMETOOLONG:
            return False
        raise
    return True


def require_room(needed: int, place: Path) -> None:
    """Raise StoreError where the disk has no room for so many bytes."""
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StoreError(NO_ROOM.format(needed / 1e9, place, free / 1e9))
