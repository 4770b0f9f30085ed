"""What the shell shows: bars on standard error, tables on standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from srcsel.base.phrases import count
from srcsel.base.records import HEADLINE, Result, Score, SourceModel
from srcsel.measures import MEASURES
from srcsel.verdict.after import after_training
from srcsel.verdict.beforehand import HEADING, lines
from srcsel.verdict.consensus import favors_wide
from srcsel.verdict.correction import before_and_after, other_notes
from srcsel.verdict.expected import percent
from srcsel.verdict.measured import answered
from srcsel.verdict.readings import (
    bar_length,
    bar_start,
    firsts_of_100,
    gain_of,
    model_order,
    order_in_words,
    role,
    title_of,
    titles_of,
    yardsticks_in_words,
)

MOST_GONE = 20  # models that failed, or left a race, that are named
NAME, COLUMN = 38, 10  # characters of a measure's name, and of a model's column, in the tall table


def print_result(result: Result) -> None:
    """Print the verdict and what to know, one row a model, best first, the other measures, then
    what failed.
    """
    result = answered(result)
    console = made_console()
    titles = titles_of(result)
    print_line(console, result.verdict.text, style="bold")
    if changed := before_and_after(result):
        print_line(console, changed)
    # the table has the whitened reading
    told = [note.text for note in result.verdict.notes if note.reading != "raw"]
    after = after_training(result.verdict, result.run)
    told = [*filter(None, [after]), *told]
    for note in (*told, *other_notes(result)):
        print_line(console, f"- {note}")
    if result.scores:
        console.print(_table(result, titles))
        print_line(
            console,
            "In brackets: gain over chance, each model's own. MSC and SCL are the corrected reading"
            " (whitened); SCL is the loss turned round, as in the charts, higher is better.",
        )
        for said in filter(None, (order_in_words(result), yardsticks_in_words(result))):
            print_line(console, said)
        _others(console, result, titles)
    _beforehand(console, result)
    left = {d.model: d.pictures for d in result.race.dropped} if result.race else {}
    gone = [f for f in result.failures if not f.measure]
    longest = sorted((f for f in gone if f.model in left), key=lambda f: -left[f.model])
    for some, style in (([f for f in gone if f.model not in left], "red"), (longest, "dim")):
        for failure in some[:MOST_GONE]:
            print_line(console, f"{titles[failure.model]}: {failure.reason}", style=style)
        if (more := len(some) - MOST_GONE) > 0:
            what = "that left the race" if style == "dim" else "that failed"
            said = f"{count(more, 'more model')} {what}: --json names each, with its reason."
            print_line(console, said, style=style)
    for reason, whom in _missing(result, titles).items():
        print_line(console, f"n/a: {'; '.join(whom)}. {reason}", style="red")


def print_models(models: Sequence[SourceModel]) -> None:
    """Print source models with what they cost."""
    table = Table(
        "model", "weights", "GMACs", "pixels", "pretraining", "licence", box=None, pad_edge=False
    )
    for model in models:
        params = "" if model.params is None else f"{model.params / 1e6:,.2f} M"
        gmacs = "" if model.gmacs is None else f"{model.gmacs:,.2f}"
        table.add_row(
            *map(
                Text,
                (
                    model.id,
                    params,
                    gmacs,
                    str(model.input_size or ""),
                    model.pretraining,
                    model.license,
                ),
            )
        )
    made_console().print(table)


def _table(result: Result, titles: dict[str, str]) -> Table:
    """One row a model: how often first, how often right, and the measures that bars and verdict
    rest on.
    """
    by_place: dict[tuple[str, str], Score] = {
        (score.model, score.measure): score for score in result.scores
    }
    measures = [name for name in _asked(result) if name in HEADLINE] or _asked(result)
    table = Table(
        "model",
        "first in",
        "right",
        *(MEASURES[name].title for name in measures),
        box=None,
        pad_edge=False,
    )
    firsts = firsts_of_100(result)
    right = {a.model: f"{percent(a.mean)} %" for a in result.accuracies}
    for model in model_order(result):
        yardstick = role(result, model) == "yardstick"
        first = "yardstick" if yardstick else _first(firsts.get(model))
        cells = [_cell(by_place.get((model, name))) for name in measures]
        table.add_row(*map(Text, (titles[model], first, right.get(model, "n/a"), *cells)))
    chances = [_chance([s for s in result.scores if s.measure == name]) for name in measures]
    table.add_row(*(Text(cell, style="dim") for cell in ("chance, about", "", "", *chances)))
    return table


def _asked(result: Result) -> list[str]:
    """List the measures that were asked for and scored."""
    return list(
        dict.fromkeys(
            score.measure for score in result.scores if score.measure in result.run.measures
        )
    )


def _others(console: Console, result: Result, titles: dict[str, str]) -> None:
    """Print the other measures: one row each, one column a model as far as the terminal is wide,
    the best of several marked.
    """
    rows = [name for name in _asked(result) if name not in HEADLINE]
    if not rows or not any(name in HEADLINE for name in _asked(result)):
        return
    models = model_order(result)
    several = len(models) > 1
    shown = models[: max(1, (console.width - NAME) // (COLUMN + 2))]
    table = Table(box=None, pad_edge=False)
    table.add_column("other measures", max_width=NAME)
    for model in shown:
        table.add_column(Text(titles[model]), max_width=COLUMN, justify="right")
    for name in rows:
        ranks = next(
            (
                dict(zip(r.models, r.ranks, strict=True))
                for r in result.rankings
                if r.measure == name
            ),
            {},
        )
        values = {s.model: s.value for s in result.scores if s.measure == name}
        cells = (
            _marked(values.get(model), first=several and ranks.get(model) == 1) for model in shown
        )
        table.add_row(Text(_named(name)), *cells)
    console.print()
    console.print(table)
    told = ["* best by that measure, of all models."] if several else []
    if any(favors_wide(name, None) for name in rows):
        told.append(
            "wide: favours models with many features, so compare it only between equally wide ones."
        )
    if len(shown) < len(models):
        told.append(
            "Not here for want of room:"
            f" {', '.join(titles[m] for m in models[len(shown) :])}. --json FILE has every"
            " number."
        )
    if told:
        print_line(console, " ".join(told))


def _beforehand(console: Console, result: Result) -> None:
    """Print what one would have taken without looking, where that is known."""
    if said := lines(result):
        print_line(console, f"{HEADING}:")
    for line in said:
        print_line(console, f"- {line}")


def _named(measure: str) -> str:
    marks = ["wide"] if favors_wide(measure, None) else []
    marks += [] if MEASURES[measure].higher_is_better else ["lower is better"]
    said = f" [{', '.join(marks)}]" if marks else ""
    return MEASURES[measure].title + said


def _marked(value: float | None, *, first: bool) -> Text:
    if value is None:
        return Text("n/a ", style="dim")
    digits = 3 if abs(value) < 10 else 2 if abs(value) < 100 else 1 if abs(value) < 1000 else 0
    return Text(f"{value:z,.{digits}f}{'*' if first else ' '}", style="bold" if first else "")


def _missing(result: Result, titles: dict[str, str]) -> dict[str, list[str]]:
    """Reason -> "model (measures)" of what has no value, so that each reason is said once."""
    found: dict[str, dict[str, list[str]]] = {}
    for failure in (f for f in result.failures if f.measure):
        measure = title_of(failure.measure)
        found.setdefault(failure.reason, {}).setdefault(failure.model, []).append(measure)
    said: dict[str, list[str]] = {}
    for reason, models in found.items():
        by_measures: dict[str, list[str]] = {}
        for model, measures in models.items():
            by_measures.setdefault(", ".join(measures), []).append(titles[model])
        said[reason] = [
            f"{measures} of {', '.join(names)}" for measures, names in by_measures.items()
        ]
    return said


def _first(firsts: int | None) -> str:
    return "" if firsts is None else f"{firsts} of 100"


def _cell(score: Score | None) -> str:
    """Write what the chart says, and how far beyond chance it lies."""
    if score is None:
        return "n/a"
    value = f"{bar_length(score)[0]:z.3f}"  # z: never "-0.000"
    gain = gain_of(score)
    return value if gain is None else f"{value} ({gain:+z.3f})"


def _chance(scores: Sequence[Score]) -> str:
    """Where chance stands for these models, the middle of them."""
    known = [bar_start(s) for s in scores if s.gain is not None]
    return f"{np.median(known):z.3f}" if known else "n/a"


def print_line(console: Console, text: str, **style: Any) -> None:
    """Print text as it is, in lines that the terminal breaks."""
    console.print(Text(text, **style), soft_wrap=True)


def made_console() -> Console:
    """Make the console of standard output: as wide as the terminal, or 160 characters."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
