"""What is said of the time left, over whole runs that are played."""

import pytest

from benchmarks._played import Set
from benchmarks.foretold import ASKED, shares


@pytest.mark.parametrize(
    ("way", "first", "second"),
    [("one by one", 0.88, 0.99), ("race", 0.7, 0.85), ("cards", 0.85, 0.99)],
)
def test_most_words_after_the_first_model_are_within_three_tenths(way, first, second):
    sets = [Set(500, speed=speed) for speed in (0.5, 1.0, 2.0)]
    rows = [shares(title, of, way) for title in ASKED[way] for of in sets]
    for run, least in (("first", first), ("second", second)):
        within, words = (
            sum(int(str(r[f"{run}: {what}"])) for r in rows) for what in ("within", "words")
        )
        assert within >= least * words, (run, within, words)


def test_large_networks_after_small_ones_are_not_thought_far_too_long():
    for speed in (1.0, 2.0):
        row = shares("small before large", Set(2000, speed=speed))
        assert int(str(row["first: within"])) >= 0.9 * int(str(row["first: words"]))
