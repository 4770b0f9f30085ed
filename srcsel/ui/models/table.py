"""Starting models as rows that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import pandas as pd
import streamlit as st

from srcsel.base.records import SourceModel
from srcsel.models.prior import on_imagenet
from srcsel.ui.parts import words
from srcsel.ui.parts.show import WRAPPED, plain

LETTER, LINE, PADDING, HIGHEST = 7.0, 21, 20, 190  # pixels, of the text in a table
CHOSEN = (
    "Starting model",
    "Why try it",
    "Download",
    "Weights",
    "On ImageNet",
    "Learned from",
    "Licence",
)
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
        width=92, help="'Here' means already on this computer."
    ),
    "Licence": st.column_config.TextColumn(width=100),
}
FOUND = {  # in the search, where nothing says why to try one
    "Starting model": st.column_config.TextColumn(width=300),
    "Work": st.column_config.NumberColumn(
        format="%.2f G", width=88, help="Billions of multiply-adds for one picture (GMACs)."
    ),
    "Input": st.column_config.NumberColumn(format="%d px", width=76),
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


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _download(size: int | None) -> str:
    if size is None:
        return "not known"
    return words.megabytes(size) if size else "Here"
