"""Whose features are whose, and how much of them one and all may have (SRCSEL_MOST_FEATURES).

For whom features were made stands in the header of each file, so it is known whatever becomes of
the list of jobs. They belong to no one: whoever asks about the same pictures uses the same ones,
and they count for whoever had them made, as long as they are there.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from srcsel.base import log
from srcsel.base.errors import QuotaError
from srcsel.base.phrases import megabytes
from srcsel.base.quotas import load_quotas
from srcsel.base.settings import Settings, load_settings
from srcsel.store import cache, files
from srcsel.store.kept import Entry, entries

MOST_KNOWN = 100_000  # files whose person is remembered
_known: dict[tuple[str, int], str] = {}  # path and number of the file -> person


def taken(features: Path) -> Counter[str]:
    """Return the bytes of features by person; "" = nobody signed in."""
    found: Counter[str] = Counter()
    for path in _files(features):
        with contextlib.suppress(OSError):  # removed meanwhile
            about = path.stat()
            found[_person(path, about.st_ino)] += about.st_size
    return found


def require_room(features: Path, person: str, more: int) -> None:
    """Make room for `more` bytes of a person's features by removing what no run needs, theirs
    first where it is their limit, the least recently used first.

    Raises QuotaError where there is none.
    """
    try:
        _require(features, person, more)
    except QuotaError:
        _make_room(features, person, more)
        _require(features, person, more)


def _require(features: Path, person: str, more: int) -> None:
    sizes = taken(features)
    mine, everybody = sizes[person], sizes.total()
    load_quotas().features.require(
        mine if person else None,
        everybody,
        more,
        (
            f"What the models made of your pictures takes {megabytes(mine)}, and more would be too"
            " much for one person. Delete runs that you no longer need (History): what only they"
            " need then makes room.",
            f"Stored features take {megabytes(everybody)}, and more would be too much for all"
            " people. Delete runs that you no longer need (History): what only they need then"
            " makes room.",
        ),
    )


def _make_room(features: Path, person: str, more: int) -> None:
    limit, sizes = load_quotas().features, taken(features)
    settings = replace(load_settings(), home=features.parent)
    found = [e for e in entries(settings) if e.kind == "features"]
    if person:
        own = [e for e in found if _whose(e.path) == person]
        _remove(settings, own, sizes[person] + more - limit.one)
    _remove(settings, found, taken(features).total() + more - limit.all)


def _remove(settings: Settings, found: list[Entry], over: float) -> None:
    removed, count = cache.remove(settings, found, over)
    if count:
        log.event("room made for features", bytes=removed, files=count)


def _files(features: Path) -> Iterator[Path]:
    for pattern in ("*.safetensors", "pictures/*/*.safetensors", "parts/*/*.safetensors"):
        yield from features.glob(pattern)


def _whose(path: Path) -> str:
    """Return for whom a file counts, or the first of a folder."""
    with contextlib.suppress(OSError, ValueError):  # removed meanwhile, or an empty folder
        path = min(path.iterdir()) if path.is_dir() else path
        return _person(path, path.stat().st_ino)
    return ""


def _person(path: Path, number: int) -> str:
    """Read the header of a file, once: another takes its place, it never changes."""
    name = str(path), number
    if name not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[name] = _read(path)
    return _known[name]


def _read(path: Path) -> str:
    """Return the person in a header; "" in that of an earlier version, or a damaged one."""
    try:
        person = files.read_some(path)[1]["person"]
    except (OSError, files.DamagedFileError, *files.NOT_SO):
        return ""
    return person if isinstance(person, str) else ""
