"""Whether weights could be fetched: any answer counts, silence does not."""

import http.server
import threading

import pytest

from srcsel.models.hubs import _download, is_reached


class Refusing(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_error(404)

    def log_message(self, *args):
        pass


@pytest.fixture
def place():
    server = http.server.HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def test_an_answer_of_any_kind_counts(place, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", place)
    assert is_reached()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not is_reached()


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "no address", "http://[", "ftp://"])
def test_silence_and_nonsense_do_not(endpoint, place, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setattr(_download, "WEIGHTS", "http://127.0.0.1:1")
    assert not is_reached()
    monkeypatch.setattr(_download, "WEIGHTS", place)
    assert is_reached()
