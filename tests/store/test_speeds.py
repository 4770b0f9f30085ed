"""Speeds of earlier runs: kept, joined, bounded, forgotten, and damage counts as none."""

import json

import pytest

from srcsel.store import speeds
from srcsel.store.speeds import ModelSpeed, Speeds, keep, recalled

ONE = Speeds({"a": ModelSpeed(0.5, 0.01, None, 0.002)}, opening=0.004, start=2.0)


def test_what_a_run_measured_is_known_to_the_next(tmp_path):
    assert recalled(tmp_path) == Speeds()
    keep(tmp_path, ONE)
    assert recalled(tmp_path) == ONE


def test_two_runs_are_joined_by_the_geometric_mean_and_what_one_lacks_stays(tmp_path):
    keep(tmp_path, ONE)
    keep(tmp_path, Speeds({"a": ModelSpeed(0.5, 0.04, 1.0), "b": ModelSpeed(look=1.0)}, start=8.0))
    found = recalled(tmp_path)
    assert found.models["a"] == ModelSpeed(0.5, pytest.approx(0.02), 1.0, 0.002)
    assert found.models["b"] == ModelSpeed(look=1.0)
    assert (found.opening, found.start, found.after) == (0.004, pytest.approx(4.0), None)


def test_what_took_longer_while_other_programs_computed_counts_little(tmp_path):
    keep(tmp_path, ONE)
    slow_and_fast = Speeds({"a": ModelSpeed(0.5, 0.32)}, opening=0.001, start=64.0)
    keep(tmp_path, slow_and_fast, crowded=True)
    found = recalled(tmp_path)
    assert found.models["a"].look == pytest.approx(0.01 * 32**0.2)  # twice as long, not 5.7 times
    assert found.start == pytest.approx(4.0)
    assert found.opening == pytest.approx(0.002)  # what was faster counts as ever
    keep(tmp_path, Speeds(first_map=9.0), crowded=True)
    assert recalled(tmp_path).first_map == 9.0  # nothing else is known


def test_only_the_last_models_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(speeds, "MOST", 2)
    for name in ("a", "b", "a", "c"):
        keep(tmp_path, Speeds({name: ModelSpeed(look=0.1)}))
    assert list(recalled(tmp_path).models) == ["a", "c"]


def test_of_another_computer_or_version_nothing_is_known(tmp_path, monkeypatch):
    keep(tmp_path, ONE)
    monkeypatch.setattr(speeds, "computer", lambda: {"machine": "another"})
    assert recalled(tmp_path) == Speeds()
    keep(tmp_path, Speeds(start=1.0))  # it takes the place of what it could not know
    assert recalled(tmp_path) == Speeds(start=1.0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("0.01", '"fast"'),
        lambda text: text.replace("0.01", "-1"),
        lambda text: text.replace("0.01", "NaN"),
        lambda text: text.replace("0.01", "1e999"),
        lambda _: "[]",
        lambda _: "\x00\x01",
        lambda text: json.dumps(json.loads(text) | {"speeds": {"models": ["a"]}}),
        lambda text: text + " " * speeds.LARGEST,
    ],
)
def test_a_damaged_file_counts_as_none_and_the_next_run_mends_it(tmp_path, damage):
    keep(tmp_path, ONE)
    path = tmp_path / speeds.NAME
    path.write_text(damage(path.read_text("utf-8")), "utf-8")
    assert recalled(tmp_path) == Speeds()
    keep(tmp_path, ONE)
    assert recalled(tmp_path) == ONE


def test_where_the_disk_refuses_nothing_is_raised(tmp_path):
    (tmp_path / "file").write_text("")
    keep(tmp_path / "file", ONE)
    assert recalled(tmp_path / "file") == Speeds()
