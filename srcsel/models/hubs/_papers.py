"""The year of a model, from the latest paper that describes its architecture or its weights.

papers.csv names them by patterns of names; each paper is one that timm or torchvision name beside
the model, or its authors' own page. A model may be younger than its papers, so this is the year of
the paper and nothing else; None = no paper is listed.
"""

from __future__ import annotations

import csv
from fnmatch import fnmatchcase
from functools import cache

from srcsel.models.hubs._table import DATA


@cache
def year_of(name: str) -> int | None:
    """Return the year of a name of timm ("resnet18.a1_in1k") or torchvision
    ("resnet50.IMAGENET1K_V2").
    """
    return max((year for names, year in _papers() if fnmatchcase(name, names)), default=None)


@cache
def _papers() -> tuple[tuple[str, int], ...]:
    with (DATA / "papers.csv").open(newline="", encoding="utf-8") as file:
        return tuple((row["names"], int(row["year"])) for row in csv.DictReader(file))
