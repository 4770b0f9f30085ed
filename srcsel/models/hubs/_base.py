"""What a hub is, and the registry of hubs.

A new place to get models from is one new file beside this one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from srcsel.base.errors import UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs._preprocessing import Preprocessing
from srcsel.models.hubs._recipe import Recipe
from srcsel.models.hubs._sizes import AtSize

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "HUBS",
    "Encoder",
    "Hub",
    "Preprocessing",
    "Recipe",
    "Trainable",
    "fetch",
    "hub_of",
    "register",
]


class Encoder(Protocol):
    """One source model, loaded: eval mode, inference mode, its own mean and std, float32."""

    preprocessing: Preprocessing

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Turn uint8 pictures (b, 3, h, w) into features (b, d) and source-head logits (b, c), both
        float32.

        Logits are None for a model without a source head. Row i belongs to picture i, whatever b
        is.
        """
        ...


@runtime_checkable
class Trainable(Protocol):
    """What an encoder offers beside its call where there is a network to fine-tune.

    `pixels` has none.
    """

    network: nn.Module

    def features(self, batch: np.ndarray) -> Tensor:
        """Turn uint8 pictures (b, 3, h, w) into features (b, d), differentiable, in the network's
        own mode.
        """
        ...


class Hub(Protocol):
    """A place source models come from.

    All but `load` works offline and without torch in the process.
    """

    name: str  # first part of every model id: "<name>/..."
    title: str  # for pages

    def models(self) -> Iterable[SourceModel]:
        """Return every model on offer, in a stable order."""
        ...

    def find(self, name: str) -> SourceModel:
        """Return the model whose id is "<hub>/<name>", also for typed names no table lists.

        Raises UnknownNameError with the nearest names, or ModelError where the name can never work.
        """
        ...

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Return how pictures are prepared for `model`; no weights are needed."""
        ...

    def load(self, model: SourceModel, device: str, watch: Watch) -> Encoder:
        """Load the weights, after fetching them if need be, and say the progress in bytes to
        `watch`.

        Raises DownloadError or ModelError with a sentence for the person in front of the page.
        """
        ...

    def recipe(self, model: SourceModel) -> Recipe:
        """Say how to build `model` without srcsel; nothing is downloaded, torch is not needed.

        Raises NotAvailable where there is no network to train, ModelError and InputError where its
        file is gone.
        """
        ...


@runtime_checkable
class Fetching(Protocol):
    """What a hub offers beside where weights come from elsewhere."""

    def fetch(self, model: SourceModel, watch: Watch) -> None:
        """Fetch the weights where they are not here yet, so that `load` finds them.

        Raises as `Hub.load`.
        """
        ...


HUBS: dict[str, Hub] = {}


def register(hub: Hub) -> None:
    """Add a hub. Two hubs of one name are a mistake, never a silent choice."""
    if hub.name in HUBS:
        raise ValueError(
            f"A hub named '{hub.name}' is registered already; give the new one another name."
        )
    HUBS[hub.name] = hub


def hub_of(model: SourceModel) -> Hub:
    """Return the hub that offers `model`, at the size a person chose.

    Raises UnknownNameError where that hub is not installed (any more).
    """
    name = model.id.partition("/")[0]
    if name not in HUBS:
        raise UnknownNameError("hub", name, HUBS)
    hub = HUBS[name]
    return hub if model.at is None else AtSize(hub)


def fetch(model: SourceModel, watch: Watch) -> None:
    """Fetch a model's weights ahead of `Hub.load`, where its hub can. Raises as that."""
    hub = HUBS.get(model.id.partition("/")[0])
    if isinstance(hub, Fetching):
        hub.fetch(replace(model, id=model.own_id, at=None), watch)
