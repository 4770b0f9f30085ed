"""Very many candidates through a hub on loopback: fetched ahead of their use, below a limit on the
disk, failures passed over, racing without being asked, the answer growing as it goes.
"""

import json
import time

import pytest
import safetensors.torch

from srcsel.base.settings import load_settings
from srcsel.models.hubs import _caches, _room
from srcsel.runs import race_rules, run
from srcsel.runs.run import answer, new_run
from srcsel.scoring import remembered
from srcsel.scoring.score import score_model
from srcsel.store.features import open_runs
from srcsel.store.runs import RunStore
from tests.conftest import make_pictures
from tests.models.hubs.conftest import FakeServer
from tests.recorder import Recorder

MODELS = 32
BROKEN, GATED, GONE = "o/m05", "o/m11", "o/m20"
PICTURES = 360  # the first stage has 45 of them
HELD = 6  # files of weights that are allowed to lie on the disk
SOON = 60  # seconds until a test gives up
CONFIG = {
    "architecture": "test_resnet",
    "num_classes": 1000,
    "pretrained_cfg": {
        "input_size": [3, 32, 32],
        "crop_pct": 1.0,
        "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "license": "mit",
        "num_classes": 1000,
        "first_conv": "conv1.0",
        "classifier": "fc",
        "pool_size": [1, 1],
    },
}


def content(seed):
    import timm
    import torch

    torch.manual_seed(seed)
    state = timm.create_model("test_resnet", pretrained=False).state_dict()
    return safetensors.torch.save({name: values.contiguous() for name, values in state.items()})


@pytest.fixture(scope="module")
def hub():
    """32 models, of which one is damaged, one asks for terms, and one has no weights."""
    with FakeServer().running() as server:
        for k in range(MODELS):
            name = f"o/m{k:02}"
            server.add(name, "config.json", json.dumps(CONFIG).encode())
            if name != GONE:
                whole = content(k)
                server.add(name, "model.safetensors", whole[:5000] if name == BROKEN else whole)
        server.gated.add(GATED)
        server.size = len(whole)
        yield server


def held():
    return sum(p.stat().st_size for p in _caches.hub_folder().rglob("blobs/*") if p.is_file())


@pytest.fixture(scope="module")
def ran(hub, tmp_path_factory):
    """Asks them all at once; returns the question, its answer, and what was seen on the way."""
    base = tmp_path_factory.mktemp("many")
    pictures = make_pictures(base / "pictures", each=PICTURES // 3, side=16)
    seen = type("Seen", (), {"most": 0, "ahead": None, "saved": []})()

    def look(told):
        seen.most = max(seen.most, held())
        if seen.ahead is None and told.part == "timm/o/m00" and told.state == "running":
            until = time.monotonic() + SOON
            second = "GET /o/m01/resolve/main/model.safetensors"
            while not (seen.ahead or time.monotonic() > until):
                seen.ahead = bool(hub.requests[second])
                time.sleep(0.01)
        return False

    def save(self, result):
        seen.saved.append(result)
        RunStore.save(self, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRCSEL_HOME", str(base / "home"))
        patch.setenv("HF_HOME", str(base / "hf"))
        patch.setenv("HF_ENDPOINT", hub.url)
        patch.setenv("NO_PROXY", "127.0.0.1")
        for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HTTP_PROXY", "http_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("SRCSEL_DOWNLOADS", str((HELD * hub.size + 100_000) / 1e9))
        patch.setattr(_room, "LOADING", 0.0)  # here nobody else is loading
        patch.setattr(run, "draw_all", lambda *_: None)
        patch.setattr(
            remembered, "score_model", lambda *a, **k: score_model(*a, **{**k, "rechecks": 20})
        )
        patch.setattr(
            run,
            "open_runs",
            lambda s: type("Told", (RunStore,), {"save": save})(open_runs(s).folder),
        )
        asked = new_run(pictures, [f"timm/o/m{k:02}" for k in range(MODELS)], device="cpu")
        result = answer(asked, watch=Recorder(look))
        stored = open_runs(load_settings()).load(asked.id)
    return asked, result, stored, seen


def test_so_many_race_without_being_asked(ran):
    asked, result, stored, _ = ran
    assert len(asked.models) > race_rules.MANY
    assert asked.race
    assert result.race.stage == len(result.race.stages) > 1
    assert result.race.passes < result.race.exact / 2
    assert stored.verdict == result.verdict
    assert stored.prior.order == tuple(sorted(asked.models))


def test_failures_are_passed_over_by_name(ran):
    asked, result, _, _ = ran
    left = {d.model for d in result.race.dropped}
    failed = {f.model: f.reason for f in result.failures if not f.measure and f.model not in left}
    assert set(failed) == {f"timm/{name}" for name in (BROKEN, GATED, GONE)}
    assert "accept its terms" in failed[f"timm/{GATED}"]
    assert "cannot be loaded" in failed[f"timm/{BROKEN}"]
    assert "has none of the files" in failed[f"timm/{GONE}"]
    assert {s.model for s in result.scores} | left | set(failed) == set(asked.models)


def test_the_next_is_fetched_while_one_runs(ran):
    assert ran[3].ahead


def test_the_disk_stays_below_the_limit(ran, hub):
    most = ran[3].most
    assert HELD * hub.size / 2 < most <= HELD * hub.size + 100_000


def test_the_answer_grows_as_it_goes(ran):
    known = [
        len({s.model for s in r.scores} | {d.model for d in r.race.dropped})
        for r in ran[3].saved
        if r.race is not None
    ]
    assert known == sorted(known)
    assert len(set(known)) >= 4
    assert known[-1] == MODELS - 3
