import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from srcsel.base.records import Dataset, Failure, Outcome, Result, Run, Score, SourceModel, Verdict
from srcsel.evidence.agreement import (
    DRAWS,
    Predictor,
    agreement,
    agreements,
    correlation,
    kendall,
    predictors,
    weighted_tau,
)
from srcsel.measures import MEASURES
from srcsel.scoring.reached import reached_by

MODELS = ("a", "b", "c", "d")
MEANS = np.array([0.5, 0.6, 0.7, 0.9])
STILL = np.tile(MEANS, (50, 1))  # accuracies without any doubt


def ask(values, draws=None, means=MEANS, again=STILL, candidates=MODELS, pick=None):
    return agreement(
        Predictor("x", None, values, draws or {}, pick),
        MODELS[: len(means)],
        means,
        again,
        set(candidates),
    )


def of(*values):
    return dict(zip(MODELS, values, strict=False))


@pytest.mark.parametrize("seed", range(20))
def test_correlations_are_scipys(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(3, 12))
    x, y = rng.normal(size=(2, 7, m))
    if seed % 2:
        x, y = x.round(), y.round(1)  # ties
    x[0], y[1] = 1.0, 2.0  # constant rows
    with np.errstate(invalid="ignore"):
        expected = [stats.kendalltau(a, b).statistic for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(kendall(x, y), expected, atol=1e-12)
    assert np.isnan(correlation(x, y)[:2]).all()
    assert np.isnan(weighted_tau(x, y)[:2]).all()
    for i in range(2, 7):
        if np.ptp(x[i]) and np.ptp(y[i]):
            assert correlation(x, y)[i] == pytest.approx(stats.pearsonr(x[i], y[i]).statistic)
            assert weighted_tau(x, y)[i] == pytest.approx(stats.weightedtau(x[i], y[i]).statistic)
            assert weighted_tau(x[i], y[i]) == pytest.approx(
                stats.weightedtau(x[i], y[i]).statistic
            )


def test_values_that_differ_by_rounding_are_ties():
    x = np.array([0.1 + 0.2, 0.3, 1.0])
    y = np.array([1.0, 2.0, 3.0])
    assert kendall(x, y) == pytest.approx(2 / np.sqrt(6))
    assert weighted_tau(x, y) == pytest.approx(stats.weightedtau([0.3, 0.3, 1.0], y).statistic)
    assert weighted_tau(x, y) != pytest.approx(stats.weightedtau(x, y).statistic)


def test_the_right_order_and_the_wrong_one():
    right, wrong = ask(of(1, 2, 3, 4)), ask(of(4, 3, 2, 1))
    assert (right.picked, wrong.picked) == ("d", "a")
    assert (right.tau.value, right.weighted_tau.value) == pytest.approx((1.0, 1.0))
    assert (wrong.tau.value, wrong.weighted_tau.value) == pytest.approx((-1.0, -1.0))
    assert (right.regret.value, right.hit) == (0.0, 1.0)
    assert (wrong.regret.value, wrong.hit) == (pytest.approx(40.0), 0.0)
    assert right.pearson.value == pytest.approx(np.corrcoef([1, 2, 3, 4], MEANS)[0, 1])
    assert (right.models, right.reason) == (4, "")


def test_mistakes_at_the_top_weigh_more():
    top, bottom = ask(of(1, 2, 4, 3)), ask(of(2, 1, 3, 4))
    assert top.tau.value == bottom.tau.value
    assert top.weighted_tau.value < bottom.weighted_tau.value


def test_a_model_without_a_value_takes_no_part():
    told = ask(of(3.0, 2.0, 1.0))
    assert (told.models, told.picked) == (3, "a")
    assert told.regret.value == pytest.approx(20.0)  # of a, b, c the best is c; d is not asked for


@pytest.mark.parametrize(
    ("values", "words", "models"),
    [
        ({}, "no value for any model", 0),
        (of(1.0), "One model has", 1),
        (of(1.0, 2.0), "Two models have", 2),
        (of(2.0, 2.0, 2.0), "every model the same value", 3),
    ],
)
def test_why_there_is_no_correlation(values, words, models):
    told = ask(values)
    assert words in told.reason
    assert told.models == models
    assert told.tau.value is told.weighted_tau.value is told.pearson.value is None


def test_two_models_are_enough_to_pick_from():
    told = ask(of(2.0, 1.0))
    assert (told.picked, told.hit) == ("a", 0.0)
    assert told.regret.value == pytest.approx(10.0)
    assert ask(of(1.0)).picked is None


def test_the_same_accuracy_for_all_is_no_order():
    flat = np.full(4, 0.5)
    told = ask(of(1, 2, 3, 4), means=flat, again=np.tile(flat, (9, 1)))
    assert told.reason == "All models reached the same accuracy."
    assert (told.regret.value, told.hit) == (0.0, 1.0)


def test_nobody_starts_from_a_yardstick_yet_it_counts_in_the_order():
    told = ask(of(1, 2, 3, 4), candidates="abc")
    assert (told.picked, told.regret.value, told.models) == ("c", 0.0, 4)
    assert told.tau.value == 1.0
    assert ask(of(1, 2, 3, 0), candidates="abc").tau.value == 0.0


def test_ties_at_the_top_cost_their_mean():
    told = ask(of(1, 2, 4, 4))
    assert (told.picked, told.tied) == (None, ("c", "d"))
    assert told.regret.value == pytest.approx(10.0)  # 0 or 20
    assert told.hit == 0.5  # one of the two is the best
    assert ask(of(1, 2, 3, 4)).tied == ()


def test_a_pick_of_its_own_is_charged_for_what_it_picked():
    told = ask(of(1, 2, 3, 4), pick="b")
    assert told.picked == "b"
    assert told.regret.value == pytest.approx(30.0)
    assert ask(of(1, 2, 3), pick="d").picked == "c"  # the verdict's model has no accuracy


def test_intervals_pair_re_checks_with_draws_of_the_accuracies():
    """Against a plain loop with scipy."""
    rng = np.random.default_rng(0)
    values = of(0.2, 0.5, 0.4, 0.9)
    draws = {m: v + rng.normal(scale=0.3, size=DRAWS) for m, v in values.items()}
    again = MEANS + rng.normal(scale=0.15, size=(DRAWS, 4))
    told = ask(values, draws, again=again)
    loops = {"tau": [], "weighted_tau": [], "pearson": [], "regret": []}
    hits = 0
    for i in range(DRAWS):
        x, y = np.array([draws[m][i] for m in MODELS]), again[i]
        loops["tau"].append(stats.kendalltau(x, y).statistic)
        loops["weighted_tau"].append(stats.weightedtau(x, y).statistic)
        loops["pearson"].append(stats.pearsonr(x, y).statistic)
        loops["regret"].append(100 * (y.max() - y[x.argmax()]))
        hits += y.argmax() == x.argmax()
    for name, found in loops.items():
        low, high = np.percentile(found, (5, 95))
        interval = getattr(told, name)
        assert interval.low == pytest.approx(min(low, interval.value))
        assert interval.high == pytest.approx(max(high, interval.value))
    assert told.hit == pytest.approx(hits / DRAWS)
    assert told.tau.low < told.tau.high


def test_without_draws_there_are_values_and_no_intervals():
    told = ask(of(1, 2, 3, 4), again=np.empty((0, 4)))
    assert (told.tau.value, told.tau.low, told.regret.low, told.hit) == (1.0, None, None, None)


def test_fewer_re_checks_than_draws_start_over():
    told = ask(of(1, 2, 3, 4), {m: np.array([v, -v]) for m, v in of(1.0, 2.0, 3.0, 4.0).items()})
    assert (told.tau.low, told.tau.high, told.hit) == (-1.0, 1.0, 0.5)


# ---------------------------------------------------------------- from a result and outcomes


LABELS = np.repeat([0, 1], 50)


def score(model, measure, value, reading=None, spread=0.0):
    rechecks = value + spread * np.random.default_rng(len(model)).normal(size=DRAWS)
    return Score(model, measure, reading, value, rechecks=rechecks)


def result(scores, models=MODELS, yardsticks=(), literal=(), failures=(), winner="d", **fields):
    dataset = Dataset("r", "r", Path(), tuple(map(str, range(100))), LABELS, ("p", "q"), "d")
    known = tuple(
        SourceModel(
            m,
            m.upper(),
            "1",
            i + 1,
            None,
            8,
            None,
            "",
            "",
            accuracy=None if m == "a" else 0.5,
            yardstick=m in yardsticks,
        )
        for i, m in enumerate(models)
    )
    return Result(
        Run("r", "", "r", tuple(models)),
        dataset,
        known,
        tuple(scores),
        tuple(literal),
        tuple(failures),
        (),
        Verdict("clear", winner, ""),
        **fields,
    )


def reached(shares):
    rows = np.arange(100)
    told = []
    for split in range(3):
        hard = np.random.default_rng(split).permutation(100) / 100
        told += [
            Outcome(m, split, rows, np.where(hard < s, LABELS, 1 - LABELS))
            for m, s in shares.items()
        ]
    return reached_by(told, LABELS, rows, (0, 1, 2))


SHARES = {"a": 0.5, "b": 0.6, "c": 0.7, "d": 0.9}
VALUES = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}


