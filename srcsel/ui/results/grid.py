"""Every measure over every model: one row a measure in three groups, one column a model, as
HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from srcsel.base.phrases import plain
from srcsel.base.records import Ranking, Reading, Result, Score, SourceModel
from srcsel.evidence.published import one_line
from srcsel.measures import MEASURES
from srcsel.verdict.consensus import favors_wide
from srcsel.verdict.readings import (
    bar_length,
    chance_of,
    find_ranking,
    gain_of,
    model_order,
    title_of,
)
from srcsel.verdict.wording import BEFOREHAND, READINGS

HEADLINE, HEAD, MORE, STATIC = "Headline", "Needs a source head", "More", "Known beforehand"
GROUPS = {
    HEADLINE: "the paper's pair, and what has held up best elsewhere",
    HEAD: "reads the model's guesses in its own old classes",
    MORE: "for comparison",
    STATIC: "knows nothing of the pictures",
}
USUAL = (
    "silhouette",
    "supcon",
    "knn",
    "linear_probe",
    "logme",
    "regularized_hscore",
    "nleep",
    "parc",
    "gbc",
    "sfda",
    "ncti",
    "pactran",
)
"""Measures of the first group, in their order; a measure that is not named here shows under More.
"""
VIEWS = ("Value", "Rank", "Gain over chance")

Row = tuple[str, Reading | None]


@dataclass(frozen=True)
class Cell:
    """One measure's word on one model."""

    text: str
    note: str  # shown where the pointer rests: the numbers, or why there is none
    first: bool = False
    missing: bool = False


