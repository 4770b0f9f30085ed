import dataclasses
import shlex

import pytest

from srcsel.base.errors import InputError
from srcsel.base.records import HEADLINE, Run
from srcsel.cli.commands import _parser
from srcsel.models import catalog
from srcsel.runs.question import command, new_run

USUAL = Run("id", "2026-03-01T10:15:00+00:00", "demo:digits", ("pixels/thumbnail",))


def read_back(text: str) -> Run:
    """The run that the shell makes of a command."""
    program, *words = shlex.split(text)
    assert program == "srcsel"
    told, extra = _parser().parse_known_args(words)
    assert not extra
    return new_run(
        told.folder,
        told.models,
        told.measures,
        temperature=told.temperature,
        metric=told.metric,
        precision=told.precision,
        seed=told.seed,
        left_out=told.leave_out,
        relabeled=told.relabel,
        race=told.race,
        all_pictures=told.all_pictures,
    )


def test_what_is_as_usual_is_not_said():
    assert command(USUAL) == "srcsel rank demo:digits --models pixels/thumbnail"


def test_all_demo_models_go_by_one_name_and_some_by_their_own():
    ids = tuple(model.id for model in catalog.find_models("demo"))
    assert command(dataclasses.replace(USUAL, models=ids)).endswith("--models demo")
    assert command(dataclasses.replace(USUAL, models=ids[1:])).endswith(
        f"--models {','.join(ids[1:])}"
    )


def test_a_command_asks_the_same_question_again():
    asked = new_run(
        "demo:digits",
        ["timm/resnet18.a1_in1k", *(m.id for m in catalog.find_models("pixels"))],
        ["supcon", "knn"],
        temperature=0.1,
        metric="euclidean",
        precision="bfloat16",
        seed=7,
        left_out=["my leaves/1 $x.png", "b'.jpg"],
        relabeled={"c d.png": "it's $new"},
        race=True,
        all_pictures=True,
    )
    assert " --precision fast " in command(asked)
    again = read_back(command(asked))
    assert dataclasses.replace(again, id="", created="") == dataclasses.replace(
        asked, id="", created=""
    )
    assert read_back(command(USUAL)).measures == HEADLINE


def test_names_of_folders_stay_one_word(tmp_path):
    folder = tmp_path / "a b; rm -rf $HOME"
    folder.mkdir()
    asked = new_run(folder, "pixels")
    assert shlex.split(command(asked))[2] == str(folder)
    with pytest.raises(InputError, match="temperature"):
        new_run(folder, "pixels", temperature=0)


def test_many_models_race_unless_said_otherwise():
    few = new_run("demo:digits", "timm:resnet,params<30M,top=20")
    many = new_run("demo:digits", "timm:resnet,params<30M,top=21")
    assert (few.race, many.race) == (False, True)
    assert "race" not in command(few) + command(many)
    assert command(new_run("demo:digits", "demo", race=True)).endswith("--race")
    assert command(dataclasses.replace(many, race=False)).endswith("--no-race")


def test_a_title_is_one_line_of_a_readable_length():
    assert new_run("demo:shapes", "demo/flowers", title="two\nlines\u202e").title == "two lines"
    assert len(new_run("demo:shapes", "demo/flowers", title="x" * 10_000).title) == 200
