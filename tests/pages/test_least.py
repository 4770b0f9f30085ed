"""Which class the Images page calls the smallest."""

import numpy as np
import pytest

from srcsel.ui.images.checking import _least


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([5, 9, 9], "Smallest class: a"),
        ([5, 5, 9], "Smallest 2 classes, each"),
        ([5, 5, 5], "Pictures in each class"),
        ([5], "Pictures in each class"),
    ],
)
def test_only_a_class_that_is_smaller_is_the_smallest(counts, said):
    assert _least(np.array(counts), "abc"[: len(counts)]) == said
