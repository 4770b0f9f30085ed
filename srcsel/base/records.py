"""The values that flow through srcsel. All frozen; shapes stand in the comments.

folder -> Dataset -> Features -> Scores -> Ranking + Verdict -> Projection -> page
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from srcsel.base.allowed import check_fields
from srcsel.base.brief import answer, answer_html, brief

Reading = Literal["whitened", "raw"]
VerdictKind = Literal["clear", "tie", "cannot tell"]
LeftOut = Literal["file", "label", "row", "table", "class"]
"""What was left out: a file that is no picture, a picture without one label, a row of a table
without a picture, a whole table, a whole class."""
VerdictCause = Literal["", "nothing", "alone", "few", "same", "chance", "yardstick", "alike"]
DropReason = Literal["behind", "budget", "yardstick"]
EvidenceKind = Literal["probe", "finetune"]
SettleEnd = Literal["", "clear", "alike", "most", "time", "failed"]
"""Why a settling is over: the order is clear, it makes no difference, all trainings are done, the
time is spent, too few models could be trained; "" = it is not."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]

LEAST_TEST = 0.2
"""Share of a small class that few shots leave for the test."""
UNFINISHED = "Not every model is measured yet, so nothing can be said about the scores."
RECIPE = 2
"""Version of how networks are fine-tuned; part of what outcomes are remembered by. Raise it with
every change to what a training comes to."""

HEADLINE = ("silhouette", "supcon", "knn", "logme")
"""The two bars and the two measures the verdict leans on beside SCL; every run computes them."""

GIVEN = "features"
"""Reference of a data set of which only features are known: `Dataset.ref`."""

DOTS = 5000
"""Dots on a map unless more are asked for."""
MOST_DOTS = {"umap": 100_000, "pca": 100_000, "tsne": DOTS}
"""Dots on a map at most: t-SNE of more takes many minutes."""


@dataclass(frozen=True)
class SourceModel:
    """A pretrained network on offer. None or "unknown" = not known, never guessed."""

    id: str  # "<hub>/<name>"
    title: str  # what the pages show
    revision: str  # identifies the weights; part of the feature key
    params: int | None  # number of weights
    gmacs: float | None  # 1e9 multiply-adds for one picture
    input_size: int | None  # pixels of the shorter side
    dim: int | None  # feature width d
    pretraining: str  # source task or data in words
    license: str  # SPDX id, or "unknown"
    download_bytes: int | None = None  # 0 = already on this computer
    accuracy: float | None = None  # on its own source task, 0..1
    source_classes: int | None = None  # width of the source head; None = no head
    note: str = ""  # one sentence for the card
    yardstick: bool = False  # pixels, or a control: scored and shown, never where to start
    at: int | None = None  # pixels that a person chose, "@<pixels>" in the id; None = its own size
    year: int | None = None  # of the latest paper that describes it, as far as known

    @property
    def own_id(self) -> str:
        """The id of the same model at its own size."""
        return self.id if self.at is None else self.id.removesuffix(f"@{self.at}")


@dataclass(frozen=True)
class Unreadable:
    """A file that was left out, and why, in words."""

    path: str  # relative to the dataset's folder
    reason: str
    kind: LeftOut = "file"


@dataclass(frozen=True, eq=False)
class Listing:
    """What a folder seems to hold, from names alone: nothing was opened yet."""

    __repr__ = brief

    ref: str  # what the person chose: a folder, "demo:digits", "public:DTD"
    name: str  # short name for pages
    folder: Path  # absolute; `paths` are relative to it
    paths: tuple[str, ...]  # (n,) POSIX, sorted
    labels: np.ndarray  # (n,) int64 in 0..c-1
    classes: tuple[str, ...]  # (c,) sorted
    skipped: tuple[Unreadable, ...] = ()  # files that are no pictures, or have no class
    label_source: str = "folder names"  # or "labels.csv"
    license: str = ""  # of a public set
    notes: tuple[str, ...] = ()  # what listing showed that may spoil the answer, in sentences