def three(values=VALUES):
    """Scores of the verdict's measures that all order the models by `values`."""
    rows = []
    for m, v in values.items():
        rows += [
            score(m, "supcon", 9 - v, "whitened"),
            score(m, "knn", v / 10),
            score(m, "logme", v),
        ]
    return rows


def by_name(rows):
    return {(a.predictor, a.reading): a for a in rows}


def test_every_measure_the_verdict_the_consensus_and_the_yardsticks_are_asked():
    scores = [*three(), *(score(m, "silhouette", -v, "whitened") for m, v in VALUES.items())]
    literal = [score(m, "silhouette", v, "raw") for m, v in VALUES.items()]
    rows = by_name(agreements(result(scores, literal=literal), reached(SHARES)))
    assert set(rows) == {
        ("supcon", "whitened"),
        ("knn", None),
        ("logme", None),
        ("silhouette", "whitened"),
        ("silhouette", "raw"),
        ("verdict", None),
        ("consensus", None),
        ("accuracy", None),
        ("params", None),
    }
    for name in (
        ("supcon", "whitened"),
        ("knn", None),
        ("silhouette", "raw"),
        ("verdict", None),
        ("params", None),
    ):
        assert rows[name].tau.value == 1.0, name
        assert rows[name].picked == "d", name
    assert rows["silhouette", "whitened"].tau.value == -1.0
    assert rows["silhouette", "whitened"].regret.value == pytest.approx(40.0)
    assert rows["consensus", None].picked == "d"
    assert rows["accuracy", None].models == 3
    assert "same value" in rows["accuracy", None].reason


