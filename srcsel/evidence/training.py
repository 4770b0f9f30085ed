"""One training: a whole network with a new head, on one split, from its source weights to its test
pictures.

The recipe is the usual one for few pictures: AdamW, the learning rate rising and falling once,
every picture moved a little each time. Every step draws its randomness from (seed, step) alone, so
a training that was stopped or killed goes on from its last checkpoint with no generator to restore,
and on a processor ends at the same accuracy.

A network without batch normalisation has features of any size, so the new head sees them divided by
their size at the start (SqueezeNet on 60 pictures: 43 % instead of 30 %); and as transformers lose
what they know at the learning rate of the others, its own weights learn SLOWER, the head does not.

Stopping early asks a part of the training pictures (see `splits`): the weights with the lowest loss
there are the ones tested, and the training ends once EARLY epochs after the peak of the learning
rate none was lower. Without such a part all epochs are run: with a dozen pictures a class they take
seconds, and nothing could say when to stop.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from srcsel.base.errors import Cancelled, ModelError
from srcsel.base.records import Protocol
from srcsel.evidence.splits import Split
from srcsel.models.hubs import Trainable
from srcsel.store.memory import Memory

if TYPE_CHECKING:
    from torch import Tensor

SHIFT = 0.08  # share of the side that a training picture is moved by at most; its edge is repeated
RISE = 0.3  # share of the steps in which the learning rate rises
# times the learning rate, of the weights of a network without batch normalisation (see below)
SLOWER = 0.1
FORM = 2  # of checkpoints; raise it with any change to what they hold
CHECKPOINTS = "checkpoints"  # the kind they are remembered as
SAVE_SECONDS = (
    20.0  # between two checkpoints, and at least WRITE_SHARE times what writing one takes
)
WRITE_SHARE = 20.0
TEST_BATCH = (
    64  # pictures of up to 128 x 128 pixels at once; larger ones as many as trained at once
)


@dataclass(frozen=True, eq=False)
class Trained:
    """What one training came to."""

    guess: np.ndarray  # (u,) int64, the class given to each test picture
    epochs: int  # run
    best: int | None  # epoch whose weights were tested, where a validation part chose it
    seconds: float


class Training:
    """A network between its source weights and its test."""

    def __init__(
        self,
        encoder: Trainable,
        pixels: np.ndarray,
        labels: np.ndarray,
        split: Split,
        protocol: Protocol,
        seed: int,
    ) -> None:
        """Put a new head of as many classes as `labels` (n,) has on the network; pixels (n, 3, h,
        w) uint8.
        """
        import torch

        self.encoder, self.pixels, self.labels = encoder, pixels, labels
        self.split, self.protocol, self.seed = split, protocol, seed
        self.step = 0
        self.losses: list[float] = []  # validation loss after each epoch
        self.best: dict[str, np.ndarray] = {}  # weights of the lowest one
        self.seconds = 0.0
        self.per_epoch = math.ceil(len(split.train) / protocol.batch)
        torch.manual_seed(seed)
        network = encoder.network.requires_grad_(True)
        by_batch = _normalizes_by_batch(network)
        with torch.no_grad():
            network.eval()
            sample = encoder.features(pixels[split.train[: protocol.batch]])
        self._size = 1.0 if by_batch else max(float(sample.square().mean().sqrt()), 1e-12)
        head = torch.nn.Linear(sample.shape[1], int(labels.max()) + 1).to(sample.device)
        self.modules = torch.nn.ModuleDict({"network": network, "head": head})
        self._names = [name for name, _ in self.modules.named_parameters()]
        rates = [protocol.learning_rate * (1.0 if by_batch else SLOWER), protocol.learning_rate]
        parts = [{"params": list(part.parameters())} for part in (network, head)]
        self._optimizer = torch.optim.AdamW(
            parts, lr=protocol.learning_rate, weight_decay=protocol.weight_decay
        )
        self._rate = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, rates, total_steps=self.steps, pct_start=RISE
        )

    @property
    def steps(self) -> int:
        """Batches of the whole training, if nothing stops it early."""
        return self.per_epoch * self.protocol.epochs

    def run(
        self, memory: Memory, question: dict[str, Any], tell: Callable[[int, int], None]
    ) -> Trained:
        """Train to the end from the checkpoint that `memory` has for `question`, if any; then test.

        `tell` (steps done, steps in all) may raise Cancelled: the checkpoint is then written first.
        Raises ModelError where the loss is no number any more.
        """
        self._restore(memory, question)
        saved, pause = time.monotonic(), SAVE_SECONDS
        while self.step < self.steps and not self._is_over():
            start = time.perf_counter()
            self._train_step()
            self.seconds += time.perf_counter() - start
            try:
                tell(self.step, self.steps)
            except Cancelled:
                self._save(memory, question)
                raise
            if time.monotonic() - saved > pause:
                began = time.monotonic()
                self._save(memory, question)
                saved = time.monotonic()
                pause = max(SAVE_SECONDS, WRITE_SHARE * (saved - began))
        if self.best:
            self._load(self.best)
        start = time.perf_counter()
        guess = self._logits(self.split.test).argmax(axis=1)
        best = int(np.argmin(self.losses)) + 1 if self.losses else None
        return Trained(
            guess, self.step // self.per_epoch, best, self.seconds + time.perf_counter() - start
        )

    def _train_step(self) -> None:
        """One batch, and after the last one of an epoch a look at the validation part."""
        import torch

        rng = np.random.default_rng([self.seed, self.step])
        torch.manual_seed(int(rng.integers(2**62)))
        rows = self._batch()
        self.modules.train()
        logits = self._classify(shifted(self.pixels[rows], rng))
        target = torch.from_numpy(self.labels[rows]).to(logits.device)
        loss = torch.nn.functional.cross_entropy(logits, target)
        if not math.isfinite(loss.item()):
            raise ModelError(
                f"Its training came apart in step {self.step + 1} of {self.steps}: the loss is no"
                " number any more. Try a smaller learning rate."
            )
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        self.step += 1
        if self.step < self.steps:
            self._rate.step()
        if self.step % self.per_epoch == 0 and len(self.split.validation):
            self._validate()

    def _batch(self) -> np.ndarray:
        """Rows of the next batch: each epoch a permutation in parts of nearly equal size, none of a
        single picture.
        """
        epoch, part = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([self.seed, epoch, 1]).permutation(self.split.train)
        return np.array_split(order, self.per_epoch)[part]

    def _validate(self) -> None:
        from scipy.special import log_softmax

        rows = self.split.validation
        logits = self._logits(rows)
        logs = log_softmax(logits, axis=1)  # (v, c)
        self.losses.append(float(-logs[np.arange(len(rows)), self.labels[rows]].mean()))
        if self.losses[-1] == min(self.losses):
            self.best = {name: values.copy() for name, values in self._weights().items()}

    def _is_over(self) -> bool:
        """Whether the validation loss has not fallen for `early_stop` epochs, counted from the peak
        of the rate.
        """
        patience = self.protocol.early_stop
        if not patience or not self.losses or self.step % self.per_epoch:
            return False
        waiting = (
            len(self.losses)
            - 1
            - max(int(np.argmin(self.losses)), math.ceil(RISE * self.protocol.epochs))
        )
        return waiting >= patience

    def _logits(self, rows: np.ndarray) -> np.ndarray:
        """Class scores of pictures in eval mode, (m, c) float64."""
        import torch

        self.modules.eval()
        found = []
        size = (
            max(TEST_BATCH, self.protocol.batch)
            if self.pixels[0].size <= 3 * 128 * 128
            else self.protocol.batch
        )
        with torch.no_grad():
            for start in range(0, len(rows), size):
                found.append(self._classify(self.pixels[rows[start : start + size]]).cpu().numpy())
        return np.concatenate(found).astype(np.float64)

    def _classify(self, batch: np.ndarray) -> Tensor:
        """Class scores of uint8 pictures (b, 3, h, w), (b, c)."""
        return self.modules["head"](self.encoder.features(batch).float() / self._size)

    def _weights(self) -> dict[str, np.ndarray]:
        """Weights and running statistics, as views where the memory is the processor's."""
        return {name: _array(values) for name, values in self.modules.state_dict().items()}

    def _load(self, weights: dict[str, np.ndarray]) -> None:
        import torch

        own = self.modules.state_dict()
        fitting = {name: torch.from_numpy(weights[name]).reshape(own[name].shape) for name in own}
        self.modules.load_state_dict(fitting)

    def _save(self, memory: Memory, question: dict[str, Any]) -> None:
        """Write everything the next step depends on. Raises StoreError."""
        states = self._optimizer.state
        moments = {
            f"moment/{key}/{name}": _array(values)
            for name, parameter in zip(self._names, self.modules.parameters(), strict=True)
            for key, values in states.get(parameter, {}).items()
        }
        tensors = {f"weight/{name}": values for name, values in self._weights().items()}
        tensors |= {f"best/{name}": values for name, values in self.best.items()}
        about = {
            "form": FORM,
            "step": self.step,
            "losses": self.losses,
            "seconds": self.seconds,
            "rates": [[group["lr"], *group["betas"]] for group in self._optimizer.param_groups],
        }
        memory.remember(CHECKPOINTS, question, tensors | moments, about)

    def _restore(self, memory: Memory, question: dict[str, Any]) -> None:
        """Go back to the checkpoint, where there is one of this form."""
        import torch

        kept = memory.recall(CHECKPOINTS, question)
        if kept is None or kept[1].get("form") != FORM:
            return
        tensors, about = kept
        self._load(_under(tensors, "weight/"))
        self.best = _under(tensors, "best/")
        parameters = dict(zip(self._names, self.modules.parameters(), strict=True))
        for key, values in _under(tensors, "moment/").items():
            kind, _, name = key.partition("/")
            of = parameters[name]
            like = (
                torch.tensor(0.0) if kind == "step" else torch.empty_like(of, requires_grad=False)
            )
            self._optimizer.state[of][kind] = like.copy_(
                torch.from_numpy(values).reshape(like.shape)
            )
        self.step, self.losses, self.seconds = about["step"], about["losses"], about["seconds"]
        for group, (rate, *betas) in zip(self._optimizer.param_groups, about["rates"], strict=True):
            group |= {"lr": rate, "betas": tuple(betas)}
        self._rate.load_state_dict(
            {"last_epoch": min(self.step, self.steps - 1), "_step_count": self.step + 1}
        )


def shifted(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each picture of (b, 3, h, w) by up to SHIFT of its side either way, its edge
    repeated.
    """
    b, _, height, width = batch.shape
    down, right = (
        rng.integers(-int(SHIFT * side), int(SHIFT * side) + 1, b) for side in (height, width)
    )
    y = np.clip(np.arange(height) + down[:, None], 0, height - 1)  # (b, h)
    x = np.clip(np.arange(width) + right[:, None], 0, width - 1)  # (b, w)
    return batch[
        np.arange(b)[:, None, None, None],
        np.arange(3)[:, None, None],
        y[:, None, :, None],
        x[:, None, None],
    ]


def _normalizes_by_batch(network: Any) -> bool:
    from torch.nn.modules.batchnorm import _BatchNorm

    return any(isinstance(module, _BatchNorm) for module in network.modules())


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()


def _under(tensors: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): values
        for name, values in tensors.items()
        if name.startswith(prefix)
    }
