"""What a measure's function, its null and its re-checks all need, made once where they share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from srcsel.measures._shared import Shared

Made = TypeVar("Made")


def once(shared: Shared | None, key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `make` returns; made the first time only, where something is shared."""
    return make() if shared is None else shared._once(key, make)
