"""Files that are whole or absent: written beside their place, synced, renamed; and read back
suspiciously.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import StoreError

CHUNK_BYTES = 1 << 24
STALE_TEMP_SECONDS = 3600.0
"""A temporary file older than this was left by a killed process."""


TRIES = 9  # to write into a folder that goes meanwhile
NOT_SO = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)
"""What taking a stored value apart raises where it is not what was written."""


class DamagedFileError(Exception):
    """A file that is cut off, altered or not what its name says; the caller treats it as absent."""


def write_bytes(path: Path, data: bytes, *, synced: bool = True) -> None:
    """Write `data` to `path` so that a reader, a crash or a full disk never sees half a file.

    synced: nor does a power cut leave one; without, what reads it must recognise a damaged file.
    Raises StoreError with what to do where the disk refuses.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        for _ in range(TRIES):
            # its folder went while it was looked at: space was made
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                _write(temp, path, data, synced=synced)
                return
        _write(temp, path, data, synced=synced)
    except OSError as error:
        _forget(temp)
        raise explain_disk(path.parent, error, len(data)) from error


def _write(temp: Path, path: Path, data: bytes, *, synced: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with temp.open("wb") as file:
        file.write(data)
        if synced:
            file.flush()
            os.fsync(file.fileno())
    temp.replace(path)
    if synced:
        _sync_folder(path.parent)


def write_json(path: Path, value: Any, *, synced: bool = True) -> None:
    """Write JSON (UTF-8, no NaN: a ValueError says where the caller let one through)."""
    told = json.dumps(value, ensure_ascii=False, allow_nan=False)
    write_bytes(path, told.encode(), synced=synced)


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises DamagedFileError for anything that is not, FileNotFoundError where there is none.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedFileError(f"{path.name}: {error}") from error


def write_tensors(
    path: Path, tensors: Mapping[str, np.ndarray], about: Any, *, synced: bool = True
) -> None:
    """Write arrays as `tensor_bytes`."""
    write_bytes(path, tensor_bytes(tensors, about), synced=synced)


def tensor_bytes(tensors: Mapping[str, np.ndarray], about: Any) -> bytes:
    """Return arrays as safetensors; `about` (JSON) and checksums of both go into the header."""
    from safetensors.numpy import save

    solid = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    told = json.dumps(about, allow_nan=False)
    sums = {"crc32": str(_checksum(solid)), "about_crc32": str(zlib.crc32(told.encode()))}
    return save(solid, metadata={"about": told, **sums})


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], Any]:
    """Arrays and `about` as written.

    Raises DamagedFileError, or FileNotFoundError where there is none.
    """
    tensors, header, about = _read(path, None)
    if header.get("crc32") != str(_checksum(tensors)):
        raise DamagedFileError(f"{path.name}: its content does not match its checksum")
    return tensors, about


def read_some(path: Path, *names: str) -> tuple[dict[str, np.ndarray], Any]:
    """Return these arrays alone, not held against a checksum, and `about`; the others are not
    looked at.

    Raises as `read_tensors`.
    """
    tensors, _, about = _read(path, names)
    return tensors, about


def _read(
    path: Path, names: Iterable[str] | None
) -> tuple[dict[str, np.ndarray], dict[str, str], Any]:
    """Arrays (None = all), header and `about`, which is held against its checksum."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            wanted = file.keys() if names is None else names
            tensors = {name: file.get_tensor(name) for name in wanted}
            header = file.metadata() or {}
        told = header["about"]
        about = json.loads(told)
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFileError(f"{path.name}: {error}") from error
    said = header.get("about_crc32", str(zlib.crc32(told.encode())))  # before 1.0 there was none
    if said != str(zlib.crc32(told.encode())):
        raise DamagedFileError(f"{path.name}: its header does not match its checksum")
    return tensors, header, about


def mapped(shape: tuple[int, ...], kind: Any, folder: Path) -> np.ndarray:
    """Return an array of numbers of some kind in a file without a name in `folder`, which the
    system frees when the array goes, or however this process ends.

    Its room is taken at once: a disk that fills up under a mapping would kill the process without a
    word. Raises StoreError where there is none.
    """
    size = math.prod(shape) * np.dtype(kind).itemsize
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                for start in range(0, size, CHUNK_BYTES):
                    file.write(bytes(min(CHUNK_BYTES, size - start)))
            return np.memmap(file, kind, "r+", shape=shape)
    except OSError as error:
        raise explain_disk(folder, error, size) from error


def text_hash(value: Any) -> str:
    """32 hex digits that stand for a JSON value; for file names."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def set_aside(path: Path) -> None:
    """Rename a damaged file to `<name>.damaged`, so that it is absent but not lost."""
    try:
        path.replace(path.with_name(f"{path.name}.damaged"))
    except OSError:
        _forget(path)


def used(path: Path) -> None:
    """Note that a file was used now: what was not goes first when space is made."""
    with contextlib.suppress(OSError):  # a work folder that may only be read
        os.utime(path)


def sweep(folder: Path) -> None:
    """Delete temporary files that killed processes left anywhere under `folder`."""
    for temp in folder.rglob(".*.tmp"):
        try:
            old = time.time() - temp.stat().st_mtime > STALE_TEMP_SECONDS
        except OSError:
            continue
        if old:
            _forget(temp)


def explain_disk(folder: Path, error: OSError, size: int = 0) -> StoreError:
    """Say what the disk refused, why, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        needed = f" ({size / 1e6:,.0f} MB more are needed)" if size > 1e6 else ""
        return StoreError(
            f"The disk is full: nothing more fits into {folder}{needed}. Free some space, or set"
            " SRCSEL_HOME to a folder on another disk, and start again. What was finished is kept."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(
            f"srcsel may not write into {folder}. Make that folder writable, or set SRCSEL_HOME to"
            " one that is."
        )
    return StoreError(
        f"{folder} cannot be used: {error.strerror or error}. Check the disk, or set SRCSEL_HOME to"
        " another folder."
    )


def _checksum(tensors: Mapping[str, np.ndarray]) -> int:
    total = 0
    for name in sorted(tensors):
        total = zlib.crc32(name.encode(), total)
        if tensors[name].size:  # an empty array has no bytes, and no view of them
            total = zlib.crc32(np.ascontiguousarray(tensors[name]).view(np.uint8).data, total)
    return total


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system lets a folder be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the first error is the one to tell
        return
