"""What can go wrong with a Ray, in words; and a worker that is killed."""

import os
import signal
import socket

import numpy as np
import pytest

from srcsel.base.errors import EngineError, InputError
from srcsel.features.engines import Local, Ray, _ray_process, engine_of, ray
from srcsel.features.extract import extract
from srcsel.models.catalog import find_models
from srcsel.pictures.dataset import load_dataset
from srcsel.store.features import FeatureStore
from tests.conftest import make_pictures
from tests.features.engines.conftest import start_head
from tests.recorder import Recorder

FLOWERS = "demo/flowers"
SEVERAL = 400  # pictures of a class: enough that some are still to come when the first are there


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("many") / "pictures", each=SEVERAL, side=16)


def run(pictures, store, engine, models=FLOWERS, **options):
    dataset, found = load_dataset(str(pictures)), find_models(models)
    return list(extract(dataset, found, store=store, engine=engine, **{"device": "cpu", **options}))


def at_work(told):
    return told.part == FLOWERS and 0 < told.done < told.total


def test_a_killed_worker_is_replaced_and_features_are_the_same(pictures, tmp_path, head):
    killed = []

    def kill(told):
        if not killed and at_work(told):
            killed.extend(head.workers())
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
        return False

    engine = Ray(head.address)
    store = FeatureStore(tmp_path / "ray")
    (found,) = run(pictures, store, engine, watch=Recorder(kill))
    engine.close()
    (expected,) = run(pictures, FeatureStore(tmp_path / "here"), Local())
    assert killed
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-6, atol=1e-6)


def test_a_head_that_is_gone_is_said_and_what_was_finished_is_kept(pictures, tmp_path, head):
    other = start_head()

    def end(told):
        if at_work(told):
            other.end()
        return False

    engine, store = Ray(other.address), FeatureStore(tmp_path / "ray")
    try:
        with pytest.raises(EngineError, match=f"The Ray at {other.address} is gone"):
            run(pictures, store, engine, watch=Recorder(end))
    finally:
        engine.close()
        other.end()
    watch = Recorder()
    (found,) = run(pictures, store, Local(), watch=watch)
    assert len(found.values) == 3 * SEVERAL
    told = [t.done for t in watch.seen if t.part == FLOWERS and t.state == "running"]
    assert told[0] > 0


def test_a_ray_is_started_here_and_ended_with_us(picture_folder, tmp_path, head):
    engine, said = engine_of("ray"), []
    store = FeatureStore(tmp_path / "ray")
    (found,) = run(picture_folder, store, engine, "pixels", say=said.append)
    process = engine._driver._popen
    engine.close()
    assert len(found.values) == 36
    assert said[0].startswith("Computed on Ray on this computer: ")
    assert process.returncode == 0  # it left by itself, and took what it had started with it


def test_an_address_without_a_ray_is_refused_at_once(head):
    with socket.socket() as bound:  # and does not listen
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(InputError, match=f"No Ray answers at 127.0.0.1:{port}"):
            Ray(f"127.0.0.1:{port}").require()


def test_what_is_no_address_of_a_ray_is_said_without_looking_for_it(monkeypatch):
    monkeypatch.setattr(ray, "require_answer", lambda address: pytest.fail(address))
    for wrong in ("nowhere", "127.0.0.1:6379x", "http://127.0.0.1:6379", "::1:6379", "host:6379/x"):
        with pytest.raises(InputError, match=r"is no address of a Ray: that is HOST:PORT"):
            Ray(wrong).require()
    with pytest.raises(InputError, match="address of Ray's client"):
        Ray("ray://127.0.0.1:10001").require()


def test_a_ray_of_another_version_is_named_with_both(head, monkeypatch):
    """The sentence of Ray itself, from the comparison that it makes when it is joined."""
    from ray._private.utils import check_version_info

    with pytest.raises(RuntimeError) as found:
        check_version_info({"ray_version": "1.2.3", "python_version": "3.7.1"}, "127.0.0.1")
    driver = _ray_process.Driver()
    try:
        monkeypatch.setattr(driver, "_ask", lambda *_: None)
        driver._answers.put(("broken", (f"RuntimeError: {found.value}", "")))
        with pytest.raises(InputError, match=r"is version 1\.2\.3 with Python 3\.7\.1, and here"):
            driver.join("10.0.0.5:6379")
    finally:
        driver.end()


GCS = (
    "[2026-11-30 11:25:30,827 E 17526 17700] rpc_client.h:204: Failed to connect to GCS within 10"
    " seconds. GCS may have been killed. It's either GCS is terminated by `ray stop` or more."
)


@pytest.mark.parametrize(
    ("address", "gone", "answer", "words"),
    [
        ("10.0.0.5:1", False, ("gone", ("", "")), "used: Failed to connect to GCS within 10 sec"),
        ("10.0.0.5:1", True, ("gone", ("", "")), "No Ray answers at 10.0.0.5:1 (it ended while"),
        (
            "",
            False,
            ("broken", ("Exception: The node timed out. This could happen", "")),
            "less bu",
        ),
    ],
)
def test_a_ray_that_ends_while_it_is_joined_is_told_in_words(
    address, gone, answer, words, monkeypatch
):
    driver = _ray_process.Driver()
    monkeypatch.setattr(_ray_process, "_is_gone", lambda _: gone)
    try:
        monkeypatch.setattr(driver, "_ask", lambda *_: None)
        monkeypatch.setattr(driver, "_last_words", lambda: GCS)
        driver._answers.put(answer)
        with pytest.raises(InputError) as told:
            driver.join(address)
    finally:
        driver.end()
    assert words in str(told.value)
    for unsaid in ("[2026", "rpc_client", "killed", "This could happen"):
        assert unsaid not in str(told.value)


def test_without_ray_its_install_command_is_given(monkeypatch):
    monkeypatch.setattr(ray.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "srcsel\[ray\]"'):
        Ray().require()


def test_a_card_that_no_computer_of_the_cluster_has_is_refused(picture_folder, tmp_path, head):
    engine = Ray(head.address)
    with pytest.raises(InputError, match="has no graphics card"):
        run(picture_folder, FeatureStore(tmp_path / "ray"), engine, "pixels", device="cuda")
    engine.close()


def test_names_of_engines(monkeypatch):
    assert isinstance(engine_of("local"), Local)
    monkeypatch.setenv("SRCSEL_RAY", "10.0.0.5:6379")
    assert engine_of("ray").where == "at 10.0.0.5:6379"
    assert engine_of("ray:10.0.0.6:6379").where == "at 10.0.0.6:6379"
    monkeypatch.setenv("SRCSEL_RAY", "here")
    assert engine_of("ray").where == "on this computer"
    with pytest.raises(InputError, match="engine must be"):
        engine_of("spark")


def test_a_shared_dashboard_reaches_no_address_that_a_visitor_names(monkeypatch):
    monkeypatch.setenv("SRCSEL_RAY", "10.0.0.5:6379")
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    assert engine_of("ray:10.0.0.5:6379").where == "at 10.0.0.5:6379"
    with pytest.raises(InputError, match="This dashboard is shared"):
        engine_of("ray:10.0.0.6:6379")
