"""The study's findings in words: the page, the README's paragraph, and what the verdict says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from srcsel.base.phrases import count, listed
from srcsel.demo.study.summary import (
    BELIEVABLE,
    BLIND,
    IMAGENET,
    NAMED,
    RANKED,
    ROLES,
    SIZE,
    Truth,
)
from srcsel.measures import MEASURES
from srcsel.verdict.after import SPEAKING
from srcsel.verdict.wording import KINDS, READINGS

Summary = dict[str, Any]

WIDTH = 120  # characters of a line of the page
FEWEST = 3  # targets that a bin must hold before its error is judged
TRUTHS: dict[Truth, str] = {
    "trained": "Against fine-tuning of the whole network",
    "probed": "Against a linear probe",
}
OTHERS = {
    RANKED: "**The verdict's rule: ranked first**",
    NAMED: "The verdict's rule: named (of a tie the cheapest)",
    SIZE: "Number of weights",
    IMAGENET: "Published ImageNet accuracy",
    BLIND: "Any of them, by chance",
}
CASES = {"clear": KINDS["clear"], "tie": KINDS["tie"], "alike": KINDS["cannot tell"]}
CANNOT = """\
## What it cannot show

- The pictures are small, and most are drawn by code. The targets are few: intervals come from
  drawing whole targets, since the cases of one share pictures and truth, and they are wide.
- The candidates are eight networks trained for the demo and three real ones of one family. Larger
  networks, other families and large target sets may behave otherwise; nothing here was measured on
  them.
- One training a model and target: part of what looks like a wrong choice is the chance of that
  training. Among near-twins "the best" is often the luckier one.
- Every handful of candidates was drawn blindly. Whoever chooses candidates with care has more equal
  ones, and then every way to choose is right less often and loses less.
"""


def page(summary: Summary) -> str:
    """Write the page in Markdown."""
    lines = [
        "# The study: how far can the stated confidence be believed?",
        "",
        "Made by `python -m srcsel.demo.study` from what comes with srcsel; this page, too. The raw"
        " numbers are in `srcsel/demo/study.json`.",
        "",
        *_asked(summary),
        *(line for truth in TRUTHS if truth in summary for line in _of_truth(summary, truth)),
    ]
    return "\n".join([*map(_wrapped, lines), CANNOT])


def _wrapped(line: str) -> str:
    """Break a paragraph or an item of a list at WIDTH; a row of a table stays."""
    if line.startswith("|"):
        return line
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def paragraph(summary: Summary) -> str:
    """Say in a few sentences what it shows, for the README."""
    told = summary["trained"]
    off = {
        truth: max(row["error"] for row in _judged(summary[truth]["calibration"]["all"]))
        for truth in TRUTHS
    }
    held = {case: told["kinds"]["all"].get(case) for case in SPEAKING}
    after = [
        f'{round(row["held"]["value"])} of 100 times after "{CASES[case].lower()}"'
        for case, row in held.items()
        if row
    ]
    lost = {
        way: _points(_way(summary, "trained", "all", way)["regret"])
        for way in (RANKED, NAMED, IMAGENET, SIZE)
    }
    return (
        f"In our [study](docs/study.md) of {told['cases']:,} small cases on"
        f' {count(len(_targets(told)), "target")}, "first in x of 100 re-checks" was within'
        f" {np.ceil(off['trained']):.0f} points of how often that model was the best after"
        f" fine-tuning (within {np.ceil(off['probed']):.0f}, by a linear probe), and the best was"
        f" among the close ones {listed(after)}. The first in the rule's order lost"
        f" {lost[RANKED]} of accuracy on average, the model it names (of a tie the cheapest)"
        f" {lost[NAMED]}, the highest published ImageNet accuracy {lost[IMAGENET]}, the largest"
        f" {lost[SIZE]}. Its pictures are small and mostly drawn, its real networks of one family:"
        " it shows how the rule behaves, not what your pictures will bring."
    )


def frequencies(summary: Summary) -> dict[str, Any]:
    """Case of the verdict's rule -> how often the best after training was among the close ones."""
    kinds = summary["trained"]["kinds"]["all"]
    return {
        case: {
            "held": kinds[case]["held"]["value"],
            "low": kinds[case]["held"]["low"],
            "high": kinds[case]["held"]["high"],
            "cases": kinds[case]["cases"],
            "targets": kinds[case]["targets"],
        }
        for case in SPEAKING
        if case in kinds
    }


