"""A finished run over real little pictures, with names that would do harm if anything took them for
markup.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srcsel.base.records import (
    Accuracy,
    Agreement,
    Dataset,
    Evidence,
    Failure,
    Interval,
    Projection,
    Protocol,
    Result,
    Run,
    Score,
    SourceModel,
    Unreadable,
)
from srcsel.verdict.decide import decide
from srcsel.verdict.ranks import make_rankings

RUN_ID = "20260301-101500-000000-ab12"
HOSTILE = '"><script>alert(1)</script>'
CLASSES = (f"a {HOSTILE}", "b & c", "<img src=x onerror=alert(2)>")
EACH = 20


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three classes with EACH noisy pictures; folders cannot hold a slash, so those of the classes
    are numbered.
    """
    chance = np.random.default_rng(0)
    for c in range(len(CLASSES)):
        (tmp_path / "pics" / str(c)).mkdir(parents=True)
        for i in range(EACH):
            pixels = chance.integers(0, 256, (120, 160, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pics" / str(c) / f"<b>{i:02d}'&quot;.jpg")
    return tmp_path / "pics"


@pytest.fixture
def result(folder) -> Result:
    paths = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.jpg")))
    labels = np.array([int(p.split("/")[0]) for p in paths])
    dataset = Dataset(
        str(folder),
        f"leaves {HOSTILE}",
        folder,
        paths,
        labels,
        CLASSES,
        "d" * 64,
        (Unreadable(HOSTILE, HOSTILE),),
        notes=(f"The classes look like parts of a data set. {HOSTILE}",),
    )
    models = tuple(
        SourceModel(f"x/{name}", f"{name} {HOSTILE}", "r", params, None, 64, 8, "", "MIT")
        for name, params in (("good", 20_000_000), ("quick", 2_000_000), ("bad", 9_000_000))
    )
    chance = float(np.log(len(paths) - 1))
    noise = np.random.default_rng(0).normal(scale=0.01, size=40)
    scores = []
    for model, q in zip(models, (0.5, 0.3, 0.1), strict=True):
        loss = chance - q
        scores += [
            Score(model.id, "silhouette", "whitened", q, 0.0, q, q - 0.05, q + 0.05, q + noise),
            Score(
                model.id, "supcon", "whitened", loss, chance, q, loss - 0.1, loss + 0.1, noise - q
            ),
            Score(model.id, "knn", None, q, 0.1, q - 0.1, q - 0.05, q + 0.05, q + noise),
        ]
    return Result(
        run=Run(
            RUN_ID,
            "2026-03-01T10:15:00+00:00",
            str(folder),
            tuple(m.id for m in models),
            title=HOSTILE,
        ),
        dataset=dataset,
        models=models,
        scores=tuple(scores),
        literal=(),
        failures=(Failure("x/bad", "logme", HOSTILE),),
        rankings=make_rankings(scores),
        verdict=decide(scores, models, dataset.counts, class_names=CLASSES),
        seconds_per_picture={m.id: s for m, s in zip(models, (0.05, 0.004, 0.02), strict=True)},
        notes=(HOSTILE,),
        versions={"srcsel": "0.1.0", "torch": HOSTILE},
    )


@pytest.fixture
def projection(result) -> Projection:
    rows = np.arange(len(result.dataset.paths))
    xy = np.random.default_rng(1).uniform(-1, 1, (len(rows), 2)).astype(np.float32)
    return Projection("x/good", "umap", 0, rows, xy)


@pytest.fixture
def evidence() -> Evidence:
    nothing, tau = Interval(None), Interval(1.0, 0.33, 1.0)
    return Evidence(
        RUN_ID,
        Protocol("probe"),
        (
            Accuracy("x/good", (0.8, 0.9), 0.85, 0.8, 0.9),
            Accuracy("x/quick", (0.6, 0.7), 0.65, 0.6, 0.7),
        ),
        (
            Agreement("supcon", "whitened", 3, "x/good", tau, nothing, nothing, Interval(0.0), 1.0),
            Agreement("params", None, 3, None, nothing, nothing, nothing, nothing, None, HOSTILE),
        ),
        f"On these pictures SCL picked the best model. {HOSTILE}",
        failures=(Failure("x/bad", "", HOSTILE),),
        notes=(HOSTILE,),
        created="2026-03-01T10:20:00+00:00",
    )