@dataclass(frozen=True, eq=False)
class Dataset:
    """The person's labelled pictures after every file was opened once; only readable ones are
    listed.
    """

    __repr__ = brief

    ref: str
    name: str
    folder: Path
    paths: tuple[str, ...]  # (n,) POSIX, sorted
    labels: np.ndarray  # (n,) int64 in 0..c-1
    classes: tuple[str, ...]  # (c,)
    digest: str  # of paths, class names, file bytes, in order, and ranges; of nothing else
    unreadable: tuple[Unreadable, ...] = ()
    label_source: str = "folder names"
    license: str = ""
    notes: tuple[str, ...] = ()  # the folder check: what may spoil the answer, and what to do
    # of pictures deeper than 8 bits: kind of number ("u2") -> values seen as black and as white
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    # (n,) sha256 of the bytes that were looked at, in hex; () where that is not known: not stored
    digests: tuple[str, ...] = ()
    sampled_from: int = 0  # pictures that these are a stratified sample of; 0 = these are all

    @property
    def counts(self) -> np.ndarray:
        """Pictures of each class, (c,) int64."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def take(self, rows: np.ndarray, digest: str) -> Dataset:
        """Return these pictures alone, in the order of `rows` (m,), under a digest of their own."""
        return replace(
            self,
            paths=tuple(self.paths[row] for row in rows),
            labels=self.labels[rows],
            digests=tuple(self.digests[row] for row in rows) if self.digests else (),
            digest=digest,
        )


@dataclass(frozen=True)
class FeatureKey:
    """Whatever features depend on, and nothing else."""

    dataset: str  # Dataset.digest
    model: str  # SourceModel.id
    revision: str  # SourceModel.revision
    preprocessing: str  # hubs.Preprocessing.key
    precision: str  # "float32" or the name of a faster one


@dataclass(frozen=True, eq=False)
class Features:
    """The penultimate output of one source model over one dataset; row i is picture i."""

    __repr__ = brief

    key: FeatureKey
    values: np.ndarray  # (n, d) float32
    logits: np.ndarray | None = None  # (n, c_source) float32, where the model has a source head
    seconds_per_picture: float | None = None  # network only, as measured on this computer
    seconds_spread: tuple[float, float] | None = None  # between what its batches lay


@dataclass(frozen=True, eq=False)
class Score:
    """One measure's value for one model, with what it takes to read it."""

    __repr__ = brief

    model: str
    measure: str
    reading: Reading | None  # None where the measure has no preparation
    value: float
    null: float | None = None  # what the same features score when labels carry no information
    gain: float | None = None  # distance from chance, higher is better; 0 = chance
    low: float | None = None  # 90 % interval of `value` over the re-checks
    high: float | None = None
    # (b,) float64, the value on each paired re-check, spread corrected
    rechecks: np.ndarray | None = None
    seconds: float = 0.0
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


@dataclass(frozen=True)
class Corrections:
    """What a person corrects in a picture set: pictures left out, and pictures of another class."""

    __repr__ = brief

    left_out: tuple[str, ...] = ()  # relative paths, sorted
    relabeled: tuple[tuple[str, str], ...] = ()  # (relative path, class), sorted by path

    def __bool__(self) -> bool:
        return bool(self.left_out or self.relabeled)


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
    corrects: str = ""  # id of the run that left_out and relabeled correct; "" = not said
    all_pictures: bool = False  # all of them, also where a sample of very many would do

    def __post_init__(self) -> None:
        check_fields(self)

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


