"""Accuracy really reached or expected, and how the scores agree with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from srcsel.base.allowed import check_fields
from srcsel.base.brief import brief
from srcsel.base.records.scores import Failure, Reading

EvidenceKind = Literal["probe", "finetune"]


SettleEnd = Literal["", "clear", "alike", "most", "time", "failed"]
"""Why a settling is over: the order is clear, it makes no difference, all trainings are done, the
time is spent, too few models could be trained; "" = it is not."""


LEAST_TEST = 0.2
"""Share of a small class that few shots leave for the test."""


UNFINISHED = "Not every model is measured yet, so nothing can be said about the scores."


RECIPE = 2
"""Version of how networks are fine-tuned; part of what outcomes are remembered by. Raise it with
every change to what a training comes to."""


@dataclass(frozen=True)
class Protocol:
    """How accuracy is measured: the same splits for every model.

    Whatever the outcome depends on, and nothing else. Raises InputError as `Run`.
    """

    kind: EvidenceKind
    folds: int = 5  # of the probe: stratified cross-validation
    # of fine-tuning: training pictures of each class; None = all but the test share
    shots: int | None = 10
    test_share: float = 0.2  # of fine-tuning with shots None
    seeds: tuple[int, ...] = (0, 1, 2)  # one split and one training each
    epochs: int = 15  # of fine-tuning, at most
    early_stop: int = 5  # epochs without a better validation loss; 0 = never
    batch: int = 20
    learning_rate: float | None = None  # None = the better of two, for each split and model
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        check_fields(self)
        if self.kind == "probe" and self.learning_rate is None:
            # it means nothing there, but stored quick checks say so and are found by it
            object.__setattr__(self, "learning_rate", 1e-3)


@dataclass(frozen=True)
class Interval:
    """A value with its 90 % interval; None where it is not defined or cannot be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one model made of the test pictures of one split (a seed, or a fold of the probe)."""

    __repr__ = brief

    model: str
    split: int
    rows: np.ndarray  # (u,) int64, sorted: the pictures tested, the same for every model
    guess: np.ndarray  # (u,) int64, the class given to each
    seconds: float = 0.0
    note: str = ""  # such as "stopped early after epoch 9 of 15"
    # (u,) float64, 0..1: how sure the classifier was of each guess; None where that is not known
    sure: np.ndarray | None = None


@dataclass(frozen=True)
class Shown:
    """A picture that a classifier on one model's features had not seen, and what it took it for."""

    row: int  # picture number of the dataset
    guess: int  # class id
    sure: float  # 0..1, the probability it gave to its guess


@dataclass(frozen=True)
class Strip:
    """A few pictures that one model is right about and wrong about, for the eye."""

    model: str
    right: tuple[Shown, ...]
    wrong: tuple[Shown, ...]  # the surest first


@dataclass(frozen=True)
class Accuracy:
    """Accuracy really reached by one source model; `values[i]` belongs to the same split for every
    model.
    """

    model: str
    values: tuple[float, ...]  # 0..1, one a fold (probe) or a seed (fine-tuning)
    mean: float
    low: float  # 90 % interval of the mean
    high: float
    balanced: float | None = None  # mean over classes of each class's accuracy, 0..1
    seconds: float = 0.0
    note: str = ""  # such as "stopped early at epoch 9"


@dataclass(frozen=True)
class CurvePoint:
    """How often one model was right after learning from so many pictures."""

    each: float  # pictures of a class learned from, in the mean over folds and classes
    value: float  # 0..1
    low: float  # 90 % interval
    high: float


@dataclass(frozen=True)
class Ahead:
    """How often it would be right with `times` as many pictures, with 90 % intervals."""

    times: float
    each: float  # as in CurvePoint
    value: float  # 0..1
    low: float
    high: float
    gain: float  # beyond what it is today, in shares of 1
    gain_low: float
    gain_high: float


@dataclass(frozen=True)
class Curve:
    """One model's accuracy by the number of pictures, as far as there are any, and beyond."""

    model: str
    points: tuple[CurvePoint, ...]  # the last is all there are: the accuracy of the run
    ahead: tuple[Ahead, ...] = ()  # none where the points are too few for it


