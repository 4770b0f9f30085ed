"""The stratified sample: its size, its shares, and that it is always the same."""

import numpy as np

from srcsel.measures.kernels.sample import stratified


def test_few_pictures_are_all_kept():
    np.testing.assert_array_equal(stratified(np.array([1, 0, 1, 0]), 4), np.arange(4))


def test_every_class_keeps_its_share_and_rare_ones_a_pair():
    y = np.repeat([0, 1, 2, 3], [600, 300, 99, 1])
    rows = stratified(y, 100)
    np.testing.assert_array_equal(np.bincount(y[rows]), [60, 30, 10, 1])
    rare = np.repeat([0, 1], [997, 3])
    np.testing.assert_array_equal(np.bincount(rare[stratified(rare, 100)]), [100, 2])


def test_with_many_classes_one_picture_each_is_enough():
    y = np.arange(300) % 90
    assert len(stratified(y, 100)) == 90


def test_it_is_sorted_without_repeats_and_always_the_same():
    y = np.random.default_rng(0).integers(0, 5, 1000)
    rows = stratified(y, 200)
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, stratified(y, 200))
