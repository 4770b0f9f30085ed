"""Every spelling of a path that leads out of the roots, at every way in: refused, nothing read."""

import io
import json
import re
import zipfile
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file
from starlette.applications import Starlette
from starlette.testclient import TestClient

from srcsel.base.errors import InputError, PictureError
from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.jobs.base import Table
from srcsel.jobs.board_watch import BoardWatch
from srcsel.jobs.kinds import KINDS
from srcsel.models import catalog
from srcsel.models.hubs import checkpoints
from srcsel.pictures import archive, thumbs
from srcsel.pictures.dataset import list_pictures, load_dataset
from srcsel.pictures.images import read_picture
from srcsel.store.serialize import to_plain
from srcsel.ui.server import server

REFUSED = "outside what the pages may open"

SPELLINGS = {
    "plain": lambda out, root: str(out),
    "blanks": lambda out, root: f"  {out}\n",
    "quotes": lambda out, root: f"'{out}'",
    "quoted blanks": lambda out, root: f"\" ' {out} ' \"",
    "address": lambda out, root: f"file://{out}",
    "escaped address": lambda out, root: "file://" + quote(str(out)).replace("e", "%65"),
    "host": lambda out, root: f"file://localhost{out}",
    "shouted address": lambda out, root: f"FILE://{out}",
    "dots": lambda out, root: f"{root}/../{out.name}",
    "escaped dots": lambda out, root: f"file://{root}/%2e%2e/{out.name}",
    "dots behind a link": lambda out, root: f"{root}/deep/../{out.name}",
    "link": lambda out, root: f"{root}/way-out",
    "two links": lambda out, root: f"{root}/way-to-way-out",
    "separators": lambda out, root: f"{root}//..//{out.name}//",
    "home": lambda out, root: f"~/{out.name}",
    "unseen letters": lambda out, root: f"\u202a{out}\u202c",
}


@pytest.fixture
def root(tmp_path, picture_folder, monkeypatch):
    """The one folder that may be opened; beside it lies `leaves`, and links lead there."""
    place = tmp_path / "shared"
    place.mkdir()
    (place / "way-out").symlink_to(picture_folder)
    (place / "way-to-way-out").symlink_to(place / "way-out")
    (picture_folder.parent / "side" / "inner").mkdir(parents=True)
    (place / "deep").symlink_to(picture_folder.parent / "side")
    monkeypatch.setenv("SRCSEL_ROOTS", str(place))
    monkeypatch.setenv("HOME", str(tmp_path))
    return place


@pytest.fixture(params=SPELLINGS)
def text(request, root, picture_folder):
    """One way to write the path of the folder outside."""
    return SPELLINGS[request.param](picture_folder, root)


@pytest.fixture
def told(work):
    """The watch of a job, without a board that knows the job."""
    watch = BoardWatch(Table(load_settings().jobs), "unknown")
    watch.plan = lambda *_: None
    watch.update = lambda *_, **__: None
    return watch


def test_without_roots_each_spelling_opens_the_folder(text, picture_folder, monkeypatch):
    """Else the tests below would hold for a misspelling."""
    monkeypatch.delenv("SRCSEL_ROOTS")
    assert list_pictures(text).folder == picture_folder


def test_a_link_to_a_page_opens_nothing_outside(text, visit, words_of, work):
    for page in ("images", "models"):
        tab = visit(page, images=text)
        assert REFUSED in words_of(tab)
        assert not tab.metric
    assert not list((work / "datasets").rglob("*"))  # no listing remembered, no thumbnail allowed


def test_a_typed_path_opens_nothing_outside(text, visit, words_of, board):
    tab = visit("images")
    tab.get_by_key("images-way").set_value("folder").run()
    tab.text_input(key="images-folder").input(text)
    next(button for button in tab.button if button.label == "Check folder").click().run()
    assert REFUSED in words_of(tab)
    assert not board.recent()


@pytest.mark.parametrize("kind", ["check", "rank"])
def test_a_forged_job_opens_nothing_outside(text, kind, told):
    run = Run("r1", "2026-01-01T00:00:00+00:00", text, ("pixels/thumbnail",))
    payload = {"check": {"ref": text}, "rank": {"run": to_plain(run)}}[kind]
    with pytest.raises(InputError, match=REFUSED):
        KINDS[kind](payload, told)


def test_the_shell_and_python_open_nothing_outside_either(text):
    with pytest.raises(InputError, match=REFUSED):
        load_dataset(text)


