"""What the work folder keeps, how large it is, and what may go: the least recently used first.

What a kept run needs never goes: the features of its pictures, and all that was worked out for
them. A file belongs to a run where its header names the run's pictures (Dataset.digest), a shard of
features where the header of such a file names it. The rest saves time only and is made again when
it is asked for, so a run that is under way meanwhile loses nothing: whatever reads a file that is
gone works it out.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from srcsel.base import log
from srcsel.base.errors import SrcselError
from srcsel.base.quotas import load_quotas
from srcsel.base.settings import Settings, load_settings
from srcsel.store import features, files

Given = ParamSpec("Given")
Made = TypeVar("Made")

GB = 10**9
YOUNG = 3600.0
"""Seconds after its last use for which nothing goes: something under way may be using it."""
MOST_HEADER = 10**6
DIGEST = re.compile(rb"[0-9a-f]{32}")
PICTURES = re.compile(rb'"digest": ?"([0-9a-f]{32})"')

KINDS = {
    "features": (
        "What the models made of your pictures",
        ("features/*.safetensors", "features/pictures/*/*", "features/parts/*"),
    ),
    "answers": ("Maps, scores and lists made of it", ("features/*/*.safetensors",)),
    "trainings": ("Trainings, finished and under way", ("evidence/*/*.safetensors",)),
    "networks": ("Networks made ready for this computer", ("features/converted/*",)),
    "thumbnails": ("Small pictures", ("datasets/thumbs/*", "datasets/sets/*")),
    "checks": ("Checks of folders", ("datasets/*/*", "datasets/*")),
    "rest": (
        "Logs of jobs, and damaged files",
        (
            *("jobs/logs/*", "jobs/board-damaged-*", "features/*.damaged", "features/*/*.damaged"),
            "features/pictures/*/*.damaged",
        ),
    ),
}
"""Name -> what it is, and where it lies; what lies at two places counts for the first."""
SAID = {
    "runs": "Runs: scores, verdicts, maps and reports",
    "uploads": "Uploaded zips",
    "public": "Public sets",
}
"""Folders that are only said: they go with the run, the upload or the set."""
FIRST = ("rest", "features", "thumbnails", "networks", "trainings", "checks", "answers")
"""The order in which kinds look for their files."""


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
class Entry:
    """One file, or one folder that goes as a whole."""

    kind: str
    path: Path
    bytes: int
    used: float  # seconds since the epoch
    needed: bool


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


def entries(settings: Settings) -> Iterator[Entry]:
    """Yield everything that is a matter of this module, and whether a kept run needs it."""
    needed = _pictures(settings.runs) | _pictures(features.EXAMPLES)
    places = {name: list(_places(settings.home, name)) for name in FIRST}
    seen: set[Path] = set()
    kept = _kept_features(places["features"], needed)
    for name in FIRST:
        for path in places[name]:
            if path in seen or not (about := _about(path)):
                continue
            seen.add(path)
            own = path in kept if name == "features" else name in _OF_RUNS and _named(path) & needed
            yield Entry(name, path, *about, bool(own))


_OF_RUNS = frozenset({"answers", "trainings"})


def _kept_features(paths: Iterable[Path], needed: frozenset[bytes]) -> frozenset[Path]:
    """Return the files of features that kept runs need: those of their pictures, and those that
    these take rows from.
    """
    owners: dict[Path, bytes] = {}
    uses: dict[bytes, set[bytes]] = {}
    for path in paths:
        owners[path], used = _owner(path)
        uses.setdefault(owners[path], set()).update(used)
    todo, found = list(needed), set(needed)
    while todo:
        more = uses.get(todo.pop(), set()) - found
        found |= more
        todo += more
    return frozenset(path for path, owner in owners.items() if owner in found)


def _owner(path: Path) -> tuple[bytes, set[bytes]]:
    """Return what a file of features stands for, the digest of its pictures or its own name, and
    what else that needs.
    """
    if path.parent.parent.name == "pictures":
        return path.stem.encode(), set()
    try:
        about = files.read_some(min(path.iterdir()) if path.is_dir() else path)[1]
        of = [about["key"], about.get("source") or about["key"]]
        own, source = (str(key["dataset"]).encode() for key in of)
        return own, {source, *(str(name).encode() for name in about.get("shards", ()))}
    except (OSError, files.DamagedFileError, *files.NOT_SO):  # removed meanwhile, or none of ours
        return b"", set()


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


def _pictures(runs: Path) -> frozenset[bytes]:
    """Return the digests of the pictures of all runs; of damaged ones too, as far as they say."""
    found: set[bytes] = set()
    for path in runs.glob("*/result.json"):
        with contextlib.suppress(OSError):
            found.update(PICTURES.findall(path.read_bytes()))
    return frozenset(found)


def _places(home: Path, name: str) -> Iterator[Path]:
    for pattern in KINDS[name][1]:
        yield from (path for path in home.glob(pattern) if not path.name.startswith("."))


def _named(path: Path) -> frozenset[bytes]:
    """Return every digest in the header of a safetensors file, or of the first in a folder."""
    try:
        if path.is_dir():
            path = min(path.iterdir())
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            return frozenset(DIGEST.findall(file.read(min(length, MOST_HEADER))))
    except (OSError, ValueError):  # removed meanwhile, or an empty folder
        return frozenset()


def _about(path: Path) -> tuple[int, float] | None:
    """Return the bytes and the time of the last use; None for a folder of something else."""
    try:
        about = path.lstat()
        if not path.is_dir():
            return about.st_size, about.st_mtime
        if path.parent.name != "parts":
            return None
        inside = [one.lstat() for one in path.iterdir()]
    except OSError:
        return None
    return sum(one.st_size for one in inside), max(one.st_mtime for one in (about, *inside))


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
