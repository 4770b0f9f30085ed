"""The results page in every state: no run, unknown run, running, failed, the three verdicts,
presenter mode.
"""

import dataclasses
import io
import json
import shutil
from html import escape
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest

from srcsel.base.records import Failure, Note, Part, Projection, Run, Verdict
from srcsel.base.settings import load_settings
from srcsel.cli.commands import _parser
from srcsel.jobs.board import Board
from srcsel.ui.results.bars import _pressed, _score_bars
from srcsel.ui.results.cost import _chart

RUN_ID = "20260301-101500-000000-ab12"


@pytest.fixture
def results(visit, stored):
    """Open the stored run: results(model=...)."""
    return lambda **address: visit("results", run=RUN_ID, **address)


def html_of(tab) -> str:
    return "\n".join(h.value for h in tab.html)


def bars(tab) -> list[dict]:
    """What the browser gets of the two bar charts."""
    parts = [part.proto for part in tab.get("bidi_component")]
    return [json.loads(part.json) for part in parts if part.component_name == "srcsel_bars"]


def models_of(drawn: dict) -> list[str]:
    return [row["model"] for row in drawn["chart"]["rows"]]


def costs(tab) -> dict | None:
    """The picture of score against cost."""
    drawn = [json.loads(chart.proto.spec) for chart in tab.get("plotly_chart")]
    return next((figure for figure in drawn if figure["data"][0]["type"] == "scatter"), None)


def ready(tab):
    assert not tab.exception, tab.exception
    return tab


def test_without_a_run_it_leads_to_the_pictures(visit, words_of):
    tab = ready(visit("results"))
    assert "No results yet" in words_of(tab)
    tab.button[0].click().run()
    assert tab.title[0].value == "Images"


@pytest.mark.parametrize("run_id", ["20990101-000000-000000-0000", "../../etc", "<b>x</b>"])
def test_unknown_run_is_said_in_words(visit, stored, words_of, run_id):
    tab = ready(visit("results", run=run_id))
    assert "This run is not here" in words_of(tab)
    tab.button[0].click().run()
    assert tab.title[0].value == "History"


def test_clear_verdict_first(results, words_of):
    tab = ready(results())
    page = html_of(tab)
    assert "Start from Strokes" in page
    assert "87 of 100" in page
    assert "1 ms" in page
    assert "0.6 million" in page
    assert "MIT" in page
    assert any(m.value.startswith(":green-badge[") for m in tab.markdown[:3])
    assert r"Next best\: Textures" in words_of(tab)
    assert "Start from Strokes. It" not in words_of(tab)  # the heading has said it


def test_the_card_says_what_the_re_checks_do_not(results, save, result, monkeypatch):
    monkeypatch.setattr(
        "srcsel.ui.results.verdict.after_training", lambda v, _: f"Of {v.winner} <b>"
    )
    save(result)
    tab = ready(results())
    assert "Of demo/m0 &lt;b&gt;" in html_of(tab)
    tab.toggle(key="presenter").set_value(True).run()
    assert "Of demo/m0" not in html_of(tab)


def test_the_shell_is_offered_what_follows_from_a_run(results, save, result):
    texts = [code.value for code in ready(results()).code if code.value.startswith("srcsel ")]
    assert texts[0].startswith("srcsel rank ")
    told = [_parser().parse_known_args(text.split()[1:]) for text in texts[1:]]
    assert [(known.command, extra) for known, extra in told] == [
        ("evidence", []),
        ("curve", []),
        ("report", []),
    ]
    assert {text.split()[2] for text in texts[1:]} == {RUN_ID}
    save(result, complete=False)
    assert sum(code.value.startswith("srcsel ") for code in ready(results()).code) == 1


def test_four_facts_stand_in_one_row(results, save, result):
    assert 'class="srcsel-facts srcsel-many"' in html_of(ready(results()))
    save(result, seconds_per_picture={})
    page = html_of(ready(results()))
    assert 'class="srcsel-facts"' in page


