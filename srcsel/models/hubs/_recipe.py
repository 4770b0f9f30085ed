"""How to build a source model without srcsel: the library's name for it, its options, and where its
weights lie.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srcsel.models.hubs._fit import Library
from srcsel.models.hubs._preprocessing import Preprocessing


@dataclass(frozen=True)
class Recipe:
    """What `timm.create_model` or `torchvision.models.get_model` needs; `file` None = the library
    fetches it.
    """

    library: Library
    name: str  # architecture, tag or repository, as the library knows it
    architecture: str
    preprocessing: Preprocessing
    weights: str = ""  # name of torchvision's weights; "" with a file
    file: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)
    # its classifier was never trained: its averaged feature maps are what was scored
    maps: bool = False
    # size (height, width) that its weights were made for, where a person chose another
    made_for: tuple[int, int] | None = None
    resampled: bool = False  # its position embeddings are then brought to the size
