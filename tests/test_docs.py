"""The commands and programs of the README and of docs/ run as they stand there, and their links
lead somewhere.
"""

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

from tests.conftest import make_pictures

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCS}
LINKED = TEXTS | {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")}


def found(pattern: str, flags: re.RegexFlag) -> list[tuple[str, str]]:
    """(page, what the pattern finds there), each find once, under the first page that has it."""
    first: dict[str, str] = {}
    for name, text in TEXTS.items():
        for what in re.findall(pattern, text, flags=flags):
            first.setdefault(what, name)
    return [(name, what) for what, name in first.items()]


COMMANDS = found(r"^(srcsel .+)$", re.MULTILINE)
PROGRAMS = found(r"```python\n(.+?)```", re.DOTALL)
TARGETS = sorted({target for _, target in found(r"^make (\w+)", re.MULTILINE)})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that holds what the pages speak of."""
    place = tmp_path_factory.mktemp("desk")
    make_pictures(place / "my_pictures")
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 20)
    np.savez(place / "features.npz", X=rng.normal(size=(60, 16)) + 2 * np.eye(3, 16)[y], y=y)
    return place


@pytest.fixture
def desk(place, monkeypatch):
    """That folder, and one work folder for all: what one command computed the next ones use, as
    somebody's who follows the pages.
    """
    monkeypatch.setenv("SRCSEL_HOME", str(place / "home"))
    return place


def run(arguments: list[str], folder: Path) -> str:
    """Run in `folder` as a user would; returns standard output."""
    bin_folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_shell_command_runs(page, command, desk):
    words = shlex.split(command)
    written = [desk / word for word in words if word.endswith((".html", ".csv", "answer.json"))]
    for file in written:
        file.unlink(missing_ok=True)
    printed = run(words, desk)
    if "--json -" in command:
        assert json.loads(printed)["verdict"]["kind"] in {"clear", "tie", "cannot tell"}
    else:
        assert all(file.stat().st_size > 1000 for file in written)
        assert printed.strip() or written


@pytest.mark.parametrize(
    ("page", "program"), PROGRAMS, ids=[f"{page}-{at}" for at, (page, _) in enumerate(PROGRAMS)]
)
def test_python_program_runs(page, program, desk):
    run([sys.executable, "-W", "error::DeprecationWarning:srcsel", "-c", program], desk)


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_the_target(target):
    run(["make", "--dry-run", target], ROOT)


def test_the_pages_have_commands_programs_and_targets():
    assert len(COMMANDS) >= 10
    assert len(PROGRAMS) >= 6
    assert {"run", "test"} <= set(TARGETS)
    assert len(TEXTS["README.md"].splitlines()) <= 130
    every = {name.split()[1] for _, name in COMMANDS}
    assert every == {
        "rank",
        "score",
        "models",
        "evidence",
        "report",
        "cache",
        "doctor",
    }  # app: tests/test_wheel.py


@pytest.mark.parametrize("page", LINKED)
def test_links_within_the_checkout_lead_somewhere(page):
    prose = re.sub(r"```.*?```", "", LINKED[page], flags=re.DOTALL)
    for link in re.findall(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)", prose):
        assert ((ROOT / page).parent / link).exists(), link


def test_every_page_of_docs_is_named_in_the_readme():
    for name in TEXTS.keys() - {"README.md"}:
        assert f"]({name})" in TEXTS["README.md"], name