def findings(summary: Summary, truth: Truth) -> Iterator[str]:
    """Yield the findings of one truth, a sentence or two each."""
    yield _believed(summary[truth]["calibration"]["all"])
    yield from _carried_over(summary[truth]["kinds"])
    yield _rule_among_others(summary, truth)
    yield _changes(summary, truth)


def _asked(summary: Summary) -> Iterator[str]:
    targets = max(
        (told["targets"] for told in summary.values()), key=lambda t: sum(map(len, t.values()))
    )
    yield (
        "Targets set aside for development, which alone could have changed the verdict's rule:"
        f" {listed(targets['development'])}. Targets that test it: {listed(targets['test'])}."
        " Candidates are the demo's models, without the one that learned the very task, and"
        " EfficientNet-Lite 0 to 2 at 64 pixels (Lite1 is not trained), Lite0 at 48 too. A case is"
        " a handful of two to eight candidates: scored on the few pictures given, judged as a run"
        " would, and compared with the accuracy reached on pictures held back."
    )
    yield ""


def _of_truth(summary: Summary, truth: Truth) -> Iterator[str]:
    told = summary[truth]
    yield f"## {TRUTHS[truth]}"
    yield ""
    yield f"{told['cases']:,} cases on {listed(_targets(told))}."
    yield ""
    yield from (f"- {text}" for text in findings(summary, truth))
    yield ""
    yield "| first in x of 100 re-checks | cases | mean x | truly best | best among the close |"
    yield "|---|---|---|---|---|"
    for row in told["calibration"]["all"]:
        yield (
            f"| {row['from']} to {row['to']} | {row['cases']} | {row['stated']:.0f} |"
            f" {_between(row['best'])} | {_between(row['held'])} |"
        )
    yield ""
    yield "| verdict | cases | best among the close | the same by chance | model named was best |"
    yield "|---|---|---|---|---|"
    for case in SPEAKING:
        if row := told["kinds"]["all"].get(case):
            yield (
                f"| {CASES[case]} | {row['cases']} | {_between(row['held'])} |"
                f" {row['chance']:.0f} | {_between(row['best'])} |"
            )
    yield ""
    if rest := told["cases"] - sum(row["cases"] for row in told["kinds"]["all"].values()):
        yield f"In the other {rest} cases the verdict said that none of the models helps."
        yield ""
    yield "| way to choose | Kendall's tau | points lost | lost more than the rule's order |"
    yield "|---|---|---|---|"
    for row in told["ways"]["all"]:
        tau = "n/a" if row["tau"]["value"] is None else f"{row['tau']['value']:.2f}"
        more = "" if row["way"] == RANKED else _between(row["more_lost"], 1)
        yield f"| {title(row['way'])} | {tau} | {_between(row['regret'], 1)} | {more} |"
    yield ""


def title(way: str) -> str:
    """Return what a way to choose is called."""
    name, _, reading = way.partition(" ")
    if name not in MEASURES:
        return OTHERS[name]
    return MEASURES[name].title + (f", {READINGS[reading].lower()}" if reading else "")


def _believed(rows: list[dict[str, Any]]) -> str:
    """Say how far stated confidence was from the truth."""
    judged = _judged(rows)
    if not judged:
        return "Too few targets to say how far stated confidence can be believed."
    worst = max(judged, key=lambda row: row["error"])
    cases = sum(row["cases"] for row in judged)
    mean = sum(row["error"] * row["cases"] for row in judged) / cases
    said = (
        f'"First in x of 100 re-checks" was off by {mean:.0f} points on average, by'
        f" {worst['error']:.0f} at most: stated {worst['stated']:.0f}, truly best in"
        f" {_between(worst['best'])} of 100."
    )
    if worst["error"] <= BELIEVABLE:
        return f"{said} In these cases it can be read as how often that model is the best."
    return (
        f"{said} That is more than {BELIEVABLE:.0f}: it says how steady the order of the networks"
        " as they are is, not how often that model is the best."
    )


