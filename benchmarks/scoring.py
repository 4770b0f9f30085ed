"""Scores: one pass over all pairs against scikit-learn, the usual n x n loss and the published
codes.
"""

import argparse
import contextlib
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks._common import (
    in_fresh_process,
    medians,
    product_speed,
    report_peak,
    row,
    taken,
    tell,
)
from srcsel import rank_features, score_features
from srcsel.base.records import HEADLINE, FeatureKey, Features
from srcsel.base.threads import suited_threads
from srcsel.measures import MEASURES
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.card import EDGE, find_card, read_on_card
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.plan import CAP, plan_rechecks
from srcsel.scoring.probe import STRENGTH, fold_of, probe
from srcsel.scoring.score import score_model

TEMPERATURE = 0.1
LARGE = (10_000, 2_048, 100)  # pictures, width, classes
MIDDLE = (2_000, 512, 10)
SIZES = ((1_000, 512, 10), (6_000, 1_024, 20), LARGE)
GROWTH = (6_250, 12_500, 25_000, 50_000)  # pictures, at width 512
HUGE = 50_000
MILLION = 1_000_000


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


# What srcsel runs


def pass_values(X: np.ndarray, y: np.ndarray, rechecks: int = 0) -> dict[str, float]:
    """MSC (cosine), SCL and kNN as the papers state them, from one pass; with re-checks as a run
    makes them.
    """
    shared, plan = Shared(X, y), plan_rechecks(y, rechecks)
    readers = {name: MEASURES[name].reader(shared, None) for name in ("supcon", "knn")}
    again = {}
    if rechecks:
        some = shared.take(plan.rows)
        again = {
            name: MEASURES[name].reader(some, plan.kept) for name in ("supcon", "knn", "silhouette")
        }
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


def run_model(given: tuple[np.ndarray, np.ndarray], measures: tuple[str, ...] = HEADLINE):
    """Everything that a run computes for one model: both readings, nulls, 200 re-checks, signs."""
    with suited_threads(len(given[1])):
        return score_model("model", *given, measures=measures)


PEAKS = {
    "values": ("MSC + SCL + kNN", LARGE, lambda given: pass_values(*given)),
    "rechecks": ("the same with 200 re-checks", LARGE, lambda given: pass_values(*given, 200)),
    "model": ("the measures of a usual run for one model", LARGE, run_model),
    "usual": (
        "MSC + SCL + kNN as usual",
        LARGE,
        lambda given: (usual_silhouette(*given), usual_supcon(*given), usual_knn(*given)),
    ),
    "huge": ("MSC + SCL + kNN", (HUGE, 512, 100), lambda given: pass_values(*given)),
    "all": ("all measures for one model", MIDDLE, lambda given: run_model(given, tuple(MEASURES))),
}


def product() -> list[dict]:
    """What a person runs, against the usual three values without any null, re-check or second
    reading; alone, and beside a program that keeps one core busy.
    """
    speeds = product_speed("float32"), product_speed("float64", 2048)
    _every_way(features(300, 16, 4))  # imports
    rows = []
    for size in SIZES:
        rows += _ways(size, _least(size, *speeds), "")
    for size in SIZES[:2]:
        with _busy():
            rows += _ways(size, None, ", beside a busy program")
    return rows


def _ways(size: tuple[int, int, int], least: float | None, beside: str) -> list[dict]:
    given = features(*size)
    repeats = 1 if size == LARGE or (beside and size != SIZES[0]) else 3
    t = medians({name: lambda run=run: run(*given) for name, run in WAYS.items()}, repeats)
    usual = t["usual MSC"] + t["usual SCL"] + t["usual kNN"]
    return _at(
        size,
        *(row(f"{name}{beside}", usual, t[name], least) for name in WAYS if "usual" not in name),
    )


