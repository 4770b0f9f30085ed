"""What a model makes of every picture, as a page gets it: read, or made by the worker while the
page says so.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from srcsel.base import phrases
from srcsel.base.errors import NotAvailable, SrcselError
from srcsel.base.paths import named
from srcsel.base.records import (
    DOTS,
    MOST_DOTS,
    Inside,
    JobStatus,
    Projection,
    Result,
)
from srcsel.explore import inside
from srcsel.pictures import stores, thumbs, uploads
from srcsel.runs import taken
from srcsel.runs.taken import Taken
from srcsel.ui.app import state
from srcsel.ui.parts import cards, mine, watch, words
from srcsel.ui.parts.asking import ask_once, still_scoring
from srcsel.ui.parts.show import md

LONG = 60.0  # seconds of work that begins only when somebody asks for it
UNASKED = (
    "Finding neighbours among all {:,} pictures takes {} on this computer, so it begins only when"
    " you ask for it, on Explore."
)


def get_inside(result: Result, model: str) -> Inside | None:
    """Read what `model` makes of every picture; where it is not there, submit its job and draw how
    it goes.
    """
    try:
        found = inside.stored(result, model, state.features())
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        return None
    if found is not None:
        return found
    payload = {"run_id": result.run.id, "model": model}
    if (seconds := _seconds(result, model)) >= LONG and not _is_asked(payload):
        _offer(result, payload, seconds)
        return None
    by_worker(
        result,
        "inside",
        payload,
        "Looking at every picture with this model. It is kept, so the next time it shows at once.",
    )
    return None


def known_inside(result: Result, model: str) -> Inside | JobStatus | None:
    """Return what `model` makes of every picture, or the job that looks; draws nothing.

    None while the run is scored. Raises SrcselError, NotAvailable where it takes long and nobody
    has asked for it.
    """
    found = inside.stored(result, model, state.features())
    if found is not None or still_scoring(result):
        return found
    payload = {"run_id": result.run.id, "model": model}
    if (seconds := _seconds(result, model)) >= LONG and not _is_asked(payload):
        raise NotAvailable(UNASKED.format(len(result.dataset.paths), phrases.about(seconds)))
    return ask_once("inside", payload)


def known_guesses(result: Result) -> Taken | JobStatus | None:
    """Return what each model took every picture for, or the job that asks; as `known_inside`."""
    found = taken.stored(result, state.features())
    if found is not None or still_scoring(result):
        return found
    return ask_once("taken", {"run_id": result.run.id})


def _seconds(result: Result, model: str) -> float:
    """Foretell how long finding the neighbours of every picture takes for one model."""
    width = next((m.dim for m in result.models if m.id == model), None)
    return inside.foretold(len(result.dataset.paths), width)


def _is_asked(payload: Mapping[str, str]) -> bool:
    """Whether a job that finds neighbours is there and not done: on its way, or stopped."""
    job = state.board().find("inside", payload)
    return job is not None and job.state != "done"


def _offer(result: Result, payload: dict[str, str], seconds: float) -> None:
    """Say how long it takes, with a button that begins."""
    if still_scoring(result):
        st.info("This shows when the scores are done.", icon=":material/hourglass_top:")
        return
    n, time = words.count(len(result.dataset.paths), "picture"), phrases.about(seconds)
    st.info(
        f"Each picture's neighbours among all {n} are not known yet for this model. Finding them"
        f" takes {time} on this computer; it is kept.",
        icon=":material/schedule:",
    )
    if st.button(
        f"Find neighbours ({time})",
        key=f"inside-{payload['model']}",
        icon=":material/play_arrow:",
    ):
        ask_once("inside", payload)
        st.rerun()


def by_worker(result: Result, kind: str, payload: dict[str, str], text: str) -> None:
    """Let the worker make what a page lacks, once, and draw how it goes; `text` says what it is, as
    Markdown.
    """
    if still_scoring(result):
        st.info("This shows when the scores are done.", icon=":material/hourglass_top:")
        return
    watch.watch_job(ask_once(kind, payload), lambda job: _progress(job, text))


def _progress(job: JobStatus, text: str) -> None:
    watch.bar(
        job,
        failed="This could not be made.",
        stopped="This was stopped before it was done.",
        text=text,
    )


def get_map(result: Result, model: str, method: str, cap: int = DOTS) -> Projection | None:
    """Read the map of `cap` dots at most; where there is none, submit its job and draw how it
    goes, unless the run's own job is about to draw it.
    """
    cap = DOTS if len(result.dataset.paths) <= DOTS else max(DOTS, min(cap, MOST_DOTS[method]))
    projection = state.runs().projection(result.run.id, model, method, result.run.seed, cap)
    if projection is not None:
        return projection
    if still_scoring(result):
        st.info("The map is drawn when the scores are done.", icon=":material/hourglass_top:")
        return None
    job = state.board().for_run(result.run.id) if method == "umap" and cap == DOTS else None
    if job is not None and watch.draws_maps(job):
        st.fragment(_coming, run_every=watch.EVERY)(result, model)
        return None
    payload: dict[str, object] = {"run_id": result.run.id, "model": model, "method": method}
    payload |= {} if cap == DOTS else {"points": cap}
    watch.watch_job(ask_once("map", payload), _map_progress)
    return None


def _coming(result: Result, model: str) -> None:
    """Say that the run's job is about to draw a map; draw the page again when it is there."""
    run = result.run
    job = state.board().for_run(run.id)
    there = state.runs().projection(run.id, model, "umap", run.seed) is not None
    if there or job is None or not watch.draws_maps(job):
        st.rerun()
    part = next(part for part in job.parts if part.name == "maps")
    st.markdown("The answer stands. The maps are drawn now; this one shows as soon as it is there.")
    st.progress(words.share(part), text=md(job.what) or None)


