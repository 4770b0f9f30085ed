"""Scores on the ways that people really go, whole: `score_features`, `rank_features`, a model in a
run, against the usual values without any null, re-check or second reading.
"""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks._by_hand import usual_knn, usual_probe, usual_silhouette, usual_supcon
from benchmarks._clouds import at, factors, features
from benchmarks._common import medians, product_speed, row, taken
from srcsel import rank_features, score_features
from srcsel.base.records import HEADLINE, FeatureKey, Features
from srcsel.base.threads import suited_threads
from srcsel.measures import MEASURES
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.plan import CAP, plan_rechecks
from srcsel.scoring.probe import fold_of, probe
from srcsel.scoring.score import score_model

LARGE = (10_000, 2_048, 100)  # pictures, width, classes
MIDDLE = (2_000, 512, 10)
SIZES = ((1_000, 512, 10), (6_000, 1_024, 20), LARGE)


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


def run_model(given: tuple[np.ndarray, np.ndarray], measures: tuple[str, ...] = HEADLINE):
    """Everything that a run computes for one model: both readings, nulls, 200 re-checks, signs."""
    with suited_threads(len(given[1])):
        return score_model("model", *given, measures=measures)


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
    # the usual way takes 0.04 to 0.13 s for the fewest, by what ran before it: more turns
    repeats = 15 if size == SIZES[0] else 1 if size == LARGE or beside else 3
    t = medians({name: lambda run=run: run(*given) for name, run in WAYS.items()}, repeats)
    usual = t["usual MSC"] + t["usual SCL"] + t["usual kNN"]
    return at(
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
        *at((40, 4096, 4), row("LDA, five folds", None, t["lda"]), row(every, None, t["few"])),
        *at((300, 1280, 10), row(every, None, t["wide"])),
    ]


PROBED = (
    ("linear classifier, hard pictures", (2_000, 1_280, 10), 0.25),
    ("linear classifier, easier pictures", (2_000, 1_280, 10), 0.5),
    ("linear classifier, many classes", (2_000, 1_280, 50), 0.5),
)


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
        rows += at(
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
        *at(MIDDLE, row("all measures for one model", None, whole)),
        *at((5_000, 512, 10), row("the measures of a usual run for one model", None, usual)),
        *at(
            MIDDLE,
            *(row(name, None, seconds) for name, seconds in sorted(each, key=lambda e: -e[1])),
        ),
    ]
