"""The evidence page in every state: no run, nothing measured, running, failed, done, cannot tell,
one model, n/a.
"""

import dataclasses
import io
import json

import pandas as pd
import pytest

from srcsel.base.records import (
    RECIPE,
    Accuracy,
    Agreement,
    Evidence,
    Failure,
    Interval,
    Part,
    Protocol,
    Verdict,
)
from srcsel.evidence.sentence import caution
from srcsel.ui.evidence.evidence import command, how
from srcsel.ui.parts.measuring import real_seconds

RUN_ID = "20260301-101500-000000-ab12"
REACHED = (0.91, 0.90, 0.80, 0.70, 0.35, 0.40)
NONE = Interval(None)


def html_of(tab) -> str:
    return "\n".join(h.value for h in tab.html)


def figures(tab) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in tab.get("plotly_chart")]


def ready(tab):
    assert not tab.exception, tab.exception
    return tab


def agreement(predictor, reading, regret, tau, picked="demo/m0", models=6) -> Agreement:
    return Agreement(
        predictor,
        reading,
        models,
        picked,
        Interval(tau, tau - 0.3, tau + 0.2),
        Interval(tau + 0.05),
        Interval(tau + 0.1),
        Interval(regret, 0.0, regret + 1.5),
        0.75,
    )


@pytest.fixture
def evidence(result) -> Evidence:
    """Six models; the verdict picked the best; raw SCL lost 11 points; LogME was not defined."""
    accuracies = tuple(
        Accuracy(m.id, (v - 0.01, v + 0.01), v, v - 0.02, v + 0.02, v, 1.0)
        for m, v in zip(result.models, REACHED, strict=True)
    )
    agreements = (
        agreement("verdict", None, 0.0, 0.87),
        agreement("supcon", "whitened", 0.0, 0.87),
        agreement("params", None, 1.0, -0.6, picked="demo/m5"),
        agreement("supcon", "raw", 11.0, 0.2, picked="demo/m2"),
        Agreement(
            "logme", None, 1, None, NONE, NONE, NONE, NONE, None, "Only one model has this score."
        ),
    )
    sentence = (
        "On these pictures the verdict picked the best model. Strokes and Textures cannot be told"
        " apart."
    )
    return Evidence(
        RUN_ID,
        Protocol("probe"),
        accuracies,
        agreements,
        sentence,
        ("demo/m0", "demo/m1"),
        notes=("30 pictures, 5 folds of 6; 2 copies were kept together.",),
        created="2026-03-01T11:00:00+00:00",
    )


@pytest.fixture
def page(visit, stored):
    """Open the page for the stored run: page(evidence, ...)."""

    def open_page(*measured: Evidence, **address: str):
        for one in measured:
            stored.save_evidence(one)
        return ready(visit("evidence", **({"run": RUN_ID} | address)))

    return open_page


def test_without_a_run_it_leads_to_the_pictures(visit, words_of):
    tab = ready(visit("evidence"))
    assert tab.title[0].value == "Is it true?"
    assert "Nothing to put to the test yet" in words_of(tab)
    tab.button[0].click().run()
    assert tab.title[0].value == "Images"


@pytest.mark.parametrize("run_id", ["20990101-000000-000000-0000", "../../etc", "<b>x</b>"])
def test_unknown_run_is_said_in_words(visit, stored, words_of, run_id):
    assert "Nothing to put to the test yet" in words_of(ready(visit("evidence", run=run_id)))


def test_nothing_measured_offers_both_ways_with_their_price(page, words_of):
    tab = page()
    assert tab.title[0].value == "Is it true?"
    labels = [b.label for b in tab.button]
    assert labels[0].startswith("Quick check (about ")
    assert labels[1].startswith("Train 6 models: about ")
    assert not tab.get("plotly_chart")
    assert not tab.dataframe or "Predictor" not in tab.dataframe[0].value


