"""How large the work folder is, and what of it may go: the least recently used first.

What a kept run needs (`kept`) never goes: the features of its pictures, and all that was worked out
for them. The rest saves time only and is made again when it is asked for, so a run that is under
way meanwhile loses nothing: whatever reads a file that is gone works it out.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from srcsel.base import log
from srcsel.base.errors import SrcselError
from srcsel.base.quotas import load_quotas
from srcsel.base.settings import Settings, load_settings
from srcsel.store.kept import KINDS, Entry, entries

Given = ParamSpec("Given")
Made = TypeVar("Made")

GB = 10**9
YOUNG = 3600.0
"""Seconds after its last use for which nothing goes: something under way may be using it."""

SAID = {
    "runs": "Runs: scores, verdicts, maps and reports",
    "uploads": "Uploaded zips",
    "public": "Public sets",
}
"""Folders that are only said: they go with the run, the upload or the set."""


@dataclass(frozen=True)
class Share:
    """What one kind of thing takes."""

    name: str
    title: str  # in words
    bytes: int
    files: int
    needed: int  # bytes of it that kept runs need, or that are not srcsel's to remove
    removable: bool  # whether cleaning may take the rest


@dataclass(frozen=True)
class Cleaned:
    """What cleaning did."""

    bytes: int  # removed
    files: int
    left: int  # bytes that what may be cleaned and what runs need take now
    limit: float  # bytes; infinite without a limit


def limit() -> float:
    """Return the limit in bytes, from SRCSEL_CACHE in GB; infinite where it is "none".

    Raises InputError for what is no number from 0 on.
    """
    return load_quotas().cache


def shares(settings: Settings) -> list[Share]:
    """Return what each kind takes, what may be cleaned first."""
    found = list(entries(settings))
    kept = [_share(name, [e for e in found if e.kind == name]) for name in KINDS]
    return kept + [_said(name, settings.home / name) for name in SAID]


def clean(settings: Settings, most: float | None = None) -> Cleaned:
    """Remove what no kept run needs, least recently used first, until all is at most `most` bytes.

    most: None = `limit()`. What was used in the last hour stays. Raises InputError as `limit`.
    """
    most = limit() if most is None else most
    found = list(entries(settings))
    total = sum(entry.bytes for entry in found)
    removed, count = remove(settings, found, total - most)
    return Cleaned(removed, count, total - removed, most)


def tidy(settings: Settings) -> None:
    """Clean after a run; where that fails the run has not, so it is only told."""
    try:
        done = clean(settings)
    except SrcselError as error:
        log.LOG.warning("No space was made: %s", error)
        return
    if done.files:
        log.event("space made", bytes=done.bytes, files=done.files, left=done.left)


def tidied(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """Let a function that computes clean after itself, as the worker does after a job."""

    @functools.wraps(function)
    def done(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            return function(*args, **kwargs)
        finally:
            tidy(load_settings())

    return done


def remove(settings: Settings, found: Sequence[Entry], over: float) -> tuple[int, int]:
    """Remove of some entries what no kept run needs, the least recently used first, until `over`
    bytes are gone; return the bytes and the number of what went.

    Where another process cleans already, nothing is done.
    """
    from filelock import FileLock, Timeout

    removed = count = 0
    try:
        with FileLock(settings.home / "cache.lock", timeout=0):
            for entry in _to_go(found, over):
                if _remove(entry.path):
                    removed, count = removed + entry.bytes, count + 1
    except (OSError, Timeout):
        pass
    return removed, count


def _to_go(found: Sequence[Entry], over: float) -> Iterator[Entry]:
    """Yield the least recently used of what may go until `over` bytes are gone."""
    now = time.time()
    for entry in sorted(found, key=lambda entry: entry.used):
        if over <= 0:
            return
        # a time to come was written before the clock was set back, and says nothing
        if not entry.needed and abs(now - entry.used) > YOUNG:
            over -= entry.bytes
            yield entry


def _share(name: str, found: Iterable[Entry]) -> Share:
    own = list(found)
    needed = sum(entry.bytes for entry in own if entry.needed)
    total = sum(entry.bytes for entry in own)
    return Share(name, KINDS[name][0], total, len(own), needed, removable=True)


def _said(name: str, folder: Path) -> Share:
    size, files = size_of(folder)
    return Share(name, SAID[name], size, files, size, removable=False)


def size_of(folder: Path) -> tuple[int, int]:
    """Return the bytes and the number of files below a folder; links are not followed."""
    size = count = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # removed meanwhile
                size += (Path(place) / name).lstat().st_size
                count += 1
    return size, count


def _remove(path: Path) -> bool:
    """Remove a file, or a folder without what is being written into it."""
    try:
        if not path.is_dir() or path.is_symlink():
            path.unlink()
            return True
        for one in path.iterdir():
            if not one.name.startswith("."):
                one.unlink()
        with contextlib.suppress(OSError):  # something is being written
            path.rmdir()
    except OSError:
        return False
    return True
