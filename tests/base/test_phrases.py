"""Numbers as sentences say them."""

import pytest

from srcsel.base.phrases import millions


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
