"""Scores as a person would get them otherwise: scikit-learn, the usual n x n loss and the published
codes; and the same in float64 throughout.
"""

import numpy as np

from srcsel.scoring.probe import STRENGTH

TEMPERATURE = 0.1


def usual_supcon(X: np.ndarray, y: np.ndarray) -> float:
    """The loss as it is usually written: the whole n x n matrix, in torch."""
    import torch

    z = torch.nn.functional.normalize(torch.from_numpy(X), dim=1)
    labels = torch.from_numpy(y)
    logits = z @ z.T / TEMPERATURE
    logits = logits - logits.max(dim=1, keepdim=True).values
    others = 1 - torch.eye(len(y))
    partners = (labels[:, None] == labels[None, :]).float() * others
    log_prob = logits - torch.log((torch.exp(logits) * others).sum(1, keepdim=True))
    return float(-((partners * log_prob).sum(1) / partners.sum(1)).mean())


def usual_knn(X: np.ndarray, y: np.ndarray, k: int = 5) -> float:
    from sklearn.neighbors import NearestNeighbors

    near = (
        NearestNeighbors(n_neighbors=k + 1, metric="cosine", algorithm="brute")
        .fit(X)
        .kneighbors(X)[1][:, 1:]
    )
    votes = np.apply_along_axis(
        lambda v: np.bincount(v, minlength=y.max() + 1).argmax(), 1, y[near]
    )
    return float((votes == y).mean())


def usual_silhouette(X: np.ndarray, y: np.ndarray, metric: str = "cosine") -> float:
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(X, y, metric=metric))


def usual_probe(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import PredefinedSplit, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rule = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
    return float(cross_val_score(rule, X, y, cv=PredefinedSplit(fold)).mean())


def published_logme(X: np.ndarray, y: np.ndarray) -> float:
    """The published fixed point: singular vectors of X'X where pictures outnumber dimensions, then
    class by class.
    """
    X = X.astype(np.float64)
    n, d = X.shape
    vectors, squares, _ = np.linalg.svd(X.T @ X)
    sigma = np.sqrt(np.maximum(squares, 0))
    U = X @ (vectors / np.maximum(sigma, 1e-12))
    scores = []
    for c in range(y.max() + 1):
        t = (y == c).astype(np.float64)
        z = (U.T @ t) ** 2
        left, a, b = (t @ t) - z.sum(), 1.0, 1.0
        for _ in range(11):
            ratio = a / b
            g = (squares / (squares + ratio)).sum()
            m2 = (squares * z / (squares + ratio) ** 2).sum()
            residual = (z / (1 + squares / ratio) ** 2).sum() + left
            a, b = g / (m2 + 1e-5), (n - g) / (residual + 1e-5)
            if abs(a / b - ratio) / ratio <= 1e-3:
                break
        evidence = d / 2 * np.log(a) + n / 2 * np.log(b) - np.log(a + b * squares).sum() / 2
        scores.append((evidence - b / 2 * residual - a / 2 * m2 - n / 2 * np.log(2 * np.pi)) / n)
    return float(np.mean(scores))


def published_hscore(X: np.ndarray, y: np.ndarray) -> float:
    """Ledoit-Wolf covariance, its pseudo-inverse, covariance of the class means."""
    from sklearn.covariance import LedoitWolf

    W = X.astype(np.float64)
    W = W - W.mean(axis=0)
    shrunk = LedoitWolf(assume_centered=True).fit(W)
    means = np.stack([W[y == c].mean(axis=0) for c in range(y.max() + 1)])[y]
    between = np.cov(means, rowvar=False)
    return float(
        (1 - shrunk.shrinkage_)
        * np.trace(np.linalg.pinv(shrunk.covariance_, rcond=1e-15) @ between)
    )


def float64_values(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The same in float64 throughout, block by block."""
    Z = X.astype(np.float64)
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    n, classes = len(y), int(y.max()) + 1
    counts = np.bincount(y)
    loss = right = separation = 0.0
    members = np.eye(classes)[y]
    for start in range(0, n, 500):
        rows = np.arange(start, min(start + 500, n))
        S = Z[rows] @ Z.T
        own = np.arange(len(rows)), rows
        S[own] = -np.inf
        near = np.argpartition(-S, 5, axis=1)[:, :5]
        votes = np.stack([(y[near] == c).sum(axis=1) for c in range(classes)], axis=1).argmax(
            axis=1
        )
        right += (votes == y[rows]).sum()
        lse = np.log(np.exp((S - 1) / TEMPERATURE).sum(axis=1)) + 1 / TEMPERATURE
        S[own] = 0
        sums = S @ members
        size = counts[y[rows]] - 1
        loss += (lse - sums[np.arange(len(rows)), y[rows]] / size / TEMPERATURE).sum()
        S[own] = 1
        D = (1 - S) @ members
        a = D[np.arange(len(rows)), y[rows]] / size
        D /= counts
        D[np.arange(len(rows)), y[rows]] = np.inf
        b = D.min(axis=1)
        separation += ((b - a) / np.maximum(a, b)).sum()
    return {"silhouette": separation / n, "supcon": loss / n, "knn": right / n}
