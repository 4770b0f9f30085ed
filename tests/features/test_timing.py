"""The time of a network: a robust minimum over batches, taken again where the computer was busy."""

import pytest

from srcsel.features.timing import seconds_per_picture, timed, was_busy


def batches(*seconds, size=10):
    return [(s, size) for s in seconds]


def test_the_first_batch_warms_up_and_slow_ones_do_not_count():
    quiet = batches(9.0, *[0.02] * 20)
    busy = batches(9.0, *[0.02] * 10, *[0.2] * 10)
    assert seconds_per_picture(quiet) == pytest.approx((0.002, 0.002))
    fast, median = seconds_per_picture(busy)
    assert fast == pytest.approx(0.002)
    assert median > 0.005


def test_bursts_of_batches_that_come_together_are_one():
    """Two threads hand out two batches at a time: nothing, then twice the time."""
    bursts = batches(1.0, *[0.0, 0.04] * 10)
    assert seconds_per_picture(bursts) == pytest.approx((0.002, 0.002))


@pytest.mark.parametrize(
    ("taken", "busy"),
    [
        (batches(0.1, *[0.02] * 20), False),
        (batches(0.1, *[0.02] * 10, *[0.2] * 10), True),
        (batches(0.1, 0.02, 0.09), False),  # too few to tell
        (batches(*[3.0] * 10, *[9.0] * 10), False),  # slow: not worth the wait
        (batches(*[1e-5] * 10, *[9e-5] * 10), False),  # quick: not worth a thought
        ([], False),
    ],
)
def test_a_busy_computer_is_noticed(taken, busy):
    assert was_busy(taken) is busy


def test_one_batch_is_better_than_none():
    assert seconds_per_picture(batches(0.5)) == pytest.approx((0.05, 0.05))
    assert seconds_per_picture([]) is None


def test_what_is_timed_again_leaves_its_first_batch_out():
    found = timed(iter([[1, 2], [3, 4], [5]]), len)
    assert [count for _, count in found] == [2, 1]
    assert all(seconds >= 0 for seconds, _ in found)
