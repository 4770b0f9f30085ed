"""Score against cost on the results page, and the limit that changes the verdict.

The limit lives in the address.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from srcsel.base.phrases import some_of
from srcsel.base.records import Reading, Result
from srcsel.charts.cost import cost_alt, cost_chart, tells_apart, trade
from srcsel.charts.palette import Theme
from srcsel.measures import MEASURES
from srcsel.ui.app import frame, state
from srcsel.ui.parts import choices, naming, words
from srcsel.ui.parts.show import md, plain
from srcsel.verdict.cost import (
    COSTS,
    contenders,
    costs,
    limits,
    spreads,
    undecided,
    usual,
    within,
)
from srcsel.verdict.readings import names_of, title_of

USUAL_MEASURE = "supcon"
_RUN = "srcsel.limited"  # session key: the run that the limit in this tab's memory was set for
_within = lru_cache(maxsize=16)(within)  # the same record for the same answer


def among(whole: Result) -> tuple[Result, str]:
    """Return the answer within the limit in the address, and the limit in words; without one, the
    answer as it is.
    """
    if (
        st.session_state.setdefault(_RUN, whole.run.id) != whole.run.id
        and "limit" not in st.query_params
    ):
        state.write(limit=None)  # it was meant for another run
    st.session_state[_RUN] = whole.run.id
    kind, limit = _asked(whole)
    if limit is None:
        return whole, ""
    part = _within(whole, kind, limit)
    left, all_ = len(contenders(part)), len(contenders(whole))
    if not left:
        st.info(
            f"No model here keeps to {COSTS[kind].in_words(limit)}, so you see all of them.",
            icon=":material/tune:",
        )
        state.write(limit=None)
        return whole, ""
    if state.read("model") not in {s.model for s in part.scores}:
        state.write(model=None)  # the model looked at costs too much now
    said = f"among models up to {COSTS[kind].in_words(limit)} ({left} of {all_})"
    return part, said + _undecided(whole, kind, limit)


def _undecided(whole: Result, kind: str, limit: float) -> str:
    """Say of which models the limit decides nothing, because it lies inside what was measured."""
    inside = undecided(whole, kind, limit)
    if not inside:
        return ""
    names = names_of(whole)
    who = some_of([plain(names[m]) for m in inside], 3)
    between = COSTS[kind].between(spreads(whole, kind)[inside[0]])
    return f"; it decides nothing about {who}, whose time is not that sure: {between}"


def lift(said: str) -> None:
    """Say under which limit the page answers, with a button that lifts it."""
    if not said:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="limited"):
        st.markdown(f":material/speed: {md(said[0].upper() + said[1:])}", width="content")
        if not frame.presenting():
            st.button(
                "Show all models", type="tertiary", on_click=state.write, kwargs={"limit": None}
            )


def section(whole: Result, part: Result, reading: Reading, chosen: str) -> None:
    """Draw the picture of the whole run, the switch between costs, and the slider; `part` is within
    the limit.
    """
    kinds = _kinds(whole)
    if frame.presenting() or len(contenders(whole)) < 2 or not kinds:
        return
    st.header("What does it cost?", anchor=False)
    kind, limit = _asked(whole)
    measure = (
        state.choose("measure", _measures(whole), _usual_measure(whole), "score") or USUAL_MEASURE
    )
    shown = trade(whole, measure, reading, kind)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        choices.switch("cost", "Cost", kinds, kind, lambda one: COSTS[one].title, limit=None)
        choices.pick(
            "measure", "Score", _measures(whole), measure, lambda one: plain(title_of(one))
        )
        if tells_apart(shown):
            _slider(whole, kind, limit)
        st.caption(_explained(whole, kind, shown.unplaced))
    with right:
        if not tells_apart(shown):
            st.info(_all_alike(kind, list(shown.cost.values())), icon=":material/balance:")
            return
        st.plotly_chart(
            _chart(whole, part, measure, reading, kind, limit, choices.theme(), chosen),
            key="cost",
            on_select=_pressed,
            selection_mode="points",
            config={"displayModeBar": False},
            alt=cost_alt(whole, shown),
        )
        naming.place_names("cost")


@lru_cache(maxsize=16)
def _chart(
    whole: Result,
    part: Result,
    measure: str,
    reading: Reading,
    kind: str,
    limit: float | None,
    theme: Theme,
    chosen: str,
) -> Any:
    """Make the figure once for all drawings of the page."""
    return cost_chart(
        whole,
        trade(whole, measure, reading, kind),
        title=_axis(measure),
        verdict=part.verdict,
        limit=limit,
        theme=theme,
        chosen=chosen,
    )


def _asked(whole: Result) -> tuple[str, float | None]:
    """Read kind of cost and limit from the address; what makes no sense there is forgotten."""
    kinds = _kinds(whole) or ["params"]
    kind = state.choose("cost", kinds, usual(whole), "kind of cost") or usual(whole)
    text = state.read("limit")
    if text is None:
        return kind, None
    try:
        limit = float(text)
    except ValueError:
        limit = 0.0
    if not 0 < limit < float("inf"):
        state.write(limit=None)
        return kind, None
    return kind, limit


def _kinds(whole: Result) -> list[str]:
    rivals = set(contenders(whole))
    return [kind for kind in COSTS if rivals & costs(whole, kind).keys()]


def _measures(whole: Result) -> list[str]:
    return [m for m in dict.fromkeys(s.measure for s in whole.scores) if m in MEASURES]


def _usual_measure(whole: Result) -> str:
    there = _measures(whole)
    return USUAL_MEASURE if USUAL_MEASURE in there or not there else there[0]


def _slider(whole: Result, kind: str, limit: float | None) -> None:
    rivals = set(contenders(whole))
    known = {m: c for m, c in spreads(whole, kind).items() if m in rivals}
    steps = limits({m: c.value for m, c in known.items()}, known)
    asked = [] if limit is None else [limit]
    options: list[float | None] = [*sorted({*steps, *asked}), None]
    if len(options) < 2:
        return
    st.session_state["results-limit"] = limit
    st.select_slider(
        COSTS[kind].adjective,
        options,
        key="results-limit",
        on_change=_limited,
        format_func=lambda value: "no limit" if value is None else COSTS[kind].in_words(value),
    )


def _explained(whole: Result, kind: str, unplaced: tuple[str, ...]) -> str:
    """Say what the cost is, why there is no time, and which models have no place in the picture."""
    texts = [COSTS[kind].means]
    if "time" not in _kinds(whole):
        texts.append("Times were not measured on this computer, so the size stands for them.")
    titles = {m.id: m.title for m in whole.models}
    if unplaced:
        names = some_of([md(titles[m]) for m in unplaced], 3)
        texts.append(f"Not in the picture, because the cost is not known: {names}.")
    texts.append("Nothing else is both cheaper and better than the models on the dotted line.")
    return " ".join(texts)


def _all_alike(kind: str, values: list[float]) -> str:
    if not values:
        return "The cost of these models is not known."
    said = COSTS[kind].in_words(values[0])
    return (
        f"These {words.count(len(values), 'model')} cost the same ({said}), so cost does not decide"
        " here."
    )


def _axis(measure: str) -> str:
    return f"{title_of(measure)}, turned round" if measure == "supcon" else title_of(measure)


def _limited() -> None:
    value = st.session_state["results-limit"]
    # named in the link too: what a limit means must not change with the run
    cost = st.session_state["results-cost"]
    state.write(limit=None if value is None else f"{value:g}", cost=cost)


def _pressed() -> None:
    """Choose the model whose dot was pressed."""
    points = st.session_state["cost"]["selection"]["points"]
    if points:
        model = points[0].get("customdata")
        state.write(model=model[0] if isinstance(model, list) else model)
