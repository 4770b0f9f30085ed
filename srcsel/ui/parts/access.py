"""What a server that others reach lets them open by path, and where a mistyped path may have meant.

What may be opened is decided in `srcsel.base.access`, for the pages and the worker alike.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import streamlit as st

from srcsel.base.access import allowed
from srcsel.base.errors import InputError
from srcsel.base.paths import typed
from srcsel.base.settings import NOWHERE

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


def close_paths() -> None:
    """Let nothing be opened by path where others reach this server and SRCSEL_ROOTS is not set.

    A path box would otherwise show any file to whoever reaches the port. The environment says it to
    the workers too.
    """
    if st.get_option("server.address") not in LOOPBACK and not os.environ.get("SRCSEL_ROOTS"):
        os.environ["SRCSEL_ROOTS"] = NOWHERE


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
