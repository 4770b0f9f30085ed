"""The pictures whose neighbours differ most between two models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from srcsel.base.records import Dataset, Inside
from srcsel.ui.parts.maps import Pane
from srcsel.ui.parts.show import figure

MOVED = 12  # pictures in the short list


def moved_most(
    left: Inside, right: Inside, rows: np.ndarray, count: int = MOVED
) -> tuple[list[int], list[int]]:
    """Return the pictures of `rows` (m,) that keep the fewest neighbours between two models, and
    how many they keep.

    Among equals those come first that one model names rightly and the other does not, then those
    whose separation changes most.
    """
    a, b = left.neighbors[rows], right.neighbors[rows]  # (m, k)
    kept = (a[:, :, None] == b[:, None, :]).any(axis=2).sum(axis=1)  # (m,)
    flipped = left.guess[rows] != right.guess[rows]
    change = np.abs(left.silhouette[rows] - right.silhouette[rows])
    order = np.lexsort((rows, -change, ~flipped, kept))[:count]
    return rows[order].tolist(), kept[order].tolist()


def moved(panes: Sequence[Pane], dataset: Dataset, set_id: str, rows: np.ndarray) -> list[int]:
    """Draw the short list of pictures that moved most between two maps; returns them."""
    left, right = (pane.inside for pane in panes)
    if left is None or right is None or not len(rows):
        return []
    found, kept = moved_most(left, right, rows)
    k = left.neighbors.shape[1]
    figures = [
        figure(
            set_id,
            r,
            dataset.paths[r],
            dataset.classes[dataset.labels[r]],
            _story(r, n, k, dataset, left, right),
        )
        for r, n in zip(found, kept, strict=True)
    ]
    st.html(f'<div class="srcsel-pics srcsel-moved">{"".join(figures)}</div>')
    return found


def _story(row: int, kept: int, k: int, dataset: Dataset, left: Inside, right: Inside) -> str:
    label = dataset.labels[row]
    names = ["right" if inside.guess[row] == label else "wrong" for inside in (left, right)]
    return f"keeps {kept} of {k}" + ("" if names[0] == names[1] else f", {names[0]} → {names[1]}")
