import io
import re
import shutil
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from srcsel.base import access
from srcsel.base.records import Part
from srcsel.base.watch import Watch
from srcsel.jobs.kinds import KINDS
from srcsel.pictures import listing as listing_module
from srcsel.pictures import thumbs, uploads
from srcsel.pictures.dataset import list_pictures, load_dataset
from srcsel.pictures.listing import preview
from srcsel.ui.images import kept, listed, strips


@pytest.fixture
def zip_bytes(picture_folder) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for path in picture_folder.rglob("*.png"):
            packed.write(path, path.relative_to(picture_folder.parent))
    return body.getvalue()


def checked(images=30, counts=(10, 10, 10), unreadable=(), warnings=(), classes=("a", "b", "c")):
    return {
        "ref": "",
        "name": "leaves",
        "images": images,
        "classes": list(classes),
        "counts": list(counts),
        "unreadable": [dict(zip(("path", "reason"), u, strict=True)) for u in unreadable],
        "warnings": list(warnings),
        "digest": "d",
    }


class Told:
    watch = Watch()

    def plan(self, weights, titles):
        assert weights


def metrics(tab) -> dict[str, str]:
    return {metric.label: metric.value for metric in tab.metric}


def button(tab, label):
    return next(button for button in tab.button if button.label == label)


def way(tab, name):
    return tab.get_by_key("images-way").set_value(name).run()


def test_three_examples_each_with_a_preview(visit):
    tab = visit("images")
    labels = [button.label for button in tab.button]
    assert labels == ["Use butterflies", "Use handwritten digits", "Use glazed tiles"]
    assert sum("previews/" in html.value for html in tab.html) == 3


def test_an_example_is_written_out_by_the_worker_not_by_the_page(visit, board, words_of):
    tab = visit("images")
    button(tab, "Use butterflies").click().run()
    (job,) = board.active()
    assert (job.kind, job.payload) == ("check", {"ref": "demo:butterflies"})
    assert tab.query_params["images"] == "demo:butterflies"
    assert tab.progress[0].text == "Getting ready"
    assert not tab.metric  # nothing is listed before the worker wrote the pictures


def test_a_folder_shows_what_its_names_tell_while_it_is_read(visit, board, settle, picture_folder):
    tab = visit("images")
    way(tab, "folder")
    tab.text_input(key="images-folder").set_value(f'"{picture_folder}"')
    button(tab, "Check folder").click().run()
    assert tab.query_params["images"] == str(picture_folder)
    (job,) = board.active()
    settle(job.id, "running", parts=[Part("pictures", "reading", 12, 30)])
    tab.run()
    told = metrics(tab)
    assert (told["Pictures"], told["Classes"], told["Still reading"]) == ("30", "3", "12 of 30")
    assert not button(tab, "Continue").disabled
    button(tab, "Continue").click().run()
    assert tab.title[0].value == "Models"
    assert tab.query_params["images"] == str(picture_folder)


def test_the_finished_check_lists_what_is_left_out_and_why(
    visit, board, settle, picture_folder, words_of
):
    tab = visit("images", images=str(picture_folder))
    (job,) = board.active()
    hostile = "![](http://evil/x).jpg"
    settle(
        job.id,
        "done",
        result=checked(29, (10, 10, 9), [(hostile, "It is empty.")], ["Class 'c' has 9 pictures."]),
    )
    tab.run()
    told = metrics(tab)
    assert (told["Pictures"], told["Cannot be read"], told["Smallest class: c"]) == ("29", "1", "9")
    assert tab.warning[0].value == "Class 'c' has 9 pictures\\."
    assert "1 file left out" in [expander.label for expander in tab.expander]
    assert tab.dataframe[0].value["File"].tolist() == [hostile]
    assert "evil" not in words_of(tab)


def test_the_worker_for_models_is_started_once_the_pictures_are_checked(
    visit, board, settle, picture_folder, monkeypatch
):
    asked = []
    monkeypatch.setattr("srcsel.jobs.board.Board.warm", lambda self: asked.append("warm"))
    tab = visit("images", images=str(picture_folder))
    assert asked == []
    settle(board.recent()[0].id, "done", result=checked())
    tab.run()
    assert asked == ["warm"]


