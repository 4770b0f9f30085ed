"""How often a model is right, in every run: against scikit-learn's own cross-validation."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import srcsel
from srcsel.base.records import FeatureKey, Features
from srcsel.runs import probing
from srcsel.runs.given import _dataset_of
from srcsel.runs.probing import Probing
from srcsel.scoring.probe import STRENGTH, fold_of


def blobs(n=120, d=16, c=3, apart=0.8, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % c
    return rng.standard_normal((n, d)) + apart * rng.standard_normal((c, d))[y], y


def given(y):
    return _dataset_of(y, y, None)


def of(name, X):
    return Features(FeatureKey("", name, "", "", "float32"), X.astype(np.float32))


def test_it_is_cross_validated_logistic_regression():
    X, y = blobs()
    result = srcsel.rank_features({"one": X, "two": X[:, :2]}, y)
    fold = fold_of(y, np.arange(len(y)), 5)
    for accuracy, values in zip(result.accuracies, (X, X[:, :2]), strict=True):
        rule = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
        values = values.astype(np.float32).astype(np.float64)
        expected = cross_val_score(rule, values, y, cv=PredefinedSplit(fold))
        assert accuracy.values == pytest.approx(expected)
        assert accuracy.low < accuracy.mean < accuracy.high
    assert [a.model for a in result.accuracies] == ["one", "two"]


def test_copies_stay_on_one_side():
    """Every picture twice: without that, labels without meaning would be learned by heart."""
    X, _ = blobs(n=60, d=200)
    y = np.random.default_rng(1).integers(0, 2, 60)
    ask = Probing(given(np.tile(y, 2)), None)
    ask.add(of("one", np.tile(X, (2, 1))))
    assert ask.accuracies()[0].mean < 0.7


def test_of_many_pictures_a_sample_is_asked(monkeypatch):
    monkeypatch.setattr(probing, "MOST", 60)
    X, y = blobs()
    ask = Probing(given(y), None)
    ask.add(of("one", X))
    tested = sum(len(outcome.rows) for outcome in ask._outcomes)
    assert tested == 60


def test_too_few_pictures_are_a_note_and_no_accuracy():
    y = np.array([0, 1, 2, 3, 3, 3])
    ask = Probing(given(y), None)
    ask.add(of("one", np.eye(6)))
    assert ask.accuracies() == ()
    assert "two classes of at least two different pictures" in ask.notes[0]


def test_one_model_that_fails_stops_no_other(monkeypatch):
    X, y = blobs()
    ask = Probing(given(y), None)
    ask.add(of("one", X))
    monkeypatch.setattr("srcsel.scoring.probe.classifier", None)
    ask.add(of("two", X))
    assert [a.model for a in ask.accuracies()] == ["one"]
    assert [f.model for f in ask.failures] == ["two"]
    assert "could not be measured (TypeError" in ask.failures[0].reason


def test_every_run_has_it_and_asks_once(picture_folder):
    result = srcsel.rank(picture_folder, models="pixels")
    (accuracy,) = result.accuracies
    assert accuracy.model == "pixels/thumbnail"
    assert accuracy.mean == 1.0  # squares of three colours
    again = srcsel.rank(picture_folder, models="pixels")
    assert again.accuracies == result.accuracies


def test_every_run_keeps_pictures_it_is_right_and_wrong_about():
    X, y = blobs()
    result = srcsel.rank_features({"one": X, "two": X[:, :2]}, y)
    assert [s.model for s in result.strips] == ["one", "two"]
    for strip in result.strips:
        assert strip.right
        assert strip.wrong
        assert all(one.guess == y[one.row] for one in strip.right)
        assert all(one.guess != y[one.row] for one in strip.wrong)
    told = srcsel.to_json(result)["strips"][1]
    first = result.strips[1].wrong[0]
    assert told["wrong"][0] == {
        "path": f"row {first.row}",
        "label": str(y[first.row]),
        "guess": str(first.guess),
        "sure": first.sure,
    }
