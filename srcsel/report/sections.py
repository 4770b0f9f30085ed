"""The sections of the report below the card, as its page draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from srcsel.base.phrases import cut_apart, plain
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
from srcsel.charts import class_groups
from srcsel.charts.cost import cost_alt, tells_apart, trade
from srcsel.charts.palette import Group
from srcsel.evidence.sentence import caution, picked
from srcsel.report.drawing import (
    DOT,
    MAP,
    NAMES,
    Dot,
    accuracy_rows,
    cost_picture,
    cost_words,
    map_dots,
)
from srcsel.report.labels import Place, over_groups
from srcsel.verdict.ahead import multiple, points
from srcsel.verdict.cost import contenders, usual
from srcsel.verdict.readings import (
    columns,
    firsts_of_100,
    model_order,
    names_of,
    pick_scores,
    title_of,
)
from srcsel.verdict.times import seconds_of
from srcsel.verdict.wording import READINGS

EVIDENCE = {
    "probe": "a linear classifier on each model's features",
    "finetune": "fine-tuning each model",
}
NAME = 24  # letters of a class on the map, as on the pages
FORMER = ", by the plain recipe of before"


def map_of(
    result: Result,
    projection: Projection | None,
    rows: np.ndarray | None,
    pictures: Mapping[int, str],
) -> dict[str, Any] | None:
    """Lay out the map: its dots, its groups, and what shows on hover; None where there is none."""
    if projection is None:
        return None
    dataset = result.dataset
    shown = projection.rows if rows is None else rows
    groups = class_groups(dataset.classes, dataset.counts)
    short = cut_apart([plain(g.name) for g in groups], NAME)
    dots = map_dots(result, projection, shown)
    held = sum(row in pictures for row in shown.tolist())
    return {
        "size": MAP,
        "title": next(
            (plain(m.title) for m in result.models if m.id == projection.model), projection.model
        ),
        "method": {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}[projection.method],
        "groups": [
            (plain(g.name), told, g.shape, int(dataset.counts[list(g.classes)].sum()))
            for g, told in zip(groups, short, strict=True)
        ],
        "dots": dots,
        "names": _names(groups, short, dots),
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


def _names(
    groups: Sequence[Group], short: Sequence[str], dots: Sequence[Dot]
) -> list[tuple[str, Place]]:
    """Return the names of the coloured classes, and where each stands on the map."""
    named = {
        short[i]: [(d.x, d.y) for d in dots if d.group == i]
        for i, g in enumerate(groups)
        if len(g.classes) == 1
    }
    return list(over_groups(named, size=NAMES, area=MAP).items())


def cost(result: Result, reading: Reading) -> dict[str, Any] | None:
    """Lay out the picture of cost; None where it tells no models apart."""
    if len(contenders(result)) < 2:
        return None
    shown = trade(result, "supcon", reading, usual(result))
    if not tells_apart(shown):
        return None
    return {
        "picture": cost_picture(result, shown),
        "radius": DOT,
        "axis": cost_words(shown),
        "alt": cost_alt(result, shown),
    }


def outlook_of(result: Result, outlook: Outlook) -> dict[str, Any]:
    """Lay out what more pictures would bring: the sentence, and one row a number of pictures."""
    first = outlook.curves[0]
    rows = [(f"{p.each:.0f}", *_share(p), "") for p in first.points]
    rows += [
        (f"{a.each:.0f} ({multiple(a.times)} as many)", *_share(a), points(a)) for a in first.ahead
    ]
    return {
        "text": plain(outlook.text),
        "model": plain(names_of(result)[first.model]),
        "rows": rows,
    }


def _share(point: CurvePoint | Ahead) -> tuple[str, str]:
    return f"{100 * point.value:.0f} %", f"{100 * point.low:.0f} to {100 * point.high:.0f}"


def evidence_of(result: Result, evidence: Evidence) -> dict[str, Any]:
    """Lay out the accuracies really reached, and which score foretold them."""
    titles = {m.id: plain(m.title) for m in result.models}
    kind, verdict = evidence.protocol.kind, result.verdict
    return {
        "what": EVIDENCE[evidence.protocol.kind] + (FORMER if evidence.is_former else ""),
        "record": evidence,
        "bars": accuracy_rows(result, evidence),
        "agreements": [
            _agreement(one, titles, caution(one, kind, verdict)) for one in evidence.agreements
        ],
        "failures": [(titles.get(f.model, f.model), plain(f.reason)) for f in evidence.failures],
    }


def _agreement(one: Agreement, titles: Mapping[str, str], note: str) -> dict[str, Any]:
    name = title_of(one.predictor)
    reading = f" ({READINGS[one.reading].lower()})" if one.reading else ""
    return {
        "name": name + reading,
        "picked": picked(one, titles) or "n/a",
        "tau": _number(one.tau.value, 2),
        "between": (
            ""
            if one.tau.low is None
            else f"{_number(one.tau.low, 2)} to {_number(one.tau.high, 2)}"
        ),
        "regret": _number(one.regret.value, 1),
        "reason": plain(one.reason),
        "note": note,
    }


def numbers(result: Result, reading: Reading) -> dict[str, Any]:
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


def failures(result: Result) -> list[tuple[str, str]]:
    """Return what could not be scored: (model and measure, why)."""
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
