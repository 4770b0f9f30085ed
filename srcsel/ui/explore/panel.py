"""The pictures beside the maps: the selected ones, or what the models get right and how to see
pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from srcsel.base.records import Dataset, Inside, Result
from srcsel.base.spreadsheet import to_csv
from srcsel.models.called import named
from srcsel.ui.app import frame
from srcsel.ui.explore.explore import put, selected
from srcsel.ui.parts import correcting, words
from srcsel.ui.parts.maps import Pane
from srcsel.ui.parts.show import md, picture_grid, plain

NAMED, LONGEST = 4, 28  # classes named in the sentence over the pictures, and letters of each
TIMES = "\u00a0×\u00a0"  # stays in one line with its number


def sentence(dataset: Dataset, rows: Sequence[int]) -> str:
    """Say what is selected: "64 pictures: 51 rust, 13 mildew". Markdown, names escaped, and long
    ones without their middle; "5 × 03 oak", where a name begins with a number.
    """
    counts = np.bincount(dataset.labels[list(rows)], minlength=len(dataset.classes))
    order = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]]
    names = {c: shortened(dataset.classes[c]) for c in order[:NAMED]}
    parts = [
        f"{counts[c]:,}{TIMES if name[:1].isdigit() else ' '}{md(name)}"
        for c, name in names.items()
    ]
    if len(order) > NAMED:
        rest = int(counts[order[NAMED:]].sum())
        parts.append(
            f"{rest:,} of {words.count(len(order) - NAMED, 'other class', 'other classes')}"
        )
    return f"**{words.count(len(rows), 'picture')}**: {', '.join(parts)}"


def shortened(name: str) -> str:
    """Cut the middle of a name of more than LONGEST letters."""
    name = plain(name)
    head = LONGEST * 2 // 3
    return name if len(name) <= LONGEST else f"{name[:head]}…{name[head - LONGEST + 1 :]}"


def listing(dataset: Dataset, rows: Sequence[int]) -> bytes:
    """Return the selected pictures as CSV: file, label."""
    files = [dataset.paths[r] for r in rows]
    labels = [dataset.classes[dataset.labels[r]] for r in rows]
    return to_csv(("file", "label"), zip(files, labels, strict=True)).encode()


def chosen_rows(
    run_id: str, dataset: Dataset, shown: np.ndarray, classes: Sequence[int]
) -> list[int]:
    """Return the selected pictures that the map shows; a file that was searched for, or one of a
    whole class, need not be on the map.
    """
    chosen = selected(run_id)
    if chosen is None:
        return []
    rows = np.array([r for r in chosen.rows if r < len(dataset.paths)], dtype=np.int64)
    kept = (
        np.isin(dataset.labels[rows], list(classes))
        if chosen.how in ("find", "classes")
        else np.isin(rows, shown)
    )
    return rows[kept].tolist()


def buttons(
    run_id: str, dataset: Dataset, shown: np.ndarray, rows: list[int], classes: Sequence[int]
) -> None:
    """Draw the ways to choose pictures: all on the map, all of the `classes` that are shown, none;
    `rows` are chosen now. Presenter mode only shows.
    """
    if frame.presenting():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if not rows:
            label, every, how = _all_of(dataset, shown, classes)
            st.button(
                label,
                icon=":material/select_all:",
                on_click=put,
                args=(run_id, every, how),
                key="explore-all",
            )
        else:
            st.button(
                "Clear",
                icon=":material/close:",
                on_click=put,
                args=(run_id, ()),
                key="explore-clear",
            )
            st.download_button(
                "List (CSV)",
                lambda: listing(dataset, rows),
                "srcsel-pictures.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="explore-csv",
            )


def _all_of(
    dataset: Dataset, shown: np.ndarray, classes: Sequence[int]
) -> tuple[str, list[int], str]:
    """Return what the button that chooses them says, pictures, and how they are chosen: those on
    the map, or where classes are chosen all of these, drawn or not.
    """
    if len(classes) == len(dataset.classes):
        return "Select all on the map", shown.tolist(), "page"
    rows = np.flatnonzero(np.isin(dataset.labels, list(classes))).tolist()
    name = md(dataset.classes[classes[0]]) if len(classes) == 1 else f"{len(classes):,} classes"
    return f"Select all of {name}", rows, "classes"


def side(result: Result, set_id: str, shown: np.ndarray, rows: list[int]) -> None:
    """Draw the selected pictures `rows`, and what can be done with them; `shown` are those on the
    map.
    """
    dataset = result.dataset
    st.markdown(sentence(dataset, rows))
    off = len(rows) - int(np.isin(rows, shown).sum())
    if off:
        st.caption(f"{words.count(off, 'picture')} of these are not among the dots drawn.")
    names = [dataset.paths[r] for r in rows]
    labels = [dataset.classes[dataset.labels[r]] for r in rows]
    picture_grid(
        set_id,
        rows,
        names,
        labels,
        key=f"explore-page-{hash(tuple(rows))}",
        marks=correcting.marks(result),
    )


def start(run_id: str, dataset: Dataset, panes: Sequence[Pane], shown: np.ndarray) -> None:
    """Draw what stands there before anything is selected: what the models get right, and how to see
    pictures.
    """
    chosen = selected(run_id)
    if chosen and chosen.how in ("lasso", "box"):
        st.info(
            "No pictures inside. Draw a closed loop around some dots.", icon=":material/gesture:"
        )
    elif chosen and chosen.how == "find":
        st.info(
            "No file has that in its name. Try a shorter part of it.", icon=":material/search_off:"
        )
    told, rows = story(dataset, panes, shown)
    if told:
        st.markdown(told)
    if rows and not frame.presenting():
        which = "that sits elsewhere" if len(panes) == 1 else "they disagree on"
        which = which if len(rows) == 1 or len(panes) == 2 else "that sit elsewhere"
        st.button(
            f"See the {len(rows):,} {which}",
            icon=":material/image_search:",
            on_click=put,
            args=(run_id, rows),
            key="explore-first",
        )
    _how()


def _neighbors_said(one: Inside, dataset: Dataset, shown: np.ndarray, right: np.ndarray) -> str:
    """Say what the five nearest of the pictures `shown` have, of those that they vote `right`
    for: fewer than three of them may be enough.
    """
    near = dataset.labels[one.neighbors[shown, :5]]  # (s, 5)
    most = 2 * (near == dataset.labels[shown][:, None]).sum(axis=1) > near.shape[1]
    many = int((most & right).sum())
    if many == right.sum():
        return "the five nearest to each mostly have its class"
    return (
        "among the five nearest to each no class is more frequent than its own; for"
        f" {many:,} of these at least three of the five have it"
    )


def story(dataset: Dataset, panes: Sequence[Pane], shown: np.ndarray) -> tuple[str, list[int]]:
    """Say, as Markdown, how many of the pictures `shown` sit among their own kind; and which to see
    first.

    Those are, with one model, the others; with two, the ones that only one model places so.
    """
    looked = [pane.inside for pane in panes if pane.inside is not None]
    if len(looked) < len(panes) or not len(shown):
        return "", []
    right = [one.guess[shown] == dataset.labels[shown] for one in looked]
    if len(right) == 1:
        alone = int(right[0].sum()) == 1
        told = (
            f"**{right[0].sum():,} of {words.count(len(shown), 'picture')}**"
            f" {'sits among its' if alone else 'sit among their'} own kind:"
            f" {_neighbors_said(looked[0], dataset, shown, right[0])}."
        )
        return told, shown[~right[0]].tolist()
    left, second = right
    names = [md(named(pane.projection.model, pane.title)) for pane in panes]
    counts = [
        (left & second).sum(),
        (left & ~second).sum(),
        (~left & second).sum(),
        (~left & ~second).sum(),
    ]
    both, own = words.count(int(counts[0]), "picture"), "its" if counts[0] == 1 else "their"
    told = (
        f"Both models place **{both}** among {own} own kind, only {names[0]}"
        f" **{counts[1]:,}**, only {names[1]} **{counts[2]:,}**, neither **{counts[3]:,}**."
    )
    return told, shown[left != second].tolist()


def _how() -> None:
    if frame.presenting():
        st.markdown("Draw a loop around some dots to see their pictures.")
        return
    st.markdown(
        "**See the pictures behind the dots**\n\n- Draw a loop around some dots: their pictures"
        " appear here. Shift adds more.\n- Press one dot: its picture opens, with those like it.\n"
        "- Press a name on the map: only its dots stay.\n- By keyboard: choose classes, then"
        " *Select all on the map*; on the map N and P step, Enter opens."
    )
