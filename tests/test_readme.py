"""The README's commands and programs run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(srcsel .+)$", README, flags=re.MULTILINE)
PROGRAMS = re.findall(r"```python\n(.+?)```", README, flags=re.DOTALL)
TARGETS = sorted(set(re.findall(r"^make (\w+)", README, flags=re.MULTILINE)))


@pytest.fixture
def desk(tmp_path, picture_folder):
    """A folder that holds what the README speaks of."""
    (tmp_path / "my_pictures").symlink_to(picture_folder)
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 20)
    np.savez(tmp_path / "features.npz", X=rng.normal(size=(60, 16)) + 2 * np.eye(3, 16)[y], y=y)
    return tmp_path


def run(arguments: list[str], folder: Path) -> str:
    """Run in `folder` as a user would; returns standard output."""
    bin_folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_shell_command_runs(command, desk):
    printed = run(shlex.split(command), desk)
    if "--json -" in command:
        assert json.loads(printed)["verdict"]["kind"] in {"clear", "tie", "cannot tell"}
    else:
        written = [word for word in shlex.split(command) if word.endswith((".html", "answer.json"))]
        assert all((desk / name).stat().st_size > 1000 for name in written)
        assert printed.strip() or written


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_python_program_runs(number, desk):
    run([sys.executable, "-W", "error::DeprecationWarning:srcsel", "-c", PROGRAMS[number]], desk)


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_the_target(target):
    run(["make", "--dry-run", target], ROOT)


def test_the_readme_has_commands_programs_and_targets():
    assert len(COMMANDS) >= 5
    assert len(PROGRAMS) >= 2
    assert {"run", "test"} <= set(TARGETS)


def test_pictures_named_in_the_readme_exist():
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / name).is_file(), name
