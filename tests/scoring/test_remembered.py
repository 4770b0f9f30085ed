"""Scores are remembered by version numbers: other words forget nothing, another version does."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import srcsel
from srcsel.base.records import FeatureKey, Features, Run
from srcsel.base.watch import Watch
from srcsel.measures import MEASURES
from srcsel.scoring import remembered
from srcsel.store.features import FeatureStore

KEY = FeatureKey("d" * 64, "demo/tiny", "1", "crop", "float32")
ASK = """
from srcsel.base.records import FeatureKey, Run
from srcsel.scoring.remembered import asked
from srcsel.store.files import text_hash

key = FeatureKey("d" * 64, "demo/tiny", "1", "crop", "float32")
run = Run("r", "2026", "demo:digits", ("demo/tiny",))
print(text_hash(asked(key, run, ["silhouette", "knn"], 200)))
"""


@pytest.fixture
def run():
    return Run("r", "2026-01-31T00:00:00+00:00", "demo:digits", ("demo/tiny",))


@pytest.fixture
def score(tmp_path, run, monkeypatch):
    """Scores fixed features by silhouette and knn; returns whether anything was computed."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = Features(KEY, (rng.normal(size=(60, 8)) + labels[:, None]).astype(np.float32))
    computed = []
    real = remembered.score_model

    def counted(*args, **keywords):
        computed.append(keywords)
        return real(*args, **keywords)

    monkeypatch.setattr(remembered, "score_model", counted)

    def ask():
        del computed[:]
        names = ("silhouette", "knn")
        remembered.scored(features, labels, run, names, FeatureStore(tmp_path), Watch(), 20)
        return bool(computed)

    return ask


def test_the_same_question_is_computed_once(score):
    assert [score(), score()] == [True, False]


def test_a_new_version_of_scoring_or_of_a_measure_forgets(score, monkeypatch):
    score()
    monkeypatch.setattr(remembered, "VERSION", remembered.VERSION + 1)
    assert [score(), score()] == [True, False]
    newer = dataclasses.replace(MEASURES["knn"], version=MEASURES["knn"].version + 1)
    monkeypatch.setitem(MEASURES, "knn", newer)
    assert [score(), score()] == [True, False]


def test_a_new_version_of_a_measure_that_was_not_asked_forgets_nothing(score, monkeypatch):
    score()
    monkeypatch.setitem(MEASURES, "supcon", dataclasses.replace(MEASURES["supcon"], version=9))
    assert score() is False


def test_another_comma_in_a_docstring_forgets_nothing(tmp_path):
    def question(package: Path) -> str:
        return subprocess.run(
            [sys.executable, "-c", ASK],
            env={**os.environ, "PYTHONPATH": str(package.parent)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    here = Path(srcsel.__file__).parent
    copy = tmp_path / "srcsel"
    shutil.copytree(here, copy, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"))
    for file in ("measures/silhouette.py", "scoring/score.py", "measures/kernels/prepare.py"):
        text = (copy / file).read_text(encoding="utf-8")
        assert '"""' in text
        (copy / file).write_text(text.replace('"""', '"""Well, ', 1), encoding="utf-8")
    assert question(copy) == question(here) != ""
