"""Runs that are played: what each would tell, message by message, and when its answer stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from srcsel.base.threads import SMALL
from srcsel.base.watch import PartState
from srcsel.features.backends.choice import TINY, WORTH
from srcsel.runs.race_rules import budget, going_on, stages_of

STEP = 0.05  # seconds
BATCH = 32
START, READY, CONVERTING, AFTER = 4.0, 0.4, 2.0, 0.1  # seconds: of the first model, of others, ...
PICTURES, WIDTHS, CLASSES = (500, 2000), (160, 1280), (3, 10, 50)
SCORES = (  # seconds of one core that all scores of a model took, beside other programs
    ((0.86, 0.88, 1.69), (1.26, 1.24, 2.58)),
    ((3.20, 3.27, 4.10), (4.30, 4.80, 7.40)),
)
COMPARED = 0.6  # of that, what a stage of a race takes
FIRST = 1.2  # how many times longer the first scores take
CARD = 12.0  # times as fast as all cores that a graphics card runs a network
OPENING = 0.004  # seconds of one core, a picture
Message = tuple[float, str, PartState, int, int]


@dataclass(frozen=True)
class Network:
    """What was measured of one."""

    name: str
    work: float  # 1e9 multiply-adds a picture, as `srcsel.models.hubs.work_of`
    params: float  # 1e6
    each: float  # seconds of one core, a picture
    dim: int
    gain: float = 1.0  # times faster when converted

    def converted(self, pictures: int, power: float) -> bool:
        """Whether it would be, as `srcsel.features.backends.choice`; power: of all cores."""
        return 1e6 * self.params >= TINY and self.each / power * pictures > WORTH


DEMO = [Network(f"demo {n}", 0.0158, 0.57, 0.0021, 160) for n in range(10)]
RESNET10 = [Network(f"resnet10t {n}", 0.09, 5.4, 0.0037, 512, 1.8) for n in range(5)]
SQUEEZE = Network("squeezenet", 0.833, 1.2, 0.0288, 512, 1.9)
MOBILE = Network("mobilenetv3_small", 3 * 0.057, 2.5, 0.0056, 1024, 1.9)
LARGER = Network("mobilenetv3_large", 3 * 0.217, 5.5, 0.0218, 1280, 1.9)
EFFICIENT = Network("efficientnet_b0", 3 * 0.386, 5.3, 0.0365, 1280, 1.7)
RESNET18 = Network("resnet18", 1.81, 11.7, 0.0401, 512, 1.8)
RESNET50 = Network("resnet50", 4.09, 25.6, 0.1204, 2048, 1.8)
TINY_VIT = Network("vit_tiny", 1.08, 5.7, 0.0340, 192, 1.8)
VIT = Network("vit_small", 4.24, 22.1, 0.0936, 384, 1.8)
CONVNEXT = Network("convnext_tiny", 4.46, 28.6, 0.1323, 768, 2.0)
MANY = [*DEMO, *RESNET10, MOBILE, LARGER, RESNET18, TINY_VIT, EFFICIENT, VIT, RESNET50, CONVNEXT]
RUNS = {
    "ten demo models": DEMO,
    "small before large": [*RESNET10, SQUEEZE],
    "demo models, then real ones": [*DEMO[:4], RESNET18, RESNET50],
    "rising": [MOBILE, LARGER, RESNET18, VIT, RESNET50],
    "rising, of one kind": [*RESNET10[:2], RESNET18, RESNET50],
    "falling": [CONVNEXT, RESNET50, RESNET18, MOBILE],
    "mixed": [RESNET18, MOBILE, TINY_VIT, CONVNEXT, EFFICIENT, RESNET50],
    "mobile before large": [MOBILE, EFFICIENT, RESNET50],
    "mixed, twice": [
        replace(one, name=f"{one.name} {n}")
        for n in (1, 2)
        for one in (RESNET18, MOBILE, TINY_VIT, CONVNEXT, EFFICIENT, RESNET50)
    ],
    "very many": MANY,
}


@dataclass(frozen=True)
class Set:
    """What a run is asked about, and the computer that answers."""

    pictures: int
    classes: int = 10
    cores: int = 2
    speed: float = 1.0  # times as fast as measured

    @property
    def power(self) -> float:
        """Of all cores."""
        return self.cores * self.speed


@dataclass(frozen=True)
class Load:
    """Other programs that make everything take longer for a while."""

    slower: float  # times
    begin: float = 0.0  # share of the run that is over when they come, had there been none
    end: float = 1.0  # and when they go

    def put(self, moment: float, whole: float) -> float:
        """Return when what happens at `moment` of a run of `whole` seconds happens under it."""
        begin, end = self.begin * whole, self.end * whole
        return moment + (self.slower - 1) * max(0.0, min(moment, end) - begin)

    def settled(self, whole: float) -> float:
        """Return when they come or go for the last time before the run is over."""
        changes = [share for share in (self.begin, self.end) if 0 < share < 1]
        return max((self.put(share * whole, whole) for share in changes), default=0.0)


class _Run:
    """A run under way: its clock, what it told, and the scores that go on beside a network."""

    def __init__(self, of: Set) -> None:
        self.of, self.now = of, OPENING * of.pictures / of.cores / of.speed
        self.told: list[Message] = [(0.0, "pictures", "done", of.pictures, of.pictures)]
        self._score, self._waits, self._first = 0.0, "", True

    def tell(self, name: str, state: PartState, done: int = 0) -> None:
        self.told.append((self.now, name, state, done, self.of.pictures))

    def open(self, upto: int, *, begun: int = 0) -> None:
        """Open pictures for the networks, from now on."""
        each = OPENING / self.of.cores / self.of.speed
        self.told.append((self.now, "opening", "reading", begun, self.of.pictures))
        state: PartState = "done" if upto == self.of.pictures else "reading"
        end = self.now + each * (upto - begun)
        self.told.append((end, "opening", state, upto, self.of.pictures))

    def on(self, work: float, name: str = "", seen: int = 0, upto: int = 0) -> None:
        """Let a network do so many seconds of work, beside the scores; upto: pictures that it has
        seen then.
        """
        of, left = self.of, work
        while left > 1e-9:
            share = of.cores / (of.cores + 1) if self._score > 0 else 1.0
            self.now, left = self.now + STEP, left - STEP * share * of.speed
            self._score_on(STEP * share * of.speed)
            if upto and round(self.now / STEP) % 4 == 0:
                gone = int((1 - max(left, 0) / work) * (upto - seen)) // BATCH * BATCH
                self.tell(name, "running", min(upto, seen + gone))

    def score(self, seconds: float, name: str) -> None:
        """Begin with scores, as soon as those of the one before are made; "": they are told of in
        no message.
        """
        self.wait()
        if name:
            self.tell(name, "scoring")
        self._score, self._waits = seconds * (FIRST if self._first else 1.0), name
        self._first = False

    def wait(self) -> None:
        """Let the scores under way be made."""
        if self._score > 0:
            self.now += self._score / self.of.speed
            self._score_on(self._score)

    def _score_on(self, seconds: float) -> None:
        if self._score > 0:
            self._score -= seconds
            if self._score <= 1e-9:
                self._score = 0.0
                if self._waits:
                    self.tell(self._waits, "done")


def scores(of: Set, one: Network, pictures: int | None = None) -> float:
    """Seconds of one core that all scores of a model take."""
    known = RegularGridInterpolator(
        tuple(np.log(each) for each in (PICTURES, WIDTHS, CLASSES)),
        np.log(SCORES),
        bounds_error=False,
        fill_value=None,  # pyright: ignore[reportArgumentType]  further on in the same direction
    )
    n = of.pictures if pictures is None else pictures
    return float(np.exp(known(np.log([min(n, 5000), one.dim, of.classes]))[0]))


def takes(of: Set, one: Network) -> float:
    """Seconds that a picture takes a network on all cores, as fast as measured."""
    return one.each / of.cores / (one.gain if one.converted(of.pictures, of.power) else 1)


def played(networks: Sequence[Network], of: Set) -> tuple[list[Message], float]:
    """What a run of these networks tells, and when its answer stands."""
    run = _Run(of)
    run.told.extend([(0.0, "opening", "reading", 0, of.pictures)])
    run.tell("opening", "done", of.pictures)
    for number, one in enumerate(networks):
        run.tell(one.name, "running", 0)
        run.on((READY if number else START) + CONVERTING * one.converted(of.pictures, of.power))
        run.on(takes(of, one) * of.pictures, one.name, 0, of.pictures)
        run.tell(one.name, "running", of.pictures)
        run.on(AFTER)
        run.score(scores(of, one), one.name)
    run.wait()
    return run.told, run.now


def raced(networks: Sequence[Network], of: Set, behind: float = 0.1) -> tuple[list[Message], float]:
    """The same of a race; behind: share of the models that the re-checks rule out at each stage, as
    many as the budget lets go on else. The first named are the likeliest to stay.
    """
    sizes = stages_of(of.pictures, of.classes)
    if not sizes:  # it would save too little
        return played(networks, of)
    run, alive, chance = _Run(of), list(networks), np.random.default_rng(0)
    run.now, seen, used, first = 0.0, 0, 0, True
    allowed = budget(len(networks), of.pictures)
    for number, size in enumerate(sizes):
        run.tell("race", "running", number)
        run.told[-1] = (run.now, "race", "running", number, len(sizes))
        run.open(size, begun=seen)
        for one in alive:
            run.tell(one.name, "running", seen)
            run.on(START if first else READY)
            first = False
            run.on(takes(of, one) * (size - seen), one.name, seen, size)
            run.tell(one.name, "running", size)
            run.on(AFTER)
            if size < of.pictures:
                run.score(COMPARED * scores(of, one, size), "")
        run.wait()
        used += len(alive) * (size - seen)
        if size < of.pictures:
            stay = max(2, len(alive) - round(behind * len(alive)))
            going = going_on(stay, used, (size, sizes[number + 1], of.pictures), allowed)
            line = chance.normal(np.arange(len(alive)), len(alive) / 2).argsort()
            staying = {alive[at].name for at in line[:going]}
            for one in alive:
                if one.name not in staying:
                    run.tell(one.name, "dropped", size)
            alive, seen = [one for one in alive if one.name in staying], size
    run.told.append((run.now, "race", "done", len(sizes), len(sizes)))
    return run.told, _scored(run, alive)


def _scored(run: _Run, networks: Sequence[Network]) -> float:
    """Score stored features, two models at a time where pictures are few; returns when it is
    over.
    """
    free = [run.now] * (2 if run.of.pictures <= SMALL and run.of.cores > 1 else 1)
    for one in networks:
        begun = min(free)
        end = begun + scores(run.of, one) / run.of.speed
        free[free.index(begun)] = end
        run.told.extend(
            [
                (begun, one.name, "scoring", 0, 0),
                (end, one.name, "done", 0, 0),
            ]
        )
    return max(free)


def abreast(networks: Sequence[Network], of: Set, cards: int) -> tuple[list[Message], float]:
    """The same of some graphics cards, each of which runs one network after the other, CARD times
    as fast as all cores.
    """
    free, done = [0.0] * cards, []
    told: list[Message] = [(0.0, "pictures", "done", of.pictures, of.pictures)]
    opened = OPENING * of.pictures / of.cores / of.speed
    told.extend([(0.0, "opening", "reading", 0, of.pictures)])
    told.extend([(opened, "opening", "done", of.pictures, of.pictures)])
    for number, one in enumerate(networks):
        card = free.index(min(free))
        begun = free[card]
        ready = begun + (START if number < cards else READY) / of.speed
        each = one.each / of.cores / CARD / of.speed
        told.append((begun, one.name, "running", 0, of.pictures))
        for seen in range(BATCH, of.pictures + BATCH, BATCH):
            n = min(seen, of.pictures)
            came = max(ready + each * n, opened * n / of.pictures)
            told.append((came, one.name, "running", n, of.pictures))
        free[card] = told[-1][0]
        done.append((free[card] + AFTER, one))
    end = 0.0
    for came, one in sorted(done, key=lambda pair: pair[0]):
        begun = max(came, end)
        end = begun + scores(of, one) / of.speed
        told.extend([(begun, one.name, "scoring", 0, 0), (end, one.name, "done", 0, 0)])
    return told, end
