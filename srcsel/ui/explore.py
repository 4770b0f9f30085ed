"""The parts of the explore page: what is chosen and selected, kept in the address, and the pictures beside the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from srcsel.records import DOTS, MOST_DOTS, Dataset, Result
from srcsel.ui import frame, maps, results, state, words
from srcsel.ui.coloring import COLORS, OF_TWO
from srcsel.ui.maps import Pane, Selection
from srcsel.ui.show import md, picture_grid, plain

VIEWS = {"map": "Map", "why": "Why this score", "suspects": "Worth a look"}
NAMED = 4  # classes named in the sentence over the pictures
SIZES = (DOTS, 20_000, 100_000)  # dots a person may ask for
_SLOT = "explore.selection"
_PUSHED = "explore.pushed"
_RUN = "explore.run"


def enter(result: Result) -> None:
    """Begin a drawing of the page: what the address names is selected, and what belongs to another run forgotten."""
    run_id, dataset = result.run.id, result.dataset
    if st.session_state.get(_RUN, run_id) != run_id:
        state.write(second=None, classes=None, find=None, picture=None)
    st.session_state[_RUN] = run_id
    if selected(run_id) is None:
        picture, text = state.read("picture") or "", state.read("find") or ""
        if picture.isdecimal() and int(picture) < len(dataset.paths):
            st.session_state[_SLOT] = (run_id, Selection((int(picture),), "click"))
        elif text:
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
        state.write(picture=None if chosen.focus is None else str(chosen.focus), find=None)

    return take


def pushed(run_id: str) -> tuple[Selection | None, int]:
    """Return (selection, stamp): what the map was last told, and a number that changes with each telling.

    What the map itself reports is not sent back to it, so a lasso costs one small message each way.
    """
    owner, chosen, stamp = st.session_state.get(_PUSHED, ("", None, 0))
    return (chosen, stamp) if owner == run_id else (None, stamp)


def push(run_id: str) -> None:
    """Tell the map what is selected: when a page is opened or the map stands elsewhere, for it forgets then."""
    _, stamp = pushed(run_id)
    st.session_state[_PUSHED] = (run_id, selected(run_id), stamp + 1)


def put(run_id: str, rows: Sequence[int], how: str = "page") -> None:
    """Select `rows` from the page; the map then shows them."""
    keep(run_id)(Selection(tuple(rows), how))
    push(run_id)


def matches(dataset: Dataset, text: str) -> tuple[int, ...]:
    """Return the pictures whose file name holds `text`, capitals or not; none for an empty text."""
    wanted = text.strip().casefold()
    return tuple(i for i, path in enumerate(dataset.paths) if wanted in path.casefold()) if wanted else ()


def choose_view() -> str:
    """Draw the switch between the parts of the page."""
    chosen = state.choose("view", list(VIEWS), "map", "part of this page") or "map"
    st.session_state["explore-view"] = chosen
    st.segmented_control(
        "Part of this page", list(VIEWS), format_func=VIEWS.__getitem__, key="explore-view", required=True,
        label_visibility="collapsed", on_change=_moved, args=("view", "explore-view"),
    )  # fmt: skip
    return chosen


def choose_maps(result: Result) -> tuple[str, str | None, str, str]:
    """Draw the line of boxes over the maps; returns (model, second model, color, kind of map).

    Presenter mode leaves the kind of map as it was chosen before.
    """
    presenting = frame.presenting()
    columns = st.columns([5, 5, 5] if presenting else [5, 5, 5, 4], vertical_alignment="bottom")
    with columns[0]:
        model = results.choose_model(result)
    with columns[1]:
        second = choose_second(result, model)
    with columns[2]:
        color = choose_color(second is not None)
    if presenting:
        return model, second, color, state.choose("method", list(maps.METHODS), "umap", "kind of map") or "umap"
    with columns[3]:
        return model, second, color, results.choose_method()


def choose_pictures(result: Result) -> list[int]:
    """Draw the search and the class filter; returns the class ids on the map. Presenter mode keeps what was chosen."""
    if frame.presenting():
        return _classes_of_address(result.dataset) or list(range(len(result.dataset.classes)))
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        choose_file(result)
    with right:
        return choose_classes(result.dataset)


def choose_second(result: Result, model: str) -> str | None:
    """Draw the box that puts another model's map beside; returns its id, None for one map."""
    titles = {m: title for m, title in results.models_on_show(result).items() if m != model}
    if not titles:
        return None
    wanted = state.read("second")
    chosen = None if wanted == model else state.choose("second", list(titles), None, "second starting model")
    st.session_state["explore-second"] = chosen
    st.selectbox(
        "Compare with…", list(titles), format_func=titles.__getitem__, key="explore-second", placeholder="One map",
        on_change=_moved, args=("second", "explore-second", result.run.id), index=None,
    )  # fmt: skip
    return chosen


