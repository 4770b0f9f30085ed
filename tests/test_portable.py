"""What exists on one system only has a twin: a process without it imports every module and
runs the demo.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import srcsel

ROOT = Path(srcsel.__file__).parents[1]
ONE_SYSTEM_ONLY = ("fcntl", "resource", "pwd", "grp", "termios", "pty")
WITHOUT = f"""
import os, sys
for name in {ONE_SYSTEM_ONLY}:
    sys.modules[name] = None
for name in ("nice", "sched_getaffinity"):
    delattr(os, name)
"""
EVERY_MODULE = """
import importlib, pkgutil, srcsel
for module in pkgutil.walk_packages(srcsel.__path__, "srcsel."):
    if module.name not in ("srcsel.__main__", "srcsel.ui.app.main"):  # scripts
        importlib.import_module(module.name)
        print(module.name)
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Runs a Python command in a process that lacks what Windows lacks."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
                "SRCSEL_HOME": str(tmp_path / "home"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("name", ONE_SYSTEM_ONLY)
def test_the_process_really_lacks_them(elsewhere, name):
    tried = elsewhere("-c", f"try:\n import {name}\nexcept ImportError:\n print('absent')")
    assert tried == "absent\n"


def test_every_module_is_imported(elsewhere):
    names = elsewhere("-c", EVERY_MODULE).split()
    assert {"srcsel.jobs.board", "srcsel.jobs.worker", "srcsel.ui.server.server"} <= set(names)


def test_the_demo_runs(elsewhere):
    command = ["rank", "demo:digits", "--models", "demo/shapes,demo/textures", "--json", "-"]
    told = json.loads(elsewhere("-m", "srcsel", *command, "--measures", "silhouette,supcon"))
    assert {score["model"] for score in told["scores"]} >= {"demo/shapes", "demo/textures"}
