import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from srcsel.base.errors import InputError
from srcsel.base.records import SourceModel
from srcsel.jobs.costs import scoring
from srcsel.jobs.pace import Pace
from srcsel.jobs.rates import SCORING
from srcsel.models import catalog
from srcsel.models.hubs import checkpoints
from srcsel.store.speeds import Speeds
from srcsel.ui.models import choice, picking, table
from srcsel.ui.parts import price
from srcsel.ui.parts.show import WRAPPED


def fake(hub: str, name: str, **more) -> SourceModel:
    told = {
        "params": 4_000_000,
        "gmacs": 0.5,
        "input_size": 64,
        "dim": 64,
        "pretraining": "made",
        "license": "MIT",
        "download_bytes": 0,
        "accuracy": 0.8,
    } | more
    return SourceModel(f"{hub}/{name}", name, "r", **told)


@pytest.fixture
def demo(monkeypatch) -> list[SourceModel]:
    """Three models stand for all that ship with srcsel."""
    models = [fake("demo", f"d{i}") for i in range(3)]
    real_search, real_find = catalog.search, catalog.find_models
    monkeypatch.setattr(
        catalog,
        "search",
        lambda text="", *, hub=None, **more: (
            models if hub == "demo" else real_search(text, hub=hub, **more)
        ),
    )

    def find(spec):
        parts = spec.split(",") if isinstance(spec, str) else spec
        known = {model.id: [model] for model in models} | {"demo": models, "bundled": models}
        return [m for part in parts for m in (known.get(part) or real_find(part))]

    monkeypatch.setattr(catalog, "find_models", find)
    return models


@pytest.fixture
def choose(visit, picture_folder, demo):
    """Open the page with pictures chosen: choose(models="small")."""
    return lambda **address: visit("models", images=str(picture_folder), **address)


def run_button(tab):
    return next(
        button for button in tab.button if button.label.startswith(("Score", "Tick at least"))
    )


def chosen(tab) -> list[str]:
    return tab.dataframe[0].value["Starting model"].tolist()


def test_without_pictures_there_is_one_way_on(visit, words_of):
    tab = visit("models")
    assert "Pictures come first" in words_of(tab)
    assert [button.label for button in tab.button] == ["Choose pictures"]
    tab.button[0].click().run()
    assert tab.title[0].value == "Images"


def test_pictures_that_are_gone_are_said_so(visit, tmp_path, words_of):
    tab = visit("models", images=str(tmp_path / "gone"))
    assert "These pictures cannot be used" in words_of(tab)
    assert [button.label for button in tab.button] == ["Look at the pictures"]


def test_pictures_still_on_their_way_are_watched_here(visit, words_of, board):
    tab = visit("models", images="public:DTD")
    assert "being fetched" in words_of(tab)
    assert tab.progress[0].text == "Getting ready"
    assert [job.payload for job in board.active()] == [{"ref": "public:DTD"}]


@pytest.mark.parametrize("ref", ["public:NoSuchSet", "demo:nothing", "demo:../../etc"])
def test_a_set_that_does_not_exist_is_said_so(visit, words_of, ref, board):
    assert "These pictures cannot be used" in words_of(visit("models", images=ref))
    assert not board.active()


def test_demo_models_are_the_start_where_nothing_was_downloaded(choose, words_of):
    tab = choose()
    assert chosen(tab) == ["d0", "d1", "d2"]
    assert "work without internet" in words_of(tab)
    assert tab.get_by_key("models-preset").value == "bundled"
    assert run_button(tab).label.startswith("Score 3 models: about ")
    assert "download" not in run_button(tab).label
    assert "30 pictures" in words_of(tab)


def test_the_worker_is_kept_warm_while_models_are_chosen(choose, monkeypatch):
    asked = []
    monkeypatch.setattr("srcsel.jobs.board.Board.warm", lambda self: asked.append("warm"))
    tab = choose()
    before = len(asked)
    assert before
    tab.run()
    assert len(asked) == before + 1


def test_a_preset_changes_the_table_the_price_and_the_address(choose):
    tab = choose()
    tab.get_by_key("models-preset").set_value("small").run()
    assert tab.query_params["models"] == "small"
    assert chosen(tab) == [model.title for model in catalog.find_models("small")]
    size = sum(model.download_bytes or 0 for model in catalog.find_models("small"))
    assert run_button(tab).label.endswith(f"{size / 1e6:,.0f} MB to download")
    assert tab.code[-1].value.startswith("srcsel rank ")
    assert "--models timm/" in tab.code[-1].value


