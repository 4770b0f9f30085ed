"""A run as one HTML file that needs nothing else: no network, no script from elsewhere, no other
file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from srcsel import __version__
from srcsel.base.phrases import millions, plain
from srcsel.base.records import (
    Agreement,
    Ahead,
    CurvePoint,
    Evidence,
    Outlook,
    Projection,
    Reading,
    Result,
)
from srcsel.charts import bars_alt, class_groups
from srcsel.charts.bars import SCALES
from srcsel.charts.cost import cost_alt, tells_apart, trade
from srcsel.pictures import corrections
from srcsel.report.drawing import (
    MAP,
    PLOT,
    SHAPES,
    WIDE,
    accuracy_rows,
    cost_picture,
    cost_words,
    map_dots,
    score_rows,
)
from srcsel.runs.question import command
from srcsel.verdict.after import after_training
from srcsel.verdict.ahead import multiple, points
from srcsel.verdict.beforehand import HEADING, lines
from srcsel.verdict.correction import MARK, before_and_after
from srcsel.verdict.cost import contenders, usual
from srcsel.verdict.expected import STRIP, expected, in_words, strip_of, strip_parts, took_for
from srcsel.verdict.light import light
from srcsel.verdict.measured import answered
from srcsel.verdict.readings import (
    columns,
    firsts_of_100,
    model_order,
    pick_scores,
    title_of,
    titles_of,
)
from srcsel.verdict.times import seconds_of
from srcsel.verdict.wording import READINGS, headline

if TYPE_CHECKING:
    from jinja2 import Environment

HEADINGS = {
    "silhouette": ("How well the groups separate", "MSC", SCALES["silhouette"]),
    "supcon": ("How well neighbours agree", "SCL", SCALES["supcon"]),
}
EVIDENCE = {
    "probe": "a linear classifier on each model's features",
    "finetune": "fine-tuning each model",
}
FORMER = ", by the plain recipe of before"
_FOLDER = Path(__file__).parent / "page"


def to_html(
    result: Result,
    *,
    reading: Reading = "whitened",
    limit: str = "",
    projection: Projection | None = None,
    rows: np.ndarray | None = None,
    pictures: Mapping[int, str] | None = None,
    evidences: Sequence[Evidence] = (),
    strip: Mapping[int, str] | None = None,
    outlook: Outlook | None = None,
) -> str:
    """Write the report of a run; every name in it is text.

    limit: said where the answer is one among cheaper models only. projection: the map; rows: which
    of its pictures to draw; pictures: row -> data URL of the small picture that shows on hover
    (`srcsel.report.pictures`). strip: the same for the pictures the model is right and wrong about.
    """
    result = answered(result)
    style, script = (_read(name) for name in ("report.css", "report.js"))
    colors = _colors(result)
    return _template().render(
        result=result,
        limit=limit,
        policy=_policy(style + colors, script),
        style=style + colors,
        script=script,
        version=__version__,
        headline=plain(headline(result)),
        reached=_reached(result),
        strip=_strip(result, strip or {}),
        strip_means=STRIP,
        light=light(result),
        changed=before_and_after(result),
        mark=MARK,
        corrections=corrections.in_words(result.run.corrections),
        corrected=[
            (plain(path), plain(what)) for path, what in corrections.each(result.run.corrections)
        ],
        facts=_facts(result),
        firsts=_firsts(result),
        after=after_training(result.verdict),
        beforehand=[plain(line) for line in lines(result)],
        without_looking=HEADING,
        notes=[plain(n.text) for n in result.verdict.notes if n.reading in (reading, None)],
        reading=READINGS[reading],
        scores=[
            (
                *HEADINGS[measure],
                score_rows(result, measure, reading),
                bars_alt(result, measure, reading),
            )
            for measure in HEADINGS
            if pick_scores(result, measure, reading)
        ],
        map=_map(result, projection, rows, pictures or {}),
        cost=_cost(result, reading),
        outlook=None if outlook is None else _outlook(result, outlook),
        evidences=[_evidence(result, evidence) for evidence in evidences],
        numbers=_numbers(result, reading),
        failures=_failures(result),
        classes=[
            (plain(name), int(n))
            for name, n in zip(result.dataset.classes, result.dataset.counts, strict=True)
        ],
        command=command(result.run),
        wide=WIDE,
        plot=PLOT,
        shapes=SHAPES,
    )


def _strip(
    result: Result, pictures: Mapping[int, str]
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return what the winner is right and wrong about: (heading, [(data URL, class, what it took it
    for)]); pictures that are not here are left out.
    """
    strip, dataset = strip_of(result), result.dataset
    if strip is None:
        return []
    found = [
        (
            title,
            [
                (
                    pictures[one.row],
                    plain(dataset.classes[int(dataset.labels[one.row])]),
                    plain(took_for(result, one)),
                )
                for one in shown
                if one.row in pictures
            ],
        )
        for title, shown in strip_parts(strip).items()
    ]
    return [part for part in found if part[1]]


