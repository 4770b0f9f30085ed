"""`srcsel doctor`: what can be wrong is found, with its remedy, and never a traceback."""

import errno
import json
import shutil
import time

import pytest

from srcsel.base.errors import ModelError
from srcsel.base.settings import load_settings
from srcsel.cli import main
from srcsel.jobs import doctor, self_test


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No sign-in of whoever runs the tests, and no weights of theirs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(self_test, "run", lambda settings: "quick")


def of(name, state=None):
    found = [one for one in doctor.examine() if one.check == name]
    return [one for one in found if state is None or one.state == state]


def test_this_computer_is_well_and_the_self_test_is_short(capsys, work_folder):
    doctor.examine()  # imports
    start = time.process_time()
    said = self_test.run(load_settings())
    assert time.process_time() - start < 4
    assert said.startswith("30 pictures, 2 networks")
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert told.endswith("Nothing is wrong.\n")
    for word in ("srcsel 0.", "torch ", "Networks run on", str(work_folder), "SRCSEL_ROOTS"):
        assert word in told
    for word in ("sign-in", "SRCSEL_CACHE", "Downloads in", "The log lies in"):
        assert word in told
    assert not list((work_folder / "public").iterdir())


def test_something_wrong_is_exit_status_1_and_stands_in_the_json(quick, capsys, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "/no/such/folder")
    assert main(["doctor", "--json", "-"]) == 1
    told = json.loads(capsys.readouterr().out)
    (wrong,) = [one for one in told["findings"] if one["state"] == "wrong"]
    assert not told["well"]
    assert (wrong["check"], wrong["remedy"]) == ("roots", "Make it readable, or take it out.")


@pytest.mark.parametrize(
    ("name", "value", "check", "words"),
    [
        ("SRCSEL_DEVICE", "cuda:77", "device", "not there"),
        ("SRCSEL_CACHE", "plenty", "caches", "SRCSEL_CACHE is a number"),
        ("SRCSEL_LOG", "loud", "log", "SRCSEL_LOG is debug"),
        ("SRCSEL_PASSWORD", "short", "sign_in", "too short"),
        ("SRCSEL_HOSTS", "vision-box", "sign_in", "nobody would have to sign in"),
        ("SRCSEL_WEIGHTS", "/no/such/folder", "weights", "is no folder"),
        ("SRCSEL_FEATURES", "hf://datasets/a/b", "features", "cannot be shared at hf://"),
        ("SRCSEL_ROOTS", "http://host/x", "roots", "SRCSEL_ROOTS: Addresses that begin with http"),
        ("SRCSEL_RAY", "ray://host:10001", "engine", "address of Ray's client"),
    ],
)
def test_each_wrong_variable_is_found_with_a_remedy(quick, monkeypatch, name, value, check, words):
    monkeypatch.setenv(name, value)
    (wrong,) = of(check, "wrong")
    assert words in wrong.said
    assert wrong.remedy
    assert not doctor.is_well(doctor.examine())


def test_addresses_that_may_be_opened_and_the_ray_of_all_runs_are_said(quick, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "s3://bucket/pictures")
    monkeypatch.setenv("SRCSEL_RAY", "here")
    (roots,), (engine,) = of("roots"), of("engine")
    assert roots.said == "Pictures at s3://bucket/pictures and below may be opened."
    assert engine.said == "Runs use a Ray started for each (SRCSEL_RAY)."


def test_where_features_are_shared_is_said(quick, monkeypatch, tmp_path):
    assert of("features") == []
    monkeypatch.setenv("SRCSEL_FEATURES", str(tmp_path))
    (found,) = of("features")
    assert (found.state, found.said) == ("ok", f"Features are shared at {tmp_path}.")


def test_a_library_that_is_missing_or_too_old_is_named(quick, monkeypatch):
    needs = ["numpy>=99", "no-such-library>=1", "authlib>=99; extra == 'signin'", "scipy>=1"]
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda _: needs)
    wrong = of("versions", "wrong")
    assert [one.remedy for one in wrong] == [
        "python -m pip install 'numpy>=99'",
        "python -m pip install 'no-such-library>=1'",
    ]


def test_a_disk_that_is_full_or_cannot_be_written(quick, monkeypatch, work_folder):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 5))
    assert "Free some space" in of("disk", "wrong")[0].remedy
    monkeypatch.undo()
    monkeypatch.setenv("SRCSEL_HOME", "/proc/nowhere")
    wrong = [one for one in doctor.examine() if one.state == "wrong"]
    assert {"disk", "jobs"} <= {one.check for one in wrong}
    assert all(one.remedy for one in wrong)


def test_a_sign_in_by_accounts_is_seen(quick, monkeypatch, tmp_path):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("[auth]\nclient_id = 'x'\n")
    monkeypatch.setenv("SRCSEL_HOSTS", "vision-box")
    assert "secrets.toml" in of("sign_in", "ok")[0].said
    monkeypatch.setattr(doctor, "_is_installed", lambda _: False)
    assert "srcsel[signin]" in of("sign_in", "wrong")[0].remedy


def test_networks_that_see_nothing_any_more_are_found(monkeypatch):
    monkeypatch.setattr(self_test, "_best", lambda *_: 0.4)
    (wrong,) = of("self_test", "wrong")
    assert "place 40 %" in wrong.said
    with pytest.raises(ModelError):
        self_test.run(load_settings())


def test_a_full_disk_in_a_check_is_said_as_such(quick, monkeypatch, work_folder):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(doctor, "CHECKS", (full,))
    (finding,) = doctor.examine()
    assert finding.state == "wrong"
    assert "disk is full" in finding.said
    assert "report it" not in finding.remedy


def test_a_check_that_breaks_is_a_finding(quick, monkeypatch):
    def _odd(settings):
        raise RuntimeError("boom")
        yield

    monkeypatch.setattr(doctor, "CHECKS", (_odd,))
    (found,) = doctor.examine()
    assert (found.check, found.state) == ("odd", "wrong")
    assert "RuntimeError: boom" in found.said


def test_a_gpu_that_does_not_compute_is_found(quick, monkeypatch):
    import torch

    from srcsel.features import devices

    def lost(*_):
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(devices, "pick_device", lambda _: "cuda")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lost)
    (wrong,) = of("device", "wrong")
    assert "does not compute: CUDA error" in wrong.said
    assert "SRCSEL_DEVICE=cpu" in wrong.remedy
