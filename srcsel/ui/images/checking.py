"""The check card: what a picture folder holds, what cannot be read, a few pictures of each class,
what to mend.

Names come from a quick listing made by the page; opening every file is a job of kind "check".
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from srcsel.base.errors import InputError, MissingPathError, SrcselError
from srcsel.base.paths import lasting, named
from srcsel.base.records import JobStatus, Listing
from srcsel.jobs.base import BROKEN
from srcsel.pictures import places, stores, thumbs
from srcsel.store.serialize import from_plain
from srcsel.ui.app import navigation, state
from srcsel.ui.parts import asking, cards, watch, words
from srcsel.ui.parts.making import CHECKED, check_job
from srcsel.ui.parts.show import error_state, md, plain, prefix

OPEN_CLASSES = 8  # classes shown without opening the expander
MOST_CLASSES = 200  # classes shown at all
EACH = 6  # pictures of a class
WAIT = 0.8  # seconds that a drawing waits for the names of a folder's files
KEPT = 300.0  # seconds that they are believed
LOOK = 0.5  # seconds between two looks whether they are there


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


def look_again(ref: str) -> None:
    """Forget what was listed and ask for a fresh check."""
    st.session_state.get(CHECKED, {}).pop(ref, None)
    _list.clear()


def listed(ref: str, *, whole: bool = False) -> Listing | None:
    """Return what the folder holds by name; None where it is not on this computer yet, or has a
    table so large that only the worker reads it, which `whole` reads all the same. Where there is
    so much that it takes long, the drawing ends here, says so, and begins anew when it is known.

    Raises InputError.
    """
    ref = lasting(ref)  # whatever was typed or stands in a link: checked at each drawing
    if named(ref) is not None and not _here(ref):
        return None
    if named(ref) is None and not stores.is_here(ref):
        return None
    found = _known(ref, whole=False)
    return _known(ref, whole=True) if whole and found is None else found


def _known(ref: str, *, whole: bool) -> Listing | None:
    if _list(ref, whole).is_old():
        _list.clear(ref, whole)
    coming = _list(ref, whole).future
    wait([coming], WAIT)
    if not coming.done():
        _looking(coming)
        st.stop()
    if coming.exception() is not None:
        _list.clear(ref, whole)  # it may be mended
    return coming.result()


@st.fragment(run_every=LOOK)
def _looking(coming: Future[Listing | None]) -> None:
    """Say that a folder is being looked through, until that is done."""
    if coming.done():
        st.rerun()
    st.info(
        "Looking through the folder. It holds very many files, so this takes a while; other pages"
        " can be used meanwhile.",
        icon=":material/hourglass_empty:",
    )


def _here(ref: str) -> bool:
    """Tell whether a named set lies on this computer; fetching or drawing it is the worker's
    work.
    """
    from srcsel.pictures.bundled.targets import TARGETS, VERSION
    from srcsel.pictures.public import INDEX, PUBLIC

    hub, _, name = ref.partition(":")
    folder = state.settings().public
    if hub == "demo" and name in TARGETS:
        return (folder / f"demo-{name}-{VERSION}").is_dir()
    # an unknown name: the listing says so
    return name not in PUBLIC or (folder / name / INDEX).is_file()


def waiting(ref: str, text: str) -> None:
    """Draw how far the worker is with pictures that are not here yet, `text` (Markdown) above while
    they come; the page is drawn anew when they are.
    """
    job = check_job(ref)
    if job.state in watch.ACTIVE:
        st.markdown(text)
    watch.watch_job(job, _reading)


class _Coming:
    """The names of a folder's files, on their way or there."""

    def __init__(self, ref: str, *, whole: bool) -> None:
        from srcsel.pictures.listing import list_pictures, list_quickly

        self._ended = math.inf
        self.future: Future[Listing | None] = _lister().submit(
            list_pictures if whole else list_quickly, ref
        )
        self.future.add_done_callback(self._note)

    def _note(self, _: Future[Listing | None]) -> None:
        self._ended = time.monotonic()

    def is_old(self) -> bool:
        """Tell whether they may have changed since they were there."""
        return time.monotonic() - self._ended > KEPT


@st.cache_resource(max_entries=16, show_spinner=False)
def _list(ref: str, whole: bool) -> _Coming:
    """Begin to list, once for all who ask: not on the thread that draws, which would answer nothing
    meanwhile, no press and no other page.
    """
    return _Coming(ref, whole=whole)


@st.cache_resource(show_spinner=False)
def _lister() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "listing")


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


def class_rows(
    listing: Listing,
    broken: set[str],
    counts: Sequence[int] | None = None,
    here: np.ndarray | None = None,
) -> list[tuple[int, int, list[int]]]:
    """Return (class, its readable pictures, rows of up to EACH of them) for each class, in
    order; `counts` (c,) of readable pictures where the listing is a preview; here (m,), rising: the
    rows of pictures that lie on this computer, None where all do.
    """
    rows = []
    if here is not None:
        aside = [row for row, path in enumerate(listing.paths) if path in broken] if broken else []
        every = np.bincount(listing.labels, minlength=len(listing.classes))
        counts = (every - np.bincount(listing.labels[aside], minlength=len(every))).tolist()
    shown = np.arange(len(listing.paths)) if here is None else here
    order = shown[np.argsort(listing.labels[shown], kind="stable")]
    ends = np.searchsorted(listing.labels[order], np.arange(len(listing.classes) + 1))
    for label in range(len(listing.classes)):
        members = order[ends[label] : ends[label + 1]].tolist()
        if broken:
            members = [row for row in members if listing.paths[row] not in broken]
        # from all over the class, not only its first files
        step = max(1, len(members) // (3 * EACH))
        count = len(members) if counts is None else counts[label]
        rows.append((label, count, members[::step][:EACH]))
    return rows


def class_html(
    listing: Listing, rows: list[tuple[int, int, list[int]]], ranges: Mapping[str, Any]
) -> str:
    """Write the strips as HTML, `ranges` as in `Dataset`. Names are escaped here."""
    shown = [row for _, _, members in rows for row in members]
    set_id = thumbs.register(listing.folder, [listing.paths[row] for row in shown], ranges)
    at = {row: place for place, row in enumerate(shown)}
    figures = []
    for label, count, members in rows:
        name = escape(plain(listing.classes[label]))
        images = "".join(
            f'<img src="{prefix()}{thumbs.url(set_id, at[row], 320)}" alt="{name}" loading="lazy">'
            for row in members
        )
        figures.append(
            f'<figure><figcaption title="{name}"><b>{name}</b><span>{count:,}</span></figcaption>'
            f'<div class="srcsel-thumbs">{images}</div></figure>'
        )
    return f'<div class="srcsel-classes">{"".join(figures)}</div>'
