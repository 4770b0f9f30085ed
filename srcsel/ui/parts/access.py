"""What a mistyped path may have meant, as far as it may be opened."""

from __future__ import annotations

import difflib
from pathlib import Path

from srcsel.base.access import allowed
from srcsel.base.errors import InputError
from srcsel.base.paths import typed


def nearest(text: str, limit: int = 3) -> list[Path]:
    """Return up to `limit` existing folders near a path that cannot be opened: parents first, then
    look-alikes.
    """
    try:
        path = typed(text)
    except InputError:
        return []
    parent = next((p for p in path.parents if p.is_dir()), Path.home())
    if not allowed(parent):
        return []
    missing = path.relative_to(parent).parts[0] if path.is_relative_to(parent) else ""
    try:
        inside = {child.name: child for child in parent.iterdir() if child.is_dir()}
    except OSError:
        inside = {}
    alike = [inside[name] for name in difflib.get_close_matches(missing, inside, n=2, cutoff=0.6)]
    return [p for p in (*alike, parent, *parent.parents) if p != Path(p.anchor) and allowed(p)][
        :limit
    ]
