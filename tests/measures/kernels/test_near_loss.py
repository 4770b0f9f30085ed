import numpy as np
import pytest

from srcsel.measures.kernels.near_loss import NearLoss
from srcsel.measures.supcon import supcon


@pytest.mark.parametrize("temperature", [0.5, 0.1])
def test_subsets_of_rows_as_they_are_score_as_their_pairs_do(temperature):
    """Nothing is left out where no row is prepared anew: a picture alone, and one without direction
    among them.
    """
    rng = np.random.default_rng(3)
    y = np.sort(np.append(rng.integers(0, 4, 90), 4))
    Z = rng.standard_normal((91, 6)) + rng.standard_normal((5, 6))[y]
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    Z[7] = 0
    kept = np.zeros((5, 91), dtype=bool)
    for one in kept:  # as many of every class each time
        for c in range(5):
            members = np.flatnonzero(y == c)
            one[rng.choice(members, max(1, len(members) * 4 // 5), replace=False)] = True
    near = NearLoss(Z, kept, temperature)
    labels = y[kept[0]]
    rows = np.stack([Z[one] for one in kept]).astype(np.float32)
    found = np.concatenate(
        [near(rows[:2], labels, slice(0, 2)), near(rows[2:], labels, slice(2, 5))]
    )
    alone = [supcon(Z[one], labels, temperature=temperature) for one in kept]
    np.testing.assert_allclose(found, alone, rtol=2e-6)
