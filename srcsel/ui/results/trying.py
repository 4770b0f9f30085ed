"""Try your own picture: a box that takes one, and what each model takes it for.

The picture is kept for this browser tab only: the worker deletes the file when the models have run,
and the page the answer when it has read it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from srcsel.base.errors import InputError, SrcselError
from srcsel.base.records import GIVEN, JobStatus, Result, SourceModel
from srcsel.explore.inside import VOTERS
from srcsel.runs import trying
from srcsel.runs.trying import Named, Tried
from srcsel.ui.app import state
from srcsel.ui.parts import incoming, watch, words
from srcsel.ui.parts.asking import still_scoring, submit
from srcsel.ui.parts.making import pictures
from srcsel.ui.parts.show import figure, md, plain
from srcsel.verdict.readings import model_order

FIRST = 3  # models shown before the others are asked for
MOST_SENT = 4 * trying.LARGEST  # MB; what is larger than a picture may be is told in words as well
BOX, CAMERA = "try-own", "try-camera"
_NONE_OF_THEM = "It may be none of these classes."
_SLOT = "results.tried"  # session: (run, digest of the upload, job or None, Tried or sentence)


def section(result: Result) -> None:
    """Draw the box, how the models go about it, and what they say."""
    st.header("Try your own picture", anchor=False)
    if result.run.ref == GIVEN:
        st.caption(
            "This run was made from features, without its models, so they cannot be asked about"
            " another picture."
        )
    elif still_scoring(result):
        st.caption("When the scores are done, the models can be asked about a picture of yours.")
    else:
        _draw(result)


@st.fragment
def _draw(result: Result) -> None:
    with st.container(key=BOX, horizontal=True, vertical_alignment="top", gap="medium"):
        file = _taken_in(result)
        if file is not None:
            _hand_in(result, file)
        _answer(result)


def _taken_in(result: Result) -> Any:
    """Draw the box; returns the file in it, or None."""
    with st.container(width=320):
        by_camera = st.session_state.get(CAMERA, False)
        if by_camera:
            file = st.camera_input("Take a picture", key=f"try-shot-{result.run.id}")
        else:
            file = st.file_uploader(
                "Drop a picture, paste it with Ctrl+V, or browse",
                key=f"try-file-{result.run.id}",  # of any type: what is none is told in words
                max_upload_size=MOST_SENT,
            )
        st.toggle("Use the camera", key=CAMERA)
        _paste()(key="try-paste", data={"box": BOX, "camera": CAMERA})
        st.caption(
            "It is kept for this browser tab only, and deleted when the models have seen it."
        )
    return file


def _hand_in(result: Result, file: Any) -> None:
    """Ask the worker about a picture, once: its bytes lie on the disk, under the file's token."""
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    if st.session_state.get(_SLOT, ("", ""))[:2] == (result.run.id, digest):
        return
    try:
        token = trying.hand_in(incoming.received(file))
    except InputError as error:
        incoming.drop(file)
        st.session_state[_SLOT] = (result.run.id, digest, None, str(error))
        return
    except SrcselError as error:  # the disk: it may have room in a moment
        st.error(md(error), icon=":material/error:")
        _again()
        return
    job = submit("try", {"run_id": result.run.id, "token": token})
    if job is None:  # it said why; the picture waits for another try
        trying.take_back(token)
        _again()
        return
    incoming.drop(file)
    st.session_state[_SLOT] = (result.run.id, digest, job, token)


def _again() -> None:
    """Draw the button that hands the same picture in again: to be drawn again is all it takes."""
    st.button("Try again", key="try-again", icon=":material/refresh:")


def _answer(result: Result) -> None:
    run_id, digest, job_id, known = st.session_state.get(_SLOT, ("", "", None, ""))
    if run_id != result.run.id:
        return
    with st.container():
        if job_id is not None:
            job = state.board().status(job_id)
            if job.state in watch.ACTIVE:
                watch.watch_job(job, _progress)
                return
            known = _of(job, known)
            st.session_state[_SLOT] = (run_id, digest, None, known)
        if isinstance(known, Tried):
            _said(result, known)
        else:
            st.error(md(known), icon=":material/error:")


def _of(job: JobStatus, token: str) -> Tried | str:
    """Take the answer of a job that is over, or the sentence that says why there is none."""
    if job.state == "cancelled":
        return "This was stopped. Choose the picture again."
    if job.state == "failed":
        return job.error or "The picture could not be tried."
    return trying.take_answer(token) or "The answer is gone. Choose the picture again."


