"""Drawing pieces that several pages share, and the escaping that keeps hostile names harmless."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

import streamlit as st

from srcsel.base.phrases import plain
from srcsel.charts import plotly_text
from srcsel.pictures import thumbs
from srcsel.ui.app import navigation
from srcsel.ui.people.reach import prefix

__all__ = [
    "JOINER",
    "empty_state",
    "error_state",
    "figure",
    "md",
    "md_inside",
    "picture_grid",
    "plain",
    "plotly_text",
]

# zero-width word joiner: breaks what Streamlit rewrites after Markdown was parsed
JOINER = "\u2060"
PAGE = 48  # pictures of a grid at once
WRAPPED = 66  # pixels of a table's row; from 65 on Streamlit breaks long texts into lines

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=])")
_LATE = re.compile(  # rewritten in finished text, where a backslash no longer helps
    r"(?<=:)(?=[\w+\-/]+:)"  # :tada:, :material/bolt:
    r"|(?<=:)(?=//)|(?<=[wW]{3})(?=\.)|(?<=@)(?=\w)"  # bare addresses become links
    r"|(?<=[<>~\-])(?=[>\-=])"  # -> becomes an arrow, -- a dash
)


def md(name: object) -> str:
    """Escape a name (class, file, model, folder) so that Streamlit Markdown shows it literally.

    Needed in every label, caption, alert and title, not only in st.markdown: all of them read
    Markdown.
    """
    return _MARKUP.sub(r"\\\1", _LATE.sub(JOINER, plain(name)))


def md_inside(name: object) -> str:
    """Escape a name that stands behind other words, as `md`, but leave dots and dashes: they mean
    nothing there.

    For labels of boxes: a screen reader is given them as they are written, backslashes included.
    """
    return md(name).replace("\\.", ".").replace("\\-", "-")


def empty_state(
    title: str, why: str, button: str = "", to: str = "home", *, icon: str = ":material/info:"
) -> None:
    """Say what a page lacks, why, and offer one button that leads to the page `to`.

    The texts are Markdown.
    """
    with st.container(border=True, horizontal_alignment="left", gap="small"):
        st.header(title, anchor=False, icon=icon)
        st.markdown(why)
        if button and st.button(button, type="primary", key=f"empty-{to}"):
            navigation.go(to)


def error_state(title: str, why: str, detail: str = "") -> None:
    """Say what went wrong and what to do; `detail` (a trace, a log) is kept for copying."""
    st.error(why, title=title, icon=":material/error:")
    if detail:
        with st.expander("Copy details"):
            st.code(detail, language=None, wrap_lines=True)


def picture_grid(
    set_id: str,
    indices: Sequence[int],
    names: Sequence[str],
    labels: Sequence[str],
    *,
    key: str,
    page: int = PAGE,
    marks: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Draw pictures with label and file name, `page` at a time; a press opens the drawer.

    marks: name -> what was corrected about it, a line below it.
    """
    pages = -(-len(indices) // page)
    slot = st.container()
    number = st.pagination(pages, key=key) if pages > 1 else 1
    cut = slice((number - 1) * page, number * page)
    figures = [
        figure(set_id, i, name, label, mark=marks.get(name, ""))
        for i, name, label in zip(indices[cut], names[cut], labels[cut], strict=True)
    ]
    with slot:
        st.html(f'<div class="srcsel-pics">{"".join(figures)}</div>')


def figure(
    set_id: str,
    index: int,
    name: str,
    label: str,
    more: str = "",
    size: int = 96,
    mark: str = "",
) -> str:
    """Write one picture with label, file name and a line `more` as HTML, for a `srcsel-pics`; names
    are escaped.

    size: 96 or 320 pixels, of the copy that is shown. mark: how it is corrected, before `more`.
    """
    image = _img(set_id, index, f"{label}: {name}", size)
    shown = escape(plain(name))
    about = f'data-set="{set_id}" data-picture="{int(index)}" data-file="{shown}"'
    # the drawer of the page (parts/drawers) opens it
    link = f'<a href="#" {about} data-label="{escape(plain(label))}">{image}</a>'
    inside = name.removeprefix(f"{label}/")  # the class stands above it
    lines = _whole("b", label)
    lines += f'<span title="{shown}"><bdi>{escape(plain(inside))}</bdi></span>'
    lines += f"<em>{escape(plain(mark))}</em>" if mark else ""
    lines += _whole("i", more) if more else ""
    kind = ' class="marked"' if mark else ""
    return f"<figure{kind}>{link}<figcaption>{lines}</figcaption></figure>"


def _whole(tag: str, text: str) -> str:
    """Write a line that may be cut off, and is whole on hover."""
    said = escape(plain(text))
    return f'<{tag} title="{said}">{said}</{tag}>'


def _img(set_id: str, index: int, alt: str, size: int) -> str:
    source = _src(set_id, index, size)
    return (
        f'<img src="{source}" alt="{escape(plain(alt))}" loading="lazy" width="{size}"'
        f' height="{size}">'
    )


def _src(set_id: str, index: int, size: int) -> str:
    return f"{prefix()}{thumbs.url(set_id, int(index), size)}"