def choose_color(compared: bool) -> str:
    """Draw the box that chooses what colors the dots."""
    options = [kind for kind in COLORS if compared or kind != OF_TWO]
    chosen = state.read("color")
    chosen = chosen if chosen in options else options[0]
    st.session_state["explore-color"] = chosen
    st.selectbox(
        "Color by", options, format_func=COLORS.__getitem__, key="explore-color", on_change=_moved,
        args=("color", "explore-color"),
    )  # fmt: skip
    return chosen


def choose_classes(dataset: Dataset) -> list[int]:
    """Draw the class filter; returns the class ids on the map, all where none is chosen."""
    names = [plain(name) for name in dataset.classes]
    st.session_state["explore-classes"] = _classes_of_address(dataset)
    chosen = st.multiselect(
        "Classes on the map", range(len(names)), format_func=names.__getitem__, placeholder="All",
        key="explore-classes", on_change=_filtered,
    )  # fmt: skip
    return list(chosen) or list(range(len(names)))


def _classes_of_address(dataset: Dataset) -> list[int]:
    parts = (state.read("classes") or "").split(",")
    known = [int(part) for part in parts if part.isdecimal() and int(part) < len(dataset.classes)]
    return list(dict.fromkeys(known))


def choose_dots(dataset: Dataset, method: str) -> int:
    """Draw the box that asks for more dots, where there are more pictures; returns the number at most."""
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
        "Dots", sizes, format_func=lambda size: f"All {total:,}" if size >= total else f"{size:,}",
        key="explore-points", on_change=_moved, args=("points", "explore-points"), width=160,
        help="More dots take longer to lay out, once. t-SNE is drawn for "
        f"{MOST_DOTS['tsne']:,} at most: more would take many minutes.",
    )  # fmt: skip
    return min(chosen, MOST_DOTS[method])


def choose_file(result: Result) -> None:
    """Draw the box that lights the pictures with a certain file name."""
    st.session_state["explore-find"] = state.read("find") or ""
    st.text_input(
        "Find a file", key="explore-find", placeholder="Part of its name", on_change=_find, args=(result,),
        icon=":material/search:",
    )  # fmt: skip


def sentence(dataset: Dataset, rows: Sequence[int]) -> str:
    """Say what is selected: "64 pictures: 51 rust, 13 mildew". Markdown, names escaped."""
    counts = np.bincount(dataset.labels[list(rows)], minlength=len(dataset.classes))
    order = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]]
    parts = [f"{counts[c]:,} {md(dataset.classes[c])}" for c in order[:NAMED]]
    if len(order) > NAMED:
        rest = int(counts[order[NAMED:]].sum())
        parts.append(f"{rest:,} of {words.count(len(order) - NAMED, 'other class', 'other classes')}")
    return f"**{words.count(len(rows), 'picture')}**: {', '.join(parts)}"


def listing(dataset: Dataset, rows: Sequence[int]) -> bytes:
    """Return the selected pictures as CSV: file, label."""
    files = [dataset.paths[r] for r in rows]
    labels = [dataset.classes[dataset.labels[r]] for r in rows]
    return pd.DataFrame({"file": files, "label": labels}).to_csv(index=False).encode()


def chosen_rows(run_id: str, dataset: Dataset, shown: np.ndarray, classes: Sequence[int]) -> list[int]:
    """Return the selected pictures that the map shows; a file that was searched for need not be on the map."""
    chosen = selected(run_id)
    if chosen is None:
        return []
    rows = np.array([r for r in chosen.rows if r < len(dataset.paths)], dtype=np.int64)
    kept = np.isin(dataset.labels[rows], list(classes)) if chosen.how in ("find", "click") else np.isin(rows, shown)
    return rows[kept].tolist()


