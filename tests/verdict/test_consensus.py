"""Mean rank and Borda count against values worked by hand."""

import pytest

from srcsel.base.records import Ranking
from srcsel.verdict.consensus import consensus, favors_wide

A, B, C, D = "demo/a", "demo/b", "demo/c", "demo/d"


def ranked(measure, models, ranks=None, reading=None):
    return Ranking(measure, reading, tuple(models), tuple(ranks or range(1, len(models) + 1)))


def test_two_full_rankings_by_hand():
    both = consensus([ranked("knn", [A, B, C]), ranked("logme", [B, A, C])], [A, B, C])
    assert both.mean_rank == {A: 1.5, B: 1.5, C: 3.0}
    assert both.borda == {A: 75.0, B: 75.0, C: 0.0}  # A and B each won 3 of 4 comparisons
    assert both.models == (A, B, C)
    assert both.counted == {A: 2, B: 2, C: 2}
    assert both.missing == {A: (), B: (), C: ()}


def test_ties_share_the_mean_of_their_ranks():
    only = consensus([ranked("knn", [A, B, C, D], [1, 2, 2, 4])], [A, B, C, D])
    assert only.mean_rank == {A: 1.0, B: 2.5, C: 2.5, D: 4.0}
    # B: beat D, tied with C: 1.5 of 3
    assert only.borda == pytest.approx({A: 100.0, B: 50.0, C: 50.0, D: 0.0})


def test_a_model_without_a_value_is_neither_last_nor_counted():
    """C has no source head: its place rests on kNN alone, where it is second."""
    some = consensus([ranked("knn", [A, C, B]), ranked("leep", [B, A])], [A, B, C])
    assert some.mean_rank == {A: 1.5, B: 2.0, C: 2.0}
    # won A 2 of 3, B 1 of 3, C 1 of 2
    assert some.borda == pytest.approx({A: 200 / 3, B: 100 / 3, C: 50.0})
    assert some.models == (A, C, B)
    assert some.counted == {A: 2, B: 2, C: 1}
    assert some.missing == {A: (), B: (), C: ("leep",)}


def test_a_model_nobody_ranked_is_named_and_has_no_place():
    none = consensus([ranked("knn", [A, B])], [A, B, C])
    assert none.models == (A, B)
    assert C not in none.mean_rank
    assert C not in none.borda
    assert none.counted[C] == 0
    assert none.missing[C] == ("knn",)


@pytest.mark.parametrize("order", [("raw", "whitened"), ("whitened", "raw")])
def test_a_measure_read_twice_votes_once_by_its_whitened_reading(order):
    readings = {"raw": [B, A], "whitened": [A, B]}
    both = consensus([ranked("silhouette", readings[r], reading=r) for r in order], [A, B])
    assert both.mean_rank == {A: 1.0, B: 2.0}
    assert both.counted == {A: 1, B: 1}


def test_the_raw_reading_votes_where_there_is_no_other():
    assert consensus([ranked("silhouette", [B, A], reading="raw")], [A, B]).models == (B, A)


def test_others_are_left_out_and_the_rest_ranked_among_themselves():
    """A yardstick between A and B does not push B down."""
    among = consensus([ranked("knn", [D, A, "pixels/mean", B], [1, 2, 2, 4])], [A, B])
    assert among.mean_rank == {A: 1.0, B: 2.0}
    assert among.borda == {A: 100.0, B: 0.0}


def test_measures_that_favour_wide_models_vote_only_on_request():
    rankings = [ranked("knn", [A, B]), ranked("supcon", [B, A], reading="raw")]
    assert favors_wide("supcon", "raw")
    assert not favors_wide("supcon", "whitened")
    assert not favors_wide("a measure of another version", None)
    assert consensus(rankings, [A, B]).measures == ("knn",)
    assert consensus(rankings, [A, B], biased=True).borda == {A: 50.0, B: 50.0}


@pytest.mark.parametrize("rankings", [[], [ranked("knn", [A])]])
def test_nothing_to_compare(rankings):
    empty = consensus(rankings, [A])
    assert (empty.models, empty.mean_rank, empty.borda, empty.measures) == ((), {}, {}, ())
    assert empty.counted == {A: 0}
