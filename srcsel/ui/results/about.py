"""On top of Results: which pictures the run is about, what was left out, and asking the same again
with other models or other pictures.
"""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from srcsel.base.phrases import listed
from srcsel.base.records import GIVEN, Dataset, Result
from srcsel.pictures import thumbs
from srcsel.runs.corrected import name_of
from srcsel.ui.app import frame, navigation
from srcsel.ui.parts import making, words
from srcsel.ui.parts.show import md, plain, prefix
from srcsel.verdict.correction import tells_all

STRIP = 10  # pictures
TOLD = 5  # files that were left out, named in the help


def draw(result: Result, which: str = "") -> None:
    """Draw the line of a run's pictures with a strip of them, and the two ways to ask again.

    which: the run this is, where the address did not name one.
    """
    dataset, run = result.dataset, result.run
    aside = _left_out(result)
    with st.container(horizontal=True, vertical_alignment="center", key="about", gap="small"):
        st.markdown(
            f"**{md(name_of(result))}**: {_counted(dataset)}" + (f", {aside}" if aside else ""),
            help=_which(result) or None,
            width="content",
        )
        if which:
            brief = which.partition(":")[0].rstrip(".")  # all that stands in this line is brief
            st.badge(brief, icon=":material/history:", color="gray", help=which)
        if run.ref == GIVEN:
            return
        st.html(_strip(dataset, making.pictures(result)), width="content")
        if not frame.presenting() and result.complete:
            _again(result)


def rows_shown(dataset: Dataset, most: int = STRIP) -> list[int]:
    """Return the rows of the strip, `most` at most: of each class some from all over it, of classes
    from all over where there are more.
    """
    order = np.argsort(dataset.labels, kind="stable")
    by_class = np.split(order, np.cumsum(dataset.counts)[:-1])
    full = [rows for rows in by_class if len(rows)]
    if len(full) > most:
        full = [full[i] for i in np.linspace(0, len(full) - 1, most).astype(int)]
    shown: list[int] = []
    for i, rows in enumerate(full):
        each = min(len(rows), most // len(full) + (i < most % len(full)))
        shown += rows[((np.arange(each) + 0.5) / each * len(rows)).astype(int)].tolist()
    return shown


def _counted(dataset: Dataset) -> str:
    pictures = words.count(len(dataset.paths), "picture")
    return f"{pictures} in {words.count(len(dataset.classes), 'class', 'classes')}"


def _left_out(result: Result) -> str:
    """Say what was corrected by hand, where the line of before and after does not, and left out
    because it cannot be read; "" for nothing.
    """
    run, unread = result.run, len(result.dataset.unreadable)
    told = tells_all(result)
    parts = [f"{len(run.left_out):,} left out by hand"] if run.left_out and not told else []
    parts += [f"{len(run.relabeled):,} given another label"] if run.relabeled and not told else []
    parts += [f"{unread:,} left out because of the file"] if unread else []
    return listed(parts) if parts else ""


def _which(result: Result) -> str:
    """Name some of what was left out, as Markdown; "" where nothing was."""
    lines = [f"- {md(path)}" for path in result.run.left_out[:TOLD]]
    lines += [f"- {md(u.path)}: {md(u.reason)}" for u in result.dataset.unreadable[:TOLD]]
    more = len(result.run.left_out) + len(result.dataset.unreadable) - len(lines)
    if more:
        lines.append(f"- and {more:,} more")
    return "Left out:\n" + "\n".join(lines) if lines else ""


def _strip(dataset: Dataset, set_id: str) -> str:
    """Write the strip as HTML; a press on one opens the drawer."""
    links = []
    for row in rows_shown(dataset):
        name = escape(plain(dataset.paths[row]))
        label = escape(plain(dataset.classes[int(dataset.labels[row])]))
        about = f'data-set="{set_id}" data-picture="{row}" data-file="{name}" data-label="{label}"'
        image = (
            f'<img src="{prefix()}{thumbs.url(set_id, row)}" alt="{label}: {name}" title="{label}"'
            ' loading="lazy" width="36" height="36">'
        )
        links.append(f'<a href="#" {about}>{image}</a>')
    return f'<div class="srcsel-film">{"".join(links)}</div>'


def _again(result: Result) -> None:
    run = result.run
    st.markdown("Run again with", width="content")
    if st.button(
        "other models",
        type="tertiary",
        icon=":material/deployed_code:",
        key="again-models",
        help="The same pictures and settings; what was left out or given another label stays so.",
    ):
        navigation.go("models", images=run.ref, again=run.id, models=None)
    if st.button(
        "other pictures",
        type="tertiary",
        icon=":material/photo_library:",
        key="again-pictures",
        help="The same models and settings.",
    ):
        navigation.go("images", again=run.id, models=None)
