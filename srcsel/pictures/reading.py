"""Reading a picture file: its bytes, whatever lies there by now, and without ever waiting."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from srcsel.base import access
from srcsel.base.errors import PictureError

FILE_LIMIT = 512 * 2**20  # bytes of one file
NOT_ORDINARY = "This is not an ordinary file but a folder, a pipe or a device."
SHORT = (  # of the computer or of what it reads from, another time not
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EIO),
    *(errno.ETIMEDOUT, errno.ESTALE),
)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Read:
    """A file's bytes, and what its folder said of it just before they were read."""

    data: bytes
    size: int
    time: int  # of the last change, nanoseconds
    inode: int


def read(path: Path) -> Read:
    """Read a picture file whole. Raises PictureError, also for a link out of what may be opened."""
    require(path)
    with opened(path) as file:
        about = os.fstat(file.fileno())
        most = min(FILE_LIMIT, about.st_size + 1)  # as much memory as is asked for is taken
        return Read(file.read(most), about.st_size, about.st_mtime_ns, about.st_ino)


def require(path: Path) -> None:
    """Raise PictureError for a link out of what may be opened."""
    if not access.allowed(path):
        raise PictureError(access.LEADS_OUT)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a picture file, no pipe and no device, whatever was there a moment before.

    Raises PictureError, also in place of an error while it is read.
    """
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _AT_ONCE)) as file:
            _require_file(os.fstat(file.fileno()))
            yield file
    except IsADirectoryError as error:
        raise PictureError(NOT_ORDINARY) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        passing = isinstance(error, OSError) and error.errno in SHORT
        raise PictureError(_why_unopened(error), lasting=not passing) from error


def _require_file(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise PictureError(NOT_ORDINARY)
    if about.st_size == 0:
        raise PictureError("The file is empty (0 bytes). Copy it again from where it came from.")
    if about.st_size > FILE_LIMIT:
        raise PictureError(
            f"The file is very large ({about.st_size / 1e6:,.0f} MB). Save a smaller copy."
        )


def _why_unopened(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "The file is not there (any more), or it is a link that leads nowhere."
    if isinstance(error, PermissionError):
        return "This computer does not allow srcsel to open the file (permission denied)."
    text = getattr(error, "strerror", None) or str(error)
    return f"The file cannot be opened: {text}."
