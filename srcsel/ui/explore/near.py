"""One picture large with its nearest, and the pictures whose neighbours differ most between two
models.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from srcsel.base.records import Dataset, Inside
from srcsel.ui.parts import words
from srcsel.ui.parts.maps import Pane
from srcsel.ui.parts.show import figure, plain, prefix
from srcsel.ui.parts.thumbs import url

MOVED = 12  # pictures in the short list


def picture(row: int, dataset: Dataset, set_id: str, panes: Sequence[Pane]) -> None:
    """Draw one picture at 320 pixels and, for every model that has looked at it, its nearest
    others, framed.
    """
    name, label = (
        escape(plain(dataset.paths[row])),
        escape(plain(dataset.classes[dataset.labels[row]])),
    )
    looked = [(pane, pane.inside) for pane in panes if pane.inside is not None]
    told = f"<p>{_told(row, dataset, looked[0][1])}</p>" if len(looked) == len(panes) == 1 else ""
    st.html(
        '<div class="srcsel-one"><img class="srcsel-large"'
        f' src="{prefix()}{url(set_id, row, 320)}" alt="{label}:'
        f' {name}"><div><p><b>{label}</b><br>{name}</p>{told}</div></div>'
    )
    for pane, inside in looked:
        if len(panes) > 1:
            st.html(f"<p><b>{escape(plain(pane.title))}</b>: {_told(row, dataset, inside)}</p>")
        _nearest(row, dataset, set_id, inside)
    if looked:
        st.caption(
            "Solid frame: the same class. Dashed frame: another class. The nearest comes first; the"
            " number is how alike the model finds the two (cosine, at most 1)."
        )


def _nearest(row: int, dataset: Dataset, set_id: str, inside: Inside) -> None:
    near = inside.neighbors[row].tolist()
    figures = [
        figure(
            set_id, r, dataset.paths[r], dataset.classes[dataset.labels[r]], f"{likeness:.2f}"
        ).replace("<figure>", f'<figure class="{"same" if agrees else "other"}">', 1)
        for r, agrees, likeness in zip(
            near, _same(row, dataset, inside), inside.similarity[row].tolist(), strict=True
        )
    ]
    pictures = f'<div class="srcsel-pics srcsel-six">{"".join(figures)}</div>'
    st.html(f'<div class="srcsel-near">{pictures}</div>')


def _same(row: int, dataset: Dataset, inside: Inside) -> list[bool]:
    return (dataset.labels[inside.neighbors[row]] == dataset.labels[row]).tolist()


def _told(row: int, dataset: Dataset, inside: Inside) -> str:
    return f"<b>{neighbor_sentence(_same(row, dataset, inside))}</b>. {_vote(row, dataset, inside)}"


def neighbor_sentence(same: Sequence[bool]) -> str:
    """Say how many neighbours share a picture's label: "4 of 6 neighbours share its label"."""
    verb = "shares" if sum(same) == 1 else "share"
    return f"{sum(same)} of {words.count(len(same), 'neighbour')} {verb} its label"


def _vote(row: int, dataset: Dataset, inside: Inside) -> str:
    if inside.guess[row] == dataset.labels[row]:
        return "Its neighbours name its class rightly."
    return f"Its neighbours take it for {escape(plain(dataset.classes[inside.guess[row]]))}."


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
