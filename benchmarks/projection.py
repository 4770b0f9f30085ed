"""Maps: our UMAP against umap-learn's defaults, in one process, after the first fit has paid for
compilation.
"""

import argparse

import numpy as np

from benchmarks._clouds import features
from benchmarks._common import in_fresh_process, report_peak, row, taken, tell
from srcsel.explore.project import project

FEW = (5_000, 512, 10)  # pictures, width, classes
MANY = (50_000, 512, 10)
FIRST = (500, 64, 5)


def usual(X: np.ndarray) -> np.ndarray:
    import umap

    return umap.UMAP().fit_transform(X)


def ours(X: np.ndarray) -> np.ndarray:
    return project(X, "umap")


def many() -> np.ndarray:
    """Features of many pictures, after a first map has paid for compilation."""
    ours(features(*FIRST)[0])
    return features(*MANY)[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peak", choices=["map"])
    if parser.parse_args().peak:
        report_peak(many, ours)
        return
    first = taken(lambda: ours(features(*FIRST)[0]))
    X, _ = features(*FEW)
    usual(X)  # umap-learn compiles more where points are many
    few = taken(lambda: usual(X)), taken(lambda: ours(X))
    seconds, peak = in_fresh_process("benchmarks.projection", "map")
    rows = [
        row("first map of a process", None, first, **{"points, width": FIRST[:2]}),
        row("map", *few, **{"points, width": FEW[:2]}),
        row("map", None, seconds, None, peak, **{"points, width": MANY[:2]}),
    ]
    tell(
        "projection",
        rows,
        means="seconds; all cores = seconds of all cores together; MB beside the features",
    )


if __name__ == "__main__":
    main()
