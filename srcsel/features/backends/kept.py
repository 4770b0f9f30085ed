"""Converted networks on disk: one safetensors file each, never pickle, the least used dropped
beyond a limit.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from srcsel.base.errors import StoreError
from srcsel.base.records import FeatureKey
from srcsel.features.backends.openvino import Graph
from srcsel.store import files

LIMIT_BYTES = 2_000_000_000
"""All conversions together; a network that takes more than half of it is converted each time."""
LIBRARIES = ("openvino", "torch", "torchvision", "timm", "srcsel")
FOLDER = "converted"


@dataclass(frozen=True)
class Measured:
    """What was found when the network was converted."""

    processor: str
    eager: float  # seconds a picture, torch on all cores


@dataclass(frozen=True)
class Kept:
    """A conversion; without a graph: this network is better run by torch."""

    measured: Measured
    graph: Graph | None


def read(folder: Path, key: FeatureKey) -> Kept | None:
    """Return what was kept for the weights, preprocessing and precision of `key`; None = absent or
    damaged.
    """
    path = _path(folder, key)
    try:
        tensors, about = files.read_tensors(path)
        if about["question"] != _question(key):
            return None
        graph = Graph(tensors["xml"], tensors["weights"]) if "xml" in tensors else None
        kept = Kept(Measured(**about["measured"]), graph)
    except FileNotFoundError:
        return None
    except (files.DamagedFileError, KeyError, TypeError):
        path.unlink(missing_ok=True)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the least used go first
    return kept


def write(folder: Path, key: FeatureKey, kept: Kept) -> None:
    """Keep a conversion if there is room; a full disk costs the next run some seconds and nothing
    else.
    """
    graph = kept.graph
    tensors = {} if graph is None else {"xml": graph.xml, "weights": graph.weights}
    if sum(array.nbytes for array in tensors.values()) > LIMIT_BYTES / 2:
        return
    with contextlib.suppress(StoreError):
        about = {"question": _question(key), "measured": asdict(kept.measured)}
        files.write_tensors(_path(folder, key), tensors, about)
        _drop_least_used(folder / FOLDER)


def _question(key: FeatureKey) -> Mapping[str, Any]:
    """Name everything a conversion depends on."""
    versions = {}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    weights = {
        name: getattr(key, name) for name in ("model", "revision", "preprocessing", "precision")
    }
    return {**weights, "machine": platform.machine(), "versions": versions}


def _path(folder: Path, key: FeatureKey) -> Path:
    return folder / FOLDER / f"{files.text_hash(_question(key))}.safetensors"


def _drop_least_used(folder: Path) -> None:
    there = sorted(
        (path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*.safetensors")
    )
    room = LIMIT_BYTES
    for _, size, path in reversed(there):
        room -= size
        if room < 0:
            path.unlink(missing_ok=True)
