"""SCL, the supervised contrastive loss of the features: whether each picture sits with its own
kind.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.blocks import blocks, edges
from srcsel.measures.kernels.class_sums import class_sums
from srcsel.measures.kernels.exp_sums import WARM, ExpSums
from srcsel.measures.kernels.near_loss import NearLoss, own_kind
from srcsel.measures.kernels.pairs import Pairs, cosine_pairs
from srcsel.measures.kernels.prepare import Preparation
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.kernels.subsets import STRIP, on_subsets

COLDEST = 0.003  # exp(-2 / temperature) must stay a float64
MANY = 350  # pictures of a subset from which comparing them with each other is what takes long
ALONE = 256  # pictures alone in their class that are compared with everyone at once


def _null(
    X: np.ndarray,
    y: np.ndarray,
    value: float,
    *,
    temperature: float = 0.1,
    preparation: Preparation = "raw",
    shared: Shared | None = None,
) -> float:
    """Exact expectation over all label permutations: mean_i [ lse_i - mean_(a != i) s_ia /
    temperature ].

    `value` already holds the log-sum-exp of every anchor, so only pictures alone in their class
    need theirs.
    """
    pairs = (shared or Shared(X, y)).cosine(preparation, exact=temperature < WARM)
    n, y = len(y), y[pairs.order]
    alone = np.flatnonzero(np.bincount(y)[y] == 1)
    everyone = np.ones((1, n), dtype=bool)
    total = (value + float(_positives(pairs, y, everyone)[0]) / temperature) * (n - len(alone))
    for some in edges(len(alone), ALONE):
        total += float(_logs_of(pairs, alone[some], temperature).sum())
    blind = float(_positives(pairs, np.zeros(n, dtype=np.int64), everyone)[0])
    return float(total / n - blind / temperature)


def _logs_of(pairs: Pairs, at: np.ndarray, temperature: float) -> np.ndarray:
    """Return log sum over j != i of exp(s_ij / temperature) of positions `at` (r,), (r,)."""
    sums = np.zeros(len(at))
    for some in blocks(len(pairs.W), len(at)):
        E = np.exp(pairs.halves(at, some).astype(np.float64) / -temperature)
        itself = np.flatnonzero((some.start <= at) & (at < some.stop))
        E[itself, at[itself] - some.start] = 0
        sums += E.sum(axis=1)
    return np.log(sums) + 1 / temperature


def _rechecks(
    X: np.ndarray,
    y: np.ndarray,
    kept: np.ndarray,
    *,
    temperature: float = 0.1,
    preparation: Preparation = "raw",
    shared: Shared | None = None,
) -> np.ndarray:
    """Score each subset of kept (b, n): raw features in one pass over all similarities; else
    prepared anew.

    Only deviations are used, so a subset's own pass starts from float32: to 1e-6 / temperature.
    """
    known = shared or Shared(X, y)
    if preparation == "raw":
        reader = _Loss(known, kept, temperature, preparation)
        read_all([reader])
        return reader.result()
    return on_subsets(
        known, kept, preparation, lambda Z, y, _: _on_rows(Z, y, temperature=temperature)
    )


def _on_rows(Z: np.ndarray, y: np.ndarray, *, temperature: float = 0.1) -> np.ndarray:
    """Score g sets of prepared rows Z (g, n, d) of unit length or zero, y (n,) ascending: (g,)."""
    own, anchors = own_kind(Z, y)
    R = (Z / math.sqrt(temperature)).astype(np.float32 if temperature >= WARM else np.float64)
    across = np.ascontiguousarray(R.transpose(0, 2, 1))  # products with it take a sixth less
    # exp(1 / temperature) is then far from overflow
    shift = 0 if temperature >= WARM else 1 / temperature
    sets, n = R.shape[:2]
    totals = np.zeros((sets, n))
    # one buffer, and sums by products: threads wait for each other in the allocator and in `sum`
    ones, room = np.ones(n, R.dtype), np.empty(sets * STRIP * n, R.dtype)
    for start in range(0, n, STRIP):  # the matrix is symmetric: half of it is enough for sums
        rows, columns = R[:, start : start + STRIP], across[:, :, start:]
        height, width = rows.shape[1], columns.shape[2]
        E = room[: sets * height * width].reshape(sets, height, width)
        np.matmul(rows, columns, out=E)
        if shift:
            E -= shift
        np.exp(E, out=E)
        E[:, np.arange(height), np.arange(height)] = 0
        totals[:, start : start + height] += E @ ones[:width]
        totals[:, start + height :] += ones[:height] @ E[:, :, height:]
    return (np.log(totals[:, anchors]) + shift).mean(axis=1) - own / temperature


def _nearly(shared: Shared, kept: np.ndarray, *, temperature: float = 0.1) -> NearLoss | None:
    """Make what `_on_rows` comes to without pairs, where they are many and single precision is
    safe.
    """
    if temperature < WARM or not len(kept) or kept[0].sum() < MANY:
        return None
    Z = shared.prepared("whitened")[shared.order]
    return NearLoss(Z, kept[:, shared.order], temperature)


class _Loss(ExpSums):
    """The loss from all pairs: of all pictures, or with kept (b, n) of each subset."""

    def __init__(
        self, shared: Shared, kept: np.ndarray | None, temperature: float, preparation: Preparation
    ) -> None:
        if not COLDEST <= temperature < math.inf:
            raise InputError(
                f"temperature must be at least {COLDEST}, got {temperature}. Usual values: 0.07,"
                " 0.1, 0.5."
            )
        super().__init__(shared.cosine(preparation, exact=temperature < WARM), temperature, kept)
        self._y, self._kept = shared.y, kept

    def result(self) -> Any:
        """Mean over anchors: a float, or (b,)."""
        pairs, y, kept = self.pairs, self._y, self._kept
        chosen = np.ones((1, len(y)), dtype=bool) if kept is None else kept
        sizes = _sizes(y, chosen)
        anchors = (chosen & (sizes[:, y] > 1)).T  # (n, b)
        logs = self.logs() if kept is None else self.logs()[:, 1:]
        means = np.where(anchors, logs, 0).sum(axis=0) / anchors.sum(axis=0)
        losses = (
            means - _positives(pairs, y[pairs.order], chosen[:, pairs.order]) / self.temperature
        )
        return float(losses[0]) if kept is None else losses


def _reader(
    shared: Shared,
    kept: np.ndarray | None,
    *,
    temperature: float = 0.1,
    preparation: Preparation = "raw",
) -> _Loss | None:
    return (
        None
        if kept is not None and preparation != "raw"
        else _Loss(shared, kept, temperature, preparation)
    )


@measure(
    title="Neighbour agreement (SCL)",
    higher_is_better=False,
    bounds=(0.0, math.inf),
    version=2,
    paper="https://arxiv.org/abs/2004.11362",
    wide_bias=True,
    cheap=True,
    single=True,
    blind=lambda n: math.log(n - 1),
    null=_null,
    rechecks=_rechecks,
    on_rows=_on_rows,
    nearly=_nearly,
    reader=_reader,
)
def supcon(
    X: np.ndarray, y: np.ndarray, *, temperature: float = 0.1, preparation: Preparation = "raw"
) -> float:
    """Supervised contrastive loss: how surprised one is by each picture's partners among all other
    pictures.

    With unit features u and s_ij = u_i . u_j, each picture with a partner of its class is an anchor
    i and adds -mean over partners p of [ s_ip / temperature - log sum_(a != i) exp(s_ia /
    temperature) ]. The score is the mean over anchors, with all pictures as one batch. From 0 up,
    LOWER is better; log(n - 1) is what features that see no difference between pictures score. It
    grows with the number of pictures and falls with the temperature, so compare only within one set
    of pictures and one temperature.

    temperature: 0.1 by default, at least 0.003. preparation: "raw" is the paper's literal reading;
    "centred" and "whitened" remove what all pictures share first (see `kernels.prepare.prepare`).

    Edges: a picture alone in its class is no anchor but stays among the others. A zero row has
    similarity 0 to every other. Constant features score exactly log(n - 1).

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: exact, the expectation over all label permutations; at least log(n - 1).

    Loss: Khosla et al. 2020, https://arxiv.org/abs/2004.11362 (L_out). As a selector of source
    models: Cho, Kim & Lee 2021, https://doi.org/10.1109/BigComp51126.2021.00070.
    """
    reader = _Loss(Shared(X, y), None, temperature, preparation)
    read_all([reader])
    return reader.result()


def anchor_losses(Z: np.ndarray, y: np.ndarray, temperature: float) -> np.ndarray:
    """Each picture's own part of the loss on unit rows Z (n, d), (n,); NaN where it has no
    partner.
    """
    others = (np.bincount(y)[y] - 1).astype(np.float64)
    together = np.einsum("ij,ij->i", Z, class_sums(Z, y, y.max() + 1)[y] - Z)
    means = np.divide(together, others, out=np.full(len(y), np.nan), where=others > 0)
    return _log_sum_exp(Z, temperature) - means / temperature


def _log_sum_exp(Z: np.ndarray, temperature: float) -> np.ndarray:
    """Return log sum over j != i of exp(z_i.z_j / temperature) for unit or zero rows Z (n, d):
    (n,).
    """
    reader = ExpSums(cosine_pairs(Z, np.arange(len(Z)), exact=temperature < WARM), temperature)
    read_all([reader])
    return reader.logs()[:, 0]


def _sizes(y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Pictures of each class in each subset, (b, c)."""
    return class_sums(np.ascontiguousarray(kept.T, dtype=np.float64), y, y.max() + 1).T


def _positives(pairs: Pairs, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Mean over anchors of mean_p s_ip, for each subset of kept (b, n): (b,). y, kept in the order
    of the pairs.

    Half squared distances h = 1 - s within a class of m add up to m sum q - |sum w|^2.
    """
    total, anchors = np.zeros(len(kept)), np.zeros(len(kept))
    bounds = np.flatnonzero(np.diff(y, prepend=-1, append=-1))
    for start, stop in itertools.pairwise(bounds):
        members = kept[:, start:stop].astype(pairs.W.dtype)  # (b, m)
        sums = np.zeros((len(kept), pairs.W.shape[1]))  # (b, d)
        for some, W in pairs.each(slice(start, stop)):
            sums += members[:, some.start - start : some.stop - start] @ W
        m = members.sum(axis=1, dtype=np.float64)
        apart = (
            m * (members @ pairs.q[start:stop])
            - (sums**2).sum(axis=1)
            - members @ pairs.empty[start:stop]
        )
        total += np.divide(m * (m - 1) - apart, m - 1, out=np.zeros(len(kept)), where=m > 1)
        anchors += np.where(m > 1, m, 0)
    return total / anchors
