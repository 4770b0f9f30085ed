"""Settling as a job: killed, continued, stopped; with a real worker process."""

from pathlib import Path

import pytest

from srcsel.base.records import Protocol, Result, Run, SourceModel, Verdict
from srcsel.base.settings import load_settings
from srcsel.pictures.dataset import load_dataset
from srcsel.runs import settled
from srcsel.store.features import open_runs

MODELS = ("quick/one", "quick/two")


@pytest.fixture
def close(jobs, monkeypatch, tmp_path, picture_folder):
    """The id of a stored run that cannot tell two models apart, for a worker that knows them."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "quick_hub"))
    short = Protocol("finetune", shots=4, seeds=(0,), epochs=1, batch=5)  # as the worker's
    monkeypatch.setattr(settled, "PROTOCOL", short)
    monkeypatch.setenv("QUICK_LOG", str(tmp_path / "quick.log"))
    monkeypatch.setenv("QUICK_SECONDS", "0.5")
    dataset = load_dataset(str(picture_folder))
    run = Run("run-1", "2026-01-31T10:00:00+00:00", dataset.ref, MODELS, device="cpu")
    verdict = Verdict("tie", MODELS[0], "Text.", {}, MODELS, why="Too close.")
    models = tuple(SourceModel(m, m, "1", 1000, 0.1, 16, 8, "none", "MIT", 0) for m in MODELS)
    open_runs(load_settings()).save(Result(run, dataset, models, (), (), (), (), verdict))
    return run.id


def known():
    settings = load_settings()
    return settled.with_settled(open_runs(settings).load("run-1"), settings).settled


def trained():
    return list((load_settings().evidence / "outcomes").glob("*.safetensors"))


def test_a_killed_one_goes_on_and_makes_no_training_twice(jobs, close, tmp_path):
    job = jobs.board.submit("settle", {"run_id": close, "minutes": 10})
    jobs.until(lambda: len(trained()) >= 1)
    lost = jobs.lose(job)
    assert [part.name for part in lost.parts] == ["pictures", *MODELS]
    assert known() is None or known().ended == ""
    made = len(trained())
    jobs.board.resume(job)
    jobs.wait(job, "done")
    known_now = known()
    assert known_now.ended in ("clear", "alike", "most")
    loaded = (tmp_path / "quick.log").read_text().split()
    assert made <= known_now.trainings == len(trained())
    assert len(loaded) <= known_now.trainings + 1  # the one that was killed was loaded again
    assert jobs.board.result(job)["trainings"] == known_now.trainings


def test_a_stopped_one_says_nothing_until_it_is_continued(jobs, close):
    job = jobs.board.submit("settle", {"run_id": close, "minutes": 10})
    jobs.until(lambda: len(trained()) >= 1)
    jobs.board.cancel(job)
    stopped = jobs.wait(job, "cancelled", "done")
    assert stopped.state == "cancelled"
    assert known().ended == ""
    assert not known().is_measured
    jobs.board.resume(job)
    jobs.wait(job, "done")
    assert known().is_measured