def test_class_names_from_folders_cannot_write_html_or_markdown(visit, picture_folder):
    bad = picture_folder / "<img src=x onerror=alert(1)>![](http:"
    bad.mkdir()
    for i in range(3):
        Image.new("RGB", (8, 8)).save(bad / f"{i}.png")
    tab = visit("images", images=str(picture_folder))
    strips = next(html.value for html in tab.html if '<div class="srcsel-classes"' in html.value)
    assert "<img src=x" not in strips
    assert "&lt;img src=x onerror=alert(1)&gt;" in strips
    assert all("![](" not in metric.label for metric in tab.metric)


def test_many_classes_wait_in_an_expander(visit, tmp_path):
    folder = tmp_path / "many"
    for c in range(11):
        (folder / f"class{c:02d}").mkdir(parents=True)
        for i in range(2):
            Image.new("RGB", (8, 8)).save(folder / f"class{c:02d}" / f"{i}.png")
    tab = visit("images", images=str(folder))
    assert "3 more classes" in [expander.label for expander in tab.expander]
    first, rest = (html.value for html in tab.html if '<div class="srcsel-classes"' in html.value)
    assert (first.count("<figure>"), rest.count("<figure>")) == (8, 3)


def test_parts_in_place_of_classes_are_pointed_out_with_a_button_for_each_remedy(visit, tmp_path):
    folder = tmp_path / "set"
    for place in ("train/cat", "train/dog", "val/cat", "val/dog"):
        (folder / place).mkdir(parents=True)
        for i in range(12):
            Image.new("RGB", (8, 8)).save(folder / place / f"{i}.png")
    tab = visit("images", images=str(folder))
    assert "look like parts of a data set" in tab.warning[0].value
    button(tab, "Take the folders below as classes").click().run()
    assert tab.query_params["images"] == str(folder / "*")
    assert (metrics(tab)["Pictures"], metrics(tab)["Classes"]) == ("48", "2")
    assert not tab.warning
    tab = visit("images", images=str(folder))
    button(tab, "Only train").click().run()
    assert tab.query_params["images"] == str(folder / "train")
    assert metrics(tab)["Pictures"] == "24"


def test_one_class_cannot_go_on_and_says_why(visit, tmp_path):
    (tmp_path / "one" / "only").mkdir(parents=True)
    for i in range(3):
        Image.new("RGB", (8, 8)).save(tmp_path / "one" / "only" / f"{i}.png")
    tab = visit("images", images=str(tmp_path / "one"))
    assert button(tab, "Continue").disabled
    assert "one class" in tab.error[0].value


def test_a_wrong_path_offers_the_nearest_folders(visit, picture_folder, board):
    tab = visit("images", images=str(picture_folder.parent / "leafs"))
    assert "cannot be used" in tab.error[0].proto.title
    near = [button for button in tab.button if button.key and button.key.startswith("near-")]
    assert near[0].key == f"near-{picture_folder}"
    near[0].click().run()
    assert tab.query_params["images"] == str(picture_folder)
    assert metrics(tab)["Pictures"] == "30"


def test_a_failed_check_says_so_and_can_be_continued(visit, board, settle, words_of):
    tab = visit("images", images="public:DTD")
    (job,) = board.active()
    settle(job.id, "failed", error="No connection to the server.")
    tab.run()
    assert "No connection to the server" in tab.error[0].value
    button(tab, "Continue").click().run()
    assert board.status(job.id).state == "queued"


def test_a_running_download_is_told_in_megabytes(visit, board, settle):
    tab = visit("images", images="public:DTD")
    (job,) = board.active()
    settle(job.id, "running", parts=[Part("pictures", "downloading", 120_000_000, 625_239_812)])
    tab.run()
    assert tab.progress[0].text == "Downloading 120 MB of 625 MB"
    button(tab, "Stop").click().run()
    with board.table.open() as db:
        assert db.execute("select cancel from jobs").fetchone()["cancel"] == 1


def test_a_zip_is_unpacked_once_and_then_is_a_folder(visit, zip_bytes, work):
    tab = visit("images")
    way(tab, "zip")
    tab.file_uploader(key="images-zip").upload("my leaves!.zip", zip_bytes).run()
    (folder,) = (work / "uploads").glob("[0-9a-f]*/*")
    assert folder.name == "my-leaves"
    assert tab.query_params["images"] == str(folder)
    assert metrics(tab)["Pictures"] == "30"
    assert not list((work / "uploads" / ".incoming").glob("*/*.zip"))  # used up
    (work / "again.zip").write_bytes(zip_bytes)
    assert uploads.keep(work / "again.zip", "other name.zip") == folder


