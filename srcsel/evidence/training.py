"""One training of a whole network on one split: what to do is chosen on a part of the training
pictures, then done with all of them. Test pictures are looked at once, at the end.

1. Looks: features of the training pictures as they are, mirrored, and in VIEWS moved views. A probe
   fitted to them is the new head. Mirrored views are among them only where the classes survive it.
2. Choosing, on all but the held-out part (see `splits`): the whole network is trained at each
   learning rate (`choosing.RATES`, or the one of the protocol), and the loss on the held-out part
   is looked at half way and all the way between its start and its end.
3. Training on all training pictures in the way that lost least; or the probe, where none beat it or
   no class has a picture to hold out.

On few pictures batch statistics stay as they are. Labels are smoothed, and every picture is moved a
little each time. Every step draws its randomness from (seed, step) alone, so a training that was
stopped or killed goes on from its last checkpoint, whatever the stage, with no generator to
restore, and on a processor ends at the same accuracy.

Where there are many pictures, stopping early asks another part of them: the weights with the lowest
loss there are the end of the last training, which is over once `early_stop` epochs after the peak
of the learning rate none was lower.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from srcsel.base.errors import Cancelled
from srcsel.evidence.choosing import RATES, SHARES, Choice, choose, loss_of
from srcsel.evidence.descent import RISE, Descent, Task, array, between, load, under, weights
from srcsel.evidence.head import fitted, head_of
from srcsel.evidence.views import moved, survive_mirroring
from srcsel.store import expected
from srcsel.store.memory import Arrays, Memory

VIEWS = 8  # moved views of each training picture that the head starts from
MOST_LOOKS = 6_000  # pictures and views together, where fewer views are enough
FORM = 3  # of checkpoints; raise it with any change to what they hold
CHECKPOINTS = "checkpoints"  # the kind they are remembered as
SAVE_SECONDS = (
    20.0  # between two checkpoints, and at least WRITE_SHARE times what writing one takes
)
WRITE_SHARE = 20.0
STAGES = ("looks", "choosing", "training")


@dataclass(frozen=True, eq=False)
class Trained:
    """What one training came to."""

    guess: np.ndarray  # (u,) int64, the class given to each test picture
    choice: Choice | None  # what was tested; None = the probe was kept
    epochs: int  # run in the last training; 0 = there was none
    best: int | None  # epoch whose weights are its end, where a validation part chose it
    seconds: float


class Training:
    """A network between its source weights and its test, over all stages."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.seconds = 0.0
        self.found: list[np.ndarray] = []  # features of each batch looked at, (b, d) float32
        self.tried: list[list[float]] = []  # held-out losses of each rate, at SHARES
        self.losses: list[float] = []  # validation loss after each epoch of the last training
        self.best: dict[str, np.ndarray] = {}  # weights of the lowest one
        self.choice: Choice | None = None
        self.descent: Descent | None = None  # the run under way
        self._kept: dict[str, np.ndarray] = {}  # its state in the checkpoint, until it is made
        self._step = 0  # its step there
        split, given = task.split, task.protocol.learning_rate
        self.rates = (RATES if given is None else (given,)) if len(split.held) else ()
        self.learn = np.setdiff1d(split.train, split.held)
        self.views = min(VIEWS, max(0, MOST_LOOKS // len(split.train) - 1))
        self.parts = task.batches(split.train)
        network = task.encoder.network
        self._source = {name: values.copy() for name, values in weights(network).items()}

    @property
    def stage(self) -> str:
        """What is being done, one of STAGES."""
        if len(self.found) < self.looks:
            return STAGES[0]
        return STAGES[1] if len(self.tried) < len(self.rates) else STAGES[2]

    @property
    def looks(self) -> int:
        """Batches of the first stage: plain, mirrored, and every view."""
        return (2 + self.views) * len(self.parts)

    @property
    def steps(self) -> int:
        """Batches of all stages, if nothing stops it early and the probe is not kept."""
        chosen = self._length(self.learn) * len(self.rates)
        return self.looks + chosen + (self._length(self.task.split.train) if self.rates else 0)

    @property
    def done(self) -> int:
        """Batches so far."""
        step = self.descent.step if self.descent else self._step
        return len(self.found) + len(self.tried) * self._length(self.learn) + step

    def run(
        self, memory: Memory, question: dict[str, Any], tell: Callable[[int, int], None]
    ) -> Trained:
        """Train to the end from the checkpoint that `memory` has for `question`, if any; then test.

        `tell` (steps done, steps in all) may raise Cancelled: the checkpoint is then written first.
        Raises ModelError where the loss is no number any more.
        """
        self._restore(memory, question)
        saved, pause = time.monotonic(), SAVE_SECONDS
        start = time.perf_counter()
        for _ in self._work():
            self.seconds += time.perf_counter() - start
            try:
                tell(self.done, self.steps)
            except Cancelled:
                self._save(memory, question)
                raise
            if time.monotonic() - saved > pause:
                began = time.monotonic()
                self._save(memory, question)
                saved = time.monotonic()
                pause = max(SAVE_SECONDS, WRITE_SHARE * (saved - began))
            start = time.perf_counter()
        trained = self._tested()
        self.seconds += time.perf_counter() - start
        return Trained(*trained, self.seconds)

    def _work(self) -> Iterator[None]:
        """Do what is left of all stages; stand still after each step."""
        yield from self._look()
        for rate in self.rates[len(self.tried) :]:
            self._begin(rate, self.learn, self._head(self.learn))
            yield from self._descend()
            self.tried.append(self._held_losses())
            self.descent = None
        self.choice = self._choose()
        if self.choice:
            train = self.task.split.train
            self._begin(self.choice.rate, train, self._head(train))
            yield from self._descend()

    def _look(self) -> Iterator[None]:
        """Find the features of pictures as they are, mirrored, then moved, batch by batch."""
        import torch

        self.task.encoder.network.eval()
        while len(self.found) < self.looks:
            look, part = divmod(len(self.found), len(self.parts))
            batch = self.task.pixels[self.parts[part]]
            if look == 1:
                batch = np.ascontiguousarray(batch[:, :, :, ::-1])
            elif look > 1:
                rng = np.random.default_rng([self.task.seed, len(self.found), 7])
                batch = moved(batch, rng, flips=self.flips)
            with torch.no_grad():
                self.found.append(array(self.task.encoder.features(batch).float()))
            yield

    @cached_property
    def flips(self) -> bool:
        """Whether views are mirrored too; known once both looks are there."""
        plain, mirrored = (self._features(look) for look in (0, 1))
        return survive_mirroring(plain, mirrored, self.task.labels[self.task.split.train])

    def _features(self, look: int) -> np.ndarray:
        """Features of all training pictures in one look, (t, d) float32."""
        count = len(self.parts)
        return np.concatenate(self.found[look * count : (look + 1) * count])

    def _probe(self, rows: np.ndarray) -> Any:
        """Fit the probe to these training pictures as they are and their views."""
        train = self.task.split.train
        at = np.searchsorted(train, rows)
        looks = [0, *range(2, 2 + self.views)]
        seen = np.concatenate([self._features(look)[at] for look in looks])
        return fitted(seen, np.tile(self.task.labels[rows], len(looks)), len(looks))

    def _head(self, rows: np.ndarray) -> Any:
        return head_of(self._probe(rows), int(self.task.labels.max()) + 1)

    def _length(self, rows: np.ndarray) -> int:
        protocol = self.task.protocol
        return math.ceil(len(rows) / protocol.batch) * protocol.epochs

    def _begin(self, rate: float, rows: np.ndarray, head: Any) -> None:
        """Make the next run, in the state of the checkpoint where that was in it."""
        self.descent = Descent(self.task, self._source, head, rows, rate, flips=self.flips)
        if self._step:
            self.descent.restore(self._kept, self._step)
        self._kept, self._step = {}, 0

    def _descend(self) -> Iterator[None]:
        """Take the steps that are left of the run; the last training looks at the validation part
        after each epoch.
        """
        run = self.descent
        assert run is not None
        validated = self.stage == STAGES[2] and len(self.task.split.validation) > 0
        while run.step < run.steps and not self._is_over():
            run.advance()
            if validated and run.step % run.per_epoch == 0:
                self._validate(run)
            yield

    def _validate(self, run: Descent) -> None:
        rows = self.task.split.validation
        self.losses.append(loss_of(run.scores(rows), self.task.labels[rows]))
        if self.losses[-1] == min(self.losses):
            self.best = {name: values.copy() for name, values in weights(run.modules).items()}

    def _is_over(self) -> bool:
        """Whether the validation loss has not fallen for `early_stop` epochs, counted from the peak
        of the rate.
        """
        protocol, run = self.task.protocol, self.descent
        if not protocol.early_stop or not self.losses or not run or run.step % run.per_epoch:
            return False
        peak = math.ceil(RISE * protocol.epochs)
        since = max(int(np.argmin(self.losses)), peak)
        return len(self.losses) - 1 - since >= protocol.early_stop

    def _held_losses(self) -> list[float]:
        """Loss on the held-out part at SHARES of the way."""
        run, held = self.descent, self.task.split.held
        assert run is not None
        end = {name: values.copy() for name, values in weights(run.modules).items()}
        found = []
        for share in SHARES:
            load(run.modules, between(run.start, end, share))
            found.append(loss_of(run.scores(held), self.task.labels[held]))
        return found

    def _choose(self) -> Choice | None:
        """Choose among what was tried and the probe of the same pictures."""
        if not self.rates:
            return None
        held, probe = self.task.split.held, self._probe(self.learn)
        plain = self._features(0)[np.searchsorted(self.task.split.train, held)].astype(np.float64)
        right = np.searchsorted(probe.classes_, self.task.labels[held])
        return choose(loss_of(probe.predict_log_proba(plain), right), self.rates, self.tried)

    def _tested(self) -> tuple[np.ndarray, Choice | None, int, int | None]:
        """Test what was chosen: guesses, the choice, epochs run and the best of them."""
        split, run = self.task.split, self.descent
        if not self.choice or not run:
            run = Descent(
                self.task, self._source, self._head(split.train), split.train, 0.0, flips=False
            )
            return run.scores(split.test).argmax(axis=1), None, 0, None
        end = self.best or {name: values.copy() for name, values in weights(run.modules).items()}
        load(run.modules, between(run.start, end, self.choice.share))
        best = int(np.argmin(self.losses)) + 1 if self.losses else None
        guess = run.scores(split.test).argmax(axis=1)
        return guess, self.choice, run.step // run.per_epoch, best

    def _save(self, memory: Memory, question: dict[str, Any]) -> None:
        """Write everything the next step depends on. Raises StoreError."""
        tensors = {f"look/{number}": values for number, values in enumerate(self.found)}
        tensors |= {f"best/{name}": values for name, values in self.best.items()}
        if self.descent:
            tensors |= self.descent.state()
        about = {
            "form": FORM,
            "stage": self.stage,
            "step": self.descent.step if self.descent else 0,
            "tried": self.tried,
            "losses": self.losses,
            "seconds": self.seconds,
        }
        memory.remember(CHECKPOINTS, question, tensors, about)

    def _restore(self, memory: Memory, question: dict[str, Any]) -> None:
        """Go back to the checkpoint, where there is one of this form."""
        memory.recall(CHECKPOINTS, question, self._take)

    def _take(self, tensors: Arrays, about: dict[str, Any]) -> bool:
        """Take a checkpoint over, all of it or, where it is not one of this form, nothing."""
        if about["form"] != FORM:
            return False
        looks = under(tensors, "look/")
        found = [looks[str(number)] for number in range(len(looks))]
        tried = [[expected.number(loss) for loss in losses] for losses in about["tried"]]
        losses = [expected.number(loss) for loss in about["losses"]]
        step, seconds = int(about["step"]), expected.number(about["seconds"])
        self.found, self.tried, self.losses = found, tried, losses
        self.best = under(tensors, "best/")
        self._kept, self._step, self.seconds = tensors, step, seconds
        return True
