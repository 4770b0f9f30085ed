"""Converted networks on disk: one safetensors file each, never pickle, the least used dropped
beyond a limit.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from srcsel.base.errors import StoreError
from srcsel.base.records import FeatureKey
from srcsel.features.backends.openvino import Graph
from srcsel.store.memory import Arrays, Memory
from srcsel.store.serialize import from_plain

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
    return _memory(folder).recall(FOLDER, _question(key), _unpacked)


def write(folder: Path, key: FeatureKey, kept: Kept) -> None:
    """Keep a conversion if there is room; a full disk costs the next run some seconds and nothing
    else.
    """
    graph = kept.graph
    tensors = {} if graph is None else {"xml": graph.xml, "weights": graph.weights}
    with contextlib.suppress(StoreError):
        about = {"measured": asdict(kept.measured)}
        _memory(folder).remember(FOLDER, _question(key), tensors, about)


def _unpacked(tensors: Arrays, about: Any) -> Kept:
    graph = Graph(tensors["xml"], tensors["weights"]) if "xml" in tensors else None
    return Kept(from_plain(Measured, about["measured"]), graph)


def _memory(folder: Path) -> Memory:
    return Memory(folder, limit=LIMIT_BYTES)


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
