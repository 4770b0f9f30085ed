"""Racing: how often a fast answer names the winner of the exact run, and how many forward passes it
takes.

No network runs for a trial: a stage sees the first rows of features that are stored. The bundled
targets are tried with the bundled models, whose features are made once, and with random halves of
their features beside them: rivals so close that many trials have no clear winner. `--features
FILE.npz` tries others: `labels` (n,) and one array a model.
"""

import argparse
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks._common import tell
from srcsel.base.records import Features, Score
from srcsel.base.settings import load_settings
from srcsel.base.threads import suited_threads
from srcsel.features.extract import extract
from srcsel.models import catalog
from srcsel.pictures.dataset import load_dataset
from srcsel.runs import race_rules
from srcsel.scoring.score import score_model
from srcsel.store.features import open_features
from srcsel.verdict.ranks import CLOSE, VERDICT_MEASURES

TARGETS = ("butterflies", "digits", "tiles")
MODELS = 10  # candidates of a trial
LEAST = 0.95  # of the trials name a winner of the exact run, or say that they are in doubt
MEANS = (
    "shares of the trials; passes = share of an exact run's forward passes; named = the exact"
    " winner or one within its tie; in doubt = models set aside that may be as good, a trial, which"
    " the answer says; limit = least named or in doubt"
)


@dataclass
class Given:
    """Features of many models over one picture set, and what was scored of them."""

    name: str
    labels: np.ndarray  # (n,)
    features: Mapping[str, np.ndarray]  # model -> (n, d)
    yardsticks: frozenset[str] = frozenset()
    scores: dict[tuple[str, int, int], list[Score]] = field(default_factory=dict)

    def of(self, models: Sequence[str], rows: np.ndarray | None, seed: int = -1) -> list[Score]:
        """Scores of the verdict's measures on some rows (None: all), each computed once."""
        chosen = np.arange(len(self.labels)) if rows is None else rows
        for model in models:
            key = model, len(chosen), seed
            if key not in self.scores:
                told = score_model(
                    model,
                    self.features[model][chosen],
                    self.labels[chosen],
                    measures=VERDICT_MEASURES,
                    rechecks=race_rules.RECHECKS,
                )
                self.scores[key] = told.scores
        return [s for model in models for s in self.scores[model, len(chosen), seed]]


def demo(target: str) -> Given:
    """A bundled target as the bundled models see it."""
    dataset = load_dataset(f"demo:{target}")
    models = catalog.find_models("demo")
    found = extract(dataset, models, store=open_features(load_settings()), device="cpu")
    features = {f.key.model: f.values for f in found if isinstance(f, Features)}
    return Given(target, dataset.labels, features, frozenset(m.id for m in models if m.yardstick))


def with_halves(given: Given) -> Given:
    """The same, with a random half of each contender's features as one more candidate."""
    chance = np.random.default_rng(0)
    halves = {
        f"{m}, half": X[:, chance.permutation(X.shape[1])[: X.shape[1] // 2]]
        for m, X in given.features.items()
        if m not in given.yardsticks
    }
    return Given(
        f"{given.name}, with halves", given.labels, {**given.features, **halves}, given.yardsticks
    )


def from_file(path: Path) -> Given:
    with np.load(path, allow_pickle=False) as arrays:
        features = {name: arrays[name] for name in arrays.files if name != "labels"}
        return Given(path.stem, arrays["labels"], features)


def trial(given: Given, models: Sequence[str], seed: int) -> dict[str, float]:
    """Race once; compare with the exact answer from the same features."""
    n, yardsticks = len(given.labels), given.yardsticks & set(models)
    exact = [
        p
        for p in race_rules.places(given.of(models, None), yardsticks)
        if p.model not in yardsticks
    ]
    sizes, order = (
        race_rules.stages(np.bincount(given.labels)),
        race_rules.order(given.labels, seed),
    )
    alive, used, seen, wrong, doubt = list(models), 0, 0, False, 0
    for size, following in itertools.pairwise(sizes):
        used, seen = used + len(alive) * (size - seen), size
        line = race_rules.places(given.of(alive, order[:size], seed), yardsticks & set(alive))
        out = race_rules.leaving(
            line,
            free=(),
            yardsticks=yardsticks,
            sizes=(size, following, n),
            used=used,
            allowed=race_rules.budget(len(models), n),
        )
        gone = {leaver.place.model for leaver in out}
        alive = [m for m in alive if m not in gone]
        wrong |= exact[0].model in {leaver.place.model for leaver in out if leaver.why == "behind"}
        doubt += sum(
            leaver.why == "budget" and leaver.place.behind < 100 * (1 - CLOSE) for leaver in out
        )
    used += len(alive) * (n - seen)
    winner = race_rules.places(given.of(alive, None))[0].model
    return {
        "same": winner == exact[0].model,
        "within its tie": (
            tied := winner in {p.model for p in exact if p.behind < 100 * (1 - CLOSE)}
        ),
        "named or in doubt": bool(tied or doubt),
        "passes": used / (len(models) * n),
        "surely behind, yet first": wrong,
        "in doubt": doubt,
    }


def trials(given: Given, seeds: int, draws: int) -> dict[str, object]:
    """Many: each seed is another order of the pictures, each draw another ten of the models."""
    chance = np.random.default_rng(1)
    names = list(given.features)
    rows = []
    with suited_threads(len(given.labels)):
        for seed in range(seeds):
            for _ in range(draws if len(names) > MODELS else 1):
                rows.append(trial(given, chance.permutation(names)[:MODELS].tolist(), seed))
    told = {key: float(np.mean([r[key] for r in rows])) for key in rows[0]}
    most = max(r["passes"] for r in rows)
    return {
        "what": given.name,
        "pictures": len(given.labels),
        "trials": len(rows),
        **told,
        "most passes": float(most),
        **kept(told),
    }


def kept(told: Mapping[str, float]) -> dict[str, object]:
    """Say whether as many trials as asked name a winner of the exact run, or say their doubt."""
    return {"limit": LEAST, "kept": "yes" if told["named or in doubt"] >= LEAST else "NO"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--targets", default=",".join(TARGETS), help="bundled ones, with commas; '' = none"
    )
    parser.add_argument("--features", type=Path, nargs="*", default=[], metavar="FILE.npz")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=50)
    asked = parser.parse_args()
    rows = []
    for target in filter(None, asked.targets.split(",")):
        given = demo(target)
        more = with_halves(given)
        more.scores = given.scores  # what one has scored, the other need not
        rows += [trials(given, asked.seeds, 1), trials(more, asked.seeds, asked.draws)]
    rows += [trials(from_file(path), asked.seeds, asked.draws) for path in asked.features]
    whole = sum(int(str(r["trials"])) for r in rows)
    mean = {
        key: sum(float(r[key]) * r["trials"] for r in rows) / whole
        for key in rows[0]
        if isinstance(rows[0][key], float)
    }
    most = max(r["most passes"] for r in rows)
    rows.append({**mean, "what": "all", "trials": whole, "most passes": most, **kept(mean)})
    tell(
        "racing",
        rows,
        means=MEANS,
        models=MODELS,
        rechecks=race_rules.RECHECKS,
        sure=race_rules.SURE,
    )


if __name__ == "__main__":
    main()