def test_where_no_fact_stands_beside_it_the_answer_has_the_whole_width(results, save, result):
    def in_columns(tab):
        return [c for c in tab.columns if any("srcsel-head" in h.value for h in c.get("html"))]

    assert in_columns(ready(results()))
    nothing = dataclasses.replace(result.verdict, kind="cannot tell", cause="yardstick")
    save(result, verdict=nothing)
    tab = ready(results())
    assert "srcsel-head" in html_of(tab)
    assert not in_columns(tab)


def test_tie_and_cannot_tell(results, save, result, words_of):
    why = "Both are close."
    tie = Verdict(
        "tie", "demo/m0", f"Start from Strokes. {why}", {"demo/m0": 52.0, "demo/m1": 48.0}, why=why
    )
    save(result, verdict=tie)
    assert "Too close to call" in words_of(ready(results()))
    why = "They look alike."
    unsure = Verdict(
        "cannot tell", "demo/m0", f"No clear choice yet. {why}", {"demo/m0": 30.0}, why=why
    )
    save(result, verdict=unsure)
    tab = ready(results())
    assert "No clear choice yet</h1>" in html_of(tab)
    assert "They look alike" in words_of(tab)
    assert "Start from" not in html_of(tab)


def test_disagreement_is_an_amber_box_with_the_reason(results, save, result, words_of):
    other = tuple(
        dataclasses.replace(r, models=r.models[::-1]) if r.measure == "silhouette" else r
        for r in result.rankings
    )
    note = "Textures puts all pictures close together."
    save(
        result,
        rankings=other,
        verdict=dataclasses.replace(result.verdict, notes=(Note(note, "whitened"),)),
    )
    tab = ready(results())
    assert [(w.proto.title, w.value) for w in tab.warning] == [
        ("The two scores disagree: here is why", note.replace(".", r"\."))
    ]


def test_verdict_that_is_first_in_neither_score_says_so(results, save, result):
    verdict = dataclasses.replace(
        result.verdict, winner="demo/m1", notes=(Note("It wins on the other measures."),)
    )
    save(result, verdict=verdict)
    assert (
        ready(results()).warning[0].proto.title
        == "The verdict is first in neither score: here is why"
    )


def test_notes_show_with_their_reading(results, save, result):
    said = (
        Note("Shapes lies in a cone.", "raw"),
        Note("By MSC alone Shapes leads.", "whitened"),
        Note("Few pictures."),
    )
    save(result, verdict=dataclasses.replace(result.verdict, notes=said))
    for reading, first in (
        ("whitened", r"By MSC alone Shapes leads\."),
        ("raw", r"Shapes lies in a cone\."),
    ):
        box = ready(results(reading=reading)).expander[0]
        assert (box.label, box.markdown[0].value) == (first, r"- Few pictures\.")


def test_a_yardstick_at_the_head_of_a_bar_is_no_disagreement(results, save, result):
    last = result.models[5]
    models = (*result.models[:5], dataclasses.replace(last, yardstick=True))
    rankings = tuple(
        (
            dataclasses.replace(r, models=(last.id, *(m for m in r.models if m != last.id)))
            if r.measure == "silhouette"
            else r
        )
        for r in result.rankings
    )
    firsts = {m: x for m, x in result.verdict.firsts.items() if m != last.id}
    notes = (Note("It is a yardstick.", "whitened"),)
    verdict = dataclasses.replace(result.verdict, firsts=firsts, notes=notes)
    save(result, models=models, rankings=rankings, verdict=verdict)
    tab = ready(results())
    assert not tab.warning
    assert tab.info[0].value == r"It is a yardstick\."


def test_several_notes_take_one_line_until_they_are_opened(results, save, result):
    said = tuple(Note(f"*Note* {i}.") for i in range(3))
    save(result, verdict=dataclasses.replace(result.verdict, notes=said))
    box = ready(results()).expander[0]
    assert box.label == r"\*Note\* 0\."
    assert box.markdown[0].value == "- \\*Note\\* 1\\.\n- \\*Note\\* 2\\."


