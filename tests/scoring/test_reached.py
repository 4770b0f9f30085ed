import numpy as np
import pytest

from srcsel.base.records import Outcome
from srcsel.scoring.reached import accuracies, close_to_best, reached_by

LABELS = np.repeat([0, 1], [60, 30])
ALONE = np.arange(90)


def outcomes(shares, splits=(0, 1, 2), seed=0, each=80, paired=True):
    """One outcome a model and split, right on about that share of the test pictures; harder
    pictures are harder.
    """
    rng = np.random.default_rng(seed)
    found = []
    for split in splits:
        rows = np.sort(rng.choice(90, each, replace=False))
        hard = rng.random(each)
        for model, share in shares.items():
            right = (hard if paired else rng.random(each)) < share
            found.append(
                Outcome(model, split, rows, np.where(right, LABELS[rows], 1 - LABELS[rows]), 2.0)
            )
    return found


def table(found, splits=(0, 1, 2), groups=ALONE):
    return reached_by(found, LABELS, groups, splits)


def test_values_are_shares_of_right_guesses():
    rows, guess = np.array([0, 1, 70, 80]), np.array([0, 1, 1, 1])
    reached = table([Outcome("a", 5, rows, guess)], splits=(5,))
    (found,) = accuracies(reached, [Outcome("a", 5, rows, guess)], LABELS)
    assert found.values == (0.75,)
    assert found.mean == 0.75
    assert found.balanced == 0.75  # one of two, and two of two


def test_balanced_accuracy_weighs_classes_alike():
    rows = np.arange(90)
    (found,) = accuracies(*_one(rows, np.zeros(90, np.int64)), LABELS)
    assert found.mean == pytest.approx(2 / 3)
    assert found.balanced == pytest.approx(1 / 2)


def _one(rows, guess):
    told = [Outcome("a", 0, rows, guess)]
    return table(told, splits=(0,)), told


def test_a_model_that_lacks_a_split_is_left_out():
    found = outcomes({"a": 0.5, "b": 0.6})
    assert table(found[:-1]).models == ("a",)
    assert table([]).models == ()
    assert accuracies(table([]), [], LABELS) == ()
    assert close_to_best(table([]), ["a"]) == ()


def test_the_interval_joins_students_t_and_the_binomial():
    from scipy import stats

    told = outcomes({"a": 0.7})
    (found,) = accuracies(table(told), told, LABELS)
    values = np.array(found.values)
    m, z = len(set(np.concatenate([o.rows for o in told]))), stats.norm.ppf(0.95)
    share = (values.mean() * m + z**2 / 2) / (m + z**2)
    half = np.hypot(
        stats.t.ppf(0.95, 2) * stats.sem(values), z * np.sqrt(share * (1 - share) / (m + z**2))
    )
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert found.seconds == 6.0


def test_one_split_and_a_perfect_score_still_have_an_interval():
    told = outcomes({"a": 2.0}, splits=(0,))
    (found,) = accuracies(table(told, splits=(0,)), told, LABELS)
    assert found.mean == found.high == 1.0
    assert 0.9 < found.low < 0.99


def test_the_interval_holds_the_truth_nine_times_in_ten():
    """Trainings with noise of their own on 200 pictures, most of them easy or hard for all: 300
    experiments.
    """
    rng = np.random.default_rng(1)
    held = 0
    labels = np.zeros(200, np.int64)
    for _ in range(300):
        # how easy a picture is, 0.7 on average; the same in every split
        own = rng.beta(0.35, 0.15, 200)
        told = [
            Outcome(
                "a", s, np.arange(200), (rng.random(200) > own + rng.normal(0, 0.03)).astype(int)
            )
            for s in range(3)
        ]
        (found,) = accuracies(reached_by(told, labels, np.arange(200), (0, 1, 2)), told, labels)
        held += found.low <= 0.7 <= found.high
    assert 0.86 <= held / 300 <= 0.98


def test_draws_are_paired_centred_and_as_wide_as_fresh_experiments():
    told = outcomes({"a": 0.6, "b": 0.62}, each=90)
    reached = table(told)
    draws = reached.draws(600)
    assert draws.shape == (600, 2)
    np.testing.assert_allclose(draws.mean(axis=0), reached.means, atol=0.01)
    assert np.corrcoef(draws.T)[0, 1] > 0.8  # hard pictures are hard for both
    np.testing.assert_array_equal(draws[:50], reached.draws(50))
    k, values = 3, reached.values
    least = np.sqrt(values.var(axis=1, ddof=1) / k)  # what the splits alone say
    assert (draws.std(axis=0) > least).all()


def test_a_single_split_is_drawn_by_its_pictures():
    told = outcomes({"a": 0.5}, splits=(0,), each=90)
    draws = table(told, splits=(0,)).draws(2000)
    p = table(told, splits=(0,)).means[0]
    assert draws.std() == pytest.approx(np.sqrt(p * (1 - p) / 90), rel=0.1)


def test_copies_are_drawn_together():
    told = outcomes({"a": 0.5}, splits=(0,), each=90)
    pairs = ALONE // 2
    right = told[0].guess == LABELS
    # copies share their fate
    told[0].guess[:] = np.where(right[2 * (ALONE // 2)], LABELS, 1 - LABELS)
    alone, together = (table(told, splits=(0,), groups=g).draws(2000).std() for g in (ALONE, pairs))
    assert together / alone == pytest.approx(np.sqrt(2), rel=0.1)


def test_close_needs_the_pairing():
    """b is right wherever a is, and on five pictures more: apart when paired, not when each is
    drawn alone.
    """
    rows = np.arange(90)
    a, b = np.arange(90) < 50, np.arange(90) < 58
    told = [
        Outcome(m, 0, rows, np.where(right, LABELS, 1 - LABELS))
        for m, right in (("a", a), ("b", b))
    ]
    assert close_to_best(table(told, splits=(0,)), ["a", "b"]) == ("b",)
    shuffled = np.random.default_rng(0).permutation(b)
    told[1] = Outcome("b", 0, rows, np.where(shuffled, LABELS, 1 - LABELS))
    assert close_to_best(table(told, splits=(0,)), ["a", "b"]) == ("b", "a")


def test_close_is_best_first_and_only_among_candidates():
    told = outcomes({"low": 0.2, "a": 0.69, "b": 0.7, "control": 0.9})
    assert close_to_best(table(told), ["low", "a", "b"])[0] == "b"
    assert "low" not in close_to_best(table(told), ["low", "a", "b"])
    assert close_to_best(table(told), ["low", "a", "b", "control"]) == ("control",)


def test_notes_name_the_split():
    told = [
        Outcome("a", s, np.arange(90), LABELS, note=n)
        for s, n in ((0, "stopped"), (1, ""), (2, "late"))
    ]
    (found,) = accuracies(table(told), told, LABELS)
    assert found.note == "split 0: stopped; split 2: late"
    told = [Outcome("a", s, np.arange(90), LABELS, note="same") for s in range(3)]
    assert accuracies(table(told), told, LABELS)[0].note == "same"
