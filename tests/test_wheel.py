"""The wheel, built without the network: the checkout's files, each once; installed, it works from
any folder.
"""

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
from serving import free_port

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DRAW = """
import sys
from streamlit.testing.v1 import AppTest
from srcsel.ui.server import server
page = AppTest.from_file(str(server.SCRIPT), default_timeout=120).run()
assert not page.exception, page.exception
print(__import__("srcsel").__file__, [title.value for title in page.get("html")[:1]])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the wheel installed; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--no-deps", "--no-index", "--target", str(folder), str(wheel)], folder)
    return folder


def run(command, folder, **environment):
    """Run `command` in `folder`; returns standard output."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def shipped(wheel):
    """Bytes by name, without the index's own folder."""
    with zipfile.ZipFile(wheel) as archive:
        return {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}


def checkout():
    """What of the checkout should be in the wheel, by its name there."""
    found = {
        "srcsel/_app/app.py": ROOT / "app.py",
        "srcsel/_app/.streamlit/config.toml": ROOT / ".streamlit" / "config.toml",
        **{f"srcsel/_app/pages/{page.name}": page for page in (ROOT / "pages").glob("*.py")},
    }
    for path in (ROOT / "srcsel").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            found[path.relative_to(ROOT).as_posix()] = path
    return {name: path.read_bytes() for name, path in found.items()}


def test_the_wheel_holds_the_files_of_the_checkout(wheel):
    there, expected = shipped(wheel), checkout()
    assert sorted(there) == sorted(expected)
    assert [name for name in there if there[name] != expected[name]] == []
    assert {"srcsel/py.typed", "srcsel/__init__.pyi"} <= there.keys()


def test_no_file_is_shipped_twice(wheel):
    names = {}
    for name, data in shipped(wheel).items():
        names.setdefault(hashlib.sha256(data).hexdigest(), []).append(name)
    assert [same for same in names.values() if len(same) > 1] == []


def test_the_index_is_told_what_the_package_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        about = archive.read(name).decode()
    fields = re.findall(r"^([\w-]+): (.+)$", about.partition("\n\n")[0], flags=re.MULTILINE)
    classifiers = [value for field, value in fields if field == "Classifier"]
    assert "Typing :: Typed" in classifiers
    assert ("License-Expression", "MIT") in fields
    assert ("Requires-Python", ">=3.11") in fields
    assert not any("License" in classifier for classifier in classifiers)  # said once, above
    assert "# srcsel" in about  # the README is the page of the index


def test_every_dependency_has_a_lower_bound_and_its_reason():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    extras = PROJECT["optional-dependencies"].values()
    for dependency in itertools.chain(PROJECT["dependencies"], *extras):
        assert re.match(r"[\w-]+(\[[\w,]+\])?[>=]=\d|srcsel\[", dependency), dependency
        (line,) = [line for line in lines if line.startswith(f'    "{dependency}"')]
        assert re.search(r"# .*\w", line), f"{dependency}: say what it is for"


def test_the_installed_demo_ranks_from_another_folder(installed, tmp_path):
    command = [sys.executable, str(installed / "bin" / "srcsel"), "rank", "demo:digits"]
    command += ["--models", "demo/glyphs,demo/flowers,pixels", "--json", "-"]
    told = run(command, tmp_path, PYTHONPATH=str(installed))
    assert json.loads(told)["verdict"]["kind"] in {"clear", "tie", "cannot tell"}


def test_the_installed_pages_open_from_another_folder(installed, tmp_path):
    told = run([sys.executable, "-c", DRAW], tmp_path, PYTHONPATH=str(installed))
    assert str(installed) in told


def test_the_installed_app_serves_with_its_own_configuration(installed, tmp_path):
    port = free_port()
    command = [sys.executable, str(installed / "bin" / "srcsel"), "app", "--server.port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(installed)},
            stdout=log,
            stderr=log,
        )
    try:
        assert answer(port, "localhost") == 200
        assert answer(port, "elsewhere.example") == 400  # the Host check of our own server
        assert f"http://127.0.0.1:{port}" in (tmp_path / "log").read_text()  # of config.toml
    finally:
        process.terminate()
        process.wait(timeout=20)


def answer(port, host):
    """Status of the first page under a host name; the server gets a minute to start."""
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            with contextlib.closing(connection):
                connection.request("GET", "/", headers={"Host": host})
                return connection.getresponse().status
        except OSError:
            time.sleep(0.1)
    return None
