"""More pictures? From every entry point the same, remembered, and from stored features alone."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

import srcsel
from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings
from srcsel.cli import commands
from srcsel.evidence import outlook
from srcsel.jobs.kinds import KINDS
from srcsel.jobs.progress import Progress
from srcsel.store.features import open_features, open_runs
from srcsel.store.serialize import to_plain


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A work folder with a finished run over noisy pictures of three colors that overlap."""
    folder, chance = tmp_path_factory.mktemp("noisy"), np.random.default_rng(0)
    for c in range(3):
        (folder / "pics" / f"class{c}").mkdir(parents=True)
        for i in range(20):
            color = 90 + 25 * c + chance.normal(0, 22, 3)
            pixels = np.clip(color + chance.normal(0, 40, (24, 24, 3)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(
                folder / "pics" / f"class{c}" / f"{i}.png"
            )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRCSEL_HOME", str(folder / "home"))
        return folder / "home", srcsel.rank(
            folder / "pics", models="pixels,demo/palettes,demo/shapes"
        )


@pytest.fixture
def run(made, monkeypatch):
    home, result = made
    monkeypatch.setenv("SRCSEL_HOME", str(home))
    return result


class Told:
    """The worker's side of a job."""

    def __init__(self):
        self.watch, self.parts = srcsel.Watch(), {}

    def plan(self, weights, titles):
        self.parts = weights


def test_python_shell_json_and_job_say_the_same(run, capsys):
    found = srcsel.more_pictures(run.run.id)
    assert found.run == run.run.id
    assert found.curves[0].model == run.verdict.winner
    assert found.text.startswith("Twice as many pictures would bring ")
    reached = {a.model: a for a in run.accuracies}
    for curve in found.curves:
        last, own = curve.points[-1], reached[curve.model]
        assert (last.value, last.low, last.high) == (own.mean, own.low, own.high)
    assert commands.main(["curve", run.run.id, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outlook"] == to_plain(found)
    assert told["verdict"]["winner"] == run.verdict.winner
    assert commands.main(["curve", "latest"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(found.text)
    assert "(twice as many)" in shown
    job = Told()
    assert KINDS["curve"]({"run_id": run.run.id}, job)["text"] == found.text
    assert set(job.parts) == {curve.model for curve in found.curves}
    Progress().plan(job.parts, dict.fromkeys(job.parts, "title"))


def test_it_is_remembered_with_the_run(run, monkeypatch):
    found = outlook.make(run.run.id)
    monkeypatch.setattr(outlook.curve, "learn", None)
    store = open_features(load_settings())
    assert outlook.stored(run, store) == found
    assert outlook.make(run.run.id) == found


def test_another_answer_to_the_same_run_is_another_question(run):
    outlook.make(run.run.id)
    store = open_features(load_settings())
    others = [m.id for m in run.models if m.id != run.verdict.winner]
    verdict = dataclasses.replace(run.verdict, winner=others[0], close=())
    assert outlook.stored(dataclasses.replace(run, verdict=verdict), store) is None


def test_the_model_to_start_from_is_asked_then_those_close_to_it(run):
    ids = [m.id for m in run.models]
    verdict = dataclasses.replace(run.verdict, winner=ids[1], close=(ids[0], ids[1]))
    asked = outlook.asked(dataclasses.replace(run, verdict=verdict))
    assert [m.id for m in asked] == [ids[1], ids[0]]


def test_a_run_without_an_answer_says_so(run):
    runs = open_runs(load_settings())
    half = dataclasses.replace(
        run, run=dataclasses.replace(run.run, id="20260101-000000-000000-half"), complete=False
    )
    runs.save(half)
    with pytest.raises(InputError, match="no answer yet"):
        outlook.make(half.run.id)
    assert commands.main(["curve", half.run.id]) == 2
