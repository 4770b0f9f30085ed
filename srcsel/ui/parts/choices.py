"""Choices that several pages share: theme, the model looked at, the kind of map.

They live in the address.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from srcsel.base.phrases import word
from srcsel.base.records import Dataset, Result
from srcsel.charts import Theme
from srcsel.charts.palette import SHAPES
from srcsel.ui.app import state
from srcsel.ui.parts import maps
from srcsel.ui.parts.show import plain
from srcsel.verdict.readings import model_order

PRESENTING = 1.25  # times larger, as the frame's type in presenter mode


def theme() -> Theme:
    """Tell which theme the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def models_on_show(result: Result) -> dict[str, str]:
    """Return id -> title of the scored models, in the order of the bars."""
    titles = {m.id: m.title for m in result.models}
    return {m: titles[m] for m in model_order(result)}


def choose_model(result: Result) -> str:
    """Draw the box that chooses the model looked at; bars choose too.

    The choice lives in the address.
    """
    titles = models_on_show(result)
    default = result.verdict.winner if result.verdict.winner in titles else next(iter(titles))
    chosen = state.choose("model", list(titles), default, "starting model") or default
    pick("model", "The pictures as seen by", list(titles), chosen, titles.__getitem__)
    return chosen


def choose_method() -> str:
    """Draw the switch between the kinds of map."""
    chosen = state.choose("method", list(maps.METHODS), "umap", "kind of map") or "umap"
    switch("method", "Kind of map", list(maps.METHODS), chosen, maps.METHODS.__getitem__)
    return chosen


def classes_of(name: str, dataset: Dataset) -> list[int]:
    """Return the class ids that the address holds under `name`, those of this dataset."""
    parts = (state.read(name) or "").split(",")
    known = [int(part) for part in parts if part.isdecimal() and int(part) < len(dataset.classes)]
    return list(dict.fromkeys(known))


def pinned(dataset: Dataset) -> list[int]:
    """Return the classes that a person gave the colours; none where all classes have one."""
    return classes_of("pins", dataset)[: len(SHAPES)] if can_pin(dataset) else []


def can_pin(dataset: Dataset) -> bool:
    """Tell whether several classes share the grey: one alone is told by it."""
    return len(dataset.classes) > len(SHAPES) + 1


def pin_classes(dataset: Dataset, key: str) -> None:
    """Draw the box, with key `key`, that gives classes a colour, where there are more classes than
    colours.
    """
    if not can_pin(dataset):
        return
    names = [plain(name) for name in dataset.classes]
    st.session_state[key] = pinned(dataset)
    st.multiselect(
        f"Colour these classes (of {len(names):,})",
        range(len(names)),
        format_func=names.__getitem__,
        max_selections=len(SHAPES),
        placeholder=f"{colored_in_words(dataset.counts)}; type to search",
        key=key,
        on_change=_pinned,
        args=(key,),
    )


def colored_in_words(counts: np.ndarray) -> str:
    """Say which classes have a colour where nobody chose: of `counts` (c,) pictures each."""
    many = word(len(SHAPES))
    most = np.sort(counts)[::-1]
    if most[0] == most[-1]:
        return f"The first {many}"
    tied = most[len(SHAPES) - 1] == most[len(SHAPES)]
    return f"{many.capitalize()} of the largest" if tied else f"The {many} largest"


def pick(
    name: str, label: str, options: list[str], chosen: str, shown: Callable[[str], str]
) -> None:
    """Draw a box that holds one of many options, as `switch`."""
    key = f"results-{name}"
    st.session_state[key] = chosen
    st.selectbox(label, options, format_func=shown, key=key, on_change=_moved, args=(name, key))


def switch(
    name: str,
    label: str,
    options: list[str],
    chosen: str,
    shown: Callable[[str], str],
    *,
    labeled: bool = True,
    **forgotten: None,
) -> None:
    """Draw a switch between a few options; the choice lives in the address under `name`.

    `forgotten`: other choices that a new one ends.
    """
    key = f"results-{name}"
    st.session_state[key] = chosen
    st.segmented_control(
        label,
        options,
        format_func=shown,
        key=key,
        required=True,
        on_change=_moved,
        args=(name, key),
        kwargs=forgotten,
        label_visibility="visible" if labeled else "collapsed",
    )


def _pinned(key: str) -> None:
    state.write(pins=",".join(str(c) for c in st.session_state[key]) or None)


def _moved(name: str, key: str, **forgotten: None) -> None:
    state.write(**{name: st.session_state[key]}, **forgotten)
