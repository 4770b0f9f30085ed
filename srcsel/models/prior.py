"""A plain prior: in which order one would try source models without having seen a picture."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from srcsel.base.errors import SrcselError
from srcsel.base.records import SourceModel
from srcsel.models.hubs import HUBS

ON_IMAGENET = frozenset({"packaged", "timm", "torchvision"})
"""Hubs whose published accuracy is on ImageNet-1k; that of others is on another task."""

ORDER = (
    "by their published accuracy on ImageNet; where that is not known, by what models of their size"
    " reach"
)
NEIGHBORS = 12  # models of about the same size that speak for one without a published accuracy


def published(model: SourceModel) -> float | None:
    """Return the published accuracy on the model's own task, 0..1, at its own picture size whatever
    size it runs at; None where it is not known.
    """
    if model.accuracy is not None or model.at is None:
        return model.accuracy
    hub, _, name = model.own_id.partition("/")  # a run stored by an earlier version lacks it
    try:
        return HUBS[hub].find(name).accuracy
    except (KeyError, SrcselError):
        return None


def on_imagenet(model: SourceModel) -> float | None:
    """Return the published accuracy on ImageNet as `published` does; None on other tasks."""
    return published(model) if model.id.partition("/")[0] in ON_IMAGENET else None


def likeliest_first(
    models: Sequence[SourceModel],
    known: Sequence[SourceModel],
    gained: Mapping[str, float] | None = None,
) -> list[SourceModel]:
    """Order models by their published accuracy on ImageNet, the cheaper first where it is equal.

    Where it is not known, the middle of what the `NEIGHBORS` models of about its size reach stands
    for it, out of `known`; a model of unknown size comes last. gained: id -> what is added to the
    share of the others that a model is expected to be before, -1 to 1: what earlier runs taught.
    """
    ahead, gained = standings(expectations(models, known)), gained or {}
    return sorted(
        models, key=lambda m: (-ahead[m.id] - gained.get(m.id, 0.0), m.gmacs or 0.0, m.id)
    )


def expectations(models: Sequence[SourceModel], known: Sequence[SourceModel]) -> dict[str, float]:
    """Return the accuracy on ImageNet to expect of each model, 0..1, as `likeliest_first`."""
    sizes = sorted(
        (m.params, accuracy)
        for m in known
        if m.params is not None and (accuracy := on_imagenet(m)) is not None
    )
    return {m.id: _expected(m, sizes) for m in models}


def standings(values: Mapping[str, float]) -> dict[str, float]:
    """Return the share of the others that each is above, 0..1; equals count half, and so does one
    alone.
    """
    line, others = sorted(values.values()), len(values) - 1
    if not others:
        return dict.fromkeys(values, 0.5)
    below = {name: bisect_left(line, value) for name, value in values.items()}
    upto = {name: bisect_right(line, value) - 1 for name, value in values.items()}
    return {name: (below[name] + upto[name]) / 2 / others for name in values}


def _expected(model: SourceModel, sizes: Sequence[tuple[int, float]]) -> float:
    """Return the accuracy to expect; sizes: numbers of weights and accuracies, rising."""
    own = on_imagenet(model)
    if own is not None:
        return own
    if model.params is None or not sizes:
        return 0.0
    at = bisect_left(sizes, (model.params, 0.0))
    begin = max(0, min(at - NEIGHBORS // 2, len(sizes) - NEIGHBORS))
    near = sorted(accuracy for _, accuracy in sizes[begin : begin + NEIGHBORS])
    return near[len(near) // 2]
