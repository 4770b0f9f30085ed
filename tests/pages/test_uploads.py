"""An upload goes to the disk while it comes; Streamlit gets a token, and no memory is taken."""

import re
import tracemalloc

import pytest
from anyio.from_thread import start_blocking_portal
from filelock import FileLock
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config

from srcsel.ui.parts import incoming
from srcsel.ui.server import server
from srcsel.ui.server.uploads import Uploads

PLACE = "/_stcore/upload_file/session/file"


@pytest.fixture
def seen() -> list[bytes]:
    return []


@pytest.fixture
def browser(work, on_this_computer, seen):
    """The server's own middleware before an end that keeps what Streamlit would keep."""

    async def keep(request) -> Response:
        async with request.form() as form:
            (file,) = form.values()
            seen.append(await file.read())
        return Response(status_code=204 if file.filename != "refused.zip" else 403)

    routes = [Route(PLACE, keep, methods=["PUT"])]
    app = Starlette(routes=routes, middleware=server.MIDDLEWARE)
    return TestClient(app, base_url="http://localhost", client=("127.0.0.1", 1))


def waiting(work) -> list:
    return list((work / "uploads" / incoming.FOLDER).glob("*/*.zip"))


class Handed:
    """What `st.file_uploader` returns, as far as it is asked."""

    def __init__(self, held: bytes) -> None:
        self.getvalue = lambda: held


def test_the_disk_gets_the_file_and_streamlit_a_token(browser, seen, work):
    data = bytes(range(256)) * 4096 + b"\r\n--not-the-end--\r\n"
    answer = browser.put(PLACE, files={"x.zip": ('a"b\n.zip', data, "application/zip")})
    assert answer.status_code == 204
    (held,) = seen
    assert re.fullmatch(rb"srcsel-upload-[0-9a-f]{64}", held)
    with incoming.content(Handed(held)) as path:
        assert path.read_bytes() == data
    assert waiting(work) == []


def test_a_large_upload_takes_no_memory(work):
    """The browser's side is played by hand: a test client would hold the whole body."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.zip"\r\n\r\n'
    pieces = iter([head, *[bytes(2**20)] * 200, b"\r\n--x--\r\n"])
    statuses = []

    async def receive():
        piece = next(pieces, b"")
        return {"type": "http.request", "body": piece, "more_body": piece != b"\r\n--x--\r\n"}

    async def end(scope, receive, send):
        assert len((await receive())["body"]) < 1000
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message):
        statuses.append(message["status"])

    kind = (b"content-type", b"multipart/form-data; boundary=x")
    scope = {"type": "http", "method": "PUT", "path": PLACE, "headers": [kind]}
    tracemalloc.start()
    try:
        with start_blocking_portal() as portal:
            portal.call(Uploads(end), scope, receive, send)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert statuses == [204]
    assert waiting(work)[0].stat().st_size == 200 * 2**20
    assert peak < 10 * 2**20


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data; name=f\r\n\r\na\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\n" + b"a" * 100_000, "multipart/form-data; boundary=x"),
        (b"rubbish", "multipart/form-data; boundary=x"),
        (b"rubbish", "multipart/form-data"),
        (b"rubbish", "text/plain"),
    ],
)
def test_what_holds_no_file_is_refused_and_leaves_nothing(browser, seen, work, body, kind):
    assert browser.put(PLACE, content=body, headers={"content-type": kind}).status_code == 400
    assert (seen, waiting(work)) == ([], [])


def test_what_streamlit_refuses_and_what_is_too_large_leaves_nothing(browser, work, seen):
    files = {"f": ("refused.zip", b"x" * 1000)}
    assert browser.put(PLACE, files=files).status_code == 403
    assert waiting(work) == []
    config.set_option("server.maxUploadSize", 1)
    files = {"f": ("a.zip", b"x" * (2**20 + 1))}
    assert browser.put(PLACE, files=files).status_code == 413
    assert (len(seen), waiting(work)) == (1, [])


def test_where_there_is_no_room_nothing_is_received(browser, work, seen, monkeypatch):
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS_ALL", "0")
    answer = browser.put(PLACE, files={"f": ("a.zip", b"x")})
    assert answer.status_code == 413
    assert "SRCSEL_MOST_UPLOADS_ALL" in answer.text
    assert (seen, waiting(work)) == ([], [])


def in_pieces():
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    yield from (b"x" * 2**16 for _ in range(12))  # 0.8 MB
    yield b"\r\n--b--\r\n"


def test_what_waits_to_be_unpacked_counts_and_so_does_what_comes_in_pieces(
    browser, work, seen, monkeypatch
):
    monkeypatch.setattr(incoming, "_waiting", {})  # not those of other tests
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS_ALL", "0.001")  # GB
    form = {"content-type": "multipart/form-data; boundary=b"}
    first = browser.put(PLACE, content=in_pieces(), headers=form)
    assert (first.status_code, first.text) == (204, "")
    assert browser.put(PLACE, content=in_pieces(), headers=form).status_code == 413
    assert browser.put(PLACE, files={"x.zip": ("a.zip", b"x" * 10**5 * 5)}).status_code == 413
    assert len(waiting(work)) == len(seen) == 1
    incoming.discard(seen[0])
    assert browser.put(PLACE, files={"x.zip": ("a.zip", b"x" * 10**5 * 5)}).status_code == 204


def test_what_dead_servers_received_is_swept(work):
    root = work / "uploads" / incoming.FOLDER
    for name in ("dead", "alive"):
        (root / name).mkdir(parents=True)
        (root / name / "x.zip").touch()
    own = incoming.new_file()
    own.touch()
    with FileLock(root / "alive.lock"):
        incoming.sweep()
    assert {path.parent.name for path in waiting(work)} == {"alive", own.parent.name}


def test_what_nobody_unpacked_goes_after_an_hour(work, monkeypatch):
    path = incoming.new_file()
    path.touch()
    incoming.hand_over(path)
    now = incoming.time.time()
    monkeypatch.setattr(incoming.time, "time", lambda: now + incoming.FORGOTTEN + 60)
    incoming.new_file()
    assert not path.exists()
