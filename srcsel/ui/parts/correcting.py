"""Leaving pictures out and giving them other labels: one bar for those that are chosen, and below
it what was corrected so far, which a run of its own answers.

What a person corrects is kept with the run, so a closed tab loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import Corrections, Dataset, Result
from srcsel.pictures import corrections
from srcsel.pictures.tables import corrected_csv, corrections_csv
from srcsel.runs.corrected import correction_of
from srcsel.store import drafts
from srcsel.store.drafts import Draft
from srcsel.ui.app import frame, navigation, state
from srcsel.ui.parts import cards, mine, words
from srcsel.ui.parts.asking import submit_run
from srcsel.ui.parts.show import md, md_inside, plain

CHAIN = 20  # corrected runs of corrected runs that are looked through
LISTED = 8  # corrections of a page of their list
_SAID = "correct.said"  # session: what could not be kept, in words


def draft(result: Result) -> Draft:
    """Return what this person corrects in the pictures of a run; at first what the run does."""
    return drafts.read(_place(result), mine.asker(), result.run.corrections)


def leave_out(result: Result, rows: Sequence[int]) -> None:
    """Leave these pictures of the run out as well."""
    _change(result, corrections.leave_out(draft(result).now, _paths(result, rows)))


def relabel(result: Result, labels: Mapping[int, str]) -> None:
    """Give pictures of the run another class each; the one they have in the folder is no
    correction. Raises InputError for a label that is none.
    """
    dataset, whole = result.dataset, _whole(result)
    names = {
        dataset.paths[row]: corrections.label_named(name, dataset.classes)
        for row, name in labels.items()
    }
    usual = _labels_of(whole)
    own = {path for path, name in names.items() if usual.get(path) == name}
    to = result.run.corrections if whole is dataset else Corrections()
    back = corrections.take_back(draft(result).now, own, to)
    new = {path: name for path, name in names.items() if path not in own}
    _change(result, corrections.relabel(back, new))


def take_back(result: Result, paths: Sequence[str]) -> None:
    """Have pictures as the run has them again; what the run itself corrects, as in the folder."""
    known, run = draft(result).now, result.run.corrections
    now, asked = _by_path(known), _by_path(run)
    as_asked = {path for path in paths if now.get(path) == asked.get(path)}
    back = corrections.take_back(known, set(paths) - as_asked, run)
    _change(result, corrections.take_back(back, as_asked, Corrections()))


def marks(result: Result) -> dict[str, str]:
    """Path -> what stands beside a picture that is to be otherwise than in the run: "left out",
    "now rust".
    """
    asked = set(corrections.each(result.run.corrections))
    return {
        path: what
        for path, what in corrections.each(draft(result).now)
        if (path, what) not in asked
    }


def of_picture(result: Result, row: int) -> dict[str, Any]:
    """Say of one picture, for the drawer, whether it is left out and what is corrected about it."""
    path = result.dataset.paths[row]
    mark = marks(result).get(path, "")
    return {"out": mark == corrections.OUT, "mark": mark}


def from_drawer(result: Result, said: Any) -> bool:
    """Take in what the drawer was told about one picture: {row, act, label}; it may be anything.
    Returns whether anything was asked.
    """
    row, act = (said.get(name) for name in ("row", "act")) if isinstance(said, dict) else (0, "")
    if type(row) is not int or not 0 <= row < len(result.dataset.paths):
        return False
    if act == "out":
        _do(_nothing, leave_out, result, [row])
    elif act == "back":
        _do(_nothing, take_back, result, _paths(result, [row]))
    elif act == "label":
        _do(_nothing, relabel, result, {row: str(said.get("label", ""))})
    return act in ("out", "back", "label")


def bar(
    result: Result,
    rows: Sequence[int],
    suggested: Mapping[int, str] = MappingProxyType({}),
    then: Callable[[], None] = lambda: None,
) -> None:
    """Draw what can be done with the chosen pictures `rows`, and what was corrected so far.

    suggested: the class that the models would give some of them. `then` is called when something
    was done. Presenter mode only shows.
    """
    if frame.presenting():
        return
    known = draft(result)
    if rows:
        with st.container(horizontal=True, vertical_alignment="center", key="correct-bar"):
            _buttons(result, list(rows), known.now, suggested, then)
    kept(result, known)


def pending(result: Result) -> bool:
    """Say whether this person corrected something that the run does not."""
    return draft(result).now != result.run.corrections


def kept(result: Result, known: Draft | None = None) -> None:
    """Draw what was corrected so far, with the way back and the run of its own."""
    if frame.presenting():
        return
    known = known or draft(result)
    if said := st.session_state.pop(_SAID, ""):
        st.error(said, icon=":material/error:")
    run = result.run.corrections
    if known.now == run and not (known.past or known.now):
        return
    changed = corrections.difference(run, known.now)
    with st.container(border=True, key="corrections", gap="xsmall"):
        st.markdown(f"**{_told(run, known.now)}**")
        notes, refused = _foreseen(_whole(result), known.now) if changed else ((), "")
        for note in (*notes, *filter(None, [refused])):
            st.caption(f":material/warning: {md(note)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            _ways(result, known, possible=bool(changed) and not refused)
        if changed:
            st.caption(
                "A run of its own, from the stored features. Nothing on disk is touched; what you"
                " correct is kept here until you undo it."
            )


def _told(run: Corrections, now: Corrections) -> str:
    changed = corrections.difference(run, now)
    if not run:
        return f"Corrections: {changed}" if changed else "No corrections any more"
    so_far = f"This run: {corrections.in_words(run)}"
    return f"{so_far}. Since then: {changed}" if changed else so_far


def _buttons(
    result: Result,
    rows: list[int],
    now: Corrections,
    suggested: Mapping[int, str],
    then: Callable[[], None],
) -> None:
    paths, run, out = _paths(result, rows), result.run.corrections, set(now.left_out)
    many = words.count(len(rows), "picture")
    if stay := [row for row, path in zip(rows, paths, strict=True) if path not in out]:
        st.button(
            f"Leave out {words.count(len(stay), 'picture')}",
            icon=":material/block:",
            key="correct-out",
            on_click=_do,
            args=(then, leave_out, result, stay),
        )
    with st.popover("Another label", icon=":material/label:", key="correct-label"):
        _labels(result, rows, many, then)
    asked = {row: suggested[row] for row in rows if row in suggested}
    if asked:
        st.button(
            f"Take the models' label for {words.count(len(asked), 'picture')}",
            icon=":material/smart_toy:",
            key="correct-suggested",
            on_click=_do,
            args=(then, relabel, result, asked),
        )
    new, old = _by_path(now), _by_path(run)
    changed = [path for path in paths if new.get(path) != old.get(path)]
    if changed:
        st.button(
            f"Undo for {words.count(len(changed), 'picture')}",
            icon=":material/undo:",
            key="correct-back",
            on_click=_do,
            args=(then, take_back, result, changed),
        )


def _labels(result: Result, rows: list[int], many: str, then: Callable[[], None]) -> None:
    names = list(
        dict.fromkeys((*result.dataset.classes, *dict(draft(result).now.relabeled).values()))
    )
    chosen = st.selectbox(
        "Their right label",
        names,
        index=None,
        format_func=plain,
        accept_new_options=True,
        placeholder="Choose one, or type a new one",
        key="correct-name",
    )
    st.button(
        f"Give it to {many}",
        type="primary",
        disabled=not (chosen or "").strip(),
        key="correct-give",
        on_click=_do,
        args=(then, _give, result, rows, chosen or ""),
    )


def _give(result: Result, rows: list[int], name: str) -> None:
    relabel(result, dict.fromkeys(rows, name))
    st.session_state["correct-name"] = None


def _do(then: Callable[[], None], act: Callable[..., None], *about: object) -> None:
    """Correct; what hinders it is said at the next drawing."""
    try:
        act(*about)
    except SrcselError as error:
        st.session_state[_SAID] = cards.sentence(error)
    else:
        then()


def _ways(result: Result, known: Draft, *, possible: bool) -> None:
    if st.button(
        "Score again with these",
        type="primary",
        icon=":material/replay:",
        disabled=not possible,
        key="correct-again",
    ):
        _again(result, known.now)
    st.button(
        "Undo last",
        icon=":material/undo:",
        disabled=not known.past,
        key="correct-undo",
        on_click=_do,
        args=(_nothing, _undo, result),
    )
    if known.now:
        with st.popover("See and undo", icon=":material/list:", key="correct-list"):
            _list(result)
        st.download_button(
            "Corrected list (CSV)",
            lambda: corrected_csv(_whole(result), known.now).encode(),
            "labels.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="correct-csv",
            help="Every picture that stays, with its label: file, label.",
        )
        st.download_button(
            "Corrections (CSV)",
            lambda: corrections_csv(known.now, _labels_of(_whole(result))).encode(),
            "corrections.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="correct-changes",
            help="Only what was corrected, for srcsel rank FOLDER --corrections corrections.csv.",
        )


def _list(result: Result) -> None:
    """Draw each correction with the way back, and the way back from all."""
    told = corrections.each(draft(result).now)
    st.button(
        f"Undo all {len(told):,}",
        icon=":material/undo:",
        key="correct-none",
        on_click=_do,
        args=(_nothing, _change, result, Corrections()),
    )
    pages = -(-len(told) // LISTED)
    number = st.pagination(pages, key="correct-page") if pages > 1 else 1
    for path, what in told[(number - 1) * LISTED : number * LISTED]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{md(path)}: {md(what)}", width="stretch")
            st.button(
                f"Undo {md_inside(path.rpartition('/')[2])}",
                key=f"correct-one-{path}",
                type="tertiary",
                on_click=_do,
                args=(_nothing, take_back, result, [path]),
            )


def _again(result: Result, known: Corrections) -> None:
    run_id = submit_run(correction_of(result, known))
    if run_id is not None:
        navigation.go("results", run=run_id)


def _change(result: Result, new: Corrections) -> None:
    drafts.change(_place(result), mine.asker(), draft(result), new)


def _undo(result: Result) -> None:
    drafts.undo(_place(result), mine.asker(), draft(result))


def _nothing() -> None:
    pass


def _place(result: Result) -> Path:
    return state.runs().drafts(result.run.id)


def _paths(result: Result, rows: Sequence[int]) -> list[str]:
    return [result.dataset.paths[row] for row in rows]


def _by_path(known: Corrections) -> dict[str, str]:
    """Path -> its new class, "" where it is left out."""
    return dict.fromkeys(known.left_out, "") | dict(known.relabeled)


def _whole(result: Result) -> Dataset:
    """Return the pictures as they lie in the folder, where a stored run has them so; else the
    run's.
    """
    one = result
    for _ in range(CHAIN):
        if not one.run.corrections:
            return one.dataset
        before = one.run.corrects or (one.before.run if one.before else "")
        found = state.result(before) if before else None
        if found is None or found.run.ref != one.run.ref:
            break
        one = found
    return result.dataset


def _labels_of(dataset: Dataset) -> dict[str, str]:
    pairs = zip(dataset.paths, dataset.labels.tolist(), strict=True)
    return {path: dataset.classes[k] for path, k in pairs}


@lru_cache(maxsize=8)
def _foreseen(dataset: Dataset, known: Corrections) -> tuple[tuple[str, ...], str]:
    return corrections.foreseen(dataset, known)