def test_unknown_models_in_a_link_fall_back_with_a_sentence(choose, words_of):
    tab = choose(models="timm/no_such_model_at_all")
    assert "You see the usual set instead" in tab.info[0].value
    assert chosen(tab) == ["d0", "d1", "d2"]


def test_one_unknown_model_does_not_lose_the_others(choose):
    tab = choose(models="demo/d1,timm/no_such_model_at_all")
    assert "no_such_model" in tab.info[0].value.replace("\\", "")
    assert chosen(tab) == ["d1"]
    assert tab.query_params["models"] == "demo/d1"


def test_ids_in_a_link_are_the_own_choice(choose):
    tab = choose(models="demo/d1,timm/resnet18.a1_in1k")
    assert tab.get_by_key("models-preset").value == "own"
    assert chosen(tab)[0] == "d1"
    assert len(chosen(tab)) == 2


def test_a_typed_id_is_added_once(choose):
    tab = choose(models="demo/d1")
    for _ in range(2):
        tab.text_input(key="model-id").set_value("timm/resnet18.a1_in1k")
        next(
            button for button in tab.button if button.key and "by-name" in button.key
        ).click().run()
    assert tab.query_params["models"] == "demo/d1,timm/resnet18.a1_in1k"


def test_a_wrong_id_is_explained(choose):
    tab = choose()
    tab.text_input(key="model-id").set_value("resnet18.a1_in1")
    next(button for button in tab.button if button.key and "by-name" in button.key).click().run()
    assert "There is no source model" in tab.error[0].value
    assert chosen(tab) == ["d0", "d1", "d2"]


def test_a_checkpoint_outside_the_roots_is_refused(work, tmp_path, monkeypatch, on_this_computer):
    with pytest.raises(InputError, match="no file"):
        choice.typed(str(tmp_path / "gone.pth=resnet18"))
    (tmp_path / "here.pth").write_bytes(b"")
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "elsewhere"))
    with pytest.raises(InputError, match="outside"):
        choice.typed(f"{tmp_path / 'here.pth'}=resnet18")


@pytest.fixture
def weights(tmp_path) -> Path:
    """A real little checkpoint of timm's resnet18, as far as its table goes."""
    path = tmp_path / "lr=0.1" / "mine.safetensors"
    path.parent.mkdir()
    save_file({"fc.weight": np.zeros((5, 512), np.float32)}, path)
    return path


def test_a_checkpoint_by_path_is_added_and_stays_in_the_link(choose, weights):
    tab = choose(models="demo/d1")
    tab.text_input(key="model-id").set_value(f"{weights}=resnet18")
    next(button for button in tab.button if button.key and "by-name" in button.key).click().run()
    assert tab.query_params["models"] == f"demo/d1,checkpoints/{weights}=resnet18"
    assert chosen(tab.run()) == ["d1", "mine"]
    assert not tab.error


@pytest.mark.parametrize(
    "form",
    [
        "{0}",
        "{0}=resnet18",
        "checkpoints/{0}",
        "checkpoints/{0}=resnet18",
        "checkpoints/{0}.bin",
        "checkpoints/{1}",
        "{1}/../elsewhere/{2}/x.pth",
        "checkpoints/~/x.pth",
    ],
)
def test_a_link_reads_no_model_file_outside_the_roots(
    choose, weights, monkeypatch, tmp_path, form, words_of, board
):
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "leaves"))
    opened = []
    monkeypatch.setattr(checkpoints, "_card", opened.append)  # the first to look into a file
    tab = choose(models=form.format(weights, weights.parent, "a" * 40))
    assert "outside what the pages may open" in words_of(tab)
    assert chosen(tab) == ["d0", "d1", "d2"]
    assert not opened
    run_button(tab).click().run()
    assert [job.payload["run"]["models"] for job in board.active() if job.kind == "rank"] == [
        ["demo/d0", "demo/d1", "demo/d2"]
    ]


def test_the_weights_folder_is_open_whatever_the_roots(choose, weights, monkeypatch, tmp_path):
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "leaves"))
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(weights.parent))
    assert chosen(choose(models=f"checkpoints/{weights}=resnet18")) == ["mine"]


