"""Build the network that belongs to a file: which of its weights, whose form, how many classes and
channels; what was noticed is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from srcsel.base.errors import ModelError
from srcsel.base.phrases import some_of, spoken
from srcsel.models.hubs._match import DERIVED, Form, Match, by_names, by_position
from srcsel.models.hubs._nearest import nearest
from srcsel.models.hubs._network import Forward, hooked_forward, last_layer, timm_forward
from srcsel.models.hubs._states import AVERAGED, TEACHER, main_state, states
from srcsel.models.hubs._torchvision import AUXILIARY, build, on_averaged_maps, read_channels
from srcsel.models.hubs._weights import load_exactly, misfit, own_shapes

if TYPE_CHECKING:
    from torch import nn

Library = Literal["timm", "torchvision"]
NAMED = 3  # names in a note


@dataclass(frozen=True)
class Fitted:
    """A network with weights, how to read features from it, and what was noticed."""

    network: nn.Module
    forward: Forward
    note: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a file is to be read as."""

    architecture: str
    libraries: tuple[Library, ...]  # whose forms of it are tried, in this order
    size: tuple[int, int]  # (height, width), which matters to networks of a fixed input size
    channels: int = 3  # of the pictures it will get
    kwargs: Mapping[str, Any] = field(default_factory=dict)  # of the architecture


def fit(wanted: Wanted, content: Any, *, is_sorted: bool = False) -> Fitted:
    """Build the architecture and load what fits it from a file's `content`.

    is_sorted: the file is sorted by name. Raises ModelError with the first few names where anything
    but the head differs, and with the three architectures whose shapes are nearest.
    """
    head, tried = _averaged_maps_head(content), list[Match]()
    builders = [_Builder(library, wanted, head) for library in wanted.libraries]
    forms = [builder.form() for builder in builders]
    for builder, form in zip(builders, forms, strict=True):
        found = by_names(form, content)
        if found and not found[0].problems:
            return _loaded(builder, form, found)
        tried += found[:1]
    for builder, form in zip(builders, forms, strict=True):
        if found := by_position(form, content, is_sorted=is_sorted):
            return _loaded(builder, form, found[:1])
    if not tried:
        raise ModelError(
            "The file holds no named weights. Save `model.state_dict()`, best as .safetensors."
        )
    best = min(tried, key=lambda one: len(one.problems))
    found = [*best.problems, *(f"unexpected {name}" for name in best.rest)]
    found.sort(key=lambda words: (not words.startswith("missing"), " is (" in words))
    raise ModelError(misfit(wanted.architecture, found, nearest(main_state(content))))


@dataclass(frozen=True)
class _Builder:
    """Makes one library's network of an architecture, without weights."""

    library: Library
    wanted: Wanted
    maps_head: Any = None  # of a VGG that averages its feature maps, (classes, channels)

    def form(self) -> Form:
        """Build it once without numbers, for its names and shapes."""
        import torch

        named = _timm_heads(self.wanted.architecture) if self.library == "timm" else None
        classes = 0 if named == () else None  # a tower that tells no classes
        try:
            with torch.device("meta"):
                network = self.network(classes)
        except (NotImplementedError, RuntimeError):  # it computes while it is built
            network = self.network(classes)
        heads = (last_layer(network)[0],) if named is None else named
        return Form(self.wanted.architecture, own_shapes(network), heads)

    def network(self, classes: int | None = None, channels: int = 3) -> nn.Module:
        """Build it; classes None = as many as usual."""
        make = self._timm if self.library == "timm" else self._torchvision
        try:
            return make(classes, channels)
        except (TypeError, AttributeError, AssertionError, ValueError, LookupError) as error:
            if not self.wanted.kwargs:
                raise
            raise ModelError(
                f"{self.wanted.architecture} of {self.library} cannot be built with the card's"
                f" kwargs ({', '.join(self.wanted.kwargs)}): {error}. Correct or remove them."
            ) from error

    def _timm(self, classes: int | None, channels: int) -> nn.Module:
        import timm
        from timm.models import get_pretrained_cfg

        config = get_pretrained_cfg(self.wanted.architecture)
        options: dict[str, Any] = dict(self.wanted.kwargs)
        options |= {} if classes is None else {"num_classes": classes}
        options |= {} if channels == 3 else {"in_chans": channels}
        if config and config.fixed_input_size and config.input_size[1:] != self.wanted.size:
            options.setdefault("img_size", self.wanted.size)
        return timm.create_model(self.wanted.architecture, pretrained=False, **options)

    def _torchvision(self, classes: int | None, channels: int) -> nn.Module:
        network = build(
            self.wanted.architecture,
            classes=classes or 1000,
            size=self.wanted.size[0],
            **self.wanted.kwargs,
        )
        on_averaged_maps(network, {"classifier.weight": self.maps_head})
        return network if channels == 3 else read_channels(network, channels)


