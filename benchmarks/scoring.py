"""Scores: one pass over all pairs against scikit-learn, the usual n x n loss and the published codes."""

import argparse

import numpy as np

from benchmarks._common import medians, peak_megabytes, product_speed, report_peak, row, tell
from srcsel.measures import MEASURES
from srcsel.measures._pairwise import read_all
from srcsel.measures._shared import Shared
from srcsel.score import plan_rechecks, score_model

TEMPERATURE = 0.1
LARGE = (10_000, 2_048, 100)  # pictures, width, classes
MIDDLE = (2_000, 512, 10)
GROWTH = (6_250, 12_500, 25_000, 50_000)  # pictures, at width 512
HUGE = 50_000


def features(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Class-shaped clouds with a falling spectrum, (n, d) float32, and labels (n,)."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    X = rng.standard_normal((n, d), dtype=np.float32)
    X += 0.5 * rng.standard_normal((classes, d), dtype=np.float32)[y]
    X /= np.sqrt(1 + np.arange(d, dtype=np.float32) / 10)
    return X, y


# What a person would run otherwise


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

    near = NearestNeighbors(n_neighbors=k + 1, metric="cosine", algorithm="brute").fit(X).kneighbors(X)[1][:, 1:]
    votes = np.apply_along_axis(lambda v: np.bincount(v, minlength=y.max() + 1).argmax(), 1, y[near])
    return float((votes == y).mean())


def usual_silhouette(X: np.ndarray, y: np.ndarray, metric: str = "cosine") -> float:
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(X, y, metric=metric))


def published_logme(X: np.ndarray, y: np.ndarray) -> float:
    """The published fixed point: singular vectors of X'X where pictures outnumber dimensions, then class by class."""
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
    return float((1 - shrunk.shrinkage_) * np.trace(np.linalg.pinv(shrunk.covariance_, rcond=1e-15) @ between))


# What srcsel runs


def pass_values(X: np.ndarray, y: np.ndarray, rechecks: int = 0) -> dict[str, float]:
    """MSC (cosine), SCL and kNN as the papers state them, from one pass; with re-checks as a run makes them."""
    shared, plan = Shared(X, y), plan_rechecks(y, rechecks)
    readers = {name: MEASURES[name].reader(shared, None) for name in ("supcon", "knn")}
    again = {}
    if rechecks:
        some = shared.take(plan.rows)
        again = {name: MEASURES[name].reader(some, plan.kept) for name in ("supcon", "knn", "silhouette")}
    read_all([*readers.values(), *again.values()])
    for reader in again.values():
        reader.result()
    separation = MEASURES["silhouette"](X, y, shared=shared)
    return {"silhouette": separation, **{name: r.result() for name, r in readers.items()}}


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
        votes = np.stack([(y[near] == c).sum(axis=1) for c in range(classes)], axis=1).argmax(axis=1)
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


def run_model(given: tuple[np.ndarray, np.ndarray], measures: tuple[str, ...] = ("silhouette", "supcon", "knn")):
    """Everything that a run computes for one model: both readings, nulls, 200 re-checks, signs."""
    return score_model("model", *given, measures=measures)


PEAKS = {
    "values": (LARGE, lambda given: pass_values(*given)),
    "rechecks": (LARGE, lambda given: pass_values(*given, 200)),
    "model": (LARGE, run_model),
    "usual": (LARGE, lambda given: (usual_silhouette(*given), usual_supcon(*given), usual_knn(*given))),
    "huge": ((HUGE, 512, 100), lambda given: pass_values(*given)),
    "all": (MIDDLE, lambda given: run_model(given, tuple(MEASURES))),
}