def _carried_over(kinds: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Say whether what development targets show holds on the others."""
    both = [c for c in SPEAKING if c in kinds["development"] and c in kinds["test"]]
    if not both:
        return
    known, fresh = (np.array([kinds[r][c]["held"]["value"] for c in both]) for r in ROLES)
    off = np.abs(known - fresh).max()
    told = [
        f"{CASES[c].lower()} {a:.0f} and {b:.0f}"
        for c, a, b in zip(both, known, fresh, strict=True)
    ]
    held = "within" if off <= BELIEVABLE else "more than"
    yield (
        "How often the best was among the close ones, of 100, on the development and on the test"
        f" targets: {'; '.join(told)}. The two differ by {off:.0f} at most, {held}"
        f" {BELIEVABLE:.0f} points."
    )


def _rule_among_others(summary: Summary, truth: Truth) -> str:
    """Place the rule's order among the single numbers."""
    rule, named = (_way(summary, truth, "all", way) for way in (RANKED, NAMED))
    others = [r for r in summary[truth]["ways"]["all"] if _is_single(r)]
    fewer = [r for r in others if r["regret"]["value"] < rule["regret"]["value"]]
    beyond = [r for r in fewer if r["more_lost"]["high"] < 0]
    said = listed([title(r["way"]) for r in beyond]) if beyond else "none of them"
    few = f"{len(fewer)} lost less, {said} beyond the interval" if fewer else "none lost less"
    lost = [_points(_way(summary, truth, "all", way)["regret"]) for way in (IMAGENET, SIZE, BLIND)]
    return (
        f"The first in the rule's order lost {_between(rule['regret'], 1)} points, tau"
        f" {rule['tau']['value']:.2f}; the model it names, of a tie the cheapest,"
        f" {_between(named['regret'], 1)}. Of {len(others)} single numbers {few}."
        f" The highest published ImageNet accuracy lost"
        f" {lost[0]}, the largest network {lost[1]}, one taken blindly {lost[2]}."
    )


def _changes(summary: Summary, truth: Truth) -> str:
    """Say whether development targets speak for another rule beyond noise, and whether the test
    targets bear that out.
    """
    better = [
        r["way"]
        for r in summary[truth]["ways"]["development"]
        if _is_single(r) and r["more_lost"]["high"] < 0
    ]
    if not better:
        return (
            "On the development targets no single number lost fewer points than the rule's order"
            " beyond noise: no reason to change the rule."
        )
    told = [
        f"{title(way)} {_between(_way(summary, truth, 'test', way)['more_lost'], 1)}"
        for way in better
    ]
    return (
        f"On the development targets {listed([title(way) for way in better])} lost fewer points"
        " than the rule's order beyond their interval, which so few targets make too narrow. On the"
        f" test targets they lost so many more than it: {'; '.join(told)}. The rule stays."
    )


def _is_single(row: dict[str, Any]) -> bool:
    """Whether a row is one number's, with a value for so few pictures."""
    return row["way"] not in (RANKED, NAMED, BLIND) and row["regret"]["value"] is not None


def _judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the bins that hold targets enough."""
    return [row for row in rows if row["targets"] >= FEWEST]


def _targets(told: dict[str, Any]) -> list[str]:
    return [name for names in told["targets"].values() for name in names]


def _way(summary: Summary, truth: Truth, role: str, name: str) -> dict[str, Any]:
    return next(row for row in summary[truth]["ways"][role] if row["way"] == name)


def _points(value: dict[str, Any]) -> str:
    return f"{value['value']:.1f} points"


def _between(value: dict[str, Any], digits: int = 0) -> str:
    if value["value"] is None:
        return "n/a"
    return f"{value['value']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"
