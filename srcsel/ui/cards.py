"""Cards that home, images and history share: a run in one line, the example, errors as sentences."""

from __future__ import annotations

import streamlit as st

from srcsel.errors import SrcselError
from srcsel.runs import RunSummary
from srcsel.ui import access, frame, thumbs, words
from srcsel.ui.show import md, plain

KINDS = {"clear": "Clear", "tie": "Too close to call", "cannot tell": "No clear choice"}
EXAMPLE_PICTURES = 12


def sentence(error: SrcselError) -> str:
    """Return an error's sentence, safe in Markdown although it may quote a hostile name."""
    return md(error)


def answer(run: RunSummary) -> str:
    """Return the run's answer in a few plain words, no markup."""
    if not run.winner_title:
        return "No answer yet" if not run.complete else "Nothing could be scored"
    lead = "Ahead so far" if not run.complete else KINDS[run.kind]
    return f"{lead}: {plain(run.winner_title)}"


def name(run: RunSummary) -> str:
    """Return what the person called the run, else the name of its pictures; plain text."""
    return plain(run.title or run.name)


def example(run: RunSummary) -> None:
    """Draw the finished example: its pictures, its question, its answer."""
    with st.container(border=True):
        st.caption("A finished example")
        pictures = some_pictures(run.ref)
        if pictures:
            st.html(pictures)
        st.markdown(
            f"**{md(name(run))}**: {words.count(run.images, 'picture')}, {words.count(run.classes, 'kind')}, "
            f"{words.count(run.models, 'starting model')} tried"
        )
        st.markdown(f":material/trophy: **Start from {md(run.winner_title)}**")


def run_row(run: RunSummary) -> None:
    """Draw one run as a line: name, answer, date, a link to its results."""
    name_, answer_, date, link = st.columns([4, 5, 2, 1], vertical_alignment="center")
    name_.markdown(f"**{md(name(run))}**", wrap=False)
    answer_.markdown(md(answer(run)), wrap=False)
    date.caption(words.when(run.created), wrap=False)
    link.page_link(frame.page("results"), label="Open", query_params={"run": run.id})


@st.cache_data(max_entries=64, ttl=600, show_spinner=False)
def some_pictures(ref: str, count: int = EXAMPLE_PICTURES, side: int = 84) -> str:
    """Return a row of thumbnails, one class after the other, as HTML; "" where they cannot be shown."""
    from srcsel.dataset import list_pictures

    try:
        access.require(ref)
        listing = list_pictures(ref)
    except SrcselError:
        return ""
    chosen = spread(listing.labels.tolist(), count)
    set_id = thumbs.register(listing.folder, [listing.paths[i] for i in chosen])
    names = [plain(listing.classes[listing.labels[i]]) for i in chosen]
    return thumbs.row(set_id, list(enumerate(names)), side)


def spread(labels: list[int], count: int) -> list[int]:
    """Return up to `count` row numbers, taking one row of each class in turn."""
    by_class: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        by_class.setdefault(label, []).append(row)
    turns = max((len(rows) for rows in by_class.values()), default=0)
    picked = [rows[turn] for turn in range(min(turns, count)) for rows in by_class.values() if turn < len(rows)]
    return picked[:count]
