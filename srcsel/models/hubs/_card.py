"""What is known of a model file beside its weights: a JSON card, a configuration of the Hugging
Face Hub, or its name.

A card may say architecture, library, kwargs (of the architecture), num_classes, num_features,
in_chans, input_size, mean, std, interpolation, crop_pct, crop_mode, title, source_dataset,
val_accuracy, year and licence. Each is checked; what else it says is named, not ignored.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from PIL import Image

from srcsel.base import access
from srcsel.base.errors import ModelError, UnknownNameError
from srcsel.base.phrases import cut
from srcsel.models.hubs import _caches, _table

MOST_BYTES = 1_000_000  # of a card
WIDEST = 8192  # pixels
MOST_CLASSES = 10_000_000  # or features
CONFIG = "config.json"  # of timm on the Hugging Face Hub
MOST_SHOWN = 60  # letters of a value in a sentence
RESERVED = frozenset(
    {
        "pretrained",
        "pretrained_cfg",
        "pretrained_cfg_overlay",
        "checkpoint_path",
        "cache_dir",
        "features_only",
        "scriptable",
        "exportable",
        "no_jit",
        "num_classes",
        "in_chans",
        "weights",
    }
)
"""Keywords of the libraries that are not of an architecture: some would fetch or open files."""
HASHED = re.compile(r"(.+)-[0-9a-f]{8,}", re.IGNORECASE)  # how torch.hub names files
COPY = re.compile(r" ?\(\d+\)$")  # what a browser adds to a second download


@dataclass(frozen=True)
class Card:
    """The checked content of a card, and the keys that mean nothing to srcsel."""

    values: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def get(self, *keys: str) -> Any:
        """Return the first of some keys that the card has, None where it has none."""
        return next((self.values[key] for key in keys if self.values.get(key) is not None), None)

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """Keywords of the architecture."""
        return self.get("kwargs", "architecture_kwargs", "model_args") or {}


def read_card(path: Path) -> Card:
    """Read the card beside a checkpoint, or the configuration beside a file of the Hugging Face
    cache.

    Raises ModelError with the key that cannot be used.
    """
    stem = _caches.without_ending(path.name)
    for card in (path.with_name(f"{stem}.json"), path.with_suffix(".json")):
        if card.is_file():
            return _checked(_json(card), card.name)
    config = path.with_name(CONFIG)
    if path.name in _caches.HUB_FILES and config.is_file():
        content = _json(config)
        if isinstance(content.get("architecture"), str):
            return _checked(_of_hub(content), CONFIG)
    return Card()


def architecture_of(path: Path, given: str, card: Card) -> str:
    """Say which architecture a file has: as given, as its card says, or as its name tells.

    Raises UnknownNameError with the nearest names for what somebody said; where nobody did, with
    "" as the name: a file's name is no guess at an architecture.
    """
    said = given or card.get("architecture")
    names = [said] if said else _in_name(path)
    known = _table.timm_architectures() | frozenset(_table.defaults("torchvision"))
    for name in names:
        for form in _forms(name):
            if form in known:
                return form
    raise UnknownNameError(
        f"network of timm or torchvision (as what {path.name} is to be read)", said or "", known
    )


def published(path: Path) -> _table.Row | None:
    """Return the row of torchvision's table whose file this is by its name, as torch.hub keeps it,
    whatever its ending, case and number of the download.
    """
    stem = COPY.sub("", _caches.without_ending(path.name)).lower()
    rows = _table.rows("torchvision").values()
    return next((row for row in rows if Path(row["url"]).stem.lower() == stem), None)


def _in_name(path: Path) -> list[str]:
    """Read a file's name, the surest reading first; and the repository of a cached file."""
    row = published(path)
    stem = COPY.sub("", _caches.without_ending(path.name))
    hashed = HASHED.fullmatch(stem)
    bare = hashed.group(1) if hashed else stem
    parts = bare.split("_")
    shorter = ["_".join(parts[:k]) for k in range(len(parts) - 1, 0, -1)] if hashed else []
    repository = next((p for p in path.parts if p.startswith("models--")), "").rpartition("--")[2]
    names = [row["name"].split(".", 1)[0]] if row else []
    return [*names, stem.split(".", 1)[0], bare, *shorter, repository.split(".", 1)[0]]


def _forms(name: str) -> Iterable[str]:
    """Yield how timm and torchvision may write a name such as "EfficientNet-B0"."""
    low = name.lower()
    return dict.fromkeys((name, low, low.replace("-", "_"), low.replace("-", "")))


