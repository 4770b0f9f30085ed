"""All numbers of a run as tables: a short one, every measure, what they say together, and every
number as CSV.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import streamlit as st

from srcsel.base import phrases
from srcsel.base.phrases import plain
from srcsel.base.records import HEADLINE, Reading, Result
from srcsel.measures import MEASURES
from srcsel.models.prior import published
from srcsel.report.numbers import number_rows, to_csv
from srcsel.ui.app import frame
from srcsel.ui.parts import measuring, mine, price, watch, words
from srcsel.ui.parts.asking import last_of, submit
from srcsel.ui.parts.show import md
from srcsel.ui.results import grid
from srcsel.ui.results.grid import help_of
from srcsel.verdict.consensus import consensus
from srcsel.verdict.readings import (
    columns,
    firsts_of_100,
    model_order,
    pick_scores,
    role,
    title_of,
)
from srcsel.verdict.times import seconds_of

__all__ = ["all_numbers", "draw", "help_of", "short_table", "title_of"]

SHORT, EVERY, TOGETHER, ROWS = (
    "One line a model",
    "Every measure",
    "All measures together",
    "Every number",
)
WHY = "Why not"  # the column is left out where everything was scored
MOST_WHY = 800  # pixels
GAINS = (
    "Gain: how far the value lies on the good side of chance, which is what the same features"
    " score with shuffled labels. Bars begin at chance and end at the value. SCL is the loss turned"
    " round: log(n − 1) less the loss of n pictures, so that higher is better."
)


def short_table(result: Result, reading: Reading) -> pd.DataFrame:
    """One row a model, in the order of the bars: the headline scores of one reading, cost and
    licence.
    """
    order = model_order(result)
    order += [m.id for m in result.models if m.id not in order]
    models = {m.id: m for m in result.models}
    measures = [m for m in dict.fromkeys(s.measure for s in result.scores) if m in HEADLINE]
    scores = {measure: pick_scores(result, measure, reading) for measure in measures}
    firsts = firsts_of_100(result)
    rows = []
    for model in order:
        about, seconds = models[model], seconds_of(result).get(model)
        row: dict[str, object] = {"Starting model": plain(about.title)}
        row["First in 100"] = firsts.get(model)  # None for a yardstick: it is not in the contest
        for measure in measures:
            score = scores[measure].get(model)
            row |= {name: score and value(score) for name, value in columns(measure).items()}
        row |= {
            "Weights (million)": about.params / 1e6 if about.params is not None else None,
            "Milliseconds a picture": seconds * 1000 if seconds else None,
            "Licence": plain(about.license) or "unknown",
        }
        rows.append(row)
    return pd.DataFrame(rows)


def all_numbers(result: Result) -> pd.DataFrame:
    """One row for each model, measure and reading, and for each that did not work; ready for
    CSV.
    """
    return pd.DataFrame(number_rows(result))


def together(result: Result) -> pd.DataFrame:
    """One row a model: its place by all measures together, how many these are, and what is known
    beforehand.
    """
    models = {m.id: m for m in result.models}
    places = consensus(result.rankings, model_order(result))
    whole, firsts = len(places.measures), firsts_of_100(result)
    order = [*places.models, *(m for m in models if m not in places.models)]
    return pd.DataFrame(
        {
            "Starting model": [plain(models[m].title) for m in order],
            "Mean rank": [places.mean_rank.get(m) for m in order],
            "Borda count": [places.borda.get(m) for m in order],
            "Rests on": [
                f"{places.counted.get(m, 0)} of {words.count(whole, 'measure')}" for m in order
            ],
            "No value from": [
                ", ".join(title_of(name) for name in places.missing.get(m, ())) for m in order
            ],
            "First in 100": [firsts.get(m) for m in order],
            "Accuracy there": [
                None if (a := published(models[m])) is None else 100 * a for m in order
            ],
            "Weights (million)": [
                None if (p := models[m].params) is None else p / 1e6 for m in order
            ],
            "Kind": [
                "yardstick" if role(result, m) == "yardstick" else "starting model" for m in order
            ],
        }
    )


def draw(result: Result, reading: Reading) -> None:
    """Draw the tables with their CSV download, and the offer to score by every measure."""
    which = st.segmented_control(
        "Table",
        [SHORT, EVERY, TOGETHER, ROWS],
        default=SHORT,
        required=True,
        label_visibility="collapsed",
        key="results-table",
    )
    if which == EVERY:
        _every(result)
    elif which == TOGETHER:
        _together(result)
    else:
        _plain(all_numbers(result) if which == ROWS else short_table(result, reading), result)
        st.caption(GAINS)
    st.page_link(
        frame.page("evidence"),
        label="Is it true? Put these scores to the test",
        icon=":material/science:",
        query_params={"run": result.run.id},
    )
    st.download_button(
        "Download all numbers (CSV)",
        lambda: to_csv(result).encode(),
        f"srcsel-{result.run.id}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _plain(rows: pd.DataFrame, result: Result) -> None:
    numeric = list(rows.select_dtypes("number").columns)
    # + 0.0: never "-0.000"
    shown = rows.assign(**{name: rows[name].round(3) + 0.0 for name in numeric})
    longest = max(map(len, rows["Starting model"]), default=0)
    width = min(round(20 + 6.5 * longest), 290)
    texts = {"Starting model": st.column_config.TextColumn(width=width)}
    order = list(shown)
    if WHY in shown:
        longest = max(map(len, shown[WHY]), default=0)
        texts[WHY] = st.column_config.TextColumn(width=min(20 + 7 * longest, MOST_WHY))
        order = [name for name in order if name != WHY or longest]
    digits = {name: _number(name) for name in numeric} | COLUMNS | texts
    st.dataframe(
        shown,
        hide_index=True,
        column_order=order,
        column_config=digits,
        placeholder="n/a",
        alt=f"Scores of {len(result.models)} models",
    )


def _number(name: str) -> Any:
    """Head a column of a measure by what the field calls it, the rest in its help, so that more
    columns are in sight.
    """
    short = re.search(r"\(([A-Za-z-]+)\)$", name)  # not "(90 %)", which two columns have
    return st.column_config.NumberColumn(
        short[1] if short else name, help=name if short else None, format="%.3f"
    )


def _every(result: Result) -> None:
    offer(result)
    view = st.segmented_control(
        "Show", grid.VIEWS, default="Value", required=True, key="results-view"
    )
    st.html(grid.html(result, view or "Value"))
    st.caption(
        "Bold: first by that measure; = means a tie. Press a measure to read what it is and how it"
        " did elsewhere. Rest the pointer on a number for its interval, its chance level and its"
        " rank."
    )
    reasons = grid.reasons(result)
    if reasons:
        with st.expander(f"Why n/a ({words.count(sum(map(len, reasons.values())), 'number')})"):
            for reason, whom in reasons.items():
                st.markdown(f"**{md(reason)}**  \n{md('; '.join(whom))}")


def _together(result: Result) -> None:
    offer(result)
    _plain(together(result), result)
    st.caption(
        "Ranks are put together, never the values themselves. Mean rank: 1 = first by every"
        " measure. Borda count: of 100 comparisons with another model, how many it won. Measures"
        " that favour wide models take no part, and a measure without a value for a model counts"
        " neither for nor against it. The verdict follows its own rule, not this table."
    )


def offer(result: Result) -> None:
    """Offer to score by the measures that are missing; while that goes on, show how it goes."""
    missing = measuring.not_scored(result)
    job = last_of("measures", result)
    if job is not None and job.state != "done":
        watch.watch_job(job)
    elif missing and result.complete:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{len(MEASURES) - len(missing)} of {len(MEASURES)} measures are scored.",
                width="content",
            )
            label = (
                "Score by every measure"
                f" ({phrases.about(price.START + measuring.scoring_seconds(result))})"
            )
            if not mine.is_mine(result.run.person):
                st.caption(mine.NOT_YOURS)
            elif (
                st.button(label, icon=":material/functions:", key="results-every")
                and submit("measures", {"run_id": result.run.id}) is not None
            ):
                st.rerun()


COLUMNS = {
    "Reading": st.column_config.TextColumn(width=104),  # "As published" may come below the fold
    "First in 100": st.column_config.NumberColumn(
        format="%.0f", help="Re-checks in which the model came first"
    ),
    "Weights (million)": st.column_config.NumberColumn(
        "Weights, M", format="%.2f", help="Millions of weights"
    ),
    "Milliseconds a picture": st.column_config.NumberColumn(
        "ms", format="%.2f", help="Milliseconds a picture, measured on this computer"
    ),
    "Mean rank": st.column_config.NumberColumn(
        format="%.2f", help="Mean over measures of its rank; 1 is best"
    ),
    "Borda count": st.column_config.NumberColumn(format="%.1f", help="0 to 100; higher is better"),
    "Accuracy there": st.column_config.NumberColumn(
        format="%.1f %%", help="On its own source task"
    ),
}
