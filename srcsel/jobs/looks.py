"""Glimpses of the model under way: the worker's last one a job lies in a file, for pages to draw.

They are no part of an answer: nothing else reads them, and they go when the job ends.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from srcsel.base.records import Glimpse
from srcsel.store import files
from srcsel.store.serialize import from_plain, to_plain


def write_glimpse(folder: Path, job: str, glimpse: Glimpse) -> None:
    """Keep `glimpse` as the last one of `job`. Raises StoreError."""
    files.write_json(_path(folder, job), to_plain(glimpse), synced=False)


def read_glimpse(folder: Path, job: str) -> Glimpse | None:
    """Return the last glimpse of a job's model under way; None where there is none."""
    try:
        return from_plain(Glimpse, files.read_json(_path(folder, job)))
    except (FileNotFoundError, files.DamagedFileError, *files.NOT_SO):
        return None


def forget_glimpses(folder: Path, job: str | None = None) -> None:
    """Remove the glimpse of a job, or all."""
    if job is None:
        shutil.rmtree(folder / "looks", ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        _path(folder, job).unlink(missing_ok=True)


def _path(folder: Path, job: str) -> Path:
    return folder / "looks" / f"{job}.json"
