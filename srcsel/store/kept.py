"""What the work folder keeps beside runs, and what of it a kept run needs.

A file belongs to a run where its header names the run's pictures (Dataset.digest), a shard of
features where the header of such a file names it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from srcsel.base.settings import Settings
from srcsel.store import features, files

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
FIRST = ("rest", "features", "thumbnails", "networks", "trainings", "checks", "answers")
"""The order in which kinds look for their files."""
_OF_RUNS = frozenset({"answers", "trainings"})  # whose headers name a run's pictures


@dataclass(frozen=True)
class Entry:
    """One file, or one folder that goes as a whole."""

    kind: str
    path: Path
    bytes: int
    used: float  # seconds since the epoch
    needed: bool


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
