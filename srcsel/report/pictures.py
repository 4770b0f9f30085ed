"""The small pictures a report carries: which dots get one, within a budget of bytes."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

import numpy as np

from srcsel.base.records import Dataset, Projection
from srcsel.base.threads import in_order
from srcsel.explore.project import sample_rows
from srcsel.pictures.thumbs import SIZES

DOTS = 600  # on the map of a report at most
SIDE = SIZES[0]  # pixels of the longest side
BUDGET = 3_000_000  # bytes of JPEG in one report; a third more once written as text


def drawn_rows(dataset: Dataset, projection: Projection, cap: int = DOTS) -> np.ndarray:
    """Choose which pictures of a map to draw, the same share of each class: (m,) int64, sorted, m
    <= cap.
    """
    return projection.rows[sample_rows(dataset.labels[projection.rows], cap)]


def embed(
    rows: np.ndarray,
    fetch: Callable[[int], bytes | None],
    told: Callable[[int], None] = lambda _: None,
    budget: int = BUDGET,
) -> dict[int, str]:
    """Return row -> data URL for as many of `rows` as fit the budget, in an order that favours no
    class.

    fetch gives the JPEG of one picture, or None where it cannot be read (any more); it is called on
    a thread a core. `told` how many were fetched.
    """
    found: dict[int, str] = {}
    order = np.random.default_rng(0).permutation(rows).tolist()
    workers = os.cpu_count() or 1
    bodies = in_order(fetch, order, workers, ahead=2 * workers)
    for done, (row, body) in enumerate(zip(order, bodies, strict=True), 1):
        told(done)
        if body is None:
            continue
        budget -= len(body)
        if budget < 0:
            break
        found[row] = "data:image/jpeg;base64," + base64.b64encode(body).decode()
    return found
