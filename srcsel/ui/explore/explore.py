"""The controls of the explore page: what is chosen and selected, kept in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from srcsel.base.records import DOTS, MOST_DOTS, Dataset, Result
from srcsel.ui.app import frame, state
from srcsel.ui.parts import choices, maps
from srcsel.ui.parts.coloring import COLORS, OF_TWO
from srcsel.ui.parts.maps import Selection
from srcsel.ui.parts.show import plain

VIEWS = {"map": "Map", "why": "Why this score", "suspects": "Worth a look"}
SIZES = (DOTS, 20_000, 100_000)  # dots a person may ask for
_SLOT = "explore.selection"
_PUSHED = "explore.pushed"


def enter(result: Result) -> None:
    """Begin a drawing of the page: what the address names is selected."""
    run_id, dataset = result.run.id, result.dataset
    if selected(run_id) is None:
        text = state.read("find") or ""
        if text:
            st.session_state[_SLOT] = (run_id, Selection(matches(dataset, text), "find"))
    push(run_id)


def selected(run_id: str) -> Selection | None:
    """Return what is selected in this run; None before the first selection."""
    owner, chosen = st.session_state.get(_SLOT, ("", None))
    return chosen if owner == run_id else None


def keep(run_id: str) -> Callable[[Selection], None]:
    """Return what the map calls with each new selection."""

    def take(chosen: Selection) -> None:
        st.session_state[_SLOT] = (run_id, chosen)
        state.write(find=None)

    return take


def pushed(run_id: str) -> tuple[Selection | None, int]:
    """Return (selection, stamp): what the map was last told, and a number that changes with each
    telling.

    What the map itself reports is not sent back to it, so a lasso costs one small message each way.
    """
    owner, chosen, stamp = st.session_state.get(_PUSHED, ("", None, 0))
    return (chosen, stamp) if owner == run_id else (None, stamp)


def push(run_id: str) -> None:
    """Tell the map what is selected: when a page is opened or the map stands elsewhere, for it
    forgets then.
    """
    _, stamp = pushed(run_id)
    st.session_state[_PUSHED] = (run_id, selected(run_id), stamp + 1)


def put(run_id: str, rows: Sequence[int], how: str = "page") -> None:
    """Select `rows` from the page; the map then shows them."""
    keep(run_id)(Selection(tuple(rows), how))
    push(run_id)


def matches(dataset: Dataset, text: str) -> tuple[int, ...]:
    """Return the pictures whose file name holds `text`, capitals or not; none for an empty text."""
    wanted = text.strip().casefold()
    return (
        tuple(i for i, path in enumerate(dataset.paths) if wanted in path.casefold())
        if wanted
        else ()
    )


def choose_view() -> str:
    """Draw the switch between the parts of the page."""
    chosen = state.choose("view", list(VIEWS), "map", "part of this page") or "map"
    st.session_state["explore-view"] = chosen
    st.segmented_control(
        "Part of this page",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        key="explore-view",
        required=True,
        label_visibility="collapsed",
        on_change=_moved,
        args=("view", "explore-view"),
    )
    return chosen


def choose_maps(result: Result) -> tuple[str, str | None, str, str]:
    """Draw the line of boxes over the maps; returns (model, second model, colour, kind of map).

    Presenter mode leaves the kind of map as it was chosen before.
    """
    presenting = frame.presenting()
    columns = st.columns([5, 5, 5] if presenting else [5, 5, 5, 4], vertical_alignment="bottom")
    with columns[0]:
        model = choices.choose_model(result)
    with columns[1]:
        second = choose_second(result, model)
    with columns[2]:
        color = choose_color(second is not None)
    if presenting:
        return (
            model,
            second,
            color,
            state.choose("method", list(maps.METHODS), "umap", "kind of map") or "umap",
        )
    with columns[3]:
        return model, second, color, choices.choose_method()


def choose_pictures(result: Result) -> list[int]:
    """Draw the search and the class filter; returns the class ids on the map.

    Presenter mode keeps what was chosen.
    """
    if frame.presenting():
        return _classes_of_address(result.dataset) or list(range(len(result.dataset.classes)))
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        choose_file(result)
    with right:
        chosen = choose_classes(result.dataset)
    choices.pin_classes(result.dataset, "explore-pins")
    return chosen


def choose_second(result: Result, model: str) -> str | None:
    """Draw the box that puts another model's map beside; returns its id, None for one map."""
    titles = {m: title for m, title in choices.models_on_show(result).items() if m != model}
    if not titles:
        return None
    wanted = state.read("second")
    chosen = (
        None
        if wanted == model
        else state.choose("second", list(titles), None, "second starting model")
    )
    st.session_state["explore-second"] = chosen
    st.selectbox(
        "Compare with…",
        list(titles),
        format_func=titles.__getitem__,
        key="explore-second",
        placeholder="One map",
        on_change=_moved,
        args=("second", "explore-second", result.run.id),
        index=None,
    )
    return chosen


