"""The HTML report: complete, self-contained, within its size, and no name in it is ever markup."""

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from markupsafe import escape

from srcsel.base.records import (
    Ahead,
    Curve,
    CurvePoint,
    Dataset,
    Outlook,
    Projection,
    Shown,
    Strip,
    Verdict,
)
from srcsel.explore.filling import filled
from srcsel.report.html import to_html
from srcsel.report.pictures import drawn_rows, embed
from srcsel.verdict.correction import before_and_after, kept

ALERT = "<script>alert(1)</script>"
VOID = {"meta", "img", "rect", "path", "use", "circle", "polyline", "br", "input", "link"}


class Reader(HTMLParser):
    """Collects tags, attributes and text; fails on tags that do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.held: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        held = self.held.get(self.open[-1]) if self.open else None
        (self.words if held is None else held).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def pictures(result, projection):
    rows = drawn_rows(result.dataset, projection)
    return embed(rows, lambda row: bytes([255, 216, row]))


@pytest.fixture
def page(result, projection, evidence, pictures):
    return to_html(
        result, projection=projection, rows=projection.rows, pictures=pictures, evidences=[evidence]
    )


def test_hostile_names_are_words_everywhere(page):
    seen = Reader(page)
    assert [tag for tag, _ in seen.tags].count("script") == 2
    assert not [attrs for _, attrs in seen.tags if any(name.startswith("on") for name in attrs)]
    assert not [tag for tag, attrs in seen.tags if tag == "img" and attrs.get("src")]
    # title, verdict, bars, evidence, numbers, notes, failures, versions
    assert seen.text.count(ALERT) >= 12
    assert ALERT not in page


def test_long_names_that_begin_and_end_alike_are_told_apart(result, projection):
    known = result.dataset
    names = [f"Rattlesnake number {i} of the northern hemisphere" for i in range(9)]
    classes = tuple(names[: len(known.classes)])
    changed = dataclasses.replace(result, dataset=dataclasses.replace(known, classes=classes))
    page = to_html(changed, projection=projection, rows=projection.rows)
    seen = Reader(page)
    shapes = {attrs["href"][1:] for tag, attrs in seen.tags if tag == "use"}
    assert shapes <= {attrs.get("id") for _, attrs in seen.tags}
    for i in range(len(classes)):  # in the legend and on the map
        assert seen.text.count(f"Rattlesn…{i} of the north…") == 2


def test_nothing_is_fetched_and_the_policy_allows_nothing_else(page):
    seen = Reader(page)
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in seen.tags}
    addresses = [
        v
        for _, attrs in seen.tags
        for name, v in attrs.items()
        if name in ("src", "href", "action")
    ]
    assert all(value.startswith("#") for value in addresses)
    assert not [attrs for _, attrs in seen.tags if "style" in attrs]  # the policy would refuse them
    policy = next(a["content"] for t, a in seen.tags if t == "meta" and a.get("http-equiv"))
    style, script = seen.held["style"][0], seen.held["script"][-1]
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in style + script
    assert "url(" not in style


def test_it_says_all_that_the_dashboard_says(page, result, folder):
    text = Reader(page).text
    assert 'Start from good "><script>' in text
    assert "Clear choice" in text
    assert result.verdict.why.split(".")[0] in text
    for expected in (
        "60 pictures in 3 classes",
        "The classes look like parts of a data set.",
        "50 ms",
        "20 million",
        "MIT",
        "What does it cost?",
        "85.0 %",
        "Nearest neighbours (kNN)",
        "0.500",
        "LogME",
        "temperature 0.5",
        "On these pictures SCL picked the best model",
        "1.00",
        "0.33 to 1.00",
        RUN,
    ):
        assert expected in text, expected
    assert f"srcsel rank {folder} --models x/good,x/quick,x/bad" in text


RUN = "20260301-101500-000000-ab12"


def test_each_dot_carries_its_own_picture(page, result, projection):
    tips = json.loads(re.search(r'id="tips">(.*?)</script>', page, re.DOTALL).group(1))
    dots = [attrs for tag, attrs in Reader(page).tags if tag == "use" and "data-i" in attrs]
    assert [int(dot["data-i"]) for dot in dots] == list(range(60))
    places = filled(projection.xy, "umap")  # as on the pages
    for row, (dot, (name, file, source)) in enumerate(zip(dots, tips, strict=True)):
        assert name == " ".join(result.dataset.classes[result.dataset.labels[row]].split())
        assert file == result.dataset.paths[row]
        assert base64.b64decode(source.partition(",")[2]) == bytes([255, 216, row])
        x, y = places[row]
        assert float(dot["x"]) == pytest.approx(24 + 476 * (1 + x), abs=0.1)
        assert float(dot["y"]) == pytest.approx(24 + 326 * (1 - y), abs=0.1)  # up is up


def test_bars_stand_where_their_values_are(page):
    names = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="4" width="([\d.]+)"', page)[:3]
    # the axis runs from 0 to the highest whisker, 0.55
    assert [(role, float(x), float(w)) for role, x, w in names] == [
        ("winner", 0, pytest.approx(1000 * 0.5 / 0.55, abs=0.2)),
        ("other", 0, pytest.approx(1000 * 0.3 / 0.55, abs=0.2)),
        ("other", 0, pytest.approx(1000 * 0.1 / 0.55, abs=0.2)),
    ]


def test_without_map_evidence_cost_or_scores_it_still_stands(result):
    bare = to_html(dataclasses.replace(result, seconds_per_picture={}))
    assert 'id="map"' not in bare
    assert "Accuracy really reached" not in bare
    same = tuple(dataclasses.replace(m, params=5) for m in result.models)
    assert "What does it cost?" not in to_html(
        dataclasses.replace(result, seconds_per_picture={}, models=same)
    )
    nothing = dataclasses.replace(
        result,
        scores=(),
        rankings=(),
        verdict=Verdict("cannot tell", None, "x", why="Every model failed."),
    )
    assert "Nothing could be scored" in Reader(to_html(nothing)).text


def test_a_limit_is_said(result):
    assert (
        "Decided among models up to 12 ms (2 of 3)."
        in Reader(to_html(result, limit="among models up to 12 ms (2 of 3)")).text
    )


def test_the_map_fills_its_box_and_names_its_classes_as_text(result, projection):
    corner = dataclasses.replace(projection, xy=projection.xy / 4)
    svg = to_html(result, projection=corner).partition('id="map"')[2].partition("</svg>")[0]
    across = [float(x) for x in re.findall(r'<use [^>]* x="([0-9.]+)"', svg)]
    assert (min(across), max(across)) == (24, 976)  # of 1,000 units, less the edge
    assert ">b &amp; c</text>" in svg
    assert "<script" not in svg


def test_many_pictures_are_sampled_with_every_class_and_said():
    labels = np.repeat(np.arange(5), [4000, 500, 300, 150, 50])
    dataset = Dataset("x", "x", None, tuple(map(str, range(5000))), labels, tuple("abcde"), "d")
    projection = Projection("m", "umap", 0, np.arange(5000), np.zeros((5000, 2), np.float32))
    rows = drawn_rows(dataset, projection)
    assert len(rows) == 600
    assert np.bincount(labels[rows]).min() >= 30


def test_pictures_stop_at_the_budget_and_favour_no_class():
    labels = np.repeat([0, 1], 300)
    held = embed(np.arange(600), lambda _: b"x" * 100, budget=30_000)
    assert len(held) == 300
    assert 100 < sum(labels[row] for row in held) < 200
    assert embed(np.arange(3), lambda row: None if row == 1 else b"x").keys() == {0, 2}


def test_pictures_it_is_right_and_wrong_about_stand_on_the_card(result):
    rows = (Shown(0, 0, 0.9), Shown(25, 1, 0.8)), (Shown(45, 0, 0.7), Shown(50, 1, 0.6))
    strips = (Strip(result.verdict.winner, *rows),)
    shown = dataclasses.replace(result, strips=strips)
    pixel = "data:image/jpeg;base64,/9j/"
    text = to_html(shown, strip=dict.fromkeys((0, 25, 45), pixel))
    card = text.split('<div class="strip"')[1].split("</section>")[0]
    assert card.count(pixel) == 3  # the fourth is not there any more
    assert (
        card.count("took it for: a &#34;&gt;&lt;script&gt;") == 3
    )  # in words, as alt text and whole on hover
    assert "<script>" not in card
    assert '<div class="strip"' not in to_html(shown)
    assert '<div class="strip"' not in to_html(result, strip={0: pixel})


def test_what_more_pictures_would_bring_stands_in_it_once_it_is_known(result):
    points_ = (CurvePoint(8.0, 0.6, 0.5, 0.7), CurvePoint(16.0, 0.8, 0.75, 0.85))
    ahead = (Ahead(2.0, 32.0, 0.83, 0.7, 0.9, 0.03, 0.01, 0.046),)
    found = Outlook("r", (Curve(result.models[0].id, points_, ahead),), (), "Twice <b>as</b> many.")
    text = to_html(result, outlook=found)
    section = text.split("<h2>More pictures?</h2>")[1].split("</section>")[0]
    assert "Twice &lt;b&gt;as&lt;/b&gt; many." in section
    rows = re.findall(
        r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>', section
    )
    assert rows == [
        ("8", "60 %", "50 to 70", ""),
        ("16", "80 %", "75 to 85", ""),
        ("32 (twice as many)", "83 %", "70 to 90", "about 3 points (1 to 5)"),
    ]
    assert "More pictures?" not in to_html(result)


def test_what_was_corrected_and_what_that_changed_stand_in_it(result):
    run = dataclasses.replace(
        result.run, left_out=("a/1 <b>.png",), relabeled=(("b/2.png", "<i>new"),), corrects="r0"
    )
    corrected = dataclasses.replace(result, run=run, before=kept(result))
    page = to_html(corrected)
    assert str(escape(before_and_after(corrected))) in page
    assert before_and_after(corrected).startswith("1 picture left out, 1 with another label: ")
    assert "1 picture left out, 1 with another label, after run " + result.run.id in page
    assert "a/1 &lt;b&gt;.png (left out), b/2.png (now &lt;i&gt;new)" in page
    noted = dataclasses.replace(corrected, notes=("You left out 1 picture.", "Else."))
    assert "You left out" not in to_html(noted)  # said already
    assert "<li>Else.</li>" in to_html(noted)
    assert page.count('<rect class="before"') == 2 * len(result.models)
    assert "before the correction" in page
    assert '<rect class="before"' not in to_html(result)
    assert "before the correction" not in to_html(result)


def test_many_classes_are_folded_away_and_all_there(result):
    classes = tuple(f"class number {i}" for i in range(70))
    labels = np.arange(140) % 70
    dataset = dataclasses.replace(
        result.dataset,
        paths=tuple(map(str, range(140))),
        labels=labels,
        classes=classes,
    )
    page = to_html(dataclasses.replace(result, dataset=dataset))
    folded = page.partition("<details><summary>All 70, with their pictures</summary>")[2]
    assert all(f"{name} 2" in folded.partition("</details>")[0] for name in classes)
    assert "<details><summary>All" not in to_html(result)
