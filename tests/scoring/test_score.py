"""One model's scores: readings, nulls, gains, paired re-checks, failures as values, notes."""

import math
import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from srcsel.base.errors import Cancelled, FeatureError, InputError, NotAvailable, UnknownNameError
from srcsel.base.records import HEADLINE
from srcsel.base.watch import Watch
from srcsel.measures import MEASURES, Measure
from srcsel.measures._base import Combined
from srcsel.measures.kernels import subsets
from srcsel.measures.kernels.prepare import directions, prepare
from srcsel.scoring import score, together
from srcsel.scoring.plan import plan_rechecks
from srcsel.scoring.score import score_model


def blobs(n=120, d=20, c=4, seed=0, signal=0.6):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % c
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.fixture
def extra(monkeypatch):
    """Register measures for one test only."""

    def register(name, function, **more):
        fields = {
            "higher_is_better": True,
            "bounds": (-math.inf, math.inf),
            "needs": "features",
            **more,
        }
        made = Measure(
            name, f"Title of {name}", paper="https://example.org", function=function, **fields
        )
        monkeypatch.setitem(MEASURES, name, made)
        return made

    return register


def by_name(scores):
    return {s.measure: s for s in scores}


def test_headline_values_and_readings():
    X, y = blobs()
    found = score_model("a", X, y)
    scores, literal = by_name(found.scores), by_name(found.literal)
    assert tuple(scores) == HEADLINE
    assert [s.reading for s in found.scores] == ["whitened", "whitened", None, None]
    assert [(s.measure, s.reading) for s in found.literal] == [
        ("silhouette", "raw"),
        ("supcon", "raw"),
    ]
    W = prepare(X, "whitened")
    assert scores["silhouette"].value == pytest.approx(
        MEASURES["silhouette"](X, y, preparation="whitened"), abs=1e-14
    )
    assert scores["supcon"].value == pytest.approx(
        MEASURES["supcon"](W, y, temperature=0.5), abs=1e-12
    )
    assert scores["knn"].value == MEASURES["knn"](X, y)
    assert scores["logme"].value == MEASURES["logme"](X, y)
    assert literal["silhouette"].value == MEASURES["silhouette"](X, y)
    assert literal["supcon"].value == MEASURES["supcon"](X, y, temperature=0.1)
    assert not found.failures
    assert found.notes == ()


def test_metric_and_temperature_reach_the_measures():
    X, y = blobs()
    found = score_model("a", X, y, metric="euclidean", temperature=0.2)
    W = prepare(X, "whitened")
    assert found.scores[0].value == pytest.approx(
        MEASURES["silhouette"](W, y, metric="euclidean"), abs=1e-12
    )
    assert found.scores[1].value == pytest.approx(
        MEASURES["supcon"](W, y, temperature=0.2), abs=1e-12
    )
    expected = MEASURES["silhouette"](X, y, metric="euclidean")
    # whole rows or tiles: other sums
    assert found.literal[0].value == pytest.approx(expected, rel=1e-12)
    assert found.literal[1].value == MEASURES["supcon"](X, y)


def test_gain_is_the_distance_from_chance_higher_better():
    X, y = blobs()
    scores = by_name(score_model("a", X, y).scores)
    assert scores["supcon"].gain == scores["supcon"].null - scores["supcon"].value
    assert scores["supcon"].blind == math.log(119)
    for name in ("silhouette", "knn", "logme"):
        assert scores[name].gain == scores[name].value - scores[name].null
        assert scores[name].gain > 0


def test_nulls_are_what_shuffled_labels_score():
    X, y = blobs(signal=1.0)
    rng = np.random.default_rng(9)
    for s in score_model("a", X, y).scores:
        keywords = {"temperature": 0.5} if s.measure == "supcon" else {}
        Z = prepare(X, "whitened") if s.reading else X
        values = [MEASURES[s.measure](Z, rng.permutation(y), **keywords) for _ in range(60)]
        assert s.null == pytest.approx(
            np.mean(values), abs=4 * np.std(values) * (20**-0.5 + 60**-0.5)
        )


