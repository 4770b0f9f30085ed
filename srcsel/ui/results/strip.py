"""On the verdict card: a few pictures that the model to start from is right about, and wrong
about.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from srcsel.base.records import Result, Shown
from srcsel.ui.app import frame
from srcsel.ui.parts.making import pictures
from srcsel.ui.parts.show import figure
from srcsel.verdict.expected import STRIP, strip_of, strip_parts, took_for

JUDGES = (
    "As a linear classifier on this model judged them. Press one: its nearest pictures may say"
    " otherwise, for they look at a few neighbours only."
)


def draw(result: Result) -> None:
    """Draw the strip of the verdict's model; nothing where there is none, or no pictures."""
    strip = strip_of(result)
    if strip is None:
        return
    set_id = pictures(result)
    parts = (_part(result, set_id, *part) for part in strip_parts(strip).items())
    judges = "" if frame.presenting() else f'<div class="srcsel-key srcsel-judge">{JUDGES}</div>'
    st.html(f'<div class="srcsel-strip" title="{escape(STRIP)}">{"".join(parts)}</div>{judges}')


def _part(result: Result, set_id: str, heading: str, shown: Sequence[Shown]) -> str:
    dataset = result.dataset
    figures = "".join(
        figure(
            set_id,
            one.row,
            dataset.paths[one.row],
            dataset.classes[int(dataset.labels[one.row])],
            took_for(result, one),
        )
        for one in shown
    )
    return f'<section><p>{heading}</p><div class="srcsel-pics">{figures}</div></section>'
