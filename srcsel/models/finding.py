"""Whether a model is what a person typed into the search: by its id and what is said of it, and by
the names its family goes by elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from srcsel.base.records import SourceModel

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "siglip2": ("siglip", ".v2_"),
    "siglip1": ("siglip", ".webli"),
    "perceptionencoder": ("_pe_",),
    "eva2": ("eva02",),
    "openclip": ("clip_",),
    "maskedautoencoder": ("mae",),
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
