"""The whole way, on real pictures with models that need no download, and from features alone."""

import dataclasses
import json
import threading

import numpy as np
import pytest

import srcsel
from srcsel.base import sampling
from srcsel.base.errors import Cancelled, FeatureError, InputError, NotAvailable, UnknownNameError
from srcsel.base.records import HEADLINE, Run, SourceModel
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.explore import maps
from srcsel.explore.maps import draw_map
from srcsel.features.extract import key_for
from srcsel.features.recover import features_of
from srcsel.measures import MEASURES
from srcsel.models.hubs import HUBS, Preprocessing
from srcsel.runs import run
from srcsel.runs.given import rank_features, score_features
from srcsel.runs.question import command
from srcsel.runs.run import answer, measure_names, new_run, to_json
from srcsel.scoring import remembered
from srcsel.scoring.score import score_model
from srcsel.store.features import open_features, open_runs
from srcsel.store.serialize import from_plain, to_plain
from tests.recorder import Recorder


class ToyHub:
    """`color` sees the mean colour (it tells the classes), `noise` sees nothing, `broken` cannot be
    run.
    """

    name = "toy"
    title = "Toys"

    def models(self):
        return [self.find(name) for name in ("color", "noise", "broken")]

    def find(self, name):
        return SourceModel(f"toy/{name}", name.title(), "1", 1000, 0.1, 8, 4, "none", "MIT")

    def preprocessing(self, model):
        return Preprocessing((8, 8), resize="squash", interpolation="bilinear")

    def load(self, model, device, watch):
        class Encoder:
            preprocessing = self.preprocessing(model)

            def __call__(self, batch):
                if model.id == "toy/broken":
                    raise ValueError("no such layer")
                mean = batch.mean(axis=(2, 3), dtype=np.float64)
                code = (batch.astype(np.int64).sum(axis=(1, 2, 3)) * 7919) % 1000
                seen = (
                    mean
                    if model.id == "toy/color"
                    else np.stack([np.sin(code * k) for k in (1, 2, 3)], axis=1)
                )
                return np.column_stack([seen, np.cos(code)]).astype(np.float32), None

        return Encoder()


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setitem(HUBS, "toy", ToyHub())


@pytest.fixture
def question(picture_folder):
    return new_run(
        picture_folder, ["toy/noise", "toy/broken", "toy/color"], device="cpu", title="Squares"
    )


def features(seed=0, n=60, classes=3):
    chance = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), n // classes)
    good = np.eye(classes)[y] * 4 + chance.normal(size=(n, classes))
    return {
        "good": np.hstack([good, chance.normal(size=(n, 5))]),
        "noise": chance.normal(size=(n, 8)),
    }, y


def test_the_whole_way(question):
    watch = Recorder()
    result = answer(question, watch=watch)
    assert result.complete
    assert result.verdict.winner == "toy/color"
    assert {(s.model, s.measure) for s in result.scores} == {
        (model, measure) for model in ("toy/noise", "toy/color") for measure in HEADLINE
    }
    assert {(s.measure, s.reading) for s in result.literal} == {
        ("silhouette", "raw"),
        ("supcon", "raw"),
    }
    (failure,) = result.failures
    assert (failure.model, failure.measure) == ("toy/broken", "")
    assert "no such layer" in failure.reason
    assert [m.id for m in result.models] == ["toy/noise", "toy/broken", "toy/color"]
    assert set(result.seconds_per_picture) == {"toy/noise", "toy/color"}
    assert result.versions["numpy"] == np.__version__
    seen = [told[:2] for told in watch.seen]
    assert seen[:3] == [(model, "waiting") for model in question.models]
    assert ("toy/color", "done") in seen
    assert seen[-1] == ("maps", "done")


def test_the_answer_is_handed_over_before_its_maps_are_drawn(question):
    runs, told = open_runs(load_settings()), []

    def ready(result):
        assert to_json(runs.load(question.id)) == to_json(result)
        told.append((result.complete, runs.projection(question.id, "toy/color", "umap")))

    result = answer(question, ready=ready)
    assert told == [(True, None)]
    assert runs.projection(question.id, "toy/color", "umap") is not None
    assert result.verdict.winner == "toy/color"


