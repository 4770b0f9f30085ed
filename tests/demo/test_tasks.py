"""The source tasks: enough of them, labelled as promised, fresh with every seed."""

import numpy as np
import pytest

from srcsel.demo.tasks import SIDE, TASKS


def test_at_least_eight_tasks():
    assert len(TASKS) >= 8
    assert len({t.title for t in TASKS.values()}) == len(TASKS)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_sample_has_the_promised_form(task):
    count = 2 * len(task.classes)
    pixels, labels = task.sample(count, seed=5)
    assert pixels.shape == (count, 3, SIDE, SIDE)
    assert pixels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [2] * len(task.classes)
    assert len(set(task.classes)) == len(task.classes)
    assert (pixels.std(axis=(1, 2, 3)) > 3).all()  # every picture shows something


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_same_seed_same_pictures_other_seed_none_in_common(task):
    first, labels = task.sample(24, seed=5)
    again, labels_again = task.sample(24, seed=5)
    other, _ = task.sample(24, seed=6)
    assert np.array_equal(first, again)
    assert np.array_equal(labels, labels_again)
    assert not {p.tobytes() for p in first} & {p.tobytes() for p in other}