def test_card_does_not_repeat_heading_and_cost(results, save, result, words_of):
    why = "It came first in 99 of 100 re-checks. Next best: Textures."
    text = (
        f"Start from Strokes. {why} 5.2 million weights, 9.9 ms per picture on this computer,"
        " licence MIT."
    )
    firsts = {"demo/m0": 99.6, "demo/m1": 0.4}
    save(result, verdict=dataclasses.replace(result.verdict, text=text, why=why, firsts=firsts))
    tab = ready(results())
    assert r"It came first in 99 of 100 re\-checks\. Next best\: Textures\." in [
        m.value for m in tab.markdown
    ]
    assert "99 of 100" in html_of(tab)  # 100 only if always
    assert "Textures (0)" not in html_of(tab)


def test_agreement_shows_no_amber_box(results, save, result):
    save(
        result,
        verdict=dataclasses.replace(
            result.verdict, notes=(Note("The smallest class has 10 pictures."),)
        ),
    )
    tab = ready(results())
    assert not tab.warning
    assert "smallest class" in tab.info[0].value


def test_two_charts_with_the_same_rows_and_a_map(results):
    tab = ready(results())
    charts = bars(tab)
    assert len(charts) == 2
    assert models_of(charts[0]) == models_of(charts[1])
    assert models_of(charts[0])[0] == "demo/m0"
    # two charts, map, drawer, what is pasted, names, theme
    assert len(tab.get("bidi_component")) == 7


def test_the_browser_may_say_anything_of_a_press(monkeypatch):
    chosen = []
    monkeypatch.setattr("srcsel.ui.results.bars.state.write", lambda **said: chosen.append(said))
    for said in ("demo/m2", 7, ["demo/m2"], None):
        monkeypatch.setattr("streamlit.session_state", {"bars-supcon": {"pressed": said}})
        _pressed("bars-supcon")
    assert chosen == [{"model": "demo/m2"}]


def test_reading_switch_changes_both_charts_and_the_link(results):
    tab = ready(results())
    before = bars(tab)
    tab.segmented_control(key="results-reading").set_value("raw").run()
    ready(tab)
    assert tab.query_params["reading"] == "raw"
    for was, now in zip(before, bars(tab), strict=True):
        assert [r["low"] for r in was["chart"]["rows"]] != [r["low"] for r in now["chart"]["rows"]]
    assert any("As published**: the formulas" in c.value for c in tab.caption)


def test_link_restores_model_reading_and_method(results):
    tab = ready(results(model="demo/m3", reading="raw", method="pca"))
    assert tab.selectbox(key="results-model").value == "demo/m3"
    assert tab.segmented_control(key="results-reading").value == "raw"
    assert tab.segmented_control(key="results-method").value == "pca"
    assert [drawn["chosen"] for drawn in bars(tab)] == ["demo/m3", "demo/m3"]


def test_choosing_a_model_goes_into_the_link(results):
    tab = ready(results())
    tab.selectbox(key="results-model").set_value("demo/m2").run()
    assert tab.query_params["model"] == "demo/m2"


def test_unknown_names_in_a_link_fall_back(results):
    tab = ready(results(model="demo/nobody", reading="tea-leaves", method="astrology"))
    assert tab.selectbox(key="results-model").value == "demo/m0"
    assert tab.segmented_control(key="results-reading").value == "whitened"
    assert tab.segmented_control(key="results-method").value == "umap"


def test_map_that_is_not_there_is_ordered_once_and_watched(results, board, settle, words_of):
    tab = ready(results(method="tsne"))
    ready(tab.run())
    jobs = [job for job in board.recent() if job.kind == "map"]
    assert [job.payload for job in jobs] == [
        {"run_id": RUN_ID, "model": "demo/m0", "method": "tsne"}
    ]
    assert "Drawing this map" in words_of(tab)
    settle(jobs[0].id, "failed", error="There is not enough memory.")
    tab.run()
    assert "not enough memory" in words_of(tab)
    # a failed map is not ordered again
    assert len([job for job in board.recent() if job.kind == "map"]) == 1


