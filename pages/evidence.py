"""Is it true? Accuracy really reached on the person's pictures, and how well each score foretold
it.
"""

import streamlit as st

from srcsel.base.records import Evidence, JobStatus, Result
from srcsel.ui.app import frame, state
from srcsel.ui.evidence import agreements, evidence, experiment, scatter
from srcsel.ui.parts import measuring, opened
from srcsel.ui.parts.asking import last_of
from srcsel.ui.parts.show import empty_state
from srcsel.ui.parts.watch import ACTIVE, watch_run

LEAD = (
    "The scores are a forecast, made without training anything. Here the forecast is put to the"
    " test: the starting models learn from some of the pictures and are asked about the others."
)


def main() -> None:
    """Read the run the address names, and what was measured for it."""
    run_id = opened.run()
    result = state.result(run_id) if run_id else None
    if result is None or not result.scores:
        frame.header("Is it true?", LEAD)
        job = watch_run(run_id) if run_id else None
        if job is None or job.state == "done":
            empty_state(
                "Nothing to put to the test yet",
                "First score some models on your pictures. Then this page shows whether the scores"
                " told the truth.",
                "Choose pictures",
                "images",
            )
        return
    found, job = evidence.measured(result), last_of("evidence", result)
    experiment.switch(result.run.id)
    if found:
        shown = answer(result, found, job)
    else:
        shown = None
        frame.header("Is it true?", LEAD)
        measuring.watch_it(job)
        measuring.offer(result, job)
    frame.command(evidence.command(result, shown))
    frame.computed_on(result.run.engine)
    if not frame.presenting():
        agreements.track_record(list(dict.fromkeys(s.measure for s in result.scores)))


def answer(result: Result, found: list[Evidence], job: JobStatus | None) -> Evidence:
    """Draw what was measured: the sentence, two charts, the table; then how to measure more.

    Returns what is shown.
    """
    measuring.watch_it(job)
    shown = evidence.choose(found)
    evidence.card(result, shown)
    if shown.accuracies:
        left, right = st.columns([1, 1] if frame.presenting() else [2, 3], gap="large")
        with left:
            evidence.dots(result, shown)
        with right:
            scatter.draw(result, shown)
    evidence.remarks(result, shown)
    experiment.summary(result.run.id, shown.protocol.kind)
    if not frame.presenting():
        agreements.draw(result, shown)
        if not experiment.is_one(result.run.id) and (job is None or job.state not in ACTIVE):
            with st.expander(
                "Measure more: the quick check, or training for real", icon=":material/science:"
            ):
                measuring.offer(result, job)
    return shown


main()
