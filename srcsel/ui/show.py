"""Drawing pieces that several pages share, and the escaping that keeps hostile names harmless."""

from __future__ import annotations

import re

JOINER = "\u2060"  # zero-width word joiner: breaks what Streamlit rewrites after Markdown was parsed

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=])")
_LATE = re.compile(  # rewritten in finished text, where a backslash no longer helps
    r"(?<=:)(?=[\w+\-/]+:)"  # :tada:, :material/bolt:
    r"|(?<=:)(?=//)|(?<=[wW]{3})(?=\.)|(?<=@)(?=\w)"  # bare addresses become links
    r"|(?<=[<>~\-])(?=[>\-=])"  # -> becomes an arrow, -- a dash
)
_UNSEEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def plain(name: object) -> str:
    """`name` on one line, without control characters and text-direction tricks."""
    return " ".join(_UNSEEN.sub(" ", str(name)).split())


def md(name: object) -> str:
    """Escape a name (class, file, model, folder) so that Streamlit Markdown shows it literally.

    Needed in every label, caption, alert and title, not only in st.markdown: all of them read Markdown.
    """
    return _MARKUP.sub(r"\\\1", _LATE.sub(JOINER, plain(name)))


def plotly_text(name: object) -> str:
    """Escape a name for Plotly titles, labels and hover texts, which honor <a>, <b> and entities."""
    return plain(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
