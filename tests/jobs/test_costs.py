"""What a picture costs by its network's work, against a naive search and by hand."""

import itertools

import numpy as np
import pytest

from srcsel.jobs.costs import EACH, RATE, TRUST, line


def wrong(same, rate, timed, cores):
    """Sum of squared relative errors."""
    usual = EACH + 1 / (RATE * cores)
    points = [(g, t, 1.0) for g, t in timed] + [(0, EACH, TRUST[0]), (1, usual, TRUST[1])]
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
    assert line([], 4) == pytest.approx((EACH, 1 / (RATE * 4)))
