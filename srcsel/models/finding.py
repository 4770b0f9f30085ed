"""Whether a model is what a person typed into the search, and how well it fits: by its id and what
is said of it, and by the names its family goes by elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from srcsel.base.records import SourceModel
from srcsel.models.prior import on_imagenet

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "siglip2": ("siglip", ".v2_"),
    "siglip1": ("siglip", ".webli"),
    "perceptionencoder": ("_pe_",),
    "eva2": ("eva02",),
    "openclip": ("clip_",),
    "maskedautoencoder": ("mae",),
    "noisystudent": ("ns_jft",),
    "segmentanything": ("samvit",),
    "visiontransformer": ("vit_",),
    "swintransformer": ("swin",),
    "swintransformerv2": ("swin", "v2"),
}
"""What families are called elsewhere, in one word of small letters and digits -> parts of an id
that all have to be there.
"""
_LONGEST = 3  # words of such a name


def fits(model: SourceModel, text: str) -> bool:
    """Tell whether every word of `text` occurs in the model's id, title, pretraining or licence,
    in any case and order, or is another name of it; a blank or a dash within a name means nothing.
    """
    told = " ".join((model.id, model.title, model.pretraining, model.license)).lower()
    bare = _bare(told)
    return all(_has(told, bare, name) for name in _names(text))


def best_first(models: Sequence[SourceModel], text: str) -> list[SourceModel]:
    """Order models that fit `text` by how well: what is named so before what has it in its name,
    and that before what was only trained on it.

    Of those that fit alike, what is on this computer already comes first, then by accuracy on
    ImageNet; demo models, whose accuracy is on tasks of their own, after real networks.
    """
    names = list(_names(text))

    def key(model: SourceModel) -> tuple[int, bool, bool, bool, float]:
        demo = model.id.startswith("demo/") or model.yardstick
        far = sum(_distance(model, name) for name in names)
        here = model.download_bytes == 0
        return far, demo and bool(names), not here, demo, -(on_imagenet(model) or 0.0)

    return sorted(models, key=key)


def _distance(model: SourceModel, name: str | tuple[str, ...]) -> int:
    """Return 0 where one of a model's names, but for its number, is `name` ("resnet" of resnet50),
    1 where one begins so, 2 where it occurs in one, 3 where only what is said of it has it.
    """
    called = f"{model.id.partition('/')[2]} {model.title}".lower()
    if isinstance(name, tuple):
        return 0 if all(part in called for part in name) else 3
    words = [word for word in re.split(r"[^a-z0-9]+", called) if word]
    bare = _bare(name)
    if any(bare in (word, word.rstrip("0123456789")) for word in words):
        return 0
    if any(word.startswith(bare) for word in words):
        return 1
    return 2 if bare in _bare(called) else 3


def _names(text: str) -> Iterator[str | tuple[str, ...]]:
    """Yield the words of a search; several that together are a known name as that name's parts."""
    words = text.lower().split()
    while words:
        for length in range(min(_LONGEST, len(words)), 0, -1):
            parts = OTHER_NAMES.get(_bare("".join(words[:length])))
            if parts:
                yield parts
                words = words[length:]
                break
        else:
            yield words.pop(0)


def _has(told: str, bare: str, name: str | tuple[str, ...]) -> bool:
    if isinstance(name, tuple):
        return all(part in told for part in name)
    return name in told or (bool(_bare(name)) and _bare(name) in bare)


def _bare(text: str) -> str:
    return re.sub(r"[\s_\-]", "", text)
