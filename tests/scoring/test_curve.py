"""Learning from more and more pictures: against a plain loop with scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from srcsel.base.errors import Cancelled
from srcsel.base.records import FeatureKey, Features
from srcsel.scoring import curve
from srcsel.scoring.curve import DRAWS, chosen, learn, numbers
from srcsel.scoring.probe import fold_of, probe
from srcsel.store.features import FeatureStore

LABELS = np.arange(90) % 3
FOLD = fold_of(LABELS, np.arange(90), 5)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def features(name="a/one", labels=LABELS):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 6))[labels] + 1.5 * rng.normal(size=(len(labels), 6))
    return Features(FeatureKey("d", name, "1", "p", "float32"), values.astype(np.float32))


def test_the_numbers_are_round_and_end_with_all_there_are():
    """30 of each class, of which four fifths are learned from."""
    assert numbers(LABELS, FOLD) == [3, 5, 7, 10, 14, 20, 24]


def test_it_is_the_plain_loop():
    one = features()
    learned = learn(one, LABELS, FOLD, store=None)
    X = one.values.astype(np.float64)
    for place, each in enumerate(numbers(LABELS, FOLD)[:-1]):
        for draw in range(DRAWS):
            expected = np.zeros(90, bool)
            for number in range(5):
                rows = chosen(LABELS, FOLD, number, each, draw)
                rule = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
                held = number == FOLD
                expected[held] = rule.fit(X[rows], LABELS[rows]).predict(X[held]) == LABELS[held]
            np.testing.assert_array_equal(learned.right[place, draw], expected)


def test_all_pictures_give_the_quick_check():
    learned = learn(features(), LABELS, FOLD, store=None)
    for outcome in probe([features()], LABELS, FOLD, store=None):
        right = outcome.guess == LABELS[outcome.rows]
        assert (learned.right[-1][:, outcome.rows] == right).all()


def test_pictures_are_drawn_of_each_class_alike_and_never_from_the_fold_tested():
    for number in range(5):
        draws = [chosen(LABELS, FOLD, number, 7, draw) for draw in range(3)]
        for rows in draws:
            assert np.bincount(LABELS[rows]).tolist() == [7, 7, 7]
            assert not (FOLD[rows] == number).any()
        assert len({tuple(rows) for rows in draws}) == 3


def test_uneven_classes_keep_their_shares():
    labels = np.repeat([0, 1], [120, 30])
    fold = fold_of(labels, np.arange(150), 5)
    rows = chosen(labels, fold, 0, 20, 0)  # 20 a class in the mean: 40 of both
    assert np.bincount(labels[rows]).tolist() == [32, 8]


def test_it_goes_on_where_it_was_stopped(store, monkeypatch):
    def stop(done, total):
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        learn(features(), LABELS, FOLD, store=store, tell=stop)
    whole = learn(features(), LABELS, FOLD, store=None)
    made = []
    right = curve._right
    monkeypatch.setattr(curve, "_right", lambda *asked: made.append(asked[-1]) or right(*asked))
    again = learn(features(), LABELS, FOLD, store=store)
    assert made == [7, 10, 14, 20, None]
    np.testing.assert_array_equal(again.right, whole.right)
    monkeypatch.setattr(curve, "_right", None)
    learn(features(), LABELS, FOLD, store=store)
    with pytest.raises(TypeError):
        learn(features("a/two"), LABELS, FOLD, store=store)
