"""How long the steps of runs took on this computer, so that the next run knows what it will take.

<folder>/speeds.json     one small file; of another computer, or of other versions, it says nothing

Only what is said of the time left depends on it, so a file that is damaged counts as none.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from srcsel.base.errors import StoreError
from srcsel.base.threads import own_cores
from srcsel.store import files
from srcsel.store.expected import number
from srcsel.store.serialize import from_plain, to_plain

NAME = "speeds.json"
VERSION = 2  # of what a number means
MOST = 300  # models of which it is kept, those of the last runs
CROWDED = 0.2  # share of a slower time that was measured while other programs computed
LARGEST = 1_000_000  # bytes of a file that is read
MATTER = ("srcsel", "torch", "openvino")  # packages that decide how fast a step is


@dataclass(frozen=True)
class ModelSpeed:
    """Seconds of one source model's steps; None = not measured."""

    work: float | None = None  # 1e9 multiply-adds a picture, where that is known
    look: float | None = None  # a picture, in the network
    plain: float | None = None  # the same, had it run with torch
    ready: float | None = None  # until its first pictures were seen, the models before it done
    scoring: float | None = None  # times as long as its scores take a usual computer
    abreast: float | None = None  # models that ran at the same time, itself among them


@dataclass(frozen=True)
class Speeds:
    """What was measured so far, seconds; None = not measured."""

    models: dict[str, ModelSpeed] = field(default_factory=dict)  # the last measured last
    opening: float | None = None  # a picture, to open it for the networks
    start: float | None = None  # until the first model of a run has seen its first pictures
    after: float | None = None  # from a model's last picture until its scores can begin
    map: float | None = None  # a picture on a map, after the first map of a run
    first_map: float | None = None  # the first map of a run, whole


Times = TypeVar("Times", ModelSpeed, Speeds)


def recalled(folder: Path) -> Speeds:
    """Return what earlier runs on this computer, with these versions, measured."""
    path = folder / NAME
    with contextlib.suppress(OSError, files.DamagedFileError, *files.NOT_SO):
        if path.stat().st_size <= LARGEST:
            told = files.read_json(path)
            if told["computer"] == computer():
                found = from_plain(Speeds, told["speeds"])
                for one in (found, *found.models.values()):
                    _require_times(one)
                return found
    return Speeds()


def keep(folder: Path, measured: Speeds, *, crowded: bool = False) -> None:
    """Join what a run measured with what is known; nothing where the disk refuses. crowded: while
    other programs computed, so that what took longer than before says little.
    """
    share = CROWDED if crowded else 0.5
    known = recalled(folder)
    models = {name: one for name, one in known.models.items() if name not in measured.models}
    for name, one in measured.models.items():
        models[name] = _joined(known.models.get(name, ModelSpeed()), one, share)
    kept = replace(_joined(known, measured, share), models=dict(list(models.items())[-MOST:]))
    with contextlib.suppress(StoreError, OSError):
        told = {"computer": computer(), "speeds": to_plain(kept)}
        files.write_json(folder / NAME, told, synced=False)


def computer() -> dict[str, str]:
    """Return what the times depend on besides the model: the machine, its cores, versions."""
    found = {
        "version": str(VERSION),
        "machine": f"{platform.node()} {platform.machine()} {platform.system()}",
        "cores": str(own_cores()),
        "cards": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
    }
    for package in MATTER:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _joined(before: Times, now: Times, share: float) -> Times:
    """Return the geometric mean of two measurements of each step: one slow run does not stay.
    share: of what is slower now.
    """
    times = {}
    for name in _times(now):
        old, new = getattr(before, name), getattr(now, name)
        if None in (old, new):
            times[name] = old if new is None else new
        else:
            by = share if new > old else 0.5
            times[name] = old ** (1 - by) * new**by
    if isinstance(now, ModelSpeed):
        times |= {"work": now.work, "abreast": now.abreast}  # of the newest run; no times
    return replace(now, **times)


def _times(record: ModelSpeed | Speeds) -> list[str]:
    return [one.name for one in fields(record) if one.name != "models"]


def _require_times(record: ModelSpeed | Speeds) -> None:
    """Raise ValueError for what can be no time: a damaged file's."""
    for name in _times(record):
        seconds = getattr(record, name)
        if seconds is not None and not 0 <= number(seconds) < math.inf:
            raise ValueError(f"{name} cannot be {seconds}.")
