"""Leaving pictures out and giving them other labels: what a person corrects in the pictures of a
run. It is kept with the run, so a closed tab loses nothing; correct_bar draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import Corrections, Dataset, Result
from srcsel.pictures import corrections
from srcsel.store import drafts
from srcsel.store.drafts import Draft
from srcsel.ui.app import state
from srcsel.ui.parts import cards, mine

CHAIN = 20  # corrected runs of corrected runs that are looked through
SAID = "correct.said"  # session: what could not be kept, in words


def draft(result: Result) -> Draft:
    """Return what this person corrects in the pictures of a run; at first what the run does."""
    return drafts.read(_place(result), mine.asker(), result.run.corrections)


def leave_out(result: Result, rows: Sequence[int]) -> None:
    """Leave these pictures of the run out as well."""
    change(result, corrections.leave_out(draft(result).now, paths_of(result, rows)))


def relabel(result: Result, labels: Mapping[int, str]) -> None:
    """Give pictures of the run another class each; the one they have in the folder is no
    correction. Raises InputError for a label that is none.
    """
    dataset, folder = result.dataset, whole(result)
    names = {
        dataset.paths[row]: corrections.label_named(name, dataset.classes)
        for row, name in labels.items()
    }
    usual = labels_of(folder)
    own = {path for path, name in names.items() if usual.get(path) == name}
    to = result.run.corrections if folder is dataset else Corrections()
    back = corrections.take_back(draft(result).now, own, to)
    new = {path: name for path, name in names.items() if path not in own}
    change(result, corrections.relabel(back, new))


def take_back(result: Result, paths: Sequence[str]) -> None:
    """Have pictures as the run has them again; what the run itself corrects, as in the folder."""
    known, run = draft(result).now, result.run.corrections
    now, asked = by_path(known), by_path(run)
    as_asked = {path for path in paths if now.get(path) == asked.get(path)}
    back = corrections.take_back(known, set(paths) - as_asked, run)
    change(result, corrections.take_back(back, as_asked, Corrections()))


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
        do(nothing, leave_out, result, [row])
    elif act == "back":
        do(nothing, take_back, result, paths_of(result, [row]))
    elif act == "label":
        do(nothing, relabel, result, {row: str(said.get("label", ""))})
    return act in ("out", "back", "label")


def pending(result: Result) -> bool:
    """Say whether this person corrected something that the run does not."""
    return draft(result).now != result.run.corrections


def do(then: Callable[[], None], act: Callable[..., None], *about: object) -> None:
    """Correct; what hinders it is said at the next drawing."""
    try:
        act(*about)
    except SrcselError as error:
        st.session_state[SAID] = cards.sentence(error)
    else:
        then()


def change(result: Result, new: Corrections) -> None:
    """Keep these corrections of the run instead of those so far."""
    drafts.change(_place(result), mine.asker(), draft(result), new)


def undo(result: Result) -> None:
    """Have the corrections as they were before the last change."""
    drafts.undo(_place(result), mine.asker(), draft(result))


def nothing() -> None:
    """Do nothing, where nothing follows a correction."""


def _place(result: Result) -> Path:
    return state.runs().drafts(result.run.id)


def paths_of(result: Result, rows: Sequence[int]) -> list[str]:
    """Return the paths of these rows."""
    return [result.dataset.paths[row] for row in rows]


def by_path(known: Corrections) -> dict[str, str]:
    """Path -> its new class, "" where it is left out."""
    return dict.fromkeys(known.left_out, "") | dict(known.relabeled)


def whole(result: Result) -> Dataset:
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


def labels_of(dataset: Dataset) -> dict[str, str]:
    """Path -> its class."""
    pairs = zip(dataset.paths, dataset.labels.tolist(), strict=True)
    return {path: dataset.classes[k] for path, k in pairs}
