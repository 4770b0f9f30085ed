"""What a measure's function, null and re-checks need is made once, and shared values equal those
made alone.
"""

import numpy as np
import pytest

from srcsel.measures import MEASURES
from srcsel.measures.kernels.shared import Shared, once


def blobs(n=120, d=8, c=3):
    rng = np.random.default_rng(0)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + rng.standard_normal((c, d))[y], y


def test_made_once_where_something_is_shared_and_anew_where_nothing_is():
    shared, made = Shared(*blobs()), []
    for _ in range(2):
        once(shared, "a", lambda: made.append("a"))
        once(shared, "b", lambda: made.append("b"))
        once(None, "a", lambda: made.append("alone"))
    assert made == ["a", "b", "alone", "alone"]


@pytest.mark.parametrize("name", ["gbc", "nleep", "pactran"])
def test_shared_values_equal_those_made_alone(name):
    X, y = blobs()
    known, shared = MEASURES[name], Shared(X, y)
    value = known(X, y, shared=shared)
    assert value == known(X, y)
    assert known.null(X, y, value, shared=shared) == known.null(X, y, value)
    if known.rechecks:
        kept = np.random.default_rng(5).random((4, len(y))) < 0.8
        np.testing.assert_array_equal(
            known.rechecks(X, y, kept, shared=shared), known.rechecks(X, y, kept)
        )


def test_another_choice_is_not_served_from_the_first():
    X, y = blobs()
    shared = Shared(X, y)
    for name, keywords in (("gbc", {"pca": 2}), ("nleep", {"seed": 9}), ("pactran", {"lam": 0.1})):
        MEASURES[name](X, y, shared=shared)
        assert MEASURES[name](X, y, shared=shared, **keywords) == MEASURES[name](X, y, **keywords)