def _reached(result: Result) -> str:
    """Say what one gets; "" where that was not measured."""
    reached = expected(result)
    return f"What you get: {in_words(reached)}." if reached else ""


@cache
def _template() -> Any:
    return _environment().get_template("report.html")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["plain"] = plain
    return made


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Allow this style, this script and pictures inside the file; nothing else, from nowhere."""
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src"
        f" 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )


def _colors(result: Result) -> str:
    """Write the classes' colours as style, for both themes; paper takes the light ones."""
    groups = class_groups(result.dataset.classes, result.dataset.counts)
    light = "".join(f".g{i}{{fill:{group.light}}}" for i, group in enumerate(groups))
    dark = "".join(f".g{i}{{fill:{group.dark}}}" for i, group in enumerate(groups))
    return f"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n"


def _facts(result: Result) -> list[tuple[str, str]]:
    """Return what the card says beside the headline: (value, what it is)."""
    verdict = result.verdict
    winner = next((m for m in result.models if m.id == verdict.winner), None)
    if winner is None:
        return []
    seconds = seconds_of(result).get(winner.id)
    facts = [
        (
            (f"{firsts_of_100(result).get(winner.id, 0)} of 100", "re-checks put it first")
            if verdict.firsts
            else None
        ),
        (f"{1000 * seconds:,.2g} ms", "a picture, where it was measured") if seconds else None,
        (millions(winner.params), "weights") if winner.params else None,
        (plain(winner.license) or "unknown", "licence"),
    ]
    return [fact for fact in facts if fact]


def _firsts(result: Result) -> list[tuple[str, float, float, int]]:
    """Who came first how often: (name, where its part begins, how long it is, in x of 100), the
    winner's first.
    """
    verdict, titles, whole = result.verdict, titles_of(result), firsts_of_100(result)
    order = sorted(
        (m for m in whole if whole[m]), key=lambda m: (m != verdict.winner, -verdict.firsts[m])
    )
    found, at = [], 0
    for model in order if len(whole) > 1 else []:
        found.append((plain(titles[model]), 10.0 * at, 10.0 * whole[model], whole[model]))
        at += whole[model]
    return found


def _map(
    result: Result,
    projection: Projection | None,
    rows: np.ndarray | None,
    pictures: Mapping[int, str],
) -> dict[str, Any] | None:
    if projection is None:
        return None
    dataset = result.dataset
    shown = projection.rows if rows is None else rows
    groups = class_groups(dataset.classes, dataset.counts)
    dots = map_dots(result, projection, shown)
    held = sum(row in pictures for row in shown.tolist())
    return {
        "size": MAP,
        "title": next(
            (plain(m.title) for m in result.models if m.id == projection.model), projection.model
        ),
        "method": {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}[projection.method],
        "groups": [
            (plain(g.name), g.shape, int(dataset.counts[list(g.classes)].sum())) for g in groups
        ],
        "dots": dots,
        "drawn": len(dots),
        "held": held,
        "of": len(dataset.paths),
        "tips": [
            [
                plain(dataset.classes[dataset.labels[d.row]]),
                plain(dataset.paths[d.row]),
                pictures.get(d.row, ""),
            ]
            for d in dots
        ],
    }


