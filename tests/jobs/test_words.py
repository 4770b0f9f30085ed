"""What is said of the time left, over whole runs that are played."""

from benchmarks.foretold import RUNS, shares


def test_most_words_after_the_first_model_are_within_three_tenths():
    rows = [shares(title, 500, 2, speed) for title in RUNS for speed in (0.5, 1.0, 2.0)]
    for run, least in (("first", 0.88), ("second", 0.99)):
        within, words = (
            sum(int(str(r[f"{run}: {what}"])) for r in rows) for what in ("within", "words")
        )
        assert within >= least * words, (run, within, words)


def test_large_networks_after_small_ones_are_not_thought_far_too_long():
    for speed in (1.0, 2.0):
        row = shares("small before large", 2000, 2, speed)
        assert int(str(row["first: within"])) >= 0.9 * int(str(row["first: words"]))
