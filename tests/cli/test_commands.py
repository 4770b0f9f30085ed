"""The shell: numbers, exit status, messages, and that nothing but JSON reaches standard output."""

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit import config

from srcsel import __version__
from srcsel.base.errors import ModelError
from srcsel.base.settings import load_settings
from srcsel.cli import looking
from srcsel.cli.commands import main
from srcsel.models.hubs import HUBS
from srcsel.pictures.dataset import load_dataset
from srcsel.store.features import open_runs


def shell(*arguments, **options):
    """Run `python -m srcsel` as a person does, in a process of its own."""
    command = [sys.executable, "-m", "srcsel", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, **options)


@pytest.fixture
def archive(tmp_path):
    """Write an .npz file of features; `strength` = how well they tell the classes."""
    y = np.repeat(["a", "b", "c"], 20)

    def write(name, strength=4.0, **changes):
        chance = np.random.default_rng(len(name))
        X = np.hstack(
            [np.eye(3)[np.unique(y, return_inverse=True)[1]] * strength, np.zeros((60, 5))]
        )
        arrays = {"X": X + chance.normal(size=X.shape), "y": y, **changes}
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return str(path)

    return write


HEAVY = {"numpy", "pandas", "scipy", "sklearn", "torch", "torchvision", "timm", "streamlit", "umap"}


def test_help_waits_for_nothing_heavy():
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "srcsel", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "rank" in said.stdout
    brought = {line.rpartition("|")[2].strip() for line in said.stderr.splitlines()}
    assert "srcsel.cli" in brought
    assert not brought & HEAVY


def test_rank_prints_json_and_nothing_else(picture_folder):
    done = shell("rank", picture_folder, "--models", "pixels", "--json", "-")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["dataset"]["images"] == 36
    assert told["dataset"]["root"] == str(picture_folder)
    assert {s["measure"] for s in told["scores"]} == {"silhouette", "supcon", "knn", "logme"}
    assert told["verdict"]["winner"] is None  # a yardstick is never where to start
    assert [run.id for run in open_runs(load_settings()).list() if not run.example] == [
        told["run"]["id"]
    ]


def test_rank_prints_a_table_and_writes_a_file(picture_folder, capsys, tmp_path):
    (picture_folder / "red" / "broken.png").write_bytes(b"x")
    target = tmp_path / "out.json"
    assert (
        main(
            [
                "rank",
                str(picture_folder),
                "--models",
                "pixels",
                "--title",
                "Squares",
                "--json",
                str(target),
            ]
        )
        == 0
    )
    told = json.loads(target.read_text())
    assert told["dataset"]["unreadable"][0]["path"] == "red/broken.png"
    assert told["dataset"]["unreadable"][0]["reason"]
    assert told["run"]["title"] == "Squares"
    printed = capsys.readouterr()
    assert told["verdict"]["text"] in printed.out
    assert "Class separation (MSC)" in printed.out
    assert "1 file could not be read" in printed.out


def test_rank_hands_its_answer_over_before_it_draws_maps(
    picture_folder, capsys, tmp_path, monkeypatch
):
    target, seen = tmp_path / "out.json", []

    def draw(result, *_):
        seen.append((result.verdict.text in capsys.readouterr().out, target.exists()))

    monkeypatch.setattr("srcsel.runs.run.draw_all", draw)
    assert main(["rank", str(picture_folder), "--models", "pixels", "--json", str(target)]) == 0
    assert seen == [(True, True)]
    assert not capsys.readouterr().out


def test_what_the_folder_check_warns_of_stands_on_stderr_in_json_and_in_python(
    picture_folder, capsys
):
    shutil.copy(picture_folder / "red" / "001.png", picture_folder / "blue" / "copy.png")
    (picture_folder / "red" / "broken.png").write_bytes(b"x")
    main(["rank", str(picture_folder), "--models", "pixels", "--json", "-"])
    done = capsys.readouterr()
    notes = json.loads(done.out)["dataset"]["notes"]
    assert any("1 file was left out" in note for note in notes)
    assert any("blue/copy.png (blue) and red/001.png (red)" in note for note in notes)
    for note in notes:
        assert done.err.count(f"Note: {note}\n") == 1
    assert list(load_dataset(str(picture_folder)).notes) == notes


