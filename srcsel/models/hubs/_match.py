"""Find the network in a file that belongs to an architecture: by names under some prefix, else by
the order of its tensors.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcsel.models.hubs._states import FOLLOWING, TRAINED, Named, prefixes, states, under
from srcsel.models.hubs._torchvision import AUXILIARY, renamed

DERIVED = (
    "num_batches_tracked",
    "attn_mask",
    "relative_position_index",
    "relative_coords_table",
    "total_ops",
    "total_params",
)
"""Ends of names that carry no weights: computed from the architecture, or counted beside it."""
TOKEN = re.compile(r"(?!mask_token|queue)\w*(token|embed)\w*")
"""Parameters outside of any module that are part of a network."""
_LAYERS = (
    *("_conv_stem", "_expand_conv", "_bn0", "_blocks", "_depthwise_conv", "_conv_head", "_bn1"),
    *("_se_reduce", "_se_expand", "_project_conv", "_bn2", "_fc"),
    *("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "downsample"),
    *("weight", "bias", "running_mean", "running_var"),
)
PARTS = {part: place for place, part in enumerate(_LAYERS)}
"""The order of a network's parts, where a file is sorted by name: lukemelas' and ResNets'."""


@dataclass(frozen=True)
class Form:
    """What an architecture looks like in one library."""

    architecture: str
    own: Mapping[str, tuple[int, ...]]  # name -> shape, in the network's order
    heads: tuple[str, ...]  # names of the layers that tell classes

    @property
    def first(self) -> str:
        """Name of the first convolution, which reads three channels; "" where there is none."""
        return next((n for n, s in self.own.items() if len(s) == 4 and s[1] == 3), "")

    def is_head(self, name: str) -> bool:
        """Say whether a name belongs to the source head."""
        return name.startswith(tuple(f"{head}." for head in self.heads))

    def agrees(self, name: str, shape: Sequence[int]) -> bool:
        """Compare shapes: a head may tell other classes, the first layer read other channels."""
        own, shape = self.own[name], tuple(shape)
        if name == self.first and len(shape) == 4:
            return own[:1] + own[2:] == shape[:1] + shape[2:]
        return (
            own[1:] == shape[1:] and len(own) == len(shape) if self.is_head(name) else own == shape
        )

    @property
    def core(self) -> list[str]:
        """Names the features cannot do without."""
        spare = (*AUXILIARY, *(f"{head}." for head in self.heads))
        return [n for n in self.own if not n.startswith(spare) and not n.endswith(DERIVED)]


@dataclass(frozen=True, eq=False)
class Match:
    """Tensors of a file under the names of an architecture, and what does not fit."""

    named: Named
    prefix: str
    state: dict[str, Any]  # the architecture's own name -> tensor
    problems: list[str] = field(default_factory=list)  # in words, empty where it fits
    foreign: list[str] = field(default_factory=list)  # under the head's name, but not of it
    rest: list[str] = field(default_factory=list)  # what else lies beside the network
    in_order: bool = False  # taken by position

    @property
    def rank(self) -> int:
        """Tell which of several networks this is, see `_states`."""
        return self.named.rank(self.prefix)

    @property
    def projects(self) -> bool:
        """Say whether its program compares pictures, so that a head would tell no classes."""
        return self.rank in (TRAINED, FOLLOWING) and "encoder" in self.place

    @property
    def place(self) -> str:
        """Say where in the file it lies."""
        return ".".join((*self.named.where, self.prefix.removesuffix("."))).strip(".")


def by_names(form: Form, content: Any) -> list[Match]:
    """Return the networks in a file that may belong to `form`, by their names, the best first."""
    anchors = form.core[:1] + form.core[len(form.core) // 2 :][:1] + form.core[-1:]
    found: list[Match] = []
    for named in states(content):
        state = dict(renamed(form.architecture, named.state))
        named = Named(named.where, state)
        found += [_by_name(form, named, prefix) for prefix in sorted(prefixes(state, anchors))]
    return sorted(found, key=lambda m: (len(m.problems), m.rank, m.prefix.count(".")))


def by_position(form: Form, content: Any, *, is_sorted: bool) -> list[Match]:
    """Return the networks in a file whose tensors have the shapes of `form`, one after the other.

    is_sorted: the file is sorted by name, so that its order tells nothing.
    """
    found = [one for named in states(content) for one in _in_order(form, named, is_sorted)]
    return sorted(found, key=lambda m: (m.rank, m.prefix.count("."), -len(m.state)))


def _by_name(form: Form, named: Named, prefix: str) -> Match:
    inner = under(named.state, prefix)
    tops = {name.partition(".")[0] for name in form.own if "." in name}
    core = form.core
    problems = [f"missing {name}" for name in core if name not in inner]
    fits = {n: leaf for n, leaf in inner.items() if n in form.own and form.agrees(n, leaf.shape)}
    beside = [name for name in inner if name not in fits and not name.endswith(DERIVED)]
    foreign = [name for name in beside if form.is_head(name)]
    whole = [name for name in form.own if form.is_head(name) and not name.endswith(DERIVED)]
    if not all(name in fits for name in whole):  # half a head tells nothing
        foreign += [name for name in fits if form.is_head(name)]
        fits = {name: leaf for name, leaf in fits.items() if not form.is_head(name)}
    rest = [name for name in named.state if not name.startswith(prefix)]
    for name in beside:
        if name in foreign:
            continue
        if name in form.own:
            problems.append(
                f"{name} is {tuple(inner[name].shape)} instead of {tuple(form.own[name])}"
            )
        elif name.partition(".")[0] in tops or TOKEN.fullmatch(name):
            problems.append(f"unexpected {name}")
        else:
            rest.append(prefix + name)
    return Match(named, prefix, fits, problems, foreign, [n for n in rest if not _count(n)])


def _in_order(form: Form, named: Named, is_sorted: bool) -> Iterable[Match]:
    """Take the tensors under a prefix one after the other, where all shapes and kinds agree."""
    names = [name for name in named.state if not name.endswith(DERIVED)]
    names = sorted(names, key=_place) if is_sorted else names
    core = form.core
    heads = [name for name in form.own if form.is_head(name) and not name.endswith(DERIVED)]
    sizes = {len(core): core, len(core) + len(heads): [*core, *heads]}
    cuts = Counter(prefix for name in names for prefix in {"", *_starts(name)})
    for prefix, size in cuts.items():
        inner = [name for name in names if name.startswith(prefix)]
        wanted = sizes.get(size, [])
        pairs = list(zip(wanted, inner, strict=False))
        if pairs and all(
            form.agrees(own, named.state[name].shape) and _kind(own) == _kind(name)
            for own, name in pairs
        ):
            taken = {own: named.state[name] for own, name in pairs}
            rest = [name for name in names if not name.startswith(prefix)]
            yield Match(named, prefix, taken, rest=rest, in_order=True)


def _starts(name: str) -> list[str]:
    parts = name.split(".")[:-1]
    return [".".join(parts[: k + 1]) + "." for k in range(min(3, len(parts)))]


def _kind(name: str) -> str:
    return name.rpartition(".")[2]


def _place(name: str) -> list[tuple[int, str]]:
    """Sort numbers as numbers and known parts in their order."""
    return [
        (int(part), "") if part.isdecimal() else (PARTS.get(part, len(PARTS)), part)
        for part in name.split(".")
    ]


def _count(name: str) -> bool:
    return name.endswith(("n_averaged", *DERIVED))
