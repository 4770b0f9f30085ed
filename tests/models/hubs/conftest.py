"""Fixtures of the hubs: empty caches, a tiny demo folder, and servers on loopback that stand in for
the real ones.
"""

import hashlib
import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse

import numpy as np
import pytest
from PIL import Image

COMMIT = "a" * 40


class FakeServer:
    """Serves `files` (path -> bytes) with the headers huggingface_hub asks for, and fails on
    request.

    gated, private: repositories. breaks: path -> how many bytes are sent before the line goes dead.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.gated: set[str] = set()
        self.breaks: dict[str, list[int]] = {}
        self.status: int | None = None
        self.requests: Counter[str] = Counter()
        self.url = ""

    def add(self, repository: str, name: str, content: bytes) -> str:
        path = f"/{repository}/resolve/main/{name}"
        self.files[path] = content
        return path

    @contextmanager
    def running(self):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                owner.answer(self, body=False)

            def do_GET(self) -> None:
                owner.answer(self, body=True)

            def log_message(self, *args) -> None:
                """Stay quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        # a client that stops in the middle is part of the tests
        server.handle_error = lambda *_: None
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = urlparse(request.path).path
        self.requests[f"{request.command} {path}"] += 1
        repository = "/".join(path.split("/")[1:3])
        known = any(file.startswith(f"/{repository}/") for file in self.files)
        if self.status is not None:
            return self._refuse(request, self.status, "")
        if repository in self.gated:
            return self._refuse(request, 401, "GatedRepo")
        if path in self.files:
            return self._send(request, path, body)
        if known:
            return self._refuse(request, 404, "EntryNotFound")
        return self._refuse(request, 401, "RepoNotFound")

    def _refuse(self, request, status: int, code: str) -> None:
        request.send_response(status)
        if code:
            request.send_header("X-Error-Code", code)
            request.send_header("X-Repo-Commit", COMMIT)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _send(self, request, path: str, body: bool) -> None:
        content = self.files[path]
        asked = request.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        request.send_response(206 if asked else 200)
        request.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        request.send_header("X-Repo-Commit", COMMIT)
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Length", str(len(content) - start))
        if asked:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.end_headers()
        if not body:
            return
        cuts = self.breaks.get(path, [])
        if cuts:
            request.wfile.write(content[start : start + cuts.pop(0)])
            request.wfile.flush()
            request.close_connection = True
            return
        request.wfile.write(content[start:])


@pytest.fixture(autouse=True)
def empty_caches(tmp_path, monkeypatch):
    """No test sees, or writes into, the caches of the person running it."""
    for name in (
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "SRCSEL_WEIGHTS",
        "HTTP_PROXY",
        "http_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))


@pytest.fixture
def server():
    """A plain file server on loopback."""
    with FakeServer().running() as running:
        yield running


@pytest.fixture
def hub(server, monkeypatch):
    """The same server, standing in for the Hugging Face Hub."""
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    return server


@pytest.fixture(scope="session")
def tiny():
    """A timm network with random weights and statistics that are not trivial: (network, safetensors
    bytes).
    """
    return _tiny("test_resnet")


@pytest.fixture(scope="session")
def tiny_vit():
    return _tiny("test_vit")


def _tiny(architecture: str):
    import safetensors.torch
    import timm
    import torch

    torch.manual_seed(0)
    network = timm.create_model(architecture, pretrained=False)
    for name, values in network.named_buffers():
        if name.endswith("running_mean"):
            values.uniform_(-0.1, 0.1)
    state = {name: values.contiguous() for name, values in network.state_dict().items()}
    return network.eval(), safetensors.torch.save(state)


@pytest.fixture
def demo_folder(tmp_path):
    """A weights folder as srcsel/demo/weights, with one tiny model."""
    import safetensors.torch
    import timm
    import torch

    folder = tmp_path / "weights"
    folder.mkdir()
    torch.manual_seed(1)
    network = timm.create_model("resnet10t", pretrained=False, num_classes=4, in_chans=3)
    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    content = safetensors.torch.save(state)
    (folder / "shapes.safetensors").write_bytes(content)
    card = {
        "name": "shapes",
        "title": "Shapes",
        "architecture": "resnet10t",
        "architecture_kwargs": {},
        "source_classes": 4,
        "classes": ["a", "b", "c", "d"],
        "task": "four shapes",
        "control": False,
        "data": "drawn by code",
        "accuracy": 0.9,
        "chance": 0.25,
        "input_size": 64,
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.2, 0.2],
        "interpolation": "bilinear",
        "resize": "squash",
        "params": 5_000_000,
        "gmacs": 0.1,
        "dim": 512,
        "license": "MIT",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "note": "Knows four shapes.",
        "seconds": 1.0,
        "steps": 1,
    }
    (folder / "shapes.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(scope="session")
def pictures():
    """Random pictures of many shapes: smooth, so that resampling matters, with noise, so that
    errors show.
    """
    rng = np.random.default_rng(0)
    shapes = [(64, 64), (300, 200), (200, 301), (37, 53), (500, 90), (90, 640), (1, 40), (224, 224)]
    found = []
    for height, width in shapes:
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
        noisy = smooth + rng.integers(-20, 21, smooth.shape)
        found.append(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)))
    return found


class Recorder:
    """A watch that keeps what it is told, and can raise."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.calls: list[tuple] = []
        self.stop_at = stop_at

    def update(self, part, state, done=0, total=0, note="") -> None:
        from srcsel.base.errors import Cancelled

        self.calls.append((part, state, done, total, note))
        if self.stop_at is not None and done >= self.stop_at:
            raise Cancelled


@pytest.fixture
def recorder():
    return Recorder


@pytest.fixture
def batch_for():
    """Make a batch of 8 random pictures for a preprocessing, uint8 (8, 3, h, w)."""

    def make(preprocessing):
        rng = np.random.default_rng(1)
        coarse = rng.integers(0, 256, (8, 12, 12, 3), dtype=np.uint8)
        return np.stack([preprocessing.pixels(Image.fromarray(one)) for one in coarse])

    return make