def buttons(run_id: str, dataset: Dataset, shown: np.ndarray, rows: list[int]) -> None:
    """Draw what can be done with a selection, `rows` of the pictures `shown`; presenter mode only shows."""
    if frame.presenting():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if not rows:
            st.button(
                "Select all on the map", icon=":material/select_all:", on_click=put, args=(run_id, shown.tolist()),
                key="explore-all",
            )  # fmt: skip
        else:
            st.button("Clear", icon=":material/close:", on_click=put, args=(run_id, ()), key="explore-clear")
            st.download_button(
                "List (CSV)", lambda: listing(dataset, rows), "srcsel-pictures.csv", "text/csv",
                icon=":material/download:", on_click="ignore", key="explore-csv",
            )  # fmt: skip


def side(dataset: Dataset, set_id: str, shown: np.ndarray, rows: list[int]) -> None:
    """Draw the selected pictures `rows`; `shown` are those on the map."""
    st.markdown(sentence(dataset, rows))
    off = len(rows) - int(np.isin(rows, shown).sum())
    if off:
        st.caption(f"{words.count(off, 'picture')} of these are not among the dots drawn.")
    names = [dataset.paths[r] for r in rows]
    labels = [dataset.classes[dataset.labels[r]] for r in rows]
    picture_grid(set_id, rows, names, labels, key=f"explore-page-{hash(tuple(rows))}")


def start(run_id: str, dataset: Dataset, panes: Sequence[Pane], shown: np.ndarray) -> None:
    """Draw what stands there before anything is selected: what the models get right, and how to see pictures."""
    chosen = selected(run_id)
    if chosen and chosen.how in ("lasso", "box"):
        st.info("No pictures inside. Draw a closed loop around some dots.", icon=":material/gesture:")
    elif chosen and chosen.how == "find":
        st.info("No file has that in its name. Try a shorter part of it.", icon=":material/search_off:")
    told, rows = story(dataset, panes, shown)
    if told:
        st.markdown(told)
    if rows and not frame.presenting():
        which = "that sits elsewhere" if len(panes) == 1 else "they disagree on"
        which = which if len(rows) == 1 or len(panes) == 2 else "that sit elsewhere"
        st.button(
            f"See the {len(rows):,} {which}", icon=":material/image_search:", on_click=put, args=(run_id, rows),
            key="explore-first",
        )  # fmt: skip
    _how()


def story(dataset: Dataset, panes: Sequence[Pane], shown: np.ndarray) -> tuple[str, list[int]]:
    """Say, as Markdown, how many of the pictures `shown` sit among their own kind; and which to see first.

    Those are, with one model, the others; with two, the ones that only one model places so.
    """
    looked = [pane.inside for pane in panes if pane.inside is not None]
    if len(looked) < len(panes) or not len(shown):
        return "", []
    right = [one.guess[shown] == dataset.labels[shown] for one in looked]
    if len(right) == 1:
        told = (
            f"**{right[0].sum():,} of {words.count(len(shown), 'picture')}** sit among their own kind: the five "
            "nearest to each mostly have its class."
        )
        return told, shown[~right[0]].tolist()
    left, second = right
    names = [md(pane.title) for pane in panes]
    counts = [(left & second).sum(), (left & ~second).sum(), (~left & second).sum(), (~left & ~second).sum()]
    told = (
        f"Both models place **{counts[0]:,}** pictures among their own kind, only {names[0]} **{counts[1]:,}**, only "
        f"{names[1]} **{counts[2]:,}**, neither **{counts[3]:,}**."
    )
    return told, shown[left != second].tolist()


def _how() -> None:
    if frame.presenting():
        st.markdown("Draw a loop around some dots to see their pictures.")
        return
    st.markdown(
        "**See the pictures behind the dots**\n\n"
        "- Draw a loop around some dots: their pictures appear here. Shift adds more.\n"
        "- Press one dot: its picture, and the six most like it.\n"
        "- Press a name below the map: only its dots stay.\n"
        "- By keyboard: choose classes, then *Select all on the map*; on the map N and P step, Enter opens."
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
