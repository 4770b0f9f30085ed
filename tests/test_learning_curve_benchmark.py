"""The counting of the learning curve benchmark, at a tiny size."""

import numpy as np
import pytest

from benchmarks import learning_curve as bench
from benchmarks.learning_curve import Given, calibration, clear, gains, means, part_rows
from srcsel.base.records import Ahead, Curve, CurvePoint
from srcsel.store.features import FeatureStore

LABELS = np.repeat([0, 1, 2], 48)


@pytest.fixture
def given():
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((3, 6))
    features = {m: rng.standard_normal((144, 6)) + 0.7 * centers[LABELS] for m in ("one", "two")}
    return Given("made", LABELS, {m: x.astype(np.float32) for m, x in features.items()})


def test_parts_share_no_picture_and_hold_every_class():
    halves = [part_rows(LABELS, 2, start) for start in (0, 1)]
    assert sorted(np.concatenate(halves)) == list(range(144))
    for every, start in bench.PARTS:
        assert np.bincount(LABELS[part_rows(LABELS, every, start)]).tolist() == [48 // every] * 3


def test_a_gain_is_counted_inside_its_interval_or_not(monkeypatch, tmp_path, given):
    """All: 0.5, 0.6, 0.8 after 5, 10, 40 a class; a quarter has 10, and foretells 0.15 more."""
    whole = tuple(CurvePoint(k, v, 0, 1) for k, v in ((5.0, 0.5), (10.0, 0.6), (40.0, 0.8)))

    def told(given, model, rows, part, store):
        if part == "all":
            return Curve(model, whole)
        ahead = tuple(Ahead(t, 40, 0.7, 0.6, 0.81, 0.15, 0.1, high) for t, high in HIGH.items())
        return Curve(model, (CurvePoint(10.0, 0.55, 0, 1),), ahead)

    HIGH = {4: 0.19}
    monkeypatch.setattr(bench, "curve_of", told)
    for row in gains(given, "one", None):
        assert row["gain"] == pytest.approx(0.2)
        assert row["off"] == pytest.approx(-0.05)
        assert not row["gain inside"]
        assert row["accuracy inside"]
    HIGH[4] = 0.21
    assert all(row["gain inside"] for row in gains(given, "one", None))
    assert len(gains(given, "one", None)) == 2  # nothing was foretold of twice as many


def test_it_is_counted_on_real_curves_and_kept(tmp_path, given, monkeypatch):
    store = FeatureStore(tmp_path / "features")
    rows = gains(given, "one", store)
    assert [row["times"] for row in rows] == [2, 2, 4, 4]
    monkeypatch.setattr("srcsel.scoring.curve._right", None)
    assert gains(given, "one", store) == rows


def test_means_and_calibration():
    rows = [
        {"times": 2, "foretold": 0.1, "true": 0.0},
        {"times": 2, "foretold": 0.3, "true": 1.0},
        {"times": 4, "foretold": 1.0, "true": 1.0},
    ]
    two, four = means("all", rows)
    assert (two["cases"], two["foretold"], two["true"]) == (2, pytest.approx(0.2), 0.5)
    assert four["cases"] == 1
    assert [(c["what"], c["cases"]) for c in calibration(rows)] == [
        ("foretold 0.0 to 0.2", 1),
        ("foretold 0.2 to 0.4", 1),
        ("foretold 0.8 to 1.0", 1),
    ]


def test_only_sets_that_the_part_does_not_tell_apart_count(given, monkeypatch):
    monkeypatch.setattr(bench, "SETS", 3)
    monkeypatch.setattr(bench, "PARTS", ((2, 0),))
    found = clear(given)
    assert all(row["times"] == 2 and 0 <= row["foretold"] <= 1 for row in found)
    assert {row["true"] for row in found} <= {0.0, 1.0}
    monkeypatch.setattr(bench, "stands_clear", lambda scores: True)
    assert clear(given) == []
