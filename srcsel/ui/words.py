"""Numbers, sizes, times and states as a person says them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srcsel.records import Part

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


def megabytes(size: int) -> str:
    """Return bytes as "610 MB", "1.4 GB", "under 1 MB" (1 MB = 1,000,000 bytes)."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else "under 1 MB"


def duration(seconds: float) -> str:
    """Return seconds as "a few seconds", "20 s", "4 min", "1 h 20 min", rounded for an estimate."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 55:
        return f"{5 * round(seconds / 5):.0f} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def when(created: str, now: datetime | None = None) -> str:
    """Return an ISO 8601 time as "today 14:05", "yesterday 09:30" or "3 Mar 2026", in local time."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    moment, now = moment.astimezone(), (now or datetime.now(UTC)).astimezone()
    days = (now.date() - moment.date()).days
    if days in (0, 1):
        return f"{'yesterday' if days else 'today'} {moment:%H:%M}"
    return f"{moment.day} {moment:%b %Y}"


def progress(part: Part) -> str:
    """Say how far one part of a job is: "Downloading 120 of 350 MB", or what the job itself says of it, plain text."""
    text = STATES.get(part.state, part.state)
    if part.name == "maps" and part.state == "running":
        text = "Drawing"
    if part.state in ("running", "dropped") and part.note:
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
    """Return how much of a part is done, 0..1: what it saw, where it was dropped; 0 where the total is not known."""
    if part.state in ("done", "stored"):
        return 1.0
    return min(1.0, part.done / part.total) if part.total else 0.0