def test_table_has_both_readings_reasons_and_cost(results):
    tab = ready(results())
    tab.segmented_control(key="results-table").set_value("Every number").run()
    numbers = tab.dataframe[0].value
    assert set(numbers["Reading"]) == {"Corrected", "As published", ""}
    heads = [json.loads(tab.dataframe[0].proto.columns).get(c, {}).get("label") for c in numbers]
    assert "90 %" not in heads  # two columns were called so
    missing = numbers[numbers["Why not"] != ""]
    assert list(missing["Id"]) == ["demo/m5"]
    assert missing["Value"].isna().all()
    assert "constant" in missing["Why not"].iloc[0]
    assert numbers["Weights"].iloc[0] == 600_000
    assert numbers["Licence"].iloc[0] == "MIT"


def test_csv_holds_every_score(result):
    from srcsel.ui.results.table import all_numbers

    text = all_numbers(result).to_csv(index=False)
    again = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert len(again) == len(result.scores) + len(result.literal) + len(result.failures)
    row = again[(again["Id"] == "demo/m1") & (again["Reading"] == "As published")].iloc[0]
    literal = next(s for s in result.literal if s.model == "demo/m1" and s.measure == "silhouette")
    assert (float(row["Value"]), float(row["Low (90 %)"]), float(row["High (90 %)"])) == (
        literal.value,
        literal.low,
        literal.high,
    )


def test_failed_model_and_sampling_are_said(results, save, result, words_of):
    failure = Failure(
        "demo/m5",
        "",
        "No internet, so its weights could not be fetched.",
        "Traceback (most recent…)",
    )
    dataset = dataclasses.replace(result.dataset, notes=("The classes look like parts.",))
    notes = ("The re-checks used 5,000 of 9,000 pictures.",)
    save(result, failures=(failure,), notes=notes, dataset=dataset)
    tab = ready(results())
    assert "No internet" in words_of(tab)
    assert "The classes look like parts" in words_of(tab)
    assert "5,000 of 9,000" in words_of(tab)
    assert any(code.value.startswith("demo/m5\nTraceback") for code in tab.code)


def test_run_with_nothing_scored_says_why(results, save, result, words_of):
    failures = tuple(Failure(m.id, "", "There is no internet.") for m in result.models)
    why = "Every model failed; the reasons stand below."
    empty = Verdict("cannot tell", None, why, why=why)
    save(result, scores=(), literal=(), rankings=(), failures=failures, verdict=empty)
    tab = ready(results())
    assert "Nothing could be scored</h1>" in html_of(tab)
    assert words_of(tab).count("There is no internet") == 1  # six models, one reason: said once
    assert all(m.title in tab.error[0].proto.title for m in result.models)
    assert not tab.get("plotly_chart")


def test_a_stopped_run_says_who_is_ahead_and_pronounces_nothing(
    results, save, result, board, settle, words_of
):
    save(result, complete=False)
    run = dataclasses.asdict(
        Run(RUN_ID, "2026-03-01T10:15:00+00:00", "x", tuple(m.id for m in result.models))
    )
    board.submit("rank", {"run": run})
    settle(RUN_ID, "cancelled", parts=[Part("demo/m0", "done"), Part("demo/m1", "running", 10, 30)])
    tab = ready(results(method="tsne"))
    assert "6 of 6 models scored\\. Ahead so far\\: Strokes" in words_of(tab)
    assert "Nothing is decided before all are scored" in words_of(tab)
    assert "Start from" not in html_of(tab) + words_of(tab)
    assert "green-badge" not in words_of(tab)
    assert "<h1" not in html_of(tab)
    assert len(bars(tab)) == 2


