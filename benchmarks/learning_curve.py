"""Learning curves: how often the interval holds on pictures held back.

A half or a quarter of the pictures foretells what twice or four times as many give; then all of
them are learned from, and the gain measured is counted inside its interval or not. Beside it, where
the part does not tell models apart: how often all pictures do, and how often that was foretold.
The bundled targets with some bundled models; `--features FILE.npz` tries others: `labels` (n,) and
one array a model. What was learned is kept in the work folder, so that it goes on where it was
stopped.
"""

import argparse
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._common import tell
from srcsel.base.records import Curve, FeatureKey, Features, Score
from srcsel.base.settings import load_settings
from srcsel.features.extract import extract
from srcsel.models import catalog
from srcsel.pictures.dataset import load_dataset
from srcsel.scoring.curve import learn
from srcsel.scoring.forecast import curve
from srcsel.scoring.probe import fold_of
from srcsel.scoring.score import score_model
from srcsel.store.features import FeatureStore, open_features
from srcsel.verdict.ranks import VERDICT_MEASURES
from srcsel.verdict.settling import clear_share, stands_clear

TARGETS = ("butterflies", "digits", "tiles")
MODELS = (
    "packaged/tf_efficientnet_lite0,packaged/tf_efficientnet_lite2,"
    "demo/glyphs,demo/flowers,demo/textures,demo/palettes,demo/shapes"
)
PARTS = ((2, 0), (2, 1), (4, 0), (4, 3))  # every k-th picture of a class, from which on
FOLDS = 5
SETS = 40  # of two to four models, of which those that the part does not tell apart count
MEANS = (
    "gains in shares of 1, of two or four times as many pictures; inside = share of the gains and"
    " accuracies measured that lie in their 90 % intervals; off = mean of foretold less measured"
)
CLEAR = "of sets that a part cannot tell apart: share that all pictures can, foretold and true"


@dataclass
class Given:
    """Features of some models over one picture set."""

    name: str
    labels: np.ndarray  # (n,)
    features: Mapping[str, np.ndarray]  # model -> (n, d)


def bundled(target: str, models: str) -> Given:
    """A bundled target as bundled models see it."""
    dataset = load_dataset(f"demo:{target}")
    chosen = catalog.find_models(models)
    found = extract(dataset, chosen, store=open_features(load_settings()), device="cpu")
    features = {f.key.model: f.values for f in found if isinstance(f, Features)}
    return Given(target, dataset.labels, features)


def from_file(path: Path) -> Given:
    with np.load(path, allow_pickle=False) as arrays:
        names = [name for name in arrays.files if name not in ("labels", "groups")]
        return Given(path.stem, arrays["labels"], {name: arrays[name] for name in names})


def part_rows(labels: np.ndarray, every: int, start: int) -> np.ndarray:
    """The pictures of a part, every class alike."""
    rng, place = np.random.default_rng(0), np.empty(len(labels), dtype=int)
    for c in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == c))
        place[members] = np.arange(len(members))
    return np.flatnonzero(place % every == start)


def curve_of(given: Given, model: str, rows: np.ndarray, part: str, store: FeatureStore) -> Curve:
    """The curve of one model over some rows; no picture is taken for a copy of another."""
    labels, alone = given.labels[rows], np.arange(len(rows))
    key = FeatureKey(f"benchmark {given.name} {part}", model, "", "", "float32")
    fold = fold_of(labels, alone, FOLDS)
    learned = learn(Features(key, given.features[model][rows]), labels, fold, store=store)
    return curve(learned, labels, fold, alone)


