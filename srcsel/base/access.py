"""Which files may be opened, where SRCSEL_ROOTS limits it: asked by the pages, and again by the
worker.

Without roots: any. With roots: what lies below one of them, in an unpacked upload, or among the
public sets, after all links are followed. Model files also in SRCSEL_WEIGHTS.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from srcsel.base.addresses import Address
from srcsel.base.errors import InputError
from srcsel.base.settings import Settings, load_settings

_SAY = ("SRCSEL_ROOTS", "SRCSEL_WEIGHTS", "SRCSEL_HOME")
LEADS_OUT = "It is a link that leads out of the folders that may be opened, so it is not followed."


def allowed(path: Path, *, model: bool = False) -> bool:
    """Tell whether `path` may be opened, as a model file or else; links are followed first."""
    settings = load_settings()
    limits = settings.roots
    if limits is None:
        return True
    try:
        target = path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return False
    if model and settings.weights is not None and target.is_relative_to(settings.weights):
        return True
    if target.is_relative_to(settings.home):  # also where a root lies around the work folder
        limits = tuple(root for root in limits if root.is_relative_to(settings.home))
    return any(target.is_relative_to(root) for root in limits) or _ours(target, settings)


def require(path: Path, *, model: bool = False) -> None:
    """Raise InputError where `path` may not be opened."""
    if allowed(path, model=model):
        return
    settings = load_settings()
    if named := (*(settings.roots or ()), *(() if model else settings.stores)):
        where = " or ".join(map(str, named))
        raise InputError(f"This path is outside what the pages may open. Choose one below {where}.")
    raise InputError(
        "This dashboard is shared over the network, so it opens no folders by path. Upload a zip"
        " instead, or ask whoever runs it to set SRCSEL_ROOTS."
    )


def limits() -> dict[str, str]:
    """Return what says here which files may be opened, for another process to `take`."""
    return {name: os.environ.get(name, "") for name in _SAY}


def take(limits: Mapping[str, str]) -> None:
    """Let this process open what another may."""
    for name in _SAY:
        if limits[name]:
            os.environ[name] = limits[name]
        else:
            os.environ.pop(name, None)


def require_address(address: Address) -> None:
    """Raise InputError where an address of a store may not be opened: with roots, what lies below
    one that is an address itself.
    """
    settings = load_settings()
    if settings.roots is None or any(address.is_relative_to(root) for root in settings.stores):
        return
    where = " or ".join(str(root) for root in settings.stores)
    raise InputError(
        f"This address is outside what the pages may open. Choose one below {where}."
        if where
        else "This dashboard opens no addresses of stores. Ask whoever runs it to name one in"
        " SRCSEL_ROOTS, such as s3://bucket/pictures."
    )


def announce(jobs: Path) -> None:
    """Say to the workers of the jobs in `jobs` what this server lets them open.

    A worker outlives the server that started it: one that was started with other limits leaves
    before it takes a job (see `outdated`), and the next has this server's. Raises OSError.
    """
    if outdated(jobs) is not False:
        jobs.mkdir(parents=True, exist_ok=True)
        (jobs / "limits").write_text(_limits(), encoding="utf-8")


def outdated(jobs: Path) -> bool | None:
    """Tell whether the last server announced other limits than ours; None where none did."""
    try:
        return (jobs / "limits").read_text(encoding="utf-8") != _limits()
    except FileNotFoundError:
        return None


def _limits() -> str:
    said = (os.environ.get(name, "") for name in ("SRCSEL_ROOTS", "SRCSEL_WEIGHTS"))
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogateescape")).hexdigest()


def _ours(target: Path, settings: Settings) -> bool:
    """Tell whether a path lies in one unpacked upload, uploads/<digest>/<name>, or a public set.

    Not the folder of all uploads: it would show everybody's.
    """
    if target.is_relative_to(settings.uploads):
        return len(target.relative_to(settings.uploads).parts) >= 2
    return target.is_relative_to(settings.public)