def test_quick_check_is_asked_for_with_every_scored_model(page, board, words_of):
    tab = page()
    tab.button(key="evidence-probe").click().run()
    ready(tab)
    (job,) = [j for j in board.recent() if j.kind == "evidence"]
    assert job.payload["run_id"] == RUN_ID
    assert job.payload["protocol"] == dataclasses.asdict(Protocol("probe")) | {"seeds": [0, 1, 2]}
    assert job.payload["models"] == [f"demo/m{i}" for i in range(6)]
    assert "Getting ready" in words_of(tab)
    assert not {"evidence-probe", "evidence-train"} & {b.key for b in tab.button}


def test_training_is_asked_for_with_the_choices(page, board):
    tab = page()
    tab.segmented_control(key="evidence-shots").set_value("5")
    tab.segmented_control(key="evidence-repeats").set_value(1)
    tab.segmented_control(key="evidence-passes").set_value(30)
    tab.multiselect(key="evidence-models").set_value(["demo/m1", "demo/m2"]).run()
    assert tab.button(key="evidence-train").label.startswith("Train 2 models: about ")
    tab.button(key="evidence-train").click().run()
    (job,) = [j for j in board.recent() if j.kind == "evidence"]
    protocol = job.payload["protocol"]
    assert (protocol["kind"], protocol["shots"], protocol["seeds"], protocol["epochs"]) == (
        "finetune",
        5,
        [0],
        30,
    )
    assert job.payload["models"] == ["demo/m1", "demo/m2"]


def test_no_more_shots_are_offered_than_the_smallest_class_can_spare(page):
    # 10 pictures a class
    assert page().segmented_control(key="evidence-shots").options == ["5", "Most of them"]


def test_no_model_no_training(page):
    tab = page()
    tab.multiselect(key="evidence-models").set_value([]).run()
    assert tab.button(key="evidence-train").disabled
    assert tab.button(key="evidence-train").label == "Choose a model"


def test_what_has_no_weights_is_checked_but_not_trained(page, save, result):
    control, bare = (dataclasses.replace(m, yardstick=True) for m in result.models[4:])
    models = (*result.models[:4], control, dataclasses.replace(bare, params=0))
    save(result, models=models)
    tab = page()
    assert len(tab.multiselect(key="evidence-models").value) == 5
    assert tab.button(key="evidence-train").label.startswith("Train 5 models")


def test_running_shows_a_row_for_each_model_with_what_it_does(page, board, settle, words_of):
    job = board_submit(board)
    told = "Training Textures, 2 of 3: step 40 of 400"
    settle(
        job, "running", parts=[Part("demo/m0", "done"), Part("demo/m1", "running", 40, 400, told)]
    )
    tab = page()
    assert "1 of 2 models done" in words_of(tab)
    assert told in html_of(tab)
    assert tab.button[0].label == "Stop"


def board_submit(board) -> str:
    return board.submit(
        "evidence",
        {"run_id": RUN_ID, "protocol": dataclasses.asdict(Protocol("finetune")), "models": []},
    )


def test_failed_and_stopped_jobs_offer_to_continue(page, board, settle, words_of):
    job = board_submit(board)
    settle(job, "failed", error="There is <b>not</b> enough memory.")
    tab = page()
    assert r"There is \<b\>not\</b\> enough memory\." in words_of(tab)
    assert "Continue" in [b.label for b in tab.button]
    settle(job, "cancelled")
    assert "Stopped. What was finished is kept." in words_of(tab.run())


def test_sentence_first_then_numbers(page, evidence, words_of):
    tab = page(evidence)
    assert tab.title[0].value == "Is it true?"
    said = html_of(tab)
    assert ">On these pictures the verdict picked the best model.</h2>" in said
    assert r"Strokes and Textures cannot be told apart\." in words_of(tab)
    assert tab.markdown[0].value.startswith(":green-badge[")
    assert "The verdict held" in tab.markdown[0].value
    assert "91.0 %" in said
    assert "0.0 points" in said
    assert "lost by following the verdict (0.0 to 1.5)" in said
    assert "2 copies were kept together" in words_of(tab)


def test_what_is_shown_of_the_table_fits_1280_pixels():
    from srcsel.ui.evidence.agreements import CONFIG, SHOWN

    assert sum(CONFIG[name]["width"] for name in SHOWN) <= 1120


