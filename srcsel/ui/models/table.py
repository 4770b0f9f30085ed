"""Starting models as rows that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from textwrap import wrap
from typing import Any

import pandas as pd
import streamlit as st

from srcsel.base.phrases import cut_apart
from srcsel.base.records import SourceModel
from srcsel.models.prior import on_imagenet
from srcsel.ui.parts import words
from srcsel.ui.parts.show import WRAPPED, plain

LETTER, PADDING = 7.0, 20  # pixels, of the text in a table
LINE, HIGHEST = 21, 190  # of a text that goes over several lines
ROW = 35  # of a row of one line
FEW = 5  # models that a window of 720 pixels shows with all that speaks for each
ROOM = 1120 - 36  # pixels for columns in a window of 1,280
INSIDE = ROOM - 34  # the same in a box that opens
CHOSEN = (
    "Starting model",
    "Why try it",
    "Download",
    "Weights",
    "On ImageNet",
    "Learned from",
    "Licence",
)
"""Columns where there are few models."""
MANY = ("Starting model", "Learned from", "Download", "Weights", "Work", "On ImageNet", "Licence")
"""Columns where each model is one line, so that one sees enough of them to choose."""
FOUND = (*MANY[:5], "Input", *MANY[5:])
NARROW = {"Download": 84, "Weights": 84, "Work": 72, "On ImageNet": 102, "Input": 64}
LONGEST = {"Starting model": 345, "Licence": 150}  # pixels of a text in one line
COLUMNS = {  # widths of all of CHOSEN together fit a window of 1,280 pixels
    "Starting model": st.column_config.TextColumn(width=190),
    "Why try it": st.column_config.TextColumn(width=320),
    "Weights": st.column_config.NumberColumn(
        format="%.2f M", width=100, help="How many numbers the model is made of: how big it is."
    ),
    "Learned from": st.column_config.TextColumn(width=170),
    "On ImageNet": st.column_config.NumberColumn(
        format="%.1f %%",
        width=108,
        help="Published accuracy on ImageNet, at the model's own picture size.",
    ),
    "Download": st.column_config.TextColumn(
        width=92,
        help="'Here' means already on this computer. Sizes are estimated from the weights.",
    ),
    "Licence": st.column_config.TextColumn(width=100),
    "Work": st.column_config.NumberColumn(
        format="%.2f G", width=88, help="Billions of multiply-adds for one picture (GMACs)."
    ),
    "Input": st.column_config.NumberColumn(
        format="%d px", width=76, help="How large the model reads a picture."
    ),
}


def table(models: Sequence[SourceModel]) -> pd.DataFrame:
    """Return the rows a person reads; None where something is not known."""
    return pd.DataFrame(
        {
            "Starting model": [plain(m.title) for m in models],
            "Weights": [None if m.params is None else m.params / 1e6 for m in models],
            "Work": [m.gmacs for m in models],
            "Input": [m.input_size for m in models],
            "Learned from": [plain(m.pretraining) for m in models],
            "Licence": [m.license for m in models],
            "On ImageNet": [_percent(on_imagenet(m)) for m in models],
            "Download": [_download(m.download_bytes) for m in models],
        }
    )


def row_height(rows: pd.DataFrame) -> int:
    """Return the pixels of a row in which the longest text of `CHOSEN` stands in full."""
    lines = 2
    for name in CHOSEN:
        width = COLUMNS[name].get("width")
        for text in rows[name]:
            if isinstance(width, int) and isinstance(text, str):
                lines = max(lines, len(wrap(text, int((width - PADDING) / LETTER))))
    return min(HIGHEST, max(WRAPPED, LINE * lines + PADDING))


def in_lines(
    rows: pd.DataFrame, names: Sequence[str], room: int = ROOM
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows as one line each, and how wide their columns are, of `room` pixels.

    Names are as wide as the longest, what a model learned from gets the rest; a text that is longer
    has an ellipsis where those that differ stay apart, for a table cannot tell what it cut.
    """
    rows, widths = rows.copy(), dict(NARROW)
    for name, most in LONGEST.items():
        widths[name] = min(most, max(_pixels(text) for text in (*rows[name], name)))
    widths["Learned from"] = room - sum(widths[n] for n in names if n != "Learned from")
    for name in (*LONGEST, "Learned from"):
        rows[name] = cut_apart(list(rows[name]), int((widths[name] - PADDING) / LETTER))
    return rows, {name: COLUMNS[name] | {"width": widths[name]} for name in names}


def _pixels(text: str) -> int:
    return ceil(len(text) * LETTER) + PADDING


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _download(size: int | None) -> str:
    if size is None:
        return "not known"
    return words.megabytes(size) if size else "Here"
