"""Read the shipped tables of source models.

What they hold and where it comes from: `_tables`, which writes them.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from srcsel.models.hubs._preprocessing import Preprocessing

DATA = Path(__file__).parent / "data"
Row = dict[str, str]  # an empty cell means "not known" or "does not apply"


@lru_cache
def rows(hub: str) -> dict[str, Row]:
    """Return the table of a hub by model name, in its order."""
    with (DATA / f"{hub}.csv").open(newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@lru_cache
def defaults(hub: str) -> dict[str, Row]:
    """Return architecture -> the row of its default weights (any row where no default is
    marked).
    """
    found: dict[str, Row] = {}
    for name, row in rows(hub).items():
        architecture = name.split(".", 1)[0]
        if row["default"] or architecture not in found:
            found[architecture] = row
    return found


@lru_cache
def sizes() -> dict[tuple[str, str], Row]:
    """Return (library, architecture) -> at which sizes it computes."""
    with (DATA / "sizes.csv").open(newline="", encoding="utf-8") as file:
        return {(row["library"], row["architecture"]): row for row in csv.DictReader(file)}


@lru_cache
def timm_architectures() -> frozenset[str]:
    """Return the name of every architecture timm can build, those without weights included."""
    return frozenset((DATA / "timm_architectures.txt").read_text(encoding="utf-8").split())


def preprocessing(row: Row) -> Preprocessing:
    """Return the preprocessing a row tells."""
    height, _, width = row["size"].partition("x")
    mode = row.get("crop_mode")
    return Preprocessing(
        size=(int(height), int(width or height)),
        resize=mode if mode in ("squash", "border") else "shorter",  # pyright narrows the literal
        resize_to=whole(row.get("resize_to")),
        interpolation=row["interpolation"],
        crop_pct=float(row.get("crop_pct") or 1.0),
        mean=_triple(row["mean"]),
        std=_triple(row["std"]),
    )


def side(row: Row) -> int:
    """Return the shorter side of the input in pixels."""
    return min(int(part) for part in row["size"].split("x"))


def whole(cell: str | None) -> int | None:
    """Read a cell as a whole number; None where it is empty."""
    return int(cell) if cell else None


def number(cell: str | None) -> float | None:
    """Read a cell as a number; None where it is empty."""
    return float(cell) if cell else None


def _triple(cell: str) -> tuple[float, float, float]:
    red, green, blue = (float(part) for part in cell.split())
    return red, green, blue
