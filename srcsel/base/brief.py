"""How records look where they are printed: short, whatever they hold; a Result as its answer."""

from __future__ import annotations

import dataclasses
import reprlib
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TABLE = 10  # models in a notebook's table


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxtuple = self.maxlist = self.maxdict = 3
        self.maxstring = self.maxother = 60

    def repr_ndarray(self, array: Any, _level: int) -> str:
        """Name an array's type and shape."""
        return f"{array.dtype}{array.shape}"


def brief(self: DataclassInstance) -> str:
    """Return `Name(field=value, ...)` with long values cut and arrays as type and shape."""
    short = _Short()
    fields = ", ".join(
        f"{f.name}={short.repr(getattr(self, f.name))}" for f in dataclasses.fields(self)
    )
    return f"{type(self).__name__}({fields})"


def answer(self: Any) -> str:
    """Return a Result's question and answer in a line or two."""
    run = self.run
    asked = f"{len(self.models)} models on {run.title or run.ref or 'given features'}"
    said = self.verdict.text or self.verdict.kind
    so_far = "" if self.complete else " so far"
    return f"<Result {run.id}{so_far}: {asked}. {said}>"


def answer_html(result: Any) -> str:
    """Return a Result for a notebook: the verdict, and how often each model is right; escaped."""
    titles = {model.id: model.title for model in result.models}
    ordered = sorted(result.accuracies, key=lambda accuracy: -accuracy.mean)
    rows = "".join(
        f"<tr><td>{escape(titles.get(a.model, a.model))}</td><td>{100 * a.mean:.0f} %</td>"
        f"<td>{100 * a.low:.0f} to {100 * a.high:.0f}</td></tr>"
        for a in ordered[:TABLE]
    )
    more = f"<p>and {len(ordered) - TABLE} more</p>" if len(ordered) > TABLE else ""
    head = "<tr><th>Model</th><th>Right</th><th>90 % interval</th></tr>"
    table = f"<table>{head}{rows}</table>{more}" if rows else ""
    return f"<div><p><strong>{escape(result.verdict.text)}</strong></p>{table}</div>"
