"""Pictures a model is right and wrong about: the choice worked out by hand."""

import numpy as np

from srcsel.base.records import Outcome, Shown
from srcsel.scoring.strip import EACH, strip

#                 0  1  2  3  4  5  6  7  8  9
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
GUESS = np.array([0, 0, 0, 1, 1, 0, 0, 2, 2, 0])
SURE = np.array([0.9, 0.5, 0.7, 0.6, 0.8, 0.6, 0.95, 0.4, 0.8, 0.7])


def outcomes(guess=GUESS, sure=SURE, folds=2):
    fold = np.arange(len(guess)) % folds
    rows = [np.flatnonzero(fold == f) for f in range(folds)]
    return [Outcome("m", f, at, guess[at], sure=sure[at]) for f, at in enumerate(rows)]


def test_wrong_are_the_surest_errors_one_a_class():
    """Class 1 has two errors, of which 0.95 is surer; then 0.7 of class 2, and 0.6 of class 0."""
    assert strip(outcomes(), LABELS).wrong == (
        Shown(6, 0, 0.95),
        Shown(9, 0, 0.7),
        Shown(3, 1, 0.6),
    )


def test_right_are_in_the_middle_of_their_class_those_of_the_errors_first():
    """Class 1 (0.8 alone), class 2 (of 0.8 and 0.4 the surer), class 0 (0.7 between 0.9 and
    0.5).
    """
    assert strip(outcomes(), LABELS).right == (
        Shown(4, 1, 0.8),
        Shown(8, 2, 0.8),
        Shown(2, 0, 0.7),
    )


def test_of_classes_without_errors_the_largest_come_first():
    labels = np.array([0, 1, 1, 2, 2, 2])
    found = strip(outcomes(labels, np.full(6, 0.5)), labels)
    assert found.wrong == ()
    assert [one.guess for one in found.right] == [2, 1, 0]


def test_the_folds_make_no_difference_and_equal_sureness_takes_the_first_picture():
    sure = np.full(10, 0.5)
    one, other = (strip(outcomes(sure=sure, folds=f), LABELS) for f in (2, 5))
    assert one == other
    assert [shown.row for shown in one.wrong] == [3, 5, 9]


def test_of_many_classes_there_are_not_more():
    labels = np.arange(400) % 200
    guess = np.where(np.arange(400) < 200, labels, (labels + 1) % 200)
    found = strip(outcomes(guess, np.linspace(0.1, 0.9, 400)), labels)
    assert len(found.right) == len(found.wrong) == EACH
    assert [one.row for one in found.wrong] == [399, 398, 397, 396, 395, 394]
    assert [labels[one.row] for one in found.right] == [199, 198, 197, 196, 195, 194]


def test_where_a_sample_was_asked_the_numbers_are_those_of_all_pictures():
    found = strip(outcomes(), LABELS, 3 * np.arange(10))
    assert [one.row for one in found.wrong] == [18, 27, 9]
