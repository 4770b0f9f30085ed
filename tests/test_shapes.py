"""What takes or gives an array says its shape: every public function of the rooms that compute."""

import ast
import re
from pathlib import Path

import pytest

import srcsel

PACKAGE = Path(srcsel.__file__).parent
SHAPE = re.compile(r"\(\w+(?: ?[-+*/] ?\w+)?,")  # (n,), (n, d), (n - 1, d)


def functions(body):
    """Public functions and methods."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from functions(node.body)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def takes_or_gives_an_array(function):
    parameters = [*function.args.args, *function.args.kwonlyargs]
    annotations = [p.annotation for p in parameters] + [function.returns]
    written = " ".join(ast.unparse(annotation) for annotation in annotations if annotation)
    return "ndarray" in written or "ArrayLike" in written


@pytest.mark.parametrize("room", ["measures", "explore", "scoring"])
def test_shapes_stand_in_the_docstring(room):
    found = [
        (path.name, function)
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for function in functions(ast.parse(path.read_text(encoding="utf-8")).body)
        if takes_or_gives_an_array(function)
    ]
    assert len(found) > 10
    silent = [
        f"{file}: {function.name}"
        for file, function in found
        if not SHAPE.search(ast.get_docstring(function) or "")
    ]
    assert silent == []
