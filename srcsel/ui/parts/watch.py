"""What a person sees of a job: a row for each model, time left, stop and continue.

The panel is a fragment that asks the job board once a second, only while the job is active. When
something is finished the whole page is drawn once more, so that finished models appear at once.
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Callable, Collection

import streamlit as st

from srcsel.base.records import JobStatus, Part
from srcsel.base.watch import FINISHED
from srcsel.jobs import left
from srcsel.ui.app import state
from srcsel.ui.parts import mine, words
from srcsel.ui.parts.show import md, plain

ACTIVE = ("queued", "running")
EVERY = 1.0  # seconds between two looks at the board
STOPPING = "Stopping"
OTHER_PARTS = {
    "pictures": "The pictures",
    "opening": "Opening them for the models",
    "race": "The race",
    "maps": "Maps",
    "measures": "All measures",
}


def watch_run(run_id: str) -> JobStatus | None:
    """Draw how the job of a run goes; nothing where it is done or there is none.

    Returns what the board says.
    """
    job = state.board().for_run(run_id)
    if job is not None and job.state != "done":
        watch_job(job)
    return job


def watch_job(job: JobStatus, panel: Callable[[JobStatus], None] | None = None) -> None:
    """Draw `job` with `panel` (default: the rows) and again each second while it is active."""
    active = job.state in ACTIVE
    st.fragment(_look, run_every=EVERY if active else None)(
        job.id, active, _finished(job), panel or _rows
    )


def _look(
    job_id: str, was_active: bool, had_finished: int, panel: Callable[[JobStatus], None]
) -> None:
    job = state.board().status(job_id)
    if was_active and (job.state not in ACTIVE or _finished(job) > had_finished):
        st.rerun()
    panel(job)


def _finished(job: JobStatus) -> int:
    """Count what is worth another drawing of the page: finished parts, and the answer."""
    return sum(part.state in FINISHED for part in job.parts) + draws_maps(job)


def draws_maps(job: JobStatus) -> bool:
    """Whether the answer of a run stands, and its job goes on with the maps."""
    maps = any(part.name == "maps" and part.state == "running" for part in job.parts)
    return maps and job.kind == "rank" and job.state == "running"


def _rows(job: JobStatus) -> None:
    with st.container(border=True):
        head(job)
        if job.parts:
            st.html(table(job.parts))
        failures(job)


def bar(job: JobStatus, *, failed: str, stopped: str, text: str = "", getting: str = "") -> None:
    """Draw a job of one part as a bar with its buttons beside it, `text` above while it runs.

    failed: said where the job does not say why; stopped: said where it was stopped; getting: on the
    bar until the job says what it does.
    """
    said, right = st.columns([5, 1], vertical_alignment="center")
    with said:
        if job.state == "failed":
            st.error(md(job.error) or failed, icon=":material/error:")
        elif job.state == "cancelled":
            st.info(stopped, icon=":material/pause_circle:")
        else:
            if text:
                st.markdown(text)
            st.progress(job.share, text=md(job.what) or getting or None)
    with right:
        buttons(job)


def head(job: JobStatus, scored: Collection[str] | None = None) -> None:
    """Draw how far a job is in words, with its buttons and a bar. scored: models of a run with
    scores; one whose features are reused is done when it has them, and not before.
    """
    said, right = st.columns([4, 1], vertical_alignment="center")
    with said:
        if job.state == "failed":
            st.error(md(job.error) or "The work stopped unexpectedly.", icon=":material/error:")
        elif job.state == "cancelled":
            st.info("Stopped. What was finished is kept.", icon=":material/pause_circle:")
        else:
            st.markdown(f"**{going(job, scored)}**")
            st.caption(_below(job))
    with right:
        buttons(job)
    if job.state in ACTIVE:
        st.progress(job.share)


def _below(job: JobStatus) -> str:
    if job.stopping:
        return "What is finished is kept."
    return "You can change page or close this tab; the work goes on."


def going(job: JobStatus, scored: Collection[str] | None = None) -> str:
    """Say how far an active job is and what is left, as Markdown; `scored` as `head` takes it."""
    if job.stopping:
        return STOPPING
    if job.state == "queued":
        return md(job.what)
    models = [part for part in job.parts if part.name not in OTHER_PARTS]
    total = len(models)
    done = sum(
        part.state in FINISHED and (scored is None or part.state != "stored" or part.name in scored)
        for part in models
    )
    states = [part.state for part in job.parts if part.name not in OTHER_PARTS]
    failed, dropped = states.count("failed"), states.count("dropped")
    text = (
        f"{done - failed - dropped} of {words.count(total, 'model')} done"
        if total
        else md(job.what) or "Working"
    )
    if dropped:
        text += f", {dropped} dropped"
    if failed:
        text += f", {failed} failed"
    return ", ".join(filter(None, (text, time_left(job))))


def time_left(job: JobStatus, now: float | None = None) -> str:
    """Say how long a running job still takes, as Markdown; "" where it is not known."""
    return left.time_left(dataclasses.replace(job, why=md(job.why)), now)


def buttons(job: JobStatus) -> None:
    """Draw Stop for an active job, Continue for one that stopped or failed."""
    if not mine.job_is_mine(job):
        st.caption(mine.NOT_YOURS)
        return
    if job.state in ACTIVE:
        st.button(
            STOPPING if job.stopping else "Stop",
            icon=":material/stop_circle:",
            key=f"stop-{job.id}",
            width="stretch",
            disabled=job.stopping,
            on_click=_stop,  # before the drawing, which then says so
            args=(job.id,),
        )
    elif job.state in ("failed", "cancelled") and st.button(
        "Continue",
        icon=":material/play_arrow:",
        type="primary",
        key=f"continue-{job.id}",
        width="stretch",
    ):
        state.board().resume(job.id)
        st.rerun()


def _stop(job_id: str) -> None:
    state.board().cancel(job_id)


def table(parts: tuple[Part, ...]) -> str:
    """Write the rows as HTML: name, state in words, a bar. Names are escaped here."""
    return f'<table class="srcsel-parts"><tbody>{"".join(map(_row, parts))}</tbody></table>'


def _row(part: Part) -> str:
    name, state = html.escape(title(part.name)), html.escape(_said(part))
    bar = f'<div class="bar"><i style="width:{100 * words.share(part):.0f}%"></i></div>'
    cells = f'<th scope="row">{name}</th><td>{state}</td><td>{bar}</td>'
    return f'<tr class="{html.escape(part.state)}">{cells}</tr>'


def _said(part: Part) -> str:
    return (
        f"Failed: {plain(part.note)}"
        if part.state == "failed" and part.note
        else words.progress(part)
    )


def title(name: str) -> str:
    """Return what the pages call a part: the model's title, "Your pictures", "Maps"."""
    from srcsel.models.catalog import title_of

    return OTHER_PARTS[name] if name in OTHER_PARTS else plain(title_of(name))


def failures(job: JobStatus) -> None:
    """Draw the details of the parts that failed, to be copied; nothing where none did."""
    failed = [part for part in job.parts if part.state == "failed"]
    if not failed:
        return
    run = job.payload.get("run")
    result = state.result(str(run["id"])) if isinstance(run, dict) else None
    traces = {failure.model: failure.detail for failure in result.failures} if result else {}
    texts = [f"{part.name}\n{part.note}\n{traces.get(part.name, '')}".strip() for part in failed]
    with st.expander("Copy details", icon=":material/content_copy:"):
        st.code("\n\n".join(texts), language=None, wrap_lines=True)
