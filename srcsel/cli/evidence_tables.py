"""What the shell shows of evidence."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from srcsel.base.phrases import share
from srcsel.base.records import Evidence, Interval, Result
from srcsel.cli.tables import made_console, print_line
from srcsel.evidence.sentence import caution, picked
from srcsel.verdict.readings import role, title_of, titles_of
from srcsel.verdict.wording import READINGS


def print_evidence(result: Result, evidence: Evidence) -> None:
    """Print the sentence, the accuracy of each model, then every predictor, fewest points lost
    first.
    """
    console = made_console()
    titles = titles_of(result)
    kind = "Quick check (linear probe)" if evidence.protocol.kind == "probe" else "Fine-tuning"
    kind += " by the plain recipe of before" if evidence.is_former else ""
    print_line(console, f"{kind}. {evidence.said}", style="bold")
    for note in evidence.notes:
        print_line(console, f"- {note}")
    reached = Table("model", "accuracy", "90 % interval", "by class", "", box=None, pad_edge=False)
    for a in sorted(evidence.accuracies, key=lambda a: -a.mean):
        close = "cannot be told from the best" if a.model in evidence.close[1:] else ""
        about = "yardstick" if role(result, a.model) == "yardstick" else close
        said = ", ".join(text for text in (about, a.note) if text)
        balanced = "n/a" if a.balanced is None else f"{100 * a.balanced:.1f} %"
        cells = (
            titles[a.model],
            f"{100 * a.mean:.1f} %",
            f"{100 * a.low:.1f} to {100 * a.high:.1f}",
        )
        reached.add_row(*map(Text, (*cells, balanced, said)))
    if evidence.accuracies:
        console.print(reached)
        console.print(_predictors(result, evidence, titles))
        print_line(
            console,
            "Points lost: accuracy given up by starting from the picked model instead of the best"
            " one.",
        )
    for failure in evidence.failures:
        print_line(console, f"{titles[failure.model]}: {failure.reason}", style="red")


def _predictors(result: Result, evidence: Evidence, titles: dict[str, str]) -> Table:
    names = (
        "predictor",
        "picked",
        "points lost",
        "best in",
        "Kendall's tau",
        "weighted tau",
        "Pearson",
        "models",
        "",
    )
    table = Table(*names, box=None, pad_edge=False)
    for a in evidence.agreements:
        name = title_of(a.predictor)
        name += f", {READINGS[a.reading].lower()}" if a.reading == "raw" else ""
        hit = "n/a" if a.hit is None else f"{share(100 * a.hit)} of 100"
        others = (
            "n/a" if i.value is None else f"{i.value:z.2f}" for i in (a.weighted_tau, a.pearson)
        )
        numbers = (_interval(a.regret, 1), hit, _interval(a.tau, 2), *others)
        first = picked(a, titles, names=False)
        tied = f"first alike: {', '.join(titles[m] for m in a.tied)}" if a.tied else ""
        note = a.reason or caution(a, evidence.protocol.kind, result.verdict)
        note = ", ".join(filter(None, (tied, note)))
        table.add_row(*map(Text, (name, first, *numbers, str(a.models), note)))
    return table


def _interval(interval: Interval, digits: int) -> str:
    if interval.value is None:
        return "n/a"
    told = f"{interval.value:z.{digits}f}"
    if interval.low is None or interval.high is None:
        return told
    return f"{told} ({interval.low:z.{digits}f} to {interval.high:z.{digits}f})"
