"""Which pictures stand for very many, that corrections leave the others in place, and how far a
sample is off.
"""

import math

import numpy as np
import pytest

from srcsel.base import sampling
from srcsel.base.sampling import PAIR, PAIR_FEATURE, pictures_of_many, rows_of_many


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sampling, "ALL_UP_TO", 1000)
    monkeypatch.setattr(sampling, "SIZE", 300)


def folder(*sizes):
    paths = [f"c{c}/{k:05d}.jpg" for c, size in enumerate(sizes) for k in range(size)]
    return np.repeat(np.arange(len(sizes)), sizes), paths


def test_the_size_is_that_of_the_stated_precision():
    """Two standard errors of a share of a half, each way."""
    half = 1.645 * math.sqrt(0.25 / sampling.SIZE)
    assert 100 * half <= sampling.POINTS < 100 * half * 1.0001
    rng = np.random.default_rng(0)
    shares = rng.binomial(sampling.SIZE, 0.5, 4000) / sampling.SIZE
    assert np.mean(np.abs(shares - 0.5) <= sampling.POINTS / 100) == pytest.approx(0.9, abs=0.02)


def test_up_to_the_limit_all_are_used(small):
    labels, paths = folder(600, 400)
    assert pictures_of_many(labels, paths) is None
    assert rows_of_many(labels) is None
    assert sampling.used(1000, all_pictures=False) == 1000
    assert sampling.used(1001, all_pictures=False) == 300
    assert sampling.used(1001, all_pictures=True) == 1001


@pytest.mark.parametrize("how", ["by name", "by lot"])
def test_every_class_has_its_share_and_small_ones_ten(small, how):
    labels, paths = folder(2000, 1000, 40, 7)
    rows = pictures_of_many(labels, paths) if how == "by name" else rows_of_many(labels)
    assert (np.diff(rows) > 0).all()
    counts = np.bincount(labels[rows])
    assert counts.tolist() == [round(300 / 3047 * 2000), round(300 / 3047 * 1000), 10, 7]


def test_names_decide_as_if_by_lot(small):
    """The first half of a class by name has as many in the sample as the second."""
    labels, paths = folder(4000, 4000)
    rows = pictures_of_many(labels, paths)
    late = sum(int(paths[row][3:8]) >= 2000 for row in rows)
    assert abs(late - len(rows) / 2) < 3 * math.sqrt(len(rows) / 4) + 1


def test_corrections_leave_the_other_pictures_in_the_sample(small):
    labels, paths = folder(1500, 1500)
    before = {paths[row] for row in pictures_of_many(labels, paths)}
    renamed = [path.replace("c1/", "other/") for path in paths]
    assert pictures_of_many(labels, renamed).tolist() == pictures_of_many(labels, paths).tolist()
    gone = sorted(before)[3:9]
    keep = np.array([path not in gone for path in paths])
    fewer = [path for path in paths if path not in gone]
    after = {fewer[row] for row in pictures_of_many(labels[keep], fewer)}
    assert len(after) == len(before)
    assert len(before - after) == 6  # those, and one new one for each


def test_what_is_said_names_the_numbers():
    said = sampling.sampled(27_061, 1_000_000)
    assert said.startswith("27,061 of 1,000,000 pictures are used")
    assert "less than 0.5 points, 9 times in 10" in said
    assert "--all-pictures" in said
    assert sampling.whole(60_000).startswith("All 60,000 pictures are used, as you asked.")


def test_comparing_grows_with_the_square_and_is_shared_by_the_cores(monkeypatch):
    monkeypatch.setattr(sampling.os, "cpu_count", lambda: 2)
    two = sampling.comparing(100_000)
    assert sampling.comparing(200_000) == pytest.approx(4 * two)
    assert sampling.comparing(100_000, 2048) == pytest.approx(
        1e10 / 2 * (PAIR + PAIR_FEATURE * 2048)
    )
    monkeypatch.setattr(sampling.os, "cpu_count", lambda: 4)
    assert sampling.comparing(100_000) == pytest.approx(two / 2)