def test_parts_in_place_of_classes_are_warned_of_and_the_typed_remedy_works(
    picture_folder, capsys, tmp_path
):
    (picture_folder / "val").mkdir()
    shutil.copytree(picture_folder, tmp_path / "copy")
    for name in ("red", "green", "blue"):
        (tmp_path / "copy" / name).rename(picture_folder / "val" / name)
    parts = tmp_path / "parts"
    parts.mkdir()
    (picture_folder / "val").rename(parts / "val")
    picture_folder.rename(parts / "train")
    target = tmp_path / "out.json"
    assert main(["rank", str(parts), "--models", "pixels", "--json", str(target)]) == 0
    (note,) = [n for n in json.loads(target.read_text())["dataset"]["notes"] if "parts" in n]
    assert f"Note: {note}\n" in capsys.readouterr().err
    typed = shlex.split(note.split("as classes: srcsel ")[1].split(";")[0])
    assert main([*typed, "--models", "pixels", "--json", str(target)]) == 0
    told = json.loads(target.read_text())
    assert told["dataset"]["classes"] == ["blue", "green", "red"]
    assert (told["dataset"]["images"], told["run"]["ref"]) == (72, str(parts / "*"))


def test_options_reach_the_run(picture_folder, tmp_path):
    target = tmp_path / "out.json"
    options = [
        "--temperature",
        "0.2",
        "--metric",
        "euclidean",
        "--seed",
        "3",
        "--measures",
        "supcon",
        "--race",
    ]
    assert (
        main(["rank", str(picture_folder), "--models", "pixels", *options, "--json", str(target)])
        == 0
    )
    run = json.loads(target.read_text())["run"]
    assert (run["temperature"], run["metric"], run["seed"], run["measures"]) == (
        0.2,
        "euclidean",
        3,
        ["supcon"],
    )
    assert run["race"] is True
    assert json.loads(target.read_text())["race"]["note"].startswith(
        "With 3 classes a race saves time from about"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rank", "no-such-folder"], "no-such-folder"),
        (["rank", ".", "--models", "timm/resnet19.a1_in1k"], "resnet1"),
        (["rank", ".", "--models", "pixels", "--measures", "silhouet"], "Did you mean silhouette"),
        (["rank", ".", "--models", "pixels", "--temperature", "0"], "0.003 or more, got 0"),
        (["rank", ".", "--models", "pixels", "--temperature", "-1"], "0.003 or more"),
        (["rank", ".", "--models", "pixels", "--temperature", "nan"], "got nan"),
        (["rank", ".", "--models", "pixels", "--temperature", "inf"], "got inf"),
        (["rank", ".", "--models", "pixels", "--seed", "-1"], "seed must be a whole number"),
        (["rank", ".", "--models", "pixels", "--device", "tpu"], "auto, cpu, cuda or mps"),
        (["rank", ".", "--models", "pixels", "--precision", "half"], "exact (float32)"),
        (["evidence", ".", "--seeds", "0"], "seeds must be one or more"),
        (["evidence", ".", "--check", "both", "--epochs", "0"], "epochs must be"),
        (["evidence", ".", "--check", "finetune", "--shots", "0"], "shots must be"),
        (["evidence", ".", "--shots", "nan"], "got 'nan'"),
        (["rank", ".", "--models", "pixels", "--metric", "cos"], "cosine or euclidean"),
        (["score", "nothing.npz"], "There is no file nothing.npz"),
        (["models", "--hub", "tim"], "Did you mean"),
    ],
)
def test_bad_input_is_status_2_with_a_sentence(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("srcsel: ")
    assert words in told.err
    assert not told.out


@pytest.mark.parametrize(
    ("option", "value"),
    [("--temperature", v) for v in ("0", "-1", "nan", "inf")]
    + [("--seed", "-1"), ("--seed", "4294967296"), ("--metric", "manhattan")],
)
def test_features_are_asked_about_by_the_same_rules(option, value, archive, capsys):
    assert main(["score", archive("one.npz"), option, value]) == 2
    assert f"{option.removeprefix('--')} must be" in capsys.readouterr().err


def test_a_picture_to_leave_out_that_is_not_there_is_status_2(picture_folder, capsys):
    asked = ["rank", str(picture_folder), "--models", "pixels", "--leave-out", "red/0.png"]
    assert main(asked) == 2
    assert "There is no picture to leave out" in capsys.readouterr().err


def test_notes_are_of_the_pictures_that_stay(picture_folder, capsys):
    from PIL import Image

    for name in ("blue/010.png", "red/000.png"):
        Image.new("RGB", (48, 48), "gray").save(picture_folder / name)
    asked = ["rank", str(picture_folder), "--models", "pixels", "--leave-out", "red/000.png"]
    main(asked)
    notes = [line for line in capsys.readouterr().err.splitlines() if "uniform" in line]
    assert len(notes) == 1
    assert "blue/010.png" in notes[0] or "1 picture" in notes[0]


@pytest.mark.parametrize(
    "arguments", [[], ["rnak"], ["rank"], ["rank", "a", "--modles", "b"], ["score"]]
)
def test_bad_arguments_are_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "srcsel" in capsys.readouterr().err


def test_one_class_is_bad_input(tmp_path, picture_folder, capsys):
    (tmp_path / "one").mkdir()
    (picture_folder / "red").rename(tmp_path / "one" / "red")
    assert main(["rank", str(tmp_path / "one"), "--models", "pixels"]) == 2
    assert "one class" in capsys.readouterr().err


def test_nothing_ranked_is_status_1(picture_folder, capsys, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    assert (
        main(["rank", str(picture_folder), "--models", f"{broken}=resnet10t", "--device", "cpu"])
        == 1
    )
    assert "broken.safetensors is damaged" in capsys.readouterr().err


def test_a_run_in_which_all_models_fail_is_status_1(picture_folder, capsys, monkeypatch):
    def fail(model, device, watch):
        raise ModelError("The weights are gone.")

    monkeypatch.setattr(HUBS["pixels"], "load", fail)
    assert (
        main(["rank", str(picture_folder), "--models", "pixels", "--device", "cpu", "--json", "-"])
        == 1
    )
    told = capsys.readouterr()
    assert "nothing could be ranked" in told.err
    assert "pixels/thumbnail: The weights are gone." in told.err
    assert json.loads(told.out)["failures"][0]["reason"] == "The weights are gone."


def test_ctrl_c_says_that_finished_work_is_kept(capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("srcsel.models.catalog.search", interrupt)
    assert main(["models"]) == 130
    assert "finished is kept" in capsys.readouterr().err


def test_score_one_file(archive, capsys):
    assert main(["score", archive("one.npz"), "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {s["model"] for s in told["scores"]} == {"one"}
    assert told["dataset"]["classes"] == ["a", "b", "c"]
    assert told["dataset"]["images"] == 60
    assert not [run for run in open_runs(load_settings()).list() if not run.example]


def test_score_several_files_gives_a_ranking_and_a_verdict(archive, capsys):
    assert main(["score", archive("weak.npz", 0.3), archive("strong.npz", 5.0), "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"]["winner"] == "strong"
    assert told["verdict"]["kind"] == "clear"
    assert next(r for r in told["rankings"] if r["measure"] == "knn")["models"] == [
        "strong",
        "weak",
    ]
    assert main(["score", archive("weak.npz", 0.3), archive("strong.npz", 5.0)]) == 0
    assert "Start from strong." in capsys.readouterr().out


def test_the_shell_prints_notes_of_its_reading_and_no_signed_zero(capsys):
    from srcsel.base.records import Note
    from srcsel.cli.tables import print_result
    from srcsel.runs.given import rank_features

    y = np.repeat([0, 1, 2], 10)
    result = rank_features({"m": np.random.default_rng(0).normal(size=(30, 4))}, y)
    notes = (Note("Of both."), Note("Of the bars.", "whitened"), Note("Of the papers.", "raw"))
    scores = tuple(dataclasses.replace(s, value=-0.0004, gain=-0.0004) for s in result.scores)
    verdict = dataclasses.replace(result.verdict, notes=notes)
    print_result(dataclasses.replace(result, scores=scores, verdict=verdict))
    printed = capsys.readouterr().out
    assert "- Of both.\n- Of the bars.\n" in printed
    assert "yardstick" not in printed
    assert "Of the papers." not in printed
    assert "0.000" in printed
    assert "-0.000" not in printed


def test_the_table_is_in_the_order_of_the_whitened_reading_and_marks_yardsticks(capsys):
    from srcsel.base.records import Ranking
    from srcsel.cli.tables import print_result
    from srcsel.runs.given import rank_features

    y = np.repeat([0, 1, 2], 10)
    result = rank_features({m: np.random.default_rng(0).normal(size=(30, 4)) for m in "abcd"}, y)
    rankings = tuple(
        Ranking("supcon", reading, tuple(order), (1, 2, 3, 4))
        for reading, order in (("whitened", "bdca"), ("raw", "abcd"))
    )
    models = tuple(
        dataclasses.replace(m, yardstick=True) if m.id == "d" else m for m in result.models
    )
    verdict = dataclasses.replace(
        result.verdict, winner="b", firsts={"b": 99.6, "a": 0.0, "c": 0.0}
    )
    print_result(dataclasses.replace(result, rankings=rankings, models=models, verdict=verdict))
    said = capsys.readouterr().out
    assert "\nd is a yardstick" in said
    rows = [
        line.split()[:2]
        for line in said.splitlines()
        if line[:2] in ("a ", "b ", "c ", "d ") and not line.startswith("d is ")
    ]
    assert rows == [["b", "99"], ["d", "yardstick"], ["c", "0"], ["a", "0"]]


def test_files_of_one_name_are_told_apart_by_their_folder(archive, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive("a/x.npz", 0.3)
    archive("b/x.npz", 5.0)
    assert main(["score", "a/x.npz", "b/x.npz", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["winner"] == "b/x"
    assert main(["score", "a/x.npz", "a/x.npz"]) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"X": None}, "no array X"),
        ({"X": None, "y": None, "z": np.ones(3)}, "no array X and no array y"),
        ({"y": np.zeros(60)}, "two classes"),
        ({"y": np.zeros(59)}, "classes"),
        ({"X": np.array([{}] * 60)}, "plain arrays"),
    ],
)
def test_files_that_cannot_be_scored_are_said(archive, capsys, changes, words):
    assert main(["score", archive("one.npz", **changes)]) == 2
    assert words in capsys.readouterr().err


def test_pickled_files_are_refused(tmp_path, capsys):
    import pickle

    path = tmp_path / "evil.npz"
    path.write_bytes(pickle.dumps({"X": 1}))
    assert main(["score", str(path)]) == 2
    assert "cannot be read as an .npz file" in capsys.readouterr().err


def test_labels_that_differ_between_files_are_refused(archive, capsys):
    other = np.repeat(["a", "b", "c"], 20)[::-1]
    assert main(["score", archive("one.npz"), archive("two.npz", y=other)]) == 2
    assert "differ" in capsys.readouterr().err


def test_features_that_are_no_numbers_cannot_be_ranked(archive, capsys):
    assert main(["score", archive("one.npz", X=np.full((60, 3), np.nan))]) == 1
    assert "not finite" in capsys.readouterr().err


def test_models_lists_searches_and_writes_json(capsys):
    assert main(["models", "--hub", "pixels"]) == 0
    assert "pixels/thumbnail" in capsys.readouterr().out
    assert main(["models", "--search", "resnet18", "--hub", "timm", "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)["models"]
    assert "timm/resnet18.a1_in1k" in {model["id"] for model in told}
    assert all("resnet18" in json.dumps(model).lower() for model in told)
    assert main(["models", "--search", "nothing-like-this"]) == 0
    assert "No source model fits" in capsys.readouterr().err


def test_a_target_that_cannot_be_written_is_said(picture_folder, capsys, tmp_path):
    target = tmp_path / "no" / "such" / "folder.json"
    assert main(["models", "--hub", "pixels", "--json", str(target)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_app_hands_over_to_streamlit_with_the_flags(monkeypatch):
    called = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: called.append(arguments))
    main(["app", "--server.port", "9000"])
    (arguments,) = called
    assert arguments[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert Path(arguments[4]).name == "app.py"
    assert arguments[5:] == ["--server.port", "9000"]


def test_app_takes_port_and_address_by_their_short_names(monkeypatch):
    called = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: called.append(arguments[5:]))
    main(["app", "--port", "9000", "--theme.base", "dark"])
    main(["app", "--port=9000", "--address", "0.0.0.0"])
    assert called[0] == ["--theme.base", "dark", "--server.port", "9000"]
    assert called[1] == ["--server.port", "9000", "--server.address", "0.0.0.0"]


def test_app_without_a_sign_in_has_to_be_asked_for(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.append(arguments[5:]))
    monkeypatch.setenv("SRCSEL_INSECURE", "")
    main(["app", "--server.port", "9000"])
    assert os.environ["SRCSEL_INSECURE"] == ""
    main(["app", "--insecure", "--server.port", "9000"])
    assert os.environ["SRCSEL_INSECURE"] == "1"
    assert started == [["--server.port", "9000"]] * 2
    with pytest.raises(SystemExit):
        main(["app", "--help"])
    assert "whoever reaches the address can see" in " ".join(capsys.readouterr().out.split())


def test_app_help_says_where_it_opens_and_how_to_change_that(capsys):
    with pytest.raises(SystemExit):
        main(["app", "--help"])
    told = capsys.readouterr().out
    assert f"http://127.0.0.1:{config.get_option('server.port')}" in told
    assert {"--server.port", "--server.address"} <= set(told.split())


def test_app_that_is_missing_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(looking, "__file__", str(tmp_path / "a" / "b" / "cli" / "looking.py"))
    assert main(["app"]) == 2
    assert "dashboard is missing" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error(picture_folder):
    """As `srcsel models | head -1` does."""
    models = subprocess.Popen(
        [sys.executable, "-m", "srcsel", "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    head = subprocess.run(
        ["head", "-1"], stdin=models.stdout, capture_output=True, text=True, check=True
    )
    models.stdout.close()
    with models.stderr as err:
        complaint = err.read()
    models.wait(60)
    assert "model" in head.stdout
    assert b"Traceback" not in complaint