def _least(size: tuple[int, int, int], single: float, double: float) -> float:
    """Seconds of the products that no exact way saves: half of all pairs, the covariance to whiten
    with, and half of the pairs of each re-check in 64 directions.
    """
    n, d, _ = size
    rechecks = 200 * (0.8 * min(n, CAP)) ** 2 * 64
    return (n * n * d + rechecks) / single + n * d * min(n, d) / double


def _every_way(given: tuple[np.ndarray, np.ndarray]) -> None:
    for run in WAYS.values():
        run(*given)


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    """One core busy with another program."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


THREE = ("silhouette", "supcon", "knn")
WAYS: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
    "usual MSC": usual_silhouette,
    "usual SCL": usual_supcon,
    "usual kNN": usual_knn,
    "MSC + SCL + kNN as the papers state them, values alone": pass_values,
    "score_features: one reading, null, 200 re-checks": lambda X, y: score_features(
        X, y, measures=THREE
    ),
    "a model in a run: both readings, nulls, 200 re-checks of each, signs": lambda X, y: run_model(
        (X, y), THREE
    ),
    "the same with LogME, and how often it is right (rank_features)": lambda X, y: rank_features(
        {"model": X}, y, measures=THREE
    ),
}


def narrow() -> list[dict]:
    """More features than pictures: what costs by the fewer of the two."""
    few, wide = features(40, 4096, 4), features(300, 1280, 10)
    run_model(features(60, 16, 3), tuple(MEASURES))  # imports
    t = medians(
        {
            "lda": lambda: MEASURES["lda"](*few),
            "few": lambda: run_model(few, tuple(MEASURES)),
            "wide": lambda: run_model(wide, tuple(MEASURES)),
        },
        3,
    )
    every = "all measures for one model: both readings, nulls, 200 re-checks, signs"
    return [
        *_at((40, 4096, 4), row("LDA, five folds", None, t["lda"]), row(every, None, t["few"])),
        *_at((300, 1280, 10), row(every, None, t["wide"])),
    ]


def probing() -> list[dict]:
    """How often a linear classifier is right, five folds, against scikit-learn's."""
    rows = []
    for about, size, signal in PROBED:
        X, y = factors(*size, signal)
        fold, found = fold_of(y, np.arange(len(y)), 5), {}

        def ours(X: np.ndarray = X, y: np.ndarray = y, fold: np.ndarray = fold, found=found):
            key = FeatureKey("", "model", "", "", "float32")
            outcomes = list(probe([Features(key, X)], y, fold, store=None))
            found["ours"] = np.mean([(o.guess == y[o.rows]).mean() for o in outcomes])

        def usual(X: np.ndarray = X, y: np.ndarray = y, fold: np.ndarray = fold, found=found):
            found["usual"] = usual_probe(X, y, fold)

        t = medians({"usual": usual, "ours": ours}, 1)
        rows += _at(
            size,
            row(
                about,
                t["usual"],
                t["ours"],
                right=found["ours"],
                **{"usual, right": found["usual"]},
            ),
        )
    return rows


PROBED = (
    ("linear classifier, hard pictures", (2_000, 1_280, 10), 0.25),
    ("linear classifier, easier pictures", (2_000, 1_280, 10), 0.5),
    ("linear classifier, many classes", (2_000, 1_280, 50), 0.5),
)


def factors(n: int, d: int, classes: int, signal: float) -> tuple[np.ndarray, np.ndarray]:
    """Features that go together as those of networks do: rectified mixtures of 200 traits of
    falling strength, in 50 of which the classes differ; (n, d) float32, and labels (n,).
    """
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    strength = 1 / np.sqrt(1 + np.arange(200))
    traits = rng.standard_normal((n, 200))
    traits[:, 10:60] += signal * rng.standard_normal((classes, 50))[y]
    X = (traits * strength) @ rng.standard_normal((200, d)) + 0.3 * rng.standard_normal((n, d))
    return np.maximum(X, 0).astype(np.float32), y


