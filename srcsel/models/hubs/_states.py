"""Find the networks among what a training program saved: wrappers, averages, prefixes, and what
lies beside.

Works on tensors and on their shapes alike: a leaf is anything with a `shape`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

State = dict[str, "Tensor"]

MOST_WRAPPERS = 20  # prefixes taken off a name; programs wrap a network three times
DEEPEST = 5  # mappings within mappings; averages of a callback lie four deep
NOT_WEIGHTS = re.compile(r"optim|sched|scaler|^opt$|^amp$|hyper|config|^args$|^cfg$", re.I)
INSIDE = re.compile(r"(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)")
"""What `torch.compile` and others write into the middle of names."""

AVERAGED, TEACHER, PLAIN, TRAINED, FOLLOWING = range(5)
"""Which of several networks to take: the lowest."""
WORDS = (
    (AVERAGED, re.compile(r"(^|_)(ema|swa|averaged?|polyak)(_|\d|$)|^ema|[a-z_]EMA|Ema$|^swa")),
    (TEACHER, re.compile(r"teacher")),
    (TRAINED, re.compile(r"student|encoder_q|online|current_model")),
    (FOLLOWING, re.compile(r"encoder_k|momentum|target|key_encoder")),
)
"""How programs name networks: DINO's teacher is an average, MoCo's encoder_k and BYOL's target only
follow the network that is trained.
"""
WRAPPERS = re.compile(
    r"module|model\w*|net|network|backbone\w*|base\w*|trunk|body|visual|learner|feature_extractor"
    r"|classifier_model|_model|image_encoder|encoder_[qk]|\w*(student|teacher|online|target)\w*"
    r"|momentum_\w+|\w*(ema|swa|averaged)(_\w+)?"
)
"""First parts of names that are no part of a network, as far as names alone can tell."""


@dataclass(frozen=True, eq=False)
class Named:
    """Tensors by name, and where in the file they lie."""

    where: tuple[str, ...]  # keys of the mappings around them
    state: dict[str, Any]

    def rank(self, prefix: str = "") -> int:
        """Tell which network this is by what its program calls it, from AVERAGED to FOLLOWING."""
        if self.averages(prefix):
            return AVERAGED
        parts = [*self.where, *prefix.split(".")]
        return next((rank for rank, word in WORDS if any(map(word.search, parts))), PLAIN)

    def averages(self, prefix: str) -> int | None:
        """Return of how many steps torch's AveragedModel made the weights under `prefix`; None
        where it is none, 1 where only shapes are known.
        """
        around = prefix.removesuffix("module.")
        count = self.state.get(f"{around}n_averaged") if prefix.endswith("module.") else None
        if count is None:
            return None
        return int(count) if hasattr(count, "item") else 1


def states(content: Any) -> list[Named]:
    """Return every group of named tensors, the outermost first; what optimisers keep is left
    out.
    """
    return list(_walk(content, ()))


def _walk(content: Any, where: tuple[str, ...]) -> Iterator[Named]:
    if not isinstance(content, Mapping) or len(where) > DEEPEST:
        return
    named = {
        INSIDE.sub(r"\1", key).replace("..", ".").removeprefix("."): value
        for key, value in content.items()
        if isinstance(key, str) and hasattr(value, "shape")
    }
    if named:
        yield Named(where, named)
    for key, value in content.items():
        if not NOT_WEIGHTS.search(str(key)):
            yield from _walk(value, (*where, str(key)))


def under(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return what lies under a prefix, without it."""
    cut = len(prefix)
    return {name[cut:]: leaf for name, leaf in state.items() if name.startswith(prefix)}


def prefixes(state: Iterable[str], anchors: Iterable[str]) -> set[str]:
    """Return the prefixes under which some of the names `anchors` occur, and none."""
    ends = tuple(anchors)
    found = {name[: -len(end)] for name in state for end in ends if name.endswith(end)}
    return {"", *(prefix for prefix in found if prefix.endswith("."))}


def main_state(content: Any) -> dict[str, Any]:
    """Return the tensors of the most likely network, by names alone: no architecture is known."""
    found = sorted(states(content), key=lambda named: (named.rank(), -len(named.state)))
    return _bare(found[0], "") if found else {}


def _bare(named: Named, prefix: str) -> dict[str, Any]:
    """Take off prefixes that wrappers left, following the best ranked where names part."""
    for _ in range(MOST_WRAPPERS):
        state = under(named.state, prefix)
        first = Counter(name.partition(".")[0] for name in state if "." in name)
        known = [part for part in first if WRAPPERS.fullmatch(part)]
        if not known or sum(first[part] for part in known) * 2 < len(state):
            return state
        rank = {part: (named.rank(f"{prefix}{part}."), -first[part]) for part in known}
        prefix = f"{prefix}{min(rank, key=rank.__getitem__)}."
    return {}


def channels_of(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Tell by shapes alone how many channels the pictures have: 3, 1, or None = cannot tell.

    Convolutions over several pixels that read 3 channels are first layers. Where there is none, one
    that reads a single channel is one too, or goes by channel (depthwise), beside which a coloured
    first layer would stand.
    """
    reads = {shape[1] for shape in shapes.values() if len(shape) == 4 and shape[2] * shape[3] > 1}
    return next((channels for channels in (3, 1) if channels in reads), None)


def looks_like_torchvision(names: Iterable[str]) -> bool:
    """Tell by names alone whether an architecture of both libraries has torchvision's form."""
    form = re.compile(r"(^|\.)(features\.\d+\.\d+\.|classifier\.[036]\.weight$)")
    return any(form.search(name) for name in names)
