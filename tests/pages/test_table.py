"""Every measure in its group with rank, chance and reasons; all measures together; the offer to
score by all.
"""

import dataclasses
import re

import pytest

from srcsel.base.records import Failure, Score
from srcsel.measures import MEASURES
from srcsel.ui.results import grid, table
from srcsel.verdict.ranks import make_rankings

RUN_ID = "20260301-101500-000000-ab12"
NO_HEAD = "This model has no source head."


@pytest.fixture
def more(result):
    """The run scored by four more measures: LEEP (no head: two models), TransRate, PACTran, a
    measure nobody knows.
    """
    ids = [m.id for m in result.models]
    scores = [Score(m, "leep", None, -1.0 - i, -2.0, 1.0 - i) for i, m in enumerate(ids[:4])]
    scores += [Score(m, "transrate", None, 10.0 + i, 1.0, 9.0 + i) for i, m in enumerate(ids)]
    scores += [
        Score(m, "pactran", None, (1.0, 1.0, 2.0, 3.0, 4.0, 5.0)[i]) for i, m in enumerate(ids)
    ]
    scores += [Score(m, "<i>of tomorrow", None, 1.0) for m in ids[:1]]
    known = [*result.scores, *(s for s in scores if s.measure in MEASURES)]
    failures = (*result.failures, *(Failure(m, "leep", NO_HEAD) for m in ids[4:]))
    return dataclasses.replace(
        result,
        scores=(*result.scores, *scores),
        failures=failures,
        rankings=make_rankings(known, result.literal),
    )


def test_groups_and_their_order(more):
    groups = grid.grouped(more)
    assert list(groups) == ["Headline", "Needs a source head", "More", "Known beforehand"]
    assert groups["Headline"] == [
        ("silhouette", "whitened"),
        ("silhouette", "raw"),
        ("supcon", "whitened"),
        ("supcon", "raw"),
        ("knn", None),
        ("logme", None),
        ("pactran", None),
    ]
    assert groups["Needs a source head"] == [("leep", None)]
    assert groups["More"] == [("transrate", None), ("<i>of tomorrow", None)]
    assert groups["Known beforehand"] == [("params", None)]  # no model here states an accuracy


def test_a_measure_that_failed_everywhere_still_has_its_row(result):
    failed = dataclasses.replace(
        result, failures=(Failure("demo/m0", "nleep", "Too few pictures."),)
    )
    assert ("nleep", None) in grid.grouped(failed)[
        "More" if "nleep" not in grid.USUAL else "Headline"
    ]


def test_rank_with_ties_and_the_best_is_marked(more):
    found = grid.cells(more, ("pactran", None), more.models, "Rank")
    assert [c.text for c in found] == ["1 =", "1 =", "3", "4", "5", "6"]
    assert [c.first for c in found] == [True, True, False, False, False, False]
    assert [c.text for c in grid.cells(more, ("transrate", None), more.models, "Rank")] == list(
        "654321"
    )


def test_value_gain_and_note_of_a_cell(more):
    (first, *_) = grid.cells(more, ("leep", None), more.models, "Value")
    assert (first.text, first.note) == (
        "−1.000",
        "value −1.000, chance −2.000, gain over chance 1.000, rank 1 of 4",
    )
    assert grid.cells(more, ("leep", None), more.models, "Gain over chance")[1].text == "0.000"
    assert grid.cells(more, ("pactran", None), more.models, "Gain over chance")[0].text == "–"
    knn = grid.cells(more, ("knn", None), more.models, "Value")[0]
    assert "90 % of the re-checks 0.400 to 0.800" in knn.note


def test_what_is_missing_says_why_and_has_no_rank(more):
    last = grid.cells(more, ("leep", None), more.models, "Rank")[-1]
    assert (last.text, last.note, last.missing, last.first) == ("n/a", NO_HEAD, True, False)
    assert grid.reasons(more)[NO_HEAD] == [
        "Untrained: Translated guesses (LEEP)",
        "Shuffled labels: Translated guesses (LEEP)",
    ]


def test_raw_and_whitened_readings_stay_apart(more):
    raw = grid.cells(more, ("silhouette", "raw"), more.models, "Value")[0]
    white = grid.cells(more, ("silhouette", "whitened"), more.models, "Value")[0]
    assert (raw.text, white.text) == ("0.155", "0.310")