def choose_color(compared: bool) -> str:
    """Draw the box that chooses what colours the dots."""
    options = [kind for kind in COLORS if compared or kind != OF_TWO]
    chosen = state.read("color")
    chosen = chosen if chosen in options else options[0]
    st.session_state["explore-color"] = chosen
    st.selectbox(
        "Colour by",
        options,
        format_func=COLORS.__getitem__,
        key="explore-color",
        on_change=_moved,
        args=("color", "explore-color"),
    )
    return chosen


def choose_classes(dataset: Dataset) -> list[int]:
    """Draw the class filter; returns the class ids on the map, all where none is chosen."""
    names = [plain(name) for name in dataset.classes]
    st.session_state["explore-classes"] = _classes_of_address(dataset)
    chosen = st.multiselect(
        "Classes on the map",
        range(len(names)),
        format_func=names.__getitem__,
        placeholder="All",
        key="explore-classes",
        on_change=_filtered,
    )
    return list(chosen) or list(range(len(names)))


def _classes_of_address(dataset: Dataset) -> list[int]:
    return choices.classes_of("classes", dataset)


def choose_dots(dataset: Dataset, method: str) -> int:
    """Draw the box that asks for more dots, where there are more pictures; returns the number at
    most.
    """
    total = len(dataset.paths)
    sizes = [size for i, size in enumerate(SIZES) if i == 0 or SIZES[i - 1] < total]
    if len(sizes) < 2:
        return DOTS
    wanted = state.read("points") or ""
    chosen = int(wanted) if wanted.isdecimal() and int(wanted) in sizes else DOTS
    if frame.presenting():
        return min(chosen, MOST_DOTS[method])
    st.session_state["explore-points"] = chosen
    st.selectbox(
        "Dots",
        sizes,
        format_func=lambda size: f"All {total:,}" if size >= total else f"{size:,}",
        key="explore-points",
        on_change=_moved,
        args=("points", "explore-points"),
        width=160,
        help="More dots take longer to lay out, once. t-SNE is drawn for "
        f"{MOST_DOTS['tsne']:,} at most: more would take many minutes.",
    )
    return min(chosen, MOST_DOTS[method])


def choose_file(result: Result) -> None:
    """Draw the box that lights the pictures with a certain file name."""
    st.session_state["explore-find"] = state.read("find") or ""
    st.text_input(
        "Find a file",
        key="explore-find",
        placeholder="Part of its name",
        on_change=_find,
        args=(result,),
        icon=":material/search:",
    )


def _moved(name: str, key: str, run_id: str | None = None) -> None:
    value = st.session_state[key]
    state.write(**{name: None if value is None else str(value)})
    if run_id:  # the map will stand in another place
        push(run_id)


def _filtered() -> None:
    state.write(classes=",".join(str(c) for c in st.session_state["explore-classes"]) or None)


def _find(result: Result) -> None:
    text = st.session_state["explore-find"].strip()
    put(result.run.id, matches(result.dataset, text), "find" if text else "clear")
    state.write(find=text or None)
