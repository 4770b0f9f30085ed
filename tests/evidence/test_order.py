"""The rule that says when the order is clear, worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from srcsel.base.records import Gap
from srcsel.evidence.order import LEVEL, LITTLE, alike, gaps, is_behind
from srcsel.runs.settled import ROUNDS
from srcsel.scoring.reached import Reached


def reached(right, rows=None, groups=None):
    """Whether each model was right, (models, splits, pictures) of 0 and 1."""
    right = np.asarray(right, dtype=bool)
    models, splits, pictures = right.shape
    rows = rows or [np.arange(pictures)] * splits
    names = tuple("abcde"[:models])
    groups = np.arange(100) if groups is None else groups
    return Reached(names, tuple(range(splits)), tuple(rows), tuple(right.swapaxes(0, 1)), groups)


def test_two_models_in_three_splits_by_hand():
    # a is right on all 4 pictures each time, b on 2, 3 and 3: ahead by 1/2, 1/4 and 1/4
    b = [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0]]
    (gap,) = gaps(reached([[[1, 1, 1, 1]] * 3, b]))
    # Student's t with two degrees of freedom at 98 %; the differences lie 1/6 and twice 1/12 away
    spread = np.sqrt((1 / 36 + 2 / 144) / 2)
    splits = stats.t.ppf(0.98, 2) * spread / np.sqrt(3)
    # by picture 0, 0, 1/3, 1; half a picture in each case adds 2 pictures, +1/2 and -1/2
    mean, square = (4 / 3) / 6, (1 / 9 + 1 + 1) / 6
    pictures = stats.norm.ppf(0.98) * np.sqrt((square - mean**2) / 6)
    assert (gap.model, gap.mean) == ("b", pytest.approx(1 / 3))
    assert gap.high - gap.mean == pytest.approx(np.hypot(splits, pictures))
    assert gap.mean - gap.low == pytest.approx(np.hypot(splits, pictures))
    assert not is_behind(gap)


def test_copies_are_one_picture():
    one = reached([[[1, 1], [1, 1], [1, 1]], [[0, 1], [0, 1], [0, 1]]])
    # the same two pictures, the first of them three times
    right = [[[1, 1, 1, 1]] * 3, [[0, 0, 0, 1]] * 3]
    many = reached(right, groups=np.array([7, 7, 7, 8]))
    (a,), (b,) = gaps(one), gaps(many)
    assert (a.mean, b.mean) == (0.5, 0.75)
    assert a.high - a.mean == pytest.approx(b.high - b.mean)  # no spread between splits in either


def test_a_picture_counts_by_how_often_it_was_tested():
    rows = [np.array([0, 1]), np.array([1, 2]), np.array([1, 3])]
    (gap,) = gaps(reached([[[1, 1], [1, 1], [1, 1]], [[1, 0], [0, 1], [0, 1]]], rows))
    # picture 1 was tested three times, and b was wrong each time: one picture of four
    mean, square = 1 / 6, 2 / 6
    assert gap.high - gap.mean == pytest.approx(
        stats.norm.ppf(0.98) * np.sqrt((square - mean**2) / 6)
    )


def test_the_best_leads_and_the_first_of_equals():
    right = [[[1, 0, 0]] * 3, [[1, 1, 0]] * 3, [[0, 1, 1]] * 3]
    assert [gap.model for gap in gaps(reached(right))] == ["c", "a"]


def test_two_splits_or_one_model_say_nothing():
    assert gaps(reached([[[1, 1]] * 2, [[0, 0]] * 2])) == ()
    assert gaps(reached([[[1, 1]] * 3])) == ()


def test_a_sure_difference_and_one_too_small_to_matter():
    assert is_behind(Gap("b", 0.05, 0.001, 0.099))
    assert not is_behind(Gap("b", 0.05, 0.0, 0.1))
    assert alike([Gap("b", 0.0, -LITTLE, LITTLE), Gap("c", 0.01, 0.0, 0.015)])
    assert not alike([Gap("b", 0.0, -0.03, 0.03), Gap("c", 0.0, -LITTLE, LITTLE)])
    assert not alike([])


@pytest.mark.parametrize("models", [2, 3])
def test_equal_models_seldom_fall_behind_over_all_looks(models):
    """Races of models equally good on pictures to come, with trainings that differ."""
    rng, races, pictures, fallen = np.random.default_rng(5), 150, 120, 0
    for _ in range(races):
        ease = rng.normal(0.7, 1.5, pictures)
        chance = ease + rng.normal(0, 0.3, (models, ROUNDS, 1))
        right = rng.random((models, ROUNDS, pictures)) < 1 / (1 + np.exp(-chance))
        found = [gaps(reached(right[:, :k], groups=np.arange(pictures))) for k in (2, 3, 4, 5, 6)]
        fallen += len({gap.model for look in found for gap in look if is_behind(gap)})
    assert LEVEL == 0.98
    assert fallen / (races * models) < 0.06


def test_a_difference_that_is_large_is_found():
    rng, found = np.random.default_rng(6), 0
    for _ in range(20):
        ease = rng.normal(0.7, 1.5, 300)
        chance = ease + np.array([0.9, 0.0])[:, None, None] + rng.normal(0, 0.2, (2, ROUNDS, 1))
        right = rng.random((2, ROUNDS, 300)) < 1 / (1 + np.exp(-chance))
        (gap,) = gaps(reached(right, groups=np.arange(300)))
        found += gap.model == "b" and is_behind(gap)
    assert found >= 19
