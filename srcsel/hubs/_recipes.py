"""How to build a source model without srcsel: the library's name for it, its options, and where its weights lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srcsel.errors import NotAvailable
from srcsel.hubs import _caches, _table, checkpoints, demo, timm
from srcsel.hubs._base import HUBS, Preprocessing
from srcsel.hubs._fit import Library
from srcsel.hubs._preprocessing import preprocessing_from
from srcsel.records import SourceModel


@dataclass(frozen=True)
class Recipe:
    """What `timm.create_model` or `torchvision.models.get_model` needs; `file` None = the library fetches it."""

    library: Library
    name: str  # architecture, tag or repository, as the library knows it
    architecture: str
    preprocessing: Preprocessing
    weights: str = ""  # name of torchvision's weights; "" with a file
    file: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)
    maps: bool = False  # its classifier was never trained: its averaged feature maps are what was scored


def recipe(model: SourceModel) -> Recipe:
    """Say how to build `model`; nothing is downloaded, torch is not needed.

    Raises NotAvailable where there is no network to train, ModelError and InputError where its file is gone.
    """
    hub, _, name = model.id.partition("/")
    if hub not in _MAKERS:
        raise NotAvailable(f"{model.title} has no network that could be trained further. Choose another model.")
    return _MAKERS[hub](model, name)


def _demo(model: SourceModel, name: str) -> Recipe:
    hub = HUBS["demo"]
    folder = hub.folder if isinstance(hub, demo.DemoHub) else demo.WEIGHTS
    card = demo._card(folder / f"{name}.json")
    options, file = dict(card.get("architecture_kwargs") or {}), folder / f"{name}.safetensors"
    return Recipe("timm", card["architecture"], card["architecture"], hub.preprocessing(model), "", file, options)


def _timm(model: SourceModel, name: str) -> Recipe:
    if name in _table.rows("timm"):
        own = _caches.own_files().get(name)
        shown = HUBS["timm"].preprocessing(model)
        architecture = name.split(".", 1)[0]
        return Recipe("timm", architecture if own else name, architecture, shown, "", own)
    local = _caches.hub_file(name, (timm.CONFIG,))
    if local is None:
        raise NotAvailable(f"The configuration of {name} is not on this computer any more. Run this model again.")
    config = timm._read_config(local.path, name)
    shown = preprocessing_from(timm._pretrained_cfg(config))
    return Recipe("timm", f"hf-hub:{name}", config["architecture"], shown)


def _torchvision(model: SourceModel, name: str) -> Recipe:
    architecture, _, weights = name.partition(".")
    shown, own = HUBS["torchvision"].preprocessing(model), _caches.own_files().get(name)
    maps = weights.endswith("_FEATURES")
    return Recipe("torchvision", architecture, architecture, shown, "" if own else weights, own, maps=maps)


def _checkpoint(model: SourceModel, name: str) -> Recipe:
    found = checkpoints._identify(name)
    shown = HUBS["checkpoints"].preprocessing(model)
    return Recipe(found.library, found.architecture, found.architecture, shown, "", found.path)


_MAKERS = {"demo": _demo, "timm": _timm, "torchvision": _torchvision, "checkpoints": _checkpoint}
