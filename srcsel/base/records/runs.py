"""A question, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from srcsel.base.allowed import check_fields
from srcsel.base.brief import answer, answer_html, brief
from srcsel.base.records.evidence import Accuracy, Settled, Strip
from srcsel.base.records.models import SourceModel
from srcsel.base.records.pictures import Corrections, Dataset
from srcsel.base.records.scores import (
    HEADLINE,
    Diagnosis,
    Failure,
    Ranking,
    Score,
    Verdict,
    VerdictCause,
    VerdictKind,
)

DropReason = Literal["behind", "budget", "yardstick"]


@dataclass(frozen=True)
class Run:
    """The person's question, complete: running it again answers the same.

    Raises InputError for a number or name that `allowed.RULES` does not allow.
    """

    id: str
    created: str  # ISO 8601, UTC
    ref: str  # dataset reference, as in Listing.ref
    models: tuple[str, ...]  # SourceModel ids
    measures: tuple[str, ...] = HEADLINE
    temperature: float = 0.5  # of SCL in the whitened reading
    metric: Literal["cosine", "euclidean"] = "cosine"  # of MSC
    device: str = "auto"
    precision: str = "float32"
    engine: str = "local"  # what carries it out: this computer, "ray", or "ray:HOST:PORT"
    seed: int = 0
    left_out: tuple[str, ...] = ()  # pictures the person left out, relative paths
    title: str = ""
    # a fast answer: models that the first pictures rule out are not scored on all
    race: bool = False
    person: str = ""  # who asked, where people sign in with accounts; "" = whoever runs srcsel
    relabeled: tuple[
        tuple[str, str], ...
    ] = ()  # pictures the person gave another class: (path, it)
    added: tuple[str, ...] = ()  # of `measures`: what was not asked for, and evidence scored since
    corrects: str = ""  # id of the run that left_out and relabeled correct; "" = not said
    all_pictures: bool = False  # all of them, also where a sample of very many would do

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def asked(self) -> tuple[str, ...]:
        """The measures that were asked for."""
        return tuple(name for name in self.measures if name not in self.added)

    @property
    def corrections(self) -> Corrections:
        """What the person corrected in the pictures."""
        return Corrections(self.left_out, self.relabeled)


@dataclass(frozen=True, eq=False)
class Before:
    """What was answered before the pictures were corrected, to stand beside the new answer."""

    __repr__ = brief

    run: str  # id
    title: str
    pictures: int
    classes: int
    corrections: Corrections  # that it was made with already
    kind: VerdictKind
    cause: VerdictCause
    measured: bool  # the answer was what training the close models came to
    winner: str | None
    firsts: dict[str, int]  # model -> first in x of 100 re-checks
    # of all models that have one, without re-checks; as in Result
    scores: tuple[Score, ...] = ()
    literal: tuple[Score, ...] = ()


@dataclass(frozen=True, eq=False)
class Dropped:
    """A model that left a race, with what was known of it then.

    Its scores rank with no score on all pictures.
    """

    model: str
    pictures: int  # how many it had seen
    leader: str  # the model ahead then
    behind: float  # the leader ranked before it in x of 100 re-checks on these pictures
    why: DropReason
    scores: tuple[Score, ...] = ()  # on these pictures, without their re-checks


@dataclass(frozen=True, eq=False)
class Race:
    """How a fast answer was found: its stages, who left when and why, what it saved."""

    __repr__ = brief

    # pictures each model had seen after each stage, the last all; () = no race was run
    stages: tuple[int, ...]
    stage: int = 0  # which is under way, from 0; len(stages) = over
    models: int = 0  # that took part
    dropped: tuple[Dropped, ...] = ()  # in the order in which they left
    passes: int = 0  # pictures put through networks by the race so far, each model's counted
    exact: int = 0  # pictures an exact run would have put through networks
    stored: tuple[
        str, ...
    ] = ()  # models that cost nothing: stored before, or no network; they never leave
    note: str = ""  # why no race was run


@dataclass(frozen=True)
class Like:
    """An earlier run on pictures like these."""

    run: str  # id
    name: str  # of its pictures
    models: int  # known of both; of the same pictures: known
    agree: float  # share of pairs of these that stand in the same order on both, 0..1
    same: bool  # these very pictures, but for corrections


@dataclass(frozen=True)
class Kind:
    """How models that learned from the same did on pictures like these."""

    pretraining: str
    models: int  # seen, one in two runs counted twice
    gained: float  # share of the others that they were before beyond what was expected, -1..1


@dataclass(frozen=True)
class Prior:
    """In which order a run tried its models, the likeliest first, and what that rests on."""

    order: tuple[str, ...]
    runs: tuple[Like, ...] = ()  # the likest first
    kinds: tuple[Kind, ...] = ()  # among its models, what moved most first


@dataclass(frozen=True, eq=False)
class Result:
    """The answer to a run. `complete` is False while models are still being worked on."""

    __repr__ = answer
    _repr_html_ = answer_html

    run: Run
    dataset: Dataset
    models: tuple[SourceModel, ...]  # as they were when the run started
    scores: tuple[Score, ...]  # the reading the verdict uses: whitened where there is one
    literal: tuple[Score, ...]  # MSC and SCL exactly as the papers state them, reading "raw"
    failures: tuple[Failure, ...]
    rankings: tuple[Ranking, ...]
    verdict: Verdict
    seconds_per_picture: dict[str, float] = field(default_factory=dict)  # model -> seconds
    notes: tuple[str, ...] = ()  # what was sampled, left out, or fell back
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    complete: bool = True
    race: Race | None = None  # of a fast answer
    diagnoses: tuple[Diagnosis, ...] = ()  # of its models; none in a run from before they were kept
    accuracies: tuple[Accuracy, ...] = ()  # by a linear classifier on the features; as diagnoses
    strips: tuple[Strip, ...] = ()  # pictures they are right and wrong about; as accuracies
    # model -> between what the measured times lie; models of one architecture share theirs
    seconds_spread: dict[str, tuple[float, float]] = field(default_factory=dict)
    # what is known from training the close ones; never stored with it
    settled: Settled | None = None
    before: Before | None = None  # of a run with corrected pictures: the answer without
    prior: Prior | None = None  # where they were not tried in the order in which they were named
