"""Thumbnails by number: which pictures the browser may ask for, and the small copies kept on disk.

The browser names a set and an index, never a path. A set is a manifest written here by a page that
already decided the person may see these pictures; its id is the digest of its content.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srcsel.base.access import allowed
from srcsel.base.errors import PictureError, StoreError
from srcsel.base.settings import load_settings

if TYPE_CHECKING:
    from srcsel.pictures.deep import Ranges

SIZES = (96, 320)  # pixels of the longest side
VERSION = 2  # part of what copies are remembered by; raise it with every change to how they look
_SET_ID = re.compile(r"[0-9a-f]{24}")
_PLACEHOLDER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96"'
    b' fill="#8893"/><path d="M30 62l12-16 10 12 6-7 9 11z" fill="#8899"/><path d="M24 24l48 48"'
    b' stroke="#889b" stroke-width="3"/></svg>'
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


def picture(set_id: str, index: int, size: int) -> tuple[str, bytes] | None:
    """Return media type and bytes of one thumbnail, or None where no such set, index or size was
    registered.

    A picture that cannot be read (any more) gives a quiet placeholder, so that a page shows a gap
    and no error.
    """
    source = _source(set_id, index) if size in SIZES else None
    if source is None:
        return None
    try:
        return "image/jpeg", _cached(*source, size)
    except (PictureError, OSError):
        return "image/svg+xml", _PLACEHOLDER


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


def _cached(source: Path, ranges: Ranges, size: int) -> bytes:
    import numpy as np

    from srcsel.store.memory import Memory

    about = source.stat()
    memory = Memory(load_settings().datasets, synced=False)
    question = {
        "version": VERSION,
        "file": str(source),
        "bytes": about.st_size,
        "time": about.st_mtime_ns,
        "side": size,
        "ranges": ranges,
    }
    known = memory.recall("thumbs", question, lambda kept, _: kept["jpeg"].tobytes())
    if known is not None:
        return known
    from srcsel.pictures.images import thumbnail

    body = thumbnail(source, size, ranges)
    with contextlib.suppress(StoreError):  # the memory only saves time
        memory.remember("thumbs", question, {"jpeg": np.frombuffer(body, np.uint8)})
    return body


@functools.lru_cache(maxsize=16)
def _read(manifest: Path) -> tuple[Path, tuple[str, ...], Ranges]:
    body = json.loads(manifest.read_bytes())
    return Path(body["folder"]), tuple(body["paths"]), body.get("ranges", {})


def _load(set_id: str) -> tuple[Path, tuple[str, ...], Ranges] | None:
    try:
        return _read(_manifest(set_id))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _manifest(set_id: str) -> Path:
    return load_settings().datasets / "sets" / f"{set_id}.json"
