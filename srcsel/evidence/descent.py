"""One run of AdamW over a whole network and its head, step by step, from the source weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from srcsel.base.errors import ModelError
from srcsel.base.records import Protocol
from srcsel.evidence.splits import Split
from srcsel.evidence.views import moved
from srcsel.models.hubs import Trainable

if TYPE_CHECKING:
    from torch import Tensor, nn

RISE = 0.15  # share of the steps in which the learning rate rises
SMOOTHING = 0.1  # share of each label that all classes get
FEW = 1000  # training pictures from which batch statistics may move and dropout works
# times the learning rate, of the weights of a network with layer normalisation only (transformers)
SLOWER = 0.1
TEST_BATCH = 64  # pictures of up to SMALL pixels at once; larger ones as many as trained at once
SMALL = 128 * 128


@dataclass(frozen=True, eq=False)
class Task:
    """What one training is about; pixels (n, 3, h, w) uint8, labels (n,)."""

    encoder: Trainable
    pixels: np.ndarray
    labels: np.ndarray
    split: Split
    protocol: Protocol
    seed: int

    def batches(self, rows: np.ndarray) -> list[np.ndarray]:
        """Cut rows (m,) into what goes through the network at once where nothing is trained."""
        least = TEST_BATCH if self.pixels[0].size <= 3 * SMALL else 0
        size = max(least, self.protocol.batch)
        return [rows[start : start + size] for start in range(0, len(rows), size)]


class Descent:
    """A network between its source weights and the end of one run."""

    def __init__(
        self,
        task: Task,
        source: dict[str, np.ndarray],
        head: nn.Sequential,
        rows: np.ndarray,
        rate: float,
        *,
        flips: bool,
    ) -> None:
        """Put `source` weights back into the network and `head` on it; rows (m,) are trained on."""
        import torch

        self.task, self.rows, self.rate, self.flips = task, rows, rate, flips
        self.step = 0
        network = task.encoder.network.requires_grad_(True)
        load(network, source)
        head = head.to(next(network.parameters()).device)
        self.modules = torch.nn.ModuleDict({"network": network, "head": head})
        self.start = {name: values.copy() for name, values in weights(self.modules).items()}
        self.per_epoch = math.ceil(len(rows) / task.protocol.batch)
        self.moving = len(task.split.train) >= FEW
        self._names = [name for name, _ in self.modules.named_parameters()]
        own = rate * (SLOWER if _by_layer_only(network) else 1.0)
        wide = [p for p in network.parameters() if p.ndim > 1]
        flat = [p for p in network.parameters() if p.ndim <= 1]
        decay = task.protocol.weight_decay
        self._rates = [own, own, rate]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": wide, "weight_decay": decay},
                {"params": flat, "weight_decay": 0.0},
                {"params": list(head.parameters()), "weight_decay": 0.0},
            ]
        )

    @property
    def steps(self) -> int:
        """Batches of the whole run."""
        return self.per_epoch * self.task.protocol.epochs

    def advance(self) -> None:
        """Train on one batch; all its chance comes from (seed, step).

        Raises ModelError where the loss is no number.
        """
        import torch

        task = self.task
        rng = np.random.default_rng([task.seed, self.step])
        torch.manual_seed(int(rng.integers(2**62)))
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * pace(self.step, self.steps)
        self.modules.eval()
        self.modules["network"].train(self.moving)
        rows = self.batch()
        scores = self._classify(moved(task.pixels[rows], rng, flips=self.flips))
        target = torch.from_numpy(task.labels[rows]).to(scores.device)
        loss = torch.nn.functional.cross_entropy(scores, target, label_smoothing=SMOOTHING)
        if not math.isfinite(loss.item()):
            raise ModelError(
                f"Its training came apart in step {self.step + 1} of {self.steps}: the loss is no"
                " number any more. Try a smaller learning rate."
            )
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        self.step += 1

    def batch(self) -> np.ndarray:
        """Rows of the next batch: each epoch a permutation in parts of nearly equal size, none of a
        single picture.
        """
        epoch, part = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([self.task.seed, epoch, 1]).permutation(self.rows)
        return np.array_split(order, self.per_epoch)[part]

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Class scores of pictures as they are, by the weights of now, (m, c) float64."""
        import torch

        self.modules.eval()
        with torch.no_grad():
            found = [
                self._classify(self.task.pixels[part]).cpu().numpy()
                for part in self.task.batches(rows)
            ]
        return np.concatenate(found).astype(np.float64)

    def state(self) -> dict[str, np.ndarray]:
        """Return what the next step depends on beside its number."""
        states = self._optimizer.state
        moments = {
            f"moment/{key}/{name}": array(values)
            for name, parameter in zip(self._names, self.modules.parameters(), strict=True)
            for key, values in states.get(parameter, {}).items()
        }
        return {
            f"weight/{name}": values for name, values in weights(self.modules).items()
        } | moments

    def restore(self, tensors: dict[str, np.ndarray], step: int) -> None:
        """Go on from the `state` after `step`."""
        import torch

        load(self.modules, under(tensors, "weight/"))
        parameters = dict(zip(self._names, self.modules.parameters(), strict=True))
        for key, values in under(tensors, "moment/").items():
            kind, _, name = key.partition("/")
            of = parameters[name]
            like = torch.tensor(0.0) if kind == "step" else torch.empty_like(of.detach())
            self._optimizer.state[of][kind] = like.copy_(
                torch.from_numpy(values).reshape(like.shape)
            )
        self.step = step

    def _classify(self, batch: np.ndarray) -> Tensor:
        """Class scores of pictures (b, 3, h, w), (b, c)."""
        return self.modules["head"](self.task.encoder.features(batch).float())


def pace(step: int, steps: int) -> float:
    """Share of the learning rate in a step: it rises evenly for RISE, then falls as a cosine."""
    rising = min(1.0, (step + 1) / (RISE * steps + 1))
    return rising * 0.5 * (1 + math.cos(math.pi * max(0.0, step / steps - RISE) / (1 - RISE)))


def between(
    start: dict[str, np.ndarray], end: dict[str, np.ndarray], share: float
) -> dict[str, np.ndarray]:
    """Return the weights a share of the way from start to end (Wortsman et al. 2022); what counts
    is the end's.
    """
    return {
        name: start[name] + share * (values - start[name]) if values.dtype.kind == "f" else values
        for name, values in end.items()
    }


def weights(module: Any) -> dict[str, np.ndarray]:
    """Weights and running statistics, as views where the memory is the processor's."""
    return {name: array(values) for name, values in module.state_dict().items()}


def load(module: Any, values: dict[str, np.ndarray]) -> None:
    """Put weights and running statistics back."""
    import torch

    own = module.state_dict()
    module.load_state_dict(
        {name: torch.from_numpy(values[name]).reshape(own[name].shape) for name in own}
    )


def under(tensors: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the tensors of a name that begins with `prefix`, without it."""
    return {
        name.removeprefix(prefix): values
        for name, values in tensors.items()
        if name.startswith(prefix)
    }


def array(values: Tensor) -> np.ndarray:
    """Bring a tensor to the processor, without copying what is there."""
    return values.detach().cpu().numpy()


def _by_layer_only(network: Any) -> bool:
    """Whether a network normalises by layer and nowhere by batch, as transformers do."""
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    modules = list(network.modules())
    if any(isinstance(module, _BatchNorm) for module in modules):
        return False
    return any(isinstance(module, torch.nn.LayerNorm) for module in modules)