def test_two_models_are_scored_at_once_where_no_network_runs(question, monkeypatch):
    models = ("toy/noise", "toy/color")
    alone = answer(dataclasses.replace(question, models=models))
    both, scored = threading.Barrier(2), run.scored
    monkeypatch.setattr(run.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(run, "scored", lambda *asked: both.wait(20) is None or scored(*asked))
    again = answer(
        dataclasses.replace(question, id="20260131-000000-000000-aaaa", models=models, seed=0)
    )
    assert [s.model for s in again.scores] == [s.model for s in alone.scores]
    assert to_json(again)["scores"] == to_json(alone)["scores"]
    assert to_json(again)["accuracies"] == to_json(alone)["accuracies"]


def test_the_answer_is_stored_with_its_maps(question):
    result = answer(question)
    runs = open_runs(load_settings())
    stored = runs.load(question.id)
    assert to_json(stored) == to_json(result)
    assert [summary.id for summary in runs.list() if not summary.example] == [question.id]
    for model in ("toy/color", "toy/noise"):
        projection = runs.projection(question.id, model, "umap")
        assert projection.xy.shape == (36, 2)
        np.testing.assert_array_equal(projection.rows, np.arange(36))
    assert runs.projection(question.id, "toy/broken", "umap") is None


def test_each_finished_model_is_stored_at_once(question, monkeypatch):
    saved = []
    save = run.RunStore.save
    monkeypatch.setattr(
        run.RunStore, "save", lambda self, result: saved.append(result) or save(self, result)
    )
    answer(question)
    assert [(len(r.scores), len(r.failures), r.complete) for r in saved] == [
        (0, 0, False),
        (4, 0, False),
        (4, 1, False),
        (8, 1, False),
        (8, 1, True),
    ]
    assert saved[0].verdict.text == "No starting model has been scored yet."


def test_who_hears_that_a_model_is_done_finds_its_scores(question):
    found = {}

    class Looking(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            if state == "done" and part.startswith("toy/"):
                stored = open_runs(load_settings()).load(question.id)
                found[part] = part in {score.model for score in stored.scores}

    answer(question, watch=Looking())
    assert found == {"toy/color": True, "toy/noise": True}


def test_a_stopped_run_goes_on_where_it_stopped(question):
    with pytest.raises(Cancelled):
        answer(question, watch=Recorder(lambda told: told[:2] == ("toy/color", "running")))
    stored = open_runs(load_settings()).load(question.id)
    assert {s.model for s in stored.scores} == {"toy/noise"}
    assert not stored.complete
    watch = Recorder()
    result = answer(question, watch=watch)
    assert result.complete
    seen = [told[:2] for told in watch.seen]
    assert ("toy/noise", "stored") in seen
    assert ("toy/noise", "running") not in seen


def test_the_same_question_again_is_answered_from_disk(question, monkeypatch):
    first = answer(question)

    def never(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr(remembered, "score_model", never)
    monkeypatch.setattr(maps, "project", never)
    second = answer(
        dataclasses.replace(
            question, id="20260131-000000-000000-aaaa", models=("toy/noise", "toy/color")
        )
    )
    assert to_json(second)["scores"] == to_json(first)["scores"]
    for old, new in zip(first.scores, second.scores, strict=True):
        np.testing.assert_array_equal(old.rechecks, new.rechecks)


def test_another_temperature_is_another_question(question):
    first = answer(question)
    second = answer(
        dataclasses.replace(question, id="20260131-000000-000000-aaaa", temperature=0.2)
    )
    value = {
        r.run.temperature: next(s.value for s in r.scores if s.measure == "supcon")
        for r in (first, second)
    }
    assert value[0.5] != value[0.2]


def test_pictures_left_out_are_left_out_and_said(question):
    result = answer(dataclasses.replace(question, left_out=("red/000.png", "red/001.png")))
    assert len(result.dataset.paths) == 34
    assert "You left out 2 pictures." in result.notes


def test_a_picture_to_leave_out_that_is_not_there_is_an_error(question, picture_folder):
    (picture_folder / "red" / "broken.png").write_bytes(b"x")
    fine = ("red/000.png", "red/broken.png")
    assert len(answer(dataclasses.replace(question, left_out=fine)).dataset.paths) == 35
    for path in ("red/0000.png", str(picture_folder / "red" / "000.png"), "*.png", ""):
        with pytest.raises(UnknownNameError, match="no picture to leave out"):
            answer(dataclasses.replace(question, left_out=(*fine, path)))
    with pytest.raises(UnknownNameError, match=r"named 'red/0000\.png'\. Did you mean .*red/000"):
        answer(dataclasses.replace(question, left_out=("red/0000.png",)))


def test_an_old_question_that_cannot_be_asked_any_more_is_refused(question):
    old = from_plain(Run, {**to_plain(question), "seed": -1})
    with pytest.raises(InputError, match="seed must be"):
        answer(old)


def test_pictures_left_out_run_no_network_and_score_as_if_they_were_not_there(
    question, picture_folder, monkeypatch
):
    first = answer(question)

    def never(*_, **__):
        raise AssertionError("a network ran")

    out = tuple(path for path in first.dataset.paths if path.endswith(("003.png", "010.png")))
    models = ("toy/noise", "toy/color")
    some = dataclasses.replace(
        question, id="20260131-000000-000000-aaaa", models=models, left_out=out[:4]
    )
    more = dataclasses.replace(some, id="20260131-000000-000000-bbbb", left_out=out)
    watch = Recorder()
    with monkeypatch.context() as patch:
        patch.setattr(ToyHub, "load", never)
        answer(some)
        without = answer(more, watch=watch)
    # reused from the first word to the last
    assert {told[1] for told in watch.seen if told[0] == "toy/color"} == {
        *("waiting", "stored", "scoring")
    }
    assert [told[1] for told in watch.seen if told[0] == "toy/color"][-1] == "stored"
    assert set(without.dataset.paths) == set(first.dataset.paths) - set(out)
    assert without.seconds_per_picture == {m: first.seconds_per_picture[m] for m in models}
    assert open_runs(load_settings()).projection(more.id, "toy/color", "umap").xy.shape == (30, 2)
    monkeypatch.setenv("SRCSEL_HOME", str(picture_folder.parent / "another home"))
    for path in out:
        (picture_folder / path).unlink()
    fresh = answer(dataclasses.replace(question, models=models))
    for key in ("scores", "literal", "verdict"):
        assert _but_times(to_json(without)[key]) == _but_times(to_json(fresh)[key])


def _but_times(told):
    """The scores without how long they took, the verdict without how long a picture takes."""
    if isinstance(told, dict):
        return told["kind"], told["winner"], told["firsts"], told["close"]
    return [{k: v for k, v in score.items() if k != "seconds"} for score in told]


def test_pictures_left_out_of_a_set_whose_features_are_not_stored(question):
    without = answer(
        dataclasses.replace(question, left_out=("red/000.png",), models=("toy/color",))
    )
    stored = open_features(load_settings()).get(
        key_for(without.dataset, without.models[0], "float32")
    )
    assert len(stored.values) == len(without.dataset.paths) == 35


def test_unreadable_files_are_listed_and_said(question, picture_folder):
    (picture_folder / "red" / "broken.jpg").write_bytes(b"no picture")
    result = answer(question)
    assert [u.path for u in result.dataset.unreadable] == ["red/broken.jpg"]
    assert "1 file could not be read and is left out." in result.notes


def test_damaged_features_are_computed_again_and_said(question):
    answer(question)
    (path,) = open_features(load_settings()).folder.glob("pictures/toy-color-*/*.safetensors")
    path.write_bytes(path.read_bytes()[:-8])
    result = answer(dataclasses.replace(question, id="20260131-000000-000000-aaaa"))
    assert "The stored features of toy/color were damaged; they are computed again." in result.notes
    assert result.verdict.winner == "toy/color"


def test_nothing_to_rank_is_said(question):
    result = answer(dataclasses.replace(question, models=("toy/broken",)))
    assert result.verdict.winner is None
    assert "None of the starting models could be scored" in result.verdict.text
    assert len(result.failures) == 1


def test_a_model_that_is_gone_meanwhile_stops_no_other(question, tmp_path):
    result = answer(
        dataclasses.replace(
            question, models=(f"checkpoints/{tmp_path}/gone.safetensors", "toy/color")
        )
    )
    assert [f.model for f in result.failures] == [f"checkpoints/{tmp_path}/gone.safetensors"]
    assert result.verdict.winner == "toy/color"


def test_one_class_is_refused(question, picture_folder, tmp_path):
    (tmp_path / "one").mkdir()
    (picture_folder / "red").rename(tmp_path / "one" / "red")
    with pytest.raises(InputError, match="one class"):
        answer(dataclasses.replace(question, ref=str(tmp_path / "one")))


def test_a_map_on_request_starts_from_the_front_runner(question):
    answer(question)
    runs = open_runs(load_settings())
    assert runs.projection(question.id, "toy/noise", "pca") is None
    projection = draw_map(question.id, "toy/noise", "pca")
    np.testing.assert_array_equal(
        runs.projection(question.id, "toy/noise", "pca").xy, projection.xy
    )
    with pytest.raises(UnknownNameError, match="kind of map"):
        draw_map(question.id, "toy/noise", "pac")
    with pytest.raises(UnknownNameError, match="source model"):
        draw_map(question.id, "toy/none", "pca")


def test_a_map_whose_features_are_gone_comes_from_the_same_pictures_only(question, picture_folder):
    answer(question)
    for path in open_features(load_settings()).folder.glob("**/toy-noise-*/*.safetensors"):
        path.unlink()
    assert draw_map(question.id, "toy/noise", "pca").xy.shape == (36, 2)
    for path in open_features(load_settings()).folder.glob("**/toy-noise-*/*.safetensors"):
        path.unlink()
    (picture_folder / "red" / "000.png").unlink()
    with pytest.raises(InputError, match="have changed since"):
        draw_map(question.id, "toy/noise", "tsne")


def test_questions_are_checked_by_name(picture_folder):
    made = new_run(str(picture_folder), "toy/color", "knn, knn,supcon")
    assert made.measures == ("knn", "supcon")
    assert made.models == ("toy/color",)
    assert made.device == "auto"
    for wrong in (
        {"models": "toys/color"},
        {"measures": "silhouete"},
        {"measures": ","},
        {"temperature": 0.0},
        {"metric": "cosin"},
    ):
        with pytest.raises(InputError):
            new_run(picture_folder, **{"models": "pixels", **wrong})


def test_a_folder_is_stored_by_its_whole_path(picture_folder, monkeypatch):
    monkeypatch.chdir(picture_folder.parent)
    assert new_run("pictures", "pixels").ref == str(picture_folder)
    assert new_run("demo:digits", "pixels").ref == "demo:digits"
    assert new_run(f"file://{picture_folder}", "pixels").ref == str(picture_folder)


def test_all_measures_begin_with_the_headline():
    assert measure_names("all")[: len(HEADLINE)] == HEADLINE
    assert set(measure_names("all")) == set(MEASURES)
    assert measure_names(None) == HEADLINE


def test_features_alone_give_the_verdict_of_the_whole_way(question):
    result = answer(question)
    store = open_features(load_settings())
    keys = {m: key_for(result.dataset, HUBS["toy"].find(m), "float32") for m in ("noise", "color")}
    values = {f"toy/{name}": store.get(key).values for name, key in keys.items()}
    names = [result.dataset.classes[label] for label in result.dataset.labels]
    alone = rank_features(values, names)
    assert alone.verdict.winner == result.verdict.winner
    assert alone.verdict.kind == result.verdict.kind
    assert alone.verdict.firsts == result.verdict.firsts
    assert [(s.model, s.measure, s.value, s.low) for s in alone.scores] == [
        (s.model, s.measure, s.value, s.low) for s in result.scores
    ]
    assert alone.dataset.classes == result.dataset.classes


def test_features_alone_are_checked():
    values, y = features()
    with pytest.raises(FeatureError, match="one label for each row"):
        rank_features(values, y[:-1])
    values["noise"][3, 2] = np.nan
    result = rank_features(values, y)
    assert [f.model for f in result.failures] == ["noise"]
    assert result.verdict.winner == "good"


@pytest.fixture
def many(monkeypatch):
    """More than 50 pictures are very many, of which 24 do."""
    for name, value in (("ALL_UP_TO", 50), ("SIZE", 24), ("EACH", 4)):
        monkeypatch.setattr(sampling, name, value)


def test_of_very_many_features_a_sample_is_scored_and_that_is_said(many):
    values, y = features(n=90)
    rows = sampling.rows_of_many(y)
    some = {name: X[rows] for name, X in values.items()}
    result, alone = rank_features(values, y), rank_features(some, y[rows])
    assert (len(result.dataset.paths), result.dataset.sampled_from) == (24, 90)
    assert result.dataset.paths[1] == f"row {rows[1]}"
    assert result.notes[0] == sampling.sampled(24, 90)
    told = [
        [_but_times(to_json(one)[key]) for key in ("scores", "verdict")] for one in (result, alone)
    ]
    assert told[0] == told[1]
    assert to_json(result)["dataset"]["sampled_from"] == 90
    assert to_json(alone)["dataset"]["sampled_from"] is None
    with pytest.warns(UserWarning, match="24 of 90 pictures are used"):
        scores = score_features(values["good"], y)
    assert [s.value for s in scores] == [s.value for s in score_features(some["good"], y[rows])]


def test_all_of_very_many_are_scored_where_that_is_asked(many):
    values, y = features(n=90)
    watch = Recorder()
    result = rank_features(values, y, all_pictures=True, watch=watch)
    assert (len(result.dataset.paths), result.dataset.sampled_from) == (90, 0)
    assert watch.notes[0].startswith("All 90 pictures are used, as you asked. Comparing them")
    with pytest.warns(UserWarning, match="All 90 pictures are used, as you asked"):
        assert len(score_features(values["good"], y, all_pictures=True)) == 4


def test_very_many_features_need_as_many_labels(many):
    values, y = features(n=90)
    with pytest.raises(FeatureError, match=r"shape \(89, 8\), and there are 90 labels"):
        rank_features({"good": values["good"][:-1]}, y)


def test_of_very_many_pictures_a_sample_is_run_and_all_where_that_is_asked(
    picture_folder, monkeypatch
):
    monkeypatch.setattr(sampling, "ALL_UP_TO", 30)
    monkeypatch.setattr(sampling, "SIZE", 24)
    monkeypatch.setattr(sampling, "EACH", 4)
    question = new_run(picture_folder, ["toy/color"], device="cpu")
    result = answer(question)
    assert (len(result.dataset.paths), result.dataset.sampled_from) == (24, 36)
    again = open_runs(load_settings()).load(question.id)
    assert (again.dataset.sampled_from, again.dataset.notes) == (36, result.dataset.notes)
    assert open_runs(load_settings()).projection(question.id, "toy/color", "umap").xy.shape[0] == 24
    whole = new_run(picture_folder, ["toy/color"], device="cpu", all_pictures=True)
    assert command(whole).endswith("--all-pictures")
    watch = Recorder()
    assert len(answer(whole, watch=watch).dataset.paths) == 36
    assert "Running, 24 of 36; 24 kept from before" in [told.note for told in watch.seen]
    store = open_features(load_settings())
    for path in store.folder.rglob("*.safetensors"):
        path.unlink()
    (found,) = features_of(again, again.models, store, Watch())  # of the same sample
    assert found.values.shape == (24, 4)
    out = result.dataset.paths[3]
    other = sorted(
        {p.relative_to(picture_folder).as_posix() for p in picture_folder.rglob("*.png")}
    )
    unseen = next(path for path in other if path not in result.dataset.paths)
    answer(new_run(picture_folder, ["toy/color"], device="cpu", left_out=[out, unseen]))
    with pytest.raises(UnknownNameError, match="leave out"):
        answer(new_run(picture_folder, ["toy/color"], device="cpu", left_out=["red/x.png"]))


def test_scores_in_both_readings():
    values, y = features()
    whitened = {s.measure: s for s in score_features(values["good"], y)}
    raw = {s.measure: s for s in score_features(values["good"], y, reading="raw")}
    assert list(whitened) == list(raw) == list(HEADLINE)
    assert raw["supcon"].value == pytest.approx(MEASURES["supcon"](values["good"], y))
    assert raw["silhouette"].value == pytest.approx(MEASURES["silhouette"](values["good"], y))
    assert whitened["supcon"].value == pytest.approx(
        MEASURES["supcon"](values["good"], y, preparation="whitened", temperature=0.5)
    )
    assert whitened["knn"].value == raw["knn"].value == MEASURES["knn"](values["good"], y)
    assert [s.measure for s in score_features(values["good"], y, measures="knn")] == ["knn"]


def test_a_measure_that_does_not_apply_is_said_unless_all_are_asked(monkeypatch):
    values, y = features()

    def nothing(*_, **__):
        raise NotAvailable("There is no source head.")

    monkeypatch.setitem(MEASURES, "logme", dataclasses.replace(MEASURES["logme"], function=nothing))
    with pytest.raises(NotAvailable, match="logme: There is no source head"):
        score_features(values["good"], y, measures=["logme"])
    names = {s.measure for s in score_features(values["good"], y, measures="all")}
    assert "logme" not in names
    assert "knn" in names


def test_scores_that_break_stop_no_other_model(question, monkeypatch):
    def broken(model, *_, **options):
        if model == "toy/noise":
            raise ZeroDivisionError("by zero")
        return score_model(model, *_, **options)

    monkeypatch.setattr(remembered, "score_model", broken)
    result = answer(question)
    assert {s.model for s in result.scores} == {"toy/color"}
    (failure,) = [f for f in result.failures if f.model == "toy/noise"]
    assert "ZeroDivisionError: by zero" in failure.reason
    assert "Traceback" in failure.detail


def test_json_has_what_is_promised_and_no_nan(question):
    told = to_json(answer(question))
    text = json.dumps(told, allow_nan=False)
    assert json.loads(text) == told
    assert {
        "dataset",
        "scores",
        "literal",
        "failures",
        "verdict",
        "rankings",
        "run",
        "versions",
    } <= set(told)
    assert set(told["dataset"]) >= {"root", "images", "classes", "unreadable"}
    assert set(told["scores"][0]) >= {
        "model",
        "measure",
        "value",
        "null",
        "low",
        "high",
        "gain",
        "reading",
    }
    names = ["kind", "winner", "text", "why", "firsts", "close", "notes", "measured"]
    assert list(told["verdict"]) == [*names, "after_training"]
    assert told["verdict"]["why"] in told["verdict"]["text"]
    assert all(isinstance(note, str) for note in told["verdict"]["notes"])
    assert told["failures"][0].keys() >= {"model", "measure", "reason"}
    pairs = [(s["model"], s["measure"]) for s in told["scores"]]
    assert len(pairs) == len(set(pairs)) == 8
    assert {(s["measure"], s["reading"]) for s in told["literal"]} == {
        ("silhouette", "raw"),
        ("supcon", "raw"),
    }


def test_json_lists_the_measures_that_were_asked_for(picture_folder):
    made = new_run(picture_folder, "toy/color,toy/noise", "silhouette", device="cpu")
    result = answer(made)
    assert {s["measure"] for s in to_json(result)["scores"]} == {"silhouette"}
    assert {s.measure for s in result.scores} == set(HEADLINE)  # the verdict leans on them
    assert result.verdict.winner == "toy/color"


def test_what_explains_the_verdict_is_kept_with_the_run(picture_folder):
    result = answer(new_run(picture_folder, ["demo/textures", "pixels/thumbnail"], device="cpu"))
    again = open_runs(load_settings()).load(result.run.id)
    assert [d.model for d in again.diagnoses] == ["demo/textures", "pixels/thumbnail"]
    assert again.diagnoses == result.diagnoses
    (loss,) = (s for s in result.literal if (s.model, s.measure) == ("demo/textures", "supcon"))
    assert again.diagnoses[0].raw.gain == pytest.approx(loss.blind - loss.value, abs=1e-6)


def test_the_json_keeps_the_former_name_of_a_yardstick(picture_folder):
    (model,) = to_json(srcsel.rank(picture_folder, "pixels"))["models"]
    assert (model["yardstick"], model["baseline"]) == (True, True)
