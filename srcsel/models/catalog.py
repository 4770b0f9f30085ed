"""The source models on offer: finding them by what a person typed, searching, and three well-mixed
presets.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from srcsel.base.asked import checked
from srcsel.base.errors import InputError, SrcselError, UnknownNameError
from srcsel.base.paths import clean
from srcsel.base.records import SourceModel, Unreadable
from srcsel.models import queries
from srcsel.models.hubs import (
    HUBS,
    added,
    at_size,
    cut_size,
    forget,
    hub_of,
    is_file,
    remember,
    sizes_of,
)
from srcsel.models.licenses import allows_commercial_use

__all__ = [
    "PRESETS",
    "Preset",
    "added",
    "allows_commercial_use",
    "find_models",
    "forget",
    "remember",
    "search",
]

BUNDLED = "bundled"
"""The name of all models that come with srcsel: real ImageNet networks, then the demo ones."""

CHECKPOINTS = "checkpoints"
"""The name of all model files of the person's own."""

SEARCH = "'srcsel models --search TEXT', or the search on the Models page, finds what there is."
ALL_AT_ONCE = 50  # a hub's bare name stands for all its models up to this many
CHECKPOINT = re.compile(r"\.(safetensors|pth|pth\.tar|pt|ckpt|bin)(=[\w.-]+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Preset:
    """Five models that differ in architecture and in what they learned from; all licensed for
    commercial use.
    """

    title: str
    choices: dict[str, str]  # model id -> why it is in, one line
    race: bool = False  # costly ones: a fast answer is the usual one

    @property
    def ids(self) -> tuple[str, ...]:
        """The model ids, cheapest first."""
        return tuple(self.choices)


PRESETS: dict[str, Preset] = {
    "small": Preset(
        "Small and fast",
        {
            "timm/mobilenetv4_conv_small.e2400_r224_in1k": (
                "the fastest: MobileNetV4, a convolutional network made for phones"
            ),
            "timm/efficientnet_b0.ra4_e3600_r224_in1k": (
                "78.6 % on ImageNet at 0.40 G multiply-adds: much for its cost"
            ),
            "timm/tiny_vit_5m_224.dist_in22k_ft_in1k": (
                "taught by a larger model on 21,000 classes: a wider source"
            ),
            "timm/resnet18.a1_in1k": "the plain reference everyone knows",
            "timm/vit_pe_core_tiny_patch16_384.fb": (
                "Perception Encoder: learned from pictures with captions, not classes"
            ),
        },
    ),
    "balanced": Preset(
        "Balanced",
        {
            "timm/mobilenetv4_hybrid_medium.ix_e550_r256_in1k": (
                "MobileNetV4 with attention: 81.5 % on ImageNet at 1.29 G multiply-adds"
            ),
            "timm/resnet50.a1_in1k": "the most used starting model, with a modern recipe",
            "timm/convnext_tiny.in12k_ft_in1k": (
                "a modern convolutional network, from 12,000 classes"
            ),
            "timm/vit_small_patch16_224.dino": (
                "learned without labels (DINO): strong when your classes are unusual"
            ),
            "timm/vit_base_patch32_siglip_gap_256.v2_webli": (
                "SigLIP 2: learned from ten billion pictures with captions"
            ),
        },
    ),
    "strongest": Preset(
        "Strongest",
        {
            "timm/vit_base_patch16_siglip_gap_224.v2_webli": (
                "SigLIP 2: learned from ten billion pictures with captions"
            ),
            "timm/vit_pe_core_base_patch16_224.fb": (
                "Perception Encoder: captions of pictures and videos"
            ),
            "timm/convnext_base.clip_laion2b_augreg_ft_in12k_in1k": (
                "convolutional; captions, then 12,000 classes"
            ),
            "timm/caformer_b36.sail_in22k_ft_in1k": (
                "half convolution, half attention; 21,000 classes; 87.5 % on ImageNet"
            ),
            "timm/vit_small_patch14_reg4_dinov2.lvd142m": (
                "learned without labels (DINOv2 with registers) at 518 pixels: fine detail, slow"
            ),
        },
        race=True,
    ),
}
"""Three sets of growing cost; what is not on this computer yet is downloaded once.

DINOv3 is left out of them: its own licence wants reading first. Accuracies and costs by timm's
results tables."""


@checked()
def find_models(spec: str | Path | Sequence[str | Path]) -> list[SourceModel]:
    """Return the models that `spec` names, in its order, each once.

    spec: ids ("timm/resnet18.a1_in1k"), "bundled", presets ("small", "balanced", "strongest"),
    hubs ("demo": all of it), checkpoint files ("PATH.safetensors" or "PATH.pth=ARCHITECTURE"); any
    of them with "@PIXELS" for another input size than its own; queries ("timm:params<30M,
    commercial,size=224", "any:" for all hubs; see `queries`), the likeliest first; one text with
    commas, or a sequence. Raises UnknownNameError with the nearest names, InputError where nothing
    is named, no model fits a query or a model cannot read that size.
    """
    if isinstance(spec, str):
        parts = [spec] if "," not in spec or is_file(spec) else queries.joined(spec.split(","))
    else:
        parts = [str(spec)] if isinstance(spec, Path) else list(map(str, spec))
    found = {model.id: model for part in parts if clean(part) for model in _find(clean(part))}
    if not found:
        raise InputError(
            "No source model is named. Try 'bundled', a preset (small, balanced, strongest) or an"
            " id."
        )
    return list(found.values())


def title_of(model: str) -> str:
    """Return the title of the model with that id; the id itself where none has it."""
    if "/" not in model:  # no hub: no id, and looking for one among all models takes long
        return model
    try:
        return find_models(model)[0].title
    except (SrcselError, IndexError):
        return model


@checked()
def search(
    text: str = "",
    *,
    hub: str | None = None,
    max_params: int | None = None,
    size: int | None = None,
    commercial: bool = False,
) -> list[SourceModel]:
    """Return the listed models that fit, hub by hub.

    text: words that all have to occur in id, title, pretraining or licence, in any case and order;
    other names of a family are known (`finding.OTHER_NAMES`): siglip2, perception encoder.
    max_params: most weights allowed; a model of unknown size is left out. size: pixels of the
    shorter side that it reads. commercial: only licences that surely allow commercial use;
    "unknown" is never among them. Raises UnknownNameError for an unknown hub.
    """
    query = queries.asked(hub, text, max_params=max_params, size=size, commercial=commercial)
    return [model for name in query.hubs for model in HUBS[name].models() if query.fits(model)]


def other_sizes(model: SourceModel) -> list[int]:
    """Return usual sizes in pixels at which a model can stand in a run beside its own, "ID@PIXELS".

    Raises NotAvailable with the reason where its own is the only one.
    """
    return sizes_of(hub_of(model), model).suggested()


def own_files() -> list[SourceModel]:
    """Return the model files of this work folder: of SRCSEL_WEIGHTS, and those that were added."""
    return list(HUBS[CHECKPOINTS].models())


def unreadable(hub: str | None = None) -> list[Unreadable]:
    """Return the files of the weights folder that are not offered, each with the reason."""
    places = (place for name, place in HUBS.items() if hub in (None, name))
    return [file for place in places for file in getattr(place, "unreadable", tuple)()]


def _find(part: str) -> Iterable[SourceModel]:
    if queries.is_query(part):
        return _asked(part)
    name, size = cut_size(part)
    if size is not None:
        return [at_size(hub_of(model), model, size) for model in _find(name)]
    if part in PRESETS:
        return [model for id_ in PRESETS[part].ids for model in _find(id_)]
    if part == BUNDLED:
        return [model for hub in ("packaged", "demo") for model in HUBS[hub].models()]
    if part in HUBS:
        return _all_of(part)
    hub, _, name = part.partition("/")
    if (CHECKPOINT.search(part) and hub not in HUBS) or _is_file(part):
        return [HUBS[CHECKPOINTS].find(part)]
    if hub in HUBS and name:
        return [HUBS[hub].find(name)]
    if "_weights" in part.lower():  # a weight enum of torchvision, which needs no hub's name
        with contextlib.suppress(UnknownNameError):
            return [HUBS["torchvision"].find(part.removeprefix("torchvision.models."))]
    known = [BUNDLED, *PRESETS, *HUBS, *(model.id for model in search())]
    raise UnknownNameError("source model", part, known, SEARCH)


def _asked(query: str) -> Iterable[SourceModel]:
    models = queries.parse(query).models()
    if not models:
        raise InputError(
            f"No source model fits '{query}'. Loosen a condition, or look with"
            " srcsel models --search."
        )
    return models


def _is_file(part: str) -> bool:
    """Say whether "PATH" or "PATH=ARCHITECTURE" names a file, whatever its ending."""
    return is_file(part) or ("=" in part and is_file(part.rpartition("=")[0]))


def _all_of(hub: str) -> Iterable[SourceModel]:
    models = list(HUBS[hub].models())
    if len(models) > ALL_AT_ONCE:
        raise InputError(
            f"{HUBS[hub].title} offers {len(models):,} models. Name the ones you mean, such as"
            f" {models[0].id}, or say which: {hub}:params<30M,commercial,top=20."
        )
    if not models:
        raise InputError(f"'{hub}' lists no model on this computer. Name a file or an id.")
    return models
