"""The study's candidates: small networks trained for the demo, and real ones.

The same weights at two picture sizes are near-twins, of equal size and equal accuracy on ImageNet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.demo.study.pictures import Target
from srcsel.demo.tasks import SIDE, TASKS
from srcsel.models import catalog
from srcsel.models.hubs import Encoder, Preprocessing, hub_of
from srcsel.store.memory import Memory

VERSION = 1  # of features; raise it with every change to pictures or candidates
TWIN = "packaged/tf_efficientnet_lite0"
UNTRAINED = "packaged/tf_efficientnet_lite1"  # takes no part where truth is fine-tuning: time
TWIN_SIDE = 48  # pixels at which it stands among them once more
BATCH = 32


@dataclass(frozen=True)
class Candidate:
    """One network at one picture size."""

    source: SourceModel  # as its hub offers it
    size: int  # pixels

    @property
    def id(self) -> str:
        """The hub's name for it, and the size."""
        return f"{self.source.id}@{self.size}"

    @property
    def model(self) -> SourceModel:
        """The record that the verdict sees; multiply-adds go with the area."""
        own, native = self.source.gmacs, self.source.input_size
        gmacs = own * (self.size / native) ** 2 if own and native else None
        title = f"{self.source.title} at {self.size} pixels"
        return replace(
            self.source, id=self.id, title=title, gmacs=gmacs, input_size=self.size, dim=None
        )

    @property
    def preprocessing(self) -> Preprocessing:
        """What its weights were trained with, at this size."""
        return replace(hub_of(self.source).preprocessing(self.source), size=(self.size, self.size))

    @property
    def imagenet(self) -> float | None:
        """Published accuracy on ImageNet, 0..1; None for a network that never saw it."""
        return self.source.accuracy if self.source.id.startswith("packaged/") else None

    def load(self) -> Encoder:
        """Load the network; it takes pictures of any size."""
        return hub_of(self.source).load(self.source, "cpu", Watch())


def candidates(target: Target, *, trained: bool) -> tuple[Candidate, ...]:
    """List the demo models but the one that learned the target's task, and the packaged networks;
    fewer where each is to be trained.
    """
    demo = catalog.find_models([f"demo/{name}" for name in TASKS if name != target.name])
    packaged = catalog.find_models(["packaged"])
    able = [m for m in (*demo, *packaged) if not (trained and m.id == UNTRAINED)]
    twins = [m for m in packaged if m.id == TWIN]
    return (*(Candidate(m, SIDE) for m in able), *(Candidate(m, TWIN_SIDE) for m in twins))


def pixels_of(target: Target, candidate: Candidate) -> np.ndarray:
    """All pictures of a target as a candidate sees them, (n, 3, size, size) uint8."""
    return np.stack([candidate.preprocessing.pixels(image) for image in target.pictures()[0]])


def features_of(
    target: Target, candidate: Candidate, memory: Memory
) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, d) and outputs of the source head (n, c) of all pictures, float32; remembered in
    `memory`.
    """
    question = {
        "version": VERSION,
        "target": [target.name, target.classes, target.each],
        "model": candidate.id,
        "revision": candidate.source.revision,
    }
    known = memory.recall("features", question)
    if known is None:
        encoder, pixels = candidate.load(), pixels_of(target, candidate)
        found = [encoder(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
        features, logits = zip(*found, strict=True)
        tensors = {"features": np.concatenate(features), "logits": np.concatenate(logits)}
        memory.remember("features", question, tensors)
    else:
        tensors, _ = known
    return tensors["features"], tensors["logits"]
