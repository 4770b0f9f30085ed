"""The check card: what a picture folder holds, what cannot be read, a few pictures of each class,
what to mend.

Names come from a quick listing made by the page; opening every file is a job of kind "check".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from srcsel.base.errors import InputError, MissingPathError, SrcselError
from srcsel.base.paths import lasting
from srcsel.base.records import JobStatus, Listing
from srcsel.jobs.base import BROKEN
from srcsel.pictures import places, stores
from srcsel.store.serialize import from_plain
from srcsel.ui.app import navigation, state
from srcsel.ui.images.listed import listed
from srcsel.ui.images.strips import class_html, class_rows
from srcsel.ui.parts import asking, cards, watch, words
from srcsel.ui.parts.making import CHECKED, check_job
from srcsel.ui.parts.show import error_state, md, plain

OPEN_CLASSES = 8  # classes shown without opening the expander
MOST_CLASSES = 200  # classes shown at all


def card(ref: str) -> None:
    """Draw all that is known of the chosen pictures, and go on looking while the check job runs."""
    try:
        ref = lasting(ref)
        listing = listed(ref)  # first: it says no where a path may not be opened, or is none
        job = check_job(ref)
    except SrcselError as error:
        _cannot(error)
        return
    if job.state in ("failed", "cancelled") or (listing is None and job.state != "done"):
        watch.watch_job(job, _reading)
    found = state.board().result(job.id) if job.state == "done" else None
    counts = None
    if listing is None:
        listing = _previewed(found)
        counts = found["counts"] if found else None
    if listing is None:
        return
    here = stores.rows_here(listing)
    with st.container(border=True):
        _summary(listing, job, found, here)
        _warnings(listing, found)
        _unreadable(found)
    _classes(listing, found, counts, here)


def readable(ref: str) -> int | None:
    """Return how many pictures could be opened, where a check in this browser tab has said so."""
    job = st.session_state.get(CHECKED, {}).get(ref)
    found = state.board().result(job) if job else None
    return int(found.get("sampled_from") or found["images"]) if found else None


def waiting(ref: str, text: str) -> None:
    """Draw how far the worker is with pictures that are not here yet, `text` (Markdown) above while
    they come; the page is drawn anew when they are.
    """
    job = check_job(ref)
    if job.state in watch.ACTIVE:
        st.markdown(text)
    watch.watch_job(job, _reading)


def _previewed(found: dict | None) -> Listing | None:
    """Return the few pictures that the finished check shows of each class."""
    if not found or not found.get("preview"):  # a check of an earlier version
        return None
    return from_plain(Listing, found["preview"])


def _cannot(error: SrcselError) -> None:
    error_state("These pictures cannot be used", cards.sentence(error))
    cause = error.__cause__
    if isinstance(cause, MissingPathError) and (near := places.meant(cause.path)):
        st.markdown("Did you mean:")
        with st.container(horizontal=True):
            for folder in near:
                st.button(
                    md(folder),
                    key=f"near-{folder}",
                    icon=":material/folder:",
                    on_click=_take,
                    args=(str(folder),),
                )


def _take(ref: str) -> None:
    state.write(images=ref)
    st.session_state["images-folder"] = ref


def _reading(job: JobStatus) -> None:
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        with left:
            if job.state == "failed":
                expected = not job.error.startswith(BROKEN)
                error_state(
                    "These pictures could not be checked",
                    md(job.error),
                    "" if expected else state.board().log(job.id),
                )
            elif job.state == "cancelled":
                st.info("The check was stopped.", icon=":material/pause_circle:")
            else:
                part = next((part for part in job.parts if part.name == "pictures"), None)
                text = words.progress(part) if part else "Getting ready"
                st.progress(words.share(part) if part else 0.0, text=text)
        with right:
            watch.buttons(job)


def _least(counts: np.ndarray, classes: Sequence[str]) -> str:
    """Say which class has the fewest pictures; of equal ones none is the smallest."""
    least = np.flatnonzero(counts == counts.min())
    if len(least) == len(counts):
        return "Pictures in each class"
    if len(least) > 1:
        return f"Smallest {len(least)} classes, each"
    return f"Smallest class: {md(classes[least[0]])}"


def _summary(listing: Listing, job: JobStatus, found: dict | None, here: np.ndarray | None) -> None:
    counts = (
        np.bincount(listing.labels, minlength=len(listing.classes))
        if found is None
        else np.array(found["counts"])
    )
    classes = listing.classes if found is None else found["classes"]
    title, button = st.columns([4, 1], vertical_alignment="center")
    title.markdown(f"## {md(listing.name)}")
    with button:
        _continue(counts, checked=found is not None)
    total, classes_, smallest, broken = st.columns(4)
    sampled_from = (found or {}).get("sampled_from")
    total.metric("Pictures", f"{sampled_from or counts.sum():,}")
    classes_.metric("Classes", f"{len(classes):,}")
    if len(counts):
        smallest.metric(_least(counts, classes), f"{counts.min():,}")
    with broken:
        if found is not None:
            aside = sum(b.get("kind", "file") == "file" for b in found["unreadable"])
            st.metric("Cannot be read", f"{aside:,}")
        elif job.state in watch.ACTIVE:
            watch.watch_job(job, _still)
    about = [f"Classes come from {md(listing.label_source)}."]
    if here is not None and len(here) < len(listing.paths):
        about.append(f"{words.count(len(listing.paths), 'picture')} listed, {len(here):,} fetched.")
    if listing.license:
        about.append(f"Licence: {md(listing.license)}.")
    st.caption(" ".join(about))


def _still(job: JobStatus) -> None:
    part = next((part for part in job.parts if part.name == "pictures"), None)
    st.metric("Still reading", f"{part.done:,} of {part.total:,}" if part and part.total else "…")


def _continue(counts: np.ndarray, *, checked: bool) -> None:
    # as srcsel.pictures.checks.require_rankable, which says why
    ready = len(counts) >= 2 and int(counts.max()) >= 2
    if ready and checked:  # until then the check itself needs the processor
        asking.warm_up()
    if st.button(
        "Continue",
        type="primary",
        icon=":material/arrow_forward:",
        disabled=not ready,
        width="stretch",
    ):
        navigation.go("models", images=state.read("images"))


def _warnings(listing: Listing, found: dict | None) -> None:
    from srcsel.pictures import checks

    try:
        checks.require_rankable(listing)
    except InputError as error:
        st.error(cards.sentence(error), icon=":material/block:")
        return
    for warning in checks.notes_of(listing) if found is None else found["warnings"]:
        st.warning(md(warning), icon=":material/warning:")
    _remedies(listing)


def _remedies(listing: Listing) -> None:
    """Offer the other ways to read a folder whose layout gives reason to ask."""
    from srcsel.pictures import layouts

    ways = layouts.remedies(listing)
    if ways:
        with st.container(horizontal=True):
            for way in ways:
                st.button(
                    md(way.label),
                    key=f"remedy-{way.label}",
                    icon=":material/account_tree:",
                    on_click=_take,
                    args=(way.ref,),
                )


def _unreadable(found: dict | None) -> None:
    broken = (found or {}).get("unreadable", ())
    if broken:
        rows = any(b.get("kind") == "row" for b in broken)
        what = ("file or row", "files and rows") if rows else ("file",)
        with st.expander(
            f"{words.count(len(broken), *what)} left out", icon=":material/broken_image:"
        ):
            st.dataframe(
                {
                    "File": [plain(b["path"]) for b in broken],
                    "Why": [plain(b["reason"]) for b in broken],
                },
                hide_index=True,
                alt="Files that cannot be read, and why",
            )


def _classes(
    listing: Listing, found: dict | None, counts: Sequence[int] | None, here: np.ndarray | None
) -> None:
    """Draw a strip of pictures for each class, classes after the eighth in an expander; `counts`
    and `here` as in `class_rows`.
    """
    broken = {b["path"] for b in (found or {}).get("unreadable", ())}
    ranges = (found or {}).get("ranges", {})
    strips = class_rows(listing, broken, counts, here)
    st.html(class_html(listing, strips[:OPEN_CLASSES], ranges))
    rest = strips[OPEN_CLASSES:MOST_CLASSES]
    if rest:
        with st.expander(
            f"{words.count(len(strips) - OPEN_CLASSES, 'more class', 'more classes')}",
            icon=":material/expand_content:",
        ):
            st.html(class_html(listing, rest, ranges))
            if len(strips) > MOST_CLASSES:
                st.caption(f"The first {MOST_CLASSES} classes are shown.")