def large(repeats: int) -> list[dict]:
    n, d, _ = LARGE
    X, y = features(*LARGE)
    speed = product_speed("float32")
    pairs = n * n * d / speed  # half of the matrix
    usual = {
        "usual MSC": lambda: usual_silhouette(X, y),
        "usual euclidean": lambda: usual_silhouette(X, y, "euclidean"),
        "usual SCL": lambda: usual_supcon(X, y),
        "usual kNN": lambda: usual_knn(X, y),
        "published LogME": lambda: published_logme(X, y),
        "published H": lambda: published_hscore(X, y),
    }
    ours = {
        "values": lambda: pass_values(X, y),
        "rechecks": lambda: pass_values(X, y, 200),
        "model": lambda: run_model((X, y)),
        "MSC": lambda: MEASURES["silhouette"](X, y),
        "euclidean": lambda: MEASURES["silhouette"](X, y, metric="euclidean"),
        "SCL": lambda: MEASURES["supcon"](X, y),
        "kNN": lambda: MEASURES["knn"](X, y),
        "LogME": lambda: MEASURES["logme"](X, y),
    }
    if "regularized_hscore" in MEASURES:
        ours["H"] = lambda: MEASURES["regularized_hscore"](X, y)
    tiny = features(300, 16, 4)
    for run in (usual_silhouette, usual_supcon, usual_knn, published_logme, published_hscore, pass_values):
        run(*tiny)  # imports
    t = medians(usual | ours, repeats)
    three = t["usual MSC"] + t["usual SCL"] + t["usual kNN"]
    found, exact = pass_values(X, y), float64_values(X, y)
    error = max(abs(found[name] / exact[name] - 1) for name in exact)
    peak = {case: peak_megabytes("benchmarks.scoring", case) for case in ("values", "rechecks", "model", "usual")}
    double = product_speed("float64")
    rows = [
        row("MSC + SCL + kNN, values", three, t["values"], pairs, peak["values"], error=error),
        row("the same with 200 re-checks", three, t["rechecks"], pairs * 1.25, peak["rechecks"]),
        row("one model of a run: both readings", three, t["model"], pairs * 1.25, peak["model"]),
        row("the usual way", None, three, pairs * 2, peak["usual"]),
        row("MSC, cosine", t["usual MSC"], t["MSC"], 2 * n * d * LARGE[2] / speed),
        row("MSC, euclidean", t["usual euclidean"], t["euclidean"], pairs),
        row("SCL", t["usual SCL"], t["SCL"], pairs),
        row("kNN", t["usual kNN"], t["kNN"], pairs),
        row("LogME", t["published LogME"], t["LogME"], n * d * d / double),
    ]
    if "H" in t:
        rows.append(row("regularised H", t["published H"], t["H"], n * d * d / double))
    return [{**r, "n, d, classes": str(LARGE)} for r in rows]


def growth() -> list[dict]:
    """Seconds of the pass by number of pictures: as n squared, and memory as n."""
    speed = product_speed("float32")
    rows = []
    for n in GROWTH:
        X, y = features(n, 512, 100)
        seconds = medians({"ours": lambda X=X, y=y: pass_values(X, y)}, 1)["ours"]
        peak = peak_megabytes("benchmarks.scoring", "huge") if n == HUGE else None
        rows.append(
            row("values of the pass", None, seconds, n * n * 512 / speed, peak, **{"n, d, classes": (n, 512, 100)})
        )
    return rows


def everything() -> list[dict]:
    """All measures for one model, re-checks and nulls included."""
    found = run_model(features(*MIDDLE), tuple(MEASURES))
    peak = peak_megabytes("benchmarks.scoring", "all")
    each = [
        (f"{s.measure}{' (' + s.reading + ')' if s.reading else ''}", s.seconds) for s in found.scores + found.literal
    ]
    rows = [row("all measures", None, sum(seconds for _, seconds in each), None, peak)]
    rows += [row(name, None, seconds) for name, seconds in sorted(each, key=lambda e: -e[1])]
    return [{**r, "n, d, classes": str(MIDDLE)} for r in rows]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peak", choices=sorted(PEAKS))
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    if asked.peak:
        size, run = PEAKS[asked.peak]
        report_peak(lambda: features(*size), run)
        return
    tell("scoring", large(asked.repeats))
    tell("scoring_growth", growth())
    tell("scoring_all", everything())


if __name__ == "__main__":
    main()