def test_rechecks_are_the_subsets_scored_literally():
    X, y = blobs()
    found = score_model("a", X, y, rechecks=12, seed=3)
    plan = plan_rechecks(y, 12, 3)
    for s in found.scores + found.literal:
        keywords = {"preparation": s.reading} if s.reading else {}
        if s.measure == "supcon" and s.reading == "whitened":
            keywords["temperature"] = 0.5
        values = np.array([MEASURES[s.measure](X[k], y[k], **keywords) for k in plan.kept])
        np.testing.assert_allclose(s.rechecks, s.value + 2 * (values - values.mean()), atol=2e-6)
        assert s.low == pytest.approx(
            np.percentile(s.rechecks, 5).clip(*MEASURES[s.measure].bounds)
        )
        assert s.high == pytest.approx(
            np.percentile(s.rechecks, 95).clip(*MEASURES[s.measure].bounds)
        )
        assert s.low <= s.value <= s.high


def test_spread_of_rechecks_is_that_of_fresh_pictures():
    """The reason for the factor of two, and for whitening each subset anew (else twice too
    wide).
    """
    rng = np.random.default_rng(0)
    y = np.arange(240) % 4
    centers = 0.6 * rng.standard_normal((4, 40))
    found = [
        by_name(
            score_model("a", rng.standard_normal((240, 40)) + centers[y], y, rechecks=40).scores
        )
        for _ in range(30)
    ]
    for name in ("silhouette", "supcon", "logme"):
        fresh = np.std([f[name].value for f in found])
        assert np.mean([f[name].rechecks.std() for f in found]) == pytest.approx(fresh, rel=0.45), (
            name
        )


def test_subsets_are_stratified_paired_and_without_replacement():
    y = np.repeat([0, 1, 2, 3, 4], [50, 10, 3, 2, 1])
    plan = plan_rechecks(y, 30, 7)
    assert plan.kept.shape == (30, 66)
    for k in plan.kept:
        np.testing.assert_array_equal(np.bincount(y[k]), [40, 8, 2, 2, 1])
    assert plan.spread == pytest.approx(math.sqrt(53 / 13))
    np.testing.assert_array_equal(plan.kept, plan_rechecks(y, 30, 7).kept)
    assert (plan.kept != plan_rechecks(y, 30, 8).kept).any()
    # everyone is left out
    assert 0.6 < plan.kept[:, :50].mean(axis=0).min() < plan.kept[:, :50].mean(axis=0).max() < 1
    assert plan_rechecks(np.arange(100) % 5).spread == pytest.approx(2.0)


def test_nothing_to_leave_out():
    X, y = blobs(8)
    found = score_model("a", X, y)
    assert all(s.rechecks is None and s.low is None for s in found.scores)
    assert any("no re-checks" in note for note in found.notes)


def test_above_the_cap_rechecks_run_on_a_stratified_sample(monkeypatch):
    monkeypatch.setattr("srcsel.scoring.plan.CAP", 60)
    y = np.repeat([0, 1, 2], [100, 40, 12])
    X = np.random.default_rng(0).standard_normal((152, 5))
    plan = plan_rechecks(y)
    np.testing.assert_array_equal(np.bincount(y[plan.rows]), [39, 16, 10])
    assert plan.kept.shape == (200, 65)
    found = score_model("a", X, y)
    assert found.scores[2].value == MEASURES["knn"](X, y)
    assert "stratified sample of 65" in found.notes[0]
    assert len(found.scores[0].rechecks) == 200


def test_rechecks_of_a_sample_spread_as_those_of_all_pictures(monkeypatch):
    """A sample of a quarter scatters twice as much, which is taken back."""
    rng = np.random.default_rng(0)
    y = np.arange(480) % 4
    centers = 0.6 * rng.standard_normal((4, 12))
    widths = {True: [], False: []}
    for _ in range(6):
        X = rng.standard_normal((480, 12)) + centers[y]
        for sampled in widths:
            monkeypatch.setattr("srcsel.scoring.plan.CAP", 120 if sampled else 480)
            found = by_name(score_model("a", X, y, rechecks=60).scores)
            widths[sampled].append([found[n].rechecks.std() for n in ("silhouette", "supcon")])
    ratio = np.mean(widths[True], axis=0) / np.mean(widths[False], axis=0)
    assert ratio == pytest.approx([1, 1], abs=0.3)
    assert plan_rechecks(y, 5).spread == 2
    monkeypatch.setattr("srcsel.scoring.plan.CAP", 120)
    assert plan_rechecks(y, 5).spread == 1


