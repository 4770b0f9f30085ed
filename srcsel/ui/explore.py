"""The parts of the explore page: what is selected, the pictures of it, the list to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from srcsel.records import Dataset, Projection
from srcsel.ui import words
from srcsel.ui.maps import Selection
from srcsel.ui.show import md, picture_grid, plain

NAMED = 4  # classes named in the sentence over the pictures
_SLOT = "explore.selection"
_PUSHED = "explore.pushed"


def selected(run_id: str) -> Selection | None:
    """Return what is selected in this run; None before the first selection."""
    owner, chosen = st.session_state.get(_SLOT, ("", None))
    return chosen if owner == run_id else None


def keep(run_id: str) -> Callable[[Selection], None]:
    """Return what the map calls with each new selection."""
    return lambda chosen: st.session_state.__setitem__(_SLOT, (run_id, chosen))


def pushed(run_id: str) -> tuple[tuple[int, ...], int]:
    """Return (rows, stamp): the selection the map was last told, and a number that changes with each telling.

    What the map itself reports is not sent back to it, so a lasso costs one small message each way.
    """
    owner, rows, stamp = st.session_state.get(_PUSHED, ("", (), 0))
    return (rows, stamp) if owner == run_id else ((), stamp)


def push(run_id: str) -> None:
    """Tell the map what is selected; once when a page is opened, for the map forgets when it leaves the page."""
    chosen, (_, stamp) = selected(run_id), pushed(run_id)
    st.session_state[_PUSHED] = (run_id, chosen.rows if chosen else (), stamp + 1)


def put(run_id: str, rows: Sequence[int]) -> None:
    """Select `rows` from the page; the map then shows them."""
    keep(run_id)(Selection(tuple(rows), "page"))
    push(run_id)


def choose_classes(dataset: Dataset) -> list[int]:
    """Draw the class filter; returns the class ids on the map, all where none is chosen."""
    names = [plain(name) for name in dataset.classes]
    chosen = st.multiselect(
        "Classes on the map", range(len(names)), format_func=names.__getitem__, placeholder="All", key="explore-classes"
    )
    return list(chosen) or list(range(len(names)))


def drawn(projection: Projection, dataset: Dataset, classes: list[int]) -> list[int]:
    """Return the pictures on the map: row numbers of the dataset."""
    rows = projection.rows
    return rows[np.isin(dataset.labels[rows], classes)].tolist()


def sentence(dataset: Dataset, rows: Sequence[int]) -> str:
    """Say what is selected: "64 pictures: 51 rust, 13 mildew". Markdown, names escaped."""
    counts = np.bincount(dataset.labels[list(rows)], minlength=len(dataset.classes))
    order = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]]
    parts = [f"{counts[c]:,} {md(dataset.classes[c])}" for c in order[:NAMED]]
    if len(order) > NAMED:
        rest = int(counts[order[NAMED:]].sum())
        parts.append(f"{rest:,} of {words.count(len(order) - NAMED, 'other class', 'other classes')}")
    return f"**{words.count(len(rows), 'picture')}**: {', '.join(parts)}"


def listing(dataset: Dataset, rows: Sequence[int]) -> bytes:
    """Return the selected pictures as CSV: file, label."""
    files = [dataset.paths[r] for r in rows]
    labels = [dataset.classes[dataset.labels[r]] for r in rows]
    return pd.DataFrame({"file": files, "label": labels}).to_csv(index=False).encode()


def side(run_id: str, dataset: Dataset, set_id: str, shown: list[int], *, height: int) -> None:
    """Draw what stands beside the map: how to select, or the selected pictures."""
    chosen = selected(run_id)
    on_map = set(shown)
    rows = [r for r in chosen.rows if r in on_map] if chosen else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Select all on the map", icon=":material/select_all:", on_click=put, args=(run_id, shown), key="explore-all"
        )
        if rows:
            st.button("Clear", icon=":material/close:", on_click=put, args=(run_id, ()), key="explore-clear")
            st.download_button(
                "List (CSV)", listing(dataset, rows), "srcsel-pictures.csv", "text/csv",
                icon=":material/download:", on_click="ignore", key="explore-csv",
            )  # fmt: skip
    if rows:
        st.markdown(sentence(dataset, rows))
        with st.container(height=height - 90, border=False):
            names = [dataset.paths[r] for r in rows]
            labels = [dataset.classes[dataset.labels[r]] for r in rows]
            picture_grid(set_id, rows, names, labels, key=f"explore-page-{hash(tuple(rows))}")
    elif chosen and chosen.how in ("lasso", "box"):
        st.info("No pictures inside. Draw a closed loop around some dots.", icon=":material/gesture:")
    else:
        _how()


def _how() -> None:
    st.markdown(
        "**See the pictures behind the dots**\n\n"
        "- Draw a loop around some dots: their pictures appear here.\n"
        "- Press one dot to see its picture; hold Shift to add to what is selected.\n"
        "- Without a mouse: choose classes above the map, then *Select all on the map*."
    )
