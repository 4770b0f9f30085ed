"""A score against the accuracy reached, on the evidence page."""

from __future__ import annotations

import streamlit as st

from srcsel.base import phrases
from srcsel.base.records import Agreement, Evidence, Reading, Result
from srcsel.charts import agreement
from srcsel.store import files
from srcsel.store.serialize import to_plain
from srcsel.ui.app import frame, state
from srcsel.ui.evidence import agreements
from srcsel.ui.parts import choices, figures, naming
from srcsel.ui.parts.show import md
from srcsel.verdict.readings import names_of
from srcsel.verdict.wording import BEFOREHAND

_MEANS = (
    "Each mark is a starting model: the further right, the better its score; the higher, the more"
    " pictures it really named right. A good forecast climbs from bottom left to top right."
)


def draw(result: Result, evidence: Evidence) -> None:
    """Draw a score against accuracy, the score chosen in a box."""
    offered = _offered(result, evidence)
    if not offered:
        return
    title, box = st.columns([2, 3], vertical_alignment="center")
    title.markdown("**Did the score foretell it?**", help=_MEANS)
    st.session_state["evidence-predictor"] = state.choose(
        "score", offered, _first(offered), "score"
    )
    chosen = box.selectbox(
        "Score",
        list(offered),
        format_func=lambda key: agreements.name_of(*offered[key]),
        key="evidence-predictor",
        label_visibility="collapsed",
        on_change=lambda: state.write(score=st.session_state["evidence-predictor"]),
    )
    predictor, reading = offered[chosen]
    if len(agreement.scatter_points(result, evidence, predictor, reading)) < 2:
        st.info(
            "Too few models have both this score and an accuracy to draw a picture.",
            icon=":material/info:",
        )
        return
    theme, size = choices.theme(), scale()
    st.plotly_chart(
        figures.drawn(
            ("scatter", result, known(evidence), predictor, reading, theme, size),
            lambda: agreement.agreement_scatter(
                result, evidence, predictor, reading, theme=theme, scale=size
            ),
        ),
        key="evidence-scatter",
        config={"displayModeBar": False},
        alt=agreement.scatter_alt(result, evidence, predictor, reading),
    )
    naming.place_names("evidence-scatter")
    row = next(
        (a for a in evidence.agreements if (a.predictor, a.reading) == (predictor, reading)), None
    )
    st.caption(
        _MEANS if row is None or frame.presenting() else f"{_MEANS} {md(_in_words(row, result))}"
    )


def known(evidence: Evidence) -> str:
    """Return what stands for a measurement, which is read anew for each drawing of the page."""
    return files.text_hash(to_plain(evidence))


def scale() -> float:
    """Return how much larger words are for an audience."""
    return choices.PRESENTING if frame.presenting() else 1.0


def _offered(result: Result, evidence: Evidence) -> dict[str, tuple[str, Reading | None]]:
    """Name in the address -> (predictor, reading) of what can be drawn: the scores, then what needs
    no picture.
    """
    pairs: list[tuple[str, Reading | None]] = [
        (s.measure, s.reading) for s in (*result.scores, *result.literal)
    ]
    pairs += [
        (s, None)
        for s in BEFOREHAND
        if len(agreement.scatter_points(result, evidence, s, None)) > 1
    ]
    return {f"{m}-{r}" if r else m: (m, r) for m, r in pairs}


def _first(offered: dict[str, tuple[str, Reading | None]]) -> str:
    """Start with the paper's own score in the reading the verdict uses."""
    return "supcon-whitened" if "supcon-whitened" in offered else next(iter(offered))


def _in_words(row: Agreement, result: Result) -> str:
    """Say one row of the table as a sentence."""
    if row.tau.value is None:
        return row.reason
    names = names_of(result)
    said = f"Kendall's tau {_signed(row.tau.value)}"
    if row.tau.low is not None and row.tau.high is not None:
        said += f" ({_signed(row.tau.low)} to {_signed(row.tau.high)})"
    if row.regret.value is not None and row.tied:
        said += (
            f"; it put {phrases.listed([names[m] for m in row.tied])} first alike, in the mean"
            f" {row.regret.value:.1f} points below the best"
        )
    elif row.regret.value is not None and row.picked:
        said += f"; it picked {names[row.picked]}, {row.regret.value:.1f} points below the best"
    return f"{said}."


def _signed(value: float) -> str:
    return f"{value:z.2f}".replace("-", "−")
