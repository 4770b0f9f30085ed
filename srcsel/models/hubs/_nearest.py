"""Which architectures the weights in a file look like, by their shapes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any

from srcsel.base.phrases import listed
from srcsel.models.hubs import _table
from srcsel.models.hubs._match import DERIVED

BUILT = 12  # architectures of about the same size that are built for a comparison
SAID = 3
CLOSE = 0.01  # difference of the numbers of weights, heads aside, that may be the same network's


def nearest(state: Mapping[str, Any]) -> str:
    """Return a sentence that names the three architectures nearest to the tensors in `state`."""
    shapes = Counter(tuple(leaf.shape) for n, leaf in state.items() if not n.endswith(DERIVED))
    alike = [(_share(shapes, _shapes(*one)), one) for one in _of_its_size(shapes)]
    best = sorted((one for one in alike if one[0] > 0), key=lambda one: -one[0])[:SAID]
    if not best:
        return "No architecture of timm or torchvision has such shapes."
    said = listed([f"{name} of {library} ({share:.0%})" for share, (library, name) in best])
    return (
        f"By its shapes it is nearest to: {said}. Write = and the right one's name after the file's"
        " path."
    )


def of_that_size(params: int, head: tuple[int, ...]) -> str:
    """Return a sentence that names the architectures with about so many weights; no network is
    built, and torch is not needed.

    head: shape (classes, width) of the source head among the weights, () where there is none.
    """
    trunk = params - (head[0] * (head[1] + 1) if len(head) == 2 else 0)
    found: dict[str, float] = {}
    for library in ("timm", "torchvision"):
        for name, row in _table.defaults(library).items():
            width, classes = (_table.whole(row[cell]) or 0 for cell in ("dim", "classes"))
            there = (_table.whole(row["params"]) or 0) - classes * (width + 1)
            off = abs(there - trunk) / max(there, trunk, 1)
            if off <= CLOSE and (len(head) != 2 or head[1] == width):
                found[name] = min(off, found.get(name, off))
    best = sorted(found, key=lambda name: (found[name], len(name), name))[:SAID]
    if not best:
        return "No architecture of timm or torchvision has so many weights."
    return f"By its number of weights it may be {' or '.join(best)}."


def _of_its_size(shapes: Counter[tuple[int, ...]]) -> list[tuple[str, str]]:
    """List the architectures whose numbers of weights are nearest, heads aside."""
    size = sum(prod(shape) * count for shape, count in shapes.items() if len(shape) > 1)
    found = []
    for library in ("timm", "torchvision"):
        for name, row in _table.defaults(library).items():
            head = (_table.whole(row["classes"]) or 0) * (_table.whole(row["dim"]) or 0)
            there = (_table.whole(row["params"]) or 0) - head
            found.append((abs(there - size) / max(there, size, 1), library, name))
    return [(library, name) for _, library, name in sorted(found)[:BUILT]]


def _shapes(library: str, name: str) -> Counter[tuple[int, ...]]:
    """Build an architecture without numbers and count its shapes; none where that fails."""
    import torch

    try:
        with torch.device("meta"):
            network = _build(library, name)
    except (NotImplementedError, RuntimeError, ValueError, TypeError):
        return Counter()
    own = network.state_dict().items()
    return Counter(tuple(values.shape) for n, values in own if not n.endswith(DERIVED))


def _build(library: str, name: str) -> Any:
    if library == "timm":
        import timm

        return timm.create_model(name, pretrained=False)
    from srcsel.models.hubs._torchvision import build

    return build(name)


def _share(one: Counter[tuple[int, ...]], other: Counter[tuple[int, ...]]) -> float:
    """Return how much of both is common, 0..1."""
    return (one & other).total() / max(1, (one | other).total())
