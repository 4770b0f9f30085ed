"""What was measured lies beside its run."""

import dataclasses

import pytest

from srcsel.base.errors import UnknownNameError
from srcsel.base.records import Accuracy, Agreement, Evidence, Failure, Interval, Protocol
from srcsel.store.features import RunStore
from srcsel.store.serialize import from_plain, to_plain

EVIDENCE = Evidence(
    "run-1",
    Protocol("finetune", shots=None, seeds=(0, 4)),
    (
        Accuracy(
            "a/one", (0.5, 0.75), 0.625, 0.5, 0.75, balanced=0.6, seconds=3.0, note="stopped early"
        ),
    ),
    (
        Agreement(
            "supcon",
            "whitened",
            3,
            "a/one",
            Interval(1.0, 0.3, 1.0),
            Interval(1.0),
            Interval(0.9),
            Interval(0.0),
            1.0,
        ),
        Agreement(
            "cka",
            None,
            1,
            None,
            Interval(None),
            Interval(None),
            Interval(None),
            Interval(None),
            None,
            "Few.",
        ),
    ),
    "On these pictures SCL picked the best model.",
    ("a/one",),
    (Failure("a/two", "", "It broke.", "trace"),),
    ("Two splits.",),
    "2026-01-31T10:00:00+00:00",
    12.5,
)


@pytest.fixture
def runs(tmp_path):
    return RunStore(tmp_path / "runs", tmp_path / "examples")


def test_evidence_comes_back_as_it_was(runs):
    assert runs.evidences("run-1") == []
    runs.save_evidence(EVIDENCE)
    (found,) = runs.evidences("run-1")
    assert dataclasses.asdict(found) == dataclasses.asdict(EVIDENCE)
    assert runs.evidences("run-2") == []


def test_what_was_stored_before_the_recipe_was_named_is_of_the_one_before(runs):
    stored = to_plain(EVIDENCE)
    del stored["recipe"]
    stored["protocol"]["learning_rate"] = 1e-3
    found = from_plain(Evidence, stored)
    assert found.is_former
    assert found.protocol.learning_rate == 1e-3
    assert not dataclasses.replace(found, recipe=2).is_former
    assert not dataclasses.replace(found, protocol=Protocol("probe")).is_former


def test_a_quick_check_stored_before_is_replaced_by_one_of_today(runs):
    stored = from_plain(Protocol, {**to_plain(Protocol("probe")), "learning_rate": 1e-3})
    runs.save_evidence(dataclasses.replace(EVIDENCE, protocol=stored))
    runs.save_evidence(dataclasses.replace(EVIDENCE, protocol=Protocol("probe"), seconds=99.0))
    assert [e.seconds for e in runs.evidences("run-1")] == [99.0]


def test_one_for_each_protocol_newest_last(runs):
    runs.save_evidence(
        dataclasses.replace(EVIDENCE, created="2026-03-01", protocol=Protocol("probe"))
    )
    runs.save_evidence(dataclasses.replace(EVIDENCE, complete=False))
    runs.save_evidence(EVIDENCE)
    assert [e.protocol.kind for e in runs.evidences("run-1")] == ["finetune", "probe"]
    assert [e.complete for e in runs.evidences("run-1")] == [True, True]


def test_an_example_is_read_and_measured_again_beside_it(runs, tmp_path):
    RunStore(tmp_path / "examples").save_evidence(EVIDENCE)
    assert len(runs.evidences("run-1")) == 1
    runs.save_evidence(dataclasses.replace(EVIDENCE, seconds=99.0))
    assert [e.seconds for e in runs.evidences("run-1")] == [99.0]
    assert [e.seconds for e in RunStore(tmp_path / "examples").evidences("run-1")] == [12.5]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"run": "run-1", "protocol": 3}'])
def test_a_damaged_measurement_is_said_and_spoils_no_other(runs, content):
    runs.save_evidence(EVIDENCE)
    (path,) = (runs.folder / "run-1" / "evidence").iterdir()
    (path.parent / "other.json").write_bytes(content)
    assert len(runs.evidences("run-1")) == 1
    assert runs.notes == [
        "A measurement of the run run-1 is damaged and is left out. Measure again."
    ]


@pytest.mark.parametrize("run_id", ["../run-1", "Run", "*", ""])
def test_no_other_folder_is_read(runs, run_id):
    with pytest.raises(UnknownNameError):
        runs.evidences(run_id)
