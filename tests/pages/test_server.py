import gc
import io
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config

from srcsel.base.errors import PictureError, StoreError
from srcsel.base.settings import load_settings
from srcsel.pictures import images, sheets, thumbs
from srcsel.ui.server import server, thumbnails, warming


async def _echo(window):
    await window.accept()
    await window.close()


@pytest.fixture
def browser(work, on_this_computer):
    """Our routes and middleware around a page that stands for Streamlit."""
    # each test has event loops of its own, and one that ended has taken its threads along
    thumbnails.end()
    page = Route("/", lambda request: PlainTextResponse("page"))
    app = Starlette(
        routes=[*server.ROUTES, page, WebSocketRoute("/socket", _echo)],
        middleware=server.MIDDLEWARE,
    )
    return TestClient(app, base_url="http://localhost:8501", client=("127.0.0.1", 50000))


@pytest.fixture
def shown(work, picture_folder) -> str:
    """A set of three pictures: one that opens, one that does not, one that leads out of the
    folder.
    """
    (picture_folder / "broken.png").write_bytes(b"no picture")
    return thumbs.register(picture_folder, ["mildew/00.png", "broken.png", "gone.png"])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:1"])
def test_our_own_names_are_answered(browser, host):
    assert browser.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8501", "127.0.0.1.nip.io", "", "[::2]"]
)
def test_foreign_names_are_refused_everywhere(browser, shown, host):
    for path in ("/", f"/thumbs/{shown}/0/96.jpg"):
        answer = browser.get(path, headers={"host": host})
        assert answer.status_code == 400
        assert "SRCSEL_HOSTS" in answer.text


def test_foreign_names_get_no_websocket(browser):
    with browser.websocket_connect("/socket", headers={"host": "localhost:8501"}):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/socket", headers={"host": "evil.example"}),
    ):
        pass