def test_pictures_outside_the_roots_start_no_run(choose, monkeypatch, tmp_path, words_of, board):
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "elsewhere"))
    tab = choose()
    assert "outside what the pages may open" in words_of(tab)
    assert [button.label for button in tab.button] == ["Look at the pictures"]
    assert not board.active()


@pytest.mark.parametrize(
    "text", ["/" + "a" * 300, "~nobody-of-that-name/x", "/" + "ä" * 200 + "/x.pth"]
)
def test_what_can_be_no_path_is_said_so(visit, words_of, text):
    assert "Copy the path again" in words_of(visit("images", images=text))
    with pytest.raises(InputError, match="Copy the path again"):
        choice.typed(text if text.endswith(".pth") else f"checkpoints/{text}")


def test_the_search_finds_and_filters(choose):
    tab = choose()
    tab.text_input(key="models-search").set_value("resnet18").run()
    found = tab.dataframe[1].value["Starting model"].tolist()
    assert found
    assert all("resnet18" in title.lower() for title in found)
    tab.get_by_key("models-licence").set_value("Commercial use allowed").run()
    licenses = tab.dataframe[1].value["Licence"]
    assert "unknown" not in set(licenses)


def test_the_run_asks_exactly_what_the_page_shows(choose, board, picture_folder):
    tab = choose()
    tab.slider(key="temperature").set_value(0.2).run()
    tab.get_by_key("metric").set_value("euclidean").run()
    assert (
        tab.code[-1].value
        == f"srcsel rank {picture_folder} --models bundled --temperature 0.2 --metric euclidean"
    )
    run_button(tab).click().run()
    job = next(job for job in board.active() if job.kind == "rank")
    run = job.payload["run"]
    assert (run["ref"], run["models"]) == (str(picture_folder), ["demo/d0", "demo/d1", "demo/d2"])
    assert (run["temperature"], run["metric"], run["title"]) == (0.2, "euclidean", "leaves")
    assert tab.query_params["run"] == run["id"] == job.id


def test_the_same_question_joins_the_job_already_there(choose, board):
    first = choose()
    run_button(first).click().run()
    second = choose()
    run_button(second).click().run()
    assert sum(job.kind == "rank" for job in board.active()) == 1
    assert first.query_params["run"] == second.query_params["run"]


def test_price_adds_up_work_and_downloads():
    models = [
        fake("t", "a", gmacs=2.2, download_bytes=100_000_000),
        fake("t", "b", gmacs=None, download_bytes=None),
    ]
    works = {model.id: model.gmacs for model in models}
    known = Speeds(opening=0.001, start=3.0, after=0.1)
    cost = price.estimate(models, 1000, Pace(works, known=known, cores=2))
    network = 1000 * sum(usual(2.2))  # the other one counts as this one
    scores = SCORING * scoring(1000, 512, 10)
    slowed = scores / 3  # of the second network, which has two thirds of the cores meanwhile
    assert cost.seconds == pytest.approx(3 + network + 0.1 + 0.5 + network + 0.1 + slowed + scores)
    assert (cost.download_bytes, cost.unknown) == (100_000_000, 1)
    assert cost.label() == "Score 2 models: about 1 min, 100 MB to download"


def usual(work):
    """What a picture costs two usual cores: the same for all, and 35e9 multiply-adds a second."""
    return 0.0015 / 2, work / (35 * 2)


def test_a_model_at_other_sizes(visit, picture_folder):
    tab = visit("models", images=str(picture_folder), models="demo/flowers,timm/mixer_b16_224")
    pills = next(g for g in tab.get("button_group") if "Beside its own 64 pixels" in g.label)
    pills.set_value([32, 128]).run()
    next(b for b in tab.button if b.label == "Add at 2 sizes").click().run()
    assert chosen(tab) == [
        "Flowers",
        "mixer_b16_224.goog_in21k_ft_in1k",
        "Flowers at 32 px",
        "Flowers at 128 px",
    ]
    box = next(b for b in tab.selectbox if b.label == "Starting model")
    assert box.options == ["Flowers", "mixer_b16_224.goog_in21k_ft_in1k"]
    box.set_value("timm/mixer_b16_224.goog_in21k_ft_in1k").run()
    assert any("224 x 224 pixels only" in caption.value for caption in tab.caption)


