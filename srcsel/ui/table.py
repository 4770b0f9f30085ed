"""All numbers of a run as tables: a short one to read, a complete one to read or to take away as CSV."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from srcsel.charts import bar_length, model_order, pick_scores, plain
from srcsel.measures import MEASURES
from srcsel.records import Reading, Result
from srcsel.report.numbers import number_rows, title_of


def help_of(measure: str) -> str:
    """Return the first paragraph of a measure's own words, or ""."""
    return MEASURES[measure].help.split("\n\n")[0].replace("\n", " ") if measure in MEASURES else ""


def short_table(result: Result, reading: Reading) -> pd.DataFrame:
    """One row a model, in the order of the bars: the scores of one reading, cost and license."""
    order = model_order(result)
    order += [m.id for m in result.models if m.id not in order]
    models = {m.id: m for m in result.models}
    measures = list(dict.fromkeys(s.measure for s in result.scores))
    scores = {measure: pick_scores(result, measure, reading) for measure in measures}
    rows = []
    for model in order:
        about, seconds = models[model], result.seconds_per_picture.get(model)
        row: dict[str, object] = {"Starting model": plain(about.title)}
        row["First in 100"] = result.verdict.firsts.get(model)  # None for a baseline: it is not in the contest
        for measure in measures:
            found = scores[measure].get(model)
            row[_column(measure)] = bar_length(found)[0] if found else None
        row |= {
            "Weights (million)": about.params / 1e6 if about.params is not None else None,
            "Milliseconds a picture": seconds * 1000 if seconds else None,
            "Licence": plain(about.license) or "unknown",
        }
        rows.append(row)
    return pd.DataFrame(rows)


def all_numbers(result: Result) -> pd.DataFrame:
    """One row for each model, measure and reading, and for each that did not work; ready for CSV."""
    return pd.DataFrame(number_rows(result))


def draw(result: Result, reading: Reading) -> None:
    """Draw the tables with their CSV download."""
    numbers = all_numbers(result)
    which = st.segmented_control(
        "Table", ["One line a model", "Every number"], default="One line a model", required=True,
        label_visibility="collapsed", key="results-table",
    )  # fmt: skip
    frame = numbers if which == "Every number" else short_table(result, reading)
    numeric = list(frame.select_dtypes("number").columns)
    shown = frame.assign(**{name: frame[name].round(3) + 0.0 for name in numeric})  # + 0.0: never "-0.000"
    digits = {name: st.column_config.NumberColumn(format="%.3f") for name in numeric} | {
        "First in 100": st.column_config.NumberColumn(format="%.0f", help="Re-checks in which the model came first"),
        "Weights (million)": st.column_config.NumberColumn(format="%.2f"),
        "Milliseconds a picture": st.column_config.NumberColumn(format="%.2f", help="Measured on this computer"),
    }
    st.dataframe(
        shown, hide_index=True, column_config=digits, placeholder="n/a", alt=f"Scores of {len(result.models)} models"
    )
    st.download_button(
        "Download all numbers (CSV)", numbers.to_csv(index=False).encode(), f"srcsel-{result.run.id}.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _column(measure: str) -> str:
    return "SCL gain" if measure == "supcon" else {"silhouette": "MSC"}.get(measure, title_of(measure))
