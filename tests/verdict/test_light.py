"""The traffic light: yardsticks, ties and sample size together, case by case."""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Accuracy, Verdict
from srcsel.verdict.expected import rival_in_words
from srcsel.verdict.light import beside_headline, light


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    centers = rng.standard_normal((3, 8))
    sets = {n: rng.standard_normal((90, 8)) + a * centers[y] for n, a in (("good", 3), ("poor", 1))}
    sets["plain"] = rng.standard_normal((90, 8))
    found = srcsel.rank_features(sets, y)
    models = tuple(dataclasses.replace(m, yardstick=m.id == "plain") for m in found.models)
    return dataclasses.replace(found, models=models)


def put(result, kind, plain=0.3, *, cause="", low=0.7, poor=0.79):
    told = (
        Accuracy("good", (0.8,), 0.8, low, 0.9),
        Accuracy("poor", (poor,), poor, 0.7, 0.98),
        Accuracy("plain", (plain,), plain, plain - 0.1, plain + 0.1),
    )
    return dataclasses.replace(
        result, accuracies=told, verdict=Verdict(kind, "good", "", cause=cause)
    )


def test_green_where_nothing_stands_against_it(result):
    assert light(put(result, "clear")) == ("green", "Clear choice")


@pytest.mark.parametrize(("plain", "color"), [(0.69, "green"), (0.7, "amber"), (0.85, "amber")])
def test_amber_where_a_yardstick_comes_as_close_as_the_interval_reaches(result, plain, color):
    found, said = light(put(result, "clear", plain))
    assert found == color
    assert ("a yardstick comes close" in said) == (color == "amber")


@pytest.mark.parametrize(
    ("poor", "color", "said"),
    [
        (0.804, "green", ""),  # equal in whole percent
        (0.86, "green", "Poor is right more often (86 %, 70 to 98), but by no more than chance "),
        (0.93, "amber", "Poor is right more often (93 %, 70 to 98), and not by chance, while "),
    ],
)
def test_another_model_that_is_right_more_often_than_a_clear_choice_is_named(
    result, poor, color, said
):
    found = put(result, "clear", poor=poor)
    models = tuple(dataclasses.replace(m, title=m.title.capitalize()) for m in found.models)
    found = dataclasses.replace(found, models=models)
    assert light(found)[0] == color
    assert ("another model is right more often" in light(found)[1]) == (color == "amber")
    assert rival_in_words(found).startswith(said)
    assert bool(rival_in_words(found)) == bool(said)
    assert rival_in_words(put(result, "tie", poor=poor)) == ""


def test_fewer_pictures_make_it_amber_sooner(result):
    """The same accuracies with the wider interval of fewer pictures."""
    assert light(put(result, "clear", 0.62))[0] == "green"
    assert light(put(result, "clear", 0.62, low=0.6))[0] == "amber"


def test_a_tie_is_amber_and_no_help_too(result):
    assert light(put(result, "tie"))[0] == "amber"
    for cause in ("yardstick", "chance", "same"):
        assert light(put(result, "cannot tell", cause=cause))[0] == "amber"


def test_too_few_pictures_and_too_many_alike_are_gray(result):
    assert light(put(result, "cannot tell", cause="few")) == ("gray", "Too few pictures")
    assert light(put(result, "cannot tell", cause="alike"))[0] == "gray"


def test_without_accuracies_the_verdict_alone_decides(result):
    bare = dataclasses.replace(put(result, "clear", 0.85), accuracies=())
    assert light(bare) == ("green", "Clear choice")


def test_json_and_report_say_it_too(result):
    from srcsel.report.html import to_html

    close = put(result, "clear", 0.75)
    assert srcsel.to_json(close)["light"] == {
        "color": "amber",
        "text": "Clear choice, but a yardstick comes close",
    }
    assert '<p class="badge amber">Clear choice, but a yardstick' in to_html(close)
    assert '<p class="badge green">Clear choice<' in to_html(put(result, "clear"))


def test_what_stands_beside_the_headline_does_not_repeat_it(result):
    none = put(result, "cannot tell", cause="yardstick")
    assert beside_headline(none) == ("amber", "No clear choice")
    assert beside_headline(put(result, "tie")) == light(put(result, "tie"))
