"""What a model makes of every picture: against naive loops, and on average the run's own scores."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from srcsel import inside
from srcsel.errors import InputError, UnknownNameError
from srcsel.inside import look, vote
from srcsel.run import answer, new_run
from srcsel.score import score_model
from srcsel.settings import load_settings
from srcsel.store import open_features


def features(n=60, d=12, classes=4, seed=0):
    chance = np.random.default_rng(seed)
    y = chance.integers(0, classes, n)
    y[:classes] = np.arange(classes)
    X = chance.normal(size=(n, d)) + 2 * np.eye(d)[y] + 1
    return X.astype(np.float32), y


def test_neighbours_and_their_vote_are_those_of_a_naive_loop():
    X, y = features()
    X[7] = 0  # a zero row has similarity 0 with every other
    seen = look("m", X, y)
    lengths = np.linalg.norm(X.astype(float), axis=1)
    for i in range(len(X)):
        cosine = [X[i].astype(float) @ X[j] / max(lengths[i] * lengths[j], 1e-300) for j in range(len(X))]
        others = sorted((j for j in range(len(X)) if j != i), key=lambda j: (-round(cosine[j], 9), j))[:6]
        assert seen.neighbors[i].tolist() == others
        np.testing.assert_allclose(seen.similarity[i], [cosine[j] for j in others], atol=1e-6)
        votes = Counter(y[others[:5]].tolist())
        assert seen.guess[i] == min(votes, key=lambda c: (-votes[c], c))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_on_average_the_parts_are_the_scores(metric, temperature):
    X, y = features(seed=3)
    y[0] = 4  # alone in its class: no anchor, silhouette 0
    told = {s.measure: s for s in score_model("m", X, y, temperature=temperature, metric=metric, rechecks=0).scores}
    seen = look("m", X, y, temperature=temperature, metric=metric)
    assert seen.silhouette.astype(float).mean() == pytest.approx(told["silhouette"].value, abs=1e-6)
    assert np.nanmean(seen.gain.astype(float)) == pytest.approx(told["supcon"].gain, abs=1e-6)
    assert np.flatnonzero(np.isnan(seen.gain)).tolist() == [0]
    assert seen.silhouette[0] == 0
    assert np.mean(seen.guess == y) == told["knn"].value


def test_equal_votes_go_to_the_smallest_label():
    near = np.array([[1, 2, 3, 4, 5, 0], [0, 2, 3, 4, 5, 1]])
    labels = np.array([2, 2, 1, 1, 2, 0])
    np.testing.assert_array_equal(vote(labels, near[:1]), [1])  # 2, 1, 1, 2, 0: the sixth does not vote
    np.testing.assert_array_equal(vote(labels, near), [1, 1])


def test_few_pictures_have_fewer_neighbours():
    X, y = features(n=4, classes=2)
    seen = look("m", X, y)
    assert seen.neighbors.shape == seen.similarity.shape == (4, 3)


@pytest.fixture
def result(picture_folder):
    return answer(new_run(picture_folder, ["demo/textures", "pixels/thumbnail"], device="cpu"))


def test_it_is_made_once_and_kept(result, monkeypatch):
    store = open_features(load_settings())
    assert inside.stored(result, "demo/textures", store) is None
    made = inside.make(result.run.id, "demo/textures")
    monkeypatch.setattr(inside, "look", None)
    for again in (inside.make(result.run.id, "demo/textures"), inside.stored(result, "demo/textures", store)):
        for field in dataclasses.fields(again):
            np.testing.assert_array_equal(getattr(again, field.name), getattr(made, field.name))
    value = next(s.value for s in result.scores if (s.model, s.measure) == ("demo/textures", "silhouette"))
    assert made.silhouette.astype(float).mean() == pytest.approx(value, abs=1e-6)
    assert inside.stored(result, "pixels/thumbnail", store) is None


def test_another_temperature_or_metric_is_another_question(result):
    store = open_features(load_settings())
    inside.make(result.run.id, "demo/textures")
    for change in ({"temperature": 0.1}, {"metric": "euclidean"}):
        other = dataclasses.replace(result, run=dataclasses.replace(result.run, **change))
        assert inside.stored(other, "demo/textures", store) is None


def test_features_that_are_gone_are_made_again_from_the_same_pictures_only(result, picture_folder):
    store = open_features(load_settings())

    def forget():
        for path in store.folder.glob("*.safetensors"):
            path.unlink()

    forget()
    assert len(inside.make(result.run.id, "demo/textures").guess) == 36
    forget()
    (picture_folder / "red" / "000.png").unlink()
    with pytest.raises(InputError, match="have changed since"):
        inside.make(result.run.id, "pixels/thumbnail")


def test_a_model_of_another_run_is_refused(result):
    with pytest.raises(UnknownNameError, match="source model in this run"):
        inside.make(result.run.id, "demo/flowers")
