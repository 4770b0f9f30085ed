"""Thumbnails by number: which pictures the browser may ask for, and the small copies kept on disk.

The browser names a set and an index, never a path. A set is a manifest written by a page that
already decided the person may see these pictures; its id is the digest of its content.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

from srcsel.base.access import allowed
from srcsel.base.errors import PictureError, StoreError
from srcsel.base.settings import load_settings

if TYPE_CHECKING:
    from srcsel.pictures.deep import Ranges
    from srcsel.store.memory import Memory

SIZES = (96, 320)  # pixels of the longest side
VERSION = 3  # part of what copies are remembered by; raise it with every change to how they look
REST = 60.0  # seconds before what failed for want of time or memory is tried again
MOST_KNOWN = 1000  # files that rest, and that took long: so many are remembered
NOT_YET = "", b""
Effort = Literal["kept", "quick", "full"]
"""How much is done for a thumbnail: only what was made before is looked up; a moment's work; all
that the file may take."""
_SET_ID = re.compile(r"[0-9a-f]{24}")
_AWAITED = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96"'
    b' fill="#8893"/><path d="M30 62l12-16 10 12 6-7 9 11z" fill="#8899"/></svg>'
)
_PLACEHOLDER = _AWAITED.replace(
    b"</svg>", b'<path d="M24 24l48 48" stroke="#889b" stroke-width="3"/></svg>'
)


def register(folder: Path, paths: Sequence[str], ranges: Ranges | None = None) -> str:
    """Let the browser see thumbnails of `paths` (relative to `folder`, POSIX); returns the set's
    id.

    The same pictures always give the same id, and are written once. A folder that is not there yet
    (a bundled target still being written out) gives another id, so that no browser keeps showing
    its placeholders. `ranges`: `Dataset.ranges`, so that pictures look as the models see them.
    """
    about = {"folder": str(folder), "paths": list(paths)} | (
        {} if folder.is_dir() else {"awaited": True}
    )
    if ranges:
        about["ranges"] = ranges
    body = json.dumps(about, ensure_ascii=True).encode()
    set_id = hashlib.sha256(body).hexdigest()[:24]
    target = _manifest(set_id)
    if not target.exists():
        from srcsel.store import files

        files.write_bytes(target, body, synced=False)
    return set_id


def url(set_id: str, index: int, size: int = 96) -> str:
    """Return the address of one thumbnail, for `<img src>` and `ImageColumn`."""
    if size not in SIZES:
        raise ValueError(f"thumbnails come in {SIZES} pixels, not {size}")
    return f"/thumbs/{set_id}/{index}/{size}.jpg"


def picture(
    set_id: str, index: int, size: int, *, effort: Effort = "full"
) -> tuple[str, bytes] | None:
    """Return media type and bytes of one thumbnail, or None where no such set, index or size was
    registered.

    A picture that cannot be read (any more) gives a quiet placeholder, so that a page shows a gap
    and no error. NOT_YET comes back where it takes more than `effort`.
    """
    try:
        body = small(set_id, index, size, effort=effort)
    except PictureError:
        return placeholder(awaited=_is_awaited(set_id))
    return None if body is None else ("image/jpeg", body) if body else NOT_YET


def small(set_id: str, index: int, size: int, *, effort: Effort = "full") -> bytes | None:
    """Return one thumbnail as JPEG, b"" where it takes more than `effort`, or None where no such
    set, index or size was registered.

    Raises PictureError, whose `lasting` says whether the file itself is why.
    """
    source = _source(set_id, index) if size in SIZES else None
    if source is None:
        return None
    try:
        asked = _Asked.about(*source, size)
    except OSError as error:
        raise PictureError("The file is not there (any more).") from error
    body = asked.kept()
    if body is not None or effort == "kept" or (effort == "quick" and asked.is_slow()):
        return body or b""
    with _turn_of(asked.source):
        return asked.kept() or asked.made(hurried=effort == "quick")


def placeholder(*, awaited: bool = False) -> tuple[str, bytes]:
    """Return what is shown for a picture that is not there, or not there yet: nothing crossed
    out.
    """
    return "image/svg+xml", _AWAITED if awaited else _PLACEHOLDER


def count(set_id: str) -> int:
    """Return how many pictures a set has; 0 where there is no such set."""
    manifest = _load(set_id) if _SET_ID.fullmatch(set_id) else None
    return 0 if manifest is None else len(manifest[1])


def stamps(set_id: str, indices: Sequence[int]) -> list[tuple[str, int, int]]:
    """Say which files some pictures of a set are now: (path, bytes, nanoseconds of the last
    change).

    ("", 0, 0) for what may not be opened, or is not there.
    """
    found = []
    for index in indices:
        source = _source(set_id, index)
        try:
            about = source[0].stat() if source else None
        except OSError:
            about = None
        if source is None or about is None:
            found.append(("", 0, 0))
        else:
            found.append((str(source[0]), about.st_size, about.st_mtime_ns))
    return found


def _source(set_id: str, index: int) -> tuple[Path, Ranges] | None:
    if not _SET_ID.fullmatch(set_id):
        return None
    manifest = _load(set_id)
    if manifest is None or not 0 <= index < len(manifest[1]):
        return None
    folder, paths, ranges = manifest
    try:
        path = (folder / paths[index]).resolve()
    except (OSError, RuntimeError, ValueError):  # links in a circle
        return None
    return (path, ranges) if allowed(path) else None


@dataclass(frozen=True)
class _Asked:
    """One thumbnail of a file as it is now."""

    source: Path
    ranges: Ranges
    size: int
    file: tuple[int, int]  # bytes, and time of the last change in nanoseconds

    @classmethod
    def about(cls, source: Path, ranges: Ranges, size: int) -> _Asked:
        """Look at the file. Raises OSError."""
        about = source.stat()
        return cls(source, ranges, size, (about.st_size, about.st_mtime_ns))

    def kept(self) -> bytes | None:
        """Return the thumbnail where it was made before. Raises PictureError where it is known
        that there is none.
        """
        memory = _memory()
        made = memory.recall("thumbs", self._question(), lambda kept, _: kept["jpeg"].tobytes())
        if made is not None:
            return made
        refused = memory.recall("refused", self._whole(), lambda _, reason: str(reason))
        if refused is not None:
            raise PictureError(refused)
        if time.monotonic() < _resting.get((self.source, self.file), 0.0):
            raise PictureError("It was tried just now.", lasting=False)
        return None

    def is_slow(self) -> bool:
        """Tell whether the file took longer than a moment before."""
        return (self.source, self.file) in _slow

    def made(self, *, hurried: bool) -> bytes:
        """Make it and keep it, or what is wrong with the file; b"" where it was `hurried` and takes
        longer. Raises PictureError.
        """
        import numpy as np

        from srcsel.pictures.images import thumbnail
        from srcsel.pictures.reading import read

        file = read(self.source)
        same = (file.size, file.time) == self.file  # else it is kept under its own when asked next
        try:
            body = thumbnail(file.data, self.size, self.ranges, hurried=hurried)
        except PictureError as error:
            if hurried and not error.lasting:
                _know(_slow, (self.source, self.file), 0.0)
                return b""
            if error.lasting and same:
                _keep("refused", self._whole(), {}, str(error))
            elif not error.lasting:
                _know(_resting, (self.source, self.file), time.monotonic() + REST)
            raise
        if same:
            _keep("thumbs", self._question(), {"jpeg": np.frombuffer(body, np.uint8)})
        return body

    def _question(self) -> dict[str, Any]:
        return self._whole() | {"side": self.size, "ranges": self.ranges}

    def _whole(self) -> dict[str, Any]:
        """Name what depends on the file alone."""
        size, changed = self.file
        return {"version": VERSION, "file": str(self.source), "bytes": size, "time": changed}


_Files = dict[tuple[Path, tuple[int, int]], float]
_resting: _Files = {}  # until when
_slow: _Files = {}  # those that took longer than a moment
_turns: WeakValueDictionary[Path, threading.Lock] = WeakValueDictionary()
_turns_lock = threading.Lock()


def _turn_of(source: Path) -> threading.Lock:
    """Return the lock of a file, so that many who ask for it wait for one who decodes it."""
    with _turns_lock:
        return _turns.setdefault(source, threading.Lock())


def _know(files: _Files, file: tuple[Path, tuple[int, int]], value: float) -> None:
    if len(files) >= MOST_KNOWN:
        files.clear()
    files[file] = value


def _memory() -> Memory:
    from srcsel.store.memory import Memory

    return Memory(load_settings().datasets, synced=False)


def _keep(kind: str, question: dict[str, Any], arrays: dict[str, Any], value: Any = None) -> None:
    with contextlib.suppress(StoreError):  # the memory only saves time
        _memory().remember(kind, question, arrays, value)


@functools.lru_cache(maxsize=16)
def _read(manifest: Path) -> tuple[Path, tuple[str, ...], Ranges]:
    body = json.loads(manifest.read_bytes())
    return Path(body["folder"]), tuple(body["paths"]), body.get("ranges", {})


def _load(set_id: str) -> tuple[Path, tuple[str, ...], Ranges] | None:
    try:
        return _read(_manifest(set_id))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@functools.lru_cache(maxsize=16)
def _is_awaited(set_id: str) -> bool:
    """Tell whether a set was registered before its folder was there."""
    try:
        return bool(json.loads(_manifest(set_id).read_bytes()).get("awaited"))
    except (OSError, ValueError, AttributeError):
        return False


def _manifest(set_id: str) -> Path:
    return load_settings().datasets / "sets" / f"{set_id}.json"
