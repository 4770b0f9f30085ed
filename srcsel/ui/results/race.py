"""The fast answer on the pages: the switch before a run, and the race afterwards: who left when,
why, what it saved.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from srcsel.base.records import HEADLINE, Dropped, Part, Race, Result
from srcsel.store.runs import RunStore
from srcsel.ui.app import frame, navigation
from srcsel.ui.parts import watch, words
from srcsel.ui.parts.asking import submit_run
from srcsel.ui.parts.show import md, plain
from srcsel.verdict import doubt
from srcsel.verdict.readings import bar_length, names_of, title_of

WHY = {
    "behind": "Behind the leader",
    "budget": "Set aside to save time",
    "yardstick": "A yardstick",
}


def section(result: Result) -> None:
    """Draw a race, over or under way; nothing for an exact run."""
    race = result.race
    if race is None:
        return
    if not race.stages:
        st.caption(f":material/info: {md(doubt.summary(race))}")
        return
    over = race.stage >= len(race.stages)
    said = doubt.summary(race) if over else doubt.announcement(race, len(result.dataset.paths))
    with st.container(border=True, key="race"):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.markdown(f":material/bolt: **{md(said)}**")
        if over and race.dropped and result.complete:
            with right:
                _in_full(result)
        if race.dropped:
            with st.expander(
                f"Who left, and why ({words.count(len(race.dropped), 'model')})", expanded=not over
            ):
                st.html(watch.table(_rows(result, race)))
                if not frame.presenting():
                    _partial(result, race)


def partial(result: Result, race: Race) -> pd.DataFrame:
    """One row a model that left, the last to leave first: when, how far behind, its scores on the
    pictures it saw.
    """
    titles = {m.id: m.title for m in result.models}
    rows = []
    for left in reversed(race.dropped):
        row: dict[str, object] = {
            "Starting model": plain(titles.get(left.model, left.model)),
            "Left because": WHY[left.why],
            "Pictures seen": left.pictures,
            "Behind in 100": left.behind,
        }
        known = {s.measure: s for s in left.scores}
        for measure in HEADLINE:
            name = {"silhouette": "MSC", "supcon": "SCL"}.get(measure, title_of(measure))
            row[f"{name}, partial"] = bar_length(known[measure])[0] if measure in known else None
        rows.append(row)
    return pd.DataFrame(rows)


def _partial(result: Result, race: Race) -> None:
    rows = partial(result, race)
    numeric = [name for name in rows if name.endswith("partial")]
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="n/a",
        alt="Models that left the race, with their scores on the pictures they saw",
        column_config={
            "Behind in 100": st.column_config.NumberColumn(
                format="%.0f", help="Re-checks in which the leader was before it"
            )
        }
        | {name: st.column_config.NumberColumn(format="%.3f") for name in numeric},
    )
    st.caption(
        "Partial scores rest on the pictures that a model had seen when it left. They are no rank:"
        " scores of different numbers of pictures cannot be compared."
    )


def _rows(result: Result, race: Race) -> tuple[Part, ...]:
    names, n = names_of(result), len(result.dataset.paths)
    gone = {left.model for left in race.dropped}
    stayed = [
        m.id for m in result.models if m.id not in gone and m.id in {s.model for s in result.scores}
    ]
    full = tuple(Part(m, "done", n, n) for m in stayed)
    return full + tuple(_row(left, names, n) for left in reversed(race.dropped))


def _row(left: Dropped, names: dict[str, str], n: int) -> Part:
    return Part(left.model, "dropped", left.pictures, n, doubt.reason(left, names, n))


def _in_full(result: Result) -> None:
    """Offer to ask the same exactly; what the networks made of the pictures so far is reused."""
    if not st.button(
        "Score all in full", icon=":material/done_all:", key="race-in-full", width="stretch"
    ):
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = replace(result.run, id=RunStore.new_id(), created=now, race=False)
    if (run_id := submit_run(run)) is not None:
        navigation.go("results", run=run_id, model=None)