@pytest.mark.parametrize("reading", ["whitened", "raw"])
def test_one_reading_alone_is_as_beside_the_other_and_costs_no_more(reading, monkeypatch):
    X, y = blobs()
    both = score_model("a", X, y, rechecks=20)
    monkeypatch.setattr(score, "diagnose", None)
    if reading == "raw":
        monkeypatch.setattr(score, "components", None)
    one = score_model("a", X, y, measures=["silhouette", "supcon"], rechecks=20, reading=reading)
    found, expected = ((s.scores, s.literal)[reading == "raw"] for s in (one, both))
    for a, b in zip(found, expected, strict=False):
        assert a.measure == b.measure
        # whitened beside LogME comes from its decomposition: the same but for the last digit
        assert (a.value, a.null) == pytest.approx((b.value, b.null), rel=1e-12)
        np.testing.assert_allclose(a.rechecks, b.rechecks, rtol=1e-5)
    assert len(one.scores) + len(one.literal) == 2
    assert one.diagnosis is None


def test_subsets_are_prepared_once_for_all_measures_that_read_them_so(monkeypatch):
    made = []
    kept = subsets._whitening

    def counted(grams):
        made.append(len(grams))
        return kept(grams)

    monkeypatch.setattr(subsets, "_whitening", counted)
    score_model("a", *blobs(), rechecks=20)
    assert sum(made) == 20


def test_a_picture_alone_is_noted():
    X, y = blobs()
    y[0] = 9
    assert "1 picture is alone" in score_model("a", X, y).notes[0]


def test_plain_cheap_measure_gets_null_and_rechecks(extra):
    def spread(X, y, *, scale=1.0):
        return -scale * np.mean([X[y == c].var() for c in np.unique(y)])

    X, y = blobs()
    extra("spread", spread, cheap=True)
    (s,) = score_model("a", X, y, measures=["spread"], rechecks=10).scores
    plan = plan_rechecks(y, 10)
    values = np.array([spread(X[k], y[k]) for k in plan.kept])
    np.testing.assert_allclose(s.rechecks, s.value + 2 * (values - values.mean()))
    assert s.null < s.value
    assert s.reading is None


def test_costly_measure_gets_its_value_only(extra):
    extra("costly", lambda X, y: 0.25)
    (s,) = score_model("a", *blobs(), measures=["costly"]).scores
    assert (s.value, s.null, s.gain, s.low, s.high, s.rechecks) == (
        0.25,
        None,
        None,
        None,
        None,
        None,
    )


def test_source_head_reaches_measures_that_ask(extra):
    def top(X, y, *, probabilities):
        assert len(probabilities) == len(X)
        return probabilities.max()

    extra("top", top, needs="probabilities", cheap=True)
    X, y = blobs()
    logits = np.random.default_rng(0).standard_normal((120, 6)) * 300
    (s,) = score_model("a", X, y, measures=["top"], logits=logits, rechecks=5).scores
    assert s.value == pytest.approx(1.0)
    found = score_model("a", X, y, measures=["top", "knn"])
    assert [s.measure for s in found.scores] == ["knn"]
    assert "source head" in found.failures[0].reason


def test_failing_measures_do_not_stop_the_others(extra):
    def broken(X, y):
        raise ZeroDivisionError("oops")

    def refuses(X, y):
        raise NotAvailable("This needs a source head, and this model has none.")

    extra("broken", broken)
    extra("refuses", refuses)
    found = score_model("a", *blobs(), measures=["broken", "refuses", "knn"])
    assert [s.measure for s in found.scores] == ["knn"]
    first, second = found.failures
    assert (first.model, first.measure) == ("a", "broken")
    assert "Title of broken could not be computed: ZeroDivisionError: oops" in first.reason
    assert "Traceback" in first.detail
    assert second.reason == "This needs a source head, and this model has none."


