"""The fast answer on the pages: the switch before a run, and the race afterwards: who left when, why, what it saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import streamlit as st

from srcsel import catalog
from srcsel import race as rules
from srcsel.charts import bar_length
from srcsel.errors import SrcselError
from srcsel.records import HEADLINE, Dropped, Listing, Part, Race, Result, SourceModel
from srcsel.report.numbers import title_of
from srcsel.runs import RunStore
from srcsel.serialize import to_plain
from srcsel.ui import cards, frame, state, watch, words
from srcsel.ui.show import md, plain

ON, OFF = "on", "off"
MEANS = (
    "Models are compared on a part of your pictures first, and those that the re-checks put clearly behind are "
    "dropped. The best are scored on all pictures, as always. With ten models that takes about a third of the work."
)
WHY = {"behind": "Behind the leader", "budget": "Set aside to save time", "yardstick": "A yardstick"}


def switch(spec: str, listing: Listing, models: Sequence[SourceModel]) -> bool:
    """Draw the switch of the fast answer; returns whether it is on. The choice lives in the address.

    spec: the chosen set; the strongest models start with it on. Where a race saves nothing the switch says so.
    """
    usual = spec in catalog.PRESETS and catalog.PRESETS[spec].race
    chosen = state.choose("fast", (ON, OFF), ON if usual else OFF, "choice of a fast answer")
    st.session_state["models-fast"] = chosen == ON
    on = st.toggle("Fast answer: drop models early that cannot win", key="models-fast", help=MEANS, on_change=_switched)
    why = rules.no_race(np.bincount(listing.labels, minlength=len(listing.classes)), len(models))
    if on and why:
        st.caption(f":material/info: Every model will be scored in full. {md(why)}")
    return on


def work_share(listing: Listing, models: Sequence[SourceModel], *, race: bool) -> float:
    """Return the most that a run puts through networks, as a share of an exact run's pictures."""
    if not race or rules.no_race(np.bincount(listing.labels, minlength=len(listing.classes)), len(models)):
        return 1.0
    return rules.budget(len(models), len(listing.paths)) / (len(models) * len(listing.paths))


def section(result: Result) -> None:
    """Draw a race, over or under way; nothing for an exact run."""
    race = result.race
    if race is None:
        return
    if not race.stages:
        st.caption(f":material/info: {md(rules.summary(race))}")
        return
    over = race.stage >= len(race.stages)
    said = rules.summary(race) if over else rules.announcement(race, len(result.dataset.paths))
    with st.container(border=True, key="race"):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.markdown(f":material/bolt: **{md(said)}**")
        if over and race.dropped and result.complete:
            with right:
                _in_full(result)
        if race.dropped:
            with st.expander(f"Who left, and why ({words.count(len(race.dropped), 'model')})", expanded=not over):
                st.html(watch.table(_rows(result, race)))
                if not frame.presenting():
                    _partial(result, race)


def partial(result: Result, race: Race) -> pd.DataFrame:
    """One row a model that left, the last to leave first: when, how far behind, its scores on the pictures it saw."""
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
            name = {"silhouette": "MSC", "supcon": "SCL gain"}.get(measure, title_of(measure))
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
        "Partial scores rest on the pictures that a model had seen when it left. They are no rank: scores of different "
        "numbers of pictures cannot be compared."
    )


def _rows(result: Result, race: Race) -> tuple[Part, ...]:
    titles, n = {m.id: m.title for m in result.models}, len(result.dataset.paths)
    gone = {left.model for left in race.dropped}
    stayed = [m.id for m in result.models if m.id not in gone and m.id in {s.model for s in result.scores}]
    full = tuple(Part(m, "done", n, n) for m in stayed)
    return full + tuple(_row(left, titles, n) for left in reversed(race.dropped))


def _row(left: Dropped, titles: dict[str, str], n: int) -> Part:
    return Part(left.model, "dropped", left.pictures, n, rules.reason(left, titles, n))


def _in_full(result: Result) -> None:
    """Offer to ask the same exactly; what the networks made of the pictures so far is reused."""
    if not st.button("Score all in full", icon=":material/done_all:", key="race-in-full", width="stretch"):
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = replace(result.run, id=RunStore.new_id(), created=now, race=False)
    board = state.board()
    try:
        asked = board.status(board.submit("rank", {"run": to_plain(run)})).payload["run"]
    except SrcselError as error:
        st.error(cards.sentence(error))
        return
    frame.go("results", run=asked["id"] if isinstance(asked, dict) else run.id, model=None)


def _switched() -> None:
    state.write(fast=ON if st.session_state["models-fast"] else OFF)
