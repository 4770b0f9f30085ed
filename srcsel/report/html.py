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
from srcsel.base.phrases import plain
from srcsel.base.records import (
    Evidence,
    Outlook,
    Projection,
    Reading,
    Result,
)
from srcsel.charts import bars_alt, class_groups
from srcsel.charts.bars import SCALES
from srcsel.pictures import corrections
from srcsel.report import card, sections
from srcsel.report.drawing import PLOT, SHAPES, WIDE, score_rows
from srcsel.runs.corrected import name_of
from srcsel.runs.question import command
from srcsel.verdict.after import after_training
from srcsel.verdict.beforehand import HEADING, lines
from srcsel.verdict.correction import MARK, before_and_after, other_notes
from srcsel.verdict.expected import STRIP
from srcsel.verdict.light import beside_headline
from srcsel.verdict.measured import answered
from srcsel.verdict.readings import (
    firsts_in_words,
    order_in_words,
    pick_scores,
    yardsticks_in_words,
)
from srcsel.verdict.wording import READINGS, headline

if TYPE_CHECKING:
    from jinja2 import Environment

HEADINGS = {
    "silhouette": ("How well the groups separate", "MSC", SCALES["silhouette"]),
    "supcon": ("How well neighbours agree", "SCL", SCALES["supcon"]),
}
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
        name=name_of(result),
        told=(*other_notes(result), *result.dataset.notes),
        limit=limit,
        policy=_policy(style + colors, script),
        style=style + colors,
        script=script,
        version=__version__,
        headline=plain(headline(result)),
        reached=card.reached(result),
        strip=card.strip(result, strip or {}),
        strip_means=STRIP,
        light=beside_headline(result),
        changed=before_and_after(result),
        mark=MARK,
        corrections=corrections.in_words(result.run.corrections),
        corrected=[
            (plain(path), plain(what)) for path, what in corrections.each(result.run.corrections)
        ],
        facts=card.facts(result),
        firsts=card.firsts(result),
        first_in=firsts_in_words(result),
        after=after_training(result.verdict, result.run),
        beforehand=[plain(line) for line in lines(result)],
        without_looking=HEADING,
        notes=[
            *(plain(n.text) for n in result.verdict.notes if n.reading in (reading, None)),
            *filter(None, [order_in_words(result), yardsticks_in_words(result)]),
        ],
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
        map=sections.map_of(result, projection, rows, pictures or {}),
        cost=sections.cost(result, reading),
        outlook=None if outlook is None else sections.outlook_of(result, outlook),
        evidences=[sections.evidence_of(result, evidence) for evidence in evidences],
        numbers=sections.numbers(result, reading),
        failures=sections.failures(result),
        classes=[
            (plain(name), int(n))
            for name, n in zip(result.dataset.classes, result.dataset.counts, strict=True)
        ],
        command=command(result.run),
        wide=WIDE,
        plot=PLOT,
        shapes=SHAPES,
    )


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
