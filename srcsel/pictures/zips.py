"""What a zip says of what lies in it, read with care: its list may be endless, and its names in any
encoding.
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO
from zipfile import ZipFile

from srcsel.base.errors import InputError
from srcsel.pictures.entries import is_wanted, parts_of
from srcsel.pictures.tables.encoding import name_encoding

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError),
)
_CHUNK = 1 << 20
_UTF8 = 0x800  # the flag "this name is UTF-8"
_ENTRY = b"PK\x01\x02"  # an entry of the list at the end of a zip begins so
_TAIL = 2**16 + 128  # bytes at most behind that list: comment, ends of ZIP and ZIP64


def opened(file: BinaryIO, most: int) -> ZipFile:
    """Open a zip of `most` files and folders at most. Raises InputError for more."""
    require_few(_listed(file), most, "files and folders")
    return zipfile.ZipFile(file)


def _listed(file: BinaryIO) -> int:
    """Count the entries of a zip without making a record of each, as `zipfile` does; 0 where it
    has no list.

    A list of 512 MB would hold eleven million, which takes gigabytes of memory.
    """
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - _TAIL)
    file.seek(start)
    tail = file.read()
    last = tail.rfind(b"PK\x05\x06")
    if last < 0 or len(tail) < last + 20:
        return 0
    (size,) = struct.unpack_from("<L", tail, last + 12)
    size = start + last if size == 0xFFFFFFFF else size + _TAIL  # of a ZIP64: up to its beginning
    file.seek(max(0, start + last - size))
    found, before = 0, b""
    while chunk := file.read(min(_CHUNK, start + last - file.tell())):
        found += (before + chunk).count(_ENTRY)
        before = chunk[-len(_ENTRY) + 1 :]
    return found


def require_few(found: int, most: int, what: str) -> None:
    """Raise InputError where a zip holds more than is allowed."""
    if found > most:
        raise InputError(
            f"This zip holds {found:,} {what}; {most:,} are the limit. Split it, or give a folder."
        )


def wanted(infos: Sequence[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, str, list[str]]]:
    """Yield each entry that is no hidden file and no system litter, with its name as it was meant
    (with forward slashes), whole and in parts. Raises InputError for one that leads outside.
    """
    encoding = _encoding(infos)
    for info in infos:
        name = _decoded(info, encoding)
        if is_wanted(parts := parts_of(name, "zip")):
            yield info, name, parts


def _encoding(infos: Sequence[zipfile.ZipInfo]) -> str:
    """Return how names are written that do not say so: UTF-8, a country's, or the zip format's
    own.
    """
    names = [info.filename.encode("cp437") for info in infos if not info.flag_bits & _UTF8]
    names = [name for name in names if not name.isascii()]
    try:
        b"/".join(names).decode("utf-8")
    except UnicodeDecodeError:
        return name_encoding(names, "cp437")
    return "utf-8"


def _decoded(info: zipfile.ZipInfo, encoding: str) -> str:
    """Return the entry's name with forward slashes; many programs write UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode(encoding)
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def require_unlocked(info: zipfile.ZipInfo) -> None:
    """Raise InputError for an entry that only a password opens."""
    if info.flag_bits & 0x1:
        raise InputError("This zip is protected by a password. Make one without a password.")


def is_plain(info: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is a file, and no link or device."""
    return stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)


@contextlib.contextmanager
def sound() -> Iterator[None]:
    """Say in words that a zip is damaged. Raises InputError, and OSError for the disk's own."""
    try:
        yield
    except _BROKEN as error:
        raise _damaged(error) from error
    except OSError as error:
        # the decompressor's, or a position outside the file
        if error.errno in (None, errno.EINVAL):
            raise _damaged(error) from error
        raise


def _damaged(error: Exception) -> InputError:
    return InputError(f"This zip is damaged or of an unusual kind ({error}). Make it again.")
