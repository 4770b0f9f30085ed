"""Files that the browser sent, and that wait on the disk to be unpacked or handed on.

The server writes them there while they come (`srcsel.ui.server.uploads`) and hands Streamlit a
token in their place, so that no upload is ever held in memory.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings

if TYPE_CHECKING:
    from filelock import BaseFileLock

FOLDER = ".incoming"  # below the uploads; one folder in it for each server
FORGOTTEN = 3600.0  # seconds after which nobody will unpack it any more
GONE = "This upload is not here any more: it was used, or left for an hour. Choose the file again."
_TOKEN = re.compile(rb"srcsel-upload-[0-9a-f]{64}")  # no picture and no zip begins so

_ours: dict[Path, BaseFileLock] = {}  # this server's folder, and the lock that says it lives
_waiting: dict[bytes, tuple[Path, str]] = {}  # token -> the file, and whose it is


def new_file() -> Path:
    """Return a path to write an upload to; those that nobody unpacked for an hour go."""
    folder = _folder(load_settings().uploads / FOLDER)
    for token, (path, _) in list(_waiting.items()):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > FORGOTTEN:
                discard(token)
    return folder / f"{secrets.token_hex(16)}.zip"


def hand_over(path: Path, person: str = "") -> bytes:
    """Return the token that stands for a person's upload at `path`."""
    token = f"srcsel-upload-{secrets.token_hex(32)}".encode()
    _waiting[token] = path, person
    return token


def sizes(person: str) -> tuple[int, int]:
    """Return how many bytes wait to be unpacked: a person's, and everybody's."""
    mine = everybody = 0
    for path, whose in list(_waiting.values()):
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            everybody += size
            mine += size if whose == person else 0
    return mine, everybody


def discard(token: bytes) -> None:
    """Remove an upload."""
    held = _waiting.pop(token, None)
    if held is not None:
        held[0].unlink(missing_ok=True)


def received(file: Any) -> Path:
    """Return the path of what `st.file_uploader` returned; it stays until `drop`.

    Raises InputError where it was dropped before.
    """
    held = file.getvalue()
    known = _waiting.get(held)
    if known is not None and known[0].is_file():
        return known[0]
    if known is not None or _TOKEN.fullmatch(held):
        raise InputError(GONE)
    path = new_file()  # handed in past the server's door, as by Streamlit's own tests
    path.write_bytes(held)
    _waiting[held] = path, ""
    return path


def drop(file: Any) -> None:
    """Remove what `st.file_uploader` returned."""
    discard(file.getvalue())


@contextlib.contextmanager
def content(file: Any) -> Iterator[Path]:
    """Give the path of what `st.file_uploader` returned, and remove it afterwards.

    Raises InputError where that was done before.
    """
    try:
        yield received(file)
    finally:
        drop(file)


def sweep() -> None:
    """Remove what servers that are gone had received."""
    from filelock import FileLock, Timeout

    for folder in (load_settings().uploads / FOLDER).glob("*"):
        if folder in _ours or not folder.is_dir():
            continue
        with contextlib.suppress(Timeout, OSError), FileLock(_lock_path(folder), timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            _lock_path(folder).unlink(missing_ok=True)


def _folder(root: Path) -> Path:
    """Make this server's folder, once; the lock beside it is free as soon as the server is gone."""
    from filelock import FileLock

    found = next((folder for folder in _ours if folder.parent == root), None)
    if found is not None and found.is_dir():
        return found
    root.mkdir(parents=True, exist_ok=True)
    folder = root / secrets.token_hex(8)
    lock = FileLock(_lock_path(folder))
    lock.acquire()
    folder.mkdir()
    _ours[folder] = lock
    return folder


def _lock_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
