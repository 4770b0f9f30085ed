"""Hubs: the places source models come from.

Every public module here registers one hub on import.
"""

import sys

from srcsel.base import plugins
from srcsel.models.hubs._added import added, forget, remember
from srcsel.models.hubs._base import (
    HUBS,
    Encoder,
    Hub,
    Preprocessing,
    Trainable,
    fetch,
    hub_of,
    register,
)
from srcsel.models.hubs._caches import downloads, is_file
from srcsel.models.hubs._download import is_reached
from srcsel.models.hubs._recipe import Recipe
from srcsel.models.hubs._room import done_with
from srcsel.models.hubs._sizes import Sizes, at_size, cut_size, sizes_of, work_of

__all__ = [
    "HUBS",
    "Encoder",
    "Hub",
    "Preprocessing",
    "Recipe",
    "Sizes",
    "Trainable",
    "added",
    "at_size",
    "cut_size",
    "done_with",
    "downloads",
    "fetch",
    "forget",
    "hub_of",
    "is_file",
    "is_reached",
    "register",
    "remember",
    "sizes_of",
    "work_of",
]

plugins.import_all(sys.modules[__name__])
