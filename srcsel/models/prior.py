"""A plain prior: in which order one would try source models without having seen a picture."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from srcsel.base.records import SourceModel

ON_IMAGENET = frozenset({"packaged", "timm", "torchvision"})
"""Hubs whose published accuracy is on ImageNet-1k; that of others is on another task."""

NEIGHBORS = 12  # models of about the same size that speak for one without a published accuracy


def on_imagenet(model: SourceModel) -> float | None:
    """Return the published accuracy on ImageNet, 0..1; None where it is not known."""
    return model.accuracy if model.id.partition("/")[0] in ON_IMAGENET else None


def likeliest_first(
    models: Sequence[SourceModel], known: Sequence[SourceModel]
) -> list[SourceModel]:
    """Order models by their published accuracy on ImageNet, the cheaper first where it is equal.

    Where it is not known, the middle of what the `NEIGHBORS` models of about its size reach stands
    for it, out of `known`; a model of unknown size comes last.
    """
    sizes = sorted(
        (m.params, accuracy)
        for m in known
        if m.params is not None and (accuracy := on_imagenet(m)) is not None
    )
    return sorted(models, key=lambda m: (-_expected(m, sizes), m.gmacs or 0.0, m.id))


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
