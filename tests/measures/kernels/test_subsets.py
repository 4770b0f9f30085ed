import numpy as np
import pytest

from srcsel.measures import MEASURES
from srcsel.measures.kernels import subsets
from srcsel.measures.kernels.prepare import prepare
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.kernels.subsets import on_subsets

SIZES = np.array([7, 25, 1, 31])


def pictures(d, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(SIZES)), SIZES))
    return rng.standard_normal((len(y), d)) + 0.4 * rng.standard_normal((len(SIZES), d))[y], y


def keep(y, uneven, count=11, seed=1):
    """Subsets that keep three of four of every class; uneven: of some one more."""
    rng = np.random.default_rng(seed)
    kept = np.zeros((count, len(y)), dtype=bool)
    for i in range(count):
        for c, size in enumerate(SIZES):
            many = max(1, size * 3 // 4) + (uneven and i % 3 == 1 and size > 2)
            kept[i, rng.choice(np.flatnonzero(y == c), many, replace=False)] = True
    return kept


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(
    ("d", "preparation"), [(6, "whitened"), (80, "whitened"), (6, "centred"), (63, "whitened")]
)
def test_every_subset_is_prepared_as_if_it_were_all(d, preparation, uneven, monkeypatch):
    X, y = pictures(d)
    kept = keep(y, uneven)
    monkeypatch.setattr(subsets, "TOGETHER", 96 * 50 * 3)  # three at once

    def similarities(Z, labels, which):
        assert which.stop - which.start == len(Z)
        # the rows come by class, in the order of the pictures within each
        named = np.pad(labels, (0, len(y) - len(labels)), constant_values=-1)
        return np.stack([np.concatenate([(one @ one.T).ravel()[:500], named]) for one in Z])

    found = on_subsets(Shared(X, y), kept, preparation, similarities)
    for some, row in zip(kept, found, strict=True):
        rows = np.flatnonzero(some)
        rows = rows[np.argsort(y[rows], kind="stable")]
        Z = prepare(X[rows], preparation)
        np.testing.assert_allclose(row[:500], (Z @ Z.T).ravel()[:500], atol=2e-5)
        np.testing.assert_array_equal(row[500 : 500 + len(rows)], y[rows])
        assert (row[500 + len(rows) :] == -1).all()


@pytest.mark.parametrize("name", ["silhouette", "supcon"])
@pytest.mark.parametrize("spoilt", [False, True])
def test_scores_of_subsets_are_those_of_their_pictures_alone(name, spoilt):
    X, y = pictures(6)
    if spoilt:  # some subsets lack a direction: theirs are prepared one at a time
        X[:, 5] = 0
        X[:3, 5] = [1, 2, 3]
    kept = keep(y, uneven=False, count=30)
    known = MEASURES[name].rechecks(X, y, kept, preparation="whitened")
    alone = [MEASURES[name](X[some], y[some], preparation="whitened") for some in kept]
    np.testing.assert_allclose(known, alone, rtol=1e-4, atol=1e-6)