def test_a_link_with_a_size(visit, picture_folder, words_of):
    tab = visit("models", images=str(picture_folder), models="demo/flowers@96,demo/flowers@1e9")
    assert chosen(tab) == ["Flowers at 96 px"]
    assert "'1e9' is no size of the model trained on flowers" in words_of(tab)


def test_a_bad_file_in_the_weights_folder_is_a_sentence_on_the_page(
    choose, weights, monkeypatch, tmp_path, words_of
):
    folder = tmp_path / "hostile"
    folder.mkdir()
    wrapped = ("module." * 3000 + "fc.weight", "module." * 3000 + "fc.bias")
    header = json.dumps({name: {"shape": [1, 2]} for name in wrapped}).encode()
    (folder / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (folder / "b.safetensors").write_bytes((2**63).to_bytes(8, "little") + b"{}")
    shutil.copy(weights, folder / "resnet18.safetensors")
    monkeypatch.setenv("SRCSEL_WEIGHTS", str(folder))
    said = words_of(choose(models="demo/d1"))
    for name in "ab":
        assert f"{name}.safetensors in the weights folder is not listed" in said.replace("\\", "")
    path = folder / "a.safetensors"
    tab = choose(models=f"demo/d1,checkpoints/{path}")  # by a link
    assert "a.safetensors" in words_of(tab).replace("\\", "")
    assert not tab.exception


def test_a_row_is_as_high_as_its_longest_text():
    """Of 320 pixels, less 20 at the sides and 7 a letter: 42 letters a line."""
    rows = pd.DataFrame({name: ["short"] for name in table.CHOSEN})
    assert table.row_height(rows) == WRAPPED
    rows["Why try it"] = [" ".join(["a" * 41] * 5)]
    assert table.row_height(rows) == 21 * 5 + 20
    rows["Why try it"] = [" ".join(["a" * 41] * 50)]
    assert table.row_height(rows) == 190


def test_a_row_of_one_line_says_everything_or_shows_that_it_goes_on():
    """Of 1,084 pixels names take what their longest needs, 345 at most, 7 a letter and 20."""
    told = {"Learned from": ["ImageNet-1k", "pictures " * 30], "Licence": ["MIT", "MIT"]}
    rows = pd.DataFrame({"Starting model": ["resnet18", "n" * 90], **told})
    lines, columns = table.in_lines(rows, table.MANY)
    assert columns["Starting model"]["width"] == 345
    assert lines["Starting model"][0] == "resnet18"
    assert len(lines["Starting model"][1]) == 46  # (345 - 20) / 7
    assert "…" in lines["Starting model"][1]
    assert lines["Learned from"][0] == "ImageNet-1k"
    assert "…" in lines["Learned from"][1]
    assert sum(columns[name]["width"] for name in table.MANY) == 1120 - 36
    folds = [f"leaf disease, fold {i}, " + "best of all epochs " * 4 for i in range(3)]
    rows = pd.DataFrame({"Starting model": folds, **{name: ["x"] * 3 for name in told}})
    lines, _ = table.in_lines(rows, table.MANY)
    assert lines["Starting model"].nunique() == 3  # what tells them apart is not what was cut


def test_many_models_stand_in_rows_of_one_line(choose, words_of, monkeypatch):
    monkeypatch.setattr(picking, "FEW", 2)
    told = [("for flowers", False), ("", False), ("a control", True)]
    many = [
        fake("demo", f"m{i}", note=note, yardstick=yardstick)
        for i, (note, yardstick) in enumerate(told)
    ]
    monkeypatch.setattr(picking.checkpoints, "chosen", lambda spec: many)
    tab = choose(models="demo")
    assert tab.dataframe[0].proto.row_height == table.ROW
    assert "A yardstick has learned nothing useful" in words_of(tab)
    assert list(tab.table[0].value["Why try it"]) == ["For flowers", "A control"]


def test_the_table_of_the_chosen_ones_fits_1280_pixels():
    assert sum(table.COLUMNS[name]["width"] for name in table.CHOSEN) <= 1120 - 34


def test_accuracies_are_those_on_imagenet(visit, picture_folder):
    tab = visit("models", images=str(picture_folder), models="demo/flowers,timm/resnet18.a1_in1k")
    told = tab.dataframe[0].value["On ImageNet"].tolist()
    assert told[1] == pytest.approx(71.5, abs=0.05)
    assert told[0] is None or np.isnan(told[0])  # what it learned is no ImageNet
