"""PACTran against a fit in plain coordinates from a random start, a case worked by hand, and its
null.
"""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

pactran = MEASURES["pactran"]


def naive(X, y, lam=10.0, seed=0):
    """The authors' steps: centre, fit from a random start, Hessian cell by cell."""
    X = X - X.mean(axis=0)
    (n, d), k = X.shape, y.max() + 1

    def loss(flat):
        w, b = flat[:-k].reshape(d, k), flat[-k:]
        logs = log_softmax(X @ w + b, axis=1)
        E = (np.exp(logs) - np.eye(k)[y]) / n
        slope = np.concatenate([(X.T @ E + w / (lam * n)).ravel(), E.sum(axis=0)])
        return -logs[np.arange(n), y].mean() + (w**2).sum() / (2 * lam * n), slope

    start = np.append(0.03 * np.random.default_rng(seed).standard_normal(d * k), np.zeros(k))
    options = {"maxiter": 20000, "maxfun": 40000, "gtol": 1e-9, "ftol": 1e-16}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    P = np.exp(log_softmax(X @ found.x[:-k].reshape(d, k) + found.x[-k:], axis=1))
    hessian = 0.0
    for c in range(k):
        for j in range(d):
            hessian += sum(X[i, j] ** 2 * P[i, c] * (1 - P[i, c]) for i in range(n)) + 1 / (lam * n)
        hessian += sum(P[i, c] * (1 - P[i, c]) for i in range(n))
    s = 100 * lam
    return found.fun + k * d / (2 * lam * n) * (s / d) * math.log(hessian * lam * n / (k * d))


def blobs(n=60, d=5, c=3, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return 3 + rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("lam", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("unit", [0.1, 1.0])
def test_equals_a_fit_in_plain_coordinates(lam, unit):
    X, y = blobs()
    assert pactran(unit * X, y, lam=lam) == pytest.approx(naive(unit * X, y, lam), rel=1e-5)


def test_more_dimensions_than_pictures():
    X, y = blobs(n=25, d=60)
    assert pactran(X, y, lam=0.1) == pytest.approx(naive(X, y, 0.1), rel=1e-4)


def test_the_loss_is_that_of_scikit_learn():
    from srcsel.measures.pactran import _Fit

    X, y = blobs(signal=0.5)
    lam = 0.05
    model = LogisticRegression(C=lam, tol=1e-10, max_iter=5000).fit(X - X.mean(axis=0), y)
    logs = model.predict_log_proba(X - X.mean(axis=0))
    expected = -logs[np.arange(60), y].mean() + (model.coef_**2).sum() / (2 * lam * 60)
    # the score is the loss and a term of the Hessian; at this lam the latter is known from the
    # model's own P
    P = np.exp(logs)
    uneven = (P * (1 - P)).sum(axis=1)
    hessian = uneven @ ((X - X.mean(axis=0)) ** 2).sum(axis=1) + uneven.sum() + 15 / (lam * 60)
    expected += 100 * 3 / 120 * math.log(hessian * lam * 60 / 15)
    assert _Fit(X, lam, 3).bound(y) == pytest.approx(expected, rel=1e-6)


def test_constant_features_by_hand():
    """Nothing to fit: loss log 3, and per picture and class a Hessian of 2 / 9 for the intercept
    alone.
    """
    n, d, k, lam = 9, 4, 3, 10.0
    hessian = n * k * (2 / 9) + d * k / (lam * n)
    expected = math.log(3) + 100 * k / (2 * n) * math.log(hessian * lam * n / (k * d))
    assert pactran(np.full((9, 4), 0.1), np.arange(9) % 3) == pytest.approx(expected, rel=1e-9)


def test_the_callers_features_stay_as_they_are():
    X, y = blobs()
    before = X.copy()
    pactran(X, y)
    pactran.null(X, y, 0.0)
    np.testing.assert_array_equal(X, before)


def test_shift_and_rotation_change_nothing():
    X, y = blobs()
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]
    assert pactran(X @ Q + 7, y) == pytest.approx(pactran(X, y), rel=1e-6)


def test_null_is_the_mean_over_the_fixed_permutations():
    X, y = blobs()
    expected = np.mean([naive(X, own) for own in permutations(y, 2)])
    assert pactran.null(X, y, 0.0) == pytest.approx(expected, rel=1e-4)


def test_many_pictures_are_sampled_by_class(monkeypatch):
    X, y = blobs(n=900)
    monkeypatch.setattr("srcsel.measures.pactran.MOST", 300)
    value = pactran(X, y)
    assert value == pytest.approx(pactran(*blobs(n=300)), rel=0.3)
    assert pactran.null(X, y, value) > value


def test_direction():
    values = [pactran(*blobs(200, signal=s)) for s in (3, 1, 0)]
    assert values == sorted(values)
    assert values[0] < values[2]
    assert not pactran.higher_is_better


@pytest.mark.parametrize("lam", [0.0, -1.0, math.inf])
def test_a_lam_that_is_no_prior_is_refused(lam):
    with pytest.raises(InputError, match="above 0"):
        pactran(*blobs(), lam=lam)
