"""One model at another input size than its own, named "ID@PIXELS".

Which sizes an architecture computes at was tried when the tables were written (`_probe`): most
convolutional networks read any; transformers of patches whole patches, their position embeddings
resampled; some one size only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from srcsel.base.errors import InputError, NotAvailable, SrcselError
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.called import at_start, called
from srcsel.models.hubs import _caches, _table
from srcsel.models.hubs._preprocessing import Preprocessing
from srcsel.models.hubs._recipe import Recipe

if TYPE_CHECKING:
    from srcsel.models.hubs._base import Encoder, Hub

MOST = 2048  # pixels
AT = re.compile(r"(?P<name>.+)@(?P<size>[^@/\\=]*)", re.DOTALL)
WHOLE = re.compile(r"\d+", re.ASCII)
PHONES = re.compile(
    "mobilenet|efficientnet(?!v2)|mnasnet|ghostnet|mixnet|rexnet|fbnet|lcnet|tinynet|spnasnet"
    "|hardcorenas|mobileone"
)
THIN = 3.0
"""How many times fewer multiply-adds a second they make: 10 of 1e9 on a core where others make 30,
of 36 architectures timed with torch at 224 pixels.
"""
SUGGESTED = (32, 48, 64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 640, 768, 1024)


@dataclass(frozen=True)
class Sizes:
    """At which sizes a model can read pictures, in pixels of either side."""

    own: int
    step: int  # others are multiples of it
    least: int
    resampled: bool  # its position embeddings are brought to the size
    square: float  # share of its work, at its own size, that grows with the square of the area

    def work(self, size: int) -> float:
        """Return how many times the work of its own size another size takes."""
        ratio = (size / self.own) ** 2
        return (1 - self.square) * ratio + self.square * ratio**2

    def suggested(self) -> list[int]:
        """Return usual sizes that it can read, the nearest multiples where they have to be some."""
        near = {round(size / self.step) * self.step for size in SUGGESTED}
        return sorted(size for size in near if self.least <= size <= MOST and size != self.own)


def cut_size(text: str) -> tuple[str, str | None]:
    """Cut "NAME@PIXELS" into name and pixels as typed, None without; a file's own name is not
    cut.
    """
    found = AT.fullmatch(text)
    bare = text.removeprefix("checkpoints/")
    if found is None or _caches.ending(found["size"]) or _caches.is_file(bare):
        return text, None
    return found["name"], found["size"]


def sizes_of(hub: Hub, model: SourceModel) -> Sizes:
    """Return at which sizes a model can read pictures; NotAvailable with the reason where its own
    is the only one.
    """
    found = hub.recipe(model)
    own = found.preprocessing
    row = _table.sizes().get((found.library, found.architecture))
    if row is None:
        raise NotAvailable(
            f"Whether {found.architecture} can read pictures at another size than its own was not"
            " tried, so it keeps its own."
        )
    if not row["how"]:
        raise NotAvailable(
            f"{at_start(called(model))} reads pictures of {' x '.join(map(str, own.size))} pixels"
            " only: its network is built for that size."
        )
    step, least = int(row["step"]), int(row["least"])
    return Sizes(min(own.size), step, least, row["how"] == "set", float(row["square"] or 0))


def at_size(hub: Hub, model: SourceModel, typed: str) -> SourceModel:
    """Return a model as it reads pictures at a size that a person typed; at its own it is itself.

    Raises InputError for what is no size, or none of this model's.
    """
    if model.at is not None:
        raise InputError(f"Two sizes are given, {model.at} and {typed}. Write {model.id} for one.")
    if typed == str(model.input_size):
        return model
    try:
        sizes = sizes_of(hub, model)
    except NotAvailable as error:
        raise InputError(f"{error} Without '@{typed}' it keeps its own size.") from error
    size = _checked(model, sizes, typed)
    work = None if model.gmacs is None else model.gmacs * sizes.work(size)
    return replace(
        model,
        id=f"{model.id}@{size}",
        title=f"{model.title} at {size} px",
        gmacs=work if work is None else float(f"{work:.4g}"),
        input_size=size,
        note=f"Reads pictures at {size} pixels instead of its own {sizes.own}.",
        at=size,
    )


def work_of(hub: Hub, model: SourceModel) -> float | None:
    """Return about how many 1e9 multiply-adds a picture costs: for an estimate of time, where a
    model does not say it those of its architecture, by the number of pixels; None = not known.

    Those of networks for phones count THIN times: their layers move more numbers than they
    multiply.
    """
    if model.gmacs is not None:
        return model.gmacs * (THIN if PHONES.search(model.id) else 1)
    try:
        found = hub.recipe(model)
    except SrcselError:
        return None
    row = _table.defaults(found.library).get(found.architecture)
    if row is None or not row["gmacs"] or not row["size"]:
        return None
    height, width = found.preprocessing.size
    thin = THIN if PHONES.search(found.architecture) else 1
    return thin * float(row["gmacs"]) * height * width / float(row["size"]) ** 2


class AtSize:
    """A hub for models whose size a person chose."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.name, self.title = hub, hub.name, hub.title

    def models(self) -> Iterable[SourceModel]:
        """Return what the hub offers."""
        return self.hub.models()

    def find(self, name: str) -> SourceModel:
        """Return the model "<name>@<pixels>"."""
        bare, typed = cut_size(name)
        model = self.hub.find(bare)
        return model if typed is None else at_size(self.hub, model, typed)

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Return the model's own, at the size."""
        return _resized(self.hub.preprocessing(_own(model)), model.at)

    def load(self, model: SourceModel, device: str, watch: Watch) -> Encoder:
        """Load the model, and set it to the size."""
        own = _own(model)
        encoder = self.hub.load(own, device, watch)
        encoder.preprocessing = self.preprocessing(model)
        if sizes_of(self.hub, own).resampled:
            network = encoder.network  # pyright: ignore[reportAttributeAccessIssue]
            network.set_input_size(img_size=encoder.preprocessing.size)
            network.eval().requires_grad_(False).to(device)  # what it made anew too
        return encoder

    def recipe(self, model: SourceModel) -> Recipe:
        """Build the model, then set it to the size."""
        own = _own(model)
        found = self.hub.recipe(own)
        return replace(
            found,
            preprocessing=self.preprocessing(model),
            made_for=found.preprocessing.size,
            resampled=sizes_of(self.hub, own).resampled,
        )


