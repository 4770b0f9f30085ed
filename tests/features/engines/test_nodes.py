"""A Ray of two computers, here two nodes on one: the same features, without a shared disk, and
when one of them is lost.
"""

import shutil
import subprocess
import time

import numpy as np
import pytest

from srcsel.features.engines import Local, Ray
from srcsel.features.extract import extract
from srcsel.models.catalog import find_models
from srcsel.pictures.dataset import load_dataset
from srcsel.runs.given import score_features
from srcsel.store.features import FeatureStore
from tests.conftest import make_pictures
from tests.features.engines.conftest import START_SECONDS, another, end, start_head
from tests.recorder import Recorder

MODEL = "demo/flowers"
HIDE = 'mount -t tmpfs none "$0" && exec "$@"'  # "$0": a folder, empty for this command


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("nodes") / "pictures", each=200, side=16)


@pytest.fixture(scope="module")
def expected(pictures, tmp_path_factory):
    """What this computer makes of them."""
    (found,) = run(pictures, tmp_path_factory.mktemp("here"), Local())
    return found.values


def run(pictures, folder, engine, **options):
    dataset, store = load_dataset(str(pictures)), FeatureStore(folder)
    models = find_models(MODEL)
    return list(extract(dataset, models, store=store, device="cpu", engine=engine, **options))


def joined(address, computers):
    """Join a Ray once it has so many computers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        engine = Ray(address)
        engine.require()
        if engine._offer["computers"] == computers:
            return engine
        engine.close()
    raise TimeoutError(f"The Ray of the tests has no {computers} computers.")


def can_hide():
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "-rm", "sh", "-c", HIDE, "/mnt", "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def test_a_computer_that_has_not_the_pictures_is_sent_them(pictures, expected, tmp_path, head):
    """The head has no cores, so all is read and computed where the folder is empty."""
    if not can_hide():
        pytest.skip("no folder can be hidden from a process here")
    hidden = ["unshare", "-rm", "sh", "-c", HIDE, str(pictures.parent)]
    mine, said = start_head(cores=0), []
    try:
        with another(mine, *hidden):
            engine = joined(mine.address, 2)
            (found,) = run(pictures, tmp_path, engine, say=said.append)
            engine.close()
    finally:
        mine.end()
    assert "2 cores of 2 computers" in said[0]
    np.testing.assert_allclose(found.values, expected, rtol=1e-6, atol=1e-6)


def test_a_computer_that_is_lost_is_done_without(pictures, expected, tmp_path, head):
    lost = []

    def lose(told):
        if not lost and told.part == MODEL and 0 < told.done < told.total:
            end(node)
            lost.append(told)
        return False

    with another(head) as node:
        engine = joined(head.address, 2)
        (found,) = run(pictures, tmp_path, engine, watch=Recorder(lose))
        engine.close()
    assert lost
    np.testing.assert_allclose(found.values, expected, rtol=1e-6, atol=1e-6)
    labels = load_dataset(str(pictures)).labels
    for one, here in zip(
        score_features(found.values, labels), score_features(expected, labels), strict=True
    ):
        told = np.array([(s.value, s.null, s.gain, s.low, s.high) for s in (one, here)], float)
        np.testing.assert_allclose(*told, rtol=1e-5, atol=1e-6, err_msg=one.measure)
