"""Room for downloads: weights that srcsel fetched itself stay below SRCSEL_DOWNLOADS GB.

Each is noted in the work folder; the note's time is that of its last use, the beginning of time for
what a run is done with. What other programs put into the same caches has no note, and is never
removed; nor are small files, which say how a model is to be fed.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from srcsel.base import log
from srcsel.base.errors import DownloadError, StoreError
from srcsel.base.quotas import load_quotas
from srcsel.base.settings import load_settings
from srcsel.models.hubs import _caches
from srcsel.store import files

SMALL = 1_000_000  # bytes below which a file is no weights
LOADING = 60.0  # seconds after its last use in which a file may still be read


def make(size: int) -> None:
    """Remove what was not used for longest until `size` more bytes are within the limit.

    Raises DownloadError where the limit is below `size` itself.
    """
    limit = load_quotas().downloads
    if size > limit:
        raise DownloadError(
            f"The weights need {size / 1e6:.0f} MB, and downloads are kept below"
            f" {limit / 1e6:.0f} MB here. Choose a smaller model, or raise SRCSEL_DOWNLOADS (GB)."
        )
    held = list(_held())
    much = sum(bytes_ for _, _, bytes_ in held)
    for note, path, bytes_ in held:
        if much + size <= limit or time.time() - _used_at(note) < LOADING:
            break
        _remove(path)
        note.unlink(missing_ok=True)
        much -= bytes_
        log.event("weights removed", file=path.name, bytes=bytes_)


def fetched(path: Path, model: str) -> None:
    """Note that srcsel fetched a file for a model, by its id, and needs it now."""
    with contextlib.suppress(StoreError):  # a full disk: the file is then kept for good
        files.write_json(_note(path), {"path": str(path), "model": model}, synced=False)


def used(path: Path, model: str) -> None:
    """Note that a model needs a file now, if it is srcsel's own."""
    if _note(path).is_file():
        fetched(path, model)  # a note that a power cut left damaged is whole again


def done_with(models: Collection[str]) -> None:
    """Let the weights of these models, by their ids, go before all others where room is needed."""
    for note in _folder().glob("*.json") if models else ():
        with contextlib.suppress(OSError, files.DamagedFileError, *files.NOT_SO):
            if files.read_json(note)["model"] in models:
                os.utime(note, (0, 0))


def _held() -> Iterator[tuple[Path, Path, int]]:
    """Yield note, file and bytes of what srcsel fetched and still has, longest unused first."""
    for note in sorted(_folder().glob("*.json"), key=_used_at):
        # another worker makes room too, or the note is damaged
        with contextlib.suppress(OSError, files.DamagedFileError, *files.NOT_SO):
            path = Path(files.read_json(note)["path"])
            if not (path.is_file() and _is_ours(path)):
                note.unlink(missing_ok=True)
            elif (size := path.stat().st_size) >= SMALL:
                yield note, path, size


def _used_at(note: Path) -> float:
    """Return when a note's file was last used; 0 where the note is gone meanwhile."""
    try:
        return note.stat().st_mtime
    except OSError:
        return 0.0


def _is_ours(path: Path) -> bool:
    """Whether a file lies in a folder of downloads: a forged note removes nothing elsewhere."""
    places = [folder.resolve() for folder in _caches.downloads()]
    return any(path.resolve().is_relative_to(place) for place in places)


def _remove(path: Path) -> None:
    """Remove a file and, in huggingface_hub's cache, the content that its link leads to."""
    content = path.resolve()
    for each in dict.fromkeys((path, content)):
        with contextlib.suppress(OSError):
            each.unlink()


def _folder() -> Path:
    return load_settings().home / "downloads"


def _note(path: Path) -> Path:
    return _folder() / f"{files.text_hash(str(path))}.json"
