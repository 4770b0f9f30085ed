"""Pairs made in float32 against float64, and features of any size."""

import numpy as np
import pytest

from srcsel.measures import MEASURES
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.plan import plan_rechecks

PAIRWISE = [
    ("supcon", {}),
    ("supcon", {"preparation": "whitened"}),
    ("knn", {}),
    ("silhouette", {"metric": "euclidean"}),
]


def blobs(n=400, d=30, c=5, seed=0, offset=0.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + 0.7 * rng.standard_normal((c, d))[y] + offset, y


@pytest.mark.parametrize("offset", [0.0, 3.0, 1e4])
@pytest.mark.parametrize(("name", "options"), [*PAIRWISE, ("silhouette", {})])
def test_float32_products_keep_the_value(name, options, offset, request):
    X, y = blobs(offset=offset)
    exact = MEASURES[name](X, y, **options)
    request.getfixturevalue("single")
    assert Shared(X, y).cosine().single
    assert MEASURES[name](X, y, **options) == pytest.approx(exact, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("temperature", [0.04, 0.1])
@pytest.mark.parametrize(
    ("name", "options"), [*PAIRWISE, ("silhouette", {}), ("logme", {}), ("regularized_hscore", {})]
)
def test_rows_made_by_blocks_score_and_recheck_as_those_in_memory(
    name, options, temperature, single, request
):
    X, y = blobs(offset=3.0)
    y[7] = 5  # alone in its class
    if name == "supcon":
        options = {**options, "temperature": temperature}
    plan = plan_rechecks(y, 3)

    def found():
        shared = Shared(X.astype(np.float32), y)
        value = MEASURES[name](X.astype(np.float32), y, **options)
        again, null = MEASURES[name].rechecks, MEASURES[name].null
        given = {**options, "shared": shared} if name != "knn" else options
        whole = shared.take(plan.rows)
        return value, null(shared.X, y, value, **given), again(whole.X, y, plan.kept, **given)

    value, null, rechecks = found()
    request.getfixturevalue("by_blocks")
    assert not Shared(X, y).cosine().kept
    other = found()
    assert other[0] == pytest.approx(value, rel=2e-7)
    assert other[1] == pytest.approx(null, rel=2e-6, abs=1e-7)
    np.testing.assert_allclose(other[2], rechecks, atol=2e-6)


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize(
    ("name", "options"), [*PAIRWISE, ("silhouette", {}), ("silhouette", {"preparation": "centred"})]
)
def test_float32_features_score_as_their_float64_copies(name, options, few, request):
    X, y = blobs(offset=3.0)
    narrow = X.astype(np.float32)
    if not few:
        request.getfixturevalue("single")
    found = MEASURES[name](narrow, y, **options)
    assert narrow.dtype == np.float32
    assert found == pytest.approx(
        MEASURES[name](narrow.astype(np.float64), y, **options), rel=1e-12
    )


@pytest.mark.parametrize(("name", "options"), [*PAIRWISE, ("silhouette", {})])
def test_float32_products_keep_the_rechecks(name, options, request):
    X, y = blobs()
    kept = plan_rechecks(y, 6).kept
    exact = MEASURES[name].rechecks(X, y, kept, **options)
    request.getfixturevalue("single")
    np.testing.assert_allclose(MEASURES[name].rechecks(X, y, kept, **options), exact, atol=2e-6)


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("factor", [1e-180, 1.0, 1e180])
def test_lengths_that_overflow(factor):
    X, y = blobs()
    assert MEASURES["knn"](X * factor, y) == MEASURES["knn"](X, y)
    assert MEASURES["supcon"](X * factor, y) == pytest.approx(MEASURES["supcon"](X, y), rel=1e-9)
