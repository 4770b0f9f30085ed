"""What is handed on names folders and files; where they lie on this computer stays here.

The shell command alone keeps its paths: it is of use on this computer only.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from markupsafe import escape

from srcsel.base.paths import named
from srcsel.base.records import Result
from srcsel.runs.public_json import to_json
from srcsel.runs.question import command

_KEPT = "\0"  # stands for the command; no page or file holds it


def html(page: str, result: Result) -> str:
    """Return a report's page without paths, the command in it as it is."""
    kept = str(escape(command(result.run)))
    names = {str(escape(path)): str(escape(name)) for path, name in _names(result).items()}
    return _replaced(page.replace(kept, _KEPT), names).replace(_KEPT, kept)


def json_text(result: Result) -> str:
    """Return the JSON that other programs rely on, without paths."""
    return json.dumps(without_paths(to_json(result), result), indent=1, ensure_ascii=False)


def without_paths(values: Any, result: Result) -> Any:
    """Return JSON values with names in the place of the absolute paths that a run knows."""
    return _walk(values, _names(result))


def _names(result: Result) -> dict[str, str]:
    """Path -> what stands for it, longest first, so that no path cuts another."""
    given = [result.run.ref, result.dataset.ref]
    places = [str(result.dataset.folder), *(ref for ref in given if named(ref) is None)]
    found = {place: result.dataset.name for place in places if os.path.isabs(place)}  # noqa: PTH117
    files = [path for m in result.models if os.path.isabs(path := m.id.partition("/")[2])]  # noqa: PTH117
    often = Counter(Path(path).name for path in files)
    for path in files:
        file = Path(path)
        twice = often[file.name] > 1
        found[path] = f"{file.parent.name}/{file.name}" if twice else file.name
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _walk(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _replaced(value, names)
    if isinstance(value, dict):
        return {_replaced(key, names): _walk(inner, names) for key, inner in value.items()}
    return [_walk(inner, names) for inner in value] if isinstance(value, list) else value


def _replaced(text: str, names: dict[str, str]) -> str:
    for path, name in names.items():
        text = text.replace(path, name)
    return text
