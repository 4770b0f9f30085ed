"""The house's layers, read from the source: who may import whom, and what is imported only where it
is used.
"""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "srcsel"

LAYERS = """
    base
    store
    pictures models measures
    scoring verdict features
    explore
    runs
    charts evidence
    report
    jobs
    ui cli demo
"""  # a package imports from lines above its own, or from itself
LEVEL = {
    package: level for level, line in enumerate(LAYERS.split("\n")) for package in line.split()
}
HEAVY = {
    "torch",
    "torchvision",
    "timm",
    "umap",
    "sklearn",
    "plotly",
    "streamlit",
    "pandas",
    "ray",
    "openvino",
}
AT_THE_TOP = {"ui": {"streamlit", "pandas"}, "charts": {"plotly"}, "report": {"plotly"}}
COMPUTING = (
    "scoring",
    "features.extract",
    "features.loading",
    "explore.project",
    "runs.run",
    "runs.given",
    "runs.race",
    "runs.track",
    "runs.answer",
)
"""What no page enters: a worker does."""


def files():
    """(dotted name, package, path) of every source file."""
    pages = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
    for path in [*sorted(PACKAGE.rglob("*.py")), *pages]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts), parts[1] if len(parts) > 2 and parts[0] == "srcsel" else "", path


@functools.cache
def imported(path, *, top_only=False):
    """Full names a file imports, also inside functions; with `top_only` those loaded when the file
    itself is.
    """
    return tuple(_imported(path, ast.parse(path.read_text()), top_only=top_only))


def _imported(path, tree, *, top_only):
    for node in _loaded(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _loaded(tree):
    """Nodes run on import: not inside functions, not under `if TYPE_CHECKING`."""
    todo = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            todo += node.orelse
            continue
        yield node
        todo += ast.iter_child_nodes(node)


FILES = list(files())
every_file = pytest.mark.parametrize(("name", "package", "path"), FILES, ids=[f[0] for f in FILES])


def test_every_package_has_its_line():
    assert {package for _, package, _ in FILES} - {""} == set(LEVEL)


@every_file
def test_imports_run_downward(name, package, path):
    level = LEVEL[package] if package else len(LEVEL)
    for full in imported(path):
        other = full.split(".")[1] if full.startswith("srcsel.") else ""
        assert other not in LEVEL or other == package or LEVEL[other] < level, (
            f"{name} imports {full}"
        )


@every_file
def test_what_begins_with_an_underscore_is_taken_from_nowhere_else(name, package, path):
    for full in imported(path):
        parts = full.split(".")
        if parts[0] != "srcsel":
            continue
        for at, part in enumerate(parts):
            if part.startswith("_") and not part.endswith("__"):
                owner = ROOT.joinpath(*parts[:at])
                owner = owner if owner.is_dir() else owner.with_suffix(".py")
                inside = owner == path or owner in path.parents
                same_room = owner.is_file() and owner.parent == path.parent
                assert inside or same_room, f"{name} takes {full}"


def test_no_package_stands_in_a_circle():
    """Rooms inside packages too: `srcsel.ui.parts` and `srcsel.ui.results` may not need each
    other.
    """
    rooms = {path.parent for _, package, path in FILES if package}
    needs = {room: set() for room in rooms}
    for _, package, path in FILES:
        for full in imported(path) if package else ():
            parts = full.split(".")
            folders = [ROOT.joinpath(*parts[:at]) for at in range(len(parts), 0, -1)]
            room = next((f for f in folders if f in rooms), None)
            if room is not None and room not in path.parents and path.parent not in room.parents:
                needs[path.parent].add(room)
    while free := {room for room, others in needs.items() if not others & set(needs)}:
        needs = {room: others for room, others in needs.items() if room not in free}
    assert not needs, {str(room): others & set(needs) for room, others in needs.items()}


@every_file
def test_heavy_libraries_are_imported_where_they_are_used(name, package, path):
    if not package:
        return
    at_top = {full.split(".")[0] for full in imported(path, top_only=True)}
    assert not at_top & (HEAVY - AT_THE_TOP.get(package, set())), name


@every_file
def test_only_the_pages_know_streamlit(name, package, path):
    known = {full.split(".")[0] for full in imported(path)}
    assert package == "ui" or not name.startswith("srcsel") or "streamlit" not in known


def test_rooms_of_pages_do_not_enter_each_other():
    """What several pages draw lies in ui/parts; a page may use other rooms than its own."""
    rooms = {path.parent.name for path in (PACKAGE / "ui").glob("*/*.py")}
    pages = rooms - {"app", "parts", "people", "server"}
    assert pages >= {"results", "explore", "evidence", "images", "models", "history"}
    for room in rooms:
        for path in (PACKAGE / "ui" / room).glob("*.py"):
            entered = {full.split(".")[2] for full in imported(path) if ".ui." in full}
            assert not entered & pages - {room}, path


def test_a_measure_imports_no_other_measure_no_disk_and_no_model():
    """Shared arithmetic lies in `kernels`."""
    folder = PACKAGE / "measures"
    measures = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    assert len(measures) > 20
    for path in [*measures, *(folder / "kernels").glob("*.py")]:
        for full in imported(path):
            assert full.removeprefix("srcsel.measures.").split(".")[0] not in {
                m.stem for m in measures
            }, path
            assert (
                full.split(".")[0] not in {"pathlib", "os", "torch", "timm", "streamlit"}
                or path.stem == "card"
            )


def test_pages_compute_nothing():
    """They import no library that computes, and nothing of srcsel that loads a model or makes a
    score.
    """
    for name, package, path in FILES:
        if package in ("", "ui") and (package or not name.startswith("srcsel")):
            for full in imported(path):
                assert full.split(".")[0] not in {
                    "torch",
                    "torchvision",
                    "timm",
                    "umap",
                    "sklearn",
                    "ray",
                }, name
                assert not any(f"{full}.".startswith(f"srcsel.{part}.") for part in COMPUTING), (
                    f"{name} imports {full}"
                )