def _loaded(builder: _Builder, form: Form, found: Sequence[Match]) -> Fitted:
    best, wanted = found[0], builder.wanted
    channels = int(best.state[form.first].shape[1]) if form.first else 3
    if channels != wanted.channels:
        raise ModelError(_wrong_channels(channels, wanted.channels))
    dropped = [n for n in best.state if form.is_head(n)] if best.projects else []
    state = {name: leaf for name, leaf in best.state.items() if name not in dropped}
    classes = _classes(state, form.heads)
    network = builder.network(classes, channels)
    spare = AUXILIARY if classes else (*AUXILIARY, *(f"{head}." for head in form.heads))
    own = network.state_dict()
    unused = {n: v for n, v in own.items() if n.startswith(spare) or n.endswith(DERIVED)}
    # what eval mode never reads may be missing
    load_exactly(network, {**unused, **state}, wanted.architecture)
    note = _note(builder, form, found, [*best.foreign, *dropped], classes)
    return Fitted(network, _forward(network, builder.library, classes), note)


def _forward(network: nn.Module, library: Library, classes: int) -> Forward:
    if library == "timm":
        return timm_forward(network, head=classes > 0)
    read = hooked_forward(network, last_layer(network)[1])
    return read if classes else lambda pictures: (read(pictures)[0], None)


def _classes(state: Mapping[str, Any], heads: tuple[str, ...]) -> int:
    """Return the width of the source head in the file, 0 where it has none."""
    shapes = [state[f"{head}.weight"].shape for head in heads if f"{head}.weight" in state]
    if len({shape[0] for shape in shapes}) > 1:
        raise ModelError(
            f"The heads {', '.join(heads)} of the checkpoint differ in width; I cannot tell its"
            " classes."
        )
    return int(shapes[0][0]) if shapes else 0


def _averaged_maps_head(content: Any) -> Any:
    """Find the one layer of a VGG that averages its feature maps."""
    leaves = (leaf for named in states(content) for n, leaf in named.state.items() if _is_one(n))
    return next((leaf for leaf in leaves if len(leaf.shape) == 2), None)


def _is_one(name: str) -> bool:
    return name == "classifier.weight" or name.endswith(".classifier.weight")


def _wrong_channels(channels: int, pictures: int) -> str:
    said = f"The first layer of this file reads {channels} channels"
    if channels in (1, 3):
        return f"{said}, but its card says {pictures}. Correct in_chans or input_size there."
    return (
        f"{said}, and pictures have three, or one as greyscale. Keep the weights of three of its"
        " channels, in the order red, green, blue, and save the file again."
    )


def _note(
    builder: _Builder, form: Form, found: Sequence[Match], foreign: list[str], classes: int
) -> str:
    """Say what was taken, what was not, and what is missing; "" where nothing is worth a word."""
    best = found[0]
    said = [_which(best, [m.place for m in found[1:] if not m.problems and m.place != best.place])]
    if best.in_order:
        said.append(
            f"Its names are another program's: {len(best.state)} tensors were taken in their order,"
            f" in which all shapes agree with {form.architecture}."
        )
    if builder.library != builder.wanted.libraries[0]:
        said.append(f"Its weights have the form of {builder.library}.")
    if builder.wanted.channels == 1:
        said.append("Its first layer reads one channel: pictures are made greyscale.")
    if best.rest:
        said.append(f"Beside the network lie, and were left out: {_some(best.rest)}.")
    if foreign:
        said.append(f"Parts of the source head were left out: {_some(foreign)}.")
    if not classes and form.heads:
        said.append(
            f"The file has no source head ({form.heads[0]}), so there are features but no class"
            " probabilities."
        )
    return spoken(*said)


def _which(best: Match, others: list[str]) -> str:
    """Say which of several networks was taken, and whether its weights are averages."""
    place, steps = best.place or "the whole file", best.named.averages(best.prefix)
    rest = f", not {_some(others)}" if others else ""
    if steps is not None:
        return f"Averaged weights were taken ({place}, of {steps:,} steps){rest}."
    if best.rank in (AVERAGED, TEACHER):
        return f"Averaged weights were taken ({place}){rest}."
    return f"Of several networks in the file {place} was taken{rest}." if others else ""


def _some(names: Sequence[str]) -> str:
    return some_of(names, NAMED)


def _timm_heads(architecture: str) -> tuple[str, ...]:
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(architecture)
    named = config.classifier if config and config.classifier else ()
    return (named,) if isinstance(named, str) else tuple(named)
