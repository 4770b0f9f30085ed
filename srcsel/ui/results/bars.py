"""The bars of both scores, drawn by a component of ours: two figures of Plotly took the browser
longer than all else on the page, and no key reached their bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.components.v2 import component

from srcsel import charts
from srcsel.base.records import Reading, Result
from srcsel.charts import PAINT
from srcsel.ui.app import frame, state
from srcsel.ui.parts.choices import PRESENTING, models_on_show, theme
from srcsel.ui.parts.show import md
from srcsel.ui.results import table
from srcsel.verdict.correction import MARK, lengths_before
from srcsel.verdict.readings import order_in_words, pick_scores, shaded, yardsticks_in_words
from srcsel.verdict.wording import NEEDED

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

BARS = {
    "silhouette": ("Groups separate", "MSC"),
    "supcon": ("Neighbours agree", "SCL"),
}
"""What each score says, and its short name; two of them fit beside the map."""
READING_MEANS = {
    "whitened": (
        "**Corrected**: what all pictures have in common is taken out first, and every direction"
        " counts the same (whitening). The verdict uses this reading."
    ),
    "raw": (
        "**As published**: the formulas on the untouched features. Good for comparing with"
        " published numbers; it can favour models that see hardly any difference."
    ),
}
SHADED_MEANS = (
    "**Shaded**: the verdict cannot tell these models apart: by its scores together its choice"
    f" comes before each of them in fewer than {NEEDED} of 100 re-checks. Dark blue is its choice,"
    " lighter blue are the others of them, grey is the rest; in every chart the same."
)
PRESENTED = 5  # bars of a chart for an audience, so that both charts are in sight
_FOLDER = Path(__file__).parent / "bars"
_TONES = ("ink", "paper", "whisker", "line", "band", "key")
_score_bars = lru_cache(maxsize=16)(charts.score_bars)


def draw(result: Result, which: Reading, chosen: str, places: Sequence[DeltaGenerator]) -> None:
    """Draw the two score bars, each in its place; pressing a bar chooses its model.

    The second leaves out the names that stand beside the first.
    """
    shown = [measure for measure in BARS if pick_scores(result, measure, which)]
    for measure, place in zip(BARS, places, strict=True):
        if measure in shown:
            with place.container(gap="xsmall"):
                _chart(result, measure, which, chosen, beside=measure != shown[0])
    if frame.presenting():
        with places[0]:
            if lengths_before(result, "silhouette", which):
                st.caption(f"Thin outlines: {MARK}.")
            if len(models_on_show(result)) > PRESENTED:
                st.caption(f"{PRESENTED} of the {len(models_on_show(result))} models")


def meaning(result: Result, which: Reading) -> None:
    """Say in words what the bars, their shade and their reading mean."""
    if lengths_before(result, "silhouette", which):
        st.caption(f"Thin outlines: {MARK}.")
    if said := order_in_words(result):
        st.caption(md(said))
    if shaded(result):
        st.caption(SHADED_MEANS)
    st.caption(READING_MEANS[which])
    if said := yardsticks_in_words(result):
        st.caption(md(said))


def _chart(result: Result, measure: str, which: Reading, chosen: str, *, beside: bool) -> None:
    """beside: the same rows stand at its left with their names, where the window has room."""
    large = frame.presenting()
    heading, short = BARS[measure]
    st.markdown(
        f"**{heading}**{'' if large else f' ({short})'}",
        help=None if large else table.help_of(measure) or None,
    )
    most, paint = PRESENTED if large else None, PAINT[theme()]
    drawn = _score_bars(result, measure, which, chosen=chosen, large=large, most=most)
    rows = [asdict(row) | {"color": paint[row.role]} for row in drawn.rows]
    key = f"bars-{measure}"
    _component()(
        key=key,
        data={
            "chart": asdict(drawn) | {"rows": rows},
            "chosen": chosen,
            "alt": charts.bars_alt(result, measure, which),
            "paint": {name: paint[name] for name in _TONES},
            "row": charts.row_height(len(rows)),
            "size": PRESENTING if large else 1,
            "beside": beside,
        },
        on_pressed_change=lambda: _pressed(key),
    )


def _pressed(key: str) -> None:
    """Choose the model whose bar was pressed; the browser may say anything."""
    model = st.session_state[key].get("pressed")
    if isinstance(model, str):
        state.write(model=model)


@cache
def _component() -> Any:
    html, css, js = (
        (_FOLDER / f"bars.{kind}").read_text("utf-8") for kind in ("html", "css", "js")
    )
    return component("srcsel_bars", html=html, css=css, js=js)
