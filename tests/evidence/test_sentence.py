from dataclasses import replace

import numpy as np
import pytest

from srcsel.base.records import Accuracy, Agreement, Interval, Protocol, SourceModel
from srcsel.evidence.sentence import notes, picked, sentence

MODELS = [
    SourceModel(m, m.title(), "1", 1, None, 8, None, "", "", yardstick=m == "control")
    for m in ("ant", "bee", "control")
]
NONE = Interval(None)


def reached(**means):
    return [Accuracy(m, (v,), v, v, v) for m, v in means.items()]


def row(name, picked, lost=0.0, reading=None):
    return Agreement(name, reading, 3, picked, NONE, NONE, NONE, Interval(lost), 1.0)


def says(rows, close=("bee",), accuracies=None):
    return sentence(accuracies or reached(ant=0.5, bee=0.9, control=0.2), rows, close, MODELS)


@pytest.mark.parametrize(
    ("scl", "msc", "close", "words"),
    [
        (
            ("bee", 0),
            ("ant", 3.21),
            ("bee",),
            "SCL picked the best model, Bee; trusting MSC would have cost 3.2 points.",
        ),
        (
            ("ant", 1),
            ("bee", 0),
            ("bee",),
            "MSC picked the best model, Bee; trusting SCL would have cost 1.0 point.",
        ),
        (("bee", 0), ("bee", 0), ("bee",), "SCL and MSC both picked the best model, Bee."),
        (
            ("ant", 2),
            ("ant", 2),
            ("bee",),
            (
                "trusting SCL would have cost 2.0 points; trusting MSC would have cost 2.0 points;"
                " the best model was Bee."
            ),
        ),
    ],
)
def test_who_picked_the_best_and_what_the_other_would_have_cost(scl, msc, close, words):
    rows = [row("knn", "ant"), row("silhouette", *msc, "whitened"), row("supcon", *scl, "whitened")]
    assert says(rows, close) == f"On these pictures {words}"


def test_a_pick_close_to_the_best_is_no_loss():
    more = [*MODELS, SourceModel("cat", "Cat", "1", 1, None, 8, None, "", "")]
    rows = [row("silhouette", "ant", 0.5, "whitened"), row("supcon", "bee", 0, "whitened")]
    told = sentence(reached(ant=0.89, bee=0.9, cat=0.1), rows, ("bee", "ant"), more)
    assert (
        told
        == "On these pictures SCL picked the best model, Bee; MSC picked Ant, which cannot be told"
        " from the best, Bee."
    )


def test_the_verdict_is_spoken_of_where_it_picked_another():
    both = [row("silhouette", "bee", 0, "whitened"), row("supcon", "bee", 0, "whitened")]
    models = [*MODELS, SourceModel("cat", "Cat", "1", 1, None, 8, None, "", "")]
    head = "On these pictures SCL and MSC both picked the best model, Bee."

    def told(lost, close, *, tie=False, picked="ant"):
        rows = [*both, row("verdict", picked, lost)]
        accuracies = reached(ant=0.89, bee=0.9, cat=0.1)
        return sentence(accuracies, rows, close, models, tie=tie)

    assert told(1.1, ("bee", "ant"), tie=True) == (
        f"{head} The verdict named Ant, the cheapest of those too close to call; it cannot be told"
        " from the best."
    )
    assert told(1.1, ("bee",)) == f"{head} The verdict named Ant; that would have cost 1.1 points."
    assert told(0.0, ("bee",), picked="bee") == head


def test_a_tie_at_the_top_is_no_pick():
    tied = replace(row("silhouette", None, 2.0, "whitened"), tied=("ant", "bee"))
    told = says([tied, row("supcon", "bee", 0, "whitened")])
    assert told == (
        "On these pictures SCL picked the best model, Bee; MSC put Ant and Bee first alike, which"
        " would have cost 2.0 points in the mean."
    )
    assert picked(tied, {"ant": "Ant", "bee": "Bee"}) == "tie of 2: Ant, Bee"
    assert picked(tied, {}, names=False) == "tie of 2"


def test_models_that_cannot_be_told_apart_are_said():
    told = says(
        [row("supcon", "ant", 0.3, "whitened")],
        ("bee", "ant"),
        reached(ant=0.897, bee=0.9, control=0.2),
    )
    assert (
        told == "On these pictures Bee and Ant cannot be told apart: they reached 89.7 % to 90.0 %,"
        " which is within the noise of the measurement, so no score can be right or wrong about"
        " them."
    )
    many = [SourceModel(str(k), str(k), "1", 1, None, 8, None, "", "") for k in range(5)]
    told = sentence(reached(**{str(k): 0.5 for k in range(5)}), [], tuple("01234"), many)
    assert "the 5 models cannot be told apart" in told


def test_the_literal_reading_is_not_asked_and_the_verdict_stands_in():
    rows = [
        row("supcon", "ant", 9, "raw"),
        row("silhouette", None, reading="whitened"),
        row("verdict", "bee"),
    ]
    assert says(rows) == "On these pictures the verdict picked the best model, Bee."
    assert says([]) == "On these pictures Bee was the best model, and no score picked any."


def test_too_little_to_say():
    assert says([], (), reached(control=0.2)).startswith("No starting model has an accuracy yet")
    assert (
        says([], ("bee",), reached(bee=0.2, control=0.3))
        == "Only Bee has an accuracy, so there was nothing to pick from."
    )


def test_notes_say_what_trained_what_tested_and_what_was_kept_together():
    groups = np.arange(100)
    told = notes(
        Protocol("finetune"), [np.arange(80)] * 3, [np.arange(20)] * 3, groups, any_yardstick=False
    )
    assert told == (
        "3 splits: trained on 20 pictures, tested on 80 pictures; the same for every model.",
    )
    groups[7] = groups[9] = 3
    told = notes(
        Protocol("probe"),
        [np.arange(20), np.arange(21)],
        [np.arange(80)] * 2,
        groups,
        any_yardstick=True,
    )
    assert (
        told[0]
        == "2 folds: trained on 80 pictures, tested on 20 to 21 pictures; the same for every model."
    )
    assert told[1].startswith("The quick check is itself a linear classifier")
    assert told[2].startswith("2 pictures are copies of another")
    assert told[3].startswith("Yardsticks count in the correlations")
    told = notes(
        Protocol("finetune", seeds=(0,)),
        [np.arange(9)],
        [np.arange(1)],
        np.arange(10),
        any_yardstick=False,
    )
    assert "trained on 1 picture, tested on 9 pictures" in told[0]
    assert "a single split" in told[1]
