"""Pictures worth a look: four lists with boxes; what is ticked can be left out or relabelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import Dataset, Result, Suspect, Suspects
from srcsel.base.spreadsheet import to_csv
from srcsel.explore import suspects
from srcsel.ui.app import frame, state
from srcsel.ui.parts import cards, correct_bar, correcting
from srcsel.ui.parts.asking import warm_up
from srcsel.ui.parts.making import by_worker
from srcsel.ui.parts.show import PAGE, figure, md, md_inside, plain

LISTS = {
    "labels": (
        "Maybe wrong label",
        (
            "Each model was asked where a picture belongs without knowing it. Together they would"
            " put these elsewhere; models that see the classes better count more. Some are only"
            " hard to tell, so look first. The surest come first: where the other class leads the"
            " label by most (1 at most, what the models make of it averaged)."
        ),
        "No label looks wrong: wherever the models are sure, they agree with it.",
    ),
    "copies": (
        "Near copies",
        (
            "The same picture more than once: the same file, or saved again in another size or"
            " quality. Copies under two labels come first; one of the two is wrong."
        ),
        "No picture is there twice.",
    ),
    "odd": (
        "Odd ones out",
        (
            "Pictures unlike all others, by at least half of the models: a wrong file, a title"
            " page, a blank, or just a rare view. The farthest come first: by how many standard"
            " deviations they are farther from their nearest than is usual in their class."
        ),
        "No picture stands out from the others.",
    ),
    "tiny": (
        "Broken or tiny",
        (
            f"Files that cannot be read are left out already. Pictures below {suspects.TINY} pixels"
            " show little. The smallest come first."
        ),
        "Every file can be read, and none is tiny.",
    ),
}
SORTED = {"labels": "it leads by {:.2f}", "odd": "{:.1f} deviations farther"}
"""What a list is sorted by, where its reasons do not say it."""
_TICKED = "suspects.ticked"
_NONE = ("", frozenset[int](), 0)  # run, rows, stamp


def show(result: Result, set_id: str) -> None:
    """Draw the pictures of a run that are worth a look, or how the worker looks for them
    meanwhile.
    """
    try:
        found = suspects.stored(result, state.features())
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        return
    if found is None:
        text = (
            "Looking for pictures that deserve a second look. The lists are kept, so the next time"
            " they show at once."
        )
        by_worker(result, "suspects", {"run_id": result.run.id}, text)
        return
    _draw(result, found, set_id)


@st.fragment
def _draw(result: Result, found: Suspects, set_id: str) -> None:
    warm_up()  # what is ticked is left out of a run soon
    run_id, dataset = result.run.id, result.dataset
    counts = {name: len(getattr(found, name)) for name in LISTS}
    counts["tiny"] += len(dataset.unreadable)
    if not any(counts.values()):
        st.success(
            "Nothing looks suspicious in these pictures. Well kept!",
            icon=":material/sentiment_satisfied:",
        )
    which = (
        st.segmented_control(
            "List",
            list(LISTS),
            default=next((n for n in LISTS if counts[n]), "labels"),
            required=True,
            format_func=lambda name: f"{LISTS[name][0]} ({counts[name]:,})",
            key=f"suspects-list-{run_id}",
            label_visibility="collapsed",
        )
        or "labels"
    )
    _title, text, nothing = LISTS[which]
    st.caption(text if counts[which] else nothing)
    for note in found.notes if which == "labels" else ():
        st.caption(f":material/info: {md(note)}")
    if which == "tiny" and dataset.unreadable:
        _unreadable(dataset)
    if not frame.presenting():
        _actions(result, found, which)
    _grid(result, getattr(found, which), set_id, which)
    suggested = {
        s.row: dataset.classes[s.suggestion] for s in found.labels if s.suggestion is not None
    }
    correct_bar.bar(result, sorted(ticked(run_id)), suggested, lambda: put(run_id, set()))
    _asked(result, found)


def _actions(result: Result, found: Suspects, which: str) -> None:
    run_id, rows = result.run.id, sorted(ticked(result.run.id))
    listed: tuple[Suspect, ...] = getattr(found, which)
    with st.container(horizontal=True, vertical_alignment="center"):
        if all_ := [
            s.row for s in listed if which != "copies" or (s.group != s.row and not s.strength)
        ]:
            text = "Tick copies within a class, keep the first" if which == "copies" else "Tick all"
            _button(text, "select_all", put, run_id, ticked(run_id) | set(all_))
        if rows:
            _button("Untick all", "close", put, run_id, set())
        if any(getattr(found, name) for name in LISTS) or result.dataset.unreadable:
            st.download_button(
                "List (CSV)",
                lambda: listed_csv(result.dataset, found).encode(),
                "srcsel-worth-a-look.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="suspects-csv",
            )
    if listed:
        st.caption(
            "Tick pictures, then leave them out or give them another label. Nothing on disk is"
            " touched."
        )


def _button(label: str, icon: str, callback: Callable[..., None], *args: object) -> None:
    st.button(
        label, icon=f":material/{icon}:", on_click=callback, args=args, key=f"suspects-{icon}"
    )


def _grid(result: Result, listed: Sequence[Suspect], set_id: str, which: str) -> None:
    if not listed:
        return
    run_id, dataset, marks = result.run.id, result.dataset, correcting.marks(result)
    pages, slot = -(-len(listed) // PAGE), st.container()
    number = st.pagination(pages, key=f"suspects-page-{run_id}-{which}") if pages > 1 else 1
    chosen = ticked(run_id)
    with slot, st.grid("auto", min_column_width=150, gap="medium"):
        for suspect in listed[(number - 1) * PAGE : number * PAGE]:
            with st.container(gap="xxsmall"):
                mark = marks.get(dataset.paths[suspect.row], "")
                _card(run_id, dataset, suspect, set_id, which, mark, on=suspect.row in chosen)


def _card(
    run_id: str,
    dataset: Dataset,
    suspect: Suspect,
    set_id: str,
    which: str,
    mark: str,
    *,
    on: bool,
) -> None:
    path, label = dataset.paths[suspect.row], dataset.classes[dataset.labels[suspect.row]]
    picture = figure(set_id, suspect.row, path, label, told(suspect, which), size=320, mark=mark)
    st.html(f'<div class="srcsel-pics one">{picture}</div>')
    if frame.presenting():
        return
    key = f"suspects-tick-{run_id}-{which}-{suspect.row}-{_stamp(run_id)}"
    st.checkbox(
        f"Choose {md_inside(path.rpartition('/')[2])}",
        on,
        key=key,
        on_change=tick,
        args=(run_id, suspect.row, key),
        wrap=False,
    )


def told(suspect: Suspect, which: str) -> str:
    """Say why a picture stands in the list `which`, and what that is sorted by."""
    by = SORTED.get(which, "").format(suspect.strength)
    return f"{suspect.reason}; {by}" if by else suspect.reason


def ticked(run_id: str) -> set[int]:
    """Return the pictures ticked in this run: row numbers of the dataset."""
    owner, rows, _ = st.session_state.get(_TICKED, _NONE)
    return set(rows) if owner == run_id else set()


def tick(run_id: str, row: int, key: str) -> None:
    """Take in that the box `key` of picture `row` was pressed."""
    rows = ticked(run_id)
    (rows.add if st.session_state[key] else rows.discard)(row)
    st.session_state[_TICKED] = (run_id, frozenset(rows), _stamp(run_id))


def put(run_id: str, rows: set[int]) -> None:
    """Tick these pictures and no others.

    The boxes are made anew, ticked from the start: one that is told its new state would report the
    old one with a button that is pressed before it is redrawn, and so undo this.
    """
    st.session_state[_TICKED] = (run_id, frozenset(rows), _stamp(run_id) + 1)


def _stamp(run_id: str) -> int:
    """Return how often `put` was called in this run."""
    owner, _, stamp = st.session_state.get(_TICKED, _NONE)
    return stamp if owner == run_id else 0


def _unreadable(dataset: Dataset) -> None:
    st.dataframe(
        {
            "File": [plain(u.path) for u in dataset.unreadable],
            "Why": [plain(u.reason) for u in dataset.unreadable],
        },
        hide_index=True,
        alt="Files that cannot be read, and why",
    )


def _asked(result: Result, found: Suspects) -> None:
    titles = {m.id: m.title for m in result.models}
    if found.models:
        names = ", ".join(md(titles[m]) for m in found.models)
        st.caption(f"Asked: {names}. Yardsticks are not asked.")


def listed_csv(dataset: Dataset, found: Suspects) -> str:
    """Write the lists as CSV."""
    lines = listing(dataset, found)
    return to_csv(list(lines), lines.itertuples(index=False))


def listing(dataset: Dataset, found: Suspects) -> pd.DataFrame:
    """One line a suspicion, all lists, for CSV; names as they are."""
    lines = [
        {
            "file": dataset.paths[s.row],
            "label": dataset.classes[dataset.labels[s.row]],
            "list": LISTS[name][0],
            "suggestion": "" if s.suggestion is None else dataset.classes[s.suggestion],
            "models_agreeing": s.models if name in ("labels", "odd") else None,
            "models_asked": len(found.models) if name in ("labels", "odd") else None,
            "strength": round(s.strength, 4) if name in SORTED else None,
            "reason": s.reason,
        }
        for name in LISTS
        for s in getattr(found, name)
    ]
    lines += [
        {"file": u.path, "list": LISTS["tiny"][0], "reason": u.reason} for u in dataset.unreadable
    ]
    return pd.DataFrame(lines).astype(
        {"models_agreeing": "Int64", "models_asked": "Int64"}, errors="ignore"
    )
