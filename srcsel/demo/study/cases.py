"""One case after another: candidates scored on the pictures given, the verdict on them, and the
accuracy they really reach on the pictures held back.

A question (see `truth`) gives many cases, each a handful of its candidates; they share pictures and
truth, so they are no independent witnesses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from srcsel.base.records import HEADLINE, Score
from srcsel.base.watch import Watch
from srcsel.demo.study.candidates import Candidate, candidates, features_of
from srcsel.demo.study.pictures import Target, targets
from srcsel.demo.study.truth import Question, probed, trained
from srcsel.measures import MEASURES
from srcsel.pictures.bundled.targets import TARGETS
from srcsel.scoring.score import ModelScores, score_model
from srcsel.store.memory import Memory
from srcsel.verdict.combine import combined
from srcsel.verdict.decide import decide

TRAINED = ((0, 4, 10),)
"""Questions whose truth is fine-tuning: number, classes, pictures given of each. The bundled
targets are not asked them: the experiment trains on those."""
PROBED = ((1, 4, 10), (2, 8, 20))
"""Questions whose truth is the linear probe, which costs nearly nothing."""
CASES = 40  # handfuls of candidates of each question
SMALLEST, LARGEST = 2, 8  # candidates of a case
DIGITS = 6  # significant ones that are kept of a score


def study(memory: Memory, watch: Watch) -> list[dict[str, Any]]:
    """Ask every question of every target; JSON values, one a question. Goes on where it stopped."""
    found = []
    for target in targets():
        for question, train in questions(target):
            watch.update(target.name, "running", note=f"question {question.number}")
            able = candidates(target, trained=train)
            found.append(asked(question, able, memory, train=train))
        watch.update(target.name, "done")
    return found


def questions(target: Target) -> Iterator[tuple[Question, bool]]:
    """Yield the questions asked of a target, and whether their truth is fine-tuning's."""
    for number, classes, given in TRAINED if target.name not in TARGETS else ():
        yield Question(target, number, min(classes, target.classes), given), True
    for number, classes, given in PROBED:
        yield Question(target, number, min(classes, target.classes), given), False


def asked(
    question: Question, able: Sequence[Candidate], memory: Memory, *, train: bool
) -> dict[str, Any]:
    """Score, try and judge the candidates of one question.

    `scores`: measure -> one value a candidate, None where it has none; models of `cases` are
    places in `models`.
    """
    found, probes = [], []
    for candidate in able:
        features, logits = (
            x[question.rows] for x in features_of(question.target, candidate, memory)
        )
        given = question.split.train
        measures = tuple(MEASURES) if train else HEADLINE
        found.append(
            score_model(
                candidate.id,
                features[given],
                question.labels[given],
                measures=measures,
                logits=logits[given],
                device="cpu",
            )
        )
        probes.append(probed(question, features))
    reached = [trained(question, c, memory) for c in able] if train else None
    return {
        "target": question.target.name,
        "role": question.target.role,
        "number": question.number,
        "classes": question.classes,
        "given": question.given,
        "tested": len(question.split.test),
        "models": [c.id for c in able],
        "params": [c.source.params for c in able],
        "imagenet": [c.imagenet for c in able],
        "scores": _values(found),
        "probed": [round(value, DIGITS) for value in probes],
        "trained": reached and [round(value, DIGITS) for value in reached],
        "cases": list(_cases(question, able, found)),
    }


def _values(found: Sequence[ModelScores]) -> dict[str, list[float | None]]:
    """Each measure's value for each model, in both readings where it has two."""
    scores, _ = combined([s for one in found for s in one.scores])
    literal, _ = combined([s for one in found for s in one.literal])
    places = {one.model: i for i, one in enumerate(found)}
    values: dict[str, list[float | None]] = {}
    for score in (*scores, *literal):
        name = f"{score.measure} {score.reading}" if score.reading else score.measure
        row = values.setdefault(name, [None] * len(found))
        row[places[score.model]] = float(f"{score.value:.{DIGITS}g}")
    return values


def _cases(
    question: Question, able: Sequence[Candidate], found: Sequence[ModelScores]
) -> Iterator[dict[str, Any]]:
    """Draw handfuls of candidates and judge each as a run with these candidates would."""
    rng = np.random.default_rng([question.number, 5, sum(question.target.name.encode())])
    counts = np.full(question.classes, question.given)
    scores: dict[str, list[Score]] = {one.model: one.scores for one in found}
    for _ in range(CASES):
        size = int(rng.integers(SMALLEST, min(LARGEST, len(able)) + 1))
        chosen = np.sort(rng.choice(len(able), size, replace=False))
        models = [able[i].model for i in chosen]
        verdict = decide([s for m in models for s in scores[m.id]], models, counts)
        places = {m.id: int(i) for m, i in zip(models, chosen, strict=True)}
        yield {
            "of": chosen.tolist(),
            "kind": verdict.kind,
            "cause": verdict.cause,
            "winner": places[verdict.winner] if verdict.winner else None,
            "close": [places[m] for m in verdict.close],
            "stated": round(verdict.firsts.get(verdict.winner or "", 0.0), 1),
        }
