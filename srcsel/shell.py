"""What the shell shows: bars on standard error, tables on standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from srcsel.measures import MEASURES
from srcsel.records import Result, Score, SourceModel
from srcsel.watch import PartState, Watch
from srcsel.wording import share

FINISHED = ("done", "stored", "failed")


class Bars(Watch):
    """Draws one bar a part on standard error; nothing where that is no terminal."""

    def __init__(self) -> None:
        """Draw nothing until the first update."""
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = "") -> None:
        """Move the bar of `part`."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=None, state=state)
        task = self._tasks[part]
        told = note or (f"{state} {done:,} of {total:,}" if total and state in ("running", "reading") else state)
        if state == "downloading" and total:
            told = f"downloading {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
        if state in FINISHED:
            done = total = 1
        self._progress.update(task, completed=done, total=total or None, state=told)


def print_result(result: Result) -> None:
    """Print the verdict, then one row a model, best first, then what failed and what to know."""
    console = _console()
    titles = {model.id: model.title for model in result.models}
    _line(console, result.verdict.text, style="bold")
    told = [note.text for note in result.verdict.notes if note.reading != "raw"]  # the table has the whitened reading
    for note in (*told, *result.notes):
        _line(console, f"- {note}")
    if result.scores:
        console.print(_table(result, titles))
        _line(console, "MSC and SCL are read from whitened features; SCL as gain over chance, higher is better.")
    for failure in result.failures:
        measure = f", {failure.measure}" if failure.measure else ""
        _line(console, f"{titles.get(failure.model, failure.model)}{measure}: {failure.reason}", style="red")


def print_models(models: Sequence[SourceModel]) -> None:
    """Print source models with what they cost."""
    table = Table("model", "parameters", "GMACs", "pixels", "pretraining", "licence", box=None, pad_edge=False)
    for model in models:
        params = "" if model.params is None else f"{model.params / 1e6:,.1f} M"
        gmacs = "" if model.gmacs is None else f"{model.gmacs:,.2f}"
        table.add_row(
            *map(Text, (model.id, params, gmacs, str(model.input_size or ""), model.pretraining, model.license))
        )
    _console().print(table)


def _table(result: Result, titles: dict[str, str]) -> Table:
    measures = list(dict.fromkeys(score.measure for score in result.scores if score.measure in result.run.measures))
    by_place: dict[tuple[str, str], Score] = {(score.model, score.measure): score for score in result.scores}
    table = Table("model", "first in", *(MEASURES[name].title for name in measures), box=None, pad_edge=False)
    baselines = {model.id for model in result.models if model.baseline}
    for model in _order(result):
        first = "baseline" if model in baselines else _first(result.verdict.firsts.get(model))
        cells = [_cell(by_place.get((model, name))) for name in measures]
        table.add_row(*map(Text, (titles.get(model, model), first, *cells)))
    return table


def _first(firsts: float | None) -> str:
    return "" if firsts is None else f"{share(firsts)} of 100"


def _order(result: Result) -> list[str]:
    """Models as the verdict sees them: most first places first, then by whitened SCL."""
    scored = dict.fromkeys(score.model for score in result.scores)
    used = [r for r in result.rankings if r.measure == "supcon" and r.reading != "raw"]
    places = {model: place for r in used for place, model in enumerate(r.models)}
    firsts = result.verdict.firsts
    return sorted(scored, key=lambda m: (m != result.verdict.winner, -firsts.get(m, 0.0), places.get(m, len(places))))


def _cell(score: Score | None) -> str:
    if score is None:
        return "n/a"
    value = score.gain if score.measure == "supcon" and score.gain is not None else score.value
    return f"{value:z.3f}"  # z: never "-0.000"


def _line(console: Console, text: str, **style: Any) -> None:
    console.print(Text(text, **style), soft_wrap=True)


def _console() -> Console:
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
