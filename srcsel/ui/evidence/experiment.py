"""The shipped experiment: a switch between its targets, and what it found over all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

import srcsel
from srcsel.base.records import EvidenceKind
from srcsel.charts.experiment import column_alt, experiment_column
from srcsel.store import files
from srcsel.ui.app import frame, state
from srcsel.ui.evidence import agreements
from srcsel.ui.parts import cards, choices, figures, naming
from srcsel.ui.parts.shipped import is_one, runs
from srcsel.ui.parts.show import md, plain
from srcsel.verdict.wording import READINGS

_FIGURE = (
    "Each dot is a starting model, further right is a better score, higher is a better accuracy."
    " The ring is the model the score puts first; a hollow diamond is a yardstick that has learned"
    " nothing. A score that foretells the accuracy climbs from bottom left to top right."
)
_WIDTHS = (228, 92, 118, 130, 108)  # pixels; those of the targets are as wide as their names
SUMMARY = Path(srcsel.__file__).parent / "demo" / "experiment.json"


def switch(run_id: str) -> None:
    """Draw the switch between the targets; nothing for other runs."""
    names = {run.id: cards.name(run) for run in runs()} if is_one(run_id) else {}
    if len(names) < 2 or run_id not in names:
        return
    st.session_state["evidence-target"] = run_id
    st.segmented_control(
        "The experiment, target by target",
        list(names),
        format_func=names.__getitem__,
        key="evidence-target",
        required=True,
        on_change=lambda: state.write(run=st.session_state["evidence-target"]),
    )


def summary(run_id: str, kind: EvidenceKind) -> None:
    """Draw what the experiment found over all its targets, for one kind of measurement; nothing for
    other runs.
    """
    told = _read() if is_one(run_id) else {}
    rows = [row for row in told.get("predictors", ()) if row.get("kind") == kind]
    findings = [text for text in told.get("findings", ()) if isinstance(text, str)]
    if not rows and not findings:
        return
    st.header("Over all targets of the experiment", anchor=False)
    if findings:
        st.markdown("\n".join(f"- {md(text)}" for text in findings))
    if told.get("targets"):
        st.markdown("**Both scores against the accuracy really reached**", help=_FIGURE)
        _columns(told, kind)
    if rows and not frame.presenting():
        table = _table(rows)
        st.dataframe(
            table,
            hide_index=True,
            placeholder="n/a",
            alt=f"{len(table)} predictors over all targets",
            column_config={  # all of it in a window of 1,280 pixels
                name: st.column_config.NumberColumn(format="%.2f", width=width)
                if name.startswith("Mean")
                else st.column_config.TextColumn(width=width)
                for name, width in zip(table.columns, _WIDTHS, strict=False)
            },
        )


def _columns(told: dict[str, Any], kind: EvidenceKind) -> None:
    """Draw the targets beside each other; on a phone they stand below each other."""
    theme, known = choices.theme(), files.text_hash(told)
    targets = told["targets"]
    places = zip(st.columns(len(targets), gap="small"), targets, strict=True)
    for i, (place, target) in enumerate(places):
        key = f"experiment-{i}"
        with place:
            st.markdown(f"**{md(target['title'])}**")
            st.plotly_chart(
                figures.drawn(
                    ("experiment", known, i, kind, theme),
                    lambda target=target: experiment_column(target, kind, theme=theme),
                ),
                key=key,
                config={"displayModeBar": False},
                alt=column_alt(target, kind),
            )
            naming.place_names(key)


def _read() -> dict[str, Any]:
    try:
        told = files.read_json(SUMMARY)
    except (files.DamagedFileError, FileNotFoundError):
        return {}
    return told if isinstance(told, dict) else {}


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    targets = list(dict.fromkeys(t for row in rows for t in row.get("regret", {})))
    table = pd.DataFrame(
        {
            "Predictor": [agreements.name_of(str(row["predictor"]), None) for row in rows],
            "Reading": [READINGS.get(str(row.get("reading")), "") for row in rows],
            "Mean points lost": [row.get("mean_regret") for row in rows],
            "Mean Kendall's tau": [row.get("mean_tau") for row in rows],
            "Picked the best": [f"{row.get('hits', 0)} of {len(targets)}" for row in rows],
        }
    )
    for target in targets:
        table[f"Lost: {plain(target)}"] = [
            _points(row.get("regret", {}).get(target)) for row in rows
        ]
    return table


def _points(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"