def test_two_charts_and_the_table_in_the_order_of_the_evidence(page, evidence):
    tab = page(evidence)
    dots, scatter = figures(tab)
    assert dots["data"][1]["customdata"][0] == "demo/m0"
    assert len(
        scatter["data"][0]["x"]["bdata"]
        if isinstance(scatter["data"][0]["x"], dict)
        else scatter["data"][0]["x"]
    )
    table = tab.dataframe[0].value
    assert list(table["Predictor"]) == [
        "The verdict's own rule",
        "Neighbour agreement (SCL)",
        "Number of weights",
        "Neighbour agreement (SCL), as published",
        "Linear evidence (LogME)",
    ]
    assert list(table["Points lost"])[:4] == [0.0, 0.0, 1.0, 11.0]
    assert list(table["Picked"])[:4] == ["Strokes", "Strokes", "Shuffled labels", "Colors"]
    assert table["90 % of tau"][3] == "−0.10 to 0.40"


def test_marks_and_reasons_stand_in_the_table(page, evidence):
    table = page(evidence).dataframe[0].value
    reason = "Only one model has this score."
    assert list(table["Note"]) == [
        "",
        "",
        "knows nothing of the pictures",
        "favours wide models",
        reason,
    ]
    assert list(table["Reading"]) == ["", "Corrected", "", "As published", ""]
    last = table.iloc[-1]
    assert pd.isna(last["Points lost"])
    assert pd.isna(last["Kendall's tau"])


def test_the_probe_as_a_score_is_no_forecast_of_the_probe():
    row, clear = agreement("linear_probe", None, 0.0, 0.5), Verdict("clear", "demo/m0", "")
    assert caution(row, "probe", clear) == "nearly the quick check itself"
    assert caution(row, "finetune", clear) == ""


def test_a_tie_is_no_pick_and_numbers_are_rounded_once(page, evidence):
    tied = dataclasses.replace(
        evidence.agreements[1],
        picked=None,
        tied=("demo/m0", "demo/m1", "demo/m2"),
        tau=Interval(0.2452),  # 0.245 first, it would be shown as 0.24
        regret=Interval(2.0),
        hit=0.475,
    )
    tab = page(dataclasses.replace(evidence, agreements=(tied,)))
    row = tab.dataframe[0].value.iloc[0]
    assert (row["Picked"], row["Kendall's tau"], row["Picked the best"]) == ("tie of 3", 0.25, 48)


def test_the_row_of_the_verdict_says_that_a_tie_was_broken_by_cost():
    row = agreement("verdict", None, 1.1, 0.9)
    tie = Verdict("tie", "demo/m0", "", close=("demo/m1", "demo/m0"))
    assert caution(row, "probe", tie) == "cheapest of 2 too close to call"
    assert caution(row, "probe", dataclasses.replace(tie, kind="clear")) == ""


def test_csv_holds_every_number(result, evidence):
    from srcsel.ui.evidence.agreements import to_csv

    models = (dataclasses.replace(result.models[0], title="=1+1"), *result.models[1:])
    again = pd.read_csv(io.StringIO(to_csv(dataclasses.replace(result, models=models), evidence)))
    assert again["Picked"][0] == "'=1+1"
    assert len(again) == 5
    raw = again[again["Reading"] == "As published"].iloc[0]
    assert (raw["Points lost"], raw["Lost, low"], raw["Lost, high"]) == (11.0, 0.0, 12.5)
    found = [raw[c] for c in ("Kendall's tau", "Tau, low", "Picked the best", "Models")]
    assert found == pytest.approx([0.2, -0.1, 0.75, 6])


def test_it_says_how_to_read_the_numbers(page, evidence, words_of):
    said = words_of(page(evidence))
    assert "About ten models are few" in said
    assert "Kendall's tau" in said


def test_another_score_can_be_set_against_accuracy(page, evidence):
    tab = page(evidence)
    box = tab.selectbox(key="evidence-predictor")
    assert box.value == "supcon-whitened"
    before = figures(tab)[1]["layout"]["xaxis"]["title"]["text"]
    box.set_value("params").run()
    assert (
        figures(ready(tab))[1]["layout"]["xaxis"]["title"]["text"]
        == "Number of weights →"
        != before
    )


