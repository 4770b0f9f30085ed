"""What features score, and the verdict on all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from srcsel.base.brief import brief

Reading = Literal["whitened", "raw"]


VerdictKind = Literal["clear", "tie", "cannot tell"]


VerdictCause = Literal["", "nothing", "alone", "few", "same", "chance", "yardstick", "alike"]


HEADLINE = ("silhouette", "supcon", "knn", "logme")
"""The two bars and the two measures the verdict leans on beside SCL; every run computes them."""


@dataclass(frozen=True, eq=False)
class Score:
    """One measure's value for one model, with what it takes to read it."""

    __repr__ = brief

    model: str
    measure: str
    reading: Reading | None  # None where the measure has no preparation
    value: float
    null: float | None = None  # what the same features score when labels carry no information
    gain: float | None = None  # distance from the null, higher is better; 0 = chance
    low: float | None = None  # 90 % interval of `value` over the re-checks
    high: float | None = None
    # (b,) float64, the value on each paired re-check, spread corrected
    rechecks: np.ndarray | None = None
    seconds: float = 0.0
    # what features that see no difference between pictures score, where that is the same for all
    blind: float | None = None
    # of a set-relative measure: `value` is made of all models'
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Something that did not work, as a value that reaches the page.

    `measure` "" = the whole model.
    """

    model: str
    measure: str
    reason: str
    detail: str = ""  # traceback or log excerpt for "Copy details"


@dataclass(frozen=True)
class Ranking:
    """Models ordered by one measure, best first. Equal ranks are ties."""

    measure: str
    reading: Reading | None
    models: tuple[str, ...]
    ranks: tuple[int, ...]  # competition ranks: 1, 2, 2, 4
    close: tuple[
        str, ...
    ] = ()  # models the re-checks cannot tell from the first, the first included


@dataclass(frozen=True)
class Note:
    """One remark of a verdict: why scores and verdict differ, or a warning.

    Plain text, one or more sentences.
    """

    text: str
    reading: Reading | None = None  # the reading of the scores it speaks of; None = both


@dataclass(frozen=True)
class Signs:
    """What one reading of a model's features shows, to explain a verdict.

    Gains are log(n - 1) - SCL, 0 = chance.
    """

    mean_cosine: float  # of random pairs
    gain: float
    centred_gain: float  # with the mean feature subtracted
    trimmed_gain: float  # without the worst tenth of the pictures
    nearest: float  # leave-one-out accuracy of the single nearest neighbour
    distances: float  # MSC by Euclidean distance
    directions: float  # the same once every picture has unit length


@dataclass(frozen=True)
class Diagnosis:
    """The signs of one model in both readings."""

    model: str
    whitened: Signs
    raw: Signs
    # of the run's MSC; lengths matter to "euclidean" alone
    metric: Literal["cosine", "euclidean"] = "cosine"


@dataclass(frozen=True)
class Verdict:
    """The sentence that says where to start, and how sure we are."""

    kind: VerdictKind
    # where to start; with "cannot tell" only the current front-runner; never a yardstick
    winner: str | None
    text: str  # all of it: headline, why, facts on the winner; plain text, no markup
    # model -> first in x of 100 re-checks; no yardsticks
    firsts: dict[str, float] = field(default_factory=dict)
    close: tuple[str, ...] = ()  # models too close to call, the winner included; no yardsticks
    notes: tuple[Note, ...] = ()
    why: str = ""  # the sentences of `text` between the headline and the facts
    cause: VerdictCause = ""  # of "cannot tell": which case of the rule; "" in older runs
    # what trainings of the close models came to, a sentence of `why`; "" = nothing was measured
    measured: str = ""
