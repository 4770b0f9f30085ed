"""What published comparisons found for each measure.

Shipped as data/track_record.csv, each line with its source.

A line is "published" where its authors print the figure (or print one for each target, of which it
is the mean), and "recomputed" where the figure follows from the scores and accuracies that they
published.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NONE = "No published comparison found."
_TABLE = Path(__file__).parent / "data" / "track_record.csv"


@dataclass(frozen=True)
class Comparison:
    """How one predictor did in one study."""

    # a measure's name, "accuracy" (on the source task) or "params" (number of weights)
    measure: str
    study: str
    about: str  # what was compared, such as "self-supervised ResNet-50s"; "" = many kinds
    models: int | None
    targets: int | None
    statistic: str  # "weighted tau", "Spearman": -1..1; "mean reciprocal rank of the best": 0..1
    value: float | None  # None: the study gives no figure
    origin: Literal["published", "recomputed"]
    source: str
    note: str


@functools.cache
def comparisons(measure: str = "") -> tuple[Comparison, ...]:
    """Every comparison of `measure`, the one over the most models and targets first; "" = of all
    measures.
    """
    with _TABLE.open(newline="", encoding="utf-8") as file:
        rows = [_comparison(row) for row in csv.DictReader(file)]
    return tuple(row for row in rows if measure in ("", row.measure))


def one_line(measure: str) -> str:
    """Say the first comparison in one line: "Published: weighted tau 0.72 over 16 targets (Sorkhei
    2025).".
    """
    found = next((c for c in comparisons(measure) if c.value is not None), None)
    if found is None:
        return NONE
    origin = "Published" if found.origin == "published" else "Recomputed from published numbers"
    over = (
        f" over {found.targets} {'target' if found.targets == 1 else 'targets'}"
        if found.targets
        else ""
    )
    other = f"; {found.about}" if "not pictures" in found.about else ""
    return f"{origin}: {found.statistic} {found.value:.2f}{over} ({found.study}{other})."


def _comparison(row: dict[str, str]) -> Comparison:
    return Comparison(
        measure=row["measure"],
        study=row["study"],
        about=row["about"],
        models=int(row["models"]) if row["models"] else None,
        targets=int(row["targets"]) if row["targets"] else None,
        statistic=row["statistic"],
        value=float(row["value"]) if row["value"] else None,
        origin="published" if row["origin"] == "published" else "recomputed",
        source=row["source"],
        note=row["note"],
    )
