"""Thumbnails by number: which pictures the browser may ask for, and the small copies kept on disk.

The browser names a set and an index, never a path. A set is a manifest written here by a page that already
decided the person may see these pictures; its id is the digest of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from srcsel.settings import load_settings

SIZES = (96, 320)  # pixels of the longest side
_SET_ID = re.compile(r"[0-9a-f]{24}")


def register(folder: Path, paths: Sequence[str]) -> str:
    """Let the browser see thumbnails of `paths` (relative to `folder`, POSIX); returns the set's id.

    The same pictures always give the same id, and are written once.
    """
    body = json.dumps({"folder": str(folder), "paths": list(paths)}, ensure_ascii=True).encode()
    set_id = hashlib.sha256(body).hexdigest()[:24]
    target = _manifest(set_id)
    if not target.exists():
        _write(target, body)
    return set_id


def url(set_id: str, index: int, size: int = 96) -> str:
    """Return the address of one thumbnail, for `<img src>` and `ImageColumn`."""
    if size not in SIZES:
        raise ValueError(f"thumbnails come in {SIZES} pixels, not {size}")
    return f"/thumbs/{set_id}/{index}/{size}.jpg"


def _manifest(set_id: str) -> Path:
    return load_settings().datasets / "sets" / f"{set_id}.json"


def _write(target: Path, body: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
    Path(name).replace(target)