def test_fewest_points_lost_come_first_and_what_says_nothing_last():
    scores = [
        *three(),
        *(score(m, "silhouette", -v, "whitened") for m, v in VALUES.items()),
        *(score(m, "gbc", v, None) for m, v in zip(MODELS, (3.0, 1.0, 2.0, 4.0), strict=True)),
    ]
    failures = [Failure(m, "leep", "needs a head") for m in MODELS]
    rows = agreements(result(scores, failures=failures), reached(SHARES))
    lost = [a.regret.value for a in rows if a.regret.value is not None]
    assert lost == sorted(lost)
    assert [a.regret.value is None for a in rows] == sorted(a.regret.value is None for a in rows)
    order = [a.predictor for a in rows]
    assert order.index("knn") < order.index("gbc") < order.index("silhouette") < order.index("leep")
    assert "no value" in rows[order.index("leep")].reason


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_the_better_direction_of_each_measure_agrees(measure):
    """A measure that gives better models the better value has tau 1, whatever its direction."""
    sign = MEASURES[measure].sign
    rows = by_name(
        agreements(
            result([score(m, measure, sign * v) for m, v in VALUES.items()]), reached(SHARES)
        )
    )
    assert rows[measure, None].tau.value == 1.0
    assert rows[measure, None].picked == "d"


def test_the_verdict_is_charged_for_its_own_pick():
    rows = by_name(agreements(result(three(), winner="c"), reached(SHARES)))
    assert rows["verdict", None].picked == "c"
    assert rows["verdict", None].regret.value == pytest.approx(20.0)
    assert rows["verdict", None].tau.value == 1.0


def test_the_verdict_leaves_out_models_that_lack_one_of_its_measures():
    scores = [s for s in three() if (s.model, s.measure) != ("a", "knn")]
    assert by_name(agreements(result(scores), reached(SHARES)))["verdict", None].models == 3


def test_mean_ranks_of_the_verdict_by_hand():
    # higher is better
    orders = {"supcon": (4, 3, 2, 1), "knn": (1, 1, 3, 4), "logme": (2, 1, 4, 3)}
    scores = [
        score(m, name, MEASURES[name].sign * v)
        for name, values in orders.items()
        for m, v in zip(MODELS, values, strict=True)
    ]
    (found,) = [p for p in predictors(result(scores), MODELS) if p.name == "verdict"]
    ranks = {"a": (1, 3.5, 3), "b": (2, 3.5, 4), "c": (3, 2, 1), "d": (4, 1, 2)}
    assert found.values == pytest.approx({m: -np.mean(r) for m, r in ranks.items()})
    assert all((d == found.values[m]).all() and len(d) == DRAWS for m, d in found.draws.items())


def test_models_that_reached_nothing_are_not_asked_about():
    shares = {m: s for m, s in SHARES.items() if m != "d"}
    rows = by_name(agreements(result(three()), reached(shares)))
    assert rows["supcon", "whitened"].models == 3
    assert rows["supcon", "whitened"].picked == "c"
    assert rows["supcon", "whitened"].regret.value == 0.0
    assert rows["verdict", None].picked == "c"


def test_scores_that_are_no_number_are_left_out():
    scores = [
        dataclasses.replace(s, value=np.nan) if s.model == "d" and s.measure == "knn" else s
        for s in three()
    ]
    told = [p for p in predictors(result(scores), MODELS) if p.name == "knn"]
    assert set(told[0].values) == {"a", "b", "c"}


def test_nothing_measured_is_nothing_to_compare():
    assert agreements(result(three()), reached_by([], LABELS, np.arange(100), (0,))) == ()
