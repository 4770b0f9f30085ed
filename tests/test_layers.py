"""The house's layers, read from the source: who may import whom, and what is imported only where it is used."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "srcsel"

LAYERS = [  # a module imports from lines above its own here, or from its own package
    {"errors", "plugins", "threads"},
    {"records", "settings", "watch"},
    {"files", "serialize"},
    {"images", "measures", "runs", "wording"},
    {"demo", "labelfile", "store"},
    {"hubs", "listing", "public"},
    {"archive", "catalog", "dataset"},
    {"backends", "decode", "umap_graph", "explain", "copies"},
    {"loading"},
    {"extract", "project", "score"},
    {"recover"},
    {"rank", "scored", "maps", "consensus"},
    {"race"},
    {"assemble", "command", "public_json", "inside", "snippet"},
    {"racing"},
    {"budget", "run", "suspects"},
    {"evidence"},
    {"charts", "shell", "demo.example"},
    {"demo.experiment"},
    {"report"},
    {"jobs"},
    {"cli", "ui"},
    {"__main__", "__init__"},
]
FIRST_UP = {"records": {"errors"}, "public": {"listing"}, "listing": {"public"}}
"""What may be imported beside the rule: inside one line, one direction; listing and public need each other at use."""
HEAVY = {"torch", "torchvision", "timm", "umap", "sklearn", "plotly", "streamlit", "pandas"}
STREAMLIT = {"ui"}


def modules():
    """(name inside the package, its first part, path) of every source file of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts)
        yield name, name if any(name in line for line in LAYERS) else parts[0], path


def imports(path, *, top_only=False):
    """Modules a file imports: all, or only those loaded when the file itself is."""
    tree = ast.parse(path.read_text())
    for node in _loaded(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from ([f"srcsel.{a.name}" for a in node.names] if node.module == "srcsel" else [node.module or ""])


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


def layer(part):
    found = [number for number, line in enumerate(LAYERS) if part in line]
    assert found, f"srcsel/{part} has no line in LAYERS. Say where it belongs."
    return found[0]


MODULES = list(modules())


@pytest.mark.parametrize(("name", "part", "path"), MODULES, ids=[m[0] for m in MODULES])
def test_a_module_imports_only_from_lines_below_its_own(name, part, path):
    for imported in imports(path):
        if not imported.startswith("srcsel."):
            continue
        other = imported.split(".")[1]
        if not ((PACKAGE / other).is_dir() or (PACKAGE / f"{other}.py").is_file()):
            continue  # a name of srcsel/__init__.py, such as the version
        allowed = other == part or layer(other) < layer(part) or other in FIRST_UP.get(part, ())
        assert allowed, f"srcsel.{name} imports {imported}, which does not lie below it"


@pytest.mark.parametrize(("name", "part", "path"), MODULES, ids=[m[0] for m in MODULES])
def test_heavy_libraries_are_imported_where_they_are_used(name, part, path):
    allowed = {"streamlit", "pandas"} if part in STREAMLIT else set()
    if part in ("charts", "report"):
        allowed = {"plotly"}
    loaded = {imported.split(".")[0] for imported in imports(path, top_only=True)}
    assert not (loaded & (HEAVY - allowed)), f"srcsel.{name} imports {loaded & HEAVY} at its top"


@pytest.mark.parametrize(("name", "part", "path"), MODULES, ids=[m[0] for m in MODULES])
def test_only_the_pages_know_streamlit(name, part, path):
    assert part in STREAMLIT or not {i.split(".")[0] for i in imports(path)} & {"streamlit"}


def test_a_measure_imports_no_other_measure_no_disk_and_no_model():
    """Shared arithmetic lies in files that begin with an underscore."""
    measures = {name for name, part, _ in MODULES if part == "measures" and not name.split(".")[-1].startswith("_")}
    for name, part, path in MODULES:
        if part != "measures" or name == "measures.__init__" or name.split(".")[-1].startswith("_"):
            continue
        for imported in imports(path):
            assert imported.removeprefix("srcsel.") not in measures, f"{name} imports {imported}"
            assert imported.split(".")[0] not in {"pathlib", "os", "torch", "timm", "streamlit"}, name


def test_pages_and_app_compute_nothing():
    """They import no library that computes, and nothing of srcsel that loads a model or makes a score."""
    computing = {"srcsel.extract", "srcsel.score", "srcsel.run", "srcsel.project", "srcsel.maps", "srcsel.assemble"}
    files = [*sorted((ROOT / "pages").glob("*.py")), *sorted((PACKAGE / "ui").rglob("*.py")), ROOT / "app.py"]
    assert len(files) > 5
    for path in files:
        found = set(imports(path))
        assert not {i.split(".")[0] for i in found} & {"torch", "torchvision", "timm", "umap", "sklearn"}, path
        assert not found & computing, f"{path}: {found & computing}"


def test_every_line_of_the_layers_names_something_that_is_there():
    there = {part for _, part, _ in MODULES}
    planned = set()
    named = set().union(*LAYERS)
    assert named - there <= planned, f"gone: {named - there - planned}"
