"""Unpacking a zip that a person uploaded, or a stranger made: nothing lands outside, nothing fills
the disk.
"""

from __future__ import annotations

import contextlib
import errno
import io
import posixpath
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut
from srcsel.pictures import zips
from srcsel.pictures.entries import FOLDER_LIMIT, HALF, Names, ignores_case
from srcsel.pictures.images import SUFFIXES
from srcsel.pictures.kinds import is_pack
from srcsel.store import files

ENTRY_LIMIT = 200_000  # files in one zip
TOTAL_LIMIT = 16 * 2**30  # bytes unpacked
RATIO_LIMIT = 150  # times its size a zip may grow; pictures hardly shrink, bombs do by thousands
# bytes that may be unpacked whatever the ratio: small drawings do shrink well
RATIO_FREE = 64 * 2**20
BLOCK = 4096  # bytes of disk that a file or folder takes beside its content, about
_CHUNK = 1 << 20
_LOCK = ".lock"


def unpack(
    source: bytes | Path,
    target: Path,
    *,
    entries: int = ENTRY_LIMIT,
    folders: int = FOLDER_LIMIT,
    total: int = TOTAL_LIMIT,
    ratio: int = RATIO_LIMIT,
    admit: Callable[[int], None] | None = None,
) -> Path:
    """Unpack the zip `source` (its bytes or its path) as the folder `target` and return that.

    `target` appears whole or not at all; where it is there already, nothing is done, so name it by
    the content. Folder names stay as they were written, except for what a file system cannot hold.
    Limits: `entries` files, `folders` folders, `total` bytes, `ratio` times the size of the zip.
    `admit` is asked with the bytes it will take on the disk, and raises where that is too much.
    Raises InputError with what to do for everything hostile or broken, StoreError where the disk is
    full.
    """
    if target.is_dir():
        return target
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        opened = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        with zips.sound(), opened as file:
            packed = zips.opened(file, entries + folders)
            names = Names(folders, folded=ignores_case(target.parent))
            plan = _plan(packed, entries, names)
            budget = min(total, max(ratio * size, RATIO_FREE))
            claimed = sum(info.file_size for info, _ in plan)
            _require_room(claimed, budget, target.parent)
            if admit is not None:
                admit(claimed + BLOCK * (len(plan) + names.folders))
            with _half(target) as half:
                _write(packed, plan, half, budget)
    except OSError as error:
        raise files.explain_disk(target.parent, error) from error
    return target


def _plan(packed: zipfile.ZipFile, entries: int, names: Names) -> list[tuple[zipfile.ZipInfo, str]]:
    """Decide which entries are unpacked and under which path; hidden files and system litter are
    not.
    """
    plan = []
    infos = packed.infolist()
    zips.require_few(sum(not info.is_dir() for info in infos), entries, "files")
    for info, name, parts in zips.wanted(infos):
        if name.endswith("/"):
            plan.append((info, names.folder(parts) + "/"))
            continue
        _require_plain(info, name)
        plan.append((info, names.place(parts)))
    if not any(posixpath.splitext(path)[1].lower() in SUFFIXES for _, path in plan):
        if packs := [path for _, path in plan if is_pack(path)]:
            raise InputError(
                f"This zip holds packed folders ('{cut(packs[0])}') and no pictures. Unpack those,"
                " and zip the folder that holds what was in them."
            )
        raise InputError(
            f"There are no pictures among the {len(plan):,} files of this zip. Zip a folder with"
            " one sub-folder per class, holding .jpg, .png or similar files."
        )
    return plan


def _require_plain(info: zipfile.ZipInfo, name: str) -> None:
    zips.require_unlocked(info)
    if not zips.is_plain(info):
        raise InputError(
            f"This zip holds a link or a device ('{cut(name)}') instead of a file, so nothing was"
            " unpacked. Make a new zip with the pictures themselves."
        )


def _require_room(claimed: int, budget: int, folder: Path) -> None:
    if claimed > budget:
        raise _bomb(budget)
    if claimed > shutil.disk_usage(folder).free:
        raise files.explain_disk(folder, OSError(errno.ENOSPC, "No space left on device"), claimed)


def _write(
    packed: zipfile.ZipFile, plan: list[tuple[zipfile.ZipInfo, str]], half: Path, budget: int
) -> None:
    """Write the files, counting real bytes: what the zip claims of its sizes may be a lie."""
    left = budget
    for info, name in plan:
        path = half / name
        if name.endswith("/"):  # an empty class folder is worth a word to the person
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(info) as content, path.open("xb") as file:
            while chunk := content.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _bomb(budget)
                file.write(chunk)


@contextlib.contextmanager
def _half(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` that takes its place in the end, or is removed.

    Whoever unpacks holds a lock beside it, which the system frees however that ends.
    """
    from filelock import FileLock

    half = target.parent / f"{HALF}{secrets.token_hex(8)}"
    try:
        with FileLock(_lock_path(half)):
            half.mkdir()
            yield half
            try:
                half.rename(target)
            except OSError:
                if not target.is_dir():  # else another upload of the same zip was faster
                    raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
        _lock_path(half).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes had unpacked half into `folder`."""
    from filelock import FileLock, Timeout

    for half in folder.glob(f"{HALF}*"):
        if half.suffix == _LOCK or not half.is_dir():
            continue
        with contextlib.suppress(Timeout, OSError), FileLock(_lock_path(half), timeout=0):
            shutil.rmtree(half, ignore_errors=True)
        if not half.exists():
            _lock_path(half).unlink(missing_ok=True)


def _lock_path(half: Path) -> Path:
    return half.with_name(f"{half.name}{_LOCK}")


def _bomb(budget: int) -> InputError:
    return InputError(
        f"This zip unpacks to more than {budget / 1e6:,.0f} MB, far more than pictures would."
        " Nothing was kept. Zip fewer pictures at a time, or give the folder's path instead."
    )