def _progress(job: JobStatus) -> None:
    st.markdown("The models look at your picture.")
    st.progress(job.share, text=md(job.what) or None)
    watch.buttons(job)


def _said(result: Result, tried: Tried) -> None:
    models = {model.id: model for model in result.models}
    order = {model: i for i, model in enumerate(model_order(result))}
    named = sorted(
        (one for one in tried.named if one.model in models),
        key=lambda one: (models[one.model].yardstick, order.get(one.model, len(order))),
    )
    st.html(
        f'<div class="srcsel-tried"><img src="data:image/jpeg;base64,{escape(tried.jpeg)}"'
        f' alt="Your picture"><p>{headline(result, named)}</p></div>'
    )
    set_id = pictures(result)
    rows = [_row(result, set_id, models[one.model], one) for one in named]
    if rows:
        st.html("".join(rows[:FIRST]))
    if rows[FIRST:]:
        with st.expander(f"{words.count(len(rows) - FIRST, 'more model')}, yardsticks last"):
            st.html("".join(rows[FIRST:]))
    if rows:
        st.caption(
            "The six nearest of the run's pictures; the number is how alike the model finds them"
            " (cosine, at most 1). A picture of something else is named as one of these classes all"
            " the same."
        )
    for failure in tried.failures:
        title = models[failure.model].title if failure.model in models else failure.model
        st.caption(f":material/error: {md(title)}: {md(failure.reason)}")


def headline(result: Result, named: list[Named]) -> str:
    """Say what most of the real models take the picture for, as HTML; that they do not agree, where
    no more than half are decided for one class.
    """
    yardsticks = {model.id for model in result.models if model.yardstick}
    asked = [one for one in named if one.model not in yardsticks] or named
    if not asked:
        return "None of the models can be asked:"
    said = [one.guess for one in asked if decided(result, one)]
    if not said:
        who = "The model is" if len(asked) == 1 else f"All {words.count(len(asked), 'model')} are"
        return f"{who} undecided. {_NONE_OF_THEM}"
    most = max(sorted(set(said)), key=said.count)
    name, votes = escape(plain(result.dataset.classes[most])), said.count(most)
    if len(asked) == 1:
        return f"The model takes it for <b>{name}</b>."
    whole = words.count(len(asked), "model")
    if votes == len(asked):
        return f"All {whole} take it for <b>{name}</b>."
    if 2 * votes > len(asked):
        return f"{votes} of {whole} take it for <b>{name}</b>."
    takes = "takes" if votes == 1 else "take"
    told = f"The models do not agree: {votes} of {len(asked)} {takes} it for <b>{name}</b>"
    left = len(asked) - len(said)
    undecided = f", {left} {'is' if left == 1 else 'are'} undecided" if left else ""
    return f"{told}{undecided}. {_NONE_OF_THEM}"


def decided(result: Result, one: Named) -> bool:
    """Tell whether most of the nearest pictures that vote are of the class a model names."""
    return 2 * _agree(result, one) > len(one.rows[:VOTERS])


def _agree(result: Result, one: Named) -> int:
    labels = result.dataset.labels
    return sum(int(labels[row]) == one.guess for row in one.rows[:VOTERS])


def _row(result: Result, set_id: str, model: SourceModel, one: Named) -> str:
    dataset = result.dataset
    figures = "".join(
        figure(
            set_id,
            row,
            dataset.paths[row],
            dataset.classes[int(dataset.labels[row])],
            f"{likeness:.2f}",
        )
        for row, likeness in zip(one.rows, one.likeness, strict=True)
    )
    guess = escape(plain(dataset.classes[one.guess]))
    if not decided(result, one):
        guess = f"undecided, at most {guess}"
    voters = len(one.rows[:VOTERS])
    said = f"{guess}, {_agree(result, one)} of the {voters} nearest"
    head = f"<p><b>{escape(plain(model.title))}</b>: {said}</p>"
    pics = f'<div class="srcsel-pics">{figures}</div>'
    return f'<section class="srcsel-says">{head}{pics}</section>'


@cache
def _paste() -> Any:
    script = Path(__file__).parents[1] / "parts" / "paste" / "paste.js"
    return component("srcsel_paste", html="<span></span>", js=script.read_text("utf-8"))
