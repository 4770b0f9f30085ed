"""What one would have taken without looking: against records written by hand."""

import dataclasses
import math

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Accuracy
from srcsel.cli.tables import print_result
from srcsel.report.html import to_html
from srcsel.runs.public_json import to_json
from srcsel.verdict.beforehand import HEADING, agreement, beforehand, lines

#           accuracy, params, year, accuracy reached
FACTS = {
    "timm/best": (0.75, 5_000_000, 2019, 0.791),
    "timm/known": (0.842, 25_000_000, 2015, 0.70),
    "timm/new": (0.80, 10_000_000, 2024, 0.802),
    "pixels/thumbnail": (0.99, 900_000_000, 2026, 0.36),
}


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    centers = rng.standard_normal((3, 8))
    apart = dict(zip(FACTS, (3.0, 0.5, 0.5, 0.2), strict=True))
    sets = {m: rng.standard_normal((90, 8)) + apart[m] * centers[y] for m in FACTS}
    ranked = srcsel.rank_features(sets, y)
    assert ranked.verdict.winner == "timm/best"
    models = tuple(
        dataclasses.replace(
            m,
            title=m.id.partition("/")[2],
            yardstick=m.id.startswith("pixels"),
            **dict(zip(("accuracy", "params", "year"), FACTS[m.id][:3], strict=True)),
        )
        for m in ranked.models
    )
    told = tuple(Accuracy(m, (f[3],), f[3], f[3], f[3]) for m, f in FACTS.items())
    return dataclasses.replace(ranked, models=models, accuracies=told)


def changed(result, model, **facts):
    models = [dataclasses.replace(m, **facts) if m.id == model else m for m in result.models]
    return dataclasses.replace(result, models=tuple(models))


def test_three_ways_of_choosing_and_what_they_reach(result):
    picks = beforehand(result)
    assert [pick.model for pick in picks] == ["timm/known", "timm/known", "timm/new"]
    assert [pick.value for pick in picks] == [0.842, 25_000_000, 2024]
    assert [pick.reached for pick in picks] == [0.70, 0.70, 0.802]
    assert [round(pick.behind, 6) for pick in picks] == [9.1, 9.1, -1.1]
    assert lines(result) == [
        "Most accurate on ImageNet (84.2 %) and largest (25 million weights): known, here 70 %"
        " right, 9.1 points less than the verdict's",
        "Newest by its paper (2024): new, here 80 % right, 1.1 points more than the verdict's",
    ]


def at_64(result, model, other):
    """The result, `model` being `other` at 64 pixels, of which no accuracy is stored."""
    changed_ = changed(result, model, id=f"{other}@64", at=64, accuracy=None)
    return dataclasses.replace(
        changed_,
        **{
            kind: tuple(
                dataclasses.replace(one, model=f"{other}@64") if one.model == model else one
                for one in getattr(result, kind)
            )
            for kind in ("scores", "accuracies")
        },
    )


def test_a_model_at_another_size_has_the_accuracy_of_its_own(result):
    smaller = at_64(result, "timm/known", "packaged/tf_efficientnet_lite2")
    assert lines(changed(smaller, "timm/new", accuracy=0.7))[0] == (
        "Most accurate on ImageNet (77.5 % at its own size) and largest (25 million weights):"
        " known, here 70 % right, 9.1 points less than the verdict's"
    )


def test_an_accuracy_of_a_model_that_no_hub_knows_is_not_known(result):
    gone = at_64(result, "timm/known", "nowhere/gone")
    assert any("(80.0 %, of the 2 where that is known)" in line for line in lines(gone))


def test_the_verdicts_own_model(result):
    assert lines(changed(result, "timm/best", year=2025))[1] == (
        "Newest by its paper (2025): best, here 79 % right, the same model"
    )


def test_what_is_not_known_is_never_a_rank(result):
    bare = changed(changed(result, "timm/known", year=None), "timm/new", year=None)
    assert lines(bare)[1] == (
        "Newest by its paper: no one model (the year of the paper is known for 1 of 3 models)"
    )
    nan = changed(result, "timm/known", accuracy=math.nan)
    assert lines(nan)[0].startswith(
        "Most accurate on ImageNet (80.0 %, of the 2 where that is known) and newest by its paper"
        " (2024): new, here 80 % right"
    )
    every = result
    for model in FACTS:
        every = changed(every, model, accuracy=math.nan)
    assert "is known for 0 of 3 models" in lines(every)[-1]


