"""How well each predictor foretold the accuracy: the table, how to read it, and what others
found.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from srcsel.base import spreadsheet
from srcsel.base.phrases import rounded, share
from srcsel.base.records import Agreement, Evidence, Interval, Reading, Result
from srcsel.evidence.published import Comparison, comparisons
from srcsel.evidence.sentence import caution, picked
from srcsel.measures import MEASURES
from srcsel.ui.parts.show import md, plain
from srcsel.verdict.wording import PREDICTORS, READINGS

READ = (
    "- **Points lost** (regret): how much accuracy you lose by starting from the model that this"
    " predictor puts first, instead of the truly best one. 0 is perfect. It is what a choice costs,"
    " so the table is sorted by it.\n- **Kendall's tau**: how well the whole order agrees. 1 = the"
    " same order, 0 = no better than shuffling, −1 = upside down. **Weighted tau** counts mistakes"
    " at the top of the list more; it stands in the CSV, with Pearson's correlation.\n- **Best"
    " in**: in how many of the re-checks and splits its first model was truly the best."
    " A predictor may put several models first alike: then what is lost is the mean over them, and"
    ' "best in" counts the share of them that was.\n- About'
    " ten models are few. The 90 % intervals are wide, and two predictors whose intervals overlap"
    " have not been told apart. Trust what holds over several sets of pictures."
)


def name_of(predictor: str, reading: Reading | None) -> str:
    """Name a predictor with its reading, as the pages say it; plain text."""
    name = PREDICTORS.get(predictor) or (
        MEASURES[predictor].title if predictor in MEASURES else plain(predictor)
    )
    return f"{name}, {READINGS[reading].lower()}" if reading == "raw" else name


def rows(result: Result, evidence: Evidence) -> pd.DataFrame:
    """One row a predictor, in the order of the evidence; numbers as they are, None where there is
    none.
    """
    titles = {m.id: m.title for m in result.models}
    kind, verdict = evidence.protocol.kind, result.verdict
    return pd.DataFrame(
        [_row(a, titles, caution(a, kind, verdict)) for a in evidence.agreements], columns=COLUMNS
    )


def to_csv(result: Result, evidence: Evidence) -> str:
    """Return the rows as CSV, names made safe for spreadsheets."""
    table = rows(result, evidence)
    return spreadsheet.to_csv(list(table), table.itertuples(index=False))


def draw(result: Result, evidence: Evidence) -> None:
    """Draw the table, its CSV and how to read it."""
    st.header("Which score told the truth?", anchor=False)
    if not evidence.agreements:
        st.markdown(
            "There is nothing to compare: scores and accuracies need at least two models in common."
        )
        return
    table = rows(result, evidence)
    titles = {m.id: plain(m.title) for m in result.models}
    # rounded here: the table would round what is rounded to more digits once more
    shown = table.assign(
        **{
            "Predictor": [name_of(a.predictor, a.reading) for a in evidence.agreements],
            "Picked": [picked(a, titles, names=False) or None for a in evidence.agreements],
            "Points lost": [_rounded(a.regret, 1) for a in evidence.agreements],
            "Kendall's tau": [_rounded(a.tau, 2) for a in evidence.agreements],
            "Picked the best": [
                None if a.hit is None else share(100 * a.hit) for a in evidence.agreements
            ],
        }
    )
    shown["90 % of it"] = [_interval(a.regret, 1) for a in evidence.agreements]
    shown["90 % of tau"] = [_interval(a.tau, 2) for a in evidence.agreements]
    st.dataframe(
        shown,
        height=ROW * (min(len(shown), MOST_ROWS) + 1) + 3,
        hide_index=True,
        column_order=_order(table),
        column_config=CONFIG,
        placeholder="n/a",
        alt=f"How well {len(table)} predictors foretold the accuracy, fewest points lost first",
    )
    st.download_button(
        "Download (CSV)",
        lambda: to_csv(result, evidence).encode(),
        f"srcsel-evidence-{result.run.id}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="evidence-csv",
    )
    st.markdown(f"**How to read it**\n\n{READ}")


def track_record(measures: Sequence[str]) -> None:
    """Draw what published comparisons found for these measures, with their sources."""
    with st.expander(
        "What others found: the track record of each measure", icon=":material/history_edu:"
    ):
        st.markdown(
            "Published comparisons of the same measures, on other pictures and models. Values"
            " differ widely between studies: none of these measures wins everywhere, which is why"
            " srcsel measures on your own pictures."
        )
        known = [c for m in measures for c in comparisons(m)]
        st.dataframe(
            _track(known),
            hide_index=True,
            placeholder="–",
            alt=f"{len(known)} published comparisons",
            column_config={
                "Value": st.column_config.NumberColumn(format="%.2f"),
                "Source": st.column_config.TextColumn(width="medium"),
            },
        )
        none = [
            md(name_of(m, None)) for m in measures if all(c.value is None for c in comparisons(m))
        ]
        if none:
            st.caption(f"No published comparison found for: {', '.join(none)}.")


def _track(known: Sequence[Comparison]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Measure": [name_of(c.measure, None) for c in known],
            "Statistic": [c.statistic or None for c in known],
            "Value": [c.value for c in known],
            "Models": [c.models for c in known],
            "Targets": [c.targets for c in known],
            "Study": [c.study for c in known],
            "Compared": [c.about or None for c in known],
            "Figure": [c.origin for c in known],
            "Note": [c.note or None for c in known],
            "Source": [c.source for c in known],
        }
    )


ROW, MOST_ROWS = 35, 20  # pixels of a row, and how many show before the table scrolls
COLUMNS = [
    "Predictor",
    "Reading",
    "Picked",
    "Points lost",
    "Lost, low",
    "Lost, high",
    "Picked the best",
    "Kendall's tau",
    "Tau, low",
    "Tau, high",
    "Weighted tau",
    "Weighted tau, low",
    "Weighted tau, high",
    "Pearson",
    "Pearson, low",
    "Pearson, high",
    "Models",
    "Note",
]
SHOWN = [  # the reading stands with the predictor; the rest is in the CSV
    "Predictor",
    "Picked",
    "Points lost",
    "90 % of it",
    "Picked the best",
    "Kendall's tau",
    "90 % of tau",
    "Note",
]
CONFIG = {  # widths of which all that is usually shown fits a window of 1,280 pixels
    "Predictor": st.column_config.TextColumn(width=280),
    "Picked": st.column_config.TextColumn(width=140, help="A tie's names stand in the CSV"),
    "Note": st.column_config.TextColumn(width=238),
    "Points lost": st.column_config.NumberColumn(
        width=86, format="%.1f", help="Accuracy points lost by following it"
    ),
    "90 % of it": st.column_config.TextColumn(
        "Lost, 90 %", width=92, help="Interval of the points lost"
    ),
    "Picked the best": st.column_config.NumberColumn(
        "Best in",
        width=84,
        format="%d of 100",
        help="Of 100 re-checks and splits, in how many its pick was the best",
    ),
    "Kendall's tau": st.column_config.NumberColumn(width=98, format="%.2f"),
    "90 % of tau": st.column_config.TextColumn(
        "Tau, 90 %", width=96, help="Interval of Kendall's tau"
    ),
    "Models": st.column_config.NumberColumn(
        width=60, format="%d", help="Models with both a score and an accuracy"
    ),
}


def _row(agreement: Agreement, titles: dict[str, str], note: str) -> list[object]:
    a = agreement
    reading = READINGS[a.reading] if a.reading else ""
    return [
        name_of(a.predictor, None),
        reading,
        plain(picked(a, titles)) or None,
        *_three(a.regret),
        a.hit,
        *_three(a.tau),
        *_three(a.weighted_tau),
        *_three(a.pearson),
        a.models,
        plain(a.reason) or note,
    ]


def _order(table: pd.DataFrame) -> list[str]:
    """Leave out the notes where there are none."""
    return [name for name in SHOWN if name != "Note" or any(table["Note"])]


def _rounded(interval: Interval, digits: int) -> float | None:
    return None if interval.value is None else rounded(interval.value, digits)


def _three(interval: Interval) -> tuple[float | None, float | None, float | None]:
    return interval.value, interval.low, interval.high


def _interval(interval: Interval, digits: int) -> str | None:
    if interval.low is None or interval.high is None:
        return None
    return f"{interval.low:z.{digits}f} to {interval.high:z.{digits}f}".replace("-", "−")