def _cost(result: Result, reading: Reading) -> dict[str, Any] | None:
    if len(contenders(result)) < 2:
        return None
    shown = trade(result, "supcon", reading, usual(result))
    if not tells_apart(shown):
        return None
    return {
        "picture": cost_picture(result, shown),
        "axis": cost_words(shown),
        "alt": cost_alt(result, shown),
    }


def _outlook(result: Result, outlook: Outlook) -> dict[str, Any]:
    """Lay out what more pictures would bring: the sentence, and one row a number of pictures."""
    first = outlook.curves[0]
    rows = [(f"{p.each:.0f}", *_share(p), "") for p in first.points]
    rows += [
        (f"{a.each:.0f} ({multiple(a.times)} as many)", *_share(a), points(a)) for a in first.ahead
    ]
    return {
        "text": plain(outlook.text),
        "model": plain(titles_of(result)[first.model]),
        "rows": rows,
    }


def _share(point: CurvePoint | Ahead) -> tuple[str, str]:
    return f"{100 * point.value:.0f} %", f"{100 * point.low:.0f} to {100 * point.high:.0f}"


def _evidence(result: Result, evidence: Evidence) -> dict[str, Any]:
    titles = {m.id: plain(m.title) for m in result.models}
    return {
        "what": EVIDENCE[evidence.protocol.kind] + (FORMER if evidence.is_former else ""),
        "record": evidence,
        "bars": accuracy_rows(result, evidence),
        "agreements": [_agreement(one, titles) for one in evidence.agreements],
        "failures": [(titles.get(f.model, f.model), plain(f.reason)) for f in evidence.failures],
    }


def _agreement(one: Agreement, titles: Mapping[str, str]) -> dict[str, Any]:
    name = title_of(one.predictor)
    reading = f" ({READINGS[one.reading].lower()})" if one.reading else ""
    return {
        "name": name + reading,
        "picked": titles.get(one.picked or "", "n/a"),
        "tau": _number(one.tau.value, 2),
        "between": (
            ""
            if one.tau.low is None
            else f"{_number(one.tau.low, 2)} to {_number(one.tau.high, 2)}"
        ),
        "regret": _number(one.regret.value, 1),
        "reason": plain(one.reason),
    }


def _numbers(result: Result, reading: Reading) -> dict[str, Any]:
    """One line a model in the order of the bars; what is not known is "n/a"."""
    measures = list(dict.fromkeys(s.measure for s in result.scores))
    scores = {measure: pick_scores(result, measure, reading) for measure in measures}
    about, firsts = {m.id: m for m in result.models}, firsts_of_100(result)
    rows = []
    for model in model_order(result):
        seconds, params = seconds_of(result).get(model), about[model].params
        values = [
            (score and value(score))
            for measure in measures
            for score in [scores[measure].get(model)]
            for value in columns(measure).values()
        ]
        cells = [
            "yardstick" if about[model].yardstick else _number(firsts.get(model), 0),
            *(_number(value, 3) for value in values),
            _number(params and params / 1e6, 2),
            _number(seconds and 1000 * seconds, 2),
            plain(about[model].license) or "unknown",
        ]
        rows.append((plain(about[model].title), model, cells))
    names = [name for measure in measures for name in columns(measure)]
    return {
        "heads": ["First in 100", *names, "Weights (million)", "ms a picture", "Licence"],
        "lines": rows,
    }


def _failures(result: Result) -> list[tuple[str, str]]:
    titles = {m.id: plain(m.title) for m in result.models}
    return [
        (
            f"{titles.get(f.model, f.model)}{', ' + title_of(f.measure) if f.measure else ''}",
            plain(f.reason),
        )
        for f in result.failures
    ]


def _number(value: float | None, digits: int) -> str:
    return "n/a" if value is None else f"{value:z,.{digits}f}".replace("-", "−")