def pictures(result: Result) -> str:
    """Return the thumbnail set of a run's pictures.

    Bundled ones that are not on disk yet get written out by the worker; the page is drawn again
    when they are.
    """
    dataset = result.dataset
    if dataset.ref.startswith("demo:") and not dataset.folder.is_dir():
        job = check_job(dataset.ref)
        if job.state in watch.ACTIVE:
            watch.watch_job(job, lambda _: None)
    return thumbs.register(dataset.folder, dataset.paths, dataset.ranges)


def _map_progress(job: JobStatus) -> None:
    if job.state == "failed":
        st.error(md(job.error) or "The map could not be made.", icon=":material/error:")
    elif job.state == "cancelled":
        st.info("The map was stopped before it was done.", icon=":material/pause_circle:")
    else:
        st.markdown(
            "Drawing this map for the first time. It is kept, so the next time it shows at once."
        )
        st.progress(job.share, text=md(job.what) or None)
    watch.buttons(job)


CHECKED = "srcsel.checked"  # session: dataset reference -> job id


RENEWED = "srcsel.renewed"  # session: ids of jobs asked for anew that have brought nothing yet


def check_job(ref: str) -> JobStatus:
    """Return the job that opens these pictures; asked for once in a browser tab, again by
    `look_again`, and where pictures that it fetched are no longer on this computer.
    """
    board = state.board()
    asked: dict[str, str] = st.session_state.setdefault(CHECKED, {})
    renewed: set[str] = st.session_state.setdefault(RENEWED, set())
    known = board.status(asked[ref]) if ref in asked else None
    gone = known is not None and known.state == "done" and not lies_here(ref)
    if known is not None and not gone:
        renewed.discard(known.id)
    # what was asked for anew and brought nothing either is not asked for again
    if known is not None and (not gone or known.id in renewed):
        return known
    uploads.touch(ref)
    asked[ref] = board.submit("check", {"ref": ref}, mine.asker())
    renewed |= {asked[ref]} if gone else set()
    return board.status(asked[ref])


def lies_here(ref: str) -> bool:
    """Tell whether pictures lie on this computer: of a named set, whose fetching or drawing is the
    worker's work, all; of an address their names. Raises InputError for an address that may not be
    opened.
    """
    from srcsel.pictures.bundled.targets import TARGETS, VERSION
    from srcsel.pictures.public import INDEX, PUBLIC

    if named(ref) is None:
        return stores.is_here(ref)
    hub, _, name = ref.partition(":")
    folder = state.settings().public
    if hub == "demo" and name in TARGETS:
        return (folder / f"demo-{name}-{VERSION}").is_dir()
    # an unknown name: the listing says so
    return name not in PUBLIC or (folder / name / INDEX).is_file()