def test_figures_are_made_once_for_all_drawings(results, save, result):
    """Also where the answer may be settled, and within a limit."""
    save(
        result,
        verdict=dataclasses.replace(result.verdict, kind="tie", close=("demo/m0", "demo/m1")),
    )
    tab = ready(results(cost="params", limit="2000000"))
    made = _score_bars.cache_info().misses, _chart.cache_info().misses
    ready(tab.run())
    assert (_score_bars.cache_info().misses, _chart.cache_info().misses) == made
    hits = _score_bars.cache_info().hits, _chart.cache_info().hits
    ready(tab.run())
    assert _score_bars.cache_info().hits == hits[0] + 2
    assert _chart.cache_info().hits == hits[1] + 1


def test_the_answer_shows_while_its_maps_are_drawn(
    results, result, board, settle, words_of, stored
):
    board.submit("rank", {"run": dataclasses.asdict(result.run)})
    parts = [*(Part(m.id, "done") for m in result.models), Part("maps", "running", 2, 6)]
    settle(RUN_ID, "running", parts=parts, what="Drawing maps, 2 of 6")
    shutil.rmtree(stored.folder / RUN_ID / "maps")
    tab = ready(results())
    assert "Start from Strokes" in html_of(tab)
    assert "So far" not in words_of(tab)
    assert 'class="srcsel-parts"' not in html_of(tab)
    assert "this one shows as soon as it is there" in words_of(tab)
    assert [(bar.value, bar.proto.text) for bar in tab.progress] == [(33, "Drawing maps, 2 of 6")]
    assert not [job for job in board.recent() if job.kind == "map"]
    xy = np.zeros((len(result.dataset.paths), 2), np.float32)
    stored.save_projection(RUN_ID, Projection("demo/m0", "umap", 0, np.arange(len(xy)), xy))
    assert "as soon as it is there" not in words_of(tab.run())
    assert "Drawing this map for the first time" in words_of(results(method="tsne"))


def test_run_without_a_first_result_yet(visit, board, settle, words_of):
    run = dataclasses.asdict(
        Run("20260301-101500-000000-cd34", "2026-03-01T10:15:00+00:00", "x", ("demo/m0",))
    )
    job = board.submit("rank", {"run": run})
    tab = ready(visit("results", run=job))
    assert tab.title[0].value == "Results"
    assert "Trying 1 starting model on **x**" in words_of(tab)
    assert "Getting ready" in words_of(tab)
    assert "not here" not in words_of(tab)


def test_nothing_scored_yet_is_no_verdict(results, save, result, board, settle, words_of):
    save(
        result,
        scores=(),
        literal=(),
        rankings=(),
        complete=False,
        verdict=Verdict("cannot tell", None, ""),
    )
    run = dataclasses.asdict(
        Run(RUN_ID, "2026-03-01T10:15:00+00:00", "x", ("demo/m0",), title="*leaves*")
    )
    board.submit("rank", {"run": run})
    settle(RUN_ID, "running", parts=[Part("demo/m0", "running", 10, 30)])
    tab = ready(results())
    assert tab.title[0].value == "Results"
    assert r"on **\*leaves\***" in words_of(tab)
    assert "0 of 1 model done" in words_of(tab)
    assert "<h1" not in html_of(tab)
    settle(RUN_ID, "cancelled")
    tab.run()
    assert "Stopped" in words_of(tab)
    assert "Trying" not in words_of(tab)
    assert r"Of **\*leaves\***." in words_of(tab)  # which pictures, also of what was stopped
    assert "<h1" not in html_of(tab)


def test_pictures_not_written_out_yet_are_asked_for_once_and_get_another_address(
    results, save, result, board, settle
):
    missing = dataclasses.replace(
        result.dataset, ref="demo:butterflies", folder=result.dataset.folder / "later"
    )
    save(result, dataset=missing)
    tab = ready(results())
    ready(tab.run())
    jobs = [job for job in board.recent() if job.kind == "check"]
    assert [job.payload for job in jobs] == [{"ref": "demo:butterflies"}]
    settle(jobs[0].id, "failed", error="The disk is full.")
    ready(tab.run())
    # a failed one is not asked for again
    assert len([job for job in board.recent() if job.kind == "check"]) == 1


