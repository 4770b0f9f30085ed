"""Modules and files of ours that docs, docstrings, comments and settings name are where they are
said to be.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIP = {"CHANGELOG.md"}  # tells of what was
READ = [
    path
    for pattern in (
        "*.md",
        "*.toml",
        "Makefile",
        ".streamlit/*.toml",
        "docs/*.md",
        "pages/*.py",
        "benchmarks/*.py",
        "srcsel/**/*.py",
        "srcsel/**/*.pyi",
        "srcsel/**/*.md",
        "srcsel/**/*.js",
        "srcsel/**/*.html",
        "srcsel/**/*.css",
        "tests/**/*.py",
    )
    for path in sorted(ROOT.glob(pattern))
    if path.name not in SKIP
    and path.name not in ("test_contributing.py", "test_named_places.py", "test_public_api.py")
]
MADE = ("srcsel/_app", "srcsel/measures/class_average.py", "tests/measures/test_class_average.py")
"""Of the wheel, and of the measure that CONTRIBUTING.md shows."""
MODULE = re.compile(r"(?<![\w./\"'-])srcsel(?:\.(?!__)\w+)+")
SOLE = re.compile(r"(?<![\w./*{}\"'-])[a-z]\w+\.(?:py|js|css)(?=[\s,.;:)`]|$)", re.MULTILINE)
OWN = re.compile(r"`(_\w+)\.\w+`")
NAMES = {path.name for path in ROOT.glob("**/*.*") if not {".venv", ".git"} & set(path.parts)}
FILE = re.compile(r"(?<![\w./-])(?:srcsel|tests|pages|benchmarks|docs)/[\w./-]*\w")


def module_is_there(name):
    """Whether a dotted name leads to a package, a module or a name written in one."""
    first, *parts = name.split(".")
    place = ROOT / first
    for at, part in enumerate(parts):
        if (place / part).is_dir():
            place = place / part
        else:
            file = place / f"{part}.py"
            rest = parts[at + 1 :] if file.is_file() else parts[at:]
            files = [file] if file.is_file() else [place / "__init__.py", place / "__init__.pyi"]
            text = "\n".join(f.read_text() for f in files if f.is_file())
            return not rest or re.search(rf"\b{rest[0]}\b", text) is not None
    return True


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_named_is_there(path):
    text = path.read_text(encoding="utf-8")
    missing = [name for name in MODULE.findall(text) if not module_is_there(name)]
    named = [name for name in FILE.findall(text) if not name.startswith(MADE)]
    missing += [name for name in named if not (ROOT / name).exists()]
    missing += [name for name in SOLE.findall(text) if name not in NAMES]
    missing += [name for name in OWN.findall(text) if f"{name}.py" not in NAMES]
    assert missing == []


def test_a_name_that_leads_nowhere_is_found():
    assert module_is_there("srcsel.verdict.ranks.make_rankings")
    assert module_is_there("srcsel.rank")  # a public name
    assert not module_is_there("srcsel.hubs")
    assert not module_is_there("srcsel.verdict.rank")
    assert FILE.findall("see srcsel/rank.py, or x/srcsel/y.") == ["srcsel/rank.py"]
