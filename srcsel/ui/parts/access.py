"""Which folders the pages may open: a path box would otherwise show any file to whoever reaches the
port.

Any folder, while the server listens on this computer only and SRCSEL_ROOTS is unset. Otherwise only
folders below SRCSEL_ROOTS; with neither, uploads, public sets and the demo only.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
LONGEST_NAME = 255  # bytes of a file's name, on every usual disk
NAMED = ("demo:", "public:")  # references that are no paths


def roots() -> tuple[Path, ...] | None:
    """Return the folders below which the pages may open files; None = anywhere on this computer."""
    given = load_settings().roots
    if given is not None:
        return given
    return None if st.get_option("server.address") in LOOPBACK else ()


def allowed(path: Path) -> bool:
    """Tell whether the pages may open `path`; links are followed first.

    The work folder's uploads always are.
    """
    limits = roots()
    if limits is None:
        return True
    target = path.resolve()
    settings = load_settings()
    return any(target.is_relative_to(root) for root in (*limits, settings.uploads, settings.public))


def path_of(text: str) -> Path:
    """Read a path that came from a person or an address.

    Raises InputError for a text that can be no path.
    """
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:  # a home folder nobody has
        raise InputError(f"I cannot open {text}: {error} Copy the path again.") from error
    if "\0" in text or any(
        len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME for part in path.parts
    ):
        raise InputError(
            "This is no path: a name in it is too long or cannot be one. Copy the path again."
        )
    return path


def require(ref: str) -> None:
    """Raise InputError where `ref` (a path, "demo:NAME" or "public:NAME") may not be opened from a
    page.
    """
    if ref.startswith(NAMED) or allowed(path_of(ref)):
        return
    limits = roots()
    if limits:
        where = " or ".join(str(root) for root in limits)
        raise InputError(f"This path is outside what the pages may open. Choose one below {where}.")
    raise InputError(
        "This dashboard is shared over the network, so it opens no folders by path. Upload a zip"
        " instead, or ask whoever runs it to set SRCSEL_ROOTS."
    )


def require_model(path: Path) -> None:
    """Raise InputError where a model file may not be opened from a page; those in SRCSEL_WEIGHTS
    always may.
    """
    own = load_settings().weights
    if own is None or not path.resolve().is_relative_to(own):
        require(str(path))


def nearest(text: str, limit: int = 3) -> list[Path]:
    """Return up to `limit` existing folders near a path that cannot be opened: parents first, then
    look-alikes.
    """
    import difflib

    path = Path(text.strip().strip("\"'")).expanduser()
    if not path.is_absolute():
        path = Path.home() / path
    parent = next((p for p in path.parents if p.is_dir()), Path.home())
    missing = path.relative_to(parent).parts[0] if path != parent else ""
    try:
        inside = {child.name: child for child in parent.iterdir() if child.is_dir()}
    except OSError:
        inside = {}
    alike = [inside[name] for name in difflib.get_close_matches(missing, inside, n=2, cutoff=0.6)]
    return [p for p in (*alike, parent, *parent.parents) if p != Path(p.anchor) and allowed(p)][
        :limit
    ]