def test_an_upload_is_removed_by_a_press(visit, zip_bytes, work):
    tab = visit("images")
    way(tab, "zip")
    tab.file_uploader(key="images-zip").upload("leaves.zip", zip_bytes).run()
    (folder,) = (work / "uploads").glob("[0-9a-f]*/*")
    (one,) = uploads.listed()
    assert f"kept-use-{one.id}" in {each.key for each in tab.button}
    kept._remove(one)
    assert (folder.exists(), uploads.listed()) == (False, [])


def test_a_zip_that_was_refused_stays_so_when_the_page_is_drawn_again(
    visit, zip_bytes, work, monkeypatch
):
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS_ALL", "0")
    tab = visit("images")
    way(tab, "zip")
    tab.file_uploader(key="images-zip").upload("leaves.zip", zip_bytes).run()
    for _ in range(2):
        assert "uploads of all people" in tab.error[0].value
        tab.run()


def test_a_broken_zip_is_refused_in_words(visit, work):
    tab = visit("images")
    way(tab, "zip")
    tab.file_uploader(key="images-zip").upload("x.zip", b"this is no zip").run()
    assert tab.error[0].proto.title == "This zip cannot be used"
    assert "images" not in tab.query_params


def test_a_dropped_folder_is_kept_as_its_zip_would_be(visit, picture_folder, work):
    tab = visit("images")
    way(tab, "zip")
    files = [
        (path.relative_to(picture_folder.parent).as_posix(), path.read_bytes(), "image/png")
        for path in picture_folder.rglob("*.png")
    ]
    box = tab.file_uploader(key="images-dropped")
    assert ".heic" in box.proto.type  # not read, but named: else the browser leaves it out unsaid
    box.set_value(files).run()
    assert not tab.exception
    (folder,) = (work / "uploads").glob("[0-9a-f]*/*")
    assert folder.name == "leaves"
    assert tab.query_params["images"] == str(folder)
    assert metrics(tab)["Pictures"] == "30"
    assert not list((work / "uploads" / ".incoming").glob("*/*.zip"))
    tab.run()  # drawn again, nothing is unpacked again
    assert len(uploads.listed()) == 1


def test_the_quota_of_uploads_holds_for_a_dropped_folder(visit, work, monkeypatch):
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS_ALL", "0")
    tab = visit("images")
    way(tab, "zip")
    tab.file_uploader(key="images-dropped").set_value([("a/b/1.png", b"x", "image/png")]).run()
    assert tab.error[0].proto.title == "This folder cannot be used"
    assert "uploads of all people" in tab.error[0].value
    assert uploads.listed() == []


def test_public_sets_tell_size_and_licence(visit):
    tab = visit("images")
    way(tab, "public")
    rows = tab.dataframe[0].value.set_index("Set")
    assert rows.loc["Describable textures", ["Pictures", "Classes", "Download"]].tolist() == [
        5640,
        47,
        "625 MB",
    ]
    assert button(tab, "Tick a set").disabled


def test_only_folders_below_the_roots_open(visit, picture_folder, monkeypatch, tmp_path):
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "shared"))
    tab = visit("images", images=str(picture_folder))
    assert "outside what the pages may open" in tab.error[0].value
    assert not tab.metric
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path))
    assert metrics(visit("images", images=str(picture_folder)))["Pictures"] == "30"


def test_a_link_inside_the_roots_that_leads_out_does_not_open(
    picture_folder, monkeypatch, tmp_path
):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "way-out").symlink_to(picture_folder)
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "shared"))
    assert not access.allowed(tmp_path / "shared" / "way-out")
    assert not access.allowed(tmp_path / "shared" / ".." / "leaves")
    assert access.allowed(tmp_path / "shared")