def _json(path: Path) -> dict[str, Any]:
    access.require(path, model=True)  # it may be a link
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise ModelError(
            f"The card {path.name} beside the checkpoint is no valid JSON: {why}."
        ) from error
    if not isinstance(content, dict):
        raise ModelError(
            f"The card {path.name} beside the checkpoint should be a JSON object with"
            " 'architecture'."
        )
    return content


def _of_hub(content: dict[str, Any]) -> dict[str, Any]:
    """Take what a card can say from a configuration of timm."""
    inner = content.get("pretrained_cfg")
    told = {**(inner if isinstance(inner, dict) else {}), **content}
    return {key: value for key, value in told.items() if key in CHECKS}


def _checked(content: dict[str, Any], name: str) -> Card:
    values = {key: value for key, value in content.items() if key in CHECKS and value is not None}
    for key, value in values.items():
        holds, what = CHECKS[key]
        if not holds(value):
            _refuse(name, key, what, value)
    return Card(values, tuple(key for key in content if key not in CHECKS))


def _refuse(name: str, key: str, what: str, value: Any) -> NoReturn:
    said = ascii(value)[1:-1] if isinstance(value, str) else str(value)
    shown = f"'{cut(said, MOST_SHOWN)}'" if isinstance(value, str) else cut(said, MOST_SHOWN)
    raise ModelError(
        f"The card {name} beside the checkpoint cannot be used: {key} must be {what}, got"
        f" {shown}. Correct it. Or move it away: the weights can be used without it where their"
        " network is one of timm or torchvision, named as in weights.pth=resnet18."
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1000 and value.isprintable()


def _whole(least: int, most: float = math.inf) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _number(least: float, most: float) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and least < value <= most


def _size(value: Any) -> bool:
    side = _whole(1, WIDEST)
    if not isinstance(value, list):
        return side(value)
    return len(value) in (2, 3) and all(map(side, value))


def _channels(least: float, most: float) -> Callable[[Any], bool]:
    fits = _number(least, most)
    return lambda value: (
        fits(value) or (isinstance(value, list) and len(value) in (1, 3) and all(map(fits, value)))
    )


def _keywords(value: Any) -> bool:
    return (
        isinstance(value, dict) and not RESERVED & set(value) and all(map(_plain, value.values()))
    )


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 100 and all(not isinstance(v, list | dict) for v in value)
    return value is None or isinstance(value, str | int | float | bool)


_KWARGS = (
    _keywords,
    "an object of plain values by keyword of the architecture, without "
    + ", ".join(sorted(RESERVED)),
)
_NAMES = tuple(sorted(method.name.lower() for method in Image.Resampling))
_MODES = ("center", "squash", "border", "shorter")
CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(
        (
            *("architecture", "title", "name", "source_dataset", "pretraining"),
            *("license", "licence"),
        ),
        (_text, "text in one line"),
    ),
    "library": (lambda value: value in ("timm", "torchvision"), "timm or torchvision"),
    **dict.fromkeys(("kwargs", "architecture_kwargs", "model_args"), _KWARGS),
    "num_classes": (_whole(0, MOST_CLASSES), f"a whole number up to {MOST_CLASSES:,}"),
    "num_features": (_whole(1, MOST_CLASSES), f"a whole number from 1 to {MOST_CLASSES:,}"),
    "in_chans": (lambda value: value in (1, 3), "1 (greyscale) or 3"),
    "input_size": (
        _size,
        f"a number of pixels up to {WIDEST}, [height, width] or [channels, height, width]",
    ),
    "mean": (_channels(-1e-9, 1), "one number from 0 to 1 for each channel"),
    "std": (_channels(0, 10), "one number above 0 for each channel"),
    "interpolation": (lambda value: value in _NAMES, f"one of {', '.join(_NAMES)}"),
    "crop_pct": (_number(0, 2), "a number above 0, usually 0.8 to 1"),
    "crop_mode": (lambda value: value in _MODES, f"one of {', '.join(_MODES)}"),
    "resize": (lambda value: value in _MODES, f"one of {', '.join(_MODES)}"),
    "year": (_whole(1950, 2100), "a year, such as 2021"),
    "val_accuracy": (_number(-1e-9, 1), "a number from 0 to 1"),
    "classes": (lambda value: isinstance(value, list), "a list of names"),
}
"""What each key of a card has to be, and that in words."""
