"""Folds that hold copies together, against scikit-learn's to the bit."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from srcsel.measures.kernels.folds import assign_groups


def theirs(y, groups, folds, seed):
    found = np.empty(len(y), dtype=np.int64)
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class smaller than the folds
        for number, (_, held) in enumerate(split.split(y[:, None], y, groups)):
            found[held] = number
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("n", "classes", "folds"), [(60, 2, 5), (200, 7, 5), (301, 40, 3)])
@pytest.mark.parametrize("copies", [0.0, 0.3, 0.9])
def test_folds_are_scikit_learns(seed, n, classes, folds, copies):
    rng = np.random.default_rng(seed)
    y = 3 * np.sort(rng.integers(0, classes, n) ** 2 // classes)  # uneven classes, gaps in labels
    groups = np.where(rng.random(n) < copies, rng.integers(0, n // 3, n), np.arange(n) + n)
    np.testing.assert_array_equal(
        assign_groups(y, groups, folds, seed), theirs(y, groups, folds, seed)
    )


def test_equal_classes_without_copies_are_scikit_learns():
    y, alone = np.repeat(np.arange(25), 20), np.arange(500)  # every fold is as good as the others
    np.testing.assert_array_equal(assign_groups(y, alone, 5, 0), theirs(y, alone, 5, 0))
