"""Cards that home, images and history share: a run in one line, the example, errors as
sentences.
"""

from __future__ import annotations

import streamlit as st

from srcsel.base import phrases
from srcsel.base.errors import SrcselError
from srcsel.models.called import named
from srcsel.store.summaries import RunSummary
from srcsel.ui.app import frame
from srcsel.ui.parts import words
from srcsel.ui.parts.show import md, plain, prefix
from srcsel.verdict.measured import MEASURED
from srcsel.verdict.wording import HEADLINES, how_sure


def sentence(error: SrcselError) -> str:
    """Return an error's sentence, safe in Markdown although it may quote a hostile name."""
    return md(error)


def answer(run: RunSummary) -> str:
    """Return the run's answer in a few plain words, no markup."""
    if not run.winner_title:
        return "No answer yet" if not run.complete else "Nothing could be scored"
    if not run.complete:
        return f"Ahead so far: {winner(run)}"
    said = sure(run)
    return said if run.cause in HEADLINES else f"{said}: {winner(run)}"


def sure(run: RunSummary) -> str:
    """Say in a few words how sure the answer is; plain text."""
    measured = run.measured and run.kind == "clear"
    return MEASURED if measured else how_sure(run.kind, run.cause)


def winner(run: RunSummary) -> str:
    """Return what a sentence calls the model that is named, or ahead; plain text."""
    return plain(named(run.winner, run.winner_title))


def name(run: RunSummary) -> str:
    """Return what the person called the run, else the name of its pictures; plain text."""
    return plain(run.title or run.name)


def example(run: RunSummary) -> None:
    """Draw the finished example: its pictures, its question, its answer."""
    with st.container(border=True):
        st.caption("A finished example")
        preview(run.ref)
        st.markdown(
            f"**{md(name(run))}**: {words.count(run.images, 'picture')},"
            f" {words.count(run.classes, 'class', 'classes')},"
            f" {words.count(run.models, 'starting model')} tried"
        )
        st.markdown(f":material/trophy: **Start from {md(winner(run))}**")


def run_row(run: RunSummary) -> None:
    """Draw one run as a line: name, answer, date, a link to its results."""
    name_, answer_, date, link = st.columns([4, 5, 2, 1], vertical_alignment="center")
    name_.markdown(f"**{md(name(run))}**", wrap=False)
    answer_.markdown(md(answer(run)), wrap=False)
    date.caption(phrases.when(run.created), wrap=False)
    link.page_link(frame.page("results"), label="Open", query_params={"run": run.id})


def preview(ref: str) -> None:
    """Draw the shipped preview of a bundled target; nothing for other pictures."""
    name_ = ref.removeprefix("demo:")
    if (
        ref.startswith("demo:")
        and name_.isidentifier()
        and (frame.STATIC / "previews" / f"{name_}.jpg").is_file()
    ):
        source = f"{prefix()}/app/static/previews/{name_}.jpg"
        st.html(
            f'<img class="srcsel-preview" src="{source}" alt="Ten of the pictures, one of each'
            ' class">'
        )