@dataclass(frozen=True, eq=False)
class Inside:
    """What one source model makes of every single picture; row i is picture i of the dataset."""

    __repr__ = brief

    model: str
    # (n, 6) int64, the nearest other pictures by cosine of the raw features, nearest first
    neighbors: np.ndarray
    similarity: np.ndarray  # (n, 6) float32, their cosine similarity
    guess: np.ndarray  # (n,) int64, the label that the 5 nearest vote for, as `knn` does
    silhouette: np.ndarray  # (n,) float32, each picture's own part of MSC, whitened
    # (n,) float32, each picture's own part of the SCL gain, whitened; NaN without a partner
    gain: np.ndarray


@dataclass(frozen=True)
class Suspect:
    """A picture worth a look, and why."""

    row: int  # picture number of the dataset
    reason: str  # in words, plain text
    models: int = 0  # how many of `Suspects.models` say so
    suggestion: int | None = None  # class id the models place it with
    group: int | None = None  # of copies: the first row of the group
    strength: float = 0.0  # lists are sorted by it, highest first


@dataclass(frozen=True)
class Suspects:
    """Pictures of a run worth a look, in four lists, each the most suspicious first."""

    __repr__ = brief

    models: tuple[str, ...]  # who was asked: no yardsticks
    labels: tuple[Suspect, ...]  # maybe mislabelled
    copies: tuple[Suspect, ...]  # copies and near-copies, whole groups, those across classes first
    odd: tuple[Suspect, ...]  # far from everything
    tiny: tuple[Suspect, ...]  # too small to show much
    notes: tuple[str, ...] = ()  # what could not be judged, and why


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
    picked: str | None  # the model it puts first
    tau: Interval  # Kendall's tau-b, -1..1, higher is better
    weighted_tau: Interval  # scipy.stats.weightedtau, -1..1
    pearson: Interval  # -1..1, of the values themselves
    # accuracy points (0..100) lost by starting from `picked`; 0 = it picked the best
    regret: Interval
    hit: float | None  # share of the re-checks and seeds in which it picked the best model, 0..1
    reason: str = ""  # why there is none, in words; the intervals are then empty


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


@dataclass(frozen=True, eq=False)
class Projection:
    """A map for the eye; never used for a score."""

    __repr__ = brief

    model: str
    method: Literal["umap", "pca", "tsne"]
    seed: int
    rows: np.ndarray  # (m,) int64, which pictures of the dataset, sorted
    xy: np.ndarray  # (m, 2) float32, each axis scaled into -1..1


@dataclass(frozen=True)
class Glimpse:
    """What is known of a model whose network is still looking at pictures: for the eye alone, never
    part of an answer.
    """

    model: str
    seen: int  # pictures so far
    total: int
    # measure -> (where its bar begins, where it ends), whitened, on some of the pictures seen
    bars: dict[str, tuple[float, float]]
    rows: tuple[int, ...]  # (m,) which pictures are drawn, each where it was in the glimpse before
    x: tuple[int, ...]  # (m,) thousandths, about -1000..1000
    y: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """How far one part of a job is: "pictures", "maps", or a source model's id."""

    name: str
    state: str  # watch.PartState
    done: int = 0
    total: int = 0
    note: str = ""


@dataclass(frozen=True)
class JobStatus:
    """What the board knows of one job."""

    id: str
    kind: str  # "rank", "check", "map"
    state: JobState
    done: int
    total: int
    what: str  # in words, what it is doing now
    error: str = ""
    parts: tuple[Part, ...] = ()
    payload: dict[str, object] = field(default_factory=dict)
    seconds_left: float | None = None
    created: float = 0.0  # seconds since the epoch
    started: float | None = None
    ended: float | None = None
    person: str = ""  # who asked, where people sign in
    ahead: int = 0  # while it waits: how many jobs are done before it, the running one among them
    # of `seconds_left`, what is left after the step it is at; of a run, both until its answer
    seconds_least: float | None = None
    told: float | None = None  # when it last told of its work, seconds since the epoch
    stopping: bool = False  # it was asked to stop

    @property
    def share(self) -> float:
        """How much of it is done, 0..1; 0 where the total is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0
