"""The drawer beside the page: one picture large, who it lies next to, what each model took it for.

Every picture that `show.figure` writes opens it, and every dot of a map. The browser shows the
picture at once and asks for the rest here, so that a press waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.components.v2 import component

from srcsel.base.errors import SrcselError
from srcsel.base.phrases import word
from srcsel.base.records import Dataset, Inside, JobStatus, Result
from srcsel.explore.inside import VOTERS
from srcsel.runs.taken import Taken
from srcsel.ui.app import frame, state
from srcsel.ui.parts import correcting, making, watch, words
from srcsel.ui.parts.show import plain, prefix
from srcsel.ui.people.reach import shared
from srcsel.verdict.readings import model_order

_FOLDER = Path(__file__).parent / "drawer"
_CORRECTED = "drawer.corrected"  # session: that the page is to be drawn again
_RUN = "drawer.run"  # session: the run that the picture in the address belongs to
Side = Literal["left", "right"]


def opened(result: Result) -> int | None:
    """Return the number of the picture that the address names, where this run has it."""
    if st.session_state.setdefault(_RUN, result.run.id) != result.run.id:
        st.session_state[_RUN] = result.run.id
        state.write(picture=None)
    text = state.read("picture") or ""
    known = text.isdecimal() and len(text) < 10 and int(text) < len(result.dataset.paths)
    return int(text) if known else None


def draw(result: Result, set_id: str, models: Sequence[str], side: Side = "right") -> None:
    """Put the drawer on a page, closed unless the address names a picture.

    models: whose nearest pictures it shows, as `compared`. side: where the page has room,
    away from its map.
    """
    opened(result)
    _draw(result, set_id, tuple(models), side)


@st.fragment
def _draw(result: Result, set_id: str, models: tuple[str, ...], side: Side) -> None:
    row, waiting = opened(result), []
    facts = None if row is None else _facts(result, row, compared(result, models), waiting)
    _component()(
        key="drawer",
        data={
            "facts": facts,
            "set": set_id,
            "thumbs": f"{prefix()}/thumbs",
            "total": len(result.dataset.paths),
            "side": side,
            "classes": None if frame.presenting() else [plain(c) for c in result.dataset.classes],
        },
        on_asked_change=_asked,
        on_correct_change=lambda: _correct(result),
    )
    if st.session_state.pop(_CORRECTED, False):
        st.rerun()  # the pictures and the bar of the page say so too
    for job in waiting:
        if job.state in watch.ACTIVE:
            watch.watch_job(job, lambda _: None)  # the page is drawn again when it is done


def compared(result: Result, models: tuple[str, ...]) -> tuple[str, ...]:
    """Return the two models whose nearest pictures are shown: those given, then the one to start
    from, then the next best.
    """
    if len(models) > 1:
        return models
    yardsticks = {model.id for model in result.models if model.yardstick}
    winner = result.verdict.winner
    best = sorted(model_order(result), key=lambda model: (model != winner, model in yardsticks))
    return (*models, *[model for model in best if model not in models])[:2]


def _asked() -> None:
    """Take in which picture the browser shows; it may say anything."""
    said = st.session_state["drawer"].get("asked")
    row = said.get("row") if isinstance(said, dict) else None
    state.write(picture=str(row) if type(row) is int and 0 <= row < 10**9 else None)


def _correct(result: Result) -> None:
    """Take in that the picture is to be left out, taken in again, or given another label."""
    said = st.session_state["drawer"].get("correct")
    st.session_state[_CORRECTED] = correcting.from_drawer(result, said)


def _facts(
    result: Result, row: int, models: tuple[str, ...], waiting: list[JobStatus]
) -> dict[str, Any]:
    """Say all that is known of a picture; the jobs in `waiting` make what is not known yet."""
    dataset, titles = result.dataset, {model.id: plain(model.title) for model in result.models}
    name = dataset.paths[row]
    facts: dict[str, Any] = {
        "row": row,
        "label": plain(dataset.classes[dataset.labels[row]]),
        "file": plain(name),
        # others who look at this server have no use for its folders, and need not see them
        "path": plain(name if shared() else dataset.folder / name),
        "near": [],
        "taken": None,
        **correcting.of_picture(result, row),
    }
    failed: list[str] = []

    def known(ask: Callable[..., Any], *about: Any) -> Any:
        try:
            answer = ask(result, *about)
        except SrcselError as error:
            failed.append(str(error))
            return None
        if not isinstance(answer, JobStatus):
            return answer
        failed.extend([answer.error] if answer.state == "failed" and answer.error else [])
        waiting.append(answer)
        return None

    for model in models:
        seen: Inside | None = known(making.known_inside, model)
        if seen is not None:
            facts["near"].append(_near(dataset, row, titles[model], seen))
    guesses: Taken | None = known(making.known_guesses)
    if guesses is not None and guesses.of(row):
        facts["taken"] = taken_by(result, row, guesses)
    active = any(job.state in watch.ACTIVE for job in waiting)
    facts["wait"] = (
        "Asking the models about this picture. It is kept, so the next one shows at once."
        if active
        else plain(next(iter(failed), ""))
    )
    return facts


def _near(dataset: Dataset, row: int, title: str, seen: Inside) -> dict[str, Any]:
    near = seen.neighbors[row].tolist()
    same = (dataset.labels[seen.neighbors[row]] == dataset.labels[row]).tolist()
    guess = plain(dataset.classes[seen.guess[row]])
    voters = word(min(VOTERS, len(near)))
    vote = (
        f"The vote of the nearest {voters} is right."
        if seen.guess[row] == dataset.labels[row]
        else f"By the vote of the nearest {voters} it would be {guess}."
    )
    pictures = [
        {
            "row": other,
            "label": plain(dataset.classes[dataset.labels[other]]),
            "file": plain(dataset.paths[other]),
            "same": agrees,
            "likeness": f"{likeness:.2f}",
        }
        for other, agrees, likeness in zip(near, same, seen.similarity[row].tolist(), strict=True)
    ]
    return {"title": title, "told": f"{neighbor_sentence(same)}. {vote}", "pictures": pictures}


def neighbor_sentence(same: Sequence[bool]) -> str:
    """Say how many neighbours share a picture's label: "4 of 6 neighbours share its label"."""
    verb = "shares" if sum(same) == 1 else "share"
    return f"{sum(same)} of {words.count(len(same), 'neighbour')} {verb} its label"


def taken_by(result: Result, row: int, guesses: Taken) -> dict[str, Any]:
    """Say what each model took picture `row` for, real models first, and how many are right."""
    dataset, said = result.dataset, guesses.of(row)
    label = int(dataset.labels[row])
    models = {model.id: model for model in result.models}
    order = [model for model in model_order(result) if model in said]
    order.sort(key=lambda model: models[model].yardstick)
    real = [said[model] == label for model in order if not models[model].yardstick]
    told = "By a classifier on each model's features that had not seen this picture."
    if real:
        told = f"{sum(real)} of {words.count(len(real), 'model')} name its class. {told}"
    lines = [
        {
            "title": plain(models[model].title),
            "guess": plain(dataset.classes[said[model]]),
            "right": said[model] == label,
        }
        for model in order
    ]
    return {"told": told, "models": lines}


@cache
def _component() -> Any:
    html, css, script = (
        (_FOLDER / f"drawer.{kind}").read_text("utf-8") for kind in ("html", "css", "js")
    )
    return component("srcsel_drawer", html=html, css=css, js=script)
