"""Fine-tuning: every source model trained whole on the same few pictures, once for each seed, and
tested on the rest. The recipe is that of `training`.

Finished trainings are remembered by everything they depend on, so another seed trains only that
one; a stopped or killed one goes on from its checkpoint.

evidence/outcomes/<hash>.safetensors      a finished training: its test pictures and guesses
evidence/checkpoints/<hash>.safetensors   a training under way
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import Cancelled, ModelError, SrcselError, StoreError
from srcsel.base.records import RECIPE, Dataset, Failure, Outcome, Protocol, SourceModel
from srcsel.base.scarce import is_out_of_memory, require_addresses
from srcsel.base.watch import Watch
from srcsel.evidence.descent import Task
from srcsel.evidence.estimate import remember_pace
from srcsel.evidence.splits import Split, split
from srcsel.evidence.training import CHECKPOINTS, Trained, Training
from srcsel.features.decode import decoded
from srcsel.features.devices import pick_device
from srcsel.features.loading import free_after, leave_a_core
from srcsel.models.called import at_start, called
from srcsel.models.hubs import Preprocessing, Trainable, hub_of
from srcsel.store import expected
from srcsel.store.memory import Arrays, Memory

NO_NETWORK = "It has no network to fine-tune; its quick check still counts."


def finetune(
    dataset: Dataset,
    models: Sequence[SourceModel],
    protocol: Protocol,
    *,
    groups: np.ndarray,
    folder: Path,
    device: str = "auto",
    watch: Watch | None = None,
) -> Iterator[Outcome | Failure]:
    """Yield one outcome for each model and seed, model by model, or one failure for a model; others
    go on.

    groups (n,) from `copies.copy_groups`: copies of a picture stay on one side. folder: where
    outcomes and checkpoints are kept (Settings.evidence). A stopped training keeps its checkpoint.
    Raises InputError where the pictures cannot be split, Cancelled, StoreError.
    """
    watch = watch or Watch()
    splits = {seed: split(dataset.labels, groups, protocol, seed) for seed in protocol.seeds}
    work = _Work(dataset, protocol, splits, Memory(folder), watch)
    todo: dict[str, tuple[SourceModel, Preprocessing]] = {}
    for model in models:
        try:
            known = [work.recall(model, seed) for seed in protocol.seeds]
            if None in known:
                todo[model.id] = model, hub_of(model).preprocessing(model)
        except (Cancelled, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
            yield work.failed(model, error)
            continue
        watch.update(model.id, "waiting" if model.id in todo else "stored")
        yield from (outcome for outcome in known if outcome and model.id not in todo)
    if not todo:
        return
    require_addresses()
    place = pick_device(device)
    with decoded(dataset, {how for _, how in todo.values()}, folder, watch) as pixels:
        for model, how in todo.values():
            yield from work.train(model, pixels[how.pixel_key], place)


@dataclass(frozen=True, eq=False)
class _Work:
    """What every training of a call shares."""

    dataset: Dataset
    protocol: Protocol
    splits: dict[int, Split]
    memory: Memory
    watch: Watch

    def train(
        self, model: SourceModel, pixels: np.ndarray, device: str
    ) -> Iterator[Outcome | Failure]:
        """Train on every split that is not remembered; the first one that fails is the model's
        failure.
        """
        for number, seed in enumerate(self.protocol.seeds):
            try:
                yield self.recall(model, seed) or self._one(model, pixels, seed, device, number)
            except (Cancelled, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
                yield self.failed(model, error)
                return
            finally:
                free_after(model)
        self.watch.update(model.id, "done")

    def recall(self, model: SourceModel, seed: int) -> Outcome | None:
        """Return a finished training, or None."""

        def unpack(kept: Arrays, about: Any) -> Outcome:
            tested = expected.rows(kept["rows"], len(self.splits[seed].test))
            guess = expected.rows(kept["guess"], len(tested))
            return Outcome(
                model.id, seed, tested, guess, expected.number(about["seconds"]), str(about["note"])
            )

        return self.memory.recall("outcomes", self._question(model, seed), unpack)

    def failed(self, model: SourceModel, error: Exception) -> Failure:
        """Say in a sentence why a model has no accuracy."""
        if is_out_of_memory(error):
            reason = (
                f"Not enough memory to fine-tune {called(model)} with"
                f" {self.protocol.batch} pictures at a time. Choose a smaller batch, or leave it"
                " out."
            )
        elif isinstance(error, SrcselError):
            reason = str(error)
        else:
            reason = (
                f"{at_start(called(model))} could not be fine-tuned ({type(error).__name__}:"
                f" {error}). The others go on."
            )
        self.watch.update(model.id, "failed", note=reason)
        return Failure(model.id, "", reason, "".join(traceback.format_exception(error)))

    def _one(
        self, model: SourceModel, pixels: np.ndarray, seed: int, device: str, number: int
    ) -> Outcome:
        """Train on one split, from its checkpoint where there is one, and remember the outcome."""
        import torch

        of, seeds = self.splits[seed], len(self.protocol.seeds)

        def tell(step: int, steps: int) -> None:
            note = (
                f"Training {called(model)}, repeat {number + 1} of {seeds}: step {step:,} of"
                f" {steps:,}"
            )
            self.watch.update(model.id, "running", number * steps + step, seeds * steps, note)

        encoder = hub_of(model).load(model, device, self.watch)
        if not isinstance(encoder, Trainable):
            raise ModelError(NO_NETWORK)
        leave_a_core()
        question = self._question(_as_here(model), seed)
        with torch.random.fork_rng():
            task = Task(encoder, pixels, self.dataset.labels, of, self.protocol, seed)
            trained = Training(task).run(self.memory, question, tell)
        note = self._note(trained, of)
        outcome = Outcome(model.id, seed, of.test, trained.guess, trained.seconds, note)
        self.memory.remember(
            "outcomes",
            question,
            {"rows": outcome.rows, "guess": outcome.guess},
            {"seconds": outcome.seconds, "note": outcome.note},
        )
        self.memory.forget(CHECKPOINTS, question)
        remember_pace(self.memory, _as_here(model), of, self.protocol, trained)
        return outcome

    def _note(self, trained: Trained, of: Split) -> str:
        """Say what was chosen, and what early stopping did, if it did anything."""
        if trained.choice is None:
            why = "" if len(of.held) else " (too few pictures to choose by)"
            return f"the probe was kept{why}"
        parts = [str(trained.choice)]
        epochs = self.protocol.epochs
        if trained.epochs < epochs:
            parts.append(f"stopped early after epoch {trained.epochs} of {epochs}")
        if trained.best is not None and trained.best < trained.epochs:
            parts.append(f"weights of epoch {trained.best} tested")
        return ", ".join(parts)

    def _question(self, model: SourceModel, seed: int) -> dict[str, Any]:
        """Name everything a training's outcome depends on."""
        of, p = self.splits[seed], self.protocol
        return {
            "version": RECIPE,
            "dataset": self.dataset.digest,
            "model": model.id,
            "revision": model.revision,
            "preprocessing": hub_of(model).preprocessing(model).key,
            "rows": [
                hashlib.sha256(rows.tobytes()).hexdigest()
                for rows in (of.train, of.validation, of.test, of.held)
            ],
            "epochs": p.epochs,
            "early_stop": p.early_stop if len(of.validation) else 0,
            "batch": p.batch,
            "learning_rate": p.learning_rate,
            "weight_decay": p.weight_decay,
            "seed": seed,
        }


def _as_here(model: SourceModel) -> SourceModel:
    """Name the weights that are here now: before a download their revision was not known."""
    return hub_of(model).find(model.id.split("/", 1)[1])
