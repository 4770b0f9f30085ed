import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy import stats

import srcsel
from srcsel.base.errors import Cancelled, InputError, UnknownNameError
from srcsel.base.records import RECIPE, UNFINISHED, Evidence, Protocol
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.cli.commands import main
from srcsel.cli.evidence_tables import print_evidence
from srcsel.evidence import gather as module
from srcsel.evidence.gather import gather, ranked
from srcsel.jobs.kinds import KINDS
from srcsel.measures import MEASURES
from srcsel.runs.question import command
from srcsel.runs.run import add_measures, rank
from srcsel.store.features import open_runs
from srcsel.store.serialize import to_plain

FEW = ("silhouette", "supcon", "knn", "logme")
QUICK = Protocol("probe", folds=3)
TRAINED = Protocol("finetune", shots=4, seeds=(0, 1), epochs=2, batch=5)


@pytest.fixture(autouse=True)
def no_maps(monkeypatch):
    """Maps take longer than everything else here."""
    monkeypatch.setattr("srcsel.runs.run.draw_all", lambda *_: None)


@pytest.fixture
def ranking(tiny, picture_folder):
    return rank(
        picture_folder, ["tiny/one", "tiny/two", "tiny/plain", "pixels/thumbnail"], device="cpu"
    )


def stored(run_id):
    return open_runs(load_settings()).evidences(run_id)


def test_a_quick_check_is_complete_saved_and_right(ranking):
    evidence = gather(ranking.run.id, QUICK, measures=FEW)
    assert evidence.complete
    assert {a.model for a in evidence.accuracies} == {m.id for m in ranking.models}
    assert all(
        len(a.values) == 3 and 0 <= a.low <= a.mean <= a.high <= 1 for a in evidence.accuracies
    )
    assert evidence.notes[0].startswith("3 folds: trained on 24 pictures, tested on 12 pictures")
    assert [to_plain(e) for e in stored(ranking.run.id)] == [to_plain(evidence)]
    means = {a.model: a.mean for a in evidence.accuracies}
    (knn,) = [a for a in evidence.agreements if a.predictor == "knn"]
    scores = {s.model: s.value for s in ranking.scores if s.measure == "knn"}
    tau = stats.kendalltau([scores[m] for m in means], list(means.values())).statistic
    assert (knn.tau.value is None) == bool(np.isnan(tau))
    assert knn.tau.value is None or knn.tau.value == pytest.approx(tau)


def test_trained_models_have_an_accuracy_and_the_others_a_reason(ranking):
    evidence = gather(ranking.run.id, TRAINED, measures=FEW)
    assert [a.model for a in evidence.accuracies] == ["tiny/one", "tiny/two", "tiny/plain"]
    assert [f.model for f in evidence.failures] == ["pixels/thumbnail"]
    assert evidence.notes[0].startswith("2 splits: trained on 12 pictures, tested on 24 pictures")


def test_both_kinds_are_kept_beside_the_run_and_read_again_without_work(ranking, tiny):
    gather(ranking.run.id, QUICK, measures=FEW)
    before = gather(ranking.run.id, TRAINED, measures=FEW)
    tiny.loaded.clear()
    after = gather(ranking.run.id, TRAINED, measures=FEW)
    assert tiny.loaded == []
    assert after.agreements == before.agreements
    assert [a.values for a in after.accuracies] == [a.values for a in before.accuracies]
    assert [e.protocol.kind for e in stored(ranking.run.id)] == ["probe", "finetune"]


def test_every_measure_is_scored_first_and_the_run_saved_so(ranking):
    evidence = gather(ranking.run.id, QUICK)
    again = open_runs(load_settings()).load(ranking.run.id)
    assert set(again.run.measures) == set(MEASURES)
    assert set(MEASURES) <= {a.predictor for a in evidence.agreements}
    assert {s.measure for s in again.scores} > set(FEW)
    assert again.run.asked == FEW  # so the run is asked again by those alone
    assert "--measures" not in command(again.run)
    assert add_measures(ranking.run.id, ["gbc"]).run.asked == (*FEW, "gbc")