def test_number_of_weights_ranks_the_largest_first(more):
    found = grid.cells(more, ("params", None), more.models, "Rank")
    assert [c.text for c in found] == list("654321")
    assert grid.cells(more, ("params", None), more.models, "Value")[0].text == "0.60 M"


def test_html_says_marks_help_and_track_record_and_escapes(more):
    hostile = dataclasses.replace(more.models[0], title="<img src=x>", yardstick=True)
    page = grid.html(dataclasses.replace(more, models=(hostile, *more.models[1:])), "Value")
    assert "<img" not in page
    assert "&lt;img src=x&gt;<small>yardstick</small>" in page
    assert "<i>of" not in page
    supcon = re.findall(r"Neighbour agreement \(SCL\)<small>([^<]*)</small>", page)
    assert supcon == [
        "corrected, turned round",
        "as published, turned round, favours wide models",
    ]
    assert "Published: weighted tau 0.72 over 16 targets (Sorkhei 2025)." in page
    assert "No published comparison found." in page
    assert grid.help_of("knn") in page


def test_together_leaves_out_what_is_missing_and_what_favours_wide_models(more):
    rows = table.together(more).set_index("Starting model")
    assert rows.loc["Strokes", "Rests on"] == rows.loc["Textures", "Rests on"] == "5 of 5 measures"
    assert rows.loc["Shuffled labels", "Rests on"] == "3 of 5 measures"
    assert (
        rows.loc["Shuffled labels", "No value from"]
        == "Linear evidence (LogME), Translated guesses (LEEP)"
    )
    assert rows.loc["Strokes", "Mean rank"] == 1.0
    assert rows.loc["Strokes", "Borda count"] == 100.0
    assert rows.index[0] == "Strokes"


@pytest.fixture
def results(visit, stored):
    return lambda: visit("results", run=RUN_ID)


def html_of(tab) -> str:
    return "\n".join(h.value for h in tab.html)


def test_every_measure_on_the_page_and_the_offer_is_taken_once(results, board, settle, words_of):
    tab = results()
    tab.segmented_control(key="results-table").set_value("Every measure").run()
    assert not tab.exception
    assert 'class="srcsel-grid"' in html_of(tab)
    assert rf"4 of {len(MEASURES)} measures are scored." in words_of(tab)
    assert tab.button(key="results-every").label.startswith("Score by every measure (about ")
    tab.button(key="results-every").click().run()
    (job,) = [j for j in board.recent() if j.kind == "measures"]
    assert job.payload == {"run_id": RUN_ID}
    assert "results-every" not in [b.key for b in tab.button]
    settle(job.id, "failed", error="The disk is full.")
    assert r"The disk is full\." in words_of(tab.run())


def test_view_switch_shows_ranks(results):
    tab = results()
    tab.segmented_control(key="results-table").set_value("Every measure").run()
    assert ">0.310<" in html_of(tab)
    tab.segmented_control(key="results-view").set_value("Rank").run()
    assert ">0.310<" not in html_of(tab)
    assert '<td class="first"' in html_of(tab)


def test_nothing_is_offered_once_every_measure_was_tried(results, save, result):
    failures = tuple(Failure("demo/m0", name, "Not defined.") for name in MEASURES)
    save(result, failures=failures)
    tab = results()
    tab.segmented_control(key="results-table").set_value("Every measure").run()
    assert "results-every" not in [b.key for b in tab.button]


def test_together_on_the_page_explains_itself(results, words_of):
    tab = results()
    tab.segmented_control(key="results-table").set_value("All measures together").run()
    assert not tab.exception
    assert "never the values themselves" in words_of(tab)
    assert tab.dataframe[0].value["Starting model"].iloc[0] == "Strokes"


def test_short_table_keeps_to_the_headline(more):
    assert "TransRate" not in table.short_table(more, "whitened").columns


def test_weights_that_read_the_same_share_a_rank(more):
    """Networks of one architecture differ by their source heads alone."""
    params = (568_180, 569_468, 28_600_000, 574_620)
    models = [dataclasses.replace(more.models[0], id=str(p), params=p) for p in params]
    found = grid._static("params", models, "Rank")
    assert [cell.text for cell in found] == ["2 =", "2 =", "1", "2 ="]


def test_columns_are_headed_by_what_the_field_calls_them():
    short = table._number("Nearest neighbours (kNN)")
    assert (short["label"], short["help"]) == ("kNN", "Nearest neighbours (kNN)")
    assert table._number("MSC gain")["label"] == "MSC gain"
