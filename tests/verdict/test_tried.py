"""The order in which models were tried, in words: against records written by hand."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import kendalltau

import srcsel
from srcsel.base.records import Accuracy, Dropped, Kind, Like, Prior, Race
from srcsel.cli.tables import print_result
from srcsel.report.html import to_html
from srcsel.runs.public_json import to_json
from srcsel.verdict.tried import agreement, concordance, fared, in_brief, in_words

NAMES = tuple("abcdef")


@pytest.fixture
def result():
    """Three models on all pictures, a, b and c; d left last, then e; f is a yardstick."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    ranked = srcsel.rank_features({name: rng.standard_normal((60, 4)) for name in "abc"}, y)
    models = tuple(
        dataclasses.replace(ranked.models[0], id=name, title=name, yardstick=name == "f")
        for name in NAMES
    )
    told = tuple(
        Accuracy(name, (mean,), mean, mean, mean)
        for name, mean in zip("abcf", (0.7, 0.9, 0.8, 0.99), strict=True)
    )
    left = tuple(Dropped(name, 40, "a", 99.0, "behind") for name in "ed")
    race = Race((40, 60), stage=2, models=6, dropped=left)
    return dataclasses.replace(ranked, models=models, accuracies=told, race=race)


def test_who_did_better_here(result):
    assert sorted(fared(result), key=fared(result).__getitem__) == ["e", "d", "a", "c", "b"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("bcade", "agreed with the order in which models were tried: of two of these 5 models the"),
        ("bcaed", "in 90 of 100 cases"),  # one pair of ten the other way
        ("edacb", "disagreed with the order in which models were tried: "),
        ("edacb", "in 0 of 100 cases"),
        ("abecd", "agreed in part with"),  # ab, ac, ec, ed the other way: 6 of 10
        ("bedca", "said nothing of"),  # ed, ec, ea, dc, da the other way: 5 of 10
    ],
)
def test_whether_the_pictures_agreed(result, order, said):
    asked = dataclasses.replace(result, prior=Prior((*order, "f")))
    assert said in agreement(asked)


def test_an_order_that_these_pictures_taught_is_no_surprise(result):
    likes = (Like("1", "Mine", 8, 1.0, same=True),)
    asked = dataclasses.replace(result, prior=Prior((*"bcade", "f"), likes))
    assert "tried, which rests on these very pictures too: of two" in agreement(asked)


def test_too_few_models_or_no_order_and_nothing_is_said(result):
    assert agreement(result) is None
    assert agreement(dataclasses.replace(result, prior=Prior(NAMES), race=None)) is None


def test_concordance_is_kendalls_where_nothing_is_equal():
    rng = np.random.default_rng(0)
    for _ in range(5):
        one, other = (dict(enumerate(rng.standard_normal(9))) for _ in range(2))
        tau = kendalltau(list(one.values()), list(other.values())).statistic
        assert 2 * concordance(one, other) - 1 == pytest.approx(tau)
    assert concordance({"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 3.0}) == 0.5
    assert concordance({"a": 1.0, "b": 1.0}, {"a": 3.0, "b": 4.0}) is None
    assert concordance({"a": 1.0}, {"a": 3.0}) is None


def test_what_the_order_rests_on_in_words():
    assert in_words(Prior(NAMES)).endswith(" No earlier run here is on pictures like these.")
    likes = (Like("1", "Mine", 8, 1.0, same=True), Like("2", "Trash", 9, 0.861, same=False))
    kinds = (Kind("captions", 3, 0.2), Kind("ImageNet-1k", 5, -0.124), Kind("sketches", 1, 0.01))
    assert in_words(Prior(NAMES, likes, kinds)).endswith(
        "in 2 earlier runs on pictures like these, Mine (these very pictures, 8 models) and Trash"
        " (the 9 models known of both stand in the same order in 86 of 100 pairs). That moved"
        " models that learned from captions up by 20 of 100 places and ImageNet-1k down by 12 of"
        " 100 places."
    )


def test_the_order_in_one_line_names_each_earlier_picture_set_once():
    assert in_brief(Prior(NAMES)) == (
        "The likeliest are tried first, by their published accuracy on ImageNet."
    )
    likes = [Like(str(k), name, 8, 1.0, same=True) for k, name in enumerate(["Mine", "Mine", "B"])]
    assert in_brief(Prior(NAMES, tuple(likes))) == (
        "The likeliest are tried first, by their published accuracy on ImageNet and by 3 earlier"
        " runs on pictures like these (Mine and B)."
    )


def test_shell_report_and_json_say_it(result, capsys):
    asked = dataclasses.replace(result, prior=Prior(NAMES))
    print_result(asked)
    assert agreement(asked) in " ".join(capsys.readouterr().out.split())
    assert agreement(asked) in to_html(asked)
    told = to_json(asked)["prior"]
    assert told["order"] == list(NAMES)
    assert told["text"] == [in_words(asked.prior), agreement(asked)]
    assert to_json(result)["prior"] is None