def test_presenter_mode_keeps_verdict_bars_and_map(results, words_of):
    tab = results()
    tab.toggle(key="presenter").set_value(True).run()
    ready(tab)
    assert "Start from Strokes" in html_of(tab)
    assert len(bars(tab)) == 2
    assert not tab.get("plotly_chart")
    assert not tab.dataframe
    assert not tab.segmented_control
    assert "MSC" not in words_of(tab)


def test_an_audience_hears_why_where_another_model_comes_first_more_often(
    results, save, result, words_of, monkeypatch
):
    monkeypatch.setattr("srcsel.ui.results.verdict.expected", lambda _: object())
    monkeypatch.setattr("srcsel.ui.results.verdict.in_words", lambda _: "about 79 % right")
    others = dict.fromkeys(result.verdict.firsts, 0.0)
    for share, told in ((13.0, True), (87.0, False)):
        firsts = others | {result.verdict.winner: share, "demo/m1": 100.0 - share}
        save(result, verdict=dataclasses.replace(result.verdict, firsts=firsts, why="This is why"))
        assert ("This is why" in words_of(ready(results(present="on")))) is told


def test_footer_gives_the_same_job_as_a_command(results):
    command = next(c.value for c in ready(results()).code if c.value.startswith("srcsel rank"))
    assert command.endswith("--models demo/m0,demo/m1,demo/m2,demo/m3,demo/m4,demo/m5")


def test_command_names_what_is_not_as_usual(results, save, result):
    run = dataclasses.replace(
        result.run, temperature=0.1, metric="euclidean", seed=7, measures=("supcon",)
    )
    save(result, run=run)
    command = next(c.value for c in ready(results()).code if c.value.startswith("srcsel rank"))
    assert command.endswith("--measures supcon --temperature 0.1 --metric euclidean --seed 7")


def test_hostile_names_stay_text(results, save, result, words_of):
    models = (
        dataclasses.replace(result.models[0], title="<img src=x> **a** [b](http://evil)"),
        *result.models[1:],
    )
    save(result, models=models)
    tab = ready(results())
    assert "<img src=x>" not in html_of(tab)
    assert "&lt;img src=x&gt;" in html_of(tab)
    assert "[b](http" not in words_of(tab)
    # as text, which is all that the component writes
    assert bars(tab)[0]["chart"]["rows"][0]["about"][0].startswith("<img src=x>")


def rechecked(result, **fields):
    """The run with re-checks, so that it can be decided again: the better a model, the better in
    each.
    """
    noise = np.random.default_rng(0).normal(scale=1e-4, size=40)
    scores = tuple(dataclasses.replace(s, rechecks=s.value + noise) for s in result.scores)
    return dataclasses.replace(result, scores=scores, **fields)


def test_cost_picture_shows_every_model_by_its_time(results):
    tab = ready(results())
    dots = next(trace for trace in costs(tab)["data"] if trace.get("customdata"))
    assert dots["customdata"] == [f"demo/m{i}" for i in range(6)]
    assert tab.segmented_control(key="results-cost").value == "time"
    assert not [box for box in tab.info if "cost the same" in box.value]


def test_without_times_the_size_stands_for_them_and_equal_sizes_are_said(
    results, save, result, words_of
):
    save(result, seconds_per_picture={})
    tab = ready(results())
    assert tab.segmented_control(key="results-cost").options == ["Weights", "Memory"]
    assert "Times were not measured on this computer" in words_of(tab)
    models = tuple(dataclasses.replace(m, params=600_000) for m in result.models)
    save(result, seconds_per_picture={}, models=models)
    tab = ready(results())
    assert costs(tab) is None
    assert "These 6 models cost the same (0.6 million weights)" in words_of(tab)
    assert not [s for s in tab.select_slider if s.key == "results-limit"]


