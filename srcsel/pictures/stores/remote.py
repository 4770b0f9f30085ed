"""A store through fsspec: what lies at an address, and its bytes. Credentials are those of the
environment; no sentence, log or file repeats them.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcsel.base.addresses import STORES, Address
from srcsel.base.errors import DownloadError, InputError

TRIES = 5  # of each request, by the library
PATIENCE = 20  # seconds in which a store has to answer
VERSIONS = ("ETag", "etag", "blob_id", "content_md5", "updated", "LastModified", "last_modified")
"""What a store says of a file's content, the surest first."""
NOT_INSTALLED = "Addresses that begin with {}:// need a package that is not installed: {}."
NOTHING = (
    "Nothing lies at {}: there is no such bucket or folder, or it is empty. Check the address, and"
    " the endpoint that the environment names."
)
NO_KEYS = (
    "No credentials for {} were found. Set them in the environment (for s3: AWS_ACCESS_KEY_ID and"
    " AWS_SECRET_ACCESS_KEY, or AWS_PROFILE) and start again."
)
REFUSED = (
    "{} may not be read with the credentials of the environment. Ask whoever owns it for permission"
    " to list and read it."
)
SILENT = (
    "The store of {} did not answer ({}). What was fetched is kept: start again when it does, or"
    " check the endpoint that the environment names."
)


@dataclass(frozen=True)
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
        package, extra = STORES[address.kind]
        if importlib.util.find_spec(package) is None:
            how = f'pip install "srcsel[{extra}]"' if extra else f"pip install {package}"
            raise InputError(NOT_INSTALLED.format(address.kind, how))
        import fsspec

        options: dict[str, Any] = {}
        if address.kind == "s3":
            again = {"max_attempts": TRIES, "mode": "standard"}
            waits = {"connect_timeout": PATIENCE, "read_timeout": PATIENCE}
            options = {"config_kwargs": {"retries": again, **waits}}
        self._address = address
        with self._explained():
            self._fs = fsspec.filesystem(address.kind, **options)

    def files(self) -> list[Stored]:
        """List everything below the address, page by page; sorted by name.

        Raises InputError and DownloadError.
        """
        head = f"{self._address.path}/"
        with self._explained():
            self._fs.invalidate_cache()
            found = self._fs.find(self._address.path, detail=True)
        listed = [
            Stored(path, path.removeprefix(head), int(about.get("size") or 0), _version(about))
            for path, about in found.items()
            if path.startswith(head) and about.get("type", "file") == "file"
        ]
        if not listed:
            raise InputError(NOTHING.format(self._address))
        return sorted(listed, key=lambda one: one.name)

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

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in words what a store answers; never what was sent to it."""
        where = str(self._address)
        try:
            yield
        except FileNotFoundError as error:
            raise _GoneError(NOTHING.format(where)) from error
        except PermissionError as error:
            raise InputError(REFUSED.format(where)) from error
        except Exception as error:  # each library has errors of its own
            kinds = {kind.__name__ for kind in type(error).__mro__}
            if {"NoCredentialsError", "DefaultCredentialsError", "PartialCredentialsError"} & kinds:
                raise InputError(NO_KEYS.format(where)) from None
            if isinstance(error, (OSError, TimeoutError)) or "BotoCoreError" in kinds:
                raise DownloadError(SILENT.format(where, type(error).__name__)) from None
            raise


class _GoneError(InputError):
    """Nothing lies where something was looked for."""


def _version(about: dict[str, Any]) -> str:
    return next((str(about[name]) for name in VERSIONS if about.get(name)), "")
