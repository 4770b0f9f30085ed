import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from srcsel.base.errors import Cancelled, InputError
from srcsel.base.records import FeatureKey, Features
from srcsel.scoring.probe import fold_of, probe
from srcsel.store.features import FeatureStore

LABELS = np.repeat([0, 1, 2], [20, 25, 31])
ALONE = np.arange(76)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def features(name="a/one", noise=2.0, seed=0):
    rng = np.random.default_rng(seed)
    values = np.eye(3)[LABELS] @ rng.normal(size=(3, 12)) + noise * rng.normal(size=(76, 12))
    return Features(FeatureKey("d", name, "1", "p", "float32"), values.astype(np.float32))


def test_folds_are_stratified_and_hold_copies_together():
    groups = ALONE // 2
    fold = fold_of(LABELS, groups, 5)
    assert sorted(set(fold)) == [0, 1, 2, 3, 4]
    for pair in np.unique(groups):
        assert len(set(fold[groups == pair])) == 1
    counts = np.array([np.bincount(LABELS[fold == f], minlength=3) for f in range(5)])
    assert (np.ptp(fold_counts(fold_of(LABELS, ALONE, 5)), axis=0) <= 1).all()
    assert (np.ptp(counts, axis=0) <= 4).all()
    np.testing.assert_array_equal(fold, fold_of(LABELS, groups, 5))


def fold_counts(fold):
    return np.array([np.bincount(LABELS[fold == f], minlength=3) for f in range(fold.max() + 1)])


def test_small_classes_take_fewer_folds_and_lonely_pictures_are_tested_unlearned():
    labels = np.array([0] * 9 + [1] * 3 + [2])
    fold = fold_of(labels, np.arange(13), 5)
    assert fold.max() == 2
    copies = np.arange(13)
    copies[9:12] = 9  # class 1 is one picture three times
    with pytest.raises(InputError, match="two classes of at least two different pictures"):
        fold_of(labels, copies, 5)


def test_guesses_are_those_of_a_classifier_that_has_not_seen_the_fold(store):
    one, fold = features(), fold_of(LABELS, ALONE, 5)
    found = list(probe([one], LABELS, fold, store=store))
    assert [o.split for o in found] == [0, 1, 2, 3, 4]
    for outcome in found:
        test = fold == outcome.split
        np.testing.assert_array_equal(outcome.rows, np.flatnonzero(test))
        scaler = StandardScaler().fit(one.values[~test].astype(float))
        classifier = LogisticRegression(C=0.1, max_iter=2000).fit(
            scaler.transform(one.values[~test].astype(float)), LABELS[~test]
        )
        np.testing.assert_array_equal(
            outcome.guess, classifier.predict(scaler.transform(one.values[test].astype(float)))
        )
    right = np.mean([(o.guess == LABELS[o.rows]).mean() for o in found])
    assert 0.4 < right < 1.0  # something to learn, and not everything


def test_labels_without_information_give_chance(store):
    shuffled = np.random.default_rng(3).permutation(LABELS)
    found = list(probe([features(noise=0.5)], shuffled, fold_of(shuffled, ALONE, 5), store=store))
    assert np.mean([(o.guess == shuffled[o.rows]).mean() for o in found]) < 0.55


def test_it_is_remembered_by_features_and_folds(store, monkeypatch):
    fold = fold_of(LABELS, ALONE, 5)
    before = list(probe([features()], LABELS, fold, store=store))
    told = []
    monkeypatch.setattr("srcsel.scoring.probe.classifier", None)
    after = list(probe([features()], LABELS, fold, store=store, tell=lambda *at: told.append(at)))
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.guess, two.guess)
    assert told == [("a/one", 5, 5)]
    for other in ([features("a/two")], LABELS, fold), ([features()], LABELS, np.roll(fold, 1)):
        with pytest.raises(TypeError):
            list(probe(*other, store=store))


def test_it_tells_how_far_it_is_and_can_be_stopped(store):
    def tell(model, done, total):
        if done == 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(probe([features()], LABELS, fold_of(LABELS, ALONE, 5), store=store, tell=tell))


def test_sureness_is_the_probability_of_the_guess(store):
    one, fold = features(), fold_of(LABELS, ALONE, 5)
    outcome = list(probe([one], LABELS, fold, store=store))[2]
    test = fold == 2
    scaler = StandardScaler().fit(one.values[~test].astype(float))
    learned = LogisticRegression(C=0.1, max_iter=2000).fit(
        scaler.transform(one.values[~test].astype(float)), LABELS[~test]
    )
    shares = learned.predict_proba(scaler.transform(one.values[test].astype(float)))
    np.testing.assert_allclose(outcome.sure, shares.max(axis=1), atol=0.01)  # both stop early
    remembered = list(probe([one], LABELS, fold, store=store))[2]
    np.testing.assert_array_equal(remembered.sure, outcome.sure)
