"""A store through fsspec: what lies at an address, and its bytes. Credentials are those of the
environment; no sentence, log or file repeats them.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcsel.base import azure
from srcsel.base.addresses import STORES, Address
from srcsel.base.errors import DownloadError, InputError, SrcselError

TRIES = 5  # of each request, by the library
PATIENCE = 20  # seconds in which a store has to answer
TOGETHER = 8  # folders whose names are asked for at the same time
VERSIONS = ("ETag", "etag", "blob_id", "content_md5", "updated", "LastModified", "last_modified")
"""What a store says of a file's content, the surest first."""
FOLDER = "file"
"""Kind of an address that stands for a folder of this computer."""
KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, the path of a key file",
    "az": (
        "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or"
        " AZURE_STORAGE_CONNECTION_STRING"
    ),
    "hf": "HF_TOKEN",
}
"""Kind of store, by its extra -> where the environment holds its credentials."""
NOT_INSTALLED = "Addresses that begin with {}:// need a package that is not installed: {}."
NOTHING = (
    "Nothing lies at {}: there is no such bucket or folder, or it is empty. Check the address, and"
    " the endpoint that the environment names."
)
NOTHING_HF = (
    "Nothing lies at {}: there is no such data set or folder, or it is private. An address is"
    " hf://datasets/OWNER/NAME; what is private needs HF_TOKEN in the environment."
)
NO_KEYS = "No credentials for {} were found. Set them in the environment ({}) and start again."
REFUSED = (
    "{} may not be opened with the credentials of the environment ({}). Check them, or ask whoever"
    " owns it for permission."
)
SILENT = (
    "The store of {} did not answer ({}). What was fetched is kept: start again when it does, or"
    " check the endpoint that the environment names."
)
FOLDER_GONE = (
    "There is no folder {}, and it cannot be made there. Check the path, and whether the disk that"
    " it lies on is connected."
)
FOLDER_UNFIT = (
    "{} cannot be used as a folder that is shared ({}). Check the path, and who may write there."
)
_KEYLESS = {
    *("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"),
    *("DefaultCredentialsError", "RefreshError"),  # of Google
    *("CredentialUnavailableError", "ClientAuthenticationError"),  # of Azure
}
_MISNAMED = {"ParamValidationError", "NotImplementedError"}
_UNFIT = (NotADirectoryError, FileExistsError, PermissionError)  # a path that will never do
_FULL = (errno.ENOSPC, errno.EDQUOT)  # this computer's disk, and no answer of a store


@dataclass(frozen=True, slots=True)
class Stored:
    """One file in a store."""

    path: str  # as the store names it
    name: str  # relative to the address, POSIX
    size: int
    version: str  # changes with the content


