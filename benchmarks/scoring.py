"""Scores: one pass over all pairs against scikit-learn, the usual n x n loss and the published
codes; the ways that people go are `_scoring_paths`.
"""

import argparse
import math
import time

import numpy as np

from benchmarks._by_hand import (
    float64_values,
    published_hscore,
    published_logme,
    usual_knn,
    usual_silhouette,
    usual_supcon,
)
from benchmarks._clouds import at, features
from benchmarks._common import (
    in_fresh_process,
    medians,
    product_speed,
    report_peak,
    row,
    taken,
    tell,
)
from benchmarks._scoring_paths import (
    LARGE,
    MIDDLE,
    everything,
    narrow,
    pass_values,
    probing,
    product,
    run_model,
)
from srcsel.measures import MEASURES
from srcsel.measures.kernels.card import EDGE, find_card, read_on_card
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.plan import CAP

GROWTH = (6_250, 12_500, 25_000, 50_000)  # pictures, at width 512
HUGE = 50_000
MILLION = 1_000_000
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
    return at(
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
    return at(
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
