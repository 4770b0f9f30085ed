"""What each model took every picture for: the guesses behind the accuracies, kept and read."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from srcsel.base.errors import InputError
from srcsel.base.records import Dataset, Features, Result, Run, Verdict
from srcsel.base.settings import load_settings
from srcsel.features.extract import key_for
from srcsel.models import catalog
from srcsel.runs import probing, taken
from srcsel.runs.taken import Taken
from srcsel.scoring.probe import STRENGTH, fold_of
from srcsel.store.features import open_features, open_runs

RUN_ID = "20260301-101500-000000-ab12"
MODELS = ("demo/glyphs", "demo/textures", "demo/flowers")


@pytest.fixture
def run(tmp_path, monkeypatch) -> tuple[Result, dict[str, np.ndarray]]:
    """24 different pictures of two classes; features of two of three models are there."""
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))
    chance = np.random.default_rng(0)
    for i in range(24):
        place = tmp_path / "leaves" / ("rust" if i % 2 else "mildew")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 255, (24, 24, 3), np.uint8)).save(place / f"{i:02d}.png")
    folder = tmp_path / "leaves"
    paths = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")))
    labels = np.array([int(p.startswith("rust")) for p in paths])
    dataset = Dataset(str(folder), "leaves", folder, paths, labels, ("mildew", "rust"), "d1")
    models = tuple(catalog.find_models(model)[0] for model in MODELS)
    question = Run(RUN_ID, "2026-03-01T10:15:00+00:00", str(folder), MODELS)
    result = Result(question, dataset, models, (), (), (), (), Verdict("clear", MODELS[0], "", {}))
    open_runs(load_settings()).save(result)
    values = {}
    for model in models[:2]:
        values[model.id] = chance.normal(size=(24, 5)).astype(np.float32) + labels[:, None]
        key = key_for(dataset, model, "float32")
        open_features(load_settings()).put(Features(key, values[model.id]))
    return result, values


def test_they_are_cross_validated_predictions_of_the_models_that_are_here(run):
    result, values = run
    labels = result.dataset.labels
    assert taken.stored(result, open_features(load_settings())) is None
    found = taken.make(RUN_ID)
    assert found.models == MODELS[:2]
    rule = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
    split = PredefinedSplit(fold_of(labels, np.arange(24), 5))
    for model, guess in zip(found.models, found.guess, strict=True):
        X = values[model].astype(np.float64)
        np.testing.assert_array_equal(guess, cross_val_predict(rule, X, labels, cv=split))
        assert found.of(7)[model] == guess[7]
    again = taken.stored(result, open_features(load_settings()))
    np.testing.assert_array_equal(again.guess, found.guess)
    assert again.models == found.models


def test_of_many_pictures_a_sample_is_asked(run, monkeypatch):
    monkeypatch.setattr(probing, "MOST", 12)
    found = taken.make(RUN_ID)
    assert len(found.rows) == found.guess.shape[1] == 12
    assert (np.diff(found.rows) > 0).all()
    assert found.of(int(found.rows[3])) == dict(
        zip(found.models, found.guess[:, 3].tolist(), strict=True)
    )


def test_a_picture_that_was_not_asked_about_has_no_guesses():
    some = Taken(("a",), np.array([2, 5]), np.array([[1, 0]]))
    assert some.of(5) == {"a": 0}
    assert some.of(4) == some.of(6) == {}


def test_without_features_it_says_so(run):
    result, _ = run
    for model in result.models[:2]:
        key = key_for(result.dataset, model, "float32")
        for path in (load_settings().home / "features").rglob("*.safetensors"):
            path.unlink()
        assert not open_features(load_settings()).has(key)
    with pytest.raises(InputError, match="The features of this run are gone"):
        taken.make(RUN_ID)


def test_another_set_of_models_is_another_question(run):
    result, _ = run
    taken.make(RUN_ID)
    fewer = dataclasses.replace(result, models=result.models[:1])
    assert taken.stored(fewer, open_features(load_settings())) is None