def test_a_wrong_temperature_is_refused_with_a_sentence():
    with pytest.raises(InputError, match=r"temperature must be a number of 0\.003 or more, got -1"):
        score_model("a", *blobs(), temperature=-1.0)


def test_features_that_cannot_be_used_fail_the_model():
    X, y = blobs()
    X[5, 5] = np.nan
    found = score_model("a", X, y)
    assert found.scores == []
    assert found.diagnosis is None
    assert found.failures[0].measure == ""
    assert "1 of 120 rows" in found.failures[0].reason


def test_the_persons_mistakes_are_raised():
    X, y = blobs()
    with pytest.raises(UnknownNameError, match="supcon"):
        score_model("a", X, y, measures=["supcom"])
    with pytest.raises(FeatureError, match="two classes"):
        score_model("a", X, np.zeros(120))
    with pytest.raises(FeatureError, match="119"):
        score_model("a", X, y[:-1])


def test_progress_and_stop():
    seen = []

    class Stopping(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            seen.append((part, state, done, total))
            if done == 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        score_model("a", *blobs(), watch=Stopping())
    assert seen == [("a", "scoring", i, 4) for i in range(3)]


def test_same_question_same_answer():
    X, y = blobs()
    a, b = score_model("a", X, y), score_model("a", X.copy(), np.array(list("wxyz"))[y])
    for s, t in zip(a.scores + a.literal, b.scores + b.literal, strict=True):
        assert s.value == t.value
        assert s.null == t.null
        np.testing.assert_array_equal(s.rechecks, t.rechecks)


def test_hostile_features_are_scored():
    X, y = blobs(40, 60)
    for bad in (np.zeros_like(X), np.full_like(X, 3.7), X[:, :1], X * 1e200, X + 1e8):
        found = score_model("a", bad, y, rechecks=20)
        assert len(found.scores) == 4, found.failures
        for s in found.scores + found.literal:
            assert np.isfinite([s.value, s.null, s.gain, s.low, s.high]).all()
            assert np.isfinite(s.rechecks).all()


def test_few_pictures_are_whitened_in_few_directions():
    """In n - 1 directions every picture is equally far from every other: any labels score MSC 0."""
    rng = np.random.default_rng(3)
    y = np.repeat(np.arange(4), 10)
    X = 3 * np.eye(4, 100)[y] + rng.normal(size=(40, 100))
    blind = MEASURES["silhouette"](X, y, preparation="whitened")
    assert blind == pytest.approx(0, abs=1e-9)
    scores = {s.measure: s for s in score_model("m", X, y, rechecks=5).scores}
    Z = X - X.mean(axis=0)
    # 40 pictures, one direction for every four
    Z = np.linalg.svd(Z, full_matrices=False)[0][:, :10]
    assert scores["silhouette"].value == pytest.approx(
        silhouette_score(Z, y, metric="cosine"), abs=1e-9
    )
    assert scores["silhouette"].value > 0.1


@pytest.mark.parametrize(("n", "expected"), [(4, 2), (40, 10), (255, 63), (256, 64), (5000, 64)])
def test_directions_follow_the_number_of_pictures(n, expected):
    assert directions(n) == expected


def test_a_set_relative_measure_keeps_its_parts_and_nothing_that_stands_alone(extra):
    def relative(X, y):
        return Combined(0.0, {"spread": float(X.std()), "mean": float(X.mean())})

    X, y = blobs()
    extra(
        "relative",
        relative,
        cheap=True,
        set_relative=True,
        combine=lambda parts: [p["spread"] for p in parts],
    )
    (s,) = score_model("a", X, y, measures=["relative"]).scores
    assert s.parts == {"spread": X.std(), "mean": X.mean()}
    assert type(s.value) is float
    assert (s.null, s.gain, s.low, s.high, s.rechecks) == (None, None, None, None, None)


@pytest.mark.parametrize("counts", [(60, 60), (90, 30), (100, 12, 8)])
@pytest.mark.parametrize("name", ["knn", "lda", "linear_probe"])
def test_an_accuracy_has_at_least_the_largest_class_as_its_chance(name, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(0).standard_normal((len(y), 6))
    (score,) = score_model("a", X, y, measures=[name]).scores
    permuted = MEASURES[name].null(X, y, score.value)
    assert score.null == max(permuted, max(counts) / len(y))
    assert score.gain == score.value - score.null


@pytest.mark.parametrize("row", [np.ones(8), np.zeros(8), np.arange(8.0)])
def test_features_that_are_all_the_same_score_chance_and_no_more(row):
    y = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], (30, 10, 8)))
    noise = 1 + 1e-6 * np.random.default_rng(1).standard_normal((48, 8))
    for X in (np.tile(row, (48, 1)), row * noise):
        scores = by_name(score_model("a", X, y).scores)
        assert scores["knn"].gain <= 0
        for name in ("silhouette", "supcon", "logme"):
            assert scores[name].gain == pytest.approx(0, abs=1e-12)


