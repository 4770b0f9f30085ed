"""Few pictures keep linear algebra on one thread, and the setting ends with the block."""

import numpy as np
import pytest
import threadpoolctl

from srcsel.threads import SMALL, suited_threads


def threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.parametrize(("pictures", "expected"), [(SMALL, 1), (SMALL + 1, 2)])
def test_one_thread_where_there_are_few_pictures(pictures, expected):
    with threadpoolctl.threadpool_limits(2):
        with suited_threads(pictures):
            assert set(threads()) == {expected}
        assert set(threads()) == {2}
