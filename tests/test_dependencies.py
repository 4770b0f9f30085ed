"""Dependencies are bounded, fit what is installed, and are audited by CI; nothing calls out at
start.
"""

import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from srcsel.base.settings import load_settings
from srcsel.jobs import Board, doctor
from srcsel.ui.server.warming import READING
from tests.audit import judge
from tests.e2e.serving import Server

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STATED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
]
HERE = ("begun", "127.0.0.1", "localhost", "'::1'")
SPY = """
import sys
with open({path!r}, "a") as file:
    file.write("begun\\n")
def look(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open({path!r}, "a") as file:
            file.write(f"{{event}} {{arguments}}\\n")
sys.addaudithook(look)
"""


@pytest.mark.parametrize("text", [one for one in STATED if not one.startswith("srcsel[")])
def test_each_dependency_has_a_lowest_and_a_highest_version(text):
    kinds = {one.operator for one in Requirement(text).specifier}
    assert kinds == {"=="} or kinds == {">=", "<"}, text


def test_what_is_installed_is_within_the_bounds():
    needed = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    for one in needed:
        version = doctor.importlib.metadata.version(one.name)
        assert one.specifier.contains(version, prereleases=True), (one, version)


def test_installed_packages_fit_each_other():
    command = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_ci_audits():
    assert "make audit" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "tests.audit" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_a_vulnerable_package_fails_and_one_nobody_knows_is_said():
    good = {"name": "numpy", "version": "2.4", "vulns": []}
    unknown = {"name": "torch", "skip_reason": "Dependency not found on PyPI"}
    bad = {"name": "pillow", "version": "1.0", "vulns": [{"id": "CVE-2099-1"}]}
    safe, said = judge({"dependencies": [good, unknown]})
    assert safe
    assert said.startswith("1 of 2 packages were audited.\nThe registry said nothing of 1: torch.")
    safe, said = judge({"dependencies": [good, bad]})
    assert not safe
    assert "Vulnerable: pillow 1.0 (CVE-2099-1)." in said


def test_nothing_calls_out_at_start(tmp_path, monkeypatch):
    """A real server and a worker, with an ear on every connection and every look-up of a name."""
    heard = tmp_path / "heard.txt"
    (tmp_path / "spy").mkdir()
    (tmp_path / "spy" / "sitecustomize.py").write_text(SPY.format(path=str(heard)))
    path = os.pathsep.join([str(tmp_path / "spy"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    server = Server(load_settings().home)
    server.start()
    try:
        time.sleep(READING + 5)  # what is made ready after the first page, and the job board
        Board(load_settings().jobs).warm()
        time.sleep(5)
        log = load_settings().log / "server.jsonl"
        assert json.loads(log.read_text().splitlines()[0])["event"] == "server started"
    finally:
        server.stop()
    told = heard.read_text().splitlines()
    assert any("begun" in line for line in told)  # the ear was there, in server and worker
    assert [line for line in told if not any(here in line for here in HERE)] == []