def test_the_folder_of_all_uploads_does_not_open(work, monkeypatch, tmp_path):
    """It names everybody's; one upload, whose name is a digest, does. So too where a root lies
    around.
    """
    (work / "uploads" / "0123" / "leaves").mkdir(parents=True)
    for roots in ("nowhere", str(tmp_path)):
        monkeypatch.setenv("SRCSEL_ROOTS", roots)
        assert not access.allowed(work / "uploads")
        assert not access.allowed(work / "uploads" / "0123")
        assert not access.allowed(work / "jobs")
        assert access.allowed(work / "uploads" / "0123" / "leaves")


def test_a_shared_server_without_roots_opens_no_path(visit, picture_folder, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    tab = visit("images", images=str(picture_folder))
    assert "opens no folders by path" in tab.error[0].value
    way(tab, "folder")
    assert not tab.text_input
    assert "opens no folders by path" in tab.info[0].value


def test_where_only_an_address_may_be_opened_it_can_be_typed(visit, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "s3://bucket/pictures")
    tab = visit("images")
    way(tab, "folder")
    assert tab.text_input(key="images-folder")
    assert any("bucket" in one.value for one in tab.caption)
    tab = visit("images", images="/etc")
    assert "Choose one below s3" in tab.error[0].value


def test_strips_are_taken_from_all_over_a_class_and_leave_out_broken_ones(picture_folder):
    from srcsel.pictures.dataset import list_pictures

    listing = list_pictures(str(picture_folder))
    rows = strips.class_rows(listing, broken={listing.paths[0]})
    assert [count for _, count, _ in rows] == [9, 10, 10]
    assert all(len(members) == 6 for _, _, members in rows)
    assert 0 not in rows[0][2]
    assert all(listing.labels[row] == label for label, _, members in rows for row in members)


def test_the_check_shows_deep_pictures_by_the_range_of_their_set(picture_folder, work):
    """As the models see them: one that stays dark beside the others is dark here too."""
    for path in picture_folder.rglob("*.png"):
        path.unlink()
    for name, top in (("mildew", 90), ("rust", 4000), ("healthy", 4000)):
        (picture_folder / name).mkdir(exist_ok=True)
        ramp = np.linspace(0, top, 64 * 64).reshape(64, 64).astype(np.uint16)
        Image.fromarray(ramp).save(picture_folder / name / "deep.png")

    found = KINDS["check"]({"ref": str(picture_folder)}, Told())
    assert found["ranges"]["u2"][1] > 3900
    assert any("1 picture is (nearly) uniform" in note for note in found["warnings"])
    listing = list_pictures(str(picture_folder))
    rows = strips.class_rows(listing, broken=set())
    html = strips.class_html(listing, rows, found["ranges"])
    for row, (set_id, index) in enumerate(re.findall(r"/thumbs/(\w+)/(\d+)/320", html)):
        _, jpeg = thumbs.picture(set_id, int(index), 320)
        with Image.open(io.BytesIO(jpeg)) as picture:
            dark = "mildew" in listing.paths[row]
            brightest = int(np.asarray(picture).max())
            assert brightest < 12 if dark else brightest > 240


def test_what_is_typed_is_read_as_in_the_shell(visit, tmp_path, picture_folder):
    picture_folder.rename(tmp_path / "my leaves")
    tab = visit("images")
    way(tab, "folder")
    tab.text_input(key="images-folder").input(f" 'file://{tmp_path}/my%20leaves' ")
    button(tab, "Check folder").click().run()
    assert tab.query_params["images"] == str(tmp_path / "my leaves")
    assert metrics(tab)["Pictures"] == "30"


@pytest.mark.parametrize(
    "address", ["file://[", "/a\0b", "~nobody-here/x", "/" + "x" * 3000, "C:\\x"]
)
def test_what_can_be_no_path_is_said_in_words(visit, address):
    for page in ("images", "models"):
        tab = visit(page, images=address)
        assert not tab.exception
        assert "mistake in the program" not in "".join(e.value for e in tab.error)


def test_the_folder_a_link_names_stands_in_the_box_and_the_next_page_counts_what_was_opened(
    visit, board, settle, picture_folder, words_of
):
    tab = visit("images", images=str(picture_folder))
    assert tab.text_input(key="images-folder").value == str(picture_folder)
    (job,) = [job for job in board.recent(10) if job.kind == "check"]
    settle(job.id, "done", result=checked(28, (10, 9, 9)))
    tab.run()
    next(button for button in tab.button if button.label == "Continue").click().run()
    assert tab.title[0].value == "Models"
    assert "28 pictures in 3 classes" in words_of(tab)


def test_a_large_table_is_read_by_the_worker_alone(
    visit, board, settle, picture_folder, monkeypatch, words_of
):
    """The page shows how far it is, and then a few pictures of each class."""
    paths = sorted(path.relative_to(picture_folder) for path in picture_folder.rglob("*.png"))
    lines = (f"{path.as_posix()},{('odd', 'even')[k % 2]}" for k, path in enumerate(paths))
    (picture_folder / "labels.csv").write_text("\n".join(["file,label", *lines]))
    monkeypatch.setattr(listing_module, "LIGHT", 100)
    real = listing_module.choose
    monkeypatch.setattr(listing_module, "choose", None)  # nothing reads it here
    tab = visit("images", images=str(picture_folder))
    assert tab.progress[0].text == "Getting ready"
    assert not tab.metric
    (job,) = board.active()

    monkeypatch.setattr(listing_module, "choose", real)
    found = KINDS["check"](job.payload, Told())
    assert found["preview"]["classes"] == ["even", "odd"]
    assert len(found["preview"]["paths"]) == 12
    monkeypatch.setattr(listing_module, "choose", None)
    settle(job.id, "done", result=found)
    tab.run()
    told = metrics(tab)
    assert (told["Pictures"], told["Classes"]) == (str(len(paths)), "2")
    assert told["Cannot be read"] == "0"
    shown = "".join(html.value for html in tab.html)
    assert re.findall(r"<b>(\w+)</b><span>(\d+)</span>", shown) == [("even", "15"), ("odd", "15")]
    assert shown.count("/thumbs/") == 12

    monkeypatch.setattr(listing_module, "choose", real)  # how many there are is in the table alone
    assert f"{len(paths)} pictures in 2 classes" in words_of(
        visit("models", images=str(picture_folder))
    )


@pytest.mark.parametrize("key", ["images", "models"])
def test_a_folder_that_takes_long_to_look_through_stalls_no_page(
    key, visit, picture_folder, monkeypatch, words_of
):
    real, may_go_on = listing_module.list_quickly, threading.Event()

    def slowly(ref):
        may_go_on.wait(60)
        return real(ref)

    monkeypatch.setattr(listing_module, "list_quickly", slowly)
    monkeypatch.setattr(listed, "WAIT", 0)
    tab = visit(key, images=str(picture_folder))
    assert "Looking through the folder" in words_of(tab) + "".join(i.value for i in tab.info)
    assert not tab.metric
    assert not tab.exception
    may_go_on.set()
    monkeypatch.setattr(listed, "WAIT", 60)
    tab.run()
    assert "Looking through" not in "".join(i.value for i in tab.info)
    assert "30" in words_of(tab) + "".join(metrics(tab).values())


def test_what_a_folder_holds_is_believed_for_some_minutes(visit, picture_folder, monkeypatch):
    tab = visit("images", images=str(picture_folder))
    shutil.copy(picture_folder / "rust" / "00.png", picture_folder / "rust" / "new.png")
    assert metrics(tab.run())["Pictures"] == "30"
    monkeypatch.setattr(listed, "KEPT", -1)
    assert metrics(tab.run())["Pictures"] == "31"


def test_what_went_wrong_with_a_folder_is_asked_again(visit, picture_folder, monkeypatch):
    tab = visit("images", images=str(picture_folder / "rust" / "none"))
    assert not tab.metric
    (picture_folder / "rust" / "none" / "a").mkdir(parents=True)
    (picture_folder / "rust" / "none" / "b").mkdir()
    for name in ("a/1.png", "b/2.png"):
        shutil.copy(picture_folder / "rust" / "00.png", picture_folder / "rust" / "none" / name)
    assert metrics(tab.run())["Pictures"] == "2"


def test_a_preview_is_taken_from_all_over_each_class(picture_folder):
    dataset = load_dataset(str(picture_folder))
    shown = preview(dataset)
    assert shown.classes == dataset.classes
    assert np.bincount(shown.labels).tolist() == [6, 6, 6]
    where = dict(zip(dataset.paths, dataset.labels, strict=True))
    assert [where[path] for path in shown.paths] == shown.labels.tolist()
