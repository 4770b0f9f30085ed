"""Few pictures keep linear algebra on one thread until the block ends; work on one item while the next is made."""

import threading

import numpy as np
import pytest
import threadpoolctl

from srcsel.threads import SMALL, one_behind, suited_threads


def threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.parametrize(("pictures", "expected"), [(SMALL, 1), (SMALL + 1, 2)])
def test_one_thread_where_there_are_few_pictures(pictures, expected):
    with threadpoolctl.threadpool_limits(2):
        with suited_threads(pictures):
            assert set(threads()) == {expected}
        assert set(threads()) == {2}


def test_the_next_item_is_made_while_one_is_worked_on():
    made, worked, second = [], [], threading.Event()

    def items():
        for item in range(3):
            made.append(item)
            if item == 1:
                second.set()
            yield item

    def work(item):
        assert second.wait(10)  # the first item is still in work when the second is made
        worked.append(item)

    one_behind(items(), work)
    assert made == worked == [0, 1, 2]


def test_an_error_in_the_work_stops_the_making():
    made = []

    def work(item):
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        one_behind((made.append(item) or item for item in range(9)), work)
    assert len(made) == 2
