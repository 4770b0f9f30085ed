"""Glimpses of the model under way: the worker's last one a job lies in a file, for pages to draw.

They are no part of an answer: nothing else reads them, and they go when the job ends.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from pathlib import Path

from srcsel.base.records import Glimpse
from srcsel.store import files
from srcsel.store.serialize import from_plain, to_plain

LARGEST = 1_000_000
"""Bytes of a glimpse that is read, each second by each page: those of a worker have some 40,000."""


def write_glimpse(folder: Path, job: str, glimpse: Glimpse) -> None:
    """Keep `glimpse` as the last one of `job`. Raises StoreError."""
    files.write_json(_path(folder, job), to_plain(glimpse), synced=False)


def read_glimpse(folder: Path, job: str) -> Glimpse | None:
    """Return the last glimpse of a job's model under way; None where there is none, or it is
    damaged.
    """
    path = _path(folder, job)
    try:
        if path.stat().st_size > LARGEST:
            return None
        found = from_plain(Glimpse, files.read_json(path))
    except (OSError, files.DamagedFileError, *files.NOT_SO):
        return None
    return found if _is_whole(found) else None


def forget_glimpses(folder: Path, job: str | None = None) -> None:
    """Remove the glimpse of a job, or all."""
    if job is None:
        shutil.rmtree(folder / "looks", ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        _path(folder, job).unlink(missing_ok=True)


def _is_whole(glimpse: Glimpse) -> bool:
    ends = [end for span in glimpse.bars.values() for end in span]
    return (
        0 <= glimpse.seen <= glimpse.total
        and len(glimpse.rows) == len(glimpse.x) == len(glimpse.y)
        and min(glimpse.rows, default=0) >= 0
        and all(map(math.isfinite, ends))
    )


def _path(folder: Path, job: str) -> Path:
    return folder / "looks" / f"{job}.json"
