"""CONTRIBUTING.md is true: its tree is the real one, its places exist, and its measure works when
one follows it to the letter.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPE = TEXT.partition("## A new measure")[2].partition("\n## ")[0]


def folders(place):
    return {p.name for p in place.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))}


def test_the_tree_is_the_real_one():
    tree = TEXT.partition("## The tree")[2].partition("```text\n")[2].partition("```")[0]
    inside = re.findall(r"^  ([\w.]+)/ ", tree, flags=re.MULTILINE)
    assert len(set(inside)) == len(inside)
    assert set(inside) == folders(ROOT / "srcsel")
    outside = set(re.findall(r"^([\w.]+)/", tree, flags=re.MULTILINE))
    made = {"build", "dist", "node_modules", "test-results"}
    assert outside == {name for name in folders(ROOT) if not name.endswith("egg-info")} - made
    for name in re.findall(r"(?<=[ ,;] )(\w+)/", tree):  # rooms named in the descriptions
        assert list(ROOT.glob(f"*/**/{name}/")), name


def test_the_tree_stands_in_the_order_of_the_layers():
    from tests.test_layers import LEVEL

    tree = TEXT.partition("## The tree")[2].partition("```text\n")[2].partition("```")[0]
    levels = [LEVEL[name] for name in re.findall(r"^  (\w+)/ ", tree, flags=re.MULTILINE)]
    assert levels == sorted(levels)


def test_every_place_that_is_named_exists():
    made = set(re.findall(r"`([\w/]+class_average\.py)`", RECIPE))
    places = set(re.findall(r"`((?:srcsel|tests|pages|benchmarks)/[\w./]*)`", TEXT)) - made
    assert len(places) > 15
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.fixture
def copy(tmp_path):
    """The parts of a checkout that the recipe needs, with the Python that runs this as its .venv,
    and features to score.
    """
    skip = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(ROOT / "srcsel", tmp_path / "srcsel", ignore=skip)
    shutil.copytree(ROOT / "tests" / "measures", tmp_path / "tests" / "measures", ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 20)
    np.savez(tmp_path / "features.npz", X=rng.normal(size=(60, 16)) + 2 * np.eye(3, 16)[y], y=y)
    return tmp_path


def test_the_new_measure_works_when_one_follows_the_recipe(copy):
    for name, code in re.findall(r"`([\w/]+\.py)`:\n\n```python\n(.+?)```", RECIPE, re.DOTALL):
        (copy / name).write_text(code, encoding="utf-8")
    (shown,) = re.findall(r"```shell\n(.+?)```", RECIPE, re.DOTALL)
    told = {}
    for line in shown.splitlines():
        program, *arguments = shlex.split(line)
        start = {".venv/bin/srcsel": ["-m", "srcsel"], ".venv/bin/python": []}[program]
        done = subprocess.run(
            [sys.executable, *start, *arguments],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "200"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        told[program] = done.stdout
    assert "Nearest class average" in told[".venv/bin/srcsel"]
    assert re.search(r"^\.{30,} ", told[".venv/bin/python"], re.MULTILINE)  # passed, none skipped


def test_a_measure_that_breaks_its_word_is_found(copy):
    (_, code), _ = re.findall(r"`([\w/]+\.py)`:\n\n```python\n(.+?)```", RECIPE, re.DOTALL)
    wrong = code.replace("higher_is_better=True", "higher_is_better=False")
    (copy / "srcsel/measures/class_average.py").write_text(wrong, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/measures/test_contract.py", "-k", "class_average"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "test_higher_is_better_says_the_right_direction" in done.stdout
