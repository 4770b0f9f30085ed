"""Handing a run on: the report, the numbers, the link; and the script that trains the chosen model
further.

Every file is made when it is asked for: one handed over beforehand costs each drawing of the page,
and Streamlit drops it while another window of the same page is being drawn.
"""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import JobStatus, Result
from srcsel.models.called import called
from srcsel.report import script, shared
from srcsel.report.make import stored
from srcsel.report.numbers import to_csv
from srcsel.ui.app import frame, state
from srcsel.ui.parts import cards, watch, words
from srcsel.ui.parts.asking import submit
from srcsel.ui.parts.show import md
from srcsel.ui.results import results

# what a link to the results page holds
SHOWN = ("run", "model", "method", "reading", "measure", "cost", "limit", "pins")


def menu(whole: Result) -> None:
    """Draw the Share button with all ways to hand the run on. Nothing in presenter mode."""
    if frame.presenting():
        return
    name = f"srcsel-{whole.run.id}"
    with st.popover("Share", icon=":material/ios_share:", key="share"):
        st.markdown(
            "**One HTML file** with all of this, pictures on the map included. It opens anywhere,"
            " offline."
        )
        _report(whole, name)
        st.markdown("**The numbers**, and everything for other programs")
        with st.container(horizontal=True):
            st.download_button(
                "CSV",
                lambda: to_csv(whole).encode(),
                f"{name}.csv",
                "text/csv",
                icon=":material/table:",
                on_click="ignore",
            )
            st.download_button(
                "JSON",
                lambda: shared.json_text(whole).encode(),
                f"{name}.json",
                "application/json",
                icon=":material/data_object:",
                on_click="ignore",
            )
        st.markdown("**This page** as it stands, for those who can open it")
        st.code(link(), language=None, wrap_lines=True)


def link() -> str:
    """Return the address that reopens exactly what is on show."""
    chosen = {name: state.read(name) for name in SHOWN}
    base = str(st.context.url or "/results").partition("?")[0]
    return f"{base}?{urlencode({name: value for name, value in chosen.items() if value})}"


def training(result: Result) -> None:
    """Draw the script that trains the verdict's model further, to copy or to take away."""
    winner = next((m for m in result.models if m.id == result.verdict.winner), None)
    if winner is None or frame.presenting():
        return
    st.header(f"Train further: {md(called(winner))}", anchor=False)
    listed = script.needs_table(result)
    try:
        text = script.script(winner, result.dataset, listed=listed)
    except SrcselError as error:
        st.info(cards.sentence(error), icon=":material/code_off:")
        return
    st.markdown(
        "A complete script: it reads your folder, prepares pictures exactly as this model was"
        " scored on them, gives it a new head, trains five rounds, prints the accuracy and saves"
        " the model."
    )
    with st.container(horizontal=True):
        st.download_button(
            f"Training script ({script.FILENAME})",
            lambda: text.encode(),
            script.FILENAME,
            "text/x-python",
            icon=":material/download:",
            on_click="ignore",
        )
        if listed:
            st.download_button(
                f"List of the pictures ({script.TABLE})",
                lambda: script.table(result.dataset).encode(),
                script.TABLE,
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="Put it beside the script: the folders alone do not tell the classes.",
            )
    # sent only to who opens it: colouring its lines holds the browser up before the charts
    box = st.expander("See the script", icon=":material/code:", key="script", on_change="rerun")
    if box.open:
        with box.container(height=420):  # not the code itself: keys could not scroll it
            st.code(text, language="python", wrap_lines=True)


def _report(whole: Result, name: str) -> None:
    """Draw the button that makes the report, how that goes, or the finished file."""
    question = _question(whole)
    html = stored(question, whole, state.settings())
    if html is not None:
        st.download_button(
            f"Download report ({words.megabytes(len(html))})",
            lambda: html,
            f"{name}.html",
            "text/html",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
        )
        return
    job = state.board().find("report", question)
    if job is not None and job.state in watch.ACTIVE:
        watch.watch_job(job, _progress)
        return
    if job is not None and job.state == "failed":
        st.error(md(job.error) or "The report could not be made.", icon=":material/error:")
    st.button(
        "Make report",
        type="primary",
        icon=":material/description:",
        on_click=_order,
        args=(question,),
    )


def _question(whole: Result) -> dict[str, str | None]:
    """Say what the report should show: what is on show now."""
    limit = state.read("limit")
    return {
        "run_id": whole.run.id,
        "model": state.read("model"),
        "method": state.read("method"),
        "reading": results.reading(),
        "cost": state.read("cost") if limit else None,
        "limit": limit,
    }


def _order(question: dict[str, str | None]) -> None:
    submit("report", question)


def _progress(job: JobStatus) -> None:
    st.progress(job.share, text="Writing the report")
