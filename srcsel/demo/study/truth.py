"""The accuracy really reached on pictures held back: by the recipe of fine-tuning, and by the
linear probe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcsel.base.records import RECIPE, Protocol
from srcsel.demo.study.candidates import Candidate, pixels_of
from srcsel.demo.study.pictures import Target
from srcsel.evidence.descent import Task
from srcsel.evidence.head import fitted
from srcsel.evidence.splits import Split, split
from srcsel.evidence.training import CHECKPOINTS, Training
from srcsel.models.hubs import Trainable
from srcsel.store.memory import Memory


@dataclass(frozen=True, eq=False)
class Question:
    """Some classes of a target, a few pictures of each given, all others held back."""

    target: Target
    number: int  # draws the classes and the split
    classes: int
    given: int  # pictures a class

    @property
    def chosen(self) -> np.ndarray:
        """The classes, sorted, (classes,)."""
        rng = np.random.default_rng([self.number, sum(self.target.name.encode())])
        return np.sort(rng.choice(self.target.classes, self.classes, replace=False))

    @property
    def rows(self) -> np.ndarray:
        """Their pictures among all of the target, (n,)."""
        all_labels = np.repeat(np.arange(self.target.classes), self.target.each)
        return np.flatnonzero(np.isin(all_labels, self.chosen))

    @property
    def labels(self) -> np.ndarray:
        """Labels of these pictures, (n,) int64 in 0..classes-1."""
        return np.repeat(np.arange(self.classes), self.target.each)

    @property
    def protocol(self) -> Protocol:
        """As everybody's fine-tuning, one training."""
        return Protocol("finetune", shots=self.given, seeds=(self.number,))

    @property
    def split(self) -> Split:
        """Which of these pictures are given (`train`) and which held back (`test`)."""
        n = len(self.labels)  # the target's pictures are all different
        return split(self.labels, np.arange(n), self.protocol, self.number)


def probed(question: Question, features: np.ndarray) -> float:
    """Accuracy of the linear probe of features (n, d) of the question's pictures, 0..1."""
    of, y = question.split, question.labels
    guess = fitted(features[of.train], y[of.train]).predict(features[of.test].astype(np.float64))
    return float((guess == y[of.test]).mean())


def trained(question: Question, candidate: Candidate, memory: Memory) -> float:
    """Accuracy after fine-tuning the whole network, 0..1; remembered, and goes on where it
    stopped.
    """
    asked = {
        "recipe": RECIPE,
        "target": [question.target.name, question.target.classes, question.target.each],
        "number": question.number,
        "classes": question.classes,
        "given": question.given,
        "epochs": question.protocol.epochs,
        "model": candidate.id,
        "revision": candidate.source.revision,
    }
    known = memory.recall("trained", asked)
    if known is not None:
        return float(known[1])
    pixels = pixels_of(question.target, candidate)[question.rows]
    of, y = question.split, question.labels
    encoder = candidate.load()
    assert isinstance(encoder, Trainable)  # every candidate is a network
    task = Task(encoder, pixels, y, of, question.protocol, question.number)
    guess = Training(task).run(memory, asked, lambda *_: None).guess
    accuracy = float((guess == y[of.test]).mean())
    memory.remember("trained", asked, {"guess": guess}, accuracy)
    memory.forget(CHECKPOINTS, asked)
    return accuracy
