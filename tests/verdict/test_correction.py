"""Before and after a correction: the sentence, case by case, and where the bars ended before."""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Corrections, Verdict
from srcsel.pictures.corrections import CAUTION
from srcsel.verdict.correction import asks_the_same, before_and_after, kept, lengths_before
from srcsel.verdict.readings import bar_length, pick_scores

OUT = Corrections(tuple(f"row {k}" for k in range(8)))


@pytest.fixture(scope="module")
def first():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    centers = rng.standard_normal((3, 8))
    sets = {n: rng.standard_normal((60, 8)) + a * centers[y] for n, a in (("A", 3), ("B", 1))}
    return srcsel.rank_features(sets, y)


def put(first, before, after, corrections=OUT, **fields):
    """The run `first` with a verdict before and one after: each (kind, winner, A's firsts)."""

    def verdict(kind, winner, firsts):
        return Verdict(kind, winner, "", {"A": float(firsts), "B": 100.0 - firsts}, cause="alike")

    old = dataclasses.replace(first, verdict=verdict(*before))
    run = dataclasses.replace(
        first.run, left_out=corrections.left_out, relabeled=corrections.relabeled
    )
    return dataclasses.replace(first, run=run, before=kept(old), verdict=verdict(*after), **fields)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            ("clear", "A", 84),
            ("clear", "A", 91),
            "the verdict is the same, start from A (clear choice). A is first in 91 instead of 84"
            " of 100 re-checks.",
        ),
        (
            ("tie", "A", 60),
            ("clear", "A", 60),
            "the verdict is still to start from A, clear choice instead of too close to call. A is"
            " first in 60 of 100 re-checks, as before.",
        ),
        (
            ("clear", "B", 10),
            ("tie", "A", 55),
            "the verdict is to start from A instead of B (too close to call). A is first in 55"
            " instead of 10 of 100 re-checks.",
        ),
        (
            ("cannot tell", "A", 50),
            ("clear", "B", 8),
            "the verdict was no clear choice, now it is to start from B (clear choice). B is first"
            " in 92 instead of 50 of 100 re-checks.",
        ),
        (
            ("clear", "A", 90),
            ("cannot tell", "A", 52),
            "the verdict was to start from A (clear choice), now it is no clear choice. A is first"
            " in 52 instead of 90 of 100 re-checks.",
        ),
        (
            ("cannot tell", "A", 50),
            ("cannot tell", "A", 52),
            "the verdict is the same, no clear choice. A is first in 52 instead of 50 of 100"
            " re-checks.",
        ),
    ],
)
def test_what_changed_in_words(first, before, after, said):
    # 8 of 60 is more than a tenth
    assert before_and_after(put(first, before, after)) == f"8 pictures left out: {said} {CAUTION}"


def test_few_corrections_need_no_caution(first):
    same, few = ("clear", "A", 84), Corrections(OUT.left_out[:3], (("row 9", "2"), ("row 10", "2")))
    assert CAUTION not in before_and_after(put(first, same, same, few))
    more = dataclasses.replace(few, relabeled=(*few.relabeled, ("row 11", "2")))
    assert before_and_after(put(first, same, same, more)).endswith(
        f"re-checks, as before. {CAUTION}"
    )


def test_nothing_is_said_of_a_run_that_corrects_none_or_is_not_finished(first):
    assert before_and_after(first) == ""
    same = ("clear", "A", 84)
    assert before_and_after(put(first, same, same, complete=False)) == ""


def test_what_was_corrected_already_is_not_said_again(first):
    done = put(first, ("clear", "A", 84), ("clear", "A", 84))
    again = dataclasses.replace(
        done,
        before=kept(done),
        run=dataclasses.replace(done.run, relabeled=(("row 9", "2"),), left_out=OUT.left_out[1:]),
    )
    assert before_and_after(again).startswith(
        "1 picture with another label, 1 taken in again: the verdict is the same"
    )


def test_the_bars_know_where_they_ended_before(first):
    run = put(first, ("clear", "A", 84), ("clear", "A", 91))
    for measure in ("silhouette", "supcon"):
        scores = pick_scores(first, measure, "raw")
        assert lengths_before(run, measure, "raw") == {m: bar_length(scores[m])[0] for m in "AB"}
    assert lengths_before(first, "silhouette", "raw") == {}
    assert not [s for s in (*run.before.scores, *run.before.literal) if s.rechecks is not None]


def test_only_what_differs_in_its_corrections_alone_compares(first):
    run = first.run
    assert asks_the_same(run, dataclasses.replace(run, left_out=("x",), models=("B", "A")))
    assert not asks_the_same(run, dataclasses.replace(run, models=("A",)))
    assert not asks_the_same(run, dataclasses.replace(run, seed=1))
    assert not asks_the_same(run, dataclasses.replace(run, all_pictures=True))
    assert not asks_the_same(run, dataclasses.replace(run, ref="elsewhere"))
