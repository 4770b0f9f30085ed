"""Build the network a state dict belongs to: class count inferred, a missing or foreign head
allowed and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from srcsel.base.errors import ModelError
from srcsel.models.hubs._network import Forward, hooked_forward, last_layer, timm_forward
from srcsel.models.hubs._torchvision import build, on_averaged_maps, renamed
from srcsel.models.hubs._weights import State, load_exactly

if TYPE_CHECKING:
    from torch import nn

Library = Literal["timm", "torchvision"]
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")  # heads torchvision's inceptions use in training only


@dataclass(frozen=True)
class Fitted:
    """A network with weights, how to read features from it, and what was noticed."""

    network: nn.Module
    forward: Forward
    note: str = ""


def fit(architecture: str, library: Library, state: State, size: tuple[int, int]) -> Fitted:
    """Build `architecture` so that `state` fits.

    `size` (height, width) matters to networks of a fixed input size.

    Raises ModelError with the first few names where anything but the head differs.
    """
    make = _fit_timm if library == "timm" else _fit_torchvision
    return make(architecture, state, size)


def _fit_timm(architecture: str, state: State, size: tuple[int, int]) -> Fitted:
    import timm
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(architecture)
    named = config.classifier if config and config.classifier else ()
    heads = (named,) if isinstance(named, str) else tuple(named)
    classes = _classes(state, heads)
    options: dict[str, Any] = {"num_classes": classes}
    if config and config.fixed_input_size and tuple(config.input_size[1:]) != size:
        options["img_size"] = size
    network = timm.create_model(architecture, pretrained=False, **options)
    state, note = _without_foreign_head(network, state, heads, classes)
    load_exactly(network, state, architecture)
    return Fitted(network, timm_forward(network, head=classes > 0), note)


def _fit_torchvision(architecture: str, state: State, size: tuple[int, int]) -> Fitted:
    state = renamed(architecture, state)
    network = build(architecture, size=size[0])
    fits = on_averaged_maps(network, state)
    name, layer = last_layer(network)
    classes = _classes(state, (name,))
    if classes and not fits:
        network = build(architecture, classes=classes, size=size[0])
        layer = last_layer(network)[1]
    own = {
        key: value
        for key, value in network.state_dict().items()
        if key.startswith((f"{name}.", *AUXILIARY))
    }
    unused = own if not classes else {k: v for k, v in own.items() if k.startswith(AUXILIARY)}
    load_exactly(
        network, {**unused, **state}, architecture
    )  # what eval mode never reads may be missing
    read = hooked_forward(network, layer)
    return Fitted(
        network, read if classes else _without_logits(read), "" if classes else _no_head(name)
    )


def _classes(state: State, heads: tuple[str, ...]) -> int:
    """Return the width of the source head in the file, 0 where it has none."""
    shapes = [state[f"{head}.weight"].shape for head in heads if f"{head}.weight" in state]
    if len({shape[0] for shape in shapes}) > 1:
        raise ModelError(
            f"The heads {', '.join(heads)} of the checkpoint differ in width; I cannot tell its"
            " classes."
        )
    return int(shapes[0][0]) if shapes else 0


def _without_foreign_head(
    network: nn.Module, state: State, heads: tuple[str, ...], classes: int
) -> tuple[State, str]:
    """Leave out weights under a head's name that the network has no place for, and say so."""
    own = network.state_dict()
    foreign = [
        key
        for key in state
        if key not in own and key.startswith(tuple(f"{head}." for head in heads))
    ]
    kept = {key: value for key, value in state.items() if key not in foreign}
    if foreign:
        return kept, f"Parts of the source head were left out: {', '.join(foreign[:3])}."
    return kept, "" if classes or not heads else _no_head(heads[0])


def _no_head(name: str) -> str:
    return (
        f"The file has no source head ({name}), so there are features but no class probabilities."
    )


def _without_logits(read: Forward) -> Forward:
    return lambda pictures: (read(pictures)[0], None)