@pytest.mark.parametrize("form", ["{}", "{}=resnet18", "checkpoints/{}", "checkpoints/{}=resnet18"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_checkpoint_outside_is_read(form, spelling, root, picture_folder, monkeypatch):
    weights = picture_folder / "mine.safetensors"
    save_file({"fc.weight": np.zeros((5, 512), np.float32)}, weights)
    name = SPELLINGS[spelling](picture_folder, root)
    name = re.sub(r"(?<=[\w])(?=[^\w]*$)", "/mine.safetensors", name, count=1)
    read, look = [], checkpoints._card  # called before a file is looked into
    monkeypatch.setattr(checkpoints, "_card", lambda path: read.append(path) or look(path))
    with pytest.raises(InputError):
        catalog.find_models([form.format(name)])
    assert not read
    monkeypatch.delenv("SRCSEL_ROOTS")
    if spelling in (
        "plain",
        "address",
        "dots",
        "link",
        "home",
    ):  # else it would hold for a misspelling
        assert catalog.find_models([name + "=resnet18"])[0].title == "mine"
        assert set(read) == {weights}


def test_a_card_that_is_a_link_is_not_read(root, picture_folder):
    secret = picture_folder / "secret.json"
    secret.write_text("{broken")
    save_file({"fc.weight": np.zeros((5, 512), np.float32)}, root / "mine.safetensors")
    (root / "mine.json").symlink_to(secret)
    with pytest.raises(InputError, match=REFUSED):
        catalog.find_models([f"{root}/mine.safetensors=resnet18"])


def test_links_out_of_a_folder_are_left_aside_and_said(root, picture_folder):
    for name in ("oak", "ash"):
        (root / "trees" / name).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(root / "trees" / name / "1.png")
    (root / "trees" / "elm").symlink_to(picture_folder / "rust")
    (root / "trees" / "oak" / "2.png").symlink_to(picture_folder / "rust" / "00.png")
    (root / "trees" / "oak" / "3.png").symlink_to(root / "trees" / "ash" / "1.png")
    found = list_pictures(f"{root}/trees")
    assert found.paths == ("ash/1.png", "oak/1.png", "oak/3.png")
    assert {aside.path for aside in found.skipped} == {"elm", "oak/2.png"}
    assert all("leads out of the folders" in aside.reason for aside in found.skipped)


def test_a_table_names_no_picture_outside(root, picture_folder):
    (root / "oak").mkdir()
    for number in range(1, 6):
        Image.new("RGB", (9, 9)).save(root / "oak" / f"{number}.png")
    outside = picture_folder / "rust" / "00.png"
    names = (
        str(outside),
        "../leaves/rust/00.png",
        "way-out/rust/00.png",
        f"{root}/way-out/rust/00.png",
        f"{root}/oak/../../leaves/rust/00.png",
    )
    inside = [f"oak/{number}.png" for number in range(1, 6)]
    rows = ["file,label", *(f"{n},a" for n in inside[:4]), f"{root}/oak/5.png,b"]
    rows += [f"{n},a" for n in names]
    (root / "labels.csv").write_text("\n".join(rows))
    found = list_pictures(str(root))
    assert found.paths == tuple(inside)
    assert {aside.path for aside in found.skipped} >= set(names)


def test_a_table_that_is_a_link_is_not_read(root, picture_folder):
    secret = picture_folder / "secret.csv"
    secret.write_text("root:x:0,secret\n1.png,a")
    (root / "oak").mkdir()
    Image.new("RGB", (9, 9)).save(root / "oak" / "1.png")
    (root / "labels.csv").symlink_to(secret)
    for ref in (root, root / "labels.csv"):
        with pytest.raises(InputError) as caught:
            list_pictures(str(ref))
        assert REFUSED in str(caught.value)
        assert "secret" not in str(caught.value)


def test_a_stored_run_of_pictures_outside_shows_none_of_them(root, stored, result, work):
    """It was made before the roots were set, or written by hand."""
    loaded = stored.load(result.run.id).dataset
    for path in loaded.paths[:2]:
        with pytest.raises(PictureError, match="leads out of the folders"):
            read_picture(loaded.folder / path)
    set_id = thumbs.register(loaded.folder, loaded.paths)
    assert thumbs.picture(set_id, 0, 96) is None


def test_a_thumbnail_made_before_is_not_served_after(root, picture_folder, work, monkeypatch):
    monkeypatch.delenv("SRCSEL_ROOTS")
    set_id = thumbs.register(picture_folder, ["rust/00.png"])
    browser = TestClient(Starlette(routes=server.ROUTES), base_url="http://localhost")
    assert browser.get(thumbs.url(set_id, 0)).status_code == 200
    monkeypatch.setenv("SRCSEL_ROOTS", str(root))
    assert browser.get(thumbs.url(set_id, 0)).status_code == 404


def test_a_picture_swapped_for_a_link_after_the_listing_is_not_read(root, picture_folder):
    for name in ("oak", "ash"):
        (root / "trees" / name).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(root / "trees" / name / "1.png")
    found = list_pictures(f"{root}/trees")
    (root / "trees" / "oak" / "1.png").unlink()
    (root / "trees" / "oak" / "1.png").symlink_to(picture_folder / "rust" / "00.png")
    with pytest.raises(PictureError, match="leads out of the folders"):
        read_picture(found.folder / found.paths[1])


def test_a_zip_brings_no_link_out(work, picture_folder, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    packed = io.BytesIO()
    link = zipfile.ZipInfo("a/1.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(link, str(picture_folder / "rust" / "00.png"))
        file.writestr("b/1.png", (picture_folder / "rust" / "00.png").read_bytes())
        file.writestr("c/1.png", (picture_folder / "rust" / "01.png").read_bytes())
    try:
        folder = archive.unpack(packed.getvalue(), load_settings().uploads / "00000000" / "x")
    except InputError:
        return
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def test_a_missing_path_tells_nothing_of_what_lies_outside(root, tmp_path):
    (tmp_path / "secret-name").mkdir()
    for text in (f"{root}/../secret-nam", f"{tmp_path}/secret-name/gone", f"{tmp_path}/gone"):
        with pytest.raises(InputError) as caught:
            list_pictures(text)
        assert REFUSED in str(caught.value)
        assert "secret-name" not in str(caught.value)


def test_a_manifest_written_by_hand_shows_nothing_outside(root, picture_folder, work):
    thumbs.register(root, [])
    body = {"folder": str(root), "paths": ["way-out/rust/00.png", "../leaves/rust/00.png"]}
    (work / "datasets" / "sets" / f"{'0' * 24}.json").write_text(json.dumps(body))
    assert [thumbs.picture("0" * 24, index, 96) for index in (0, 1)] == [None, None]