def test_a_constant_column_beside_a_telling_one_hides_nothing():
    X, y = blobs()
    wide = np.column_stack([X, np.full(len(X), 1e9)])
    assert by_name(score_model("a", wide, y).scores)["knn"].gain > 0.1


@pytest.mark.parametrize("n", [60, 700])
def test_float32_features_score_as_their_float64_copies_where_no_copy_is_made(n):
    rng = np.random.default_rng(3)
    y = np.arange(n) % 5
    X = (rng.standard_normal((n, 40)) + rng.standard_normal((5, 40))[y] + 3).astype(np.float32)
    names = ["silhouette", "supcon", "knn"]
    single, double = (
        score_model("a", Y, y, measures=names, rechecks=12) for Y in (X, X.astype(float))
    )
    assert single.diagnosis == double.diagnosis
    for a, b in zip(single.scores + single.literal, double.scores + double.literal, strict=True):
        assert (a.measure, a.reading) == (b.measure, b.reading)
        assert (a.value, a.null, a.gain) == pytest.approx((b.value, b.null, b.gain), rel=1e-6)
        np.testing.assert_allclose(a.rechecks, b.rechecks, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("reading", ["raw", "whitened"])
def test_exact_scores_of_very_many_keep_no_copy_of_the_features(reading, tmp_path, monkeypatch):
    """Features mapped from a file, and so many that all derived from them is made by blocks."""
    n, d = 8000, 500
    y = np.arange(n) % 3
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (n, d))
    X[:] = np.random.default_rng(0).standard_normal((n, d)) + 0.1 * np.eye(d)[y]
    ask = {"rechecks": 0, "reading": reading, "device": "cpu"}
    whole = score_model("a", X, y, **ask)
    monkeypatch.setattr("srcsel.measures.kernels.blocks.BLOCK_BYTES", 200_000)
    monkeypatch.setattr("srcsel.measures.kernels.pairs.PART_BYTES", 200_000)
    monkeypatch.setattr("srcsel.measures.kernels.nearest.PART_BYTES", 200_000)
    monkeypatch.setattr("srcsel.measures.kernels.all_pairs.EDGE", 64)
    for module in ("centered", "pairs"):
        monkeypatch.setattr(f"srcsel.measures.kernels.{module}.WHOLE_BYTES", 1_000_000)
    tracemalloc.start()
    try:
        found = score_model("a", X, y, **ask)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [s.value for s in (*found.scores, *found.literal)] == pytest.approx(
        [s.value for s in (*whole.scores, *whole.literal)], rel=1e-5
    )
    assert most < X.nbytes  # one copy in float64 would be twice that


@pytest.mark.parametrize(("temperature", "alike"), [(0.5, 0.998), (0.1, 1)])
def test_what_is_nearly_scored_is_believed_only_where_the_first_subsets_say_so(
    temperature, alike, monkeypatch
):
    rng = np.random.default_rng(2)
    y = np.repeat(np.arange(6), 80)
    X = rng.standard_normal((480, 90)) + 1.5 * rng.standard_normal((6, 90))[y]

    def rechecks():
        found = score_model(
            "m", X, y, measures=("supcon",), temperature=temperature, reading="whitened"
        )
        return found.scores[0].rechecks

    near = rechecks()
    monkeypatch.setattr(together, "CHECKED", 200)  # every subset
    exact = rechecks()
    assert np.corrcoef(near, exact)[0, 1] >= alike - 1e-9
    assert np.array_equal(near, exact) == (alike == 1)
