"""Fetch weights with progress in bytes, and put every failure into a sentence."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn, Self

from srcsel.base.errors import DownloadError, SrcselError
from srcsel.base.watch import Watch
from srcsel.models.hubs import _caches, _room

TIMEOUT = 15  # seconds without an answer
SOON = 5  # seconds in which somebody who is there answers
CHUNK = 1 << 20  # bytes between two looks at the stop button
HASH = re.compile(r"-([a-f0-9]{8,64})\.")  # torch.hub's file names end in the start of their sha256
MEGABYTE = 1e6
HUB, WEIGHTS = "https://huggingface.co", "https://download.pytorch.org"
# modules whose errors mean "no connection"
TRANSPORTS = ("httpx", "httpcore", "requests", "urllib3")


def from_hub(repository: str, names: tuple[str, ...], part: str, watch: Watch) -> Path:
    """Return the local path of the first of `names` that the Hugging Face repository has.

    What the local cache holds is used without asking the network. Raises DownloadError in words.
    """
    local = _caches.hub_file(repository, names)
    if local is not None:
        _room.used(local.path, part)
        return local.path
    # Plain HTTP can be stopped at every chunk; the Xet transfer cannot. Has to be set before the
    # import.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for name in names:
        try:
            return _hub_download(repository, name, part, watch)
        except EntryNotFoundError as error:
            if isinstance(error, LocalEntryNotFoundError):  # not "no such file" but "cannot ask"
                _raise_hub(error, repository)
        except SrcselError:
            raise
        except Exception as error:  # noqa: BLE001 - always re-raised, in words; the transport's own types vary
            _raise_hub(error, repository)
    raise DownloadError(
        f"The Hugging Face repository {repository} has none of the files {', '.join(names)}. "
        "Choose another model, or a repository made for timm."
    )


def from_url(url: str, part: str, watch: Watch) -> Path:
    """Return the local path of the file at `url`, fetched into torch's cache; its name's hash is
    checked.
    """
    path = _caches.torch_folder() / url.rsplit("/", 1)[-1]
    if path.is_file():
        _room.used(path, part)
        return path
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, partial.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            _room.make(total)
            _need_space(path.parent, total)
            done, digest = 0, hashlib.sha256()
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                watch.update(part, "downloading", done, total)
        _check_complete(url, done, total, digest.hexdigest())
        partial.replace(path)
        _room.fetched(path, part)
    except (OSError, http.client.HTTPException) as error:
        _raise_url(error, url)
    finally:
        partial.unlink(missing_ok=True)
    return path


def is_reached() -> bool:
    """Tell whether a place that weights come from answers, whatever it says."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    for place in (os.environ.get("HF_ENDPOINT") or HUB, WEIGHTS):
        try:
            asked = urllib.request.Request(place, method="HEAD")
            with urllib.request.urlopen(asked, timeout=SOON):
                return True
        except urllib.error.HTTPError:
            return True
        except (OSError, ValueError, http.client.HTTPException):
            continue
    return False


def _hub_download(repository: str, name: str, part: str, watch: Watch) -> Path:
    """Ask for the file's size once, without retries, so that "offline" is said within seconds; then
    fetch it.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    endpoint = os.environ.get("HF_ENDPOINT")
    folder = _caches.hub_folder()
    about = get_hf_file_metadata(
        hf_hub_url(repository, name, endpoint=endpoint), timeout=TIMEOUT, endpoint=endpoint
    )
    watch.update(part, "downloading", 0, about.size or 0)
    _room.make(about.size or 0)
    _need_space(folder, about.size or 0)
    bar = _bar(part, watch, about.size or 0)
    path = Path(
        hf_hub_download(repository, name, cache_dir=folder, endpoint=endpoint, tqdm_class=bar)
    )
    _room.fetched(path, part)
    return path


def _bar(part: str, watch: Watch, total: int) -> Any:
    """Return a class that huggingface_hub drives like tqdm's and that tells `watch`."""

    class Bar:
        def __init__(self, *_args: Any, initial: int = 0, **_kwargs: Any) -> None:
            self.n = initial
            self.total = total

        def update(self, n: int = 1) -> None:
            self.n += n
            watch.update(part, "downloading", self.n, total)

        def _ignore(self, *args: Any, **kwargs: Any) -> None:
            """Postfixes, transfer counters, refresh and close: nothing is drawn here."""

        update_transfer = set_transfer_postfix_str = set_postfix_str = refresh = close = _ignore

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *exc: object) -> None:
            self.close()

    return Bar