def test_a_choice_that_is_gone_falls_back(page, evidence, save, result, stored):
    trained = dataclasses.replace(evidence, protocol=Protocol("finetune"), sentence="Trained.")
    tab = page(evidence, trained)
    tab.segmented_control(key="evidence-kind").set_value("quick").run()
    tab.selectbox(key="evidence-predictor").set_value("logme").run()
    save(result, scores=tuple(s for s in result.scores if s.measure != "logme"))
    stored.save_evidence(
        dataclasses.replace(trained, protocol=Protocol("finetune", shots=5), sentence="Few.")
    )
    tab.run()
    assert ready(tab).selectbox(key="evidence-predictor").value == "supcon-whitened"
    assert tab.segmented_control(key="evidence-kind").value == "quick"


def test_a_link_reopens_the_measurement_and_the_score_on_show(page, evidence):
    tab = page(
        evidence, dataclasses.replace(evidence, protocol=Protocol("finetune"), sentence="Trained.")
    )
    assert ">Trained.</h2>" in html_of(tab)
    tab.query_params["check"], tab.query_params["score"] = "quick", "logme"
    tab.run()
    assert ">Trained.</h2>" not in html_of(ready(tab))
    assert tab.selectbox(key="evidence-predictor").value == "logme"


def test_cannot_be_told_apart_is_said_plainly(page, evidence, result):
    everyone = tuple(m.id for m in result.models)
    sentence = "On these pictures accuracy cannot tell the models apart."
    tab = page(dataclasses.replace(evidence, close=everyone, sentence=sentence))
    assert "Accuracy cannot tell these models apart" in tab.markdown[0].value
    assert tab.markdown[0].value.startswith(":gray-badge[")
    assert f">{sentence}</h2>" in html_of(tab)


def test_a_verdict_that_missed_is_said_in_amber(page, evidence):
    tab = page(dataclasses.replace(evidence, close=("demo/m1",)))
    assert tab.markdown[0].value.startswith(":orange-badge[")
    assert "missed the best" in tab.markdown[0].value


def test_one_model_alone(page, evidence, words_of):
    reason = "Only one model was measured."
    alone = dataclasses.replace(
        evidence,
        accuracies=evidence.accuracies[:1],
        close=("demo/m0",),
        sentence=reason,
        agreements=(
            Agreement("supcon", "whitened", 1, None, NONE, NONE, NONE, NONE, None, reason),
        ),
    )
    tab = page(alone)
    assert "Only one model was measured" in tab.markdown[0].value
    assert len(figures(tab)) == 1
    assert "Too few models" in words_of(tab)
    assert tab.dataframe[0].value["Note"][0] == reason


def test_no_agreement_at_all(page, evidence, words_of):
    assert "at least two models in common" in words_of(
        page(dataclasses.replace(evidence, agreements=()))
    )


def test_every_model_failed(page, evidence, words_of):
    failures = tuple(
        Failure(f"demo/m{i}", "", "There is not enough memory.", "Traceback") for i in range(6)
    )
    tab = page(
        dataclasses.replace(
            evidence, accuracies=(), agreements=(), failures=failures, sentence="", close=()
        )
    )
    assert "Nothing could be measured</h2>" in html_of(tab)
    assert words_of(tab).count("not enough memory") == 1
    assert not tab.get("plotly_chart")
    assert tab.button(key="evidence-probe")


def test_half_finished_says_nothing_about_the_scores(page, evidence):
    tab = page(dataclasses.replace(evidence, complete=False))
    assert "Not finished" in tab.markdown[0].value
    drawn = html_of(tab)
    assert "Not every model is measured yet" in drawn
    assert "lost by following the verdict" not in drawn
    assert "held" not in tab.markdown[0].value


def test_trainings_of_before_say_nothing_about_the_verdict_and_come_after(page, evidence):
    before = dataclasses.replace(
        evidence, protocol=Protocol("finetune", learning_rate=1e-3), recipe=1
    )
    assert "Trained by the recipe of before" in page(before).markdown[0].value
    today = dataclasses.replace(before, protocol=Protocol("finetune"), recipe=RECIPE)
    shown = page(before, today).segmented_control(key="evidence-kind").value
    assert shown == "trained-10-3-15-chosen"


