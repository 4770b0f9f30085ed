"""A finished run of two models on many pictures, as it lies on the disk: for the benchmarks of the
pages.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from srcsel.base.records import (
    Dataset,
    Features,
    Projection,
    Ranking,
    Result,
    Run,
    Score,
    SourceModel,
    Verdict,
)
from srcsel.base.watch import Watch
from srcsel.explore import inside
from srcsel.explore.filling import filled
from srcsel.features.extract import key_for
from srcsel.store.features import FeatureStore
from srcsel.store.runs import RunStore

RUN_ID = "20260301-101500-000000-be9c"
MODELS = ("demo/glyphs", "demo/textures")
PICTURES, CLASSES, WIDTH = 5_000, 10, 256  # 500 pictures a class, each class one group on the map
SIZE = (320, 240)  # pixels of a picture
# where the classes lie on the map
GROUPS = [(x, y) for y in (-0.5, 0.5) for x in (-0.8, -0.4, 0.0, 0.4, 0.8)]
SPREAD = 0.14  # half of a group's side


def prepare(home: Path) -> tuple[Dataset, np.ndarray]:
    """5,000 pictures, a finished run of two models with maps and a look at every picture; nothing
    is downloaded. Returns the pictures, and where the first model's map shows them, (n, 2).
    """
    rng = np.random.default_rng(0)
    folder, labels = home / "pictures", np.arange(PICTURES) * CLASSES // PICTURES
    for c in range(CLASSES):
        (folder / f"class {c}").mkdir(parents=True)
    noise = rng.integers(0, 256, (64, 12, 16, 3), dtype=np.uint8)
    sheets = [
        np.asarray(Image.fromarray(one).resize(SIZE, Image.Resampling.BICUBIC)) for one in noise
    ]
    paths = tuple(f"class {c}/{i:05d}.jpg" for i, c in enumerate(labels.tolist()))
    for i, path in enumerate(paths):
        Image.fromarray(np.roll(sheets[i % 64], 7 * i, axis=(0, 1))).save(folder / path, quality=85)
    names = tuple(f"class {c}" for c in range(CLASSES))
    dataset = Dataset(str(folder), "bench", folder, paths, labels, names, "bench")
    result = finished(dataset)
    runs, store = RunStore(home / "runs"), FeatureStore(home / "features")
    runs.save(result)
    centers = np.array(GROUPS, dtype=np.float32)[labels]
    middles = rng.standard_normal((CLASSES, WIDTH), dtype=np.float32)[labels]
    placed = np.empty(0)
    for model, side in zip(result.models, (1, -1), strict=True):  # so that the dots travel far
        xy = side * centers + rng.uniform(-SPREAD, SPREAD, (PICTURES, 2)).astype(np.float32)
        placed = filled(xy, "umap") if side == 1 else placed
        runs.save_projection(RUN_ID, Projection(model.id, "umap", 0, np.arange(PICTURES), xy))
        values = middles + 2 * rng.standard_normal((PICTURES, WIDTH), dtype=np.float32)
        inside.look_and_keep(
            result, Features(key_for(dataset, model, "float32"), values), store, Watch()
        )
    return dataset, placed


def finished(dataset: Dataset) -> Result:
    models = tuple(SourceModel(m, m, "r", 10**6, 0.1, 64, WIDTH, "", "MIT") for m in MODELS)
    scores = tuple(
        Score(m, measure, "whitened", 0.3 - 0.1 * i, 0.0, 0.3 - 0.1 * i, 0.1, 0.4)
        for i, m in enumerate(MODELS)
        for measure in ("silhouette", "supcon")
    )
    rankings = tuple(
        Ranking(m, "whitened", MODELS, (1, 2), MODELS[:1]) for m in ("silhouette", "supcon")
    )
    verdict = Verdict("clear", MODELS[0], "Start from the first.", {MODELS[0]: 90.0})
    question = Run(RUN_ID, "2026-03-01T10:15:00+00:00", dataset.ref, MODELS)
    return Result(question, dataset, models, scores, (), (), rankings, verdict)
