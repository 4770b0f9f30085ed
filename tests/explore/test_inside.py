"""What a model makes of every picture: against naive loops, and on average the run's own scores."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import Inside
from srcsel.base.settings import load_settings
from srcsel.explore import inside
from srcsel.explore.inside import by_class, crossings, look, mixed_up, square, vote
from srcsel.runs.run import answer, new_run
from srcsel.scoring.score import score_model
from srcsel.store.features import open_features


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
        cosine = [
            X[i].astype(float) @ X[j] / max(lengths[i] * lengths[j], 1e-300) for j in range(len(X))
        ]
        others = sorted(
            (j for j in range(len(X)) if j != i), key=lambda j: (-round(cosine[j], 9), j)
        )[:6]
        assert seen.neighbors[i].tolist() == others
        np.testing.assert_allclose(seen.similarity[i], [cosine[j] for j in others], atol=1e-6)
        votes = Counter(y[others[:5]].tolist())
        assert seen.guess[i] == min(votes, key=lambda c: (-votes[c], c))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_on_average_the_parts_are_the_scores(metric, temperature):
    X, y = features(seed=3)
    y[0] = 4  # alone in its class: no anchor, silhouette 0
    told = {
        s.measure: s
        for s in score_model("m", X, y, temperature=temperature, metric=metric, rechecks=0).scores
    }
    seen = look("m", X, y, temperature=temperature, metric=metric)
    assert seen.silhouette.astype(float).mean() == pytest.approx(told["silhouette"].value, abs=1e-6)
    loss = told["supcon"]
    assert np.nanmean(seen.gain.astype(float)) == pytest.approx(loss.blind - loss.value, abs=1e-6)
    assert np.flatnonzero(np.isnan(seen.gain)).tolist() == [0]
    assert seen.silhouette[0] == 0
    assert np.mean(seen.guess == y) == told["knn"].value


def test_equal_votes_go_to_the_smallest_label():
    near = np.array([[1, 2, 3, 4, 5, 0], [0, 2, 3, 4, 5, 1]])
    labels = np.array([2, 2, 1, 1, 2, 0])
    # 2, 1, 1, 2, 0: the sixth does not vote
    np.testing.assert_array_equal(vote(labels, near[:1]), [1])
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
    for again in (
        inside.make(result.run.id, "demo/textures"),
        inside.stored(result, "demo/textures", store),
    ):
        for field in dataclasses.fields(again):
            np.testing.assert_array_equal(getattr(again, field.name), getattr(made, field.name))
    value = next(
        s.value for s in result.scores if (s.model, s.measure) == ("demo/textures", "silhouette")
    )
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


@pytest.fixture
def seen():
    """Six pictures of three classes: 0 and 1 lie beside each other across classes, the rest among
    their own.
    """
    near = np.array([[1, 2], [0, 3], [0, 4], [2, 1], [5, 3], [4, 0]])
    similarity = np.array(
        [[0.9, 0.8], [0.9, 0.7], [0.8, 0.6], [0.5, 0.4], [0.95, 0.3], [0.95, 0.2]], dtype=np.float32
    )
    guess = np.array([1, 0, 0, 0, 2, 2])
    part = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], dtype=np.float32)
    gain = np.array([1, 2, 3, 4, np.nan, 6], dtype=np.float32)
    return Inside("m", near, similarity, guess, part, gain), np.array([0, 1, 0, 1, 2, 3])


def test_classes_are_means_over_their_pictures(seen):
    found = by_class(*seen)
    np.testing.assert_allclose(found.silhouette, [0.2, 0.3, 0.5, 0.6], atol=1e-7)
    np.testing.assert_allclose(found.right, [0.5, 0, 1, 0])
    # a class of one picture has no partner
    np.testing.assert_allclose(found.gain, [2, 3, np.nan, np.nan])
    assert found.means == pytest.approx({"silhouette": 0.35, "gain": 3.2, "right": 2 / 6})


def test_mixed_up_pairs_are_those_of_a_naive_loop(seen):
    inside_, y = seen
    shares = {}
    for a in range(4):
        for b in range(a + 1, 4):
            both = [i for i in range(6) if y[i] in (a, b)]
            cross = sum(y[j] != y[i] and y[j] in (a, b) for i in both for j in inside_.neighbors[i])
            if cross:
                shares[a, b] = cross / (2 * len(both))
    found = mixed_up(inside_, y, most=9)
    assert {(m.one, m.two): m.share for m in found} == pytest.approx(shares)
    assert [m.share for m in found] == sorted(shares.values(), reverse=True)
    assert mixed_up(inside_, y, most=2) == found[:2]
    assert mixed_up(inside_, np.zeros(6, dtype=np.int64)) == []


def test_pictures_behind_a_pair_come_once_the_most_alike_first(seen):
    found = crossings(*seen, 0, 1)
    assert [(a, b) for a, b, _ in found] == [(0, 1), (2, 3)]
    assert [s for _, _, s in found] == pytest.approx([0.9, 0.5])
    assert crossings(*seen, 1, 0) == [(b, a, s) for a, b, s in found]


def test_the_square_counts_the_neighbours_of_each_class_in_a_naive_loop(seen):
    inside_, y = seen
    order, shares = square(inside_, y)
    assert sorted(order) == [0, 1, 2, 3]
    for a, row in zip(order, shares, strict=True):
        near = [y[j] for i in range(6) if y[i] == a for j in inside_.neighbors[i]]
        assert row.tolist() == pytest.approx([near.count(b) / len(near) for b in order])
    pairs = mixed_up(inside_, y, most=9)
    assert set(order[:2]) == {pairs[0].one, pairs[0].two}


def test_of_many_classes_the_square_has_those_mixed_up_most_and_the_rest_in_one_column(seen):
    inside_, y = seen
    first, whole = square(inside_, y)
    order, shares = square(inside_, y, most=2)
    assert order == first[:2]
    np.testing.assert_allclose(shares[:, :2], whole[:2, :2])
    np.testing.assert_allclose(shares[:, 2], whole[:2, 2:].sum(axis=1))


def test_of_many_classes_only_mixed_up_ones_are_in_the_square():
    y = np.repeat(np.arange(20), 3)
    near = np.array([[i - i % 3 + (i + 1) % 3, i - i % 3 + (i + 2) % 3] for i in range(60)])
    near[0] = [9, 10]  # class 0 beside class 3
    part = np.zeros(60, dtype=np.float32)
    order, shares = square(Inside("m", near, near * 0.0, y, part, part), y)
    assert order == [0, 3]
    np.testing.assert_allclose(shares, [[4 / 6, 2 / 6, 0], [0, 1, 0]])