def test_both_kinds_switch_and_training_comes_first(page, evidence):
    trained = dataclasses.replace(
        evidence,
        protocol=Protocol("finetune", shots=5, seeds=(0,)),
        recipe=2,
        sentence="Trained.",
        created="2026-03-01T10:59:00",
    )
    tab = page(trained, evidence)
    switch = tab.segmented_control(key="evidence-kind")
    assert switch.options == ["Trained for real: 5 a class, 1 repeat", "Quick check"]
    assert ">Trained.</h2>" in html_of(tab)
    switch.set_value("quick").run()
    assert ">On these pictures the verdict picked" in html_of(ready(tab))


def test_footer_gives_the_same_job_as_a_command(page, evidence, result):
    trained = dataclasses.replace(
        evidence, protocol=Protocol("finetune", shots=None, seeds=(0, 1), epochs=5), recipe=2
    )
    shown = next(c.value for c in page(trained).code if c.value.startswith("srcsel evidence"))
    assert shown == f"srcsel evidence {RUN_ID} --check finetune --shots all --seeds 2 --epochs 5"


def test_the_command_gives_a_learning_rate_only_where_today_it_means_the_same(evidence, result):
    given = dataclasses.replace(evidence, protocol=Protocol("finetune", learning_rate=1e-3))
    assert "--learning-rate" not in command(result, given)  # of the recipe before
    today = command(result, dataclasses.replace(given, recipe=2))
    assert today.endswith(" --learning-rate 0.001")


def test_what_the_recipe_before_measured_stands_beside_today_s_under_its_own_name(page, evidence):
    before = dataclasses.replace(
        evidence, protocol=Protocol("finetune", learning_rate=1e-3), sentence="Before."
    )
    today = dataclasses.replace(
        evidence, protocol=Protocol("finetune"), recipe=2, created="2026-03-01", sentence="Today."
    )
    tab = page(before, today)
    name = "Trained for real: 10 a class, 3 repeats"
    assert sorted(tab.segmented_control(key="evidence-kind").options) == [
        name,
        f"{name}, former recipe",
    ]
    tab.query_params["check"] = "trained-10-3-15"  # an old link
    tab.run()
    assert ">Before.</h2>" in html_of(ready(tab))
    assert "By the plain recipe of before" in how(before)
    assert "plain recipe" not in how(today)


def test_a_training_is_priced_with_those_it_is_chosen_by(result):
    one = Protocol("finetune", epochs=1000, learning_rate=1e-3)
    both = dataclasses.replace(one, learning_rate=None)
    chosen, given = (real_seconds(result, result.models, p) for p in (both, one))
    # 2 and 1 times 0.7 to choose by, and three of four go on
    assert chosen / given == pytest.approx(2.15 / 1.45, rel=0.1)


def test_track_record_tells_studies_and_what_nobody_compared(page, evidence, words_of):
    tab = page(evidence)
    record = tab.dataframe[1].value
    knn = record[record["Measure"] == "Nearest neighbours (kNN)"]
    assert (knn["Value"].iloc[0], knn["Study"].iloc[0]) == (0.72, "Sorkhei 2025")
    assert set(record["Figure"]) == {"published", "recomputed"}
    assert r"No published comparison found for: Neighbour agreement \(SCL\)" in words_of(tab)


def test_presenter_mode_keeps_the_story(page, evidence):
    tab = page(evidence)
    tab.toggle(key="presenter").set_value(True).run()
    assert len(figures(ready(tab))) == 2
    assert not tab.dataframe
    assert "evidence-probe" not in [b.key for b in tab.button]


def test_hostile_names_stay_text(page, evidence, save, result, words_of):
    name = "<img src=x> **a** [b](http://evil)"
    save(result, models=(dataclasses.replace(result.models[0], title=name), *result.models[1:]))
    tab = page(dataclasses.replace(evidence, sentence=f"{name} is best. {name} is.", notes=(name,)))
    assert "<img src=x>" not in html_of(tab)
    assert "&lt;img src=x&gt;" in html_of(tab)
    assert "[b](http" not in words_of(tab)
    assert all("<img" not in json.dumps(f["layout"]) for f in figures(tab))