def _need_space(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DownloadError(
            f"The disk is too full: the weights need {size / MEGABYTE:.0f} MB, and {folder} has "
            f"{free / MEGABYTE:.0f} MB left. Free some space and press Continue."
        )


def _check_complete(url: str, done: int, total: int, digest: str) -> None:
    if total and done != total:
        raise DownloadError(_broken_off(url, done, total))
    expected = HASH.search(url.rsplit("/", 1)[-1])
    if expected and not digest.startswith(expected.group(1)):
        raise DownloadError(
            f"The file at {url} is not what its name promises (wrong hash). Try again later."
        )


def _raise_hub(error: Exception, repository: str) -> NoReturn:
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
    )

    page = f"https://huggingface.co/{repository}"
    if isinstance(error, GatedRepoError):
        text = (
            f"{repository} asks you to accept its terms first. Accept them at {page}, "
            "run `hf auth login` on this computer, and press Continue."
        )
    elif isinstance(error, RepositoryNotFoundError):
        text = (
            f"The Hugging Face Hub has no model {repository}, or it is private. Check the spelling"
            f" at {page}."
        )
    elif isinstance(error, HFValidationError):
        text = f"'{repository}' is not a name of the Hugging Face Hub. Write it as owner/name."
    elif isinstance(error, HfHubHTTPError) and error.response is not None:
        text = (
            f"The Hugging Face Hub answered with error {error.response.status_code} for"
            f" {repository}. Try again later."
        )
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        text = (
            f"The disk became full while {repository} was fetched. Free some space and press"
            " Continue."
        )
    elif "Consistency check failed" in str(error) or "RemoteProtocol" in type(error).__name__:
        text = f"The download of {repository} broke off. Check the connection and press Continue."
    elif isinstance(error, PermissionError):
        text = (
            f"The folder {_caches.hub_folder()} cannot be written. Check its rights, or set HF_HOME"
            " to another one."
        )
    elif isinstance(error, OSError) or type(error).__module__.startswith(TRANSPORTS):
        text = (
            f"No connection: the weights of {repository} cannot be fetched. Connect to the"
            " internet, or choose models that are already on this computer."
        )
    else:
        text = f"The weights of {repository} cannot be fetched ({type(error).__name__}: {error})."
    raise DownloadError(text) from error


def _raise_url(error: Exception, url: str) -> NoReturn:
    host = url.split("/")[2] if "//" in url else url
    if isinstance(error, urllib.error.HTTPError):
        text = (
            f"{host} answered with error {error.code} for {url}. The file may have moved; try again"
            " later."
        )
    elif isinstance(error, http.client.HTTPException):
        text = f"The download of {url} broke off. Check the connection and press Continue."
    elif isinstance(error, PermissionError):
        text = (
            f"The folder {_caches.torch_folder()} cannot be written. Check its rights, or set"
            " TORCH_HOME."
        )
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        text = f"The disk became full while {url} was fetched. Free some space and press Continue."
    else:
        text = (
            f"No connection: the weights cannot be fetched from {host}. Connect to the internet, "
            "or choose models that are already on this computer."
        )
    raise DownloadError(text) from error


def _broken_off(url: str, done: int, total: int) -> str:
    return (
        f"The download of {url} broke off after {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB."
        " Check the connection and press Continue."
    )
