import numpy as np
import pytest

from srcsel.base.errors import InputError
from srcsel.base.records import Protocol
from srcsel.evidence.splits import split

LABELS = np.repeat([0, 1, 2], [30, 40, 50])
ALONE = np.arange(120)


def few(shots=10, **more):
    return Protocol("finetune", shots=shots, **more)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_few_shots_are_the_first_of_one_permutation_a_class(seed):
    rng = np.random.default_rng(1000 + seed)
    train = np.concatenate([rng.permutation(np.flatnonzero(at == LABELS))[:10] for at in range(3)])
    found = split(LABELS, ALONE, few(), seed)
    np.testing.assert_array_equal(found.train, np.sort(train))
    np.testing.assert_array_equal(found.test, np.setdiff1d(ALONE, train))
    assert len(found.validation) == 0


def test_seeds_give_different_splits():
    assert set(split(LABELS, ALONE, few(), 0).train) != set(split(LABELS, ALONE, few(), 1).train)


def test_a_fifth_of_a_small_class_is_left_for_the_test():
    labels = np.repeat([0, 1, 2], [10, 4, 2])
    found = split(labels, np.arange(16), few(), 0)
    assert np.bincount(labels[found.train]).tolist() == [8, 3, 1]
    assert np.bincount(labels[found.test]).tolist() == [2, 1, 1]


@pytest.mark.parametrize("shots", [10, None])
@pytest.mark.parametrize("seed", range(5))
def test_no_group_lies_on_two_sides(shots, seed):
    groups = np.random.default_rng(seed).integers(0, 60, 120)  # copies within and across classes
    found = split(LABELS, groups, few(shots), seed)
    sides = [set(groups[rows]) for rows in (found.train, found.test, found.validation)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert all(len(rows) == len(set(rows)) for rows in (found.train, found.test))


def test_shots_are_different_pictures():
    groups = np.where(LABELS == 0, ALONE // 2, ALONE)  # every picture of class 0 is there twice
    found = split(LABELS, groups, few(5), 0)
    mine = found.train[LABELS[found.train] == 0]
    assert len(mine) == len(set(groups[mine])) == 5
    assert (LABELS[found.test] == 0).sum() == 30 - 10  # the copies of the five are in neither


def test_the_full_split_uses_every_picture_once():
    found = split(LABELS, ALONE, few(None, test_share=0.25), 3)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([found.train, found.validation, found.test])), ALONE
    )
    assert np.bincount(LABELS[found.test]).tolist() == [8, 10, 12]


def test_validation_only_where_every_class_has_enough_training_pictures():
    found = split(LABELS, ALONE, few(20), 0)
    assert np.bincount(LABELS[found.validation]).tolist() == [2, 2, 2]
    assert np.bincount(LABELS[found.train]).tolist() == [18, 18, 18]
    assert len(split(LABELS, ALONE, few(19), 0).validation) == 0
    assert len(split(LABELS, ALONE, few(20, early_stop=0), 0).validation) == 0


def test_the_test_set_does_not_depend_on_early_stopping():
    asked, without = (split(LABELS, ALONE, few(20, early_stop=n), 2).test for n in (5, 0))
    np.testing.assert_array_equal(asked, without)


def test_pictures_that_are_all_copies_cannot_be_split():
    with pytest.raises(InputError, match="No picture is left to test with"):
        split(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), few(), 0)


def test_a_third_of_each_class_is_held_out_to_choose_by_copies_together():
    labels = np.repeat([0, 1], 40)
    groups = np.arange(80) // 2 * 2  # every picture has a copy
    found = split(labels, groups, few(None), 0)
    rest = np.setdiff1d(found.train, found.held)
    assert np.isin(found.held, found.train).all()
    assert not set(groups[found.held]) & set(groups[rest])
    for c in (0, 1):  # 20 different, 4 of them tested: 16, a tenth validated where there are 20
        mine = labels[found.train] == c
        assert mine.sum() == 28  # 16 pairs, 2 of them validated
        assert (labels[found.held] == c).sum() == 8  # 0.3 of 14 pairs


def test_no_class_loses_its_only_training_picture():
    labels = np.array([0] * 10 + [1] * 2)
    found = split(labels, np.arange(12), few(5), 0)
    assert (labels[found.train] == 1).sum() == 1
    assert (labels[found.held] == 0).sum() == 2  # round(0.3 * 5)
    assert (labels[found.held] == 1).sum() == 0
    assert len(split(labels, np.arange(12), few(1), 0).held) == 0