def test_limit_changes_the_verdict_and_the_link(results, save, result, words_of):
    times = {"demo/m0": 0.05} | {f"demo/m{i}": 0.004 + 0.001 * i for i in range(1, 6)}
    save(rechecked(result, seconds_per_picture=times))
    tab = ready(results())
    assert "Start from Strokes" in html_of(tab)
    tab.select_slider(key="results-limit").set_value(10.0).run()
    ready(tab)
    assert tab.query_params["limit"] == "10"
    assert "Strokes" not in html_of(tab)
    assert r"Among models up to 10 ms \(5 of 6\)" in words_of(tab)
    assert "demo/m0" not in models_of(bars(tab)[0])
    next(b for b in tab.button if b.label == "Show all models").click().run()
    assert "limit" not in tab.query_params
    assert "Start from Strokes" in html_of(tab)


def test_link_reopens_measure_cost_and_limit(results, save, result, words_of):
    save(rechecked(result))
    tab = ready(results(measure="knn", cost="memory", limit="7", model="demo/m5"))
    assert tab.selectbox(key="results-measure").value == "knn"
    assert tab.segmented_control(key="results-cost").value == "memory"
    assert tab.select_slider(key="results-limit").value == 7.0
    assert r"Among models up to 7 MB \(2 of 6\)" in words_of(tab)
    # the one in the link costs too much
    assert tab.selectbox(key="results-model").value in ("demo/m0", "demo/m1")


@pytest.mark.parametrize("limit", ["0.001", "-3", "nan", "fast", "1e999"])
def test_limit_that_makes_no_sense_is_lifted(results, limit):
    tab = ready(results(limit=limit))
    assert "Start from Strokes" in html_of(tab)
    assert "limit" not in tab.query_params


def test_limit_of_another_run_does_not_stay(results, save, result):
    save(rechecked(result))
    tab = ready(results(limit="2"))
    assert "limit" in tab.query_params
    other = rechecked(result, run=dataclasses.replace(result.run, id="20260302-101500-000000-cd34"))
    save(other)
    tab.query_params.clear()
    tab.query_params["run"] = other.run.id
    ready(tab.run())
    assert "limit" not in tab.query_params


def test_switching_the_cost_lifts_the_limit(results, save, result):
    save(rechecked(result))
    tab = ready(results(limit="2"))
    tab.segmented_control(key="results-cost").set_value("params").run()
    assert tab.query_params["cost"] == "params"
    assert "limit" not in tab.query_params


def question(tab) -> dict:
    """What the order for a report asked."""
    return next(job.payload for job in Board(load_settings().jobs).recent() if job.kind == "report")


def test_report_is_ordered_watched_and_handed_over(results, board, settle, monkeypatch):
    tab = ready(results(model="demo/m2", reading="raw"))
    next(b for b in tab.button if b.label == "Make report").click().run()
    ready(tab)
    assert question(tab) == {
        "run_id": RUN_ID,
        "model": "demo/m2",
        "method": None,
        "reading": "raw",
        "cost": None,
        "limit": None,
    }
    assert "Make report" not in [b.label for b in tab.button]
    job = board.recent()[0]
    settle(job.id, "failed", error="There is no room on the disk.")
    ready(tab.run())
    assert any("no room" in e.value for e in tab.error)
    monkeypatch.setattr(
        "srcsel.ui.results.sharing.stored",
        lambda asked, *_: b"x" * 1_200_000 if asked == question(tab) else None,
    )
    ready(tab.run())
    assert "Download report (1 MB)" in [d.label for d in tab.get("download_button")]