def _own(model: SourceModel) -> SourceModel:
    """Return the model at its own size, as far as hubs look at it."""
    return replace(model, id=model.own_id, at=None)


def _resized(own: Preprocessing, size: int | None) -> Preprocessing:
    if size is None:
        return own
    scale = own.resize_to and round(own.resize_to * size / min(own.size))
    return replace(own, size=(size, size), resize_to=scale)


def _checked(model: SourceModel, sizes: Sizes, typed: str) -> int:
    """Return the size; raise InputError where it is none that the model reads."""
    if not WHOLE.fullmatch(typed):
        raise InputError(
            f"'{typed}' is no size of {called(model)}. Write a whole number of pixels after the @,"
            f" such as {model.id}@{_example(sizes)}."
        )
    size = int(typed[:12])
    if size < sizes.least:
        raise InputError(
            f"{at_start(called(model))} cannot read pictures of {size} pixels: its network needs"
            f" at least {sizes.least}."
        )
    if size > MOST:
        raise InputError(
            f"{at_start(called(model))} at {typed[:12]} pixels would not fit into memory. The"
            f" largest size is {MOST}."
        )
    if size % sizes.step:
        below = size // sizes.step * sizes.step
        near = f"{below} or {below + sizes.step}" if below >= sizes.least else f"{sizes.least}"
        raise InputError(
            f"{at_start(called(model))} reads whole patches of {sizes.step} pixels, so {size}"
            f" pixels do not fit. Take {near}."
        )
    return size


def _example(sizes: Sizes) -> int:
    known = sizes.suggested()
    return min(known, key=lambda size: abs(size - sizes.own // 2)) if known else sizes.own
