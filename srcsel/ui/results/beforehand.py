"""On the verdict card, small: what one would have taken without looking, and what came of it."""

from __future__ import annotations

from html import escape

from srcsel.base.records import Result
from srcsel.ui.app import frame
from srcsel.ui.parts.show import plain
from srcsel.verdict import beforehand


def small(result: Result) -> str:
    """Return the lines as HTML; "" where nothing is known, and in presenter mode."""
    lines = [] if frame.presenting() else beforehand.lines(result)
    if not lines:
        return ""
    said = "".join(f"<div>{escape(plain(line))}</div>" for line in lines)
    return (
        f'<div class="srcsel-key srcsel-beforehand"><b>{escape(beforehand.HEADING)}</b>{said}</div>'
    )
