"""TransRate: how many more nats it takes to write down all features than those of one class."""

from __future__ import annotations

import math

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.prepare import centered

# label permutations behind the null: each costs as much as the score, and they differ by little
DRAWS = 5
# largest eigenvalue, as a bound, up to which the Cholesky factor gives the determinant to 1e-6
STEEP = 1e10
EPS = float(np.finfo(np.float64).eps)


def _null(X: np.ndarray, y: np.ndarray, value: float, *, eps: float = 1e-4) -> float:
    """Mean over fixed label permutations; the rate of all pictures together is the same in each."""
    W, log_scale = _scaled(X)
    shuffled = [_inside(W, own, log_scale, eps) for own in permutations(y, DRAWS)]
    return value + _inside(W, y, log_scale, eps) - float(np.mean(shuffled))


@measure(
    title="TransRate",
    higher_is_better=True,
    bounds=(-math.inf, math.inf),
    paper="https://arxiv.org/abs/2106.09362",
    wide_bias=True,
    null=_null,
)
def transrate(X: np.ndarray, y: np.ndarray, *, eps: float = 1e-4) -> float:
    """How much more room all features take together than those of a single class do.

    R(Z) - mean over classes of R(Z_c), with R(Z) = 1/2 log det(I + Z'Z / (n eps)) the rate, in
    nats, at which n features can be written down up to a squared error of eps. Z has the overall
    mean removed, also in Z_c. Unbounded above, higher is better; never below 0 where all classes
    have the same size.

    It grows strongly with the feature width and the scale of the features, on pure noise too:
    compare the value with its null. eps: 1e-4 by default. Published code differs here: some scale
    features first or tune eps for each target, some weight the classes by their size.

    Edges: constant features score 0. A picture alone in its class counts as a class of one.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 5 label permutations, the same for every model. No re-checks: 200 determinants
    of this size would take too long, and few directions do not stand for all.

    Huang et al. 2022, https://arxiv.org/abs/2106.09362, equation 5.
    """
    if not 0 < eps < math.inf:
        raise InputError(
            f"eps must be above 0, got {eps}. It is the squared error allowed; usual: 0.0001."
        )
    W, log_scale = _scaled(X)
    return _rate(W, log_scale, eps) - _inside(W, y, log_scale, eps)


def _scaled(X: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre X (n, d) and return it over a scale, with the log of the square of that scale."""
    return centered(X), 2 * math.log(float(np.abs(X).max()) or 1.0)


def _inside(W: np.ndarray, y: np.ndarray, log_scale: float, eps: float) -> float:
    """Mean rate of the classes."""
    return float(np.mean([_rate(W[y == c], log_scale, eps) for c in range(y.max() + 1)]))


def _rate(W: np.ndarray, log_scale: float, eps: float) -> float:
    """Return 1/2 log det(I + Z'Z / (n eps)) for Z = W (n, d) times the scale; by ZZ' where that is
    smaller.
    """
    n, d = W.shape
    gram = W @ W.T if d > n else W.T @ W
    log_factor = log_scale - math.log(n) - math.log(eps)
    trace = float(np.trace(gram))
    if trace == 0 or log_factor + math.log(trace) < math.log(STEEP):
        root = np.linalg.cholesky(np.eye(len(gram)) + math.exp(min(log_factor, 700.0)) * gram)
        return float(np.log(np.diag(root)).sum())
    squares = np.linalg.eigvalsh(gram)
    # the rest is rounding, which the factor would blow up
    squares = squares[squares > EPS * len(gram) * squares[-1]]
    return float(np.logaddexp(0, log_factor + np.log(squares)).sum()) / 2
