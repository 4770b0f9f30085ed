"""The strip of pictures on the verdict card: whose, escaped, and what it needs not have."""

import dataclasses
import re
import shutil

import pytest

from srcsel.base.records import GIVEN, Shown, Strip
from srcsel.pictures import thumbs

RUN_ID = "20260301-101500-000000-ab12"  # of the fixture `result`

# rows 0..9 are of the class "<b>*spot*<b>", 10..19 of mildew, 20..29 of rust
OWN = Strip("demo/m0", (Shown(12, 1, 0.8), Shown(3, 0, 0.7)), (Shown(21, 0, 0.9),))
OTHER = Strip("demo/m1", (Shown(5, 0, 0.8),), ())


@pytest.fixture
def strip(visit, save, result):
    """Draw the page of the run with these strips; its strip as HTML, "" where there is none."""

    def draw(strips=(OWN, OTHER), **fields):
        save(result, strips=strips, **fields)
        page = visit("results", run=RUN_ID)
        if draw.presenting:
            page.toggle(key="presenter").set_value(True).run()
        assert not page.exception
        found = [h.proto.body for h in page.get("html") if 'class="srcsel-strip"' in h.proto.body]
        assert len(found) <= 1
        return "".join(found)

    draw.presenting = False
    return draw


def test_it_shows_the_winners_pictures_and_what_it_took_them_for(strip):
    body = strip()
    assert re.findall(r"/thumbs/[0-9a-f]+/(\d+)/96", body) == ["12", "3", "21"]
    assert (
        re.findall(r"<i title=[^>]*>(.*?)</i>", body)[-1] == "took it for: &lt;b&gt;*spot*&lt;b&gt;"
    )
    assert "one of a class" in body
    assert "the surest errors first" in body
    assert 'alt="rust: rust/01.png"' in body
    assert "<b>*spot*" not in body


def test_another_winner_has_its_own(strip, result):
    verdict = dataclasses.replace(result.verdict, winner="demo/m1")
    body = strip(verdict=verdict)
    assert re.findall(r"/thumbs/[0-9a-f]+/(\d+)/96", body) == ["5"]
    assert "Wrong about," not in body  # it has no errors


def test_runs_from_before_and_given_features_have_none(strip, result):
    assert strip(strips=()) == ""
    assert strip(run=dataclasses.replace(result.run, ref=GIVEN)) == ""


def test_it_shows_in_presenter_mode(strip):
    strip.presenting = True
    assert "took it for" in strip()


def test_pictures_that_are_gone_leave_a_gap(strip, picture_folder):
    shutil.rmtree(picture_folder)
    body = strip()
    set_id = re.search(r"/thumbs/([0-9a-f]+)/12/96", body)[1]
    assert thumbs.picture(set_id, 12, 96)[0] == "image/svg+xml"


def test_a_class_with_a_long_name_is_written_out(strip, result):
    name = "Ω" * 300
    dataset = dataclasses.replace(result.dataset, classes=(name, "mildew", "rust"))
    assert f"took it for: {name}" in strip(dataset=dataset)


def test_it_says_who_judged_but_not_to_an_audience(strip):
    assert "As a linear classifier on this model judged them" in strip()
    strip.presenting = True
    assert "linear classifier on this model" not in strip()
