"""The answer: where to start and how sure we are, the two scores beside a map, every number."""

import streamlit as st

from srcsel.base.records import JobStatus, Result, Run
from srcsel.charts import bars_height
from srcsel.runs.question import command, commands
from srcsel.store.serialize import from_plain
from srcsel.ui.app import frame, state
from srcsel.ui.parts import choices, drawers, live, making, opened, words
from srcsel.ui.parts.show import empty_state, md
from srcsel.ui.parts.watch import ACTIVE, draws_maps, watch_run
from srcsel.ui.results import (
    about,
    bars,
    corrected,
    cost,
    more,
    race,
    results,
    settle,
    sharing,
    table,
    trying,
    verdict,
)


def main() -> None:
    """Read the run the address names, and draw it."""
    run_id = opened.unsaid()
    if run_id is None:
        frame.header("Results")
        empty_state(
            "No results yet",
            "Results show which starting model fits your pictures. Choose pictures first, or look"
            " at the finished example on the home page.",
            "Choose pictures",
            "images",
        )
        return
    result = state.result(run_id)
    job = state.board().for_run(run_id)
    if job is not None and job.state in ACTIVE and (result is None or not result.complete):
        under_way(job)
        return
    begun = result is not None and (result.scores or result.complete)
    if job is not None and job.state != "done" and not begun:
        run = from_plain(Run, job.payload["run"])
        frame.computed_on(run.engine)
        frame.header("Results", f"Of **{_pictures(run)}**.")
    if result is not None and begun and not result.complete:  # it has no answer for a title yet
        frame.header("Results")
    if job is None or not draws_maps(job):  # else the maps' place says how that goes
        job = watch_run(run_id)
    if result is not None and (begun or job is None or job.state == "done"):
        answer(result, opened.which(run_id))
    elif job is None:
        frame.header("Results")
        empty_state(
            "This run is not here",
            "The link names a run this computer does not have. It may have been deleted, or made on"
            " another computer.",
            "See the runs on this computer",
            "history",
        )


def under_way(job: JobStatus) -> None:
    """Draw the run while it goes."""
    run = from_plain(Run, job.payload["run"])
    frame.command(command(run))
    frame.computed_on(run.engine)
    frame.header(
        "Results",
        f"Trying {words.count(len(run.models), 'starting model')} on"
        f" **{_pictures(run)}**. Nothing is decided before all are scored.",
    )
    live.watch_live(job)


def _pictures(run: Run) -> str:
    return md(run.title or run.ref)


def answer(whole: Result, which: str = "") -> None:
    """Draw a run's answer: the verdict, bars and map side by side, what it costs, the numbers.

    The first window holds the answer, both scores and the map; all that explains them comes after.
    which: as of `about.draw`.
    """
    part, limit = cost.among(whole)
    result, whole = state.answered(part), state.answered(whole)
    frame.command(*commands(whole))
    frame.computed_on(whole.run.engine)
    about.draw(whole, which)
    cost.lift(limit)
    verdict.verdict_card(result, lambda: beside(whole, result, limit))
    corrected.section(whole)
    settle.section(result)
    race.section(whole)
    if not result.scores:
        results.remarks(result)
        return
    reading = results.reading()
    if frame.presenting():  # for an audience all stands in one line
        first, second, right = st.columns([3, 2, 5], gap="medium")
        left = None
    else:
        left, right = st.columns(2, gap="medium")
        with left:
            results.choose_reading(reading)
            first, second = st.columns([4, 3], gap="small", vertical_alignment="bottom")
    with right:
        chosen, method = results.map_controls(result)
    bars.draw(result, reading, chosen, (first, second))
    if left is not None:  # what explains the bars stands below them
        with left:
            if result.complete:  # what is unfinished says no more than its bars
                results.notes(result, reading)
            bars.meaning(result, reading)
    with right:
        results.map_beside(result, chosen, method, height(result))
    if frame.presenting() and result.complete:
        results.notes(result, reading)
    drawers.draw(result, making.pictures(result), [chosen], side="left")
    results.remarks(result)
    verdict.more(result)
    verdict.further(whole, chosen)
    trying.section(result)
    more.section(whole)
    cost.section(whole, result, reading, chosen)
    if result.complete:
        sharing.training(result)
    if not frame.presenting():
        st.header("All numbers", anchor=False)
        table.draw(result, reading)


def beside(whole: Result, result: Result, limit: str) -> None:
    """Draw what stands beside the verdict's badge."""
    settle.offer(result, limit)
    sharing.menu(whole)


def height(result: Result) -> int:
    """Make the map with its legend and caption about as high as the charts beside it."""
    rows = len(choices.models_on_show(result))
    if frame.presenting():
        rows = min(rows, bars.PRESENTED)
    return min(760, max(results.LEAST_MAP, bars_height(rows)))


main()