def test_other_names_can_be_added(browser, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOSTS", "lab.example, Other.example")
    monkeypatch.setenv("SRCSEL_INSECURE", "1")
    for host, status in (("lab.example:80", 200), ("other.example", 200), ("third.example", 400)):
        assert browser.get("/", headers={"host": host}).status_code == status


def test_every_answer_carries_the_content_policy(browser):
    for answer in (
        browser.get("/"),
        browser.get("/thumbs/x/0/96.jpg"),
        browser.get("/", headers={"host": "evil"}),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "'unsafe-eval'" not in policy
        # no foreign address is allowed anything
        assert "http" not in policy.replace("https://", "http://")
        script = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
        assert "'unsafe-inline'" not in script
        assert "'sha256-" in script
        assert "connect-src 'self' data:" in policy  # the camera fetches its picture from there
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("size", [96, 320])
def test_a_thumbnail_is_a_small_jpeg_and_cached(browser, shown, work, size):
    answer = browser.get(f"/thumbs/{shown}/0/{size}.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "private, max-age=3600"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert max(picture.size) <= size
    assert len(list((work / "datasets" / "thumbs").iterdir())) == 1
    again = browser.get(
        f"/thumbs/{shown}/0/{size}.jpg", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_changed_picture_gets_a_new_thumbnail(browser, shown, picture_folder):
    before = browser.get(f"/thumbs/{shown}/0/96.jpg").content
    Image.new("RGB", (60, 60), (255, 0, 0)).save(picture_folder / "mildew" / "00.png")
    assert browser.get(f"/thumbs/{shown}/0/96.jpg").content != before


def test_deep_pictures_are_shown_by_the_range_of_their_set(browser, work, picture_folder):
    ramp = np.linspace(0, 1000, 60 * 60).reshape(60, 60).astype(np.uint16)
    Image.fromarray(ramp).save(picture_folder / "mildew" / "deep.png")
    alone = thumbs.register(picture_folder, ["mildew/deep.png"])
    beside = thumbs.register(picture_folder, ["mildew/deep.png"], {"u2": (0, 4000)})
    for shown, top in ((alone, 255), (beside, 1000 * 256 // 4001)):
        with Image.open(io.BytesIO(browser.get(f"/thumbs/{shown}/0/96.jpg").content)) as picture:
            assert abs(int(np.asarray(picture).max()) - top) <= 3


@pytest.mark.parametrize("index", [1, 2])
def test_a_picture_that_cannot_be_read_gives_a_placeholder_not_kept(browser, shown, index):
    answer = browser.get(f"/thumbs/{shown}/{index}/96.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["cache-control"] == "no-store"


def test_thumbnails_that_take_long_hold_up_nobody_else(browser, shown, monkeypatch):
    """42 are asked for and none is ever done: a few are tried, the others wait without a thread,
    pages and thumbnails made before come at once, and in the end each is a placeholder.
    """
    assert browser.get(f"/thumbs/{shown}/0/96.jpg").headers["content-type"] == "image/jpeg"
    real, inside, free = thumbs.picture, [], threading.Event()

    def stuck(set_id, index, size, *, effort="full"):
        if effort != "kept":
            inside.append(index)
            free.wait(30)
        return thumbs.NOT_YET if index == 1 and effort == "kept" else real(set_id, index, size)

    monkeypatch.setattr(thumbs, "picture", stuck)
    monkeypatch.setattr(thumbnails, "PATIENCE", 3.0)
    with browser, ThreadPoolExecutor(42) as many:  # all in one event loop
        waiting = [many.submit(browser.get, f"/thumbs/{shown}/1/96.jpg") for _ in range(42)]
        deadline = time.monotonic() + 2
        while not inside and time.monotonic() < deadline:
            time.sleep(0.01)
        assert browser.get("/").text == "page"
        assert browser.get(f"/thumbs/{shown}/0/96.jpg").headers["content-type"] == "image/jpeg"
        answers = [one.result() for one in waiting]
        free.set()
    assert {answer.headers["content-type"] for answer in answers} == {"image/svg+xml"}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert 1 <= len(inside) <= thumbnails.FEW


def test_files_that_take_long_hold_up_only_each_other(browser, shown, monkeypatch):
    """Two that are slow, each asked for many times, are begun as quick ones once and go on behind
    each other; another's thumbnail comes meanwhile.
    """
    real, slowly, free = thumbs.picture, [], threading.Event()

    def slow(set_id, index, size, *, effort="full"):
        if index == 0:
            # without the bound of a moment, which a busy computer may take longer than
            return real(set_id, index, size, effort="kept" if effort == "kept" else "full")
        if effort == "full":
            slowly.append(index)
            free.wait(30)
            return thumbs.placeholder()
        return thumbs.NOT_YET

    monkeypatch.setattr(thumbs, "picture", slow)
    with browser, ThreadPoolExecutor(20) as many:
        waiting = [
            many.submit(browser.get, f"/thumbs/{shown}/{1 + i % 2}/96.jpg") for i in range(20)
        ]
        deadline = time.monotonic() + 20
        while not slowly and time.monotonic() < deadline:
            time.sleep(0.01)
        answer = browser.get(f"/thumbs/{shown}/0/96.jpg")
        assert answer.headers["content-type"] == "image/jpeg"
        assert len(slowly) == 1
        free.set()
        assert {one.result().headers["content-type"] for one in waiting} == {"image/svg+xml"}


@pytest.mark.parametrize(
    "path",
    [
        "{set}/3/96.jpg",
        "{set}/0/97.jpg",
        "{set}/0/4000.jpg",
        "{set}/-1/96.jpg",
        "{set}/x/96.jpg",
        "{set}/0/96.png",
        "0000000000000000deadbeef/0/96.jpg",
        "../{set}/0/96.jpg",
        "..%2f..%2fetc/0/96.jpg",
        "%2e%2e/0/96.jpg",
        "{set}%00/0/96.jpg",
        "{upper}/0/96.jpg",
        "{set}/" + "9" * 4400 + "/96.jpg",
        "{set}/0/" + "9" * 4400 + ".jpg",
        "{set}/٣/96.jpg",
        "9" * 4400 + "/0/96.jpg",
    ],
)
def test_what_no_page_registered_is_not_there(browser, shown, path):
    assert (
        browser.get("/thumbs/" + path.format(set=shown, upper=shown.upper() + "A")).status_code
        == 404
    )


def test_a_manifest_cannot_lead_out_of_its_folder(
    browser, work, picture_folder, tmp_path, monkeypatch
):
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    (picture_folder / "link.png").symlink_to(tmp_path / "secret.png")
    escaping = thumbs.register(picture_folder, ["../secret.png", "link.png", "/etc/hostname"])
    monkeypatch.setenv("SRCSEL_ROOTS", str(picture_folder))
    for index in range(3):
        assert browser.get(f"/thumbs/{escaping}/{index}/96.jpg").status_code == 404


def test_the_same_pictures_are_one_set(work, picture_folder):
    first = thumbs.register(picture_folder, ["a.png"])
    assert thumbs.register(picture_folder, ["a.png"]) == first
    assert thumbs.register(picture_folder, ["b.png"]) != first
    awaited = thumbs.register(picture_folder / "later", ["a.png"])
    kind, body = thumbs.picture(awaited, 0, 96)  # nothing is crossed out: it is on its way
    assert (kind, body.count(b"<path")) == ("image/svg+xml", 1)
    assert thumbs.placeholder()[1].count(b"<path") == 2
    (picture_folder / "later").mkdir()
    # else placeholders would stay
    assert thumbs.register(picture_folder / "later", ["a.png"]) != awaited
    with pytest.raises(ValueError, match="96, 320"):
        thumbs.url(first, 0, 500)


def test_folders_open_only_where_the_server_is_for_this_computer(
    work, on_this_computer, monkeypatch, tmp_path
):
    server.close_paths()
    assert load_settings().roots is None
    config.set_option("server.address", "0.0.0.0")
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path))
    server.close_paths()
    assert load_settings().roots == (tmp_path,)
    monkeypatch.setenv("SRCSEL_ROOTS", "")
    server.close_paths()
    assert load_settings().roots == ()
    assert os.environ["SRCSEL_ROOTS"] == "nowhere"  # what a worker inherits


def test_a_broken_work_folder_does_not_keep_the_server_from_starting(monkeypatch, tmp_path, caplog):
    (tmp_path / "home").write_text("a file where the folder should be")
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))
    warming.wake()
    assert "could not be woken" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere connections may not inherit it")
def test_small_answers_do_not_wait_for_each_other(monkeypatch):
    """A listening socket as Streamlit makes it; asyncio looks at `proto` and would leave it as it
    is.
    """
    monkeypatch.setattr(warming, "warm_up", lambda: None)
    with socket.socket() as door, socket.socket() as visitor:
        door.bind(("127.0.0.1", 0))
        door.listen()
        assert not door.proto
        with TestClient(Starlette(lifespan=server.lifespan)):
            visitor.connect(door.getsockname())
            with door.accept()[0] as accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert not visitor.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_no_file_stays_open_for_it():
    """A copy of a pipe's end would keep whoever reads it waiting for ever."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)  # an error where the other end is still open
    try:
        server.send_at_once()
        os.close(writing)
        assert os.read(reading, 1) == b""
    finally:
        os.close(reading)


def test_errors_written_for_people_are_shown_as_they_are(monkeypatch, caplog):
    shown = []
    monkeypatch.setattr(server.st, "error", lambda text, **options: shown.append(text))
    assert server.on_script_error(StoreError("The disk is *full*.")) is True
    assert shown == [r"The disk is \*full\*\."]
    assert server.on_script_error(ZeroDivisionError("secret /path")) is True
    assert "secret" not in shown[1]
    assert "ZeroDivisionError" in shown[1]
    assert "secret /path" in caplog.text


@pytest.mark.parametrize(
    ("modules", "later"),
    [
        ("srcsel.ui.server.server", ["numpy", "pandas", "srcsel.base.records"]),
        (
            (
                "srcsel.ui.app.frame, srcsel.ui.parts.cards, srcsel.ui.parts.shipped,"
                " srcsel.ui.app.tour"
            ),
            ["pandas", "scipy"],
        ),
    ],
    ids=["server", "home"],
)
def test_the_start_does_not_wait_for_what_later_pages_need(modules, later):
    script = f"import sys, {modules}; print(sorted(set(sys.modules) & set({later})))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_collector_passes_over_what_the_warm_up_imported(monkeypatch):
    monkeypatch.setattr(warming, "READING", 0)
    monkeypatch.setattr(warming, "wake", lambda: None)
    gc.unfreeze()
    try:
        warming.warm_up()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()


def test_a_sheet_is_asked_of_the_worker_once_and_served_when_it_is_made(
    browser, shown, board, monkeypatch
):
    address = f"/thumbs/{shown}/sheets/0.jpg"
    assert browser.get(address).status_code == 202
    assert browser.get(address).status_code == 202
    assert [(job.kind, job.payload) for job in board.active()] == [("sheets", {"set": shown})]
    sheets.make(shown)
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    again = browser.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_sheet_that_lacks_a_picture_is_not_kept_and_made_again_when_it_is_due(
    browser, shown, board, monkeypatch
):
    address = f"/thumbs/{shown}/sheets/0.jpg"

    def refuse(*_, **__):
        raise PictureError("busy", lasting=False)

    with monkeypatch.context() as busy:
        busy.setattr(images, "thumbnail", refuse)
        sheets.make(shown)
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert board.active() == []
    monkeypatch.setattr(sheets, "AGAIN", 0.0)
    assert browser.get(address).status_code == 200
    assert [job.kind for job in board.active()] == ["sheets"]


@pytest.mark.parametrize("path", ["sheets/1.jpg", "sheets/-1.jpg", "sheets/9999999.jpg"])
def test_a_sheet_that_is_not_there_is_not_found(browser, shown, path):
    assert browser.get(f"/thumbs/{shown}/{path}").status_code == 404
