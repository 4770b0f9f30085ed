"""Names from folders and model cards are shown literally, whatever they hold."""

import pytest

from srcsel.ui.parts import show


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rust", "rust"),
        ("*bold*", r"\*bold\*"),
        ("![](http://evil/x.png)", r"\!\[\]\(http\:" + show.JOINER + r"//evil/x\.png\)"),
        (":red[x]", r"\:red\[x\]"),
        (":tada:", r"\:" + show.JOINER + r"tada\:"),
        ("a\nb\t c", "a b c"),
        ("abc\u202egpj", "abc gpj"),
        ("me@evil.org", "me@" + show.JOINER + r"evil\.org"),
        ("a -> b", r"a \-" + show.JOINER + r"\> b"),
        (7, "7"),
    ],
)
def test_md_escapes(name, shown):
    assert show.md(name) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("IMG-04.v2.png", "IMG-04.v2.png"),
        ("*a*.png", r"\*a\*.png"),
        (r"a\.png", r"a\\.png"),
        ("www.evil.org", "www" + show.JOINER + ".evil.org"),
        ("a -> b--c", "a -" + show.JOINER + r"\> b-" + show.JOINER + "-c"),
    ],
)
def test_md_inside_leaves_dots_and_dashes(name, shown):
    assert show.md_inside(name) == shown


def test_plotly_text_shows_tags_literally():
    assert show.plotly_text("<a href='x'>R&D</a>") == "&lt;a href='x'&gt;R&amp;D&lt;/a&gt;"