@dataclass(frozen=True)
class Settles:
    """In what share of the cases so many pictures make one of the close models a clear choice."""

    times: float
    share: float  # 0..1


@dataclass(frozen=True)
class Outlook:
    """What more pictures would bring: accuracy, and a clear choice where there is none yet."""

    run: str  # Run.id
    curves: tuple[Curve, ...]  # of the model to start from, then of those close to it
    settles: tuple[Settles, ...]  # () where nothing is open
    text: str  # the answer in plain text
    seconds: float = 0.0


@dataclass(frozen=True)
class Agreement:
    """How well one predictor's order of the models went with the accuracy they reached."""

    # a measure's name, "verdict", "consensus", "accuracy" (source accuracy), "params"
    predictor: str
    reading: Reading | None
    models: int  # how many models had both a score and an accuracy
    picked: str | None  # the model it puts first; None also where it puts several first
    tau: Interval  # Kendall's tau-b, -1..1, higher is better
    weighted_tau: Interval  # scipy.stats.weightedtau, -1..1
    pearson: Interval  # -1..1, of the values themselves
    # accuracy points (0..100) lost by starting from `picked`, in the mean over `tied` where it puts
    # several first; 0 = it picked the best
    regret: Interval
    # share of the re-checks and seeds in which it picked the best model, 0..1; of several it puts
    # first, the share that are the best
    hit: float | None
    reason: str = ""  # why there is none, in words; the intervals are then empty
    tied: tuple[str, ...] = ()  # the models it puts first, where these are several


@dataclass(frozen=True, eq=False)
class Evidence:
    """Accuracy really reached on a run's pictures, and how well every predictor foretold it."""

    __repr__ = brief

    run: str  # Run.id
    protocol: Protocol
    accuracies: tuple[Accuracy, ...]
    agreements: tuple[Agreement, ...]  # by regret, best first; those without one last
    sentence: str  # "On these pictures SCL picked the best model; ..." Plain text
    close: tuple[str, ...] = ()  # models whose accuracy cannot be told from the best's
    failures: tuple[Failure, ...] = ()  # measure "" : this model could not be trained
    notes: tuple[
        str, ...
    ] = ()  # the splits in words: how many pictures, which copies were kept together
    created: str = ""  # ISO 8601, UTC
    seconds: float = 0.0
    complete: bool = True
    # of fine-tuning: the RECIPE; 1, also where nothing is stored, is the plain recipe of before: a
    # head from nothing, all epochs at one learning rate
    recipe: int = 1

    @property
    def is_former(self) -> bool:
        """Whether the models were trained by a recipe of before."""
        return self.protocol.kind == "finetune" and self.recipe < RECIPE

    @property
    def said(self) -> str:
        """What may be said: nothing about the scores before every model is measured."""
        return self.sentence if self.complete else UNFINISHED


@dataclass(frozen=True)
class Gap:
    """How much more often the first of some trained models was right than another, 0..1.

    Over the same splits and pictures; `low` and `high` are those of the rule that tells them apart.
    """

    model: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Settled:
    """What training the models that the scores cannot tell apart has shown so far."""

    models: tuple[str, ...]  # who was to be trained, as the scores rank them
    protocol: Protocol  # its seeds: the splits that those who are still in were all trained on
    # those who are still in, best first, then those who fell behind, over the splits they had
    accuracies: tuple[Accuracy, ...] = ()
    gaps: tuple[Gap, ...] = ()  # of all but the first, in that order
    close: tuple[str, ...] = ()  # who is still in: the first, and those not told from it
    winner: str | None = None  # where to start, if that is settled
    ended: SettleEnd = ""
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0  # of the time allowed
    created: str = ""  # ISO 8601, UTC

    @property
    def trainings(self) -> int:
        """How many trainings the accuracies rest on."""
        return sum(len(a.values) for a in self.accuracies)

    @property
    def is_measured(self) -> bool:
        """Whether it says anything: a stopped or unfinished one does not."""
        return self.ended in ("clear", "alike", "most", "time") and len(self.gaps) > 0
