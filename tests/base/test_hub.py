"""Data sets at hf:// addresses, from a hub on this computer: lists, files, what it refuses."""

import http.server
import json
import threading
import urllib.parse

import pytest
from huggingface_hub import HfFileSystem, constants

from srcsel.base.addresses import Address
from srcsel.base.errors import DownloadError, InputError
from srcsel.base.remote import Store

COMMIT = "a" * 40
PAGE = 5  # files in a page of a list
FILES = {f"train/{'ab'[k % 2]}/{k:02d}.png": bytes([k]) * (100 + k) for k in range(12)}


class _Hub(http.server.BaseHTTPRequestHandler):
    """Holds datasets/open/one and datasets/gated/one, whose files it refuses."""

    protocol_version = "HTTP/1.1"

    def _answer(self):
        asked = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(asked.path)
        owner = next((name for name in ("open", "gated") if f"datasets/{name}/one" in path), "")
        if not owner:
            return self._send(401, b"", {"X-Error-Code": "RepoNotFound"})
        head, _, inside = path.partition("/resolve/main/")
        if inside and owner == "gated":
            return self._send(403, b"", {"X-Error-Code": "GatedRepo"})
        if inside in FILES:
            return self._send(200, FILES[inside], {"ETag": '"x"'})
        if "/tree/" in head:
            return self._list(head, urllib.parse.parse_qs(asked.query))
        if head.startswith("/api/"):
            about = {"id": f"{owner}/one", "sha": COMMIT, "siblings": [], "tags": []}
            return self._send(200, json.dumps(about).encode())
        return self._send(404, b"", {"X-Error-Code": "EntryNotFound"})

    def _list(self, path, query):
        inside = path.partition("/tree/main")[2].strip("/")
        names = sorted(name for name in FILES if name.startswith(inside))
        start = int(query.get("cursor", ["0"])[0])
        some = [
            {"type": "file", "oid": name, "size": len(FILES[name]), "path": name}
            for name in names[start : start + PAGE]
        ]
        more = {}
        if start + PAGE < len(names):
            again = f"http://{self.headers['Host']}{path}?recursive=true&cursor={start + PAGE}"
            more = {"Link": f'<{again}>; rel="next"'}
        self.server.pages += 1
        return self._send(200, json.dumps(some).encode(), more)

    def _send(self, status, body, headers=None):
        self.send_response(status)
        said = {"Content-Length": str(len(body)), "X-Repo-Commit": COMMIT, **(headers or {})}
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = _answer  # noqa: N815 (names of http.server)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def at(monkeypatch):
    """Has the library ask another hub, as HF_ENDPOINT does before it is imported."""

    def ask(endpoint):
        path = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + path)
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        HfFileSystem.clear_instance_cache()

    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield ask
    HfFileSystem.clear_instance_cache()


@pytest.fixture
def hub(at):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    server.daemon_threads = True
    server.pages = 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    at(f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_data_set_is_listed_page_by_page_and_fetched(hub, tmp_path):
    store = Store(Address("hf", "datasets/open/one"))
    listed = store.files()
    assert {one.name: one.size for one in listed} == {k: len(v) for k, v in FILES.items()}
    assert hub.pages >= 3
    assert len({one.version for one in listed}) == len(FILES)
    targets = [tmp_path / f"{at}.png" for at in range(len(listed))]
    assert store.get(listed, targets) == []
    assert [path.read_bytes() for path in targets] == [FILES[one.name] for one in listed]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("datasets/nobody/none", "Nothing lies at hf://datasets/nobody/none: .* or it is private"),
        ("datasets/open/one/no-such-folder", "Nothing lies at hf://datasets/open/one/no-such"),
        ("datasets/gated/one", r"may not be opened with the credentials .* \(HF_TOKEN\)"),
        ("datasets", "Nothing lies at hf://datasets: .*An address is hf://datasets/OWNER/NAME"),
    ],
)
def test_what_the_hub_refuses_is_a_sentence(path, said, hub, tmp_path):
    store = Store(Address("hf", path))
    with pytest.raises(InputError, match=said):
        store.get(store.files(), [tmp_path / str(at) for at in range(12)])


def test_a_hub_that_is_not_there_is_said(at, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    at("http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"store of hf://datasets/open/one did not answer"):
        Store(Address("hf", "datasets/open/one")).files()
