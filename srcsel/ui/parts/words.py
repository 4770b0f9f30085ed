"""Numbers, sizes, times and states as a person says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srcsel.base.phrases import megabytes

if TYPE_CHECKING:
    from srcsel.base.records import Part

STATES = {
    "waiting": "Waiting",
    "downloading": "Downloading",
    "reading": "Reading pictures",
    "running": "Looking at pictures",
    "scoring": "Scoring",
    "done": "Done",
    "stored": "Done, reused from before",
    "dropped": "Dropped",
    "failed": "Failed",
}


def count(number: int, one: str, many: str = "") -> str:
    """Return "1 picture", "1,240 pictures"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def progress(part: Part) -> str:
    """Say how far one part of a job is: "Downloading 120 of 350 MB", or what the job itself says of
    it, plain text.
    """
    text = STATES.get(part.state, part.state)
    if part.name == "maps" and part.state == "running":
        text = "Drawing"
    if part.name == "opening" and part.state == "reading":
        text = "Preparing them"
    if part.state in ("running", "dropped") and part.note:
        return part.note
    if part.state in ("downloading", "reading") and part.note and not part.total:
        return part.note
    if part.state == "downloading" and part.done:
        if part.done == part.total:
            return f"Downloaded {megabytes(part.total)}"
        known = f" of {megabytes(part.total)}" if part.total else ""
        return f"{text} {megabytes(part.done)}{known}"
    if part.state in ("reading", "running") and part.total:
        return f"{text}, {part.done:,} of {part.total:,}"
    return text


def share(part: Part) -> float:
    """Return how much of a part is done, 0..1: what it saw, where it was dropped; 0 where the total
    is not known.
    """
    if part.state in ("done", "stored"):
        return 1.0
    if part.state == "waiting":
        return 0.0
    return min(1.0, part.done / part.total) if part.total else 0.0