def test_share_offers_numbers_and_the_link_of_what_is_on_show(results):
    tab = ready(
        results(
            model="demo/m3", reading="raw", method="pca", measure="knn", cost="params", limit="3"
        )
    )
    labels = [d.label for d in tab.get("download_button")]
    assert {"CSV", "JSON"} <= set(labels)
    link = next(c.value for c in tab.code if "/results?" in c.value)
    chosen = dict(parse_qsl(link.partition("?")[2]))
    assert chosen == {
        "run": RUN_ID,
        "model": "demo/m3",
        "method": "pca",
        "reading": "raw",
        "measure": "knn",
        "cost": "params",
        "limit": "3",
    }


def test_training_script_is_there_for_the_winner_or_says_why_not(results, save, result, words_of):
    # demo/m0 ships with no srcsel
    assert any("Install srcsel again" in i.value for i in ready(results()).info)
    models = (dataclasses.replace(result.models[0], id="timm/resnet18.a1_in1k"), *result.models[1:])
    swap = {"demo/m0": "timm/resnet18.a1_in1k"}
    scores, literal = (
        tuple(dataclasses.replace(s, model=swap.get(s.model, s.model)) for s in group)
        for group in (result.scores, result.literal)
    )
    rankings = tuple(
        dataclasses.replace(r, models=tuple(swap.get(m, m) for m in r.models))
        for r in result.rankings
    )
    verdict = dataclasses.replace(
        result.verdict,
        winner="timm/resnet18.a1_in1k",
        firsts={},
        close=tuple(swap.get(m, m) for m in result.verdict.close),
    )
    dataset = dataclasses.replace(result.dataset, label_source="labels.csv")
    run = dataclasses.replace(result.run, models=tuple(m.id for m in models))
    seconds = {swap.get(m, m): took for m, took in result.seconds_per_picture.items()}
    told = dataclasses.replace(result, run=run, models=models, scores=scores, literal=literal)
    told = dataclasses.replace(told, rankings=rankings, seconds_per_picture=seconds)
    save(told, verdict=verdict, dataset=dataset)
    tab = ready(results())
    # nothing of it is sent before somebody asks
    assert not [c for c in tab.code if c.language == "python"]
    tab.session_state["script"] = True
    script = next(c.value for c in tab.run().code if c.language == "python")
    compile(script, "train.py", "exec")
    assert 'NAME = "resnet18.a1_in1k"' in script
    labels = [d.label for d in tab.get("download_button")]
    assert "Training script (train.py)" in labels
    assert "List of the pictures (pictures.csv)" in labels


def test_presenter_mode_keeps_only_the_story(results):
    tab = results(limit="2")
    tab.toggle(key="presenter").set_value(True).run()
    ready(tab)
    assert not tab.get("download_button")
    assert not tab.select_slider
    assert [h.value for h in tab.header] == ["Try your own picture"]
    assert costs(tab) is None


def ways_on(tab) -> list[tuple[str, str]]:
    return [(link.proto.label, link.proto.query_string) for link in tab.get("page_link")]


def test_the_ways_on_name_the_run_and_the_model_on_show(results):
    found = dict(ways_on(ready(results(model="demo/m2"))))
    assert found["Why this score"] == f"run={RUN_ID}&model=demo%2Fm2&view=why"
    assert found["Pictures worth a look"] == f"run={RUN_ID}&view=suspects"
    assert found["Is it true?"] == f"run={RUN_ID}"


def test_there_is_no_way_on_for_an_audience_or_before_the_run_is_done(results, save, result):
    tab = results()
    tab.toggle(key="presenter").set_value(True).run()
    assert "Why this score" not in dict(ways_on(ready(tab)))
    save(result, complete=False)
    assert "Why this score" not in dict(ways_on(ready(results())))


def test_a_long_licence_leaves_the_other_facts_their_room(results, save, result):
    terms = 'BSD (LICENCE in repo: "BSD LICENSE.", 2-clause text)'
    save(result, models=tuple(dataclasses.replace(m, license=terms) for m in result.models))
    html = html_of(ready(results()))
    assert html.count('class="srcsel-wordy"') == 1
    assert f'class="srcsel-wordy"><dt>licence</dt><dd title="{escape(terms)}">' in html
