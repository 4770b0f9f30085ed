"""Zips and folders that people handed in: each is unpacked once, counts for who handed it in, and
goes when they say so or when nobody used it for long.

uploads/<id>/<name>   the pictures; <id> = beginning of the digest of the zip
uploads/<id>.json     whose it is, how large, when it was last used
uploads/ray-*         pictures of another computer, for one batch of a Ray
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from srcsel.base.errors import UnknownNameError
from srcsel.base.phrases import megabytes
from srcsel.base.quotas import load_quotas
from srcsel.base.settings import load_settings
from srcsel.pictures import archive
from srcsel.store import files
from srcsel.store.serialize import from_plain, to_plain

DAY = 86_400.0  # seconds; a use is written down once in so many
_ID = re.compile(r"[0-9a-f]{16}")
_GONE = ".removed-"
TRIED = "tried"  # the folder of the pictures that models are to name, one folder each
STALE = 3600.0  # seconds after which one that nobody came back for is deleted
_BROUGHT = "ray-"


@dataclass(frozen=True)
class Upload:
    """An unpacked zip."""

    id: str
    name: str  # of its folder
    size: int  # bytes on the disk, about
    used: float  # seconds since the epoch
    people: tuple[str, ...] = ()  # who handed it in; none: somebody before people signed in

    @property
    def folder(self) -> Path:
        """Where its pictures lie."""
        return load_settings().uploads / self.id / self.name

    @property
    def until(self) -> float:
        """When it goes if nobody uses it, in seconds since the epoch."""
        return self.used + DAY * load_quotas().upload_days


def listed() -> list[Upload]:
    """Return all uploads, the one used last first."""
    root = load_settings().uploads
    found = [_read(path.name) for path in root.glob("*") if _ID.fullmatch(path.name)]
    return sorted((one for one in found if one), key=lambda one: -one.used)


def require_room(person: str, more: int, waiting: tuple[int, int] = (0, 0)) -> None:
    """Raise QuotaError where `more` bytes are too many on top of the uploads there are.

    waiting: bytes that were received and not unpacked yet, the person's and everybody's.
    """
    there = listed()
    mine = waiting[0] + sum(one.size for one in there if person in one.people)
    everybody = waiting[1] + sum(one.size for one in there)
    load_quotas().uploads.require(
        mine if person else None,
        everybody,
        more,
        (
            f"Your uploads take {megabytes(mine)}, and with this one it would be more than one"
            " person may have. Remove one that you no longer need: Images, Upload.",
            f"The uploads of all people take {megabytes(everybody)}, and with this one it would be"
            " more than there is room for. Remove one of yours that you no longer need: Images,"
            " Upload.",
        ),
    )


def keep(packed: Path, name: str, person: str = "") -> Path:
    """Unpack the zip at `packed`, called `name`, for a person; return the folder of its pictures.

    The same zip is unpacked once, and is then also theirs. Raises InputError for a zip that cannot
    be used or is too much, StoreError where the disk refuses.
    """
    with packed.open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    there = _read(key)
    if there is None:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).stem).strip("-.")[:40] or "upload"
        size = 0

        def admit(more: int) -> None:
            nonlocal size
            size = more
            require_room(person, more)

        archive.unpack(packed, load_settings().uploads / key / stem, admit=admit)
        there = Upload(key, stem, size, time.time())
    people = dict.fromkeys((*there.people, person)) if person else there.people
    _write(replace(there, people=tuple(people), used=time.time()))
    return there.folder


def touch(ref: str) -> None:
    """Write down that an upload is used today, where `ref` is the path of one."""
    root = load_settings().uploads
    path = Path(ref)
    if not path.is_absolute() or not path.is_relative_to(root) or path == root:
        return
    there = _read(path.relative_to(root).parts[0])
    if there is not None and time.time() - there.used > DAY:
        _write(replace(there, used=time.time()))


def remove(key: str, person: str | None = None) -> None:
    """Remove an upload, or, where others handed it in too, only `person` from it; None: for all.

    Raises UnknownNameError.
    """
    there = _read(key) if _ID.fullmatch(key) else None
    if there is None:
        raise UnknownNameError("upload", key, [one.id for one in listed()])
    others = tuple(one for one in there.people if one != person)
    if person is not None and others and others != there.people:
        _write(replace(there, people=others))
        return
    root = load_settings().uploads
    with contextlib.suppress(FileNotFoundError):
        gone = (root / key).rename(root / f"{_GONE}{secrets.token_hex(8)}")
        shutil.rmtree(gone, ignore_errors=True)  # what is left of it goes at the next start
    (root / f"{key}.json").unlink(missing_ok=True)


def sweep() -> None:
    """Remove what nobody used for as long as it may stay, and what killed processes left."""
    root = load_settings().uploads
    for one in listed():
        if one.until < time.time():
            remove(one.id)
    sweep_tried(root / TRIED)
    _sweep_brought(root)
    for gone in root.glob(f"{_GONE}*"):
        shutil.rmtree(gone, ignore_errors=True)
    for folder in _folders(root):
        archive.sweep(folder)
        with contextlib.suppress(OSError):  # only what is empty goes
            folder.rmdir()


@contextlib.contextmanager
def brought() -> Iterator[Path]:
    """Yield an empty folder whose pictures may be opened whatever the limits, and which goes
    afterwards; so do those that killed processes left.
    """
    root = load_settings().uploads
    root.mkdir(parents=True, exist_ok=True)
    _sweep_brought(root)
    with tempfile.TemporaryDirectory(prefix=_BROUGHT, dir=root) as place:
        yield Path(place)


def _sweep_brought(root: Path) -> None:
    for old in root.glob(f"{_BROUGHT}*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > STALE:
                shutil.rmtree(old, ignore_errors=True)


def sweep_tried(folder: Path) -> None:
    """Remove the pictures handed in to be tried, and their answers, that nobody came back for."""
    for old in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > STALE:
                shutil.rmtree(old, ignore_errors=True)


def _folders(root: Path) -> Iterator[Path]:
    return (path for path in root.glob("*") if _ID.fullmatch(path.name) and path.is_dir())


def _read(key: str) -> Upload | None:
    """Return an upload; one that has no note, as those of before, is looked at."""
    root = load_settings().uploads
    inside = [path for path in (root / key).glob("*") if not path.name.startswith(".")]
    if not inside:
        return None
    try:
        about = from_plain(Upload, files.read_json(root / f"{key}.json"))
        if about.id == key and about.folder.is_dir():
            return about
    except (FileNotFoundError, files.DamagedFileError, KeyError, TypeError, ValueError):
        pass
    sizes = [archive.BLOCK + path.lstat().st_size for path in inside[0].rglob("*")]
    about = Upload(key, inside[0].name, sum(sizes), inside[0].stat().st_mtime)
    _write(about)
    return about


def _write(upload: Upload) -> None:
    files.write_json(load_settings().uploads / f"{upload.id}.json", to_plain(upload))