def test_more_measures_change_no_score_and_no_verdict(ranking):
    result = add_measures(ranking.run.id, "calinski_harabasz")
    assert result.run.measures == (*FEW, "calinski_harabasz")
    assert result.verdict == ranking.verdict
    assert result.models == ranking.models
    assert result.failures == ranking.failures
    kept = [s for s in result.scores if s.measure in FEW]
    for one, two in zip(kept, ranking.scores, strict=True):
        assert (one.model, one.measure, one.value) == (two.model, two.measure, two.value)
        np.testing.assert_array_equal(one.rechecks, two.rechecks)
    assert len([s for s in result.scores if s.measure == "calinski_harabasz"]) == 4


def test_more_measures_from_features_that_are_gone(ranking, tiny):
    shutil.rmtree(load_settings().features)
    tiny.loaded.clear()
    assert {s.measure for s in add_measures(ranking.run.id, ["gbc"]).scores} == {*FEW, "gbc"}
    assert tiny.loaded


def test_what_is_measured_is_saved_after_each_model(ranking):
    class StopAtThird(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            if part == "tiny/plain" and state == "running":
                raise Cancelled

    with pytest.raises(Cancelled):
        gather(ranking.run.id, TRAINED, measures=FEW, watch=StopAtThird())
    (partial,) = stored(ranking.run.id)
    assert not partial.complete
    assert partial.sentence == partial.said == UNFINISHED
    assert len(partial.accuracies) == 2
    assert all(a.regret.low is None for a in partial.agreements)
    assert gather(ranking.run.id, TRAINED, measures=FEW).complete
    assert [e.complete for e in stored(ranking.run.id)] == [True]


def test_a_measurement_of_the_recipe_before_names_no_model_to_train(ranking, tiny):
    asked = dataclasses.replace(TRAINED, learning_rate=1e-3)
    found = gather(ranking.run.id, asked, measures=FEW, models=["tiny/one", "tiny/two"])
    open_runs(load_settings()).save_evidence(dataclasses.replace(found, recipe=1))
    shutil.rmtree(load_settings().evidence)
    tiny.loaded.clear()
    again = gather(ranking.run.id, asked, measures=FEW, models=["tiny/one"])
    assert [a.model for a in again.accuracies] == ["tiny/one"]
    assert "tiny/two" not in tiny.loaded


def test_copies_are_said(tiny, picture_folder):
    shutil.copy(picture_folder / "red" / "000.png", picture_folder / "red" / "copy.png")
    result = rank(picture_folder, ["tiny/one"], device="cpu")
    evidence = gather(result.run.id, TRAINED, measures=FEW)
    assert any(note.startswith("1 picture is a copy of another") for note in evidence.notes)


def test_pictures_that_changed_since_are_refused(ranking, picture_folder):
    Image.new("RGB", (48, 48), (9, 9, 9)).save(picture_folder / "red" / "new.png")
    with pytest.raises(InputError, match="have changed since this run"):
        gather(ranking.run.id, QUICK, measures=FEW)


def test_a_run_that_is_not_there_or_not_finished_is_refused(ranking):
    with pytest.raises(UnknownNameError):
        gather("20260101-nothing", QUICK)
    open_runs(load_settings()).save(dataclasses.replace(ranking, complete=False))
    with pytest.raises(InputError, match="not finished"):
        gather(ranking.run.id, QUICK)


def test_models_that_failed_in_the_run_are_not_tried_again(tiny, picture_folder):
    result = rank(picture_folder, ["tiny/broken", "tiny/one"], device="cpu")
    tiny.loaded.clear()
    evidence = gather(result.run.id, TRAINED, measures=FEW)
    assert [a.model for a in evidence.accuracies] == ["tiny/one"]
    assert "tiny/broken" not in tiny.loaded


def test_from_python_by_folder_and_by_run(tiny, picture_folder, ranking):
    evidence = srcsel.gather_evidence(ranking.run.id, protocol=QUICK, measures=FEW)
    assert evidence.run == ranking.run.id
    other = srcsel.gather_evidence(
        picture_folder, ["tiny/one", "tiny/two"], protocol=QUICK, measures=FEW, device="cpu"
    )
    assert other.run != ranking.run.id
    assert len(other.accuracies) == 2


def test_a_name_that_is_no_run_is_taken_for_a_folder():
    with pytest.raises(InputError, match="nowhere"):
        ranked("nowhere", "demo", FEW)


def test_jobs_score_and_measure(ranking, monkeypatch):
    class Told:
        watch = Watch()

        def plan(self, weights, titles):
            self.parts = list(weights)

    told = Told()
    assert KINDS["measures"]({"run_id": ranking.run.id, "measures": ["gbc"]}, told) == {
        "measures": 5
    }
    assert told.parts == [m.id for m in ranking.models]
    monkeypatch.setattr(module, "measure_names", lambda _: FEW)  # every measure takes its time
    found = KINDS["evidence"]({"run_id": ranking.run.id, "protocol": to_plain(QUICK)}, told)
    assert found == {"models": 4, "failed": 0, "sentence": stored(ranking.run.id)[0].sentence}
    assert told.parts == ["measures", "pictures", *(m.id for m in ranking.models)]


def test_the_shell_prints_accuracies_predictors_and_the_sentence(ranking, capsys, tmp_path):
    names = ",".join(FEW)
    target = tmp_path / "out.json"
    asked = [
        "evidence",
        ranking.run.id,
        "--check",
        "both",
        "--shots",
        "4",
        "--seeds",
        "2",
        "--epochs",
        "2",
        "--learning-rate",
        "0.01",
    ]
    assert main([*asked, "--measures", names, "--json", str(target)]) == 0
    out = capsys.readouterr().out
    written = json.loads(target.read_text())
    assert [e["protocol"]["kind"] for e in written["evidence"]] == ["probe", "finetune"]
    assert written["evidence"][1]["protocol"]["seeds"] == [0, 1]
    assert written["evidence"][1]["protocol"]["learning_rate"] == 0.01
    assert written["evidence"][1]["recipe"] == RECIPE
    assert written["scores"]
    for evidence in written["evidence"]:
        assert evidence["sentence"] in out.replace("\n", " ")
    assert "Quick check (linear probe)." in out
    assert "Fine-tuning." in out
    assert "Tiny plain" in out
    assert "no network to fine-tune" in out
    best = max(written["evidence"][0]["accuracies"], key=lambda a: a["mean"])
    assert f"{100 * best['mean']:.1f} %" in out
    assert "Kendall's tau" in out


def test_the_shell_names_the_recipe_of_before(ranking, capsys):
    before = Evidence(ranking.run.id, Protocol("finetune", learning_rate=1e-3), (), (), "Told.")
    print_evidence(ranking, before)
    print_evidence(ranking, dataclasses.replace(before, recipe=RECIPE))
    said = capsys.readouterr().out
    assert "Fine-tuning by the plain recipe of before. Told." in said
    assert "Fine-tuning. Told." in said


def test_the_shell_prints_json_and_nothing_else(ranking, capsys):
    assert main(["evidence", ranking.run.id, "--measures", ",".join(FEW), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["evidence"][0]["protocol"]["kind"] == "probe"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--check", "finetune", "--shots", "many"], "--shots is the number"),
        (["--check", "finetune", "--shots", "0"], "shots must be a whole number of 1 or more"),
        (
            ["--check", "finetune", "--seeds", "0"],
            "seeds must be one or more different whole numbers",
        ),
        (["--check", "finetune", "--learning-rate", "0"], "learning_rate must be a number above 0"),
        (["--check", "finetune", "--epochs", "0"], "epochs must be a whole number of 1 or more"),
    ],
)
def test_bad_arguments_are_status_2_before_anything_is_ranked(
    arguments, words, picture_folder, capsys, monkeypatch
):
    monkeypatch.setattr(module, "ranked", None)
    assert main(["evidence", str(picture_folder), *arguments]) == 2
    assert words in capsys.readouterr().err
