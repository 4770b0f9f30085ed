"""British spelling in what people read (pages, messages, help, docs, comments), American in
identifiers.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [
    path
    for place in ("srcsel", "pages", "benchmarks")
    for path in sorted((ROOT / place).rglob("*.py"))
] + [ROOT / "app.py"]
DOCS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "srcsel" / "models").rglob("*.md")),
]
SCRIPTS = sorted((ROOT / "srcsel" / "report").rglob("*.txt"))  # parts of a program people read

BRITISH = re.compile(
    r"colour|neighbour|licence|behaviour|favour|grey|centre(?!a|d_gain)|labelled"
    r"|(?:normal|regular|standard|optim|summar|recogn|serial|visual)is(?!m|t)",
    re.IGNORECASE,
)
AMERICAN = re.compile(
    r"(?<![\w'\"./<{=_-])"  # no part of a path, a tag, a style or a longer name
    r"(?:color\w*|neighbor\w*|behavior\w*|favor\w*|gray\w*|license\b|center\w*|labeled|modeled|"
    r"(?:normal|regular|standard|optim|summar|recogn|visual)iz\w*)"
    r"\b(?![\w'\"]*[_(=:/-]|\.\w)",
    re.IGNORECASE,
)
"""`license` alone: to be licensed is spelt so on both sides of the sea."""


def texts(path):
    """(line, text) of what a person may read in a file of code: strings with more than one word,
    labels of one capitalised word, comments.
    """
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    named = {alias.name for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            label = re.fullmatch("[A-Z][a-z]+", text) and text not in named  # not of __all__
            if (" " in text.strip() and ":{" not in text) or label:
                yield node.lineno, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def american(text):
    """American words in a text; what stands in backticks or names code is not read."""
    text = re.sub(
        r"```.*?```|``[^`]*``|`[^`\n]*`|https?://\S+|\{[^}]*\}", " ", text, flags=re.DOTALL
    )
    return AMERICAN.findall(text)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_reads_british_and_is_named_american(path):
    read = [f"{path.name}:{line}: {word}" for line, text in texts(path) for word in american(text)]
    names = {
        f"{path.name}:{token.start[0]}: {token.string}"
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if token.type == tokenize.NAME and BRITISH.search(token.string)
    }
    assert (read, sorted(names)) == ([], [])


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_docs_read_british(path):
    assert american(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_comments_of_the_training_script_read_british(path):
    read = re.findall(r"#[^\n]*|\"\"\".*?\"\"\"", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert american("\n".join(read)) == []


def test_the_rule_tells_the_two_apart():
    assert american("The color of a Neighbor, with a license and normalized.") == [
        "color",
        "Neighbor",
        "license",
        "normalized",
    ]
    assert american("Colour, licensed, `color`, maps.COLORS, color_of(x), color=, catalogue") == []
    assert BRITISH.search("neighbours")
    assert not BRITISH.search("neighbors")
