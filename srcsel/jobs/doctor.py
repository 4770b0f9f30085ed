"""`srcsel doctor`: whether this computer is fit for srcsel, each problem with its remedy.

Every check is a function that returns findings and never raises: what goes wrong inside it is its
finding. Nothing is fetched, and nothing leaves the computer.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srcsel import __version__
from srcsel.base import log
from srcsel.base.errors import SrcselError
from srcsel.base.phrases import count, megabytes
from srcsel.base.settings import NOWHERE, SHORTEST_PASSWORD, Settings, load_settings
from srcsel.jobs import space
from srcsel.jobs.base import Table
from srcsel.store import files
from srcsel.store.features import open_features

State = Literal["ok", "note", "wrong"]
LITTLE, LEAST = 10e9, 1e9
"""Free bytes of the disk below which it is noted, and below which it is wrong."""


REMEDIES = {
    "disk": "Make the work folder writable, or set SRCSEL_HOME to one that is.",
    "jobs": "End what has it open, or set SRCSEL_HOME to another folder.",
    "device": "Unset SRCSEL_DEVICE, or set it to one that is there.",
    "caches": "Mend the variable.",
    "engine": "Mend SRCSEL_RAY, or unset it: then this computer does the work.",
    "features": "Mend SRCSEL_FEATURES, or unset it: then features are kept here only.",
    "log": "Mend the variable.",
    "self_test": "Install srcsel again, or set SRCSEL_DEVICE=cpu.",
}
"""What to do where a check stops with an error of ours."""


@dataclass(frozen=True)
class Finding:
    """What one look showed."""

    check: str  # "versions", "device", ...
    state: State
    said: str  # in a sentence
    remedy: str = ""  # what to do, where something is wrong


def examine(settings: Settings | None = None) -> list[Finding]:
    """Look at everything, in the order in which one thing needs another."""
    settings = settings or load_settings()
    found: list[Finding] = []
    for check in CHECKS:
        name = check.__name__.strip("_")
        try:
            found.extend(check(settings))
        except SrcselError as error:
            found.append(Finding(name, "wrong", str(error), REMEDIES.get(name, "")))
        except OSError as error:
            place = Path(error.filename or settings.home)
            remedy = "Make room there, or set SRCSEL_HOME to a folder on another disk."
            found.append(Finding(name, "wrong", str(files.explain_disk(place, error)), remedy))
        except Exception as error:  # noqa: BLE001 (a doctor that faints is no help)
            said = f"This could not be looked at ({type(error).__name__}: {error})."
            found.append(Finding(name, "wrong", said, "Please report it, with this line."))
    return found


def is_well(found: Iterable[Finding]) -> bool:
    """Tell whether nothing is wrong."""
    return all(finding.state != "wrong" for finding in found)


def _versions(_: Settings) -> Iterator[Finding]:
    from packaging.requirements import Requirement

    system = f"Python {platform.python_version()} on {platform.platform(terse=True)}"
    yield Finding("versions", "ok", f"srcsel {__version__}, {system}")
    there = []
    for text in importlib.metadata.requires("srcsel") or ():
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        remedy = f"python -m pip install '{wanted.name}{wanted.specifier}'"
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding("versions", "wrong", f"{wanted.name} is not installed.", remedy)
            continue
        there.append(f"{wanted.name} {version}")
        if not wanted.specifier.contains(version, prereleases=True):
            said = f"{wanted.name} {version} is installed, and {wanted.specifier} is needed."
            yield Finding("versions", "wrong", said, remedy)
    yield Finding("versions", "ok", ", ".join(there))


def _device(settings: Settings) -> Iterator[Finding]:
    from srcsel.features.devices import pick_device

    device = pick_device(settings.device)
    cores = f"{count(os.cpu_count() or 1, 'processor core')}"
    asked = f"SRCSEL_DEVICE is {settings.device}"
    if not device.startswith("cuda"):
        yield Finding("device", "ok", f"Networks run on {device} ({asked}); {cores}.")
        return
    import torch

    try:
        about = torch.cuda.get_device_properties(device)
        torch.zeros(8, device=device).sum().item()
    except RuntimeError as error:
        said = f"{device} is there but does not compute: {error}"
        yield Finding("device", "wrong", said, "Restart the computer, or set SRCSEL_DEVICE=cpu.")
        return
    memory = megabytes(about.total_memory)
    yield Finding("device", "ok", f"Networks run on {about.name}, {memory} ({asked}); {cores}.")


def _disk(settings: Settings) -> Iterator[Finding]:
    files.write_bytes(settings.home / "doctor.txt", b"srcsel doctor was here\n")
    (settings.home / "doctor.txt").unlink(missing_ok=True)
    free = shutil.disk_usage(settings.home).free
    said = f"The work folder is {settings.home} and can be written; {megabytes(free)} are free."
    state = "ok" if free >= LITTLE else "note" if free >= LEAST else "wrong"
    remedy = "" if state == "ok" else "Free some space, or set SRCSEL_HOME to another disk."
    yield Finding("disk", state, said, remedy)


def _jobs(settings: Settings) -> Iterator[Finding]:
    table = Table(settings.jobs)
    with table.open() as db:
        kept = db.execute("select count(*) from jobs").fetchone()[0]
    yield Finding("jobs", "ok", f"The list of jobs can be read: {count(kept, 'entry', 'entries')}.")
    for text in table.notices():
        yield Finding("jobs", "note", text)


def _roots(settings: Settings) -> Iterator[Finding]:
    if settings.roots is None:
        yield Finding("roots", "ok", "Any folder may be opened (SRCSEL_ROOTS is not set).")
    elif not (settings.roots or settings.stores or settings.closed):
        yield Finding("roots", "ok", f"No folder may be opened by path (SRCSEL_ROOTS={NOWHERE}).")
    for root in settings.roots or ():
        if root.is_dir() and os.access(root, os.R_OK | os.X_OK):
            yield Finding("roots", "ok", f"Folders below {root} may be opened.")
        else:
            said = f"{root} in SRCSEL_ROOTS is no folder that can be read."
            yield Finding("roots", "wrong", said, "Make it readable, or take it out.")
    for store in settings.stores:
        yield Finding("roots", "ok", f"Pictures at {store} and below may be opened.")
    for why in settings.closed:
        yield Finding("roots", "wrong", f"In SRCSEL_ROOTS: {why}", "Mend it, or take it out.")


def _sign_in(_: Settings) -> Iterator[Finding]:
    password, accounts = os.environ.get("SRCSEL_PASSWORD", ""), _accounts()
    names = os.environ.get("SRCSEL_HOSTS", "")
    if password and len(password) < SHORTEST_PASSWORD:
        remedy = f"Take {SHORTEST_PASSWORD} characters or more."
        yield Finding("sign_in", "wrong", "SRCSEL_PASSWORD is too short.", remedy)
    elif password:
        yield Finding("sign_in", "ok", "One password for all (SRCSEL_PASSWORD).")
    if accounts is not None:
        yield Finding("sign_in", "ok", f"Accounts, where others reach it ([auth] in {accounts}).")
        if not _is_installed("authlib"):
            remedy = "python -m pip install 'srcsel[signin]'"
            yield Finding("sign_in", "wrong", "Accounts need Authlib.", remedy)
    if password or accounts is not None:
        return
    if not names:
        said = "None: only this computer may reach the dashboard."
        yield Finding("sign_in", "ok", said)
    elif os.environ.get("SRCSEL_INSECURE", "") not in ("", "0"):
        said = f"None, though others reach it as {names} (SRCSEL_INSECURE)."
        yield Finding("sign_in", "note", said, "Set SRCSEL_PASSWORD unless a proxy asks.")
    else:
        said = f"Others would reach the dashboard as {names}, and nobody would have to sign in."
        yield Finding("sign_in", "wrong", said, "Set SRCSEL_PASSWORD (docs/team.md).")


def _caches(settings: Settings) -> Iterator[Finding]:
    kept = space.kept(settings)
    state = "note" if kept.needed > kept.limit else "ok"
    yield Finding("caches", state, space.sentence(kept))
    taken = [f"{share.title}: {megabytes(share.bytes)}" for share in kept.shares if share.bytes]
    yield Finding("caches", "ok", "; ".join(taken) or "Nothing is kept yet.")


def _engine(settings: Settings) -> Iterator[Finding]:
    """Join the Ray that runs use, where there is one."""
    from srcsel.features.engines import engaged

    if settings.engine != "local":
        with engaged(settings.engine):
            where = f"the Ray at {settings.ray}" if settings.ray else "a Ray started for each"
            yield Finding("engine", "ok", f"Runs use {where} (SRCSEL_RAY).")


def _features(settings: Settings) -> Iterator[Finding]:
    """Ask the place where computers share features, where there is one, whether it is there."""
    if settings.shared:
        store = open_features(settings)
        store.require()
        for note in store.notes:
            yield Finding("features", "note", note)
        if not store.notes:
            yield Finding("features", "ok", f"Features are shared at {settings.shared}.")


def _weights(settings: Settings) -> Iterator[Finding]:
    from srcsel.models import catalog
    from srcsel.models.hubs import HUBS, downloads

    for hub in ("packaged", "demo"):
        found = len(list(HUBS[hub].models()))
        said = f"{HUBS[hub].title}: {count(found, 'model')}, which come with srcsel."
        remedy = "" if found else "Install srcsel again."
        yield Finding("weights", "ok" if found else "wrong", said, remedy)
    for folder in downloads():
        size, number = space.cache.size_of(folder)
        held = f"{count(number, 'file')}, {megabytes(size)}" if number else "nothing yet"
        yield Finding("weights", "ok", f"Downloads in {folder}: {held}.")
    if settings.weights is None:
        yield Finding("weights", "ok", "No folder of your own checkpoints (SRCSEL_WEIGHTS).")
    elif not settings.weights.is_dir():
        said = f"{settings.weights} in SRCSEL_WEIGHTS is no folder."
        yield Finding("weights", "wrong", said, "Make it, or unset SRCSEL_WEIGHTS.")
    else:
        found = len(list(HUBS["checkpoints"].models()))
        said = f"Your checkpoints in {settings.weights}: {count(found, 'model')}."
        yield Finding("weights", "ok", said)
        for file in catalog.unreadable("checkpoints"):
            yield Finding("weights", "note", f"{file.path} is not listed. {file.reason}")


def _log(settings: Settings) -> Iterator[Finding]:
    level = log.level_named()
    if level is None:
        yield Finding("log", "ok", "Nothing is logged (SRCSEL_LOG=off).")
        return
    size, number = space.cache.size_of(settings.log)
    said = f"The log lies in {settings.log}: {count(number, 'file')}, {megabytes(size)}."
    yield Finding("log", "ok", said)


def _self_test(settings: Settings) -> Iterator[Finding]:
    """Put a few pictures of the demo through two of its networks, and rank them."""
    from srcsel.jobs import self_test

    yield Finding("self_test", "ok", self_test.run(settings))


def _accounts() -> Path | None:
    """Return the file that sets up accounts, as Streamlit looks for it."""
    for folder in (Path.cwd(), Path.home()):
        path = folder / ".streamlit" / "secrets.toml"
        try:
            if "auth" in tomllib.loads(path.read_text(encoding="utf-8")):
                return path
        except (OSError, ValueError):  # Streamlit says so itself
            continue
    return None


def _is_installed(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


CHECKS: tuple[Callable[[Settings], Iterable[Finding]], ...] = (
    _versions,
    _disk,
    _jobs,
    _device,
    _roots,
    _sign_in,
    _caches,
    _engine,
    _features,
    _weights,
    _log,
    _self_test,
)