def gains(given: Given, model: str, store: FeatureStore) -> list[dict[str, float]]:
    """What each part foretold of all pictures, and what these gave."""
    everything = curve_of(given, model, np.arange(len(given.labels)), "all", store)
    each = np.log([p.each for p in everything.points])
    values = np.array([p.value for p in everything.points])
    found = []
    for every, start in PARTS:
        rows = part_rows(given.labels, every, start)
        told = curve_of(given, model, rows, f"{every} {start}", store)
        ahead = next((a for a in told.ahead if a.times == every), None)
        if ahead is None:
            continue
        gain = values[-1] - np.interp(np.log(told.points[-1].each), each, values)
        found.append(
            {
                "times": every,
                "gain": gain,
                "off": ahead.gain - gain,
                "gain inside": ahead.gain_low <= gain <= ahead.gain_high,
                "width": ahead.gain_high - ahead.gain_low,
                "accuracy inside": ahead.low <= values[-1] <= ahead.high,
            }
        )
    return found


def clear(given: Given) -> list[dict[str, float]]:
    """For sets of models that a part does not tell apart: what was foretold of all, and what came.

    A random half of each model's features joins as one more model, so that sets are close.
    """
    rng = np.random.default_rng(0)
    features = dict(given.features)
    for model, X in given.features.items():
        features[f"{model}, half"] = X[:, rng.permutation(X.shape[1])[: X.shape[1] // 2]]
    whole = _scores(features, given.labels, np.arange(len(given.labels)))
    found = []
    for every, start in PARTS:
        part = _scores(features, given.labels, part_rows(given.labels, every, start))
        for _ in range(SETS):
            chosen = rng.choice(list(features), min(len(features), int(rng.integers(2, 5))), False)
            scores = [s for model in chosen for s in part[model]]
            if not stands_clear(scores):
                came = stands_clear([s for model in chosen for s in whole[model]])
                told = clear_share(scores, every)
                found.append({"times": every, "foretold": told, "true": float(came)})
    return found


def _scores(
    features: Mapping[str, np.ndarray], labels: np.ndarray, rows: np.ndarray
) -> dict[str, list[Score]]:
    return {
        model: list(score_model(model, X[rows], labels[rows], measures=VERDICT_MEASURES).scores)
        for model, X in features.items()
    }


def means(what: str, rows: Sequence[Mapping[str, float]]) -> list[dict[str, object]]:
    """One line for each number of pictures."""
    found = []
    for times in (2, 4):
        of = [r for r in rows if r["times"] == times]
        if of:
            names = [name for name in of[0] if name != "times"]
            mean = {name: float(np.mean([r[name] for r in of])) for name in names}
            found.append({"what": what, "times": times, "cases": len(of), **mean})
    return found


def calibration(rows: Sequence[Mapping[str, float]]) -> list[dict[str, object]]:
    """Foretold against true, by fifths of what was foretold."""
    found = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        of = [r for r in rows if low <= r["foretold"] < low + 0.2 + 1e-9 * (low == 0.8)]
        if of:
            mean = {name: float(np.mean([r[name] for r in of])) for name in ("foretold", "true")}
            found.append(
                {"what": f"foretold {low:.1f} to {low + 0.2:.1f}", "cases": len(of), **mean}
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--targets", default=",".join(TARGETS), help="bundled ones, with commas; '' = none"
    )
    parser.add_argument("--models", default=MODELS, help="of the bundled targets")
    parser.add_argument("--features", type=Path, nargs="*", default=[], metavar="FILE.npz")
    asked = parser.parse_args()
    sets = [bundled(target, asked.models) for target in filter(None, asked.targets.split(","))]
    sets += [from_file(path) for path in asked.features]
    store = FeatureStore(load_settings().home / "benchmark")
    told = {g.name: [r for m in g.features for r in gains(g, m, store)] for g in sets}
    rows = [row for name, found in told.items() for row in means(name, found)]
    tell(
        "learning_curve", [*rows, *means("all", list(itertools.chain(*told.values())))], means=MEANS
    )
    ties = {g.name: clear(g) for g in sets}
    every = list(itertools.chain(*ties.values()))
    rows = [row for name, found in ties.items() for row in means(name, found)]
    tell("clear_choice", [*rows, *means("all", every), *calibration(every)], means=CLEAR)


if __name__ == "__main__":
    main()