def test_an_accuracy_on_another_task_is_none_on_imagenet(result):
    models = [
        dataclasses.replace(m, id=m.id.replace("timm/known", "demo/known")) for m in result.models
    ]
    scores = [
        dataclasses.replace(s, model=s.model.replace("timm/known", "demo/known"))
        for s in result.scores
    ]
    other = dataclasses.replace(result, models=tuple(models), scores=tuple(scores))
    assert beforehand(other)[0].model == "timm/new"
    assert beforehand(other)[1].model == "demo/known"
    assert lines(other)[1] == "Largest (25 million weights): known, not measured here"


def test_equals_are_no_choice(result):
    assert lines(changed(result, "timm/best", year=2024))[1] == (
        "Newest by its paper: no one model (2 of them are equal: 2024)"
    )


def test_a_model_at_several_sizes_but_not_its_own_counts_once(result):
    twin = changed(result, "timm/new", id="timm/known@128", at=128, accuracy=0.842)
    twin = changed(twin, "timm/known", id="timm/known@64", at=64)
    ids = {"timm/new": "timm/known@128", "timm/known": "timm/known@64"}
    twin = dataclasses.replace(
        twin,
        scores=tuple(dataclasses.replace(s, model=ids.get(s.model, s.model)) for s in twin.scores),
    )
    pick = next(p for p in beforehand(twin) if p.way == "imagenet")
    assert (pick.model, pick.told) == (
        "timm/known@64",
        "84.2 % at its own size",
    )  # no tie with itself


def test_one_model_at_two_sizes_counts_once(result):
    twin = changed(result, "timm/new", id="timm/known@128", at=128, params=25_000_000)
    twin = dataclasses.replace(
        twin,
        scores=tuple(
            dataclasses.replace(s, model=s.model.replace("timm/new", "timm/known@128"))
            for s in twin.scores
        ),
    )
    assert beforehand(twin)[1].model == "timm/known"


def test_nothing_is_said_without_accuracies_or_candidates(result):
    assert beforehand(dataclasses.replace(result, accuracies=())) == []
    only = dataclasses.replace(result, models=result.models[:1])
    assert beforehand(only) == []
    nan = tuple(dataclasses.replace(a, mean=math.nan) for a in result.accuracies)
    assert beforehand(dataclasses.replace(result, accuracies=nan)) == []


def test_shell_json_and_report_say_the_same(result, capsys):
    print_result(result)
    printed = capsys.readouterr().out
    html, told = to_html(result), to_json(result)["beforehand"]
    assert HEADING in printed
    assert HEADING in html
    for line in lines(result):
        assert f"- {line}" in printed
        assert line.replace("'", "&#39;") in html
    assert [(pick["model"], pick["reached"]) for pick in told] == [
        ("timm/known", 0.70),
        ("timm/known", 0.70),
        ("timm/new", 0.802),
    ]
    assert srcsel.beforehand(result) == beforehand(result)


def test_whether_the_pictures_agree_with_imagenet_from_four_models_on(result):
    assert agreement(result) is None  # three that are known, and a yardstick's own task
    models = (*result.models, dataclasses.replace(result.models[0], id="timm/fourth", accuracy=0.6))
    told = (*result.accuracies, Accuracy("timm/fourth", (0.791,), 0.791, 0.79, 0.8))
    four = dataclasses.replace(result, models=models, accuracies=told)
    # ImageNet 75.0, 84.2, 80.0, 60.0; here 79.1, 70.0, 80.2, 79.1. Of the six pairs best-new and
    # fourth-new agree, best-fourth is even, the others do not: 2.5 of 6
    assert agreement(four).endswith("right here in 42 of 100 cases")
    assert agreement(four) in lines(four)
    same = dataclasses.replace(models[-1], accuracy=0.75)  # one pair less, the even one: 2 of 5
    even = dataclasses.replace(four, models=(*models[:-1], same))
    assert agreement(even).endswith("in 40 of 100 cases")
