"""One bar for the pictures that are chosen: leave them out, give them another label, score again;
below it, lists of what was corrected so far and the way back from each.

The bar stays in sight: who has corrected something need not look for what comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import streamlit as st

from srcsel.base.records import Corrections, Dataset, Result
from srcsel.pictures import corrections
from srcsel.pictures.tables import corrected_csv, corrections_csv
from srcsel.runs.corrected import correction_of
from srcsel.store.drafts import Draft
from srcsel.ui.app import frame, navigation
from srcsel.ui.parts import correcting, words
from srcsel.ui.parts.asking import submit_run
from srcsel.ui.parts.correcting import do, nothing
from srcsel.ui.parts.show import md, md_inside, plain

LISTED = 8  # corrections of a page of their list
NOT_ON_DISK = (
    "A run of its own, from the stored features. Nothing on disk is touched; what you correct is"
    " kept here until you undo it."
)
_GIVEN = "correct.given"  # session: how often a label was given; the box for it is closed then


def bar(
    result: Result,
    rows: Sequence[int],
    suggested: Mapping[int, str] = MappingProxyType({}),
    then: Callable[[], None] = nothing,
) -> None:
    """Draw what can be done with the chosen pictures `rows`, and what was corrected so far.

    suggested: the class that the models would give some of them. `then` is called when something
    was done. Presenter mode only shows.
    """
    if frame.presenting():
        return
    known = correcting.draft(result)
    some = _some(result, known)
    if rows or some:
        with st.container(key="correct-foot", gap="xsmall"):
            if rows:
                with st.container(horizontal=True, vertical_alignment="center", key="correct-bar"):
                    _buttons(result, list(rows), known.now, suggested, then)
            if some:
                _next(result, known)
    _refused()
    if some:
        _lists(result, known)


def kept(result: Result) -> None:
    """Draw in one line what was corrected since the run, with the run of its own and the way back;
    warnings below.
    """
    known = correcting.draft(result)
    if frame.presenting() or not _some(result, known):
        return
    with st.container(key="corrections", gap="xsmall"):
        _next(result, known, brief=True)
        _refused()
        _warned(result, known)


def _some(result: Result, known: Draft) -> bool:
    return known.now != result.run.corrections or bool(known.past or known.now)


def _refused() -> None:
    if said := st.session_state.pop(correcting.SAID, ""):
        st.error(said, icon=":material/error:")


def _next(result: Result, known: Draft, *, brief: bool = False) -> None:
    """Draw in one line what was corrected, and the run that answers it; `brief` where what the run
    itself corrects stands above, with the lists in the same line.
    """
    run = result.run.corrections
    changed = corrections.difference(run, known.now)
    _, hindered = _foreseen(correcting.whole(result), known.now) if changed else ((), "")
    if hindered:
        st.caption(f":material/warning: {md(hindered)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        said = f"Corrected since: {changed}" if brief and run else _told(run, known.now)
        st.markdown(f"**{said}**", width="content")
        if st.button(
            "Score again with these",
            type="primary",
            icon=":material/replay:",
            disabled=not changed or bool(hindered),
            key="correct-again",
            help=NOT_ON_DISK if brief else None,
        ):
            _again(result, known.now)
        st.button(
            "Undo last",
            icon=":material/undo:",
            disabled=not known.past,
            key="correct-undo",
            on_click=do,
            args=(nothing, correcting.undo, result),
        )
        if brief and known.now:
            with st.popover("See and undo", icon=":material/list:", key="correct-list"):
                _list(result)
                _downloads(result, known)


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
    paths, run, out = correcting.paths_of(result, rows), result.run.corrections, set(now.left_out)
    many = words.count(len(rows), "picture")
    if stay := [row for row, path in zip(rows, paths, strict=True) if path not in out]:
        st.button(
            f"Leave out {words.count(len(stay), 'picture')}",
            icon=":material/block:",
            key="correct-out",
            on_click=do,
            args=(then, correcting.leave_out, result, stay),
        )
    given = st.session_state.get(_GIVEN, 0)
    with st.popover("Another label", icon=":material/label:", key=f"correct-label-{given}"):
        _labels(result, rows, many, then)
    asked = {row: suggested[row] for row in rows if row in suggested}
    if asked:
        st.button(
            f"Take the models' label for {words.count(len(asked), 'picture')}",
            icon=":material/smart_toy:",
            key="correct-suggested",
            on_click=do,
            args=(then, correcting.relabel, result, asked),
        )
    new, old = correcting.by_path(now), correcting.by_path(run)
    changed = [path for path in paths if new.get(path) != old.get(path)]
    if changed:
        st.button(
            f"Undo for {words.count(len(changed), 'picture')}",
            icon=":material/undo:",
            key="correct-back",
            on_click=do,
            args=(then, correcting.take_back, result, changed),
        )


def _labels(result: Result, rows: list[int], many: str, then: Callable[[], None]) -> None:
    names = list(
        dict.fromkeys(
            (*result.dataset.classes, *dict(correcting.draft(result).now.relabeled).values())
        )
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
        on_click=do,
        args=(then, _give, result, rows, chosen or ""),
    )


def _give(result: Result, rows: list[int], name: str) -> None:
    correcting.relabel(result, dict.fromkeys(rows, name))
    st.session_state["correct-name"] = None
    st.session_state[_GIVEN] = st.session_state.get(_GIVEN, 0) + 1


def _lists(result: Result, known: Draft) -> None:
    """Draw the lists of what was corrected, with the way back, and what to expect of the run."""
    changed = known.now != result.run.corrections
    if known.now:
        with st.container(horizontal=True, vertical_alignment="center", key="correct-lists"):
            with st.popover("See and undo", icon=":material/list:", key="correct-list"):
                _list(result)
            _downloads(result, known)
    _warned(result, known)
    if changed:
        st.caption(NOT_ON_DISK)


def _downloads(result: Result, known: Draft) -> None:
    """Draw the two tables of what was corrected, to take along."""
    st.download_button(
        "Corrected list (CSV)",
        lambda: corrected_csv(correcting.whole(result), known.now).encode(),
        "labels.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="correct-csv",
        help="Every picture that stays, with its label: file, label.",
    )
    st.download_button(
        "Corrections (CSV)",
        lambda: corrections_csv(known.now, correcting.labels_of(correcting.whole(result))).encode(),
        "corrections.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="correct-changes",
        help="Only what was corrected, for srcsel rank FOLDER --corrections corrections.csv.",
    )


def _warned(result: Result, known: Draft) -> None:
    """Say what to expect of the run that answers what was corrected since."""
    if known.now != result.run.corrections:
        for note in _foreseen(correcting.whole(result), known.now)[0]:
            st.caption(f":material/warning: {md(note)}")


def _list(result: Result) -> None:
    """Draw each correction with the way back, and the way back from all."""
    told = corrections.each(correcting.draft(result).now)
    st.button(
        f"Undo all {len(told):,}",
        icon=":material/undo:",
        key="correct-none",
        on_click=do,
        args=(nothing, correcting.change, result, Corrections()),
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
                on_click=do,
                args=(nothing, correcting.take_back, result, [path]),
            )


def _again(result: Result, known: Corrections) -> None:
    run_id = submit_run(correction_of(result, known))
    if run_id is not None:
        navigation.go("results", run=run_id)


@lru_cache(maxsize=8)
def _foreseen(dataset: Dataset, known: Corrections) -> tuple[tuple[str, ...], str]:
    return corrections.foreseen(dataset, known)