def usual_probe(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import PredefinedSplit, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rule = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
    return float(cross_val_score(rule, X, y, cv=PredefinedSplit(fold)).mean())


def large() -> list[dict]:
    """One pass for three measures, with and without re-checks, and each of them alone."""
    n, d, classes = LARGE
    X, y = features(*LARGE)
    speed = product_speed("float32")
    pairs = n * n * d / speed  # half of the matrix
    tiny = features(300, 16, 4)
    for run in (usual_silhouette, usual_supcon, usual_knn, pass_values):
        run(*tiny)  # imports
    t = medians(
        {
            "usual MSC": lambda: usual_silhouette(X, y),
            "usual SCL": lambda: usual_supcon(X, y),
            "usual kNN": lambda: usual_knn(X, y),
            "values": lambda: pass_values(X, y),
            "rechecks": lambda: pass_values(X, y, 200),
            "MSC": lambda: MEASURES["silhouette"](X, y),
            "usual euclidean": lambda: usual_silhouette(X, y, "euclidean"),
            "euclidean": lambda: MEASURES["silhouette"](X, y, metric="euclidean"),
        },
        2,
    )
    t |= medians({"SCL": lambda: MEASURES["supcon"](X, y), "kNN": lambda: MEASURES["knn"](X, y)}, 1)
    three = t["usual MSC"] + t["usual SCL"] + t["usual kNN"]
    found, exact = pass_values(X, y), float64_values(X, y)
    error = max(abs(found[name] / exact[name] - 1) for name in exact)
    return _at(
        LARGE,
        row("MSC + SCL + kNN", three, t["values"], pairs, error=error),
        row(
            f"the same with 200 re-checks (of {CAP:,} pictures)", three, t["rechecks"], pairs * 1.25
        ),
        row("MSC, cosine", t["usual MSC"], t["MSC"], 2 * n * d * classes / speed),
        row("MSC, euclidean", t["usual euclidean"], t["euclidean"], pairs),
        row("SCL", t["usual SCL"], t["SCL"], pairs),
        row("kNN", t["usual kNN"], t["kNN"], pairs),
    )


def linear() -> list[dict]:
    """LogME and the regularised H-score; together they share one decomposition with whitening."""
    n, d, _ = LARGE
    given = features(*LARGE)
    tiny = features(300, 16, 4)
    double = product_speed("float64", 2048)
    runs = {
        "published LogME": published_logme,
        "LogME": MEASURES["logme"],
        "published H": published_hscore,
        "H": MEASURES["regularized_hscore"],
        "both": _decomposed,
    }
    for run in runs.values():
        run(*tiny)
    t = medians({name: lambda run=run: run(*given) for name, run in runs.items()}, 1)
    both = t["published LogME"] + t["published H"]
    return _at(
        LARGE,
        row("LogME", t["published LogME"], t["LogME"], n * d * d / double),
        row("regularised H", t["published H"], t["H"], n * d * d / double),
        row(
            "whitening, LogME, regularised H: one decomposition",
            both,
            t["both"],
            n * d * d / double,
        ),
    )


def _decomposed(X: np.ndarray, y: np.ndarray) -> None:
    shared = Shared(X.astype(np.float64), y)
    shared.components()
    for name in ("logme", "regularized_hscore"):
        MEASURES[name](shared.X, y, shared=shared)


def growth() -> list[dict]:
    """Seconds of the pass by number of pictures: as n squared."""
    speed = product_speed("float32")
    rows, pairs = [], 0.0
    for n in GROWTH:
        X, y = features(n, 512, 100)
        seconds = taken(lambda X=X, y=y: pass_values(X, y))
        pairs = n * n / 2 / seconds
        rows.append(
            row(
                "MSC + SCL + kNN", None, seconds, n * n * 512 / speed, **_rate((n, 512, 100), pairs)
            )
        )
    least = MILLION**2 * 512 / speed
    more = _rate((MILLION, 512, 100), pairs)
    return [
        *rows,
        row("MSC + SCL + kNN, projected", None, MILLION**2 / 2 / pairs, least, **more),
        *on_card(),
    ]


def on_card() -> list[dict]:
    """SCL + kNN of a million pictures on a graphics card, from the seconds of a tile; nothing
    without a card.
    """
    _card_seconds(1)  # wakes the card
    told = {edges: _card_seconds(edges) for edges in (4, 8)}
    small, large = told.values()
    if small is None or large is None:
        return []
    tiles = {edges: edges * (edges + 1) // 2 for edges in (4, 8, math.ceil(MILLION / EDGE))}
    tile = (large[0] - small[0]) / (tiles[8] - tiles[4])
    seconds = tile * max(tiles.values()) + large[1] * MILLION / (8 * EDGE)
    return [
        row(
            "SCL + kNN on the card, projected",
            None,
            seconds,
            **_rate((MILLION, 512, 100), EDGE**2 / tile),
        )
    ]


def _card_seconds(edges: int) -> tuple[float, float] | None:
    """Seconds of the tiles for so many edges of one, and of what grows with the pictures alone;
    None without a card.
    """
    if find_card("auto") is None:
        return None
    X, y = features(edges * EDGE, 512, 100)
    shared = Shared(X, y)
    rest = taken(shared.cosine)
    readers = [MEASURES[name].reader(shared, None) for name in ("supcon", "knn")]
    start = time.perf_counter()
    if read_on_card(readers) is None:
        return None
    return time.perf_counter() - start, rest + taken(
        lambda: [reader.result() for reader in readers]
    )


def _rate(size: tuple[int, int, int], pairs: float) -> dict[str, object]:
    return {"n, d, classes": size, "million pairs a second": pairs / 1e6}


def everything() -> list[dict]:
    """All measures for one model, re-checks and nulls included."""
    given = features(*MIDDLE)
    run_model(features(300, 16, 4), tuple(MEASURES))  # imports
    made = []
    whole = taken(lambda: made.append(run_model(given, tuple(MEASURES))))
    usual = taken(lambda: made.append(run_model(features(5_000, 512, 10), HEADLINE)))
    each = [
        (f"{s.measure}{' (' + s.reading + ')' if s.reading else ''}", s.seconds)
        for s in made[0].scores + made[0].literal
    ]
    return [
        *_at(MIDDLE, row("all measures for one model", None, whole)),
        *_at((5_000, 512, 10), row("the measures of a usual run for one model", None, usual)),
        *_at(
            MIDDLE,
            *(row(name, None, seconds) for name, seconds in sorted(each, key=lambda e: -e[1])),
        ),
    ]


def memory() -> list[dict]:
    """MB above what was held before, which includes the features; each in a fresh process."""
    return [
        {
            "what": about,
            "n, d, classes": size,
            "features MB": 4 * size[0] * size[1] / 1e6,
            "peak MB": in_fresh_process("benchmarks.scoring", case)[1],
        }
        for case, (about, size, _) in PEAKS.items()
    ]


def _at(size: tuple[int, int, int], *rows: dict) -> list[dict]:
    return [{**r, "n, d, classes": size} for r in rows]


TABLES = {
    "product": product,
    "narrow": narrow,
    "probe": probing,
    "large": large,
    "linear": linear,
    "growth": growth,
    "all": everything,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peak", choices=sorted(PEAKS))
    parser.add_argument(
        "tables", nargs="*", help=f"some of {', '.join(TABLES)}; all where none is named"
    )
    asked = parser.parse_args()
    if asked.peak:
        _, size, run = PEAKS[asked.peak]
        report_peak(lambda: features(*size), run)
        return
    for name in asked.tables or TABLES:
        more = (
            {"means": "MB above what was held before, which includes the features"}
            if name == "memory"
            else {}
        )
        tell(f"scoring_{name}", TABLES[name](), **more)


if __name__ == "__main__":
    main()
