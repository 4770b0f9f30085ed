"""What the shell shows of learning curves: the answer, then one row a number of pictures."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from srcsel.base.records import Ahead, CurvePoint, Outlook, Result
from srcsel.verdict.ahead import multiple, points
from srcsel.verdict.readings import titles_of


def print_outlook(result: Result, outlook: Outlook) -> None:
    """Print the sentence, then each model's curve: measured, then expected."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    titles = titles_of(result)
    console.print(Text(outlook.text, style="bold"), soft_wrap=True)
    for curve in outlook.curves:
        table = Table(
            titles[curve.model], "right", "90 % interval", "more", box=None, pad_edge=False
        )
        for point in curve.points:
            table.add_row(f"{point.each:.0f} a class", *_right(point), "")
        for ahead in curve.ahead:
            name = f"{ahead.each:.0f} a class ({multiple(ahead.times)} as many)"
            table.add_row(name, *_right(ahead), Text(points(ahead)))
        console.print(table)
    console.print(
        Text(
            "Pictures of a class that a simple classifier learns from: four fifths of yours in"
            " turn, tested on the others. Below the last row of yours: expected."
        ),
        soft_wrap=True,
    )


def _right(point: CurvePoint | Ahead) -> tuple[str, str]:
    return f"{100 * point.value:.0f} %", f"{100 * point.low:.0f} to {100 * point.high:.0f}"
