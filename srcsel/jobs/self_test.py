"""A run in small, of the demo: some of its pictures, two of its networks, and the ranking."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from srcsel.base.errors import ModelError
from srcsel.base.records import Dataset, Failure
from srcsel.base.settings import Settings
from srcsel.features.extract import extract
from srcsel.models.catalog import find_models
from srcsel.pictures.bundled.targets import TARGETS
from srcsel.runs.given import rank_features
from srcsel.store.features import FeatureStore

MODELS = ("demo/glyphs", "demo/printed")
CLASSES, EACH = 3, 10
LEAST = 0.6
"""Share of right kNN guesses below which something is broken: it is 0.87, and chance a third."""


def run(settings: Settings) -> str:
    """Rank, and say in a sentence how long it took; everything that was written is removed.

    Raises ModelError where a network fails or its features tell nothing, and StoreError.
    """
    began = time.perf_counter()
    settings.public.mkdir(parents=True, exist_ok=True)  # where pictures may be opened
    with tempfile.TemporaryDirectory(prefix=".self-test-", dir=settings.public) as place:
        best = _best(Path(place), settings.device)
    if best < LEAST:
        raise ModelError(
            f"The demo's networks place {100 * best:.0f} % of its pictures right, and at least"
            f" {100 * LEAST:.0f} % are expected: something in how they are run is broken."
        )
    pictures, seconds = CLASSES * EACH, time.perf_counter() - began
    return f"{pictures} pictures, {len(MODELS)} networks, ranked in {seconds:.1f} s."


def _best(place: Path, device: str) -> float:
    """Return the share of right kNN guesses, of the better network."""
    dataset, features = _drawn(place / "pictures"), {}
    models = find_models(list(MODELS))
    for found in extract(dataset, models, store=FeatureStore(place / "features"), device=device):
        if isinstance(found, Failure):
            raise ModelError(found.reason)
        features[found.key.model] = found.values
    result = rank_features(features, dataset.labels)
    for failure in result.failures:
        raise ModelError(failure.reason)
    return max(score.value for score in result.scores if score.measure == "knn")


def _drawn(folder: Path) -> Dataset:
    """Draw some pictures of the demo's digits."""
    target = TARGETS["digits"]
    labels = np.repeat(np.arange(CLASSES), EACH)  # (n,)
    paths = tuple(f"{label}/{number:02d}.jpg" for label in range(CLASSES) for number in range(EACH))
    for path, label in zip(paths, labels.tolist(), strict=True):
        number = int(Path(path).stem)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        target.draw(np.random.default_rng([label, number]), label, number).save(folder / path)
    names = target.classes[:CLASSES]
    return Dataset("self-test", "Self-test", folder, paths, labels, names, "self-test")