def html(result: Result, view: str) -> str:
    """Write the table; `view` is one of VIEWS. Everything from names is escaped."""
    models = _columns(result)
    head = "".join(f'<th scope="col">{escape(plain(m.title))}{_yardstick(m)}</th>' for m in models)
    body = []
    for group, rows in grouped(result).items():
        about = f"{group} <span>· {escape(GROUPS[group])}</span>"
        body.append(
            f'<tr class="group"><th colspan="{len(models) + 1}" scope="rowgroup">{about}</th></tr>'
        )
        body += [_row(result, row, models, view) for row in rows]
    return (
        '<div class="srcsel-grid" role="region" aria-label="Every measure"'
        ' tabindex="0"><table><thead><tr><th'
        f' scope="col">Measure</th>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def grouped(result: Result) -> dict[str, list[Row]]:
    """Group -> (measure, reading) of what was scored or failed, groups without a row left out."""
    present: dict[Row, None] = dict.fromkeys(
        (s.measure, s.reading) for s in (*result.scores, *result.literal)
    )
    scored = {measure for measure, _ in present}
    present |= dict.fromkeys(
        (f.measure, None) for f in result.failures if f.measure and f.measure not in scored
    )
    rows: dict[str, list[Row]] = {HEADLINE: [], HEAD: [], MORE: []}
    for row in sorted(present, key=lambda row: _place(row[0])):
        rows[group_of(row[0])].append(row)
    static: list[Row] = [
        (name, None)
        for name in BEFOREHAND
        if any(getattr(m, name) is not None for m in result.models)
    ]
    return {group: r for group, r in (rows | {STATIC: static}).items() if r}


def group_of(measure: str) -> str:
    """Return the group that a measure shows in."""
    if measure in MEASURES and MEASURES[measure].needs != "features":
        return HEAD
    return HEADLINE if measure in USUAL else MORE


def cells(result: Result, row: Row, models: Iterable[SourceModel], view: str) -> list[Cell]:
    """Return what one measure in one reading says of each model."""
    measure, reading = row
    if measure in BEFOREHAND:
        return _static(measure, list(models), view)
    source = result.literal if reading == "raw" else result.scores
    scores = {s.model: s for s in source if (s.measure, s.reading) == row}
    ranking = find_ranking(result, measure, reading) if reading else _only(result, measure)
    ranks = dict(zip(ranking.models, ranking.ranks, strict=True)) if ranking else {}
    reasons = {f.model: f.reason for f in result.failures if f.measure in (measure, "")}
    return [
        _cell(scores.get(m.id), ranks, view, reasons.get(m.id, "It was not scored."))
        for m in models
    ]


def reasons(result: Result) -> dict[str, list[str]]:
    """Sentence -> "model, measure" of everything that is n/a, so that each reason is said once."""
    titles = {m.id: plain(m.title) for m in result.models}
    whom: dict[str, list[str]] = {}
    for failure in result.failures:
        if failure.measure:
            whom.setdefault(plain(failure.reason), []).append(
                f"{titles.get(failure.model, failure.model)}: {title_of(failure.measure)}"
            )
    return whom


def _columns(result: Result) -> list[SourceModel]:
    models = {m.id: m for m in result.models}
    order = model_order(result)
    return [models[m] for m in [*order, *(m for m in models if m not in order)]]


def _place(measure: str) -> int:
    return USUAL.index(measure) if measure in USUAL else len(USUAL)


def _only(result: Result, measure: str) -> Ranking | None:
    return next((r for r in result.rankings if r.measure == measure and r.reading is None), None)


def _row(result: Result, row: Row, models: list[SourceModel], view: str) -> str:
    written = []
    for cell in cells(result, row, models, view):
        name = "na" if cell.missing else "first" if cell.first else ""
        written.append(f'<td class="{name}" title="{escape(cell.note)}">{escape(cell.text)}</td>')
    return f'<tr><th scope="row">{_name(*row)}</th>{"".join(written)}</tr>'


def _name(measure: str, reading: Reading | None) -> str:
    """Write a measure's title with its reading and marks; its help opens below it."""
    if measure in BEFOREHAND:
        said = escape(one_line(measure))
        return f"<details><summary>{BEFOREHAND[measure]}</summary><p>{said}</p></details>"
    marks = [READINGS[reading].lower()] if reading else []
    if measure == "supcon":
        marks.append("turned round")
    elif measure in MEASURES and not MEASURES[measure].higher_is_better:
        marks.append("lower is better")
    if favors_wide(measure, reading):
        marks.append("favours wide models")
    if measure in MEASURES and MEASURES[measure].set_relative:
        marks.append("moves when a candidate is added")
    small = f"<small>{escape(', '.join(marks))}</small>" if marks else ""
    about = "".join(
        f"<p>{escape(text)}</p>" for text in (help_of(measure), one_line(measure)) if text
    )
    return f"<details><summary>{escape(plain(title_of(measure)))}{small}</summary>{about}</details>"


def help_of(measure: str) -> str:
    """Return the first paragraph of a measure's own words, or ""."""
    return MEASURES[measure].help.split("\n\n")[0].replace("\n", " ") if measure in MEASURES else ""


def _yardstick(model: SourceModel) -> str:
    return "<small>yardstick</small>" if model.yardstick else ""


def _cell(score: Score | None, ranks: Mapping[str, int], view: str, reason: str) -> Cell:
    if score is None:
        return Cell("n/a", plain(reason), missing=True)
    rank = ranks.get(score.model)
    tied = sum(r == rank for r in ranks.values()) > 1
    place = "" if rank is None else f"{rank}{' =' if tied else ''}"
    chance = chance_of(score)
    lines = [f"value {_number(score.value)}"]
    lines += (
        [f"90 % of the re-checks {_number(score.low)} to {_number(score.high)}"]
        if _both(score)
        else []
    )
    lines += [f"chance {_number(chance)}"] if chance is not None else []
    gain = gain_of(score)
    lines += [f"gain over chance {_number(gain)}"] if gain is not None else []
    lines += [f"rank {place} of {len(ranks)}"] if place else []
    shown = {
        "Value": _number(bar_length(score)[0]),  # of SCL turned round, as in its bars
        "Rank": place,
        "Gain over chance": _number(gain),
    }[view]
    return Cell(shown or "–", ", ".join(lines), first=rank == 1)


def _static(name: str, models: list[SourceModel], view: str) -> list[Cell]:
    known = {m.id: float(v) for m in models if (v := getattr(m, name)) is not None}
    said_of = {
        m: f"{v / 1e6:,.2f} M" if name == "params" else f"{100 * v:.1f} %" for m, v in known.items()
    }
    first = {said: v for (m, v) in reversed(known.items()) for said in [said_of[m]]}
    values = {m: first[said] for m, said in said_of.items()}  # what reads the same shares a rank
    cells = []
    for model in models:
        if model.id not in values:
            cells.append(Cell("n/a", "It is not known for this model.", missing=True))
            continue
        value = values[model.id]
        rank = 1 + sum(v > value for v in values.values())
        place = f"{rank}{' =' if list(values.values()).count(value) > 1 else ''}"
        said = said_of[model.id]
        text = {"Value": said, "Rank": place, "Gain over chance": "–"}[view]
        cells.append(Cell(text, f"{said}, rank {place} of {len(values)}", first=rank == 1))
    return cells


def _both(score: Score) -> bool:
    return score.low is not None and score.high is not None


def _number(value: float | None) -> str:
    if value is None:
        return ""
    size = abs(value)
    digits = 3 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0
    return f"{value:z,.{digits}f}".replace("-", "−")
