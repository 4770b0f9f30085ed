"""Features -> a map for the eye: PCA, UMAP or t-SNE in two dimensions. Never used for a score.

Rows are brought to unit length first, because the scores compare directions. UMAP (McInnes et al.
2018, arXiv 1802.03426) and t-SNE (van der Maaten & Hinton 2008) run on the first 50 principal
components and start from the first two, or from another model's map, so that maps of different
models can be compared.
"""

from __future__ import annotations

import warnings
from typing import Literal, get_args

import numpy as np

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import DOTS
from srcsel.base.threads import suited_threads
from srcsel.explore.umap_graph import fuzzy_graph, neighbors
from srcsel.measures.kernels.principal import principal

Method = Literal["umap", "pca", "tsne"]
METHODS: tuple[str, ...] = get_args(Method)

FLOOR = 30  # of each class at least, where it has so many and they fit under the cap
COMPONENTS = 50
NEIGHBORS = 15  # UMAP's defaults
MIN_DIST = 0.1
# (points up to, passes of UMAP's layout): many need fewer
EPOCHS = ((2000, 500), (20_000, 200), (None, 100))
PERPLEXITY = 30.0  # t-SNE's default
# t-SNE's, up to and above MANY points: it starts from a good place
STEPS_FEW, STEPS_MANY, MANY = 1000, 500, 2000
FEW = 6  # below so many points there are no neighbourhoods to draw: every method is PCA


def sample_rows(labels: np.ndarray, cap: int = DOTS, seed: int = 0) -> np.ndarray:
    """Choose which pictures to draw: all up to `cap`, else the same share of each class, at least
    30 of each.

    labels: (n,) int64. Returns sorted row numbers (m,) int64, m = min(n, cap); equal for every
    model of a run. Where the classes are so many that 30 of each do not fit, each keeps cap /
    classes.
    """
    labels = np.asarray(labels)
    if len(labels) <= cap:
        return np.arange(len(labels), dtype=np.int64)
    classes, counts = np.unique(labels, return_counts=True)
    floor = np.minimum(counts, min(FLOOR, cap // len(classes)))  # (c,)
    # (c,) of what the floors leave
    share = (cap - floor.sum()) * (counts - floor) / (counts - floor).sum()
    quota = floor + share.astype(np.int64)
    # largest remainders
    largest = np.argsort(-(share - np.floor(share)), kind="stable")[: cap - quota.sum()]
    quota[largest] += 1
    chance = np.random.default_rng(seed)
    chosen = [
        chance.choice(np.flatnonzero(labels == c), q, replace=False)
        for c, q in zip(classes, quota, strict=True)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def project(
    values: np.ndarray,
    method: str,
    *,
    rows: np.ndarray | None = None,
    seed: int = 0,
    init: np.ndarray | None = None,
    align_to: np.ndarray | None = None,
) -> np.ndarray:
    """Draw features (n, d) as points (m, 2) float32 in -1..1; the same input gives the same map.

    method: "umap", "tsne" or "pca". rows: (m,) which pictures; None = all. init: (m, 2) another map
    to start from (UMAP and t-SNE). align_to: (m, 2) another map this one is turned and mirrored
    onto, as closely as possible. Raises UnknownNameError for another method, InputError for maps of
    other rows.
    """
    if method not in METHODS:
        raise UnknownNameError("kind of map", method, METHODS)
    # half the time and memory
    exact = np.float64 if len(values if rows is None else rows) <= DOTS else np.float32
    chosen = np.asarray(values if rows is None else values[rows], dtype=exact)  # (m, d)
    with suited_threads(len(chosen)):
        return _drawn(chosen, method, seed, init, align_to)


def _drawn(
    chosen: np.ndarray, method: str, seed: int, init: np.ndarray | None, align_to: np.ndarray | None
) -> np.ndarray:
    for other in (init, align_to):
        if other is not None and other.shape != (len(chosen), 2):
            raise InputError(
                f"Expected a map of ({len(chosen)}, 2) points to start from, got {other.shape}."
            )
    reduced = components(unit(chosen), COMPONENTS)  # (m, <= 50)
    start = reduced[:, :2] if init is None else np.asarray(init, dtype=np.float64)
    if method == "pca" or len(chosen) < FEW:
        xy = reduced[:, :2]
    else:
        xy = (_umap if method == "umap" else _tsne)(reduced, _spread(start, seed), seed)
    return _fit(xy if align_to is None else _turned(xy, align_to))


def unit(values: np.ndarray) -> np.ndarray:
    """Scale rows (n, d) to length 1; rows of zeros stay zeros."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 0, length, 1.0)


def components(values: np.ndarray, k: int) -> np.ndarray:
    """Principal components (n, max(2, min(k, n, d))) of rows (n, d), the largest of each positive;
    zeros where there are fewer.
    """
    parts, scale = principal(values, k)  # (n, <= k)
    largest = parts[np.abs(parts).argmax(axis=0), np.arange(parts.shape[1])]
    parts = parts * np.where(largest < 0, -scale, scale).astype(parts.dtype)
    return parts if parts.shape[1] >= 2 else np.pad(parts, ((0, 0), (0, 2 - parts.shape[1])))


def _umap(reduced: np.ndarray, start: np.ndarray, seed: int) -> np.ndarray:
    """Lay out the exact neighbourhood graph with umap-learn's own optimiser and defaults."""
    with warnings.catch_warnings():
        # that TensorFlow, which we do not use, is missing
        warnings.simplefilter("ignore", ImportWarning)
        from umap.umap_ import find_ab_params, simplicial_set_embedding
    a, b = find_ab_params(1.0, MIN_DIST)
    graph = fuzzy_graph(*neighbors(reduced, min(NEIGHBORS, len(reduced) - 1)))
    xy, _ = simplicial_set_embedding(
        reduced,
        graph,
        n_components=2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=next(passes for most, passes in EPOCHS if most is None or len(reduced) <= most),
        init=start,
        random_state=np.random.RandomState(seed),
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
    )
    return np.asarray(xy)


def _tsne(reduced: np.ndarray, start: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(reduced) - 1) / 3)
    # scikit-learn's own scale for a PCA start
    small = start / max(float(start[:, 0].std()), 1e-12) * 1e-4
    model = TSNE(
        2,
        perplexity=perplexity,
        init=small.astype(np.float32),  # pyright: ignore[reportArgumentType]
        max_iter=STEPS_FEW if len(reduced) <= MANY else STEPS_MANY,
        random_state=seed,
        n_jobs=1,
    )
    return model.fit_transform(reduced.astype(np.float32))


def _spread(start: np.ndarray, seed: int) -> np.ndarray:
    """Move points that start in one place apart a little: methods that follow gradients could not
    part them.
    """
    scale = float(np.abs(start).max()) or 1.0
    return start / scale + np.random.default_rng(seed).normal(scale=1e-4, size=start.shape)


def _turned(xy: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Orthogonal Procrustes: rotate and mirror (m, 2) onto `target` (Schönemann 1966)."""
    centered = xy - xy.mean(axis=0)
    left, _, right = np.linalg.svd(centered.T @ (target - target.mean(axis=0)))
    return centered @ (left @ right)


def _fit(xy: np.ndarray) -> np.ndarray:
    """Centre and scale into -1..1, both axes alike, so that distances keep their proportions."""
    middle = (xy.min(axis=0) + xy.max(axis=0)) / 2
    reach = float(np.abs(xy - middle).max())
    return ((xy - middle) / (reach or 1.0)).astype(np.float32)
