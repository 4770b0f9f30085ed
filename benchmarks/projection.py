"""Maps: our UMAP against umap-learn's defaults, in one process, after the first fit has paid for compilation."""

import argparse
import time

import numpy as np

from benchmarks._common import peak_megabytes, report_peak, row, tell
from benchmarks.scoring import features
from srcsel.project import project

SIZES = ((5_000, 512, 10, True), (50_000, 512, 10, False))  # pictures, width, classes, whether umap-learn runs too
FIRST = (500, 64, 5)


def usual(X: np.ndarray) -> np.ndarray:
    import umap

    return umap.UMAP().fit_transform(X)


def timed(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peak", choices=["map"])
    asked = parser.parse_args()
    if asked.peak:
        report_peak(lambda: features(*SIZES[-1][:3])[0], lambda X: project(X, "umap"))
        return
    small, _ = features(*FIRST)
    rows = [row("first map of a process, 500 points", None, timed(lambda: project(small, "umap")))]
    timed(lambda: usual(small))
    for n, d, classes, both in SIZES:
        X, _ = features(n, d, classes)
        other = timed(lambda X=X: usual(X)) if both else None  # umap-learn compiles more above 4,096 points:
        other = timed(lambda X=X: usual(X)) if both else None  # the second fit counts
        ours = timed(lambda X=X: project(X, "umap"))
        peak = peak_megabytes("benchmarks.projection", "map") if n == SIZES[-1][0] else None
        rows.append(row(f"UMAP, {n:,} points", other, ours, None, peak))
    tell("projection", rows)


if __name__ == "__main__":
    main()
