"""Numbers as sentences say them."""

import pytest

from srcsel.base.phrases import about, millions


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (574_620, "0.575 million"),
        (1_250_000, "1.25 million"),
        (28_600_000, "28.6 million"),
        (99_960_000, "100 million"),
        (1_843_000_000, "1,843 million"),
    ],
)
def test_weights_are_said_the_same_everywhere(weights, said):
    assert millions(weights) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "a few seconds"), (20, "about 20 s"), (240, "about 4 min")]
)
def test_an_estimate_is_said_once(seconds, said):
    assert about(seconds) == said
