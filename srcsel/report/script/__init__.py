"""A complete Python script that trains a source model further on the person's pictures, prepared as
it was scored.

The script stands alone. Its text lies beside this file in pieces; what differs between models is
put in as Python literals, so that no name, however hostile, becomes code.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from srcsel import __version__
from srcsel.base.records import Dataset, Result, SourceModel
from srcsel.base.spreadsheet import to_csv
from srcsel.models.hubs import Recipe, hub_of
from srcsel.pictures import decoder, deep

FILENAME = "train.py"
TABLE = "pictures.csv"  # beside the script, where folders are not the classes
_PIECES = Path(__file__).parent


def script(model: SourceModel, dataset: Dataset, *, listed: bool = False) -> str:
    """Write the script.

    Raises NotAvailable for what has no network, ModelError or InputError for a file that is gone.

    listed: the pictures and their classes stand in the file TABLE beside the script, as `table`
    writes it, because the folders' names are not the classes or because pictures were left out by
    hand (`needs_table`).
    """
    found = hub_of(model).recipe(model)
    build = f"build_{found.library}{'_file' if found.file else ''}"
    pieces = [build]
    if found.library == "torchvision":
        pieces.insert(0, "maps_head" if found.maps else "new_head")
    if found.file:
        pieces.insert(0, "loaded")
    if found.resampled:
        pieces.append("at_size")
    body = [_piece(name) for name in ("prepare", found.preprocessing.resize, *pieces, "train")]
    carried = [_own_source(module) for module in (deep, decoder)]
    head = _piece("head").format(**_facts(model, dataset, found, listed=listed))
    return "".join([head, *body, *carried, _piece("start")])


def needs_table(result: Result) -> bool:
    """Say whether the folders alone do not tell which pictures belong to which class."""
    return result.dataset.label_source != "folder names" or bool(result.run.corrections)


def table(dataset: Dataset) -> str:
    """Write every picture that was scored with its class, as CSV with the columns file and
    label.
    """
    labels = dataset.labels.tolist()
    rows = ((p, dataset.classes[c]) for p, c in zip(dataset.paths, labels, strict=True))
    return to_csv(("file", "label"), rows)


@cache
def _own_source(module: ModuleType) -> str:
    """Return a module's source after its imports, which the head of the script has.

    Read once: each drawing of Results writes the script.
    """
    source = inspect.getsource(module)
    imports = [n for n in ast.parse(source).body if isinstance(n, (ast.Import, ast.ImportFrom))]
    own = source.splitlines(keepends=True)[imports[-1].end_lineno :]
    return f"\n\n# srcsel's own {module.__name__.rpartition('.')[2]}.py\n{''.join(own)}"


def _piece(name: str) -> str:
    return (_PIECES / f"{name}.txt").read_text(encoding="utf-8")


def _facts(model: SourceModel, dataset: Dataset, found: Recipe, *, listed: bool) -> dict[str, str]:
    shown = found.preprocessing
    return {
        "title": _words(model.title),
        "version": __version__,
        "libraries": "timm" if found.library == "timm" else "torchvision",
        "filename": FILENAME,
        "imports": (
            "import timm\nimport torch\n"
            if found.library == "timm"
            else "import torch\nimport torchvision\n"
        ),
        "loader": "load_file, " if found.file else "",
        "folder": _literal(str(dataset.folder)),
        "part": _part(dataset),
        "table": _literal(TABLE if listed else ""),
        "save": _literal("trained.safetensors"),
        "id": _words(model.id),
        "license": _words(model.license) or "unknown",
        "constants": _constants(found),
        "size": _literal(shown.size),
        "scale": _literal(shown.scale),
        "resample": shown.interpolation.upper(),
        "fill": _literal(shown._fill if shown.resize == "border" else (0, 0, 0)),
        "channels": _literal(shown.channels),
        "ranges": _literal({kind: tuple(ends) for kind, ends in dataset.ranges.items()}),
        "mean": _literal(shown.mean),
        "std": _literal(shown.std),
    }


def _part(dataset: Dataset) -> str:
    """Say where not all pictures of an address lie in the folder."""
    if not dataset.listed:
        return ""
    return (
        f"; it holds those that were fetched, about {dataset.fetched:,} of {dataset.listed:,}: the"
        f" others lie at {_words(dataset.ref)}"
    )


def _constants(found: Recipe) -> str:
    """Name the network and its weights, and write the card that lets srcsel read the trained file
    again.
    """
    shown = found.preprocessing
    card: dict[str, Any] = {
        "architecture": found.architecture,
        "library": found.library,
        "input_size": shown.size,
        "crop_pct": shown.size[0] / shown.scale[0],
        "resize": shown.resize,
        "interpolation": shown.interpolation,
        "mean": shown.mean,
        "std": shown.std,
    }
    lines = [f"NAME = {_literal(found.name)}"]
    if found.options:
        card["kwargs"] = found.options
    if found.file:
        lines.append(f"FILE = Path({_literal(str(found.file))})")
        lines.append(f"OPTIONS = {_literal(found.options)}")
        if found.library == "timm":
            lines.append(f"MADE_FOR = {_literal(found.made_for or shown.size)}")
    elif found.weights:
        lines.append(f"WEIGHTS = {_literal(found.weights)}")
    return "\n".join([*lines, f"CARD = {_literal(card)}"]) + "\n"


def _literal(value: Any) -> str:
    """Write a value as Python source in ASCII, text in double quotes where that needs no escape."""
    text = ascii(value)
    return (
        f'"{text[1:-1]}"' if isinstance(value, str) and text[0] == "'" and '"' not in text else text
    )


def _words(name: str) -> str:
    """Keep a name inside a comment or docstring: one line, printable, without what ends them."""
    text = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return text.replace("\\", "/").replace('"', "'")
