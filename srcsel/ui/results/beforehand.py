"""On the verdict card, small: what one would have taken without looking, and what came of it."""

from __future__ import annotations

from html import escape

from srcsel.base.records import Result
from srcsel.ui.app import frame
from srcsel.ui.parts.show import plain
from srcsel.verdict.beforehand import HEADING, beforehand, in_words


def lines(result: Result) -> str:
    """Return the lines as HTML; "" where nothing is known, and in presenter mode."""
    picks = [] if frame.presenting() else beforehand(result)
    if not picks:
        return ""
    said = "".join(f"<li>{escape(plain(in_words(pick, result)))}</li>" for pick in picks)
    return f'<div class="srcsel-key srcsel-beforehand">{escape(HEADING)}<ul>{said}</ul></div>'
