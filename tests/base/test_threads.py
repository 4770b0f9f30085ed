"""Few pictures and busy cores keep linear algebra on one thread until the block ends; work on one
item while the next is made.
"""

import threading

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  it brings linear algebra of its own, as the product does
import threadpoolctl

from srcsel.base.threads import (
    SMALL,
    behind,
    free_cores,
    in_order,
    one_behind,
    one_thread_each,
    suited_threads,
)


def threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return [
        pool["num_threads"]
        for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"
    ]


@pytest.mark.parametrize(
    ("pictures", "free", "expected"), [(SMALL, 2, 1), (SMALL + 1, 2, 2), (SMALL + 1, 1, 1)]
)
def test_one_thread_where_there_are_few_pictures_or_others_compute(
    pictures, free, expected, monkeypatch
):
    monkeypatch.setattr("srcsel.base.threads.free_cores", lambda: free)
    with threadpoolctl.threadpool_limits(2):
        with suited_threads(pictures):
            assert set(threads()) == {expected}
        assert set(threads()) == {2}


@pytest.mark.parametrize(
    ("free", "pictures", "together"), [(2, SMALL, 2), (2, SMALL + 1, 2), (1, SMALL, 1)]
)
def test_parts_are_shared_over_the_cores_that_are_free(free, pictures, together, monkeypatch):
    monkeypatch.setattr("srcsel.base.threads.free_cores", lambda: free)
    with threadpoolctl.threadpool_limits(2), suited_threads(pictures), one_thread_each() as cores:
        assert cores == together
        assert set(threads()) == {1}
    with threadpoolctl.threadpool_limits(2), one_thread_each() as cores:
        assert cores == 2  # as linear algebra would use itself
        assert set(threads()) == {1}


@pytest.mark.parametrize(
    ("running", "cores", "free"), [(1, 4, 4), (2, 4, 3), (4, 4, 1), (9, 4, 1), (1, 1, 1)]
)
def test_cores_are_free_that_no_other_program_asks_for(running, cores, free, monkeypatch, tmp_path):
    (tmp_path / "loadavg").write_text(f"9.90 9.80 9.70 {running}/345 6789\n")
    monkeypatch.setattr("srcsel.base.threads.LOAD", tmp_path / "loadavg")
    monkeypatch.setattr("srcsel.base.threads.OWN", tmp_path)  # as if it had no other thread
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert free_cores() == free


def test_own_threads_of_linear_algebra_that_spin_do_not_count(monkeypatch, tmp_path):
    (tmp_path / "loadavg").write_text("9.90 9.80 9.70 4/345 6789\n")
    tasks = tmp_path / "task"
    mine = str(threading.get_native_id())
    for name, state in {mine: "R", "7": "R", "8": "S", "9": "R"}.items():
        (tasks / name).mkdir(parents=True)
        (tasks / name / "stat").write_text(f"{name} (a (name) R) {state} 1 1 1\n")
    (tasks / "10").mkdir()  # it has ended
    monkeypatch.setattr("srcsel.base.threads.LOAD", tmp_path / "loadavg")
    monkeypatch.setattr("srcsel.base.threads.OWN", tasks)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert free_cores() == 3  # of four that run, one is this one and two spin
    found = []
    behind([0, 1], lambda item: found.append(free_cores()), lambda _: None)
    assert found == [1, 1]  # there the network computes with them
    assert free_cores() == 3


def test_without_that_the_load_of_the_last_minute_counts(monkeypatch, tmp_path):
    monkeypatch.setattr("srcsel.base.threads.LOAD", tmp_path / "nothing")
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("os.getloadavg", lambda: (1.2, 9.0, 9.0), raising=False)
    assert free_cores() == 3
    monkeypatch.delattr("os.getloadavg")
    assert free_cores() == 4


def test_several_are_made_at_once_and_taken_in_order():
    both, taken = threading.Barrier(2), []

    def make(item):
        both.wait(10)  # two are in work at the same time
        if item == 0:
            late.wait(0.2)  # the second is made first
        return item

    late = threading.Event()
    behind(range(6), make, taken.append, 2)
    assert taken == list(range(6))
    with pytest.raises(ZeroDivisionError):
        behind(range(6), lambda item: 1 // (item - 3), taken.append, 2)
    assert taken == [*range(6), -1, -1, -1]


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


def test_results_come_in_order_and_few_wait():
    taken = []

    def items():
        for item in range(20):
            taken.append(item)
            yield item

    for number, made in enumerate(in_order(lambda item: item * item, items(), workers=3, ahead=4)):
        assert made == number * number
        assert len(taken) <= number + 5  # the one just given out, and four that wait
    assert number == 19


def test_what_was_not_begun_is_dropped_when_the_caller_stops():
    begun = []

    def begin(item):
        begun.append(item)
        return item

    results = in_order(begin, range(100), workers=1, ahead=2)
    assert next(results) == 0
    results.close()
    assert len(begun) <= 4
