"""A store that fails every tenth request, in one of three ways: the library asks again, for a page
and for a file, and everything comes as it is.
"""

import http.client
import http.server
import itertools
import threading
import urllib.parse

import pytest

from srcsel.base.addresses import Address
from srcsel.base.remote import Store
from tests import s3

s3fs = pytest.importorskip("s3fs", reason='s3fs is not installed (pip install "srcsel[s3]")')
pytest.importorskip("moto", reason="moto is not installed (pip install srcsel[test])")

FILES = {f"pictures/{k % 3}/{k:02d}.bin": bytes([k]) * (1000 + k) for k in range(45)}
EVERY = 10


class _Flaky(http.server.BaseHTTPRequestHandler):
    """Hands requests on, but for every tenth."""

    protocol_version = "HTTP/1.1"

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        count = next(self.server.counted)
        self.server.asked.append(self.path)
        fails = count % EVERY == 0
        how = count // EVERY % 3
        if fails and how == 0:
            self.server.failed.append(self.path)
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fails and how == 1:
            self.server.failed.append(self.path)
            self.close_connection = True
            return
        onward = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=60)
        onward.request(self.command, self.path, body, dict(self.headers))
        answer = onward.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if fails:  # half of it, and then nothing
            self.server.failed.append(self.path)
            data, self.close_connection = data[: len(data) // 2], True
        self.wfile.write(data)
        onward.close()

    do_GET = do_PUT = do_HEAD = do_POST = _answer  # noqa: N815 (names of http.server)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def flaky(tmp_path, monkeypatch):
    with s3.served(tmp_path) as endpoint:
        environment = s3.emptied(endpoint, tmp_path)
        for name, value in environment.items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        for name, data in FILES.items():
            path = tmp_path / "x" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        s3.put(environment, tmp_path / "x" / "pictures")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Flaky)
        server.daemon_threads = True
        server.counted, server.asked, server.failed = itertools.count(1), [], []
        server.behind = urllib.parse.urlsplit(endpoint).port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        s3fs.S3FileSystem.clear_instance_cache()
        yield server
        s3fs.S3FileSystem.clear_instance_cache()
        server.shutdown()
        server.server_close()
        thread.join()


def test_lists_and_files_come_whole_from_a_store_that_fails_every_tenth_request(flaky, tmp_path):
    store = Store(Address("s3", "bucket/pictures"))
    for _ in range(6):  # 5 pages each
        listed = store.files()
        assert [f"pictures/{one.name}" for one in listed] == sorted(FILES)
    pages = [path for path in flaky.asked if "list-type=2" in path]
    assert len(pages) >= 6 * len(FILES) / s3.PAGE
    assert [path for path in flaky.failed if "list-type=2" in path]
    before = len(flaky.failed)
    targets = [tmp_path / f"{at}.bin" for at in range(len(listed))]
    assert store.get(listed, targets) == []
    for one, path in zip(listed, targets, strict=True):
        assert path.read_bytes() == FILES[f"pictures/{one.name}"]
    found = store.read(listed)
    assert {f"pictures/{name}": bytes(data) for name, data in found.items()} == FILES
    store.write("new/file.bin", b"new")
    assert len(flaky.failed) >= before + 9
