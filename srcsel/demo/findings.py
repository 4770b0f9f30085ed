"""What the experiment says over all its targets: who foretold the accuracies, and where MSC and SCL
part ways. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from srcsel.base.records import Agreement, Evidence, Reading, Result
from srcsel.verdict.readings import bar_length
from srcsel.verdict.wording import READINGS

PAIR = ("silhouette", "supcon")
ORDER: tuple[Reading, ...] = ("raw", "whitened")
FLAT = 0.05  # a silhouette below this says that no groups stand apart
TRUTH = {"probe": "quick check", "finetune": "fine-tuning"}


_Two = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Told:
    """One target of the experiment."""

    result: Result
    evidence: tuple[Evidence, ...]
    cones: dict[str, float]  # model -> mean cosine of two different pictures, raw features


def mean_cosine(X: np.ndarray) -> float:
    """Mean cosine similarity of two different rows of X (n, d), -1..1; zero rows are similar to
    none.
    """
    lengths = np.linalg.norm(X.astype(np.float64), axis=1, keepdims=True)
    Z = np.divide(X, lengths, out=np.zeros(X.shape), where=lengths > 0)
    total, n = Z.sum(axis=0), len(Z)
    return float((total @ total - (Z * Z).sum()) / (n * (n - 1)))


def summarize(told: Sequence[Told]) -> dict[str, Any]:
    """Return JSON values: targets, predictors (one row a predictor and kind of evidence), pairs,
    findings.
    """
    kinds = list(dict.fromkeys(e.protocol.kind for t in told for e in t.evidence))
    predictors = [row for kind in kinds for row in _predictors(told, kind)]
    pairs = [_pairs(told, kind, reading) for kind in kinds for reading in ORDER]
    best = "finetune" if "finetune" in kinds else kinds[0]
    return {
        "targets": [_target(t) for t in told],
        "predictors": predictors,
        "pairs": pairs,
        "findings": [
            *_who_won([row for row in predictors if row["kind"] == best], len(told), best),
            *(
                text
                for p in pairs
                if p["kind"] == best and p["reading"] == "raw"
                for text in _when(p)
            ),
            *(
                text
                for p in pairs
                if p["kind"] == best and p["reading"] == "whitened"
                for text in _whitened(p)
            ),
        ],
    }


def _target(t: Told) -> dict[str, Any]:
    """One target: what every model scored and reached."""
    scores = {(s.model, s.measure, s.reading): s for s in (*t.result.scores, *t.result.literal)}
    rows = []
    for model in t.result.models:
        reached = {
            e.protocol.kind: a for e in t.evidence for a in e.accuracies if a.model == model.id
        }
        row: dict[str, Any] = {"id": model.id, "title": model.title, "yardstick": model.yardstick}
        row["cone"] = t.cones.get(model.id)
        row["accuracy"] = {
            kind: {"mean": a.mean, "low": a.low, "high": a.high} for kind, a in reached.items()
        }
        row["scores"] = {
            f"{measure} {reading}": bar_length(scores[model.id, measure, reading])[0]
            for measure in PAIR
            for reading in ORDER
            if (model.id, measure, reading) in scores
        }
        rows.append(row)
    dataset = t.result.dataset
    return {
        "run": t.result.run.id,
        "title": t.result.run.title,
        "pictures": len(dataset.paths),
        "classes": len(dataset.classes),
        "models": rows,
        "sentences": {e.protocol.kind: e.sentence for e in t.evidence},
        "close": {e.protocol.kind: list(e.close) for e in t.evidence},
    }


def _predictors(told: Sequence[Told], kind: str) -> list[dict[str, Any]]:
    """Mean over the targets of each predictor's agreement with one kind of evidence, least regret
    first.
    """
    found: dict[tuple[str, Reading | None], dict[str, Agreement]] = {}
    for t in told:
        for evidence in t.evidence:
            if evidence.protocol.kind == kind:
                for a in evidence.agreements:
                    found.setdefault((a.predictor, a.reading), {})[t.result.run.title] = a
    rows = []
    for (predictor, reading), by_target in found.items():
        row: dict[str, Any] = {"kind": kind, "predictor": predictor, "reading": reading}
        for name in ("tau", "weighted_tau", "pearson", "regret"):
            values = [getattr(a, name).value for a in by_target.values()]
            known = [v for v in values if v is not None]
            row[name] = dict(zip(by_target, values, strict=True))
            row[f"mean_{name}"] = float(np.mean(known)) if len(known) == len(told) else None
        row["picked"] = {target: [*a.tied] or a.picked for target, a in by_target.items()}
        row["hits"] = sum(v is not None and v <= 0 for v in row["regret"].values())
        row["models"] = {target: a.models for target, a in by_target.items()}
        rows.append(row)
    last = float("inf")
    return sorted(
        rows,
        key=lambda r: (
            last if r["mean_regret"] is None else r["mean_regret"],
            -(r["mean_tau"] if r["mean_tau"] is not None else -1.0),
        ),
    )


def _pairs(told: Sequence[Told], kind: str, reading: Reading) -> dict[str, Any]:
    """Count the pairs of models on one target that MSC and SCL put in opposite orders, and who was
    right.

    Only pairs whose accuracies lie clearly apart (their intervals do not overlap) settle anything.
    `narrower`: how often the wrongly preferred model was the one that sees all pictures in the
    narrower cone. `flat`: how often both silhouettes were below FLAT.
    """
    found: dict[str, Any] = {"kind": kind, "reading": reading, "agree": 0, "open": 0}
    found |= {
        right: {"pairs": 0, "narrower": 0, "flat": 0, "examples": []} for right in ("msc", "scl")
    }
    for t in told:
        for better, worse, msc, scl, apart in _compared(t, kind, reading):
            if (msc[0] > msc[1]) == (scl[0] > scl[1]):
                found["agree"] += 1
            elif not apart:
                found["open"] += 1
            else:
                right = found["msc" if msc[0] > msc[1] else "scl"]
                right["pairs"] += 1
                right["narrower"] += t.cones[worse] > t.cones[better]
                right["flat"] += max(msc) < FLAT
                right["examples"].append(
                    {"target": t.result.run.title, "better": better, "worse": worse}
                )
    return found


def _compared(t: Told, kind: str, reading: Reading) -> Iterator[tuple[str, str, _Two, _Two, bool]]:
    """Yield (more accurate model, other, MSC of both, SCL gain of both, accuracies clearly
    apart).
    """
    scores = {
        (s.measure, s.model): bar_length(s)[0]
        for s in (*t.result.scores, *t.result.literal)
        if s.measure in PAIR and s.reading == reading
    }
    for evidence in (e for e in t.evidence if e.protocol.kind == kind):
        for a, b in combinations(evidence.accuracies, 2):
            if a.mean == b.mean or not all((m, x.model) in scores for m in PAIR for x in (a, b)):
                continue
            best, other = (a, b) if a.mean > b.mean else (b, a)
            msc, scl = ((scores[m, best.model], scores[m, other.model]) for m in PAIR)
            yield best.model, other.model, msc, scl, best.low > other.high


def _who_won(rows: Sequence[dict[str, Any]], targets: int, kind: str) -> Iterator[str]:
    """Say what trusting each of the pair would have cost, in both readings, and what the verdict's
    rule cost.
    """
    by_name = {(row["predictor"], row["reading"]): row for row in rows}
    for reading in ORDER:
        pair = [by_name[m, reading] for m in ("supcon", "silhouette") if (m, reading) in by_name]
        if len(pair) == 2 and all(
            None not in (row["mean_regret"], row["mean_tau"]) for row in pair
        ):
            scl, msc = pair
            yield (
                f"{READINGS[reading]}: starting from SCL's first model would have cost"
                f" {_points(scl)} on average over {targets} targets, from MSC's {_points(msc)},"
                f" against {TRUTH[kind]}. Mean Kendall's tau: SCL {_tau(scl)}, MSC {_tau(msc)}."
            )
    rule = by_name.get(("verdict", None))
    if rule is not None and rule["mean_regret"] is not None:
        yield (
            f"The verdict's rule picked the best model on {rule['hits']} of {targets} targets"
            f" ({_points(rule)} lost)."
        )


def _when(pairs: dict[str, Any]) -> Iterator[str]:
    """Say when one of the two fails on raw features and the other does not."""
    msc, scl = pairs["msc"], pairs["scl"]
    if not msc["pairs"] + scl["pairs"]:
        return
    yield (
        f"As published, MSC and SCL put {msc['pairs'] + scl['pairs']} pairs of models with"
        f" clearly different accuracy in opposite orders: SCL was right in {scl['pairs']}, MSC in"
        f" {msc['pairs']}."
    )
    flat, both = msc["flat"] + scl["flat"], msc["pairs"] + scl["pairs"]
    yield (
        f"In {flat} of these {both} pairs both silhouettes were below {FLAT}: the two part ways"
        " where no model's groups stand apart."
    )
    if scl["pairs"]:
        wider = scl["pairs"] - scl["narrower"]
        yield (
            "Where MSC failed and SCL did not, MSC preferred the model that spreads its pictures"
            f" more widely in {wider} of {scl['pairs']} pairs: its silhouette is near zero for want"
            " of any structure, and that beats a model whose structure crosses some classes."
        )
    if msc["pairs"]:
        yield (
            "Where SCL failed and MSC did not, SCL preferred the model that sees all pictures in a"
            f" narrower cone in {msc['narrower']} of {msc['pairs']} pairs: where all pictures look"
            " alike, the loss stays near that of chance, and that beats a model that spreads them"
            " without regard to class."
        )


def _whitened(pairs: dict[str, Any]) -> Iterator[str]:
    """Say what is left of the disagreement once what all pictures have in common is taken out."""
    agree = pairs["agree"]
    settled = pairs["msc"]["pairs"] + pairs["scl"]["pairs"]
    total = agree + pairs["open"] + settled
    if total:
        yield f"Corrected, MSC and SCL put {agree} of {total} pairs of models in the same order."


def _points(row: dict[str, Any]) -> str:
    return f"{row['mean_regret']:.1f} points"


def _tau(row: dict[str, Any]) -> str:
    return f"{row['mean_tau']:.2f}"