class Store:
    """A connection to the store of one address."""

    def __init__(self, address: Address) -> None:
        """Connect at the first question. Raises InputError where a package is missing."""
        package, extra = STORES.get(address.kind, ("fsspec", ""))
        if importlib.util.find_spec(package) is None:
            how = f'pip install "srcsel[{extra}]"' if extra else f"pip install {package}"
            raise InputError(NOT_INSTALLED.format(address.kind, how))
        import fsspec

        options: dict[str, Any] = {}
        self._root = address.path
        if address.kind == "s3":
            again = {"max_attempts": TRIES, "mode": "standard"}
            waits = {"connect_timeout": PATIENCE, "read_timeout": PATIENCE}
            options = {"config_kwargs": {"retries": again, **waits}}
        elif package == "gcsfs":
            # else it asks what kind of bucket it is before each list: a minute in silence, and a
            # warning, where it may not know
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        elif address.kind == FOLDER:
            options = {"auto_mkdir": True}
        elif extra == "az":
            self._root, options = azure.placed(address)
        if address.kind not in ("hf", FOLDER):  # a library keeps 1 KB of each name
            options["use_listings_cache"] = False
        self.address = address
        with self._explained():
            self._fs = fsspec.filesystem(address.kind, **options)

    def files(self, told: Callable[[int], object] = lambda _: None) -> list[Stored]:
        """List everything below the address, page by page, several folders at the same time; sorted
        by name. `told` hears how many names are there; what it raises ends the list.

        Raises InputError, also where there is nothing, and DownloadError.
        """
        if self.address.kind == "hf":  # folder by folder would be many more requests
            found = self.below("")
        else:
            found = sorted(self._walked(told), key=lambda one: one.name)
        if not found:
            raise self._nothing()
        return found

    def place(self, inside: str = "") -> str:
        """Name what lies at a name relative to the address, or the address itself, as the store
        does; "/" in front of a folder of this computer stays.
        """
        return f"{self._root}/{inside}" if inside else self._root

    def matching(self, pattern: str) -> list[Stored]:
        """List the files that lie in the address itself and are called so, such as "train-*.tar";
        sorted by name. Raises InputError, also where there are none, and DownloadError.
        """
        self._fs.invalidate_cache()
        files = (a for a in self._inside(self._root) if a.get("type", "file") == "file")
        found = [one for about in files for one in self._stored(str(about["name"]), about)]
        found = [one for one in found if fnmatch.fnmatchcase(one.name, pattern)]
        if not found:
            raise self._nothing(pattern)
        return sorted(found, key=lambda one: one.name)

    def _walked(self, told: Callable[[int], object]) -> list[Stored]:
        """List folder by folder: what a library says of all names at once would fill the memory."""
        found: list[Stored] = []
        seen = {self._root}
        with ThreadPoolExecutor(TOGETHER, "listing") as pool:
            asked: set[Future[list[dict[str, Any]]]] = {pool.submit(self._inside, *seen)}
            try:
                while asked:
                    done, asked = wait(asked, return_when=FIRST_COMPLETED)
                    for about in (about for one in done for about in one.result()):
                        path = str(about["name"]).rstrip("/")
                        if about.get("type", "file") == "file":
                            found += self._stored(str(about["name"]), about)
                        elif path not in seen:  # a store may hold a file called "a/"
                            seen.add(path)
                            asked.add(pool.submit(self._inside, path))
                    told(len(found))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return found

    def _inside(self, folder: str) -> list[dict[str, Any]]:
        """List one folder; one below the first that is gone by now holds nothing."""
        try:
            with self._explained():
                return self._fs.ls(folder, detail=True)
        except _GoneError:
            if folder == self._root:
                raise
            return []

    def _stored(self, path: str, about: dict[str, Any]) -> Iterator[Stored]:
        """Yield the file, unless it lies elsewhere or is a mark of a folder."""
        head = f"{self._root}/"
        if path.startswith(head) and path != head and not path.endswith("/"):
            yield Stored(path, path[len(head) :], int(about.get("size") or 0), _version(about))

    def below(self, inside: str) -> list[Stored]:
        """List what lies in one place below the address, of a bucket that is there; sorted by name
        relative to the address. Raises InputError and DownloadError.
        """
        with self._explained():
            self._fs.invalidate_cache()
            found = self._fs.find(self.place(inside), detail=True)
        return sorted(
            (
                one
                for path, about in found.items()
                if about.get("type", "file") == "file"
                for one in self._stored(path, about)
            ),
            key=lambda one: one.name,
        )

    def require(self) -> None:
        """Raise InputError where there is no such bucket, or it may not be listed; DownloadError.
        What is not there yet below it is made with the first file.
        """
        if self.address.kind == FOLDER and Path(self.address.path).is_file():
            raise self._unfit(NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
        bucket, _, inside = self._root.partition("/")
        around = bucket or str(Path(f"/{inside}").parent)
        for place in (self._root, around):
            with contextlib.suppress(_GoneError), self._explained():
                self._fs.invalidate_cache()
                self._fs.ls(place)
                return
        raise self._nothing()

    def get(self, files: Sequence[Stored], targets: Sequence[Path]) -> list[str]:
        """Fetch files at the same time; returns the names of those that are gone by now.

        Raises InputError and DownloadError.
        """
        try:
            with self._explained():
                self._fs.get([one.path for one in files], [str(path) for path in targets])
        except _GoneError:
            if len(files) == 1:
                return [files[0].name]
            pairs = zip(files, targets, strict=True)
            return [gone for one, path in pairs for gone in self.get([one], [path])]
        return []

    def read(self, files: Sequence[Stored]) -> dict[str, bytes]:
        """Return the bytes of small files by name, read at the same time; without those that are
        gone by now. Raises InputError and DownloadError.
        """
        with self._explained():
            found = self._fs.cat([one.path for one in files], on_error="omit") if files else {}
        return {one.name: found[one.path] for one in files if one.path in found}

    def part(self, one: Stored, start: int, end: int) -> bytes:
        """Return the bytes of a file from `start` to `end`, not included. Raises InputError, also
        where it is gone by now, and DownloadError.
        """
        with self._explained():
            return self._fs.cat_file(one.path, start=start, end=end)

    def holds(self, one: Stored) -> bool:
        """Tell whether a file is still as it was listed. Raises InputError and DownloadError."""
        with contextlib.suppress(_GoneError), self._explained():
            self._fs.invalidate_cache()
            about = self._fs.info(one.path)
            return (int(about.get("size") or 0), _version(about)) == (one.size, one.version)
        return False

    def write(self, name: str, data: bytes) -> None:
        """Keep bytes under a name relative to the address. Raises InputError and DownloadError."""
        with self._explained():
            self._fs.pipe_file(self.place(name), data)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in words what a store answers; never what was sent to it."""
        try:
            yield
        except Exception as error:  # each library has errors of its own
            if getattr(error, "errno", None) in _FULL:
                raise
            raise self._why(error) from None

    def _why(self, error: Exception) -> SrcselError:
        kind = STORES.get(self.address.kind, ("", ""))[1] or self.address.kind
        kinds = {kind.__name__ for kind in type(error).__mro__}
        misnamed = _MISNAMED & kinds or (kind == "hf" and isinstance(error, ValueError))
        if isinstance(error, FileNotFoundError) or misnamed:
            return self._nothing()
        if self.address.kind == FOLDER:
            return self._unfit(error)
        # adlfs: none, which it says in words only, or a key that can be none
        unfit = kind == "az" and isinstance(error, ValueError)
        if _KEYLESS & kinds or (unfit and "credential" in str(error)):
            return InputError(NO_KEYS.format(self.address, KEYS.get(kind, "")))
        if isinstance(error, PermissionError) or unfit or _refused(error):
            return InputError(REFUSED.format(self.address, KEYS.get(kind, "your account's")))
        return DownloadError(SILENT.format(self.address, type(error).__name__))

    def _unfit(self, error: Exception) -> SrcselError:
        """Say why a folder of this computer does not do; what may pass is no wrong input."""
        why = getattr(error, "strerror", None) or type(error).__name__
        kind = InputError if isinstance(error, _UNFIT) else DownloadError
        return kind(FOLDER_UNFIT.format(self.address.path, why))

    def _nothing(self, inside: str = "") -> InputError:
        if self.address.kind == FOLDER:
            return _GoneError(FOLDER_GONE.format(self.address.path))
        said = NOTHING_HF if self.address.kind == "hf" else NOTHING
        return _GoneError(said.format(self.address / inside))


class _GoneError(InputError):
    """Nothing lies where something was looked for."""


def _refused(error: Exception) -> bool:
    """Tell whether an error stands for an answer 401 or 403, however its library says that."""
    answers = (error, getattr(error, "response", None))
    codes = {getattr(one, name, None) for one in answers for name in ("code", "status_code")}
    return bool({401, 403} & codes) or str(error).startswith("Forbidden: ")  # of gcsfs


def _version(about: dict[str, Any]) -> str:
    return next((str(about[name]) for name in VERSIONS if about.get(name)), "")
