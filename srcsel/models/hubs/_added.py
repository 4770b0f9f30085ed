"""Model files that were added by their path, listed beside those of the SRCSEL_WEIGHTS folder: one
list a work folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from srcsel.base.settings import load_settings
from srcsel.store import files

MOST = 100  # files; the ones added last stay


def added() -> tuple[str, ...]:
    """Return the files as they were added, "PATH" or "PATH=ARCHITECTURE"."""
    try:
        told = files.read_json(_path())
    except (FileNotFoundError, files.DamagedFileError):
        return ()
    return tuple(name for name in told if isinstance(name, str)) if isinstance(told, list) else ()


def remember(name: str) -> None:
    """Add a file to the list. Raises StoreError."""
    _change([name], ())


def forget(name: str) -> None:
    """Take a file off the list; the file itself stays. Raises StoreError."""
    _change((), [name])


def _change(more: Iterable[str], less: Iterable[str]) -> None:
    from filelock import FileLock

    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        gone = set(less)
        kept = dict.fromkeys([*(name for name in added() if name not in gone), *more])
        files.write_json(path, list(kept)[-MOST:])


def _path() -> Path:
    return load_settings().home / "checkpoints.json"
