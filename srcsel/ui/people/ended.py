"""Sign-ins that were ended: a copy of their cookie proves nobody any more.

A signed cookie says of itself only until when it holds. What was signed out stands in a file of the
work folder, so that it also holds over a restart and in a second server.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from srcsel.base.settings import load_settings

KEPT = 31 * 86_400.0  # seconds; no sign-in lasts longer
_read: dict[Path, tuple[int, frozenset[str]]] = {}  # by file: its time, the marks in it


def mark_of(content: str | bytes) -> str:
    """Return what stands for a sign-in, from what its cookie holds, read and verified.

    Not from the cookie's text, which can be written in several ways.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    return hashlib.sha256(b"srcsel sign-in " + data).hexdigest()


def end(mark: str) -> None:
    """Let a sign-in prove nobody from now on. Raises OSError."""
    path = _path()
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    young = [line for line in lines if float(line.split()[1]) > time.time() - KEPT]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*young, f"{mark} {time.time():.0f}", ""]), encoding="ascii")
    _read.pop(path, None)


def is_ended(mark: str) -> bool:
    """Tell whether a sign-in was ended."""
    path = _path()
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return False
    if _read.get(path, (0,))[0] != changed:
        lines = path.read_text(encoding="ascii").splitlines()
        _read[path] = changed, frozenset(line.split()[0] for line in lines)
    return mark in _read[path][1]


def _path() -> Path:
    return load_settings().home / "signed-out"
