"""How a public data set comes: torchvision's download in a thread, with progress, a stop and words
for what goes wrong.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import sys
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from srcsel.base.errors import Cancelled, DownloadError, StoreError
from srcsel.base.records import Listing
from srcsel.base.watch import Watch
from srcsel.pictures.public import INDEX, PUBLIC, PublicSet, find, stored
from srcsel.pictures.public_labels import annotation
from srcsel.store import files

ROOM = 2.2  # free space needed, in units of the download: the archive and its content
ARCHIVES = (".tgz", ".tar.gz", ".zip")
STALL_SECONDS = 60.0  # without a byte after which a download counts as broken
POLL_SECONDS = 0.3  # between two looks at the stop button
# one download at a time; after a stop it is held until unpacking has ended
_AT_WORK = threading.Lock()
_SILENT = Watch()


def fetch(name: str, home: Path, watch: Watch = _SILENT) -> Listing:
    """Download the set into `home`/NAME unless it is there, and list all its pictures, no split
    left out.

    Progress goes to the part "pictures" in bytes. Raises UnknownNameError, DownloadError (offline,
    damaged, too little space), Cancelled; a finished archive is kept for the next try.
    """
    about = find(name)
    if not (home / name / INDEX).is_file():
        half = home / f".{name}-part"
        try:
            _require_room(about, home)
            _forget_unpacked(half)
            found = annotation(about, _download(about, half, watch), half)
            files.write_json(half / INDEX, found)
            for archive in [p for p in half.rglob("*") if p.name.endswith(ARCHIVES)]:
                archive.unlink()
            shutil.rmtree(home / name, ignore_errors=True)
            half.rename(home / name)
        except OSError as error:
            raise _explained(error, about) from error
    return stored(name, home)


def _require_room(about: PublicSet, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(home).free, ROOM * about.download_bytes
    if free < needed:
        raise DownloadError(
            f"{about.title} needs {needed / 1e9:.1f} GB of free space, and {home} has"
            f" {free / 1e9:.1f} GB. Free some space, or set SRCSEL_HOME to a folder on another"
            " disk."
        )


def _forget_unpacked(half: Path) -> None:
    """Delete what an interrupted try unpacked: torchvision takes a folder that exists for
    complete.
    """
    half.mkdir(parents=True, exist_ok=True)
    for path in sorted(half.rglob("*"), reverse=True):
        if path.is_dir():
            with contextlib.suppress(OSError):  # it holds an archive
                path.rmdir()
        elif not path.name.endswith(ARCHIVES):
            path.unlink()


class _Line(urllib.request.BaseHandler):
    """Counts the bytes that arrive, lets no download hang for ever, and ends one between two
    reads.
    """

    def __init__(self) -> None:
        self.done = 0
        self.stop = threading.Event()

    def http_request(self, request: Any) -> Any:
        """Give every request a time limit between bytes; torchvision gives none."""
        request.timeout = STALL_SECONDS
        return request

    def http_response(self, _request: Any, response: Any) -> Any:
        """Count what is read from an answer."""
        read = response.read

        def counted(*amount: int) -> bytes:
            if self.stop.is_set():
                raise Cancelled
            data = read(*amount)
            self.done += len(data)
            return data

        response.read = counted
        return response

    https_request, https_response = http_request, http_response


def _download(about: PublicSet, half: Path, watch: Watch) -> Any:
    """Let torchvision download and unpack in a thread, so that progress and the stop button go on
    meanwhile.
    """
    line, outcome = _Line(), Future[Any]()

    def say(note: str) -> None:
        watch.update(
            "pictures",
            "downloading",
            min(line.done, about.download_bytes),
            about.download_bytes,
            note,
        )

    while not _AT_WORK.acquire(timeout=POLL_SECONDS):
        say("Waiting for an earlier download to end")
    threading.Thread(target=_work, args=(about, half, line, outcome), daemon=True).start()
    try:
        while not wait([outcome], timeout=POLL_SECONDS).done:
            say("Unpacking" if line.done >= about.download_bytes else f"Downloading {about.title}")
        return outcome.result()
    except (OSError, RuntimeError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise _explained(error, about) from error
    finally:
        line.stop.set()


def _work(about: PublicSet, half: Path, line: _Line, outcome: Future[Any]) -> None:
    try:
        urllib.request.install_opener(urllib.request.build_opener(line))
        with contextlib.redirect_stdout(
            sys.stderr
        ):  # older torchvision prints, and the shell may print JSON
            outcome.set_result(_BUILDERS[about.name](half))
    except Exception as error:  # noqa: BLE001 - handed to the thread that waits
        outcome.set_exception(error)
    finally:
        urllib.request.install_opener(urllib.request.build_opener())
        _AT_WORK.release()


def _torchvision(name: str, **options: str) -> Callable[[Path], Any]:
    def build(half: Path) -> Any:
        from torchvision import datasets

        return getattr(datasets, name)(str(half), download=True, **options)

    return build


_BUILDERS: dict[str, Callable[[Path], Any]] = {name: _torchvision(name) for name in PUBLIC} | {
    "Imagenette": _torchvision("Imagenette", size="320px")
}


def _explained(error: BaseException, about: PublicSet) -> DownloadError | StoreError:
    """Say why a download failed and what to do."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()  # it holds the connection
        return DownloadError(
            f"The server of {about.title} answered with error {error.code}. Try again later, or"
            f" download it from {about.source} yourself and choose the unpacked folder."
        )
    if isinstance(error, (urllib.error.URLError, TimeoutError, ConnectionError)):
        why = getattr(error, "reason", None) or error
        return DownloadError(
            f"No connection to the server of {about.title} ({why}). It has to be downloaded once"
            f" ({about.download_bytes / 1e6:,.0f} MB): connect to the internet and try again, or"
            " choose pictures that are on this computer."
        )
    if isinstance(error, OSError) and error.errno in (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EACCES,
        errno.EROFS,
    ):
        return files.explain_disk(Path(error.filename or "the work folder").parent, error)
    return DownloadError(
        f"{about.title} arrived incomplete or damaged ({error}). Try again; only the damaged part"
        " is fetched again."
    )
