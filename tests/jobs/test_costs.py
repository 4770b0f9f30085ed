"""What a picture costs by its network's work, against a naive search and by hand."""

import itertools
import math

import numpy as np
import pytest

from srcsel.features.backends.choice import WORTH
from srcsel.jobs.costs import EACH, GAIN, RATE, TRUST, USUAL, Conversion, line, speed, usual


def wrong(same, rate, timed, cores):
    """Sum of squared relative errors."""
    slower = speed(timed, cores)
    none, one = slower * EACH / cores, slower * (EACH + 1 / RATE) / cores
    points = [(g, t, 1.0) for g, t in timed] + [(0, none, TRUST[0]), (1, one, TRUST[1])]
    return sum(w * ((same + rate * g - t) / t) ** 2 for g, t, w in points)


@pytest.mark.parametrize(
    "timed",
    [
        [],
        [(0.1, 0.004)],
        [(0.84, 0.025), (0.09, 0.004), (0.016, 0.003)],
        [(0.1, 0.02), (0.1, 0.03)],
        [(0.01, 0.05), (2.0, 0.001)],  # more work takes less time: no rate is negative
        [(1.0, 0.0001), (4.0, 1.0)],  # nor is what is the same for all
    ],
)
def test_no_other_line_is_nearer(timed):
    found = line(timed, 2)
    assert min(found) >= 0
    best = wrong(*found, timed, 2)
    steps = (0.0, 0.9, 0.99, 1.01, 1.1)
    for a, b in itertools.product(steps, steps):
        near = (found[0] * a, found[1] * b)
        assert best <= wrong(*near, timed, 2) * (1 + 1e-9)
    for same, rate in itertools.product(np.linspace(0, 0.06, 13), np.linspace(0, 0.3, 13)):
        assert best <= wrong(same, rate, timed, 2) * (1 + 1e-9)


def test_with_nothing_timed_it_is_what_is_usual():
    assert line([], 4) == pytest.approx((EACH / 4, 1 / (RATE * 4)))


def test_small_networks_tell_how_fast_the_computer_is_and_not_that_large_ones_are_as_slow():
    """Five small ones of which each took twice as long as usual: so will a large one, or nearly."""
    small = [(0.09, 2 * usual(0.09, 2))] * 5
    assert speed(small, 2) == pytest.approx(2 ** (5 / (5 + USUAL)))
    same, rate = line(small, 2)
    assert same + 4 * rate == pytest.approx(2 * usual(4, 2), rel=0.05)


@pytest.mark.parametrize("seconds", [0.002, 0.02])
def test_what_was_converted_is_told_by_how_long_it_took(seconds):
    """Of 1000 pictures one is converted from 8 ms each on, and takes a 1.8th then."""
    found = Conversion()
    took = found.seconds(seconds, 1000)
    assert took == pytest.approx(seconds if seconds * 1000 < WORTH else seconds / GAIN)
    assert found.plain(took, 1000, thought=0.005) == pytest.approx(seconds)


def test_where_both_may_be_the_nearer_one_is_it():
    """6 ms: as it is, or 10.8 ms converted."""
    for thought, expected in ((0.004, 0.006), (0.02, 0.006 * GAIN)):
        assert Conversion().plain(0.006, 1000, thought) == pytest.approx(expected)
    assert math.isclose(Conversion().plain(0.02, 1000, 0.001), 0.02 * GAIN)  # it was, surely
