"""Make the finished example that ships with srcsel: `python -m srcsel.demo.example`.

A real run of all bundled models on a demo target, by the same code as every other run, with every
map drawn. Only the times are left out: "on this computer" would mean the computer the example was
made on.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from srcsel.base.records import Result
from srcsel.base.settings import Settings
from srcsel.base.watch import Watch
from srcsel.explore.maps import draw_map
from srcsel.explore.project import METHODS
from srcsel.features.extract import key_for
from srcsel.runs.answer import Answer
from srcsel.runs.run import answer, new_run
from srcsel.scoring.remembered import scored
from srcsel.store import files
from srcsel.store.features import open_features, open_runs
from srcsel.store.runs import SHARED_MAPS

RUNS = Path(__file__).parent / "runs"
TARGET = "demo:butterflies"
RUN_ID = "example-butterflies"


def make(target: str = TARGET, run_id: str = RUN_ID, folder: Path = RUNS) -> Path:
    """Answer the example's question from nothing and put the run into `folder`; returns its
    place.
    """
    # first, or the old one's maps would be found and not drawn
    shutil.rmtree(folder / run_id, ignore_errors=True)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(Path(home), None, "cpu", None)
        question = replace(new_run(target, "bundled", device="cpu", title="Butterflies"), id=run_id)
        result = without_times(answer(question, settings=settings), settings)
        runs = open_runs(settings)
        runs.save(result)
        for method in METHODS:
            for model in result.models:
                draw_map(run_id, model.id, method, settings)
        return Path(shutil.copytree(runs.folder / run_id, folder / run_id))


def without_times(result: Result, settings: Settings) -> Result:
    """Judge the same stored scores again without how long each model took."""
    store = open_features(settings)
    told = Answer(result.run, result.dataset, result.models, store)
    for model in result.models:
        features = store.get(key_for(result.dataset, model, result.run.precision))
        if features is None:
            raise RuntimeError(f"The features of {model.id} were not stored.")
        told.add(
            model.id,
            scored(features, result.dataset.labels, result.run, told.measures, store, Watch()),
        )
        told.probing.add(features)
    return told.result(complete=True)


def share_maps(run: Path, other: Path) -> None:
    """Leave out of the shipped `run` each map that `other`, of the same pictures, ships already."""
    shared = [
        path
        for path in (run / "maps").glob("*.safetensors")
        if (other / "maps" / path.name).is_file() and _alike(path, other / "maps" / path.name)
    ]
    for path in shared:
        path.unlink()
    if shared:
        files.write_json(run / SHARED_MAPS, other.name)


def _alike(one: Path, two: Path) -> bool:
    """Whether two maps are equal; their bytes may differ, as safetensors orders no header."""
    (a, about_a), (b, about_b) = files.read_tensors(one), files.read_tensors(two)
    return about_a == about_b and all(np.array_equal(a[name], b[name]) for name in a)


if __name__ == "__main__":
    make()
