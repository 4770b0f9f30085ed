"""Verdicts that were given stay: of twelve made sets of features, and of the runs that ship.

What is kept in `verdicts.json` was said before the kernels were made faster. A change to a measure
that moves a verdict must say so, and make the file again:
`python -m tests.runs.test_verdicts_stay`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import srcsel
from srcsel.base.records import HEADLINE
from srcsel.scoring.score import score_model
from srcsel.store.runs import RunStore
from srcsel.verdict.decide import decide

KEPT = Path(__file__).with_name("verdicts.json")
SHIPPED = RunStore(Path(srcsel.__file__).parent / "demo" / "runs")
RUNS = (
    "example-butterflies",
    "experiment-butterflies",
    "experiment-digits",
    "experiment-tiles",
)
FIRSTS = 3.0  # of 100 re-checks, by which a statement may differ
SAMPLED = 8.0  # the same, where the re-checks are of a sample of the pictures
CLOSE = 1e-5  # relative difference of a value

# pictures, width, classes, signals of the models, kind of features
SETS = {
    "clear": (160, 48, 4, (1.0, 0.5, 0.3), "round"),
    "tie": (160, 48, 4, (0.62, 0.6, 0.2), "round"),
    "alike": (120, 40, 3, (0.5, 0.5, 0.5, 0.5), "round"),
    "noise": (120, 40, 3, (0.0, 0.0), "round"),
    "wide": (90, 700, 5, (0.6, 0.5, 0.2), "round"),
    "rectified": (200, 64, 6, (0.8, 0.6, 0.4), "rectified"),
    "cone": (200, 64, 6, (0.8, 0.7, 0.3), "cone"),
    "falling": (240, 96, 8, (0.5, 0.42, 0.3), "falling"),
    "uneven": (180, 32, 4, (0.7, 0.6, 0.3), "uneven"),
    "few": (40, 64, 10, (1.0, 0.8), "round"),
    "two": (150, 20, 2, (0.4, 0.35, 0.1), "round"),
    "many": (3000, 48, 10, (0.5, 0.47, 0.2), "falling"),
}


def features(n, d, classes, signals, kind, seed=0):
    """Return model -> features (n, d) float32, and labels (n,)."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    if kind == "uneven":
        y = np.sort(rng.integers(0, classes * (classes + 1) // 2, n))
        y = np.repeat(np.arange(classes), np.arange(1, classes + 1))[y]
    made = {}
    for number, signal in enumerate(signals):
        X = rng.standard_normal((n, d)) + signal * rng.standard_normal((classes, d))[y]
        if kind == "falling":
            X /= np.sqrt(1 + np.arange(d) / 4)
        if kind == "rectified":
            X = np.maximum(X, 0)
        if kind == "cone":
            X += 6
        made[f"model {number}"] = X.astype(np.float32)
    return made, y


def said(name):
    """What is said of one set: the verdict, and the values it rests on."""
    given, y = features(*SETS[name])
    models = [_model(model) for model in given]
    found = [score_model(model, X, y) for model, X in given.items()]
    scores = [score for one in found for score in one.scores]
    literal = [score for one in found for score in one.literal]
    return _plain(decide(scores, models, np.bincount(y), literal=literal), scores + literal)


def again(name):
    """What is said of the close models of a run that ships, and the next: as stored, and anew."""
    stored = SHIPPED.load(name)
    verdict = stored.verdict
    rest = [m for m in verdict.firsts if m not in verdict.close]
    chosen = [*verdict.close, *rest[:1]]
    fresh = srcsel.rank(stored.run.ref, models=chosen, device="cpu")
    models = [m for m in stored.models if m.id in chosen]
    counts = np.bincount(stored.dataset.labels)
    both = []
    for result in (stored, fresh):
        scores = [s for s in result.scores if s.model in chosen and s.measure in HEADLINE]
        literal = [s for s in result.literal if s.model in chosen]
        both.append(_plain(decide(scores, models, counts, literal=literal), scores + literal))
    return both


def _model(name):
    return srcsel.SourceModel(name, name, "", None, None, None, None, "", "unknown")


def _plain(verdict, scores):
    values = {f"{s.model}|{s.measure}|{s.reading}": [s.value, s.null] for s in scores}
    return {
        "kind": verdict.kind,
        "cause": verdict.cause,
        "winner": verdict.winner,
        "close": sorted(verdict.close),
        "firsts": verdict.firsts,
        "values": values,
    }


def compare(found, kept, apart):
    for name in ("kind", "cause", "winner", "close"):
        assert found[name] == kept[name], name
    assert found["firsts"] == pytest.approx(kept["firsts"], abs=apart)
    assert found["values"].keys() == kept["values"].keys()
    for name, (value, null) in kept["values"].items():
        assert found["values"][name] == pytest.approx([value, null], rel=CLOSE, abs=1e-7), name


@pytest.mark.parametrize("name", SETS)
def test_of_made_features(name):
    kept = json.loads(KEPT.read_text())[name]
    compare(said(name), kept, SAMPLED if name == "many" else FIRSTS)


@pytest.mark.parametrize("name", RUNS[1:])  # the first is of the same pictures, at full size
def test_of_runs_that_ship(name, monkeypatch):
    monkeypatch.setattr("srcsel.runs.run.draw_all", lambda *_: None)  # no verdict hangs on a map
    stored, fresh = again(name)
    compare(fresh, stored, FIRSTS)


def test_of_runs_that_ship_as_they_were_stored():
    """Without scoring anything: every verdict follows from the stored scores."""
    for name in RUNS:
        stored = SHIPPED.load(name)
        counts = np.bincount(stored.dataset.labels)
        verdict = decide(stored.scores, stored.models, counts, literal=stored.literal)
        assert (verdict.kind, verdict.winner) == (stored.verdict.kind, stored.verdict.winner)
        assert verdict.firsts == pytest.approx(stored.verdict.firsts)
        assert verdict.close == stored.verdict.close


if __name__ == "__main__":
    KEPT.write_text(json.dumps({name: said(name) for name in SETS}, indent=1) + "\n")
